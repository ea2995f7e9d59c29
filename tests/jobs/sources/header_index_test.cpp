// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/header_index.hpp"

#include <filesystem>
#include <fstream>

#include "core/base/hash.hpp"
#include "core/base/packed.hpp"
#include "jobs/protocol/packed_attributes.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace aidp;

namespace {
const auto key = random_key();

struct Folder : Scratch {
  std::filesystem::path index() const { return folder / "headers.db"; }
};

// What a worker would say of the file as it is.
void add(HeaderIndex& index, const std::string& path, const std::string& series, const std::string& sop, nlohmann::json attributes,
         const std::string& patient = {}) {
  const auto header = packed(InstanceHeader{}), packed_values = packed_attributes(attributes);
  ScannedFile file;
  file.state = file_state(path).value();
  file.study_uid = "1.2";
  file.series_uid = series;
  file.sop_uid = sop;
  const auto accession = patient.empty() ? patient : "A" + patient;
  file.accession_number = accession;
  file.patient_id = patient;
  file.header = header;
  file.attributes = packed_values;
  index.add(path, file);
}

void add_loose(HeaderIndex& index, const std::string& path, Reason reason, const std::string& message, bool known) {
  const auto how = known ? HeaderIndex::Known::of_these_bytes : HeaderIndex::Known::no;
  index.add(LooseFile{path, reason, message}, ScannedFile{.state = file_state(path).value()}, how);
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> to_read(HeaderIndex& index, const std::vector<std::string>& listed) {
  std::vector<std::string> unknown;
  for (const auto& path : listed)
    if (index.list(path, file_state(path))) unknown.push_back(path);
  return unknown;
}
}  // namespace

TEST_CASE("an index gives series in order, instances by path, and of all but the first the attributes that differ") {
  const Folder folder;
  const auto a = folder.file("a", "1"), b = folder.file("b", "2"), c = folder.file("c", "3");
  HeaderIndex index({}, {"SeriesDescription"});
  CHECK(to_read(index, {c, b, a, b}) == std::vector{c, b, a});
  add(index, c, "1.2.1", "9.3", {{"Modality", "CT"}});
  add(index, b, "1.2.2", "9.2", {{"Modality", "MR"}});
  add(index, a, "1.2.2", "9.1", {{"Modality", "PT"}, {"SeriesDescription", "x"}, {"Foreign", "y"}});
  const auto series = index.series();
  REQUIRE(series.size() == 2);
  CHECK(series[0].series_uid == "1.2.1");
  CHECK(series[1].files == 2);
  const auto instances = index.instances(series[1]);
  REQUIRE(instances.size() == 2);
  CHECK(instances[0].path == a);
  CHECK(instances[0].attributes == nlohmann::json{{"Modality", "PT"}, {"SeriesDescription", "x"}});
  CHECK(instances[1].attributes == nlohmann::json{{"Modality", "MR"}, {"SeriesDescription", nullptr}});
  CHECK(attributes_of(instances, 1) == nlohmann::json{{"Modality", "MR"}});
  CHECK(index.attributes(series[1], 1) == nlohmann::json{{"Modality", "MR"}});
  CHECK(index.path(series[1], 1) == b);
  CHECK(index.attributes(series[0]) == nlohmann::json{{"Modality", "CT"}});
}

TEST_CASE("two files of one SOPInstanceUID that cannot be compared are both named") {
  const Folder folder;
  const auto a = folder.file("a", "1"), b = folder.file("b", "2");
  HeaderIndex index({}, {});
  index.compare_with([](const std::string& file, const FileState&) { return hex(sha256_file(file)); });
  for (const auto& path : {a, b}) {
    index.list(path, file_state(path));
    add(index, path, "1.2.1", "9.1", nlohmann::json::object());
  }
  const auto series = index.series();
  std::filesystem::remove(b);
  CHECK_THROWS_WITH(index.instances(series.at(0)), Catch::Contains(a + " and " + b) && Catch::Contains("cannot be compared"));
}

TEST_CASE("a byte-identical copy of an instance counts as a file and is no instance, one that differs is") {
  const Folder folder;
  const auto a = folder.file("a", "same"), b = folder.file("b", "same"), c = folder.file("c", "other");
  HeaderIndex index({}, {});
  index.compare_with([](const std::string& file, const FileState&) { return hex(sha256_file(file)); });
  for (const auto& path : {a, b, c}) {
    index.list(path, file_state(path));
    add(index, path, "1.2.1", "9.1", nlohmann::json::object());
  }
  const auto series = index.series();
  REQUIRE(series.size() == 1);
  CHECK(series[0].files == 3);
  CHECK(index.instances(series[0]).size() == 2);
}

TEST_CASE("a kept index has only what is new or changed read again") {
  const Folder folder;
  const auto same = folder.file("same", "1"), changes = folder.file("changes", "2"), junk = folder.file("junk", "3"),
             closed = folder.file("closed", "4"), gone = folder.file("gone", "5");
  {
    HeaderIndex index(folder.index(), {"PatientPosition"}, key);
    CHECK(to_read(index, {same, changes, junk, closed, gone}).size() == 5);
    for (const auto& path : {same, changes, gone}) add(index, path, "1.2.1", path, {{"Modality", "CT"}});
    add_loose(index, junk, Reason::not_dicom, "not a DICOM file", true);
    add_loose(index, closed, Reason::dicom_unreadable, "cannot be opened", false);
    CHECK(to_read(index, {same, junk, closed}).empty());  // by another way to the same files
    index.commit();
  }
  {
    HeaderIndex index(folder.index(), {}, key);
    CHECK(to_read(index, {junk}) == std::vector{junk});  // one worker's word is not enough for "not DICOM"
    add_loose(index, junk, Reason::not_dicom, "not a DICOM file", true);
    index.commit();
  }
  folder.file("changes", "22");
  HeaderIndex index(folder.index(), {"PatientPosition"}, key);
  CHECK(to_read(index, {same, changes, junk, closed}) == std::vector{changes, closed});
  REQUIRE(index.series().size() == 1);
  CHECK(index.series()[0].files == 1);
  REQUIRE(index.loose().size() == 1);
  CHECK(index.loose()[0].message == "not a DICOM file");
}

TEST_CASE("a model that asks for another attribute has headers read again, once for all models") {
  const Folder folder;
  const auto file = folder.file("a", "1");
  const auto is_read = [&](std::vector<std::string> keywords) {
    HeaderIndex index(folder.index(), std::move(keywords), key);
    const bool unknown = index.list(file, file_state(file));
    if (unknown) add(index, file, "1.2.1", "9.1", {{"Modality", "CT"}});
    index.commit();
    return unknown;
  };
  CHECK(is_read({"EchoTime"}));
  CHECK(!is_read({"EchoTime"}));
  CHECK(is_read({"FlipAngle"}));
  CHECK(!is_read({"FlipAngle"}));
  CHECK(!is_read({"EchoTime"}));
  CHECK(!is_read({}));
}

TEST_CASE("a file whose UIDs were made, or that lacked them, is read again where they are made of something else") {
  const Folder folder;
  const auto file = folder.file("a", "1"), whole = folder.file("b", "2");
  constexpr MadeUids made{.study = true, .series = true, .instance = false};
  const auto packed_header = packed(InstanceHeader{}), none = packed_attributes(nlohmann::json::object());
  const auto is_read = [&](const std::string& from) {
    HeaderIndex index(folder.index(), {}, key);
    if (index.list(whole, file_state(whole), from)) add(index, whole, "1.2.9", "9.2", nlohmann::json::object());
    const bool unknown = index.list(file, file_state(file), from);
    ScannedFile scanned{
        .state = file_state(file).value(), .study_uid = "1.2", .series_uid = "1.2.1", .sop_uid = "9.1", .header = packed_header};
    scanned.attributes = none;
    if (unknown && from.empty())
      index.add(LooseFile{file, Reason::dicom_attribute, "lacks UIDs"}, scanned, HeaderIndex::Known::while_no_uid_is_made);
    else if (unknown)
      index.add(file, scanned, made, from);
    index.commit();
    CHECK(index.loose().size() == (from.empty() ? 1 : 0));
    if (!from.empty()) {
      CHECK(index.series().front().made == made);
      CHECK(index.instances(index.series().front()).front().made == made);
    }
    CHECK(!index.series().back().made.any());
    return unknown;
  };
  CHECK(is_read(""));
  CHECK(is_read(""));  // what is refused is read by two runs
  CHECK(!is_read(""));
  CHECK(is_read("in/a"));
  CHECK(!is_read("in/a"));
  CHECK(is_read("a"));
  CHECK(is_read(""));
}

TEST_CASE("an index that cannot be used is made again or replaced, and says so by name") {
  const Folder folder;
  const auto file = folder.file("a", "1");
  const auto path = folder.index();
  const auto damage = GENERATE(0, 1, 2, 3, 4, 5);
  if (damage == 0) std::ofstream(path) << std::string(50000, 'x');
  if (damage == 1) std::filesystem::create_directories(path / "in the way");
  if (damage >= 2) {
    HeaderIndex index(path, {}, key);
    for (int i = 0; i < 2000; ++i) index.list(folder.file(std::to_string(i), ""), {});
    index.list(file, file_state(file));
    add(index, file, "1.2.1", "9.1", nlohmann::json::object());
    index.commit();
  }
  if (damage == 2) std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2 + 100);
  if (damage == 3) Database(path, Database::Scratch{16, ""}).execute("DROP TABLE file; CREATE TABLE file (x)");
  if (damage == 4) Database(path, Database::Scratch{16, ""}).execute("PRAGMA user_version = 15");
  HeaderIndex index(path, {}, damage == 5 ? random_key() : key);
  CHECK_THAT(index.note(), Catch::Matchers::Contains("headers.db"));
  CHECK(index.list(file, file_state(file)));
}

