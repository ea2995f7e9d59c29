// SPDX-License-Identifier: Apache-2.0
#include "jobs/process/worker_environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

namespace aidp {

namespace {
// A name that ends with * stands for all that begin so.
constexpr std::array<std::string_view, 28> passed_on{"PATH",
                                                     "HOME",
                                                     "LANG",
                                                     "LC_*",
                                                     "TZ",               // of the system
                                                     "LD_LIBRARY_PATH",  // where LibTorch and the drivers lie
                                                     "OMP_*",
                                                     "GOMP_*",
                                                     "KMP_*",
                                                     "MKL_*",
                                                     "ATEN_*",
                                                     "TORCH_*",
                                                     "PYTORCH_*",  // threads and memory of LibTorch
                                                     "CUDA_*",
                                                     "CUDNN_*",
                                                     "CUBLAS_*",
                                                     "NVIDIA_*",
                                                     "HIP_*",
                                                     "HSA_*",
                                                     "ROCR_*",  // devices
                                                     "DCMDICTPATH",
                                                     "HDF5_*",  // of other libraries
                                                     "MALLOC_*",
                                                     "GLIBC_TUNABLES",  // memory
                                                     "ASAN_OPTIONS",
                                                     "UBSAN_OPTIONS",
                                                     "LSAN_OPTIONS",  // sanitisers
                                                     "AIDP_*"};

bool passes(std::string_view variable) {
  const auto name = variable.substr(0, variable.find('='));
  return std::ranges::any_of(passed_on, [&](std::string_view known) {
    return known.ends_with('*') ? name.starts_with(known.substr(0, known.size() - 1)) : name == known;
  });
}
}  // namespace

std::vector<std::string> worker_environment(const std::string& temporary_folder) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable; ++variable)
    if (passes(*variable)) variables.emplace_back(*variable);
  if (!std::getenv("OMP_WAIT_POLICY")) variables.emplace_back("OMP_WAIT_POLICY=PASSIVE");  // threads that spin take the cores from others
  if (!temporary_folder.empty()) variables.push_back("TMPDIR=" + temporary_folder);
  return variables;
}

}  // namespace aidp
