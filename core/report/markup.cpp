// SPDX-License-Identifier: Apache-2.0
#include "core/report/markup.hpp"

#include "core/base/text.hpp"

namespace aidp {

Markup::Markup(std::string_view text) : html_(html_escape(printable(text))) {}

Markup& Markup::operator+=(const Markup& next) {
  html_ += next.html_;
  return *this;
}

Markup element(Constant tag, std::initializer_list<Attribute> attributes, const Markup& content) {
  Markup made;
  auto& html = made.html_;
  html.append("<").append(tag.text);
  for (const auto& [name, value] : attributes)
    if (!value.empty()) html.append(" ").append(name.text).append("=\"").append(html_escape(printable(value))).append("\"");
  html.append(">").append(content.html_).append("</").append(tag.text).append(">");
  return made;
}

Markup constant(Constant html) {
  Markup made;
  made.html_ = html.text;
  return made;
}

}  // namespace aidp