TEST_CASE("an empty file and a kill before anything is made are an index that is new") {
  const Folder folder;
  std::ofstream(folder.index()).close();
  HeaderIndex index(folder.index(), {}, key);
  CHECK(index.note().empty());
}

TEST_CASE("while a job uses the index, another has one of its own") {
  const Folder folder;
  const auto file = folder.file("a", "1");
  HeaderIndex first(folder.index(), {}, key);
  HeaderIndex second(folder.index(), {}, key);
  CHECK_THAT(second.note(), Catch::Matchers::Contains("in use by another job"));
  CHECK((first.list(file, file_state(file)) && second.list(file, file_state(file))));
}

TEST_CASE("damage that shows itself later is told by the file's name, and the index is made again") {
  const Folder folder;
  const auto file = folder.file("a", "1");
  HeaderIndex index(folder.index(), {}, key);
  for (int i = 0; i < 3000; ++i) {
    const auto path = folder.file(std::to_string(i), "1");
    index.list(path, file_state(path));
    add(index, path, "1.2.1", std::to_string(i), {{"SeriesDescription", std::string(1000, 'x')}});
  }
  index.commit();
  {
    std::fstream raw(folder.index(), std::ios::in | std::ios::out | std::ios::binary);
    const std::string garbage(8192, '\xA5');
    for (auto at = std::filesystem::file_size(folder.index()) / 8192; at-- > 1;)
      raw.seekp(static_cast<std::streamoff>(at * 8192)).write(garbage.data(), 8192);
  }
  CHECK_THROWS_MATCHES(index.instances(SeriesInput{1, "1.2", "1.2.1", 3000, {}}), IndexFault,
                       Catch::Matchers::Predicate<IndexFault>(
                           [](const IndexFault& fault) { return std::string(fault.what()).find("headers.db") != std::string::npos; }));
  index.begin_again();
  CHECK(index.list(file, file_state(file)));
  add(index, file, "1.2.1", "9.1", nlohmann::json::object());
  CHECK(index.instances(index.series().front()).size() == 1);
}

