// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/store/database.hpp"
#include "core/store/filesystem.hpp"
#include "core/store/schema.hpp"
#include "core/store/schema_check.hpp"
#include "core/store/secret.hpp"
#include "tests/catch.hpp"

using namespace aidp;
using namespace std::string_literals;

namespace {
struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("aidp-store-test-" + new_job_id());
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path store() const { return path / "aidp.db"; }
};

std::optional<Reason> reason_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    UNSCOPED_INFO(error.what());
    return error.reason();
  }
  return {};
}

void insert_file(Database& database, const std::string& path) {
  database.prepare("INSERT INTO file VALUES (?, 0, 1, 2, 3, 4, 'x')").bind(1, path).run();
}

std::string pragma(Database& database, const std::string& name) {
  auto row = database.prepare("PRAGMA " + name);
  row.step();
  return row.text(0);
}
}  // namespace

TEST_CASE("a store is durable and strict, and its file is for its owner alone") {
  Folder folder;
  Database database(folder.store(), Database::Access::write);
  CHECK(pragma(database, "journal_mode") == "delete");
  CHECK(pragma(database, "synchronous") == "3");  // EXTRA
  CHECK(pragma(database, "foreign_keys") == "1");
  CHECK(pragma(database, "trusted_schema") == "0");
  CHECK(pragma(database, "user_version") == std::to_string(schema_steps().size()));
  struct stat status {};
  REQUIRE(::stat(folder.store().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(reason_of([&] { database.execute("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema"); }));
}

TEST_CASE("a store of a newer aidp is refused, naming both versions") {
  Folder folder;
  Database(folder.store(), Database::Access::write).execute("PRAGMA user_version = 7");
  for (const auto access : {Database::Access::read, Database::Access::write}) {
    try {
      Database database(folder.store(), access);
      FAIL("opened");
    } catch (const Error& error) {
      CHECK(error.reason() == Reason::store_newer);
      CHECK_THAT(error.what(), Catch::Contains("7") && Catch::Contains("up to " + std::to_string(schema_steps().size())));
      CHECK_FALSE(error.remedy().empty());
    }
  }
}

TEST_CASE("a store of the first schema is brought up to date, and its files are read once more as no leaf binds them") {
  Folder folder;
  {
    Database old(folder.store(), Database::Scratch{1, schema_steps()[0]});
    old.execute(
        "INSERT INTO file VALUES ('/in/a', 1, 2, 3, 'abc'); INSERT INTO model VALUES ('d', 'm', '1.0.0', 'name: m', 'installed', '', 0)");
  }
  CHECK(reason_of([&] { Database database(folder.store(), Database::Access::read); }) == Reason::usage);
  Database database(folder.store(), Database::Access::write);
  CHECK_FALSE(database.prepare("SELECT 1 FROM file").step());
  auto row = database.prepare("SELECT name, manifest_json FROM model");
  REQUIRE(row.step());
  CHECK(row.text(0) == "m");
  CHECK(row.text(1).empty());
  CHECK(schema_differences(database).empty());
}

TEST_CASE("what was put into the schema, taken out of it or changed in it is named") {
  const auto differences = [](const std::string& sql) {
    Folder folder;
    Database database(folder.store(), Database::Access::write);
    database.execute(sql);
    return schema_differences(database);
  };
  CHECK(differences("ANALYZE").empty());
  CHECK(differences("CREATE TRIGGER sly AFTER INSERT ON item BEGIN DELETE FROM item; END") ==
        std::vector<std::string>{"the trigger sly was added to the schema"});
  CHECK(differences("CREATE VIEW sly AS SELECT * FROM item") == std::vector<std::string>{"the view sly was added to the schema"});
  CHECK(differences("DROP INDEX item_order") == std::vector<std::string>{"the index item_order is missing from the schema"});
  CHECK(differences("ALTER TABLE item ADD COLUMN sly TEXT") == std::vector<std::string>{"the table item was changed in the schema"});
}

TEST_CASE("a trigger that somebody put into the store does nothing, and a view cannot be read") {
  Folder folder;
  Database database(folder.store(), Database::Access::write);
  database.execute("CREATE TRIGGER sly AFTER INSERT ON file BEGIN DELETE FROM file; END; CREATE VIEW sly_view AS SELECT * FROM file");
  insert_file(database, "kept");
  CHECK(database.prepare("SELECT 1 FROM file").step());
  CHECK(reason_of([&] { database.prepare("SELECT * FROM sly_view"); }));
}

TEST_CASE("a store of a version that cannot be is damaged") {
  Folder folder;
  Database(folder.store(), Database::Access::write).execute("PRAGMA user_version = -3");
  CHECK(reason_of([&] { Database database(folder.store(), Database::Access::write); }) == Reason::store_damaged);
  CHECK(reason_of([&] { Database database(folder.store(), Database::Access::read); }) == Reason::store_damaged);
}

TEST_CASE("a file that is no database, or a damaged one, is refused") {
  Folder folder;
  std::ofstream(folder.store()) << std::string(8192, 'x');
  CHECK(reason_of([&] { Database database(folder.store(), Database::Access::write); }) == Reason::store_damaged);
  CHECK(reason_of([&] { Database database(folder.store(), Database::Access::read); }) == Reason::store_damaged);
  std::filesystem::remove(folder.store());
  { Database database(folder.store(), Database::Access::write); }
  std::fstream file(folder.store(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(100);
  file << std::string(60, '\xff');
  file.close();
  CHECK(reason_of([&] { Database database(folder.store(), Database::Access::write); }) == Reason::store_damaged);
}

TEST_CASE("a reader needs a store that is there and cannot write") {
  Folder folder;
  CHECK(reason_of([&] { Database database(folder.store(), Database::Access::read); }) == Reason::path_missing);
  CHECK_FALSE(std::filesystem::exists(folder.store()));
  { Database database(folder.store(), Database::Access::write); }
  Database reader(folder.store(), Database::Access::read);
  CHECK(reason_of([&] { reader.execute("DELETE FROM item"); }));
}

TEST_CASE("a busy store is waited for as long as the caller says, and then told as locked") {
  Folder folder;
  Database first(folder.store(), Database::Access::write), second(folder.store(), Database::Access::write);
  Transaction transaction(first);
  {
    const BusyWait brief(second, std::chrono::milliseconds(50));
    CHECK(reason_of([&] { Transaction other(second); }) == Reason::store_locked);
  }
  int asked = 0;
  {
    const BusyWait stopped(second, std::chrono::hours(1), [&] { return ++asked == 3; });
    CHECK(reason_of([&] { Transaction other(second); }) == Reason::store_locked);
    CHECK(asked == 3);
  }
  const BusyWait patient(second, std::chrono::hours(1), [&] {
    if (++asked == 6) transaction.commit();
    return false;
  });
  CHECK_FALSE(reason_of([&] { Transaction(second).commit(); }));
}

TEST_CASE("a commit that a reader keeps from the store is rolled back whole, and goes through when the reader has ended") {
  Folder folder;
  Database writer(folder.store(), Database::Access::write), reader(folder.store(), Database::Access::read);
  auto held = std::make_unique<Snapshot>(reader);
  CHECK_FALSE(reader.prepare("SELECT 1 FROM file").step());
  const auto commit = [&] {
    Transaction transaction(writer);
    insert_file(writer, "kept");
    transaction.commit();
  };
  const BusyWait brief(writer, std::chrono::milliseconds(50));
  CHECK(reason_of(commit) == Reason::store_locked);
  CHECK_FALSE(writer.prepare("SELECT 1 FROM file").step());
  held.reset();
  CHECK_FALSE(reason_of(commit));
  CHECK(reader.prepare("SELECT 1 FROM file").step());
}

TEST_CASE("a large transaction waits for no reader before its commit") {
  Folder folder;
  Database writer(folder.store(), Database::Access::write), reader(folder.store(), Database::Access::read);
  const Snapshot held(reader);
  CHECK_FALSE(reader.prepare("SELECT 1 FROM file").step());
  int asked = 0;
  const BusyWait counted(writer, std::chrono::hours(1), [&] { return ++asked > 0; });
  Transaction transaction(writer);
  for (int i = 0; i < 100; ++i) insert_file(writer, std::to_string(i) + std::string(100'000, 'x'));  // more than the cache
  CHECK(asked == 0);
  CHECK(reason_of([&] { transaction.commit(); }) == Reason::store_locked);
}

TEST_CASE("a transaction that is not committed leaves nothing") {
  Folder folder;
  Database database(folder.store(), Database::Access::write);
  {
    Transaction transaction(database);
    insert_file(database, "lost");
  }
  Transaction transaction(database);
  insert_file(database, "kept");
  transaction.commit();
  auto rows = database.prepare("SELECT path FROM file");
  REQUIRE(rows.step());
  CHECK(rows.text(0) == "kept");
  CHECK_FALSE(rows.step());
}

TEST_CASE("a full disk is told as such and loses nothing that was committed") {
  Folder folder;
  Database database(folder.store(), Database::Access::write);
  database.execute("PRAGMA max_page_count = 20");
  const std::string much(100'000, 'x');
  CHECK(reason_of([&] {
          Transaction transaction(database);
          for (int i = 0; i < 100; ++i) insert_file(database, std::to_string(i) + much);
          transaction.commit();
        }) == Reason::disk_full);
  auto rows = database.prepare("SELECT count(*) FROM file");
  rows.step();
  CHECK(rows.integer(0) == 0);
}

TEST_CASE("text with quotes, zero bytes and other alphabets comes back as it was") {
  Folder folder;
  Database database(folder.store(), Database::Access::write);
  const std::string text("o'Neill \"x\"; DROP TABLE item; \0 \xE2\x82\xAC"s);
  database.prepare("INSERT INTO file VALUES (?, 0, ?, 0, 0, 0, '')").bind(1, text).bind(2, std::int64_t{1} << 40).run();
  auto row = database.prepare("SELECT path, size FROM file");
  REQUIRE(row.step());
  CHECK(row.text(0) == text);
  CHECK(row.integer(1) == std::int64_t{1} << 40);
}

TEST_CASE("network file systems are known by their magic number") {
  CHECK(network_file_system(0x6969, "") == "NFS");
  CHECK(network_file_system(0xFF534D42, "") == "CIFS");
  CHECK(network_file_system(0xFE534D42, "") == "SMB2");
  CHECK(network_file_system(0x65735546, "fuse.sshfs") == "fuse.sshfs");
  CHECK_FALSE(network_file_system(0x65735546, "fuseblk"));
  CHECK_FALSE(network_file_system(0xEF53, ""));      // ext4
  CHECK_FALSE(network_file_system(0x01021994, ""));  // tmpfs
  CHECK_FALSE(network_file_system(std::filesystem::path("/")));
}

TEST_CASE("the key of a store is made once, is for its user alone, and must not be damaged") {
  const Folder folder;
  const Home home{folder.path};
  const auto key = store_key(home);
  CHECK(store_key(home).bytes == key.bytes);
  CHECK(std::filesystem::status(home.key()).permissions() == std::filesystem::perms(0600));
  std::filesystem::resize_file(home.key(), 31);
  CHECK_THROWS_WITH(store_key(home), Catch::Matchers::Contains("31 bytes"));
}

TEST_CASE("a key that is missing beside pseudonyms is not replaced by another") {
  const Folder folder;
  const Home home{folder.path};
  Database database(home.database(), Database::Access::write);
  database.execute("DROP TABLE item; DROP TABLE provenance; CREATE TABLE provenance (patient_pseudonym TEXT, accession_pseudonym TEXT)");
  store_key(home);
  std::filesystem::remove(home.key());
  store_key(home);
  database.execute("INSERT INTO provenance VALUES ('ab', '')");
  std::filesystem::remove(home.key());
  CHECK_THROWS_WITH(store_key(home), Catch::Matchers::Contains("store.key is missing"));
  CHECK(!std::filesystem::exists(home.key()));
}

TEST_CASE("a pseudonym depends on key, domain and text, and is empty for nothing") {
  const auto key = random_key(), other = random_key();
  CHECK(pseudonym(key, "patient", "P1") == pseudonym(key, "patient", "P1"));
  CHECK(pseudonym(key, "patient", "P1") != pseudonym(other, "patient", "P1"));
  CHECK(pseudonym(key, "patient", "P1") != pseudonym(key, "accession", "P1"));
  CHECK(pseudonym(key, "patient", "").empty());
}
