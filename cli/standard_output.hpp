// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iostream>
#include <streambuf>
#include <string>

namespace aidp {

// While it lives, std::cout passes on what is printable (core/base/text.hpp) with its tabs and line ends, whole lines at a time, or nothing
// if it is muted. A reader that has gone away, as `head` does, is no failure: what it did not want is dropped.
class StandardOutput : public std::streambuf {
 public:
  StandardOutput() : terminal_(std::cout.rdbuf(this)) {}
  ~StandardOutput() override;
  void mute() { muted_ = true; }
  // Passes on what is left. Throws as throw_errno() does if something could not be written: a full disk behind `> file`.
  void finish();

 protected:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  bool pass_on(std::string_view text);

  std::streambuf* terminal_;
  std::string line_;
  bool muted_ = false;
};

}  // namespace aidp
