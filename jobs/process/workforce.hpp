// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/manifest/manifest.hpp"
#include "jobs/process/crew.hpp"
#include "jobs/process/pool.hpp"
#include "jobs/protocol/model_messages.hpp"

namespace aidp {

// The pool of decoded pixels is never smaller: it takes two of the largest batches (see Pipeline).
inline constexpr std::uint64_t least_memory_bytes = std::uint64_t{256} << 20;

// The workers of one job and the pools between them.
struct Workforce {
  Pool images, outputs;  // decoded; of the model, for files
  Crew dicom;
  std::unique_ptr<Crew> model;  // none until hire_model()

  // `workers` DICOM workers (0: one per core); `memory_bytes` for decoded pixels (0: a quarter of RAM, at most 2 GiB).
  Workforce(int workers, std::uint64_t memory_bytes);
  // Starts the model's worker, which loads the package while other work goes on. `device`: auto, cpu, cuda:N.
  void hire_model(const std::filesystem::path& package, const Manifest& manifest, const std::string& device);
  // Waits until every worker has loaded the model; the device in use, or nothing where a signal came first. It is the device of all that
  // the model computes: a worker that is started later gets it, or ends the job. Throws Error(model_load, device_missing,
  // environment_lacking).
  std::string device();
  // The one that writes results; it is started when it is first asked for.
  Crew& writer();
  // All that there are now, for pump().
  std::vector<Crew*> crews();

 private:
  Greeting load_greeting(LoadRequest load);

  std::string device_;
  std::unique_ptr<Crew> writer_;
};

int cores();

}  // namespace aidp
