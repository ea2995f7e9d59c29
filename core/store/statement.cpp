// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>

#include <utility>

#include "core/base/error.hpp"
#include "core/store/database.hpp"
#include "core/store/failure.hpp"

namespace aidp {

namespace {
std::string first_words(const char* sql) {
  const std::string_view text(sql == nullptr ? "" : sql);
  return "the store cannot do '" + std::string(text.substr(0, 60)) + (text.size() > 60 ? "…'" : "'");
}
}  // namespace

void throw_sqlite(sqlite3* database, int code, const std::string& what) {
  const std::string detail = what + ": " + (database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code));
  const char* again = "run the same command again: it resumes";
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw Error(Reason::store_locked, detail, std::string("another aidp is writing; ") + again);
    case SQLITE_FULL:
      throw Error(Reason::disk_full, detail, std::string("free some space and ") + again);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw Error(Reason::store_damaged, detail, "restore the store from a backup, or move it away and start a new one");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      throw Error(Reason::io_failed, detail, "check that the store's folder is there and may be written");
    default:
      throw Error(Reason::internal, detail);
  }
}

Statement::Statement(sqlite3* database, std::string_view sql) : database_(database) {
  const int code = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  if (code != SQLITE_OK) throw_sqlite(database, code, first_words(std::string(sql).c_str()));
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement::Statement(Statement&& other) noexcept : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

static void check(sqlite3* database, sqlite3_stmt* statement, int code) {
  if (code != SQLITE_OK) throw_sqlite(database, code, first_words(sqlite3_sql(statement)));
}

Statement& Statement::bind(int parameter, std::string_view text) {
  // A null pointer would bind NULL, not the empty text.
  const char* data = text.data() == nullptr ? "" : text.data();
  check(database_, statement_, sqlite3_bind_text64(statement_, parameter, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int parameter, std::span<const std::byte> blob) {
  check(database_, statement_, sqlite3_bind_blob64(statement_, parameter, blob.data(), blob.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind(int parameter, std::int64_t value) {
  check(database_, statement_, sqlite3_bind_int64(statement_, parameter, value));
  return *this;
}

Statement& Statement::bind(int parameter, double value) {
  check(database_, statement_, sqlite3_bind_double(statement_, parameter, value));
  return *this;
}

Statement& Statement::bind_null(int parameter) {
  check(database_, statement_, sqlite3_bind_null(statement_, parameter));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const std::string what = first_words(sqlite3_sql(statement_));
  try {
    throw_sqlite(database_, code, what);
  } catch (...) {
    sqlite3_reset(statement_);
    throw;
  }
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() {
  // Its result repeats the last step's failure, which has been thrown already.
  sqlite3_reset(statement_);
}

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return data == nullptr ? std::string{} : std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

std::span<const std::byte> Statement::bytes(int column) const {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_, column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }
bool Statement::is_null(int column) const { return type(column) == Type::null; }

int Statement::columns() const { return sqlite3_column_count(statement_); }
std::string Statement::column_name(int column) const { return sqlite3_column_name(statement_, column); }

Statement::Type Statement::type(int column) const {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER:
      return Type::integer;
    case SQLITE_FLOAT:
      return Type::real;
    case SQLITE_NULL:
      return Type::null;
    default:
      return Type::text;
  }
}

}  // namespace aidp
