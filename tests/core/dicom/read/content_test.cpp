// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/content.hpp"

#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace aidp;

namespace {
void check(Contents& contents, const std::string& path, const std::string& text) {
  const auto content = contents.take({path, {}});
  CHECK(content.bytes == text);
  CHECK(content.sha256 == hex(sha256(text)));
}
}  // namespace

TEST_CASE("the files of a request are handed out with their own bytes and hash, in order, passed over or once more") {
  const Scratch files;
  const auto a = files.file("a", std::string(200, 'a')), b = files.file("b", "b"), c = files.file("c", ""),
             d = files.file("d", std::string(5000, 'd'));
  Contents contents({{a, {}}, {b, {}}, {c, {}}, {d, {}}, {a, {}}});
  check(contents, a, std::string(200, 'a'));
  check(contents, a, std::string(200, 'a'));
  Contents others({{a, {}}, {b, {}}, {c, {}}, {d, {}}, {a, {}}});
  check(others, a, std::string(200, 'a'));
  check(others, b, "b");
  check(others, b, "b");
  check(others, d, std::string(5000, 'd'));
  check(others, a, std::string(200, 'a'));
  Contents passed({{a, {}}, {b, {}}, {c, {}}});
  check(passed, a, std::string(200, 'a'));
  check(passed, c, "");
}

TEST_CASE("a file that cannot be read fails when its turn comes, not the one before it") {
  const Scratch files;
  const auto a = files.file("a", "a"), b = (files.folder / "missing").string(), c = files.file("c", "c");
  Contents contents({{a, {}}, {b, {}}, {c, {}}});
  check(contents, a, "a");
  try {
    contents.take({b, {}});
    FAIL("a missing file was read");
  } catch (const Error& error) {
    CHECK(error.reason() == Reason::dicom_unreadable);
  }
  check(contents, c, "c");
}