TEST_CASE("an entry that no worker can have made is read again") {
  const Folder folder;
  const auto file = folder.file("a", "1"), other = folder.file("b", "1");
  HeaderIndex index(folder.index(), {}, key);
  for (const auto& path : {file, other}) index.list(path, file_state(path));
  add(index, other, "1.2.2", "9.2", nlohmann::json::object());
  ScannedFile bad{
      .state = file_state(file).value(), .study_uid = "1.2", .series_uid = "1.2.1", .sop_uid = "9.1", .header = "\xff\x01garbage"};
  index.add(file, bad);
  CHECK_THROWS_AS(index.instances(index.series().front()), IndexFault);
  index.begin_again();
  CHECK(to_read(index, {file, other}) == std::vector{file});
}

TEST_CASE("identifiers are kept keyed: neither they nor their plain hashes are in the file") {
  const Folder folder;
  const auto file = folder.file("a", "1");
  HeaderIndex index(folder.index(), {}, key);
  index.list(file, file_state(file));
  add(index, file, "1.2.1", "9.1", nlohmann::json::object(), "9434765919");
  index.commit();
  CHECK(index.find({{.accession_number = {}, .patient_id = "9434765919", .study_uid = {}, .series_uid = {}, .sop_uid = {}, .path = {}}})[0]
            .size() == 1);
  CHECK(index.find({{.accession_number = "A9434765919", .patient_id = {}, .study_uid = {}, .series_uid = {}, .sop_uid = {}, .path = {}}})[0]
            .size() == 1);
  CHECK(index.find({{.accession_number = "9434765919", .patient_id = {}, .study_uid = {}, .series_uid = {}, .sop_uid = {}, .path = {}}})[0]
            .empty());
  CHECK(index.instances(index.series().front()).front().patient_pseudonym == pseudonym(key, "patient", "9434765919"));
  const auto content = content_of(folder.index());
  CHECK(content.find(pseudonym(key, "patient", "9434765919")) != std::string::npos);
  CHECK(content.find("9434765919") == std::string::npos);
  CHECK(content.find(hex(sha256("9434765919"))) == std::string::npos);
}

