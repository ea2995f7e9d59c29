// SPDX-License-Identifier: Apache-2.0
#include "core/bundle/findings.hpp"

#include <algorithm>

#include "core/base/error_list.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace {
void add_once(std::vector<std::string>& texts, const std::string& text) {
  if (!text.empty() && std::ranges::find(texts, text) == texts.end()) texts.push_back(text);
}
}  // namespace

void Findings::add(const Error& error) {
  add_once(obstacles_, printable(error.what()));
  add_once(remedies_, error.remedy());
}

void Findings::warn(const std::string& text) { add_once(warnings_, text); }

void Findings::check() const {
  if (obstacles_.empty()) return;
  if (obstacles_.size() == 1) throw Error(Reason::package_invalid, obstacles_.front(), join(remedies_, "; "));
  const auto count = std::to_string(obstacles_.size()) + " obstacles";
  throw ErrorList(Reason::package_invalid, join(obstacles_, "\n") + "\n" + count, join(remedies_, "; "));
}

}  // namespace aidp
