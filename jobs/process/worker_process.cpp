// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/worker_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/plain_words.hpp"
#include "jobs/process/worker_environment.hpp"

namespace aidp {

namespace {
constexpr int first_inherited = 3, above_all = 64;
constexpr std::size_t heard_at_once = 65536, heard_at_most = 8192;  // bytes; of the latter the end

void limit(decltype(RLIMIT_CORE) resource, rlim_t value) {
  const rlimit both{value, value};
  ::setrlimit(resource, &both);
}

void limit_memory([[maybe_unused]] std::uint64_t bytes) {
#ifndef __SANITIZE_ADDRESS__  // its shadow alone is terabytes
  if (bytes > 0) limit(RLIMIT_DATA, bytes);
#endif
  const int score = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score >= 0 && ::write(score, "500", 3) > 0) ::close(score);
}

// Puts each descriptor at its place, from 0 on, and closes all others.
void arrange(const std::array<int, 6>& wanted) {
  std::array<int, 6> high{};
  for (std::size_t i = 0; i < wanted.size(); ++i) high[i] = wanted[i] < 0 ? -1 : ::fcntl(wanted[i], F_DUPFD, above_all);
  for (std::size_t i = 0; i < high.size(); ++i)
    if (high[i] >= 0)
      ::dup2(high[i], static_cast<int>(i));
    else
      ::close(static_cast<int>(i));
  ::close_range(static_cast<unsigned>(high.size()), ~0U, 0);
}

// Runs between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(const WorkerProcess::Launch& launch, char* const* environment, int socket, int words, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  ::setsid();
  arrange({::open("/dev/null", O_RDONLY), words, words, socket, launch.input_fd, launch.output_fd});
  limit(RLIMIT_CORE, 0);  // a core file would hold a patient's image
  limit_memory(launch.memory_bytes);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_DFL);
  ::execle(launch.path.c_str(), launch.path.c_str(), static_cast<char*>(nullptr), environment);
  constexpr char message[] = "the worker program cannot be executed\n";
  if (::write(2, message, sizeof message - 1) < 0) ::_exit(126);
  ::_exit(127);
}

std::array<FileDescriptor, 2> socket_pair() {
  std::array<int, 2> ends;
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw_errno("cannot make a socket pair");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// Its first end does not block.
std::array<FileDescriptor, 2> pipe_pair() {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0 || ::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) throw_errno("cannot make a pipe");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}
}  // namespace

WorkerProcess::WorkerProcess(const Launch& launch) : channel_(FileDescriptor(), 0) {
  auto socket = socket_pair();
  auto words = pipe_pair();
  auto variables = worker_environment(folder_.path().string());
  std::vector<char*> environment;
  for (auto& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  const pid_t parent = ::getpid(), pid = ::fork();
  if (pid < 0) throw_errno("cannot start " + launch.path);
  if (pid == 0) become(launch, environment.data(), socket[1].get(), words[1].get(), parent);
  child_ = Child(pid);
  channel_ = Channel(std::move(socket[0]), Channel::longest_answer);
  words_ = std::move(words[0]);
}

void WorkerProcess::hear() {
  const auto before = heard_.size();
  heard_.resize(before + heard_at_once);
  const auto got = words_ ? ::read(words_.get(), heard_.data() + before, heard_at_once) : 0;
  heard_.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
  if (heard_.size() > heard_at_most) heard_.erase(0, heard_.size() - heard_at_most);
  if (got == 0) words_ = FileDescriptor();
}

std::string WorkerProcess::end() {
  auto how = child_.end();
  hear();
  return how;
}

std::string WorkerProcess::last_words() const { return plain_words(heard_); }

std::string find_worker(const std::string& program) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const auto own = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  std::vector<fs::path> folders{own, own.parent_path() / "libexec" / "aidp"};
  if (const char* named = std::getenv("AIDP_WORKER_DIR")) folders.insert(folders.begin(), named);
  for (const auto& folder : folders)
    if (::access((folder / program).c_str(), X_OK) == 0) return folder / program;
  throw Error(Reason::environment_lacking, program + " was not found beside aidp in " + folders.front().string(),
              "install the whole package or name its folder in AIDP_WORKER_DIR");
}

}  // namespace aidp
