// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace aidp {

// A text that is known when aidp is compiled: the name of a tag or attribute, a style sheet. What is read or computed cannot become one.
struct Constant {
  // NOLINTNEXTLINE(google-explicit-constructor): a literal stands for itself
  consteval Constant(const char* literal) : text(literal) {}
  std::string_view text;
};

// A piece of HTML or SVG. Only elements are markup: whatever else goes in is printable text and escaped, so no data can become markup.
class Markup {
 public:
  Markup() = default;
  Markup(std::string_view text);
  Markup(const std::string& text) : Markup(std::string_view(text)) {}
  Markup(const char* text) : Markup(std::string_view(text)) {}
  Markup& operator+=(const Markup& next);
  friend Markup operator+(Markup first, const Markup& next) { return first += next; }
  bool empty() const { return html_.empty(); }
  const std::string& html() const { return html_; }

 private:
  friend Markup element(Constant, std::initializer_list<struct Attribute>, const Markup&);
  friend Markup constant(Constant);
  std::string html_;
};

struct Attribute {
  Constant name;
  std::string value;  // escaped when written; empty: the attribute is left out
};

// <tag name="value">content</tag>
Markup element(Constant tag, std::initializer_list<Attribute> attributes = {}, const Markup& content = {});
// What is markup as it stands, or a style sheet.
Markup constant(Constant html);

}  // namespace aidp
