// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace aidp {

// While it lives, SIGINT, SIGTERM and SIGHUP ask for a clean stop: they are noted, and they end the wait of a pump(). A second one ends
// the process at once, whatever it is doing, and its workers with it. Under nohup SIGHUP stays ignored.
class SignalGuard {
 public:
  SignalGuard();
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  // 0, or the first signal that came.
  static int received();
  // Throws Error(interrupted, terminated) if one came: for what has no use when it is done in part.
  static void check();
  // For poll(): readable when a signal has come, until rest().
  static int wake_fd();
  static void rest();
};

// For main(), before anything is opened: a reader of the output that goes away is an error of writing (EPIPE), not the end of a job, and a
// closed standard stream becomes /dev/null, so that no file of ours takes its number.
void settle_standard_streams();

}  // namespace aidp
