// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/strict_yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "core/base/text.hpp"

namespace aidp {

namespace {
constexpr std::size_t depth_at_most = 32;
constexpr std::size_t nodes_at_most = 10000;

struct Stop {};

class Inspector : public YAML::EventHandler {
 public:
  std::vector<Mistake> mistakes;
  bool aliases = false;
  YAML::Mark start;

  void complain(const YAML::Mark& mark, std::string what) { mistakes.push_back({mark.line + 1, mark.column + 1, std::move(what)}); }

  void OnDocumentStart(const YAML::Mark& mark) override { start = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { node(mark, "", anchor, ""); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    aliases = true;
    complain(mark, "an alias (*name) is not allowed; write the value out");
    end_of_node();
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    check_key(mark, value);
    node(mark, tag, anchor, value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, false);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, true);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    bool map = false, key_next = true;
    std::set<std::string> keys;
  };

  void inspect(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) complain(mark, "an anchor (&name) is not allowed; write the value out");
    if (!tag.empty() && tag != "?" && tag != "!") complain(mark, "the tag " + tag + " is not allowed; write a plain value");
    if (++nodes_ > nodes_at_most) {
      complain(mark, "more than the 10,000 values that a manifest may have");
      throw Stop();
    }
  }

  void check_key(const YAML::Mark& mark, const std::string& value) {
    if (levels_.empty() || !levels_.back().map || !levels_.back().key_next) return;
    if (!levels_.back().keys.insert(value).second) complain(mark, "the key '" + value + "' occurs twice; keep one");
  }

  void node(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string&) {
    inspect(mark, tag, anchor);
    end_of_node();
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, bool map) {
    inspect(mark, tag, anchor);
    if (!levels_.empty() && levels_.back().map && levels_.back().key_next) complain(mark, "a key must be a plain word");
    if (levels_.size() == depth_at_most) {
      complain(mark, "nested deeper than 32 levels");
      throw Stop();
    }
    levels_.push_back({map, true, {}});
  }

  void close() {
    levels_.pop_back();
    end_of_node();
  }

  void end_of_node() {
    if (!levels_.empty()) levels_.back().key_next = !levels_.back().key_next;
  }

  std::vector<Level> levels_;
  std::size_t nodes_ = 0;
};

// yaml-cpp reads anything as UTF-8, stops without a word at U+0004, and its message on a tab says nothing of tabs.
std::vector<Mistake> mistakes_of_lines(const std::string& yaml) {
  std::vector<Mistake> mistakes;
  int number = 0;
  for (auto line : split(yaml, '\n')) {
    ++number;
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    if (line.ends_with('\r')) line.pop_back();
    const auto tab = line.substr(0, line.find_first_not_of(" \t")).find('\t');
    if (tab != std::string::npos) mistakes.push_back({number, static_cast<int>(tab) + 1, "a tab in the indentation; indent with spaces"});
    std::ranges::replace(line, '\t', ' ');
    const auto safe = printable(line);
    if (safe == line) continue;
    const auto place = std::ranges::mismatch(line, safe).in1 - line.begin();
    mistakes.push_back({number, static_cast<int>(place) + 1, "a character that is not UTF-8 or is invisible; write plain UTF-8 text"});
  }
  return mistakes;
}
}  // namespace

StrictYaml inspect_yaml(const std::string& yaml) {
  if (yaml.size() > yaml_bytes_at_most) return {{{1, 1, "the file is larger than 1 MiB"}}};
  if (auto mistakes = mistakes_of_lines(yaml); !mistakes.empty()) return {std::move(mistakes)};
  Inspector inspector;
  bool ended = false;
  try {
    std::istringstream stream(yaml);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(inspector)) return {{{1, 1, "the file is empty"}}};
    ended = true;
    Inspector second;
    if (parser.HandleNextDocument(second)) second.complain(second.start, "more than one document; keep one");
    inspector.mistakes.insert(inspector.mistakes.end(), second.mistakes.begin(), second.mistakes.end());
  } catch (const Stop&) {
  } catch (const YAML::Exception& error) {
    inspector.complain(error.mark, "not valid YAML: " + error.msg);
  }
  return {inspector.mistakes, ended && !inspector.aliases};
}

}  // namespace aidp
