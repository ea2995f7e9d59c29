// SPDX-License-Identifier: Apache-2.0
#include "jobs/checks/pixel_report.hpp"

#include <algorithm>
#include <cstdint>

#include "jobs/plan/plan.hpp"
#include "jobs/process/workforce.hpp"
#include "jobs/protocol/ask.hpp"
#include "jobs/sources/inventory.hpp"

namespace aidp {

namespace {
constexpr std::chrono::milliseconds least_timeout{30000}, timeout_of_mib{2000};

std::chrono::milliseconds timeout_of(std::int64_t bytes) { return least_timeout + timeout_of_mib * (bytes >> 20); }

PixelFacts refused(const std::string& path, Reason reason, std::string message) {
  return {path, outcome_of(LooseFile{path, reason, {}}), reason, std::move(message), {}};
}

// Files go to the workers one by one; what comes back is given on in the order of the paths.
class PixelReport {
 public:
  PixelReport(const Inputs& inputs, Crew& dicom, const std::function<void(const PixelFacts&)>& each) : dicom_(dicom), each_(each) {
    std::vector<LooseFile> loose;
    for (const auto& [path, size] : list_files(inputs, dicom, loose))
      rows_.push_back({{path, Outcome::completed, std::nullopt, {}, {}}, false, size});
    for (const auto& file : loose) rows_.push_back({refused(file.path, file.reason, file.message), true, 0});
    std::ranges::sort(rows_, {}, [](const Row& row) -> const std::string& { return row.facts.path; });
  }

  std::int64_t total() const { return static_cast<std::int64_t>(rows_.size()); }
  std::int64_t done() const { return static_cast<std::int64_t>(shown_); }

  void feed() {
    for (; next_ < rows_.size() && dicom_.hungry(); ++next_)
      if (!rows_[next_].known) ask(next_);
    for (; shown_ < next_ && rows_[shown_].known; ++shown_) {
      each_(rows_[shown_].facts);
      rows_[shown_].facts.facts.reset();
    }
  }

 private:
  struct Row {
    PixelFacts facts;
    bool known;
    std::int64_t size;
  };

  void ask(std::size_t index) {
    const auto& [facts, known, size] = rows_[index];
    dicom_.submit(task_of<PixelsRequest>({facts.path}, timeout_of(size),
                                         [this, index](Answered<PixelsRequest> said) { take(index, std::move(said)); }));
  }

  void take(std::size_t index, Answered<PixelsRequest> said) {
    auto& facts = rows_[index].facts;
    rows_[index].known = true;
    if (const auto* lost = std::get_if<Lost>(&said)) {
      facts = refused(facts.path, lost->reason, lost->message);
    } else if (const auto* failure = std::get_if<Failure>(&said)) {
      facts = refused(facts.path, failure->reason, failure->message);
    } else {
      facts.facts = std::move(std::get<PixelsReply>(said));
      for (const auto& frame : facts.facts->frames)
        if (const auto* failed = frame.failure()) {
          const auto first = item_failure(*failed);
          facts.reason = first.reason;
          facts.message = first.message;
          facts.outcome = outcome_of(LooseFile{facts.path, first.reason, {}});
          break;
        }
    }
  }

  Crew& dicom_;
  const std::function<void(const PixelFacts&)>& each_;
  std::vector<Row> rows_;
  std::size_t next_ = 0, shown_ = 0;
};
}  // namespace

void report_pixels(const Home& home, const std::vector<std::filesystem::path>& inputs, int workers, ProgressSink& progress,
                   const std::function<void(const PixelFacts&)>& each) {
  const SignalGuard signals;
  Workforce workforce(workers, least_memory_bytes);
  const std::array crews{&workforce.dicom};
  PixelReport report({inputs, {home.root}}, workforce.dicom, each);
  for (report.feed(); report.done() < report.total(); report.feed()) {
    SignalGuard::check();
    pump(crews, std::chrono::milliseconds(200));
    progress.update({.phase = "decoding", .done = report.done(), .total = report.total()});
  }
}

}  // namespace aidp
