// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/file_reader.hpp"

#include <array>
#include <functional>
#include <optional>

#include "core/base/error.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace aidp;

namespace {
std::optional<Reason> reason_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.reason();
  }
  return {};
}
}  // namespace

TEST_CASE("a reader reads where it is asked, short at the end, and knows what the file was") {
  const Scratch scratch;
  FileReader reader(scratch.file("a", "0123456789"));
  CHECK(reader.state().size == 10);
  std::array<std::byte, 6> bytes{};
  CHECK(reader.read(bytes, 8) == 2);
  CHECK(static_cast<char>(bytes[1]) == '9');
  CHECK_NOTHROW(reader.check());
}

TEST_CASE("a read that fails is not the end of the file") {
  FileReader reader("/proc/self/mem");  // there is nothing at 0: EIO
  std::array<std::byte, 6> bytes{};
  CHECK(reader.read(bytes, 0) == 0);
  CHECK(reason_of([&] { reader.check(); }) == Reason::dicom_unreadable);
}

TEST_CASE("what is not there is unreadable, what is not a regular file is not DICOM") {
  const Scratch scratch;
  CHECK(reason_of([&] { FileReader reader(scratch.folder / "none"); }) == Reason::dicom_unreadable);
  CHECK(reason_of([&] { FileReader reader(scratch.folder); }) == Reason::not_dicom);
}
