// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/made_uids.hpp"

#include <set>
#include <tuple>

#include "core/base/ids.hpp"
#include "tests/catch.hpp"

using namespace aidp;

TEST_CASE("folders are named from the folder above all inputs, an input's own name with it") {
  CHECK(folder_name(base_of({"/data/p1"}), "/data/p1/ct/1.dcm") == "p1/ct");
  CHECK(folder_name(base_of({"/data/p1"}), "/data/p1/1.dcm") == "p1");
  CHECK(folder_name(base_of({"/data/a/ct", "/data/b/ct"}), "/data/b/ct/1.dcm") == "data/b/ct");
  CHECK(folder_name(base_of({"/data/a/ct", "/data/a"}), "/data/a/ct/1.dcm") == "a/ct");
  CHECK(folder_name(base_of({"/data/p1/1.dcm", "/data/p1/2.dcm"}), "/data/p1/2.dcm") == "p1");
  CHECK(folder_name(base_of({"/data/p1/1.dcm"}), "/data/p1/1.dcm") == "p1");
  CHECK(folder_name(base_of({"/data/p1", "/data/p10"}), "/data/p10/1.dcm") == "data/p10");
  CHECK(folder_name(base_of({"/data"}), "/elsewhere/ct/1.dcm") == "elsewhere/ct");
  CHECK(folder_name("/data", "/elsewhere/ct/1.dcm") == "/elsewhere/ct");
  CHECK(folder_name(base_of({"/"}), "/1.dcm") == "/");
}

TEST_CASE("a file keeps its UIDs, what it lacks is made of its place, and files of two series are not one study's series") {
  const auto of = [](const char* study, const char* series, const char* instance, const char* path, const char* folder) {
    return complete_uids({.study_uid = study, .series_uid = series, .sop_uid = instance}, path, folder);
  };
  const auto whole = of("1.2", "1.2.3", "1.2.3.4", "/a/1", "a");
  CHECK(std::tie(whole.study, whole.series, whole.instance) == std::tuple("1.2", "1.2.3", "1.2.3.4"));
  CHECK((!whole.made.any() && note_on(whole.made).empty()));
  const auto first = of("", "", "", "/in/a/1", "a"), second = of("", "", "", "/in/a/2", "a"), again = of("", "", "", "/mnt/a/1", "a");
  CHECK((is_uid(first.study) && is_uid(first.series) && is_uid(first.instance)));
  CHECK(std::tie(first.study, first.series) == std::tie(second.study, second.series));
  CHECK(std::set{first.study, first.series, first.instance, second.instance}.size() == 4);
  CHECK(std::tie(first.study, first.series, first.instance) == std::tie(again.study, again.series, again.instance));
  CHECK(of("", "", "", "/in/b/1", "b").series != first.series);
  CHECK(of("1.2", "", "", "/in/a/1", "a").series != of("1.3", "", "", "/in/a/2", "a").series);
  CHECK(of("", "1.2.3", "1", "/in/a/1", "a").study == of("", "1.2.3", "2", "/in/b/2", "b").study);
  CHECK(note_on(of("1.2", "", "", "/a/1", "a").made) == "grouped by folder: the files have no SeriesInstanceUID or SOPInstanceUID");
}
