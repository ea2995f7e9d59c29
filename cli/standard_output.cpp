// SPDX-License-Identifier: Apache-2.0
#include "cli/standard_output.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/text.hpp"

namespace aidp {

StandardOutput::~StandardOutput() {
  sync();
  std::cout.rdbuf(terminal_);
}

void StandardOutput::finish() {
  if (std::cout.flush()) return;
  const char more = '\n';  // the stream does not keep the reason: what it could not write is written once more
  if (::write(STDOUT_FILENO, &more, 1) >= 0)
    throw Error(Reason::io_failed, "cannot write everything to standard output", "free some space and run the same command again");
  if (errno != EPIPE) throw_errno("cannot write to standard output");
}

StandardOutput::int_type StandardOutput::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  const char one = traits_type::to_char_type(c);
  return xsputn(&one, 1) == 1 ? c : traits_type::eof();
}

std::streamsize StandardOutput::xsputn(const char* text, std::streamsize size) {
  line_.append(text, static_cast<std::size_t>(size));
  const auto end = line_.rfind('\n');
  if (end == std::string::npos) return size;
  const bool passed = pass_on(std::string_view(line_).substr(0, end + 1));
  line_.erase(0, end + 1);
  return passed ? size : 0;
}

int StandardOutput::sync() {
  const bool passed = pass_on(line_);
  line_.clear();
  return passed && terminal_->pubsync() == 0 ? 0 : -1;
}

bool StandardOutput::pass_on(std::string_view text) {
  if (muted_) return true;
  std::string safe;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of("\t\r\n"), text.size());
    safe += printable(text.substr(0, end));
    const auto kept = text.substr(end, text.substr(end).starts_with("\r\n") ? 2 : 1);
    safe += kept == "\r" ? std::string_view("?") : kept;
    text.remove_prefix(end + kept.size());
  }
  const auto size = static_cast<std::streamsize>(safe.size());
  return terminal_->sputn(safe.data(), size) == size;
}

}  // namespace aidp
