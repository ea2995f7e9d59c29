// SPDX-License-Identifier: Apache-2.0
#include "core/report/page.hpp"

#include "core/report/style.hpp"

namespace aidp {

std::string html_page(const std::string& title, const Markup& body) {
  const auto head =
      constant(
          "<meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">") +
      element("title", {}, title) + element("style", {}, constant(report_style));
  return "<!doctype html>\n" +
         element("html", {{"lang", "en"}}, element("head", {}, head) + element("body", {}, element("main", {}, body))).html() + "\n";
}

Markup table(const Rows& rows, bool numbers) {
  Markup lines;
  for (const auto& row : rows) {
    const bool heading = &row == &rows.front();
    Markup cells;
    for (const auto& cell : row) {
      const std::string kind = numbers && &cell != &row.front() ? "n" : "";
      cells += heading ? element("th", {{"class", kind}, {"scope", "col"}}, cell) : element("td", {{"class", kind}}, cell);
    }
    lines += element("tr", {}, cells);
  }
  return element("div", {{"class", "scroll"}, {"tabindex", "0"}}, element("table", {}, lines));
}

Markup section(const std::string& title, const std::string& subtitle, const Markup& content) {
  return element("section", {}, element("h2", {}, title) + element("p", {{"class", "sub"}}, subtitle) + content);
}

Markup chart_section(const std::string& title, const std::string& subtitle, const Markup& chart, const Rows& figures) {
  return section(title, subtitle, chart + element("details", {}, element("summary", {}, "Figures of this chart") + table(figures)));
}

Markup card(const std::string& name, const std::string& value, const std::string& more) {
  return element("div", {{"class", "card"}},
                 element("span", {{"class", "name"}}, name) + element("b", {}, value) + element("span", {}, more));
}

}  // namespace aidp