TEST_CASE("what a series is left out by is read again by the next run, until two runs agree") {
  const Folder folder;
  const auto file = folder.file("a", "1");
  const auto is_read = [&](const char* modality) {
    HeaderIndex index(folder.index(), {}, key);
    const bool unknown = index.list(file, file_state(file));
    if (unknown) add(index, file, "1.2.1", "9.1", {{"Modality", modality}});
    index.doubt(index.series().front());
    index.commit();
    return unknown;
  };
  CHECK(is_read("MR"));  // a lie
  CHECK(is_read("CT"));
  CHECK(is_read("CT"));
  CHECK(!is_read("CT"));
}

TEST_CASE("a series lacks the file that could not be read: known of old, of UIDs before the break, or alone in its folder") {
  const Folder folder;
  std::filesystem::create_directories(folder.folder / "s");
  const auto a = folder.file("s/a", "1"), b = folder.file("s/b", "2"), c = folder.file("c", "3");
  const auto lacks = [](HeaderIndex& index) {
    index.find_lacking({}, {});
    return index.series().front().lacks;
  };
  {
    HeaderIndex index(folder.index(), {}, key);
    CHECK(to_read(index, {a, b, c}).size() == 3);
    for (const auto& path : {a, b, c}) add(index, path, "1.2.1", path, nlohmann::json::object());
    CHECK(lacks(index).empty());
    index.commit();
  }
  std::filesystem::resize_file(c, 0);
  {
    HeaderIndex index(folder.index(), {}, key);
    CHECK(to_read(index, {a, b, c}) == std::vector{c});
    add_loose(index, c, Reason::dicom_unreadable, "cannot be read", false);
    CHECK(lacks(index) == "c: cannot be read");
    index.commit();
  }
  SECTION("still so in the run after") {
    HeaderIndex index(folder.index(), {}, key);
    CHECK(to_read(index, {a, b, c}) == std::vector{c});
    add_loose(index, c, Reason::dicom_truncated, "ends", false);
    CHECK(lacks(index) == "c: ends");
  }
  SECTION("not where it turns out to be another's") {
    HeaderIndex index(folder.index(), {}, key);
    to_read(index, {a, b, c});
    add_loose(index, c, Reason::not_dicom, "not a DICOM file", true);
    CHECK(lacks(index).empty());
  }
  SECTION("alone in its folder") {
    HeaderIndex index({}, {});
    to_read(index, {a, b});
    add(index, a, "1.2.1", "9.1", nlohmann::json::object());
    add_loose(index, b, Reason::dicom_unreadable, "cannot be read", false);
    CHECK(lacks(index) == "b: cannot be read");
  }
  SECTION("of UIDs before the break") {
    HeaderIndex index({}, {});
    to_read(index, {a, c});
    add(index, a, "1.2.1", "9.1", nlohmann::json::object());
    index.add(LooseFile{c, Reason::dicom_truncated, "ends"}, ScannedFile{.study_uid = "1.2", .series_uid = "1.2.1"},
              HeaderIndex::Known::no);
    CHECK(lacks(index) == "c: ends");
  }
  SECTION("a folder that could not be listed") {
    HeaderIndex index(folder.index(), {}, key);
    to_read(index, {c});
    add(index, c, "1.2.1", "9.3", nlohmann::json::object());
    index.find_lacking({}, {(folder.folder / "s").string()});
    CHECK_THAT(index.series().front().lacks, Catch::Matchers::Contains("could not be listed"));
  }
}

TEST_CASE("what the last 400 runs did not list is forgotten, what they listed is not") {
  const Folder folder;
  const auto gone = folder.file("gone", "1"), stays = folder.file("stays", "2");
  for (int run = 1; run <= 402; ++run) {
    HeaderIndex index(folder.index(), {}, key);
    CHECK(index.list(stays, file_state(stays)) == (run == 1));
    if (run == 1) {
      CHECK(index.list(gone, file_state(gone)));
      add(index, stays, "1.2.1", "9.1", nlohmann::json::object());
      add(index, gone, "1.2.2", "9.2", nlohmann::json::object());
    }
    index.commit();
  }
  HeaderIndex index(folder.index(), {}, key);
  CHECK(index.list(gone, file_state(gone)));
  CHECK(!index.list(stays, file_state(stays)));
  REQUIRE(index.series().size() == 1);
  CHECK(index.instances(index.series().front()).size() == 1);
}
