// SPDX-License-Identifier: Apache-2.0
#include "core/store/filesystem.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <utility>

namespace aidp {

namespace {
// Magic numbers of linux/magic.h and of the file systems' own sources; not all are in Debian 12's headers.
constexpr std::uint32_t fuse_magic = 0x65735546;
constexpr std::array<std::pair<std::uint32_t, const char*>, 12> network_magics{{
    {0x6969, "NFS"},
    {0x517B, "SMB"},
    {0xFF534D42, "CIFS"},
    {0xFE534D42, "SMB2"},
    {0x73757245, "Coda"},
    {0x5346414F, "AFS"},
    {0x6B414653, "kAFS"},
    {0x564C, "NCP"},
    {0x00C36400, "Ceph"},
    {0x0BD00BD0, "Lustre"},
    {0x47504653, "GPFS"},
    {0x19830326, "BeeGFS"},
}};

// File systems on FUSE that are local: a disk's driver, and the overlay of rootless containers.
bool local_fuse(std::string_view type) {
  constexpr std::array local{"fuseblk", "fuse.fuse-overlayfs", "virtiofs"};
  return std::find(local.begin(), local.end(), type) != local.end();
}

// Field 3 of mountinfo (proc(5)) is the device; the type follows the separator "-".
std::string mount_type(dev_t device) {
  const std::string wanted = std::to_string(major(device)) + ":" + std::to_string(minor(device));
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string id, parent, where, field;
    fields >> id >> parent >> where;
    if (where != wanted) continue;
    while (fields >> field && field != "-") {
    }
    fields >> field;
    return field;
  }
  return {};
}
}  // namespace

std::optional<std::string> network_file_system(std::uint32_t magic, std::string_view mount_type) {
  for (const auto& [number, name] : network_magics)
    if (number == magic) return name;
  if (magic == fuse_magic && !local_fuse(mount_type)) return mount_type.empty() ? "FUSE" : std::string(mount_type);
  return {};
}

std::optional<std::string> network_file_system(const std::filesystem::path& folder) {
  struct statfs system {};
  struct stat status {};
  if (::statfs(folder.c_str(), &system) != 0 || ::stat(folder.c_str(), &status) != 0) return {};
  const auto magic = static_cast<std::uint32_t>(system.f_type);
  return network_file_system(magic, magic == fuse_magic ? mount_type(status.st_dev) : std::string{});
}

}  // namespace aidp
