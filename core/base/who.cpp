// SPDX-License-Identifier: Apache-2.0
#include "core/base/who.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>

#include "core/base/text.hpp"

namespace aidp {

std::string user_name() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const auto user = ::geteuid();
  if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::to_string(user);
  return printable(found->pw_name);
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? printable(name.data()) : std::string();
}

}  // namespace aidp
