// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "core/base/ids.hpp"
#include "core/base/text.hpp"
#include "core/report/markup.hpp"
#include "core/report/surveillance/writers.hpp"
#include "core/results/record.hpp"
#include "tests/catch.hpp"

using namespace aidp;

namespace {
// Four weeks from Monday 2 November 2026: 30 items of two sites, and 10 in the four weeks before.
struct Cohort {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("aidp-report-test-" + new_job_id());
  std::unique_ptr<Database> database;
  Cohort() {
    std::filesystem::create_directories(folder);
    database = std::make_unique<Database>(folder / "aidp.db", Database::Access::write);
    Recorder recorder(*database);
    recorder.begin_job({"job-1", "key", "digest", "nodule", "1.0.0", "", "{}", "/out", "research", "", ""});
    std::vector<ItemRecord> items;
    std::vector<SeriesRecord> series;
    for (int i = 0; i < 40; ++i) {
      const bool before = i >= 30, failed = i % 10 == 9;
      ItemRecord item;
      item.key = hex(sha256(std::to_string(i)));
      item.study_uid = "1.2.3." + std::to_string(i);
      item.series_uid = "1.2.4." + std::to_string(i);
      item.queued = parse_time(before ? "2026-10-12" : "2026-11-03") + std::chrono::hours(i);
      item.finished = item.queued + std::chrono::seconds(i);
      item.device = "cpu";
      item.outcome = failed ? Outcome::failed : Outcome::completed;
      if (failed) item.reason = Reason::model_threw;
      if (!failed) item.values = {{"probability", i / 40.0}};
      if (!failed) item.flags = {{"probability", i < 9}};
      items.push_back(item);
      const auto* site = i % 10 == 0 ? "Small <script>alert(1)</script>" : "Large & Sons \x1b[31m";
      series.push_back({item.study_uid,
                        item.series_uid,
                        "",
                        {{"Manufacturer", "ACME"}, {"InstitutionName", site}},
                        2,
                        item.outcome,
                        item.reason,
                        "",
                        "",
                        Source::present,
                        ""});
    }
    recorder.commit("job-1", items, series, {});
    // The recorder stamps series with the time of now.
    database->execute("UPDATE series SET recorded_at = (SELECT finished_at FROM item WHERE item.series_uid = series.series_uid)");
  }
  ~Cohort() {
    database.reset();
    std::filesystem::remove_all(folder);
  }
  SurveillanceReport report(const char* from = "2026-11-02", const char* to = "2026-11-30", const std::string& model = {}) {
    return make_surveillance(*database, parse_time(from), parse_time(to), model, parse_time("2026-12-01"));
  }
};
}  // namespace

TEST_CASE("a report counts what the store holds of the period and of the one before") {
  Cohort cohort;
  const auto report = cohort.report();
  CHECK(report.now.series == 30);
  CHECK(report.now.instances == 60);
  CHECK(report.now.outcomes.at("completed") == 27);
  CHECK(report.now.reasons.at("failed: model.threw") == 3);
  CHECK(report.now.coverage->count == 27);
  CHECK(report.now.coverage->total == 30);
  CHECK(report.now.flagged->count == 9);
  CHECK(*report.now.turnaround_s.p50 == Approx(14.5).margin(1e-3));
  CHECK(report.now.devices.at("cpu") == 27);
  CHECK(report.previous.series == 10);
  CHECK(date_text(report.previous_from) == "2026-10-05");
  REQUIRE(report.weeks.size() == 4);
  CHECK(report.weeks[0].flagged->total == 27);
  CHECK_FALSE(report.weeks[1].flagged);
  CHECK_FALSE(report.weeks[0].partial);
  CHECK(cohort.report("2026-11-03").weeks[0].partial);
  CHECK(cohort.report("2026-11-02", "2026-11-30", "another").now.series == 0);
}

TEST_CASE("a group with too few items is counted but not described") {
  Cohort cohort;
  const auto report = cohort.report();
  REQUIRE(report.by_site.size() == 2);
  CHECK(report.by_site[0].n == 24);
  CHECK(report.by_site[0].median);
  CHECK(report.by_site[0].previous_n == 8);
  CHECK(report.by_site[1].n == 3);
  CHECK_FALSE(report.by_site[1].median);
  const auto json = to_json(report);
  CHECK(json["scores_by_site"][1]["median"].is_null());
  CHECK_THAT(json["scores_by_site"][1]["reason"].get<std::string>(), Catch::Contains("fewer than"));
}

TEST_CASE("what cannot be computed is null with a reason, never 0") {
  Cohort cohort;
  const auto json = to_json(cohort.report("2001-01-01", "2001-02-01"));
  CHECK(json["period"]["coverage"]["value"].is_null());
  CHECK(json["period"]["coverage"]["reason"] == "nothing to count");
  CHECK(json["period"]["turnaround_s"]["p50"].is_null());
  CHECK_THAT(to_html(cohort.report("2001-01-01", "2001-02-01")), Catch::Contains("Nothing was seen in this period"));
}

TEST_CASE("the page is one inert, small file and the same each time") {
  Cohort cohort;
  const auto page = to_html(cohort.report());
  CHECK(page == to_html(cohort.report()));
  CHECK(page.size() < 300'000);
  CHECK_THAT(page, Catch::Contains("default-src 'none'"));
  CHECK_THAT(page, !Catch::Contains("<script") && !Catch::Contains("http:") && !Catch::Contains("https:") && !Catch::Contains("\x1b"));
  CHECK_THAT(page, Catch::Contains("Small &lt;script&gt;"));
  CHECK_THAT(page, !Catch::Contains("1.2.3.") && !Catch::Contains("1.2.4."));
}

TEST_CASE("no text becomes markup, as text, as an attribute or hidden") {
  const std::string hostile = "\"><script>alert('1')</script>&\x1b\u202E\U000E0041";
  const auto html = element("text", {{"class", hostile}, {"x", ""}}, hostile + element("b", {}, hostile)).html();
  const std::string safe = "&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;???";
  CHECK(html == "<text class=\"" + safe + "\">" + safe + "<b>" + safe + "</b></text>");
}

TEST_CASE("the CSV has eight fields in every row") {
  Cohort cohort;
  auto lines = split(to_csv(cohort.report()), '\n');
  lines.pop_back();
  for (const auto& line : lines) {
    INFO(line);
    CHECK(split(line, ',').size() == 8);
  }
  CHECK_THAT(to_csv(cohort.report()), Catch::Contains("coverage,,completed,0.9,"));
}
