// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>

#include "core/base/text.hpp"

namespace aidp {

namespace {
// Columns on a terminal: code points, which is near enough.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  if (whole < 120) return std::to_string(whole) + " s";
  return whole < 7200 ? std::to_string(whole / 60) + " min" : std::to_string(whole / 3600) + " h";
}

std::string line_of(const Progress& progress) {
  std::string line = progress.phase + " " + std::to_string(progress.done);
  if (progress.total > 0) line += " of " + std::to_string(progress.total);
  for (const auto& [outcome, count] : progress.outcomes)
    if (outcome != "completed" && count > 0) line += ", " + std::to_string(count) + " " + outcome;
  if (progress.items_per_second > 0) line += ", " + fixed(progress.items_per_second, 1) + "/s";
  if (progress.eta_s && progress.done < progress.total) line += ", " + duration_text(*progress.eta_s) + " left";
  return line;
}

using Clock = std::chrono::steady_clock;

class Bar : public ProgressSink {
 public:
  ~Bar() override {
    if (shown_) std::cerr << "\r\033[K" << std::flush;
  }
  void update(const Progress& progress) override {
    if (Clock::now() - last_ < std::chrono::milliseconds(100)) return;
    last_ = Clock::now();
    shown_ = true;
    constexpr std::int64_t cells = 24;
    const auto full = progress.total > 0 ? progress.done * cells / progress.total : 0;
    std::cerr << "\r\033[K[" << std::string(static_cast<std::size_t>(full), '#') << std::string(static_cast<std::size_t>(cells - full), '.')
              << "] " << line_of(progress) << std::flush;
  }
  void note(const std::string& text) override { std::cerr << (shown_ ? "\r\033[K" : "") << printable(text) << "\n"; }

 private:
  Clock::time_point last_{};
  bool shown_ = false;
};

class Lines : public ProgressSink {
 public:
  void update(const Progress& progress) override {
    const auto part = progress.total > 0 ? progress.done * 20 / progress.total : 0;
    const bool later = Clock::now() - last_ >= std::chrono::seconds(30);
    if (progress.phase == phase_ && !later && part <= part_) return;
    if (progress.phase == phase_ && Clock::now() - last_ < std::chrono::seconds(2)) return;
    phase_ = progress.phase;
    part_ = part;
    last_ = Clock::now();
    std::cerr << line_of(progress) << "\n";
  }
  void note(const std::string& text) override { std::cerr << printable(text) << "\n"; }

 private:
  std::string phase_;
  std::int64_t part_ = 0;
  Clock::time_point last_{};
};

class Silence : public ProgressSink {
 public:
  void update(const Progress&) override {}
  void note(const std::string&) override {}
};

// Whether it is a terminal where a line may be drawn over.
bool draws(int fd) {
  const auto* plain = std::getenv("NO_COLOR");
  const auto* terminal = std::getenv("TERM");
  return ::isatty(fd) && !(plain && *plain) && !(terminal && std::string_view(terminal) == "dumb");
}

Home store_of(const Globals& globals) {
  auto home = find_home(globals.home);
  need_store(home);
  return home;
}

Home made_home(const Globals& globals) {
  auto home = find_home(globals.home);
  make_folder(home.root, "the home folder");
  return home;
}
}  // namespace

void print_table(const std::vector<std::vector<std::string>>& texts) {
  auto rows = texts;
  std::vector<std::size_t> widths;
  for (auto& row : rows)
    for (auto& cell : row) cell = printable(cell);
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width(row[c]));
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c)
      line += row[c] + (c + 1 < row.size() ? std::string(widths[c] - width(row[c]) + 2, ' ') : "");
    std::cout << line << "\n";
  }
}

void print_json(const nlohmann::json& json) { print_json(std::cout, json); }

void print_json(std::ostream& stream, const nlohmann::json& json) {
  stream << json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) << "\n";
}

void print_next(const Globals& globals, const std::string& command) {
  if (!globals.quiet && !globals.json()) std::cerr << "Next: " << printable(command) << "\n";
}

std::unique_ptr<ProgressSink> make_progress(const Globals& globals) {
  const bool by_itself = globals.progress == "auto";
  if (globals.quiet || globals.progress == "none" || (by_itself && globals.json())) return std::make_unique<Silence>();
  if (globals.progress == "bar" || (by_itself && draws(STDERR_FILENO))) return std::make_unique<Bar>();
  return std::make_unique<Lines>();
}

Reader::Reader(const Globals& globals) : home(store_of(globals)), database(home.database(), Database::Access::read) {}

Writer::Writer(const Globals& globals) : home(made_home(globals)), database(home.database(), Database::Access::write) {}

}  // namespace aidp
