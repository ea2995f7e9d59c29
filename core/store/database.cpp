// SPDX-License-Identifier: Apache-2.0
#include "core/store/database.hpp"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/store/failure.hpp"
#include "core/store/filesystem.hpp"
#include "core/store/schema.hpp"

namespace aidp {

namespace fs = std::filesystem;

namespace {
using Clock = std::chrono::steady_clock;

void check_place(const fs::path& file, Database::Access access) {
  const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (const auto system = network_file_system(folder))
    throw Error(Reason::store_network,
                "the store " + file.string() + " would be on a network file system (" + *system + "), where locks cannot be trusted",
                "put it on a local disk with --home or AIDP_HOME; results may stay on the network");
  std::error_code none;
  if (access == Database::Access::read && fs::file_size(file, none) + 1 <= 1)  // 0 bytes, or (uintmax_t)-1: not there
    throw Error(Reason::path_missing, "there is no store at " + file.string(),
                "install a model or run a job first, or name another home with --home");
  const int mode = access == Database::Access::write ? R_OK | W_OK : R_OK;
  if (fs::exists(file, none) && ::access(file.c_str(), mode) != 0) throw_errno("cannot open the store " + file.string());
}

// A reader opens for writing too where it may: only so can it roll back what a killed writer left half done.
int open_flags(const fs::path& file, Database::Access access) {
  if (access == Database::Access::write) return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  return ::access(file.c_str(), W_OK) == 0 ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
}

std::int64_t schema_version(Database& database) {
  auto version = database.prepare("PRAGMA user_version");
  version.step();
  return version.integer(0);
}

[[noreturn]] void throw_newer(const fs::path& file, std::int64_t found, std::int64_t known) {
  throw Error(Reason::store_newer,
              "the store " + file.string() + " has schema version " + std::to_string(found) + "; this aidp knows versions up to " +
                  std::to_string(known),
              "use the newer aidp that wrote it, or another home with --home");
}

[[noreturn]] void throw_no_version(const fs::path& file, std::int64_t found) {
  throw Error(Reason::store_damaged, "the store " + file.string() + " has the schema version " + std::to_string(found) + ", which none has",
              "restore the store from a backup, or move it away and start a new one");
}

void migrate(Database& database, const fs::path& file, Database::Access access) {
  const auto steps = schema_steps();
  const auto newest = static_cast<std::int64_t>(steps.size());
  auto version = schema_version(database);
  if (version < 0) throw_no_version(file, version);
  if (version > newest) throw_newer(file, version, newest);
  if (version == newest) return;
  if (access == Database::Access::read)
    throw Error(Reason::usage, "the store " + file.string() + " has the old schema version " + std::to_string(version),
                "run a command that writes, such as run; it brings it up to date");
  Transaction transaction(database);
  version = schema_version(database);  // another process may have been first
  if (version < 0) throw_no_version(file, version);
  for (; version < newest; ++version) database.execute(steps[static_cast<std::size_t>(version)]);
  database.execute("PRAGMA user_version = " + std::to_string(newest));
  transaction.commit();
}
}  // namespace

Database::Database(const fs::path& file, Access access) : can_write_(access == Access::write) {
  check_place(file, access);
  const mode_t mask = ::umask(077);  // results are a patient's data: for this user alone
  const int code = sqlite3_open_v2(file.c_str(), &database_, open_flags(file, access), nullptr);
  ::umask(mask);
  try {
    if (code != SQLITE_OK) throw_sqlite(database_, code, "cannot open the store " + file.string());
    sqlite3_busy_handler(database_, wait_busy, this);
    sqlite3_extended_result_codes(database_, 1);
    sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(database_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);  // we have none: one that is there is an intruder's
    sqlite3_db_config(database_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    execute(
        "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -4096; PRAGMA foreign_keys = ON; PRAGMA synchronous = "
        "EXTRA; PRAGMA cache_spill = 16384");  // 64 MiB: a page that is written early waits for every reader
    if (access == Access::write) execute("PRAGMA journal_mode = DELETE");
    migrate(*this, file, access);
    if (access == Access::read) execute("PRAGMA query_only = ON");
  } catch (const Error& error) {
    sqlite3_close(database_);
    if (error.reason() != Reason::store_damaged) throw;
    throw Error(Reason::store_damaged, "the store " + file.string() + " is damaged or no database: " + error.what(), error.remedy());
  } catch (...) {
    sqlite3_close(database_);
    throw;
  }
}

// Made in one transaction, so that no kill leaves a part of it.
void Database::open(const fs::path& file, const Scratch& scratch) {
  const mode_t mask = ::umask(077);
  const int code = sqlite3_open_v2(file.c_str(), &database_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  ::umask(mask);
  try {
    if (code != SQLITE_OK) throw_sqlite(database_, code, "cannot open " + file.string());
    sqlite3_extended_result_codes(database_, 1);
    sqlite3_db_config(database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    execute(
        "PRAGMA page_size = 8192; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -2048; "
        "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE");
    const auto version = schema_version(*this);
    auto tables = prepare("SELECT count(*) FROM sqlite_schema");
    tables.step();
    const bool is_new = version == 0 && tables.integer(0) == 0;
    tables.reset();
    if (!is_new && version != scratch.version) throw Error(Reason::store_damaged, "it is of another version");
    if (is_new) execute(std::string(scratch.schema) + "PRAGMA user_version = " + std::to_string(scratch.version));
    execute("COMMIT");
  } catch (...) {
    sqlite3_close(database_);
    throw;
  }
}

Database::Database(const fs::path& file, const Scratch& scratch) { open(file, scratch); }

// close_v2: statements that outlive the connection keep it until they end.
Database::~Database() { sqlite3_close_v2(database_); }

void Database::execute(std::string_view sql) {
  const std::string text(sql);
  const int code = sqlite3_exec(database_, text.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw_sqlite(database_, code, "the store cannot do '" + text.substr(0, 60) + "'");
}

// SQLite asks after each failed try; what waits is one call, so the time counts from its first.
int Database::wait_busy(void* database, int tries) {
  auto& self = *static_cast<Database*>(database);
  if (tries == 0) self.busy_since_ = Clock::now();
  const auto left = self.busy_since_ + self.patience_.at_most - Clock::now();
  if (left <= Clock::duration::zero() || (self.patience_.stop && self.patience_.stop())) return 0;
  std::this_thread::sleep_for(std::min<Clock::duration>(left, std::chrono::milliseconds(std::min(1 + tries * 2, 50))));
  return 1;
}

BusyWait::BusyWait(Database& database, std::chrono::milliseconds at_most, std::function<bool()> stop)
    : database_(database), before_(std::exchange(database.patience_, {at_most, std::move(stop)})) {}

BusyWait::~BusyWait() { database_.patience_ = std::move(before_); }

Snapshot::~Snapshot() {
  try {
    database_.execute("COMMIT");
  } catch (const Error&) {
    // Nothing was written, so nothing is lost.
  }
}

Statement Database::prepare(std::string_view sql) { return {database_, sql}; }
std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(database_); }

Transaction::Transaction(Database& database) : database_(database) {
  database_.execute("BEGIN IMMEDIATE");
  ++database_.transactions_;
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const Error&) {
    // SQLite has rolled back by itself after some failures (disk full, I/O error).
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace aidp
