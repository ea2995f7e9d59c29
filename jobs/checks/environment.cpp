// SPDX-License-Identifier: Apache-2.0
#include "jobs/checks/environment.hpp"

#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "jobs/process/memory.hpp"
#include "jobs/process/workforce.hpp"
#include "jobs/protocol/ask.hpp"

namespace aidp {

namespace {
constexpr const char* worker_remedy = "install aidp and the libraries of its workers again";
constexpr std::uint64_t space_wanted = std::uint64_t{1} << 30;

// What a worker has to work with; a worker that cannot start is told of in its last words.
void add_worker(std::vector<EnvironmentRow>& rows, const char* what, const char* program, const char* role, const Pool& pool) try {
  Crew crew({.program = program,
             .workers = 1,
             .depth = 1,
             .input_fd = pool.fd(),
             .output_fd = pool.fd(),
             .greeting = {{HelloRequest::op, packed(HelloRequest{role}), {}}},
             .start_timeout = std::chrono::seconds(60)});
  for (const auto& fact : ask(crew, EnvironmentRequest{}).facts) rows.push_back({printable(fact.what), printable(fact.value), true, {}});
} catch (const Error& error) {
  rows.push_back({what, error.what(), false, worker_remedy});
}

void add_home(std::vector<EnvironmentRow>& rows, const Home& home) try {
  check_folder(home.root, "the home folder");
  rows.push_back({"home", home.root.string(), true, {}});
} catch (const Error& error) {
  rows.push_back({"home", error.what(), false, error.remedy()});
}
}  // namespace

std::vector<EnvironmentRow> check_environment(const Home& home) {
  std::vector<EnvironmentRow> rows;
  rows.push_back({"cores", std::to_string(cores()), true, {}});
  rows.push_back({"memory", bytes_text(ram_bytes()), true, {}});
  const Pool pool(4096);
  add_worker(rows, "DICOM worker", "aidp-worker-dicom", "reader", pool);
  add_worker(rows, "writer", "aidp-worker-writer", "writer", pool);
  add_worker(rows, "model worker", "aidp-worker-model", "model", pool);
  add_home(rows, home);
  const auto free = free_bytes(home.root);
  rows.push_back(
      {"free space", bytes_text(free), free >= space_wanted, free >= space_wanted ? "" : "free at least " + bytes_text(space_wanted)});
  return rows;
}

}  // namespace aidp
