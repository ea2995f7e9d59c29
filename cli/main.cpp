// SPDX-License-Identifier: Apache-2.0
#include "cli/program.hpp"
#include "jobs/process/signals.hpp"

int main(int argc, char** argv) {
  aidp::settle_standard_streams();
  return aidp::Program().run(argc, argv);
}
