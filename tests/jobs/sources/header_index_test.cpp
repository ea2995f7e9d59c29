// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/header_index.hpp"

#include <filesystem>
#include <fstream>

#include "core/base/packed.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace aidp;

namespace {
struct Folder : Scratch {
  std::filesystem::path index() const { return folder / "headers.db"; }
};

// What a worker would say of the file as it is.
void add(HeaderIndex& index, const std::string& path, const std::string& series, const std::string& sop, nlohmann::json attributes) {
  const auto header = packed(InstanceHeader{});
  std::string cbor;
  nlohmann::json::to_cbor(attributes, cbor);
  ScannedFile file;
  file.state = file_state(path).value();
  file.study_uid = "1.2";
  file.series_uid = series;
  file.sop_uid = sop;
  file.header = header;
  file.attributes = cbor;
  index.add(path, file);
}

std::vector<std::string> to_read(HeaderIndex& index, const std::vector<std::string>& listed) {
  std::vector<std::string> unknown;
  for (const auto& path : listed)
    if (index.list(path)) unknown.push_back(path);
  return unknown;
}
}  // namespace

TEST_CASE("an index gives series in order, instances by path, and attributes with the first alone") {
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
  CHECK(instances[1].attributes.is_null());
  CHECK(index.attributes(series[0]) == nlohmann::json{{"Modality", "CT"}});
}

TEST_CASE("a byte-identical copy of an instance counts as a file and is no instance, one that differs is") {
  const Folder folder;
  const auto a = folder.file("a", "same"), b = folder.file("b", "same"), c = folder.file("c", "other");
  HeaderIndex index({}, {});
  for (const auto& path : {a, b, c}) {
    index.list(path);
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
    HeaderIndex index(folder.index(), {"PatientPosition"});
    CHECK(to_read(index, {same, changes, junk, closed, gone}).size() == 5);
    for (const auto& path : {same, changes, gone}) add(index, path, "1.2.1", path, {{"Modality", "CT"}});
    index.add(LooseFile{junk, Reason::not_dicom, "not a DICOM file"}, file_state(junk).value(), true);
    index.add(LooseFile{closed, Reason::dicom_unreadable, "cannot be opened"}, file_state(closed).value(), false);
    CHECK(to_read(index, {same, junk, closed}).empty());  // by another way to the same files
    index.commit();
  }
  folder.file("changes", "22");
  HeaderIndex index(folder.index(), {"PatientPosition"});
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
    HeaderIndex index(folder.index(), std::move(keywords));
    const bool unknown = index.list(file);
    if (unknown) add(index, file, "1.2.1", "9.1", {{"Modality", "CT"}});
    index.commit();
    return unknown;
  };
  CHECK(is_read({"SeriesDescription"}));
  CHECK(!is_read({"SeriesDescription"}));
  CHECK(is_read({"ProtocolName"}));
  CHECK(!is_read({"ProtocolName"}));
  CHECK(!is_read({"SeriesDescription"}));
  CHECK(!is_read({}));
}

TEST_CASE("an index that is no database is begun anew, as it only saves time") {
  const Folder folder;
  const auto file = folder.file("a", "1");
  std::ofstream(folder.index()) << std::string(5000, 'x');
  HeaderIndex index(folder.index(), {});
  CHECK(index.list(file));
}

TEST_CASE("what the last 400 runs did not list is forgotten, what they listed is not") {
  const Folder folder;
  const auto gone = folder.file("gone", "1"), stays = folder.file("stays", "2");
  for (int run = 1; run <= 402; ++run) {
    HeaderIndex index(folder.index(), {});
    CHECK(index.list(stays) == (run == 1));
    if (run == 1) {
      CHECK(index.list(gone));
      add(index, stays, "1.2.1", "9.1", nlohmann::json::object());
      add(index, gone, "1.2.2", "9.2", nlohmann::json::object());
    }
    index.commit();
  }
  HeaderIndex index(folder.index(), {});
  CHECK(index.list(gone));
  CHECK(!index.list(stays));
  REQUIRE(index.series().size() == 1);
  CHECK(index.instances(index.series().front()).size() == 1);
}
