// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/workforce.hpp"

#include <sched.h>

#include <algorithm>

#include "core/base/packed.hpp"
#include "core/base/text.hpp"
#include "jobs/process/memory.hpp"
#include "jobs/process/worker_folder.hpp"
#include "jobs/protocol/check.hpp"

namespace aidp {

namespace {
constexpr std::uint64_t gib = std::uint64_t{1} << 30;
constexpr std::uint64_t file_memory_bytes = 6 * gib;  // of a worker that reads or writes files: one bad file cannot take the machine
std::uint64_t pool_bytes(std::uint64_t asked) { return asked > 0 ? asked : std::clamp(ram_bytes() / 4, least_memory_bytes, 2 * gib); }

// Whether a driver's device node is there; the worker then tries it for real.
bool has_accelerator() { return std::filesystem::exists("/dev/nvidiactl") || std::filesystem::exists("/dev/kfd"); }

// A request that a new worker answers first, with its answer checked.
template <class Request>
Greeting greeting_of(const Request& request) {
  return {Request::op, packed(request),
          [request](const std::string& answer) { check(request, unpacked<typename Request::Reply>(answer)); }};
}

Crew::Options dicom_options(int workers, const Pool& images) {
  return {.program = "aidp-worker-dicom",
          .workers = workers > 0 ? workers : cores(),
          .depth = 2,
          .input_fd = images.fd(),
          .memory_bytes = file_memory_bytes,
          .greeting = {greeting_of(HelloRequest{"reader"})},
          .start_timeout = std::chrono::seconds(60)};
}

Crew::Options writer_options(const Pool& outputs) {
  return {.program = "aidp-worker-writer",
          .workers = 1,
          .depth = 4,
          .output_fd = outputs.read_only_fd(),
          .memory_bytes = file_memory_bytes,
          .greeting = {greeting_of(HelloRequest{"writer"})},
          .start_timeout = std::chrono::seconds(60)};
}
}  // namespace

int cores() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

Workforce::Workforce(int workers, std::uint64_t memory_bytes)
    : images(pool_bytes(memory_bytes)),
      outputs(std::max<std::uint64_t>(images.size() / 2, 64 << 20)),
      dicom(dicom_options(workers, images)) {}

Crew& Workforce::writer() {
  if (!writer_) writer_ = std::make_unique<Crew>(writer_options(outputs));
  return *writer_;
}

std::vector<Crew*> Workforce::crews() {
  std::vector<Crew*> crews{&dicom};
  if (model) crews.push_back(model.get());
  if (writer_) crews.push_back(writer_.get());
  return crews;
}

void Workforce::hire_model(const std::filesystem::path& package, const Manifest& manifest, const std::string& asked) {
  sweep_worker_folders();
  const auto device = asked == "auto" && !has_accelerator() ? "cpu" : asked;
  // Many small images: single-threaded workers, one at first, as reading the images takes as much as a small model, up to one per core
  // where the model holds the job up. A volume: all cores on one. A GPU is shared by nobody.
  const bool many_small = manifest.unit == Unit::instance && device == "cpu";
  LoadRequest load{package.string(), device, many_small ? 1 : cores()};
  model = std::make_unique<Crew>(Crew::Options{.program = "aidp-worker-model",
                                               .workers = 1,
                                               .most_workers = many_small ? cores() : 1,
                                               .depth = 2,
                                               .input_fd = images.read_only_fd(),
                                               .output_fd = outputs.fd(),
                                               .memory_bytes = device == "cpu" ? ram_bytes() : 0,  // CUDA reserves many times what it takes
                                               .greeting = {load_greeting(std::move(load))},
                                               .start_timeout = std::chrono::minutes(5)});
}

// The first worker may choose the device; those after it are asked for the same.
Greeting Workforce::load_greeting(LoadRequest load) {
  auto greeting = greeting_of(load);
  greeting.check = [this, load = std::move(load), check = std::move(greeting.check)](const std::string& answer) {
    check(answer);
    const auto device = unpacked<LoadReply>(answer).device;
    if (!device_.empty() && device != device_) throw BadReply("the model is on " + printable(device) + " instead of " + device_);
    device_ = device;
    auto next = load;
    next.device = device;
    model->greet_with({load_greeting(std::move(next))});
  };
  return greeting;
}

std::string Workforce::device() {
  pump_until(crews(), [&] { return model->ready() || SignalGuard::received() != 0; }, OnSignal::finish);
  return device_;
}

}  // namespace aidp
