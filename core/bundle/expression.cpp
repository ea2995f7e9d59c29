// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "core/bundle/config.hpp"

namespace aidp {

using nlohmann::json;

namespace {
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool truth(const json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value != 0;
  return value.is_string() ? !value.get_ref<const std::string&>().empty() : !value.empty();
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> common_keys{{{"monai.utils.CommonKeys.IMAGE", "image"},
                                                                                    {"monai.utils.CommonKeys.PRED", "pred"},
                                                                                    {"monai.utils.CommonKeys.LABEL", "label"},
                                                                                    {"CommonKeys.IMAGE", "image"},
                                                                                    {"CommonKeys.PRED", "pred"},
                                                                                    {"CommonKeys.LABEL", "label"}}};

class Expression {
 public:
  Expression(const BundleConfig& config, const std::string& text, const std::string& place, int depth)
      : config_(config), text_(text), place_(place), depth_(depth) {}

  json whole() {
    auto value = choice();
    skip();
    if (at_ != text_.size()) refuse();
    return value;
  }

 private:
  [[noreturn]] void refuse() const {
    config_.refuse(place_, "the expression '$" + text_ + "' needs Python, which aidp does not run; write its value out");
  }

  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  // Takes a mark, or a word that ends there.
  bool take(std::string_view token) {
    skip();
    if (text_.compare(at_, token.size(), token) != 0) return false;
    const auto end = at_ + token.size();
    if (is_word(token.back()) && end < text_.size() && is_word(text_[end])) return false;
    at_ = end;
    return true;
  }

  json choice() {
    if (++nested_ > 64) refuse();
    auto value = negated();
    if (take("if")) {
      const bool chosen = truth(negated());
      if (!take("else")) refuse();
      auto other = choice();
      if (!chosen) value = std::move(other);
    }
    --nested_;
    return value;
  }

  json negated() {
    if (!take("not")) return sum();
    return !truth(negated());
  }

  json sum() {
    auto value = term();
    while (take("+")) {
      const auto more = term();
      if (value.is_array() && more.is_array())
        value.insert(value.end(), more.begin(), more.end());
      else if (value.is_string() && more.is_string())
        value = value.get<std::string>() + more.get<std::string>();
      else if (value.is_number_integer() && more.is_number_integer())
        value = value.get<std::int64_t>() + more.get<std::int64_t>();
      else if (value.is_number() && more.is_number())
        value = value.get<double>() + more.get<double>();
      else
        refuse();
    }
    return value;
  }

  json term() {
    if (take("True")) return true;
    if (take("False")) return false;
    if (take("None")) return nullptr;
    if (take("[")) return list(']', true);
    if (take("(")) return list(')', false);
    if (take("@")) return config_.followed("@" + reference(), place_, depth_ + 1);
    for (const auto& [name, key] : common_keys)
      if (take(name)) return key;
    for (const char* library : {"torch.", "numpy.", "np."})
      if (skip(), text_.compare(at_, std::string_view(library).size(), library) == 0) return type(std::string_view(library).size());
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) return quoted();
    return number();
  }

  // In brackets; in round ones a single value without a comma is that value.
  json list(char end, bool always) {
    auto values = json::array();
    bool comma = always;
    while (!take(std::string_view(&end, 1))) {
      values.push_back(choice());
      if (take(",")) {
        comma = true;
        continue;
      }
      if (!take(std::string_view(&end, 1))) refuse();
      break;
    }
    return comma || values.size() != 1 ? values : values[0];
  }

  std::string reference() {
    const auto from = at_;
    while (at_ < text_.size() && (is_word(text_[at_]) || text_[at_] == '#' || text_.compare(at_, 2, "::") == 0 ||
                                  (at_ > from && text_.compare(at_ - 1, 2, "::") == 0)))
      ++at_;
    if (at_ == from) refuse();
    return text_.substr(from, at_ - from);
  }

  json type(std::size_t prefix) {
    constexpr std::array<std::string_view, 8> names{"float16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64"};
    at_ += prefix;
    for (const auto name : names)
      if (take(name)) return name;
    refuse();
  }

  json quoted() {
    const char quote = text_[at_++];
    const auto end = text_.find(quote, at_);
    if (end == std::string::npos || text_.substr(at_, end - at_).find('\\') != std::string::npos) refuse();
    auto value = text_.substr(at_, end - at_);
    at_ = end + 1;
    return value;
  }

  json number() {
    double value = 0;
    const auto* from = text_.data() + at_;
    const auto [end, status] = std::from_chars(from, text_.data() + text_.size(), value);
    const std::string_view digits(from, static_cast<std::size_t>(end - from));
    if (status != std::errc{} || digits.find_first_of("infa") != std::string_view::npos) refuse();
    at_ += digits.size();
    if (at_ < text_.size() && (is_word(text_[at_]) || text_[at_] == '.')) refuse();
    if (digits.find_first_of(".eE") == std::string_view::npos && std::abs(value) < 1e15) return static_cast<std::int64_t>(value);
    return value;
  }

  const BundleConfig& config_;
  const std::string& text_;
  const std::string& place_;
  int depth_, nested_ = 0;
  std::size_t at_ = 0;
};
}  // namespace

json evaluate(const BundleConfig& config, const std::string& expression, const std::string& place, int depth) {
  return Expression(config, expression, place, depth).whole();
}

}  // namespace aidp
