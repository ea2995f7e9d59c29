// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/pool.hpp"

#include <sys/mman.h>

#include "core/base/error.hpp"
#include "tests/catch.hpp"

using namespace aidp;

TEST_CASE("a pool gives slabs until it is full and joins what comes back") {
  Pool pool(16 * 4096);
  const auto a = pool.take(5 * 4096), b = pool.take(5 * 4096), c = pool.take(5 * 4096);
  REQUIRE((a && b && c));
  CHECK_FALSE(pool.take(2 * 4096));
  pool.give(*a);
  pool.give(*c);
  CHECK_FALSE(pool.take(11 * 4096));
  pool.give(*b);
  CHECK(pool.take(16 * 4096));
}

TEST_CASE("a size that no pool has is not one page") {
  Pool pool(4096);
  for (const std::size_t bytes : {~std::size_t{0}, ~std::size_t{0} - 4094, ~std::size_t{0} - 4096, std::size_t{1} << 63, std::size_t{4097}})
    CHECK_FALSE(pool.take(bytes));
  CHECK(pool.take(0));
  CHECK_THROWS_AS(Pool(~std::size_t{0}), Error);
}

TEST_CASE("what one process writes into a slab another reads, and nobody reaches beyond the pool") {
  Pool pool(2 * 4096);
  const PoolView writer(pool.fd(), PoolView::Access::write), reader(pool.read_only_fd(), PoolView::Access::read);
  writer.at({4096, 8})[0] = std::byte{42};
  CHECK(reader.at({4096, 8})[0] == std::byte{42});
  CHECK_THROWS_AS(reader.at({4096, 4097}), Error);
  CHECK(::mmap(nullptr, 4096, PROT_WRITE, MAP_SHARED, pool.read_only_fd(), 0) == MAP_FAILED);
}
