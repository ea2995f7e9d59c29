// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/output.hpp"

#include <type_traits>

#include "core/manifest/outputs/kinds.hpp"

namespace aidp {

const Measurement* Output::measurement() const {
  return std::visit(
      [](const auto& of_kind) -> const Measurement* {
        if constexpr (std::is_base_of_v<Measurement, std::remove_cvref_t<decltype(of_kind)>>)
          return &of_kind;
        else
          return nullptr;
      },
      kind);
}

bool Output::is_file() const {
  return std::visit([](const auto& of_kind) { return std::is_base_of_v<FileOutput, std::remove_cvref_t<decltype(of_kind)>>; }, kind);
}

std::string Output::description() const {
  return std::visit([](const auto& of_kind) { return description_of(of_kind); }, kind);
}

}  // namespace aidp
