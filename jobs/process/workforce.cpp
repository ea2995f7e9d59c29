// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/workforce.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "jobs/process/worker_folder.hpp"
#include "jobs/protocol/json_bridge.hpp"

namespace aidp {

namespace {
constexpr std::uint64_t gib = std::uint64_t{1} << 30;
std::uint64_t pool_bytes(std::uint64_t asked) { return asked > 0 ? asked : std::clamp(ram_bytes() / 4, least_memory_bytes, 2 * gib); }

// Whether a driver's device node is there; the worker then tries it for real.
bool has_accelerator() { return std::filesystem::exists("/dev/nvidiactl") || std::filesystem::exists("/dev/kfd"); }

Crew::Options dicom_options(int workers, const Pool& images, const Pool& masks) {
  return {.program = "aidp-worker-dicom",
          .workers = workers > 0 ? workers : cores(),
          .depth = 2,
          .input_fd = images.fd(),
          .output_fd = masks.read_only_fd(),
          .greeting = {{"hello", pack_json(nlohmann::json::object())}},
          .start_timeout = std::chrono::seconds(60)};
}
}  // namespace

int cores() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

std::uint64_t ram_bytes() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

Workforce::Workforce(int workers, std::uint64_t memory_bytes)
    : images(pool_bytes(memory_bytes)),
      masks(std::max<std::uint64_t>(images.size() / 2, 64 << 20)),
      dicom(dicom_options(workers, images, masks)) {}

void Workforce::hire_model(const std::filesystem::path& package, const Manifest& manifest, const std::string& asked) {
  sweep_worker_folders();
  const auto device = asked == "auto" && !has_accelerator() ? "cpu" : asked;
  // Many small images: single-threaded workers, one at first, as reading the images takes as much as a small model, up to one per core
  // where the model holds the job up. A volume: all cores on one. A GPU is shared by nobody.
  const bool many_small = manifest.unit == Unit::instance && device == "cpu";
  nlohmann::json load{{"package", package.string()}, {"device", device}, {"threads", many_small ? 1 : cores()}};
  model = std::make_unique<Crew>(Crew::Options{.program = "aidp-worker-model",
                                               .workers = 1,
                                               .most_workers = many_small ? cores() : 1,
                                               .depth = 2,
                                               .input_fd = images.read_only_fd(),
                                               .output_fd = masks.fd(),
                                               .memory_bytes = device == "cpu" ? ram_bytes() : 0,  // CUDA reserves many times what it takes
                                               .greeting = {load_greeting(std::move(load))},
                                               .start_timeout = std::chrono::minutes(5)});
}

// The first worker may choose the device; those after it are asked for the same.
Greeting Workforce::load_greeting(nlohmann::json load) {
  auto body = pack_json(load);
  return {"load", std::move(body), [this, load = std::move(load)](const std::string& answer) {
            const auto device = unpack_json(answer).value("device", "");
            if (!device_.empty() && device != device_) throw BadReply("the model is on " + printable(device) + " instead of " + device_);
            device_ = device;
            auto next = load;
            next["device"] = device;
            model->greet_with({load_greeting(std::move(next))});
          }};
}

std::string Workforce::device() {
  const std::array crews{model.get(), &dicom};
  pump_until(crews, [&] { return model->ready() || SignalGuard::received() != 0; }, OnSignal::finish);
  return device_;
}

std::string Workforce::ask(Crew& crew, const std::string& op, std::string body, std::chrono::milliseconds timeout, OnSignal on_signal,
                           const std::function<void()>& meanwhile) {
  const auto answer = std::make_shared<std::optional<Reply>>();  // outlives this call where something is thrown
  crew.submit({op, std::move(body), timeout, [answer](Reply reply) { *answer = std::move(reply); }});
  if (meanwhile) meanwhile();
  const std::array crews{&crew};
  pump_until(crews, [&] { return answer->has_value(); }, on_signal);
  if (const auto* lost = std::get_if<Lost>(&**answer)) throw Error(lost->reason, lost->message);
  if (const auto* failure = std::get_if<Failure>(&**answer)) throw Error(failure->reason, failure->message, failure->remedy);
  return std::move(std::get<std::string>(**answer));
}

}  // namespace aidp
