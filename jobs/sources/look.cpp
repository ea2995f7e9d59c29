// SPDX-License-Identifier: Apache-2.0
#include "jobs/sources/look.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <numeric>
#include <system_error>

#include "jobs/protocol/ask.hpp"

namespace aidp {

namespace {
constexpr std::size_t paths_per_request = 64;
constexpr std::chrono::milliseconds timeout_of_mib{2000};

struct Paths {
  std::vector<std::string> paths;
  std::function<void(std::size_t, Looked)> each;
  std::chrono::milliseconds timeout;
};

Looked looked(LookedAt&& said) {
  Looked found{std::move(said.path), said.kind, said.readable, {}, said.error == ENOENT || said.error == ENOTDIR, {}};
  if (said.kind == PathKind::file) found.state = said.state;
  if (said.kind == PathKind::unknown) found.why = std::generic_category().message(said.error);
  return found;
}

// `which`: of the paths.
void look(Crew& dicom, const std::shared_ptr<Paths>& all, std::vector<std::size_t> which) {
  LookRequest request;
  for (const auto i : which) request.paths.push_back(all->paths[i]);
  dicom.submit(task_of<LookRequest>(std::move(request), all->timeout, [&dicom, all, which = std::move(which)](Answered<LookRequest> said) {
    if (auto* reply = std::get_if<LookReply>(&said)) {
      for (std::size_t i = 0; i < which.size(); ++i) all->each(which[i], looked(std::move(reply->paths[i])));
      return;
    }
    if (which.size() > 1) {
      for (const auto i : which) look(dicom, all, {i});
      return;
    }
    const auto* lost = std::get_if<Lost>(&said);
    const auto why = lost ? why_lost(*lost, all->timeout) : std::get<Failure>(said).message;
    all->each(which.front(), {all->paths[which.front()], PathKind::unknown, false, {}, false, why});
  }));
}
}  // namespace

void look(Crew& dicom, std::vector<std::string> paths, const std::function<void(std::size_t, Looked)>& each,
          std::chrono::milliseconds timeout) {
  for (auto& path : paths) path = std::filesystem::absolute(path).string();
  const auto all = std::make_shared<Paths>(std::move(paths), each, timeout);
  for (std::size_t first = 0; first < all->paths.size(); first += paths_per_request) {
    std::vector<std::size_t> which(std::min(paths_per_request, all->paths.size() - first));
    std::iota(which.begin(), which.end(), first);
    look(dicom, all, std::move(which));
  }
}

std::vector<Looked> look(Crew& dicom, const std::vector<std::string>& paths) {
  struct Answers {
    std::vector<Looked> found;
    std::size_t missing;
  };
  const auto answers = std::make_shared<Answers>();  // outlives this call where something throws, or a signal ends the wait
  for (const auto& path : paths)
    answers->found.push_back(
        {std::filesystem::absolute(path).lexically_normal().string(), PathKind::unknown, false, {}, false, "stopped before it answered"});
  answers->missing = paths.size();
  look(dicom, paths, [answers](std::size_t i, Looked found) {
    answers->found[i] = std::move(found);
    --answers->missing;
  });
  const std::array crews{&dicom};
  pump_until(crews, [&] { return answers->missing == 0 || SignalGuard::received() != 0; }, OnSignal::finish);
  return answers->found;
}

std::string why_lost(const Lost& lost, std::chrono::milliseconds timeout) {
  if (lost.reason != Reason::worker_timeout) return lost.message;
  return "it did not answer within " + std::to_string(std::max<std::int64_t>(timeout.count() / 1000, 1)) + " s; is the share still there?";
}

std::string hash_of(Crew& dicom, const std::string& path, const FileState& state) {
  const auto timeout = look_timeout + timeout_of_mib * (state.size >> 20);
  return ask(dicom, HashRequest{path}, timeout).sha256;
}

}  // namespace aidp
