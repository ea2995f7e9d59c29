// SPDX-License-Identifier: Apache-2.0
#include "core/base/plain_words.hpp"

#include "core/base/text.hpp"

namespace aidp {

namespace {
constexpr std::size_t longest = 500;  // bytes

// What stands behind the last `mark`, or all.
std::string_view after_last(std::string_view text, std::string_view mark) {
  const auto found = text.rfind(mark);
  return found == text.npos ? text : text.substr(found + mark.size());
}

std::string_view last_line(std::string_view text) {
  text = trim(text);
  return trim(text.substr(text.find_last_of('\n') + 1));
}

// Of "  line of the model\n   ~~~~ <--- HERE" the line.
std::string_view pointed_at(std::string_view text) {
  const auto marked = text.rfind("<--- HERE");
  if (marked == text.npos) return {};
  text = text.substr(0, marked);
  return last_line(text.substr(0, text.find_last_of('\n') + 1));
}
}  // namespace

std::string plain_words(std::string_view text) {
  for (const std::string_view frames : {"\nException raised from ", "\nframe #"}) text = text.substr(0, text.find(frames));
  const auto own_line = pointed_at(text);
  auto words = printable(last_line(after_last(text, "what():")).substr(0, longest));
  if (!own_line.empty()) words += " (at `" + printable(own_line.substr(0, longest)) + "`)";
  return words;
}

}  // namespace aidp
