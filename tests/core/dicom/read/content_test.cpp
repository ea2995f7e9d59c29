// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/content.hpp"

#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace aidp;

TEST_CASE("a file is read with its hash") {
  const Scratch files;
  for (const auto& text : {std::string(), std::string("b"), std::string(5'000'000, 'd')}) {
    const auto content = read_content({files.file("file", text), {}});
    CHECK(content.bytes == text);
    CHECK(content.sha256 == hex(sha256(text)));
  }
}

TEST_CASE("a file that cannot be read is unreadable") {
  const Scratch files;
  try {
    read_content({(files.folder / "missing").string(), {}});
    FAIL("a missing file was read");
  } catch (const Error& error) {
    CHECK(error.reason() == Reason::dicom_unreadable);
  }
}
