// SPDX-License-Identifier: Apache-2.0
#include "core/store/secret.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/hash.hpp"
#include "core/store/database.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
constexpr const char* what_to_do = "restore store.key from a backup of the store";

bool holds_pseudonyms(const Home& home) {
  std::error_code none;
  if (fs::file_size(home.database(), none) + 1 <= 1) return false;  // empty or not there
  Database database(home.database(), Database::Access::read);
  return database.prepare("SELECT 1 FROM provenance WHERE patient_pseudonym <> '' OR accession_pseudonym <> '' LIMIT 1").step();
}

// Whole or not at all, and never over another's: the first of two processes wins.
void make_key(const fs::path& file) {
  const auto key = random_key();
  const auto temporary = file.string() + ".part." + std::to_string(::getpid());
  ::unlink(temporary.c_str());
  const FileDescriptor part(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!part) throw_errno("cannot make " + temporary);
  const auto written = ::write(part.get(), key.bytes.data(), key.bytes.size());
  const bool good = written == static_cast<ssize_t>(key.bytes.size()) && ::fsync(part.get()) == 0;
  const bool linked = good && (::link(temporary.c_str(), file.c_str()) == 0 || errno == EEXIST);
  const int error = errno;
  ::unlink(temporary.c_str());
  errno = error;
  if (!linked) throw_errno("cannot write " + file.string());
  fsync_folder(file.parent_path());
}
}  // namespace

StoreKey random_key() {
  StoreKey key;
  if (::getrandom(key.bytes.data(), key.bytes.size(), 0) != static_cast<ssize_t>(key.bytes.size())) throw_errno("cannot get random bytes");
  return key;
}

StoreKey store_key(const Home& home) {
  const auto file = home.key();
  std::error_code unknown;
  if (fs::status(file, unknown).type() == fs::file_type::not_found) {
    if (holds_pseudonyms(home))
      throw Error(Reason::store_damaged, file.string() + " is missing, and pseudonyms in the store were made with it", what_to_do);
    make_key(file);
  }
  const auto content = read_file(file, 4096);
  StoreKey key;
  if (content.size() != key.bytes.size())
    throw Error(Reason::store_damaged,
                file.string() + " has " + std::to_string(content.size()) + " bytes; a key has " + std::to_string(key.bytes.size()),
                what_to_do);
  std::memcpy(key.bytes.data(), content.data(), content.size());
  return key;
}

std::string pseudonym(const StoreKey& key, std::string_view domain, std::string_view text) {
  if (text.empty()) return {};
  std::string message(domain);
  message += '\0';
  message += text;
  return hex(hmac_sha256(key.bytes, message));
}

}  // namespace aidp
