// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/worker_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace {
constexpr int first_inherited = 3;

// Runs between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(const char* path, char* const* environment, int error_fd, const std::array<int, 3>& inherited, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  ::setpgid(0, 0);
  std::array<int, 3> high{-1, -1, -1};
  for (std::size_t i = 0; i < inherited.size(); ++i)
    if (inherited[i] >= 0) high[i] = ::fcntl(inherited[i], F_DUPFD, 64);
  ::dup2(error_fd, 1);
  ::dup2(error_fd, 2);
  for (std::size_t i = 0; i < high.size(); ++i) {
    if (high[i] < 0) continue;
    ::dup2(high[i], first_inherited + static_cast<int>(i));
    ::close(high[i]);
  }
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execle(path, path, static_cast<char*>(nullptr), environment);
  constexpr char message[] = "the worker program cannot be executed\n";
  if (::write(2, message, sizeof message - 1) < 0) ::_exit(126);
  ::_exit(127);
}

// This process's environment with another TMPDIR, unless that is empty.
std::vector<std::string> environment_with(const std::string& temporary_folder) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable; ++variable)
    if (temporary_folder.empty() || !std::string_view(*variable).starts_with("TMPDIR=")) variables.emplace_back(*variable);
  if (!temporary_folder.empty()) variables.push_back("TMPDIR=" + temporary_folder);
  return variables;
}

std::array<FileDescriptor, 2> socket_pair() {
  std::array<int, 2> ends;
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw_errno("cannot make a socket pair");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}
}  // namespace

WorkerProcess::WorkerProcess(const std::string& path, int input_fd, int output_fd)
    : stderr_(::memfd_create("aidp-worker-stderr", MFD_CLOEXEC)), channel_(FileDescriptor(), 0) {
  auto ends = socket_pair();
  auto variables = environment_with(folder_.path().string());
  std::vector<char*> environment;
  for (auto& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw_errno("cannot start " + path);
  if (pid_ == 0) become(path.c_str(), environment.data(), stderr_.get(), {ends[1].get(), input_fd, output_fd}, parent);
  channel_ = Channel(std::move(ends[0]), Channel::longest_answer);
}

WorkerProcess::~WorkerProcess() {
  if (pid_ > 0) end();
}

std::string WorkerProcess::end() {
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
  return "exit code " + std::to_string(WEXITSTATUS(status));
}

std::string WorkerProcess::last_words() const {
  std::array<char, 2000> buffer;
  const auto size = ::lseek(stderr_.get(), 0, SEEK_END);
  const auto got = ::pread(stderr_.get(), buffer.data(), buffer.size(), std::max<off_t>(0, size - static_cast<off_t>(buffer.size())));
  if (got <= 0) return {};
  const auto text = trim(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
  return printable(text.substr(text.find_last_of('\n') + 1));
}

}  // namespace aidp
