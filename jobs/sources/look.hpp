// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/file_state.hpp"
#include "jobs/process/crew.hpp"
#include "jobs/protocol/path_kind.hpp"

namespace aidp {

// The supervisor touches no input: a dead mount would hold it, and no signal would end it. It has a DICOM worker look, which can be killed.

inline constexpr std::chrono::milliseconds look_timeout{120000};  // for a folder, or a path, to answer

// What was found at a path.
struct Looked {
  std::string path;  // as it is really called, without links; as it was asked where nothing answered
  PathKind kind = PathKind::unknown;
  bool readable = false;
  std::optional<FileState> state;  // of a file
  bool missing = false;            // nothing is there
  std::string why;                 // the kind is unknown, in words
};

// Has each path looked at, in groups; one whose worker is lost is tried again path by path, so that one costs itself alone. `each` is
// called inside pump(). Paths are made absolute.
void look(Crew& dicom, std::vector<std::string> paths, const std::function<void(std::size_t, Looked)>& each,
          std::chrono::milliseconds timeout = look_timeout);
// The same, and waits; after a signal no longer, and then `why` says so of what has not answered.
std::vector<Looked> look(Crew& dicom, const std::vector<std::string>& paths);

// Why there was no answer, in words that name the share.
std::string why_lost(const Lost& lost, std::chrono::milliseconds timeout);

// SHA-256 of a file, hex. Throws Error(dicom_unreadable), Error(interrupted, terminated) on a signal.
std::string hash_of(Crew& dicom, const std::string& path, const FileState& state);

}  // namespace aidp
