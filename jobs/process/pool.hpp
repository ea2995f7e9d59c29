// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "core/base/file.hpp"

namespace aidp {

struct Slab {
  std::size_t offset = 0;
  std::size_t size = 0;
};

class Pool;

// A slab that goes back to its pool by itself. The pool must outlive it.
class SlabLease {
 public:
  SlabLease(Pool& pool, Slab slab) : pool_(&pool), slab_(slab) {}
  SlabLease(SlabLease&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), slab_(other.slab_) {}
  SlabLease& operator=(SlabLease&& other) noexcept;
  ~SlabLease();
  const Slab* operator->() const { return &slab_; }
  const Slab& operator*() const { return slab_; }

 private:
  Pool* pool_;
  Slab slab_;
};

// One sealed memfd of fixed size, mapped once by each process. The supervisor hands out slabs of it and never reads a pixel:
// it keeps the file and the book, and does not map. The pool's size is the memory budget: no free slab, no more decoding.
// Sizes and offsets are bytes, in whole pages of 4096.
class Pool {
 public:
  explicit Pool(std::size_t bytes);       // throws as throw_errno() does
  int fd() const { return file_.get(); }  // read-write
  int read_only_fd() const { return read_only_.get(); }
  std::size_t size() const { return size_; }
  std::size_t free() const { return free_; }
  // A slab of at least `bytes` (rounded up to 4096), or nothing now.
  std::optional<Slab> take(std::size_t bytes);
  std::optional<SlabLease> lease(std::size_t bytes);
  void give(Slab slab);  // one that take() gave, once

 private:
  FileDescriptor file_, read_only_;
  std::size_t size_, free_;
  std::map<std::size_t, std::size_t> holes_;  // offset to size
};

// A worker's view of a pool: maps an inherited descriptor.
class PoolView {
 public:
  enum class Access { read, write };
  PoolView(int fd, Access access);  // throws as throw_errno() does
  ~PoolView();
  PoolView(const PoolView&) = delete;
  PoolView& operator=(const PoolView&) = delete;
  std::size_t size() const { return size_; }
  std::span<std::byte> at(Slab slab) const;  // throws Error(internal) beyond the pool
 private:
  std::byte* data_;
  std::size_t size_;
};

}  // namespace aidp
