// SPDX-License-Identifier: Apache-2.0
#include <CLI/App.hpp>
#include <CLI/Option.hpp>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iostream>

#include "cli/output.hpp"
#include "core/base/publish.hpp"
#include "core/base/text.hpp"
#include "core/report/surveillance/writers.hpp"

namespace aidp {

namespace {
// "7d", "4w", "1m" (30 days each month).
std::chrono::days span_of(const std::string& text) {
  const auto unit = text.empty() ? '\0' : text.back();
  int count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool whole = error == std::errc() && end + 1 == text.data() + text.size();
  const int days = unit == 'd' ? 1 : unit == 'w' ? 7 : unit == 'm' ? 30 : 0;
  if (!whole || days == 0 || count < 1 || count > 1000)
    throw Error(Reason::usage, "'" + printable(text) + "' is not a period", "write 7d, 4w or 1m");
  return std::chrono::days(days * count);
}

// "json" of "x.JSON"; nothing if the ending is not a format's.
std::string ending_of(const std::filesystem::path& file) {
  const auto ending = lower(file.extension().string());
  return ending == ".htm" ? "html" : ending == ".html" || ending == ".json" || ending == ".csv" ? ending.substr(1) : "";
}

// Whether a file is one of the store's own, by whatever name or link.
bool is_of_store(const Home& home, const std::filesystem::path& file) {
  std::error_code unknown;
  const auto place = std::filesystem::weakly_canonical(std::filesystem::absolute(file), unknown);
  const auto root = std::filesystem::canonical(home.root, unknown);
  if (place.string().starts_with((root / "models/").string()) || std::filesystem::equivalent(place, home.database(), unknown)) return true;
  const auto name = place.filename().string();
  return place.parent_path() == root && (name.starts_with("aidp.db") || name.starts_with("headers.db") || name == "writer.lock" ||
                                         name == "store.lock" || name == "store.key");
}

class ReportSurveillance : public Command {
 public:
  std::string name() const override { return "report surveillance"; }
  std::string summary() const override { return "Report how the models performed in a period, compared with the one before"; }
  std::vector<std::string> examples() const override {
    return {"aidp report surveillance --last 4w --out report.html",
            "aidp report surveillance --from 2026-11-01 --to 2026-12-01 --format json"};
  }
  std::vector<std::string> formats() const override { return {"html", "json", "csv"}; }
  void setup(CLI::App& app) override {
    const CLI::App* root = &app;
    while (root->get_parent()) root = root->get_parent();
    format_given_ = root->get_option("--format");
    app.add_option("--from", from_, "First day (UTC)");
    app.add_option("--to", to_, "Day after the last (UTC); tomorrow if not given");
    last_given_ =
        app.add_option("--last", last_, "Length of the period up to --to, such as 7d, 4w or 1m, instead of --from")->capture_default_str();
    app.add_option("--model", model_, "Only the model of this name");
    app.add_option(
        "--out", out_,
        "File to write; its ending (.html, .json or .csv) chooses the format unless --format does; standard output if not given");
    app.add_flag("--allow-empty", allow_empty_, "Exit 0 if the period is empty");
  }
  Exit run(const Globals& globals) override {
    if (!from_.empty() && last_given_->count() > 0)
      throw Error(Reason::usage, "--from and --last cannot be given together", "give one of them");
    const auto generated = now();
    const Time to = to_.empty() ? Time(std::chrono::floor<std::chrono::days>(generated) + std::chrono::days(1)) : parse_time(to_);
    const Time from = from_.empty() ? Time(to - span_of(last_)) : parse_time(from_);
    if (from >= to) throw Error(Reason::usage, "--from " + date_text(from) + " is not before --to " + date_text(to), "swap them");
    Reader store(globals);
    if (!out_.empty() && is_of_store(store.home, out_))
      throw Error(Reason::usage, "--out " + printable(out_) + " is a file of the store", "name another file");
    if (!model_.empty()) check_model(store);
    const auto report = make_surveillance(store.database, from, to, model_, generated);
    const auto ending = ending_of(out_);
    write(report, format_given_->count() == 0 && !ending.empty() ? ending : globals.format);
    if (!out_.empty() && !globals.quiet) std::cerr << "wrote " << printable(out_) << "\n";
    if (report.series > 0 || allow_empty_) return Exit::ok;
    throw Error(Reason::nothing_matched,
                "the report is empty: no series " + (model_.empty() ? "" : "of " + model_ + " ") + "was run from " + date_text(from) +
                    " to " + date_text(to) + " (UTC)",
                "name another period with --from and --to or --last, or give --allow-empty");
  }

 private:
  void write(const SurveillanceReport& report, const std::string& format) const {
    const auto text = format == "html" ? to_html(report) : format == "csv" ? to_csv(report) : to_json(report).dump(2) + "\n";
    if (out_.empty())
      std::cout << text;
    else
      publish(out_, text, Overwrite::yes);
  }

  // A model that is not installed any more may still be reported on: it is known by its jobs.
  void check_model(Reader& store) const {
    std::vector<std::string> names;
    auto rows = store.database.prepare("SELECT DISTINCT model_name FROM job UNION SELECT DISTINCT name FROM model");
    while (rows.step()) names.push_back(rows.text(0));
    if (std::ranges::find(names, model_) != names.end()) return;
    const auto near = nearest(model_, names);
    throw Error(Reason::model_unknown,
                "no model '" + printable(model_) + "' is installed or was run here" + (near ? "; did you mean '" + *near + "'?" : ""),
                "see `aidp model list`");
  }

  const CLI::Option *last_given_ = nullptr, *format_given_ = nullptr;
  std::string from_, to_, last_ = "4w", model_, out_;
  bool allow_empty_ = false;
};
}  // namespace

std::unique_ptr<Command> make_report_surveillance() { return std::make_unique<ReportSurveillance>(); }

}  // namespace aidp
