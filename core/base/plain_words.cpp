// SPDX-License-Identifier: Apache-2.0
#include "core/base/plain_words.hpp"

#include <optional>

#include "core/base/text.hpp"

namespace aidp {

namespace {
constexpr std::size_t longest = 500;  // bytes

// What stands behind the last `mark`, if it is there.
std::optional<std::string_view> after_last(std::string_view text, std::string_view mark) {
  const auto found = text.rfind(mark);
  return found == text.npos ? std::nullopt : std::optional(text.substr(found + mark.size()));
}

std::string_view first_line(std::string_view text) {
  text = trim(text);
  return trim(text.substr(0, text.find('\n')));
}

std::string_view last_line(std::string_view text) {
  text = trim(text);
  return trim(text.substr(text.find_last_of('\n') + 1));
}

// Of "  line of the model\n   ~~~~ <--- HERE" the line.
std::string_view pointed_at(std::string_view text, std::string_view pointer) {
  text = text.substr(0, text.rfind(pointer));
  return last_line(text.substr(0, text.find_last_of('\n') + 1));
}

std::string shown(std::string_view line) { return printable(line.substr(0, longest)); }
}  // namespace

std::string plain_words(std::string_view text) {
  constexpr std::string_view pointer = "<--- HERE";
  const auto whole = text.size();
  for (const std::string_view frames : {"\nException raised from ", "\nframe #"}) text = text.substr(0, text.find(frames));
  if (const auto message = after_last(text, pointer))
    return shown(first_line(*message)) + " (at `" + shown(pointed_at(text, pointer)) + "`)";
  if (const auto message = after_last(text, "what():")) return shown(first_line(*message));
  return shown(text.size() < whole ? first_line(text) : last_line(text));  // LibTorch's advice comes after what happened
}

}  // namespace aidp
