// SPDX-License-Identifier: Apache-2.0
#include "core/report/svg.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/text.hpp"

namespace aidp {

namespace {
constexpr double width = 600;

std::string n(double value) { return fixed(value, 1); }

std::string text(double x, double y, const std::string& words, const char* anchor = "start", const char* kind = "") {
  return "<text x=\"" + n(x) + "\" y=\"" + n(y) + "\" text-anchor=\"" + anchor + "\" class=\"" + kind + "\">" + html_escape(words) +
         "</text>";
}

std::string line(double x1, double y1, double x2, double y2, const char* kind) {
  return "<line x1=\"" + n(x1) + "\" y1=\"" + n(y1) + "\" x2=\"" + n(x2) + "\" y2=\"" + n(y2) + "\" class=\"" + kind + "\"/>";
}

std::string box(double x, double y, double w, double h, const char* kind) {
  return "<rect x=\"" + n(x) + "\" y=\"" + n(y) + "\" width=\"" + n(std::max(w, 0.0)) + "\" height=\"" + n(h) + "\" class=\"" + kind +
         "\" rx=\"2\"/>";
}

std::string frame(double height, const std::string& label, const std::string& inside) {
  return "<svg viewBox=\"0 0 " + n(width) + " " + n(height) + "\" role=\"img\" aria-label=\"" + html_escape(label) + "\">" + inside +
         "</svg>";
}

std::string shortened(const std::string& name, std::size_t length) {
  return name.size() <= length ? name : name.substr(0, length - 1) + ".";
}

// A round number at or above `value`.
double ceiling(double value) {
  if (value <= 0) return 1;
  const double unit = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0, 10.0})
    if (value <= step * unit) return step * unit;
  return 10 * unit;
}
}  // namespace

std::string bar_chart(const std::vector<Bar>& bars, const std::string& label) {
  constexpr double left = 232, right = 545, row = 34;
  double most = 0;
  for (const auto& bar : bars) most = std::max({most, bar.value, bar.before});
  most = ceiling(most);
  std::string svg;
  double y = 6;
  for (const auto& bar : bars) {
    const auto length = [&](double value) { return (right - left) * value / most; };
    svg += text(left - 10, y + 16, shortened(bar.name, 30), "end") + box(left, y + 3, length(bar.value), 14, "now") +
           box(left, y + 19, length(bar.before), 5, "before");
    svg += text(left + length(bar.value) + 6, y + 15, fixed(bar.value, 0), "start", "figure");
    y += row;
  }
  return frame(y + 4, label, line(left, 2, left, y, "axis") + svg);
}

std::string share_chart(const std::vector<Point>& points, const std::string& label) {
  constexpr double left = 48, right = 590, top = 12, bottom = 190;
  double most = 0.05;
  for (const auto& point : points) most = std::max(most, point.high.value_or(point.value.value_or(0)));
  most = std::min(1.0, ceiling(most));
  const auto y_of = [&](double share) { return bottom - (bottom - top) * std::min(share / most, 1.0); };
  std::string svg, path;
  for (int tick = 0; tick <= 4; ++tick) {
    const double share = most * tick / 4;
    svg += line(left, y_of(share), right, y_of(share), tick == 0 ? "axis" : "grid") +
           text(left - 6, y_of(share) + 4, fixed(100 * share, most < 0.1 ? 1 : 0) + "%", "end", "small");
  }
  const double step = (right - left) / static_cast<double>(std::max<std::size_t>(points.size(), 1));
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double x = left + step * (static_cast<double>(i) + 0.5);
    svg += text(x, bottom + 18, points[i].name, "middle", "small");
    if (!points[i].value) {
      svg += text(x, bottom - 6, "no data", "middle", "small");
      continue;
    }
    if (points[i].low && points[i].high) svg += line(x, y_of(*points[i].low), x, y_of(*points[i].high), "whisker");
    svg += "<circle cx=\"" + n(x) + "\" cy=\"" + n(y_of(*points[i].value)) + "\" r=\"5\" class=\"now\"/>";
    path += n(x) + "," + n(y_of(*points[i].value)) + " ";
  }
  return frame(bottom + 28, label, svg + "<polyline points=\"" + path + "\" class=\"trend\"/>");
}

std::string spread_chart(const std::vector<Spread>& spreads, const std::string& label) {
  constexpr double left = 232, right = 580, row = 30;
  double least = 0, most = 0;
  for (const auto& s : spreads) {
    least = std::min(least, s.low);
    most = std::max(most, s.high);
  }
  most = ceiling(most);
  const auto x_of = [&](double value) { return left + (right - left) * (value - least) / (most - least); };
  std::string svg;
  double y = 6;
  for (const auto& s : spreads) {
    svg += text(left - 10, y + 16, shortened(s.name, 30), "end") + line(x_of(s.low), y + 12, x_of(s.high), y + 12, "whisker");
    svg += box(x_of(s.q1), y + 4, std::max(x_of(s.q3) - x_of(s.q1), 1.0), 16, "box") +
           line(x_of(s.median), y + 2, x_of(s.median), y + 22, "median");
    y += row;
  }
  for (int tick = 0; tick <= 4; ++tick) {
    const double value = least + (most - least) * tick / 4;
    svg = line(x_of(value), 2, x_of(value), y, "grid") + svg +
          text(x_of(value), y + 16, number(std::round(value * 1000) / 1000), "middle", "small");
  }
  return frame(y + 24, label, svg);
}

}  // namespace aidp
