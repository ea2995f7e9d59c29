// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "core/audit/log.hpp"
#include "core/base/file.hpp"
#include "tests/catch.hpp"
#include "tests/core/audit/small_store.hpp"

using namespace aidp;

namespace {
std::string base64(const Digest& digest) {
  constexpr const char* letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  unsigned buffer = 0;
  int bits = 0;
  for (const auto byte : digest) {
    buffer = buffer << 8 | std::to_integer<unsigned>(byte);
    for (bits += 8; bits >= 6; bits -= 6) text += letters[buffer >> (bits - 6) & 63];
  }
  return text + letters[buffer << (6 - bits) & 63] + "=";  // 32 bytes: four bits are left over
}
}  // namespace

// RFC 6962 2.1.3 and the reference values of certificate-transparency's merkle_tree_test.
TEST_CASE("tree heads are those of RFC 6962") {
  CHECK(hex(merkle_root({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  std::vector<Digest> leaves{merkle_leaf("")};
  CHECK(hex(merkle_root(leaves)) == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  leaves.push_back(merkle_leaf(std::string(1, '\0')));
  CHECK(hex(merkle_root(leaves)) == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
}

// The vectors of transparency-dev/merkle hold roots of one tree of 8 leaves, whose data certificate-transparency published.
TEST_CASE("tree heads are those of transparency-dev's vectors") {
  const std::vector<std::string> data{"",
                                      std::string(1, '\0'),
                                      "\x10",
                                      "\x20\x21",
                                      "\x30\x31",
                                      "\x40\x41\x42\x43",
                                      "\x50\x51\x52\x53\x54\x55\x56\x57",
                                      "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
  std::vector<Digest> leaves;
  for (const auto& one : data) leaves.push_back(merkle_leaf(one));
  CHECK(hex(merkle_root(leaves)) == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
  if (shared_folder() == nullptr) AIDP_SKIP("Merkle vectors: no ../shared");
  const auto folder = std::filesystem::path(shared_folder()) / "vectors/merkle/testdata/consistency";
  int checked = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().filename() != "happy-path.json") continue;
    const auto vector = nlohmann::json::parse(read_file(entry.path()));
    for (const auto* which : {"1", "2"}) {
      const auto size = vector.at(std::string("size") + which).get<std::size_t>();
      const auto root = vector.at(std::string("root") + which).get<std::string>();
      if (size == 0 || size > leaves.size()) continue;
      CHECK(base64(merkle_root({leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(size)})) == root);
      ++checked;
    }
  }
  CHECK(checked > 0);
}

TEST_CASE("a log grown leaf by leaf has the root of its list at every size") {
  SmallStore store;
  AuditLog log(*store.database);
  std::vector<Digest> leaves;
  auto rows = store.database->prepare("SELECT data FROM audit_leaf ORDER BY seq");
  while (rows.step()) leaves.push_back(merkle_leaf(rows.text(0)));
  for (int i = 0; i < 70; ++i) {
    Transaction transaction(*store.database);
    log.append({{"event", "test"}, {"i", i}});
    log.seal();
    transaction.commit();
    auto row = store.database->prepare("SELECT data FROM audit_leaf WHERE seq = ?");
    row.bind(1, log.size() - 1).step();
    leaves.push_back(merkle_leaf(row.text(0)));
    REQUIRE(log.root() == merkle_root(leaves));
  }
  CHECK(verify_audit(*store.database).findings.empty());
}

TEST_CASE("two logs on one connection follow each other, and a rolled-back leaf is forgotten") {
  SmallStore store;
  AuditLog first(*store.database), second(*store.database);
  const auto append = [&](AuditLog& log, bool commit) {
    Transaction transaction(*store.database);
    log.append({{"event", "test"}});
    log.seal();
    if (commit) transaction.commit();
  };
  append(first, true);
  append(second, false);
  append(second, true);
  append(first, true);
  CHECK(verify_audit(*store.database).findings.empty());
  CHECK(verify_audit(*store.database).leaves == 28);
}

TEST_CASE("every single changed byte of the log is found") {
  SmallStore store;
  auto rows = store.database->prepare("SELECT seq, data, hash FROM audit_leaf");
  struct Leaf {
    std::int64_t seq;
    std::string data, hash;
  };
  std::vector<Leaf> leaves;
  while (rows.step()) leaves.push_back({rows.integer(0), rows.text(1), rows.text(2)});
  rows.reset();
  auto write = store.database->prepare("UPDATE audit_leaf SET data = ?2, hash = ?3 WHERE seq = ?1");
  std::size_t flips = 0, missed = 0;
  store.database->execute("PRAGMA synchronous = OFF");
  for (const auto& leaf : leaves)
    for (std::size_t i = 0; i < leaf.data.size() + leaf.hash.size(); i += 1) {
      auto data = leaf.data, hash = leaf.hash;
      auto& byte = i < data.size() ? data[i] : hash[i - data.size()];
      byte = static_cast<char>(byte ^ 1);
      write.bind(1, leaf.seq).bind(2, data).bind(3, hash).run();
      ++flips;
      missed += verify_audit(*store.database).findings.empty();
      write.bind(1, leaf.seq).bind(2, leaf.data).bind(3, leaf.hash).run();
    }
  CHECK(flips > 5000);
  CHECK(missed == 0);
  CHECK(verify_audit(*store.database).findings.empty());
}

TEST_CASE("a finding names the row and no patient") {
  SmallStore store;
  store.database->execute("UPDATE item SET study_uid = 'DOE^JANE' WHERE id = 7");
  const auto findings = verify_audit(*store.database).findings;
  REQUIRE(findings.size() == 1);
  CHECK_THAT(findings[0].what, Catch::Contains("item 7 was changed") && !Catch::Contains("DOE"));
}

TEST_CASE("an untouched store verifies, also against a head kept elsewhere") {
  SmallStore store;
  const auto verdict = verify_audit(*store.database);
  CHECK(verdict.findings.empty());
  CHECK(verdict.leaves == 25);
  CHECK(verify_audit(*store.database, {{verdict.leaves, verdict.root, "a report"}}).findings.empty());
  CHECK_FALSE(verify_audit(*store.database, {{verdict.leaves, hex(sha256("x")), "a report"}}).findings.empty());
}
