// SPDX-License-Identifier: Apache-2.0
#include "core/report/charts.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/text.hpp"

namespace aidp {

namespace {
std::string n(double value) { return fixed(value, 1); }
std::string percent(double value) { return fixed(value, 2) + "%"; }

// x and widths in percent of the chart, y and heights in pixels.
Markup text(double x, double y, const Markup& words, const char* anchor = "start", const char* kind = "") {
  return element("text", {{"x", percent(x)}, {"y", n(y)}, {"text-anchor", anchor}, {"class", kind}}, words);
}

Markup line(double x1, double y1, double x2, double y2, const char* kind) {
  return element("line", {{"x1", percent(x1)}, {"y1", n(y1)}, {"x2", percent(x2)}, {"y2", n(y2)}, {"class", kind}});
}

Markup box(double x, double y, double w, double h, const char* kind) {
  return element("rect", {{"x", percent(x)}, {"y", n(y)}, {"width", percent(std::max(w, 0.0))}, {"height", n(h)}, {"class", kind}});
}

Markup dot(double x, double y, const char* radius, const char* kind) {
  return element("circle", {{"cx", percent(x)}, {"cy", n(y)}, {"r", radius}, {"class", kind}});
}

Markup frame(double height, const std::string& label, const Markup& inside) {
  return element("div", {{"class", "plot"}},
                 element("svg", {{"width", "100%"}, {"height", n(height)}, {"role", "img"}, {"aria-label", label}}, inside));
}

// Long names are cut between characters of UTF-8, never within one.
std::string shortened(const std::string& name, std::size_t length) {
  if (name.size() <= length) return name;
  auto end = length;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  return name.substr(0, end) + "…";
}

std::string tick_text(double value) { return number(std::round(value * 1000) / 1000); }
}  // namespace

double ceiling(double value) {
  if (value <= 0) return 1;
  const double unit = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 1.2, 1.6, 2.0, 2.4, 2.8, 3.2, 4.0, 5.0, 6.0, 8.0})
    if (value <= step * unit) return step * unit;
  return 10 * unit;
}

Markup bar_chart(const std::vector<Bar>& bars, const std::string& label) {
  constexpr double row = 42;
  double most = 0;
  for (const auto& bar : bars) most = std::max({most, bar.value, bar.before});
  if (most <= 0) most = 1;
  Markup svg;
  auto words = label;
  double y = 0;
  for (const auto& bar : bars) {
    const auto count = fixed(bar.value, 0), before = fixed(bar.before, 0);
    const auto figures =
        element("tspan", {{"class", "figure"}}, count) + element("tspan", {{"class", "small aside"}}, " · before " + before);
    svg += text(0, y + 13, shortened(bar.name, 40)) + text(100, y + 13, figures, "end") + box(0, y + 19, 100, 10, "track") +
           box(0, y + 19, 100 * bar.value / most, 10, "now") + box(0, y + 31, 100 * bar.before / most, 3, "before");
    words += "; " + bar.name + " " + count + ", before " + before;
    y += row;
  }
  return frame(y, words, svg);
}

Markup share_chart(const std::vector<Point>& points, const std::string& label) {
  constexpr double left = 6, right = 100, top = 20, bottom = 200;
  double most = 0.05;
  for (const auto& point : points) most = std::max(most, point.high.value_or(point.value.value_or(0)));
  most = std::min(1.0, ceiling(most));
  const auto y_of = [&](double share) { return bottom - (bottom - top) * std::min(share / most, 1.0); };
  const double step = (right - left) / static_cast<double>(std::max<std::size_t>(points.size(), 1));
  const auto x_of = [&](std::size_t i) { return left + step * (static_cast<double>(i) + 0.5); };
  Markup svg, marks;
  auto words = label;
  for (int tick = 0; tick <= 4; ++tick) {
    const double share = most * tick / 4;
    svg += line(0, y_of(share), right, y_of(share), tick == 0 ? "axis" : "grid") +
           text(0, y_of(share) - 4, number(std::round(1000 * share) / 10) + " %", "start", "small");
  }
  const std::size_t every = (points.size() + 5) / 6;  // as many names as a phone has room for
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto& point = points[i];
    if (i % every == 0) svg += text(x_of(i), bottom + 18, point.name, "middle", "small");
    words += "; " + point.name + " " + (point.value ? fixed(100 * *point.value, 1) + " %" : "no data");
    if (!point.value) {
      svg += text(x_of(i), bottom - 6, "–", "middle", "small");
      continue;
    }
    if (i > 0 && points[i - 1].value) svg += line(x_of(i - 1), y_of(*points[i - 1].value), x_of(i), y_of(*point.value), "trend");
    if (point.low && point.high) marks += line(x_of(i), y_of(*point.low), x_of(i), y_of(*point.high), "whisker");
    marks += dot(x_of(i), y_of(*point.value), "5", point.uncertain ? "hollow" : "now");
  }
  return frame(bottom + 26, words, svg + marks);
}

Markup spread_chart(const std::vector<Spread>& spreads, double least, double most, const std::string& label) {
  constexpr double hills = 26;  // height of a histogram
  const double range = most > least ? most - least : 1;
  const auto x_of = [&](double value) { return 100 * std::clamp((value - least) / range, 0.0, 1.0); };
  Markup svg;
  auto words = label;
  double y = 0;
  for (const auto& s : spreads) {
    svg += text(0, y + 13, shortened(s.name, 30)) + text(100, y + 13, s.note, "end", "small");
    words += "; " + s.name + (s.median ? " median " + tick_text(*s.median) : " too few");
    y += 20;
    if (!s.median) {
      y += 10;
      continue;
    }
    const auto tallest = s.histogram.empty() ? 0 : std::ranges::max(s.histogram);
    const double part = s.histogram.empty() ? 0 : 100.0 / static_cast<double>(s.histogram.size());
    for (std::size_t i = 0; i < s.histogram.size(); ++i) {
      const double height = tallest > 0 ? hills * static_cast<double>(s.histogram[i]) / static_cast<double>(tallest) : 0;
      if (height > 0) svg += box(part * static_cast<double>(i) + 0.15, y + hills - height, part - 0.3, height, "hill");
    }
    y += hills + 2;
    svg += line(0, y - 2, 100, y - 2, "grid") + line(x_of(*s.low), y + 7, x_of(*s.high), y + 7, "whisker") +
           box(x_of(*s.q1), y + 1, std::max(x_of(*s.q3) - x_of(*s.q1), 0.4), 12, "box") +
           line(x_of(*s.median), y - 1, x_of(*s.median), y + 15, "median");
    if (s.before) svg += dot(x_of(*s.before), y + 7, "4", "hollow");
    y += 26;
  }
  for (int tick = 0; tick <= 4; ++tick) {
    const double value = least + range * tick / 4;
    svg += text(25.0 * tick, y + 12, tick_text(value), tick == 0 ? "start" : tick == 4 ? "end" : "middle", "small");
  }
  return frame(y + 18, words, svg);
}

}  // namespace aidp
