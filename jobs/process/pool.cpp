// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/pool.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "core/base/error.hpp"
#include "core/base/saturating.hpp"

namespace aidp {

namespace {
constexpr std::size_t page = 4096;

// At least one; what is too much for a size stays too much for any pool.
std::size_t whole_pages(std::size_t bytes) { return std::max(page, add_saturating(bytes, page - 1) / page * page); }
}  // namespace

Pool::Pool(std::size_t bytes)
    : file_(::memfd_create("aidp-pool", MFD_CLOEXEC | MFD_ALLOW_SEALING)), size_(whole_pages(bytes)), free_(size_), holes_{{0, size_}} {
  if (!file_ || ::ftruncate(fd(), static_cast<off_t>(size_)) != 0) throw_errno("cannot make a pool of " + std::to_string(size_) + " bytes");
  if (::fcntl(fd(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) throw_errno("cannot seal the pool");
  read_only_ = FileDescriptor(::open(("/proc/self/fd/" + std::to_string(fd())).c_str(), O_RDONLY | O_CLOEXEC));
  if (!read_only_) throw_errno("cannot open the pool read-only");
}

std::optional<Slab> Pool::take(std::size_t bytes) {
  const auto size = whole_pages(bytes);
  const auto hole = std::ranges::find_if(holes_, [&](const auto& entry) { return entry.second >= size; });
  if (hole == holes_.end()) return std::nullopt;
  const auto [offset, length] = *hole;
  holes_.erase(hole);
  if (length > size) holes_.emplace(offset + size, length - size);
  free_ -= size;
  return Slab{offset, size};
}

std::optional<SlabLease> Pool::lease(std::size_t bytes) {
  const auto slab = take(bytes);
  return slab ? std::optional<SlabLease>(std::in_place, *this, *slab) : std::nullopt;
}

SlabLease& SlabLease::operator=(SlabLease&& other) noexcept {
  std::swap(pool_, other.pool_);
  std::swap(slab_, other.slab_);
  return *this;
}

SlabLease::~SlabLease() {
  if (pool_) pool_->give(slab_);
}

void Pool::give(Slab slab) {
  free_ += slab.size;
  auto hole = holes_.emplace(slab.offset, slab.size).first;
  if (const auto next = std::next(hole); next != holes_.end() && hole->first + hole->second == next->first) {
    hole->second += next->second;
    holes_.erase(next);
  }
  if (hole == holes_.begin()) return;
  if (const auto before = std::prev(hole); before->first + before->second == hole->first) {
    before->second += hole->second;
    holes_.erase(hole);
  }
}

PoolView::PoolView(int fd, Access access) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_errno("descriptor " + std::to_string(fd) + " is not a pool");
  size_ = static_cast<std::size_t>(status.st_size);
  const int protection = access == Access::write ? PROT_READ | PROT_WRITE : PROT_READ;
  void* place = ::mmap(nullptr, size_, protection, MAP_SHARED, fd, 0);
  if (place == MAP_FAILED) throw_errno("cannot map the pool");
  data_ = static_cast<std::byte*>(place);
}

PoolView::~PoolView() { ::munmap(data_, size_); }

std::span<std::byte> PoolView::at(Slab slab) const {
  if (slab.offset > size_ || slab.size > size_ - slab.offset)
    throw Error(Reason::internal,
                "a slab of " + std::to_string(slab.size) + " bytes at " + std::to_string(slab.offset) + " lies outside the pool");
  return {data_ + slab.offset, slab.size};
}

}  // namespace aidp
