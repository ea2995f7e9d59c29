// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/ids.hpp"

namespace aidp {

// A folder of one test, gone after it.
struct Scratch {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("aidp-test-" + new_job_id());
  Scratch() { std::filesystem::create_directory(folder); }
  ~Scratch() { std::filesystem::remove_all(folder); }
  Scratch(const Scratch&) = delete;
  // Writes a file in it; its path.
  std::string file(const std::string& name, const std::string& content) const {
    std::ofstream(folder / name, std::ios::binary) << content;
    return folder / name;
  }
};

}  // namespace aidp
