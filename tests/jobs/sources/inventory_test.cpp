// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/inventory.hpp"

#include <unistd.h>

#include <fstream>
#include <thread>

#include "core/base/packed.hpp"
#include "jobs/process/pool.hpp"
#include "jobs/protocol/common_messages.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace aidp;

namespace {
// Whether each child of this process has answered all that it was sent: it sleeps until there is more (proc(5), /proc/pid/stat).
bool children_sleep() {
  const auto self = std::to_string(::getpid());
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string pid, name, state, parent;
    if (file >> pid >> name >> state >> parent && parent == self && state == "R") return false;
  }
  return true;
}
}  // namespace

TEST_CASE("every file is read where the workers are always faster than the supervisor") {
  const Scratch scratch;
  const std::size_t files = GENERATE(300U, 600U, 900U);
  for (std::size_t i = 0; i < files; ++i) scratch.file(std::to_string(i), "no DICOM");
  HeaderIndex index({}, {});
  const Pool images(1 << 20);
  Crew dicom({.program = "aidp-worker-dicom",
              .depth = 1,
              .input_fd = images.fd(),
              .greeting = {{HelloRequest::op, packed(HelloRequest{"reader"}), {}}}});
  const auto inventory = take_inventory({{scratch.folder}, {}}, index, dicom, [](auto, auto) {
    while (!children_sleep()) std::this_thread::yield();
  });
  CHECK(inventory.headers_read == static_cast<std::int64_t>(files));
  CHECK(inventory.loose.size() == files);
}
