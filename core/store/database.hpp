// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace aidp {

// A prepared statement. Parameters count from 1, columns from 0. A failure is an Error naming the SQL's first words.
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql);
  ~Statement();
  Statement(Statement&&) noexcept;
  Statement(const Statement&) = delete;

  Statement& bind(int parameter, std::string_view text);
  Statement& bind(int parameter, const char* text) { return bind(parameter, std::string_view(text)); }
  Statement& bind(int parameter, std::span<const std::byte> blob);
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, int value) { return bind(parameter, static_cast<std::int64_t>(value)); }
  Statement& bind(int parameter, double value);
  Statement& bind_null(int parameter);
  template <class T>
  Statement& bind(int parameter, const std::optional<T>& value) {
    return value ? bind(parameter, *value) : bind_null(parameter);
  }

  bool step();  // true: a row is there
  void run();   // for statements without rows; resets for the next use
  void reset();

  std::string text(int column) const;
  std::span<const std::byte> bytes(int column) const;  // of a blob, until the next step
  std::int64_t integer(int column) const;
  double real(int column) const;
  bool is_null(int column) const;
  enum class Type { null, integer, real, text };
  Type type(int column) const;
  int columns() const;
  std::string column_name(int column) const;

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
};

// A writer's or a reader's connection: rollback journal, synchronous=EXTRA (Debian 12's 3.40.1 has the WAL-reset bug), no triggers and
// no views. Several processes may read and write; each call waits a while for a busy store. Opening migrates to the newest schema
// (core/store/schema/*.sql, built in) unless read-only.
// A reader needs a store that is there: Error(path_missing). Also throws Error(path_unreadable, store_newer, store_locked, store_damaged,
// store_network, disk_full, io_failed).
class Database {
 public:
  enum class Access { read, write };
  Database(const std::filesystem::path& file, Access access);
  // A cache beside the store, for one process at a time: Error(store_locked) for another. `file` empty: on disk where it is large, gone
  // with the object. Throws Error(store_damaged) if it is of another version; whoever finds it damaged removes it and begins again.
  struct Scratch {
    std::int64_t version;
    std::string_view schema;
  };
  Database(const std::filesystem::path& file, const Scratch& scratch);
  ~Database();
  Database(const Database&) = delete;

  bool can_write() const { return can_write_; }
  void execute(std::string_view sql);
  Statement prepare(std::string_view sql);
  std::int64_t last_id() const;
  // Transactions begun on this connection so far. Who caches what the store says reads it anew when this has changed.
  std::int64_t transactions() const { return transactions_; }

 private:
  friend class Transaction;
  friend class BusyWait;
  struct Patience {
    std::chrono::milliseconds at_most{5000};
    std::function<bool()> stop;
  };
  static int wait_busy(void* database, int tries);
  void open(const std::filesystem::path& file, const Scratch& scratch);
  bool can_write_ = true;
  std::int64_t transactions_ = 0;
  Patience patience_;
  std::chrono::steady_clock::time_point busy_since_;
  sqlite3* database_ = nullptr;
};

// While it lives, calls on `database` wait so long (not the usual 5 s) for other processes that read or write; then Error(store_locked).
// `stop`, asked about 20 times a second, ends a wait early; it must not throw. A transaction that ends so is rolled back: its rows are
// still the caller's, who may try again. A reader that takes long delays writers only at their commit.
class BusyWait {
 public:
  BusyWait(Database& database, std::chrono::milliseconds at_most, std::function<bool()> stop = {});
  ~BusyWait();
  BusyWait(const BusyWait&) = delete;

 private:
  Database& database_;
  Database::Patience before_;
};

// BEGIN IMMEDIATE … COMMIT; rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

// One view of the store for what is read while it lives. Writers wait for its end, so keep it short where there is much to read.
class Snapshot {
 public:
  explicit Snapshot(Database& database) : database_(database) { database_.execute("BEGIN"); }
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;

 private:
  Database& database_;
};

}  // namespace aidp
