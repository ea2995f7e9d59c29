// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "core/base/file.hpp"

namespace aidp {

// Publishing puts a file in its place whole or not at all: a temporary beside it is written, synced and renamed, and the folder synced.
// A symbolic link stays and its target is published; a link to nothing is refused, and so are a folder and a disk. A FIFO, a terminal,
// /dev/null and the like are written to and stay; so is an open descriptor (/dev/stdout). Another hard link to the file keeps its content.
// `mode`: the file's permissions, whatever the umask.
// Throws as throw_errno() does, and Error(path_kind) for what is refused.

enum class Overwrite { no, yes };
// With Overwrite::no an existing file of the same content is a success, of other content an Error(output_foreign).
void publish(const std::filesystem::path& path, std::string_view content, Overwrite overwrite, unsigned mode = output_file_mode);
// Content that is streamed. Overwrites.
void publish_stream(const std::filesystem::path& path, const std::function<void(std::ostream&)>& write, unsigned mode = output_file_mode);
// A file that another library or process writes: gives `write` the path of an empty temporary, which it may replace. Overwrites.
void publish_with(const std::filesystem::path& path, const std::function<void(const std::filesystem::path&)>& write,
                  unsigned mode = output_file_mode);

// The name of the file whose temporary `name` is, as a killed process leaves it (".results.csv.part.4711"); nothing for other names.
std::optional<std::string> published_name(std::string_view name);

}  // namespace aidp
