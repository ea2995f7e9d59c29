// SPDX-License-Identifier: Apache-2.0
#include "core/audit/heads.hpp"

#include <charconv>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace {
namespace fs = std::filesystem;
using nlohmann::json;
constexpr std::size_t bytes_at_most = 64 << 20;  // of a report in JSON

bool is_root(std::string_view text) { return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

std::optional<KnownHead> head_in(const json& object, const char* size_key, const char* root_key) {
  const auto size = object.find(size_key), root = object.find(root_key);
  if (size == object.end() || !size->is_number_integer() || root == object.end() || !root->is_string()) return {};
  const auto text = root->get<std::string>();
  if (size->get<std::int64_t>() < 0 || !is_root(text)) return {};
  return KnownHead{size->get<std::int64_t>(), text, {}};
}

// Of a job.json, of a report, of a verdict.
std::optional<KnownHead> head_of(const json& document) {
  if (!document.is_object()) return {};
  const auto summary = document.find("summary"), audit = document.find("audit");
  if (summary != document.end() && summary->is_object()) return head_in(*summary, "audit_size", "audit_root");
  if (audit != document.end() && audit->is_object()) return head_in(*audit, "size", "root");
  return head_in(document, "leaves", "root");
}

std::optional<KnownHead> parse_head(const std::string& text) {
  const auto colon = text.find(':');
  std::int64_t size = -1;
  if (colon == std::string::npos || !is_root(std::string_view(text).substr(colon + 1))) return {};
  const auto [end, error] = std::from_chars(text.data(), text.data() + colon, size);
  if (error != std::errc{} || end != text.data() + colon || size < 0) return {};
  return KnownHead{size, text.substr(colon + 1), "the head " + text.substr(0, colon + 9) + "..."};
}

std::string job_of(const json& document) {
  const auto job = document.is_object() ? document.find("job") : document.end();
  return job != document.end() && job->is_string() ? job->get<std::string>() : std::string{};
}

json read_document(const fs::path& file) { return parse_json(read_file(file, bytes_at_most)).value_or(json{}); }
}  // namespace

KnownHead read_head(const std::string& head_or_file) {
  if (const auto head = parse_head(head_or_file)) return *head;
  if (!fs::exists(head_or_file))
    throw Error(Reason::usage, "--head '" + printable(head_or_file) + "' is neither SIZE:ROOT nor a file",
                "give the number of leaves, a colon and the 64 digits of the root, or a job.json or a report in JSON");
  auto head = head_of(read_document(head_or_file));
  if (!head)
    throw Error(Reason::usage, "the file " + printable(head_or_file) + " holds no head of an audit log",
                "name the job.json of a job that ended, or a report in JSON");
  head->where = head_or_file;
  return *head;
}

OutputHeads heads_of_outputs(Database& database, const std::vector<fs::path>& named) {
  OutputHeads found;
  auto job = database.prepare("SELECT 1 FROM job WHERE id = ?");
  for (const auto& folder : named) {
    const auto file = folder / "job.json";
    const auto document = read_document(file);
    const auto id = job_of(document);
    if (id.empty()) throw Error(Reason::usage, file.string() + " does not name a job", "name the output folder of a job with --out");
    if (auto head = head_of(document)) {
      head->where = file.string();
      found.heads.push_back(*head);
    }
    if (!job.bind(1, id).step())
      found.findings.push_back({-1, "the store does not know job " + printable(id) + ", which " + file.string() +
                                        " names: the store was emptied or replaced, or it is another store"});
    job.reset();
  }
  auto known = database.prepare("SELECT id, out FROM job WHERE state <> 'discarded'");
  while (known.step()) {
    const auto file = fs::path(known.text(1)) / "job.json";
    std::error_code absent;  // moved, deleted, not mounted: it says nothing
    if (!fs::is_regular_file(file, absent)) continue;
    try {
      const auto document = read_document(file);
      auto head = head_of(document);
      if (!head || job_of(document) != known.text(0)) continue;
      head->where = file.string();
      found.heads.push_back(*head);
    } catch (const Error&) {
      continue;
    }
  }
  return found;
}

}  // namespace aidp
