// SPDX-License-Identifier: Apache-2.0
#include "jobs/checks/environment.hpp"

#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "jobs/process/workforce.hpp"
#include "jobs/protocol/json_bridge.hpp"

namespace aidp {

namespace {
constexpr const char* worker_remedy = "install aidp and the libraries of its workers again";
constexpr std::uint64_t space_wanted = std::uint64_t{1} << 30;

nlohmann::json ask_worker(const std::string& program, const Pool& pool) {
  Crew crew({.program = program,
             .workers = 1,
             .depth = 1,
             .input_fd = pool.fd(),
             .output_fd = pool.fd(),
             .greeting = {{"hello", pack_json(nlohmann::json::object())}},  // a worker that cannot start is then told of in its last words
             .start_timeout = std::chrono::seconds(60)});
  return ask_json(crew, {{"op", "environment"}});
}

void add_dicom(std::vector<EnvironmentRow>& rows, const Pool& pool) try {
  const auto said = ask_worker("aidp-worker-dicom", pool);
  rows.push_back({"DCMTK", said.value("dcmtk", "?"), true, {}});
  std::vector<std::string> codecs;
  for (const auto& codec : said.at("codecs")) codecs.push_back(codec.is_string() ? codec.get<std::string>() : codec.dump());
  rows.push_back({"codecs", join(codecs, ", "), !codecs.empty(), codecs.empty() ? "install aidp again" : ""});
  rows.push_back({"HDF5", said.value("hdf5", "?"), true, {}});
} catch (const Error& error) {
  rows.push_back({"DICOM worker", error.what(), false, worker_remedy});
}

void add_model(std::vector<EnvironmentRow>& rows, const Pool& pool) try {
  const auto said = ask_worker("aidp-worker-model", pool);
  rows.push_back({"LibTorch", said.value("libtorch", "?"), true, {}});
  for (const auto& device : said.at("devices"))
    rows.push_back({"device " + device.value("name", "?"),
                    device.value("description", "") +
                        (device.value("memory_bytes", std::uint64_t{0}) > 0 ? ", " + bytes_text(device["memory_bytes"]) : ""),
                    true,
                    {}});
} catch (const Error& error) {
  rows.push_back({"model worker", error.what(), false, worker_remedy});
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
  add_dicom(rows, pool);
  add_model(rows, pool);
  add_home(rows, home);
  const auto free = free_bytes(home.root);
  rows.push_back(
      {"free space", bytes_text(free), free >= space_wanted, free >= space_wanted ? "" : "free at least " + bytes_text(space_wanted)});
  return rows;
}

}  // namespace aidp
