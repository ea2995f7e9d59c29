// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/error.hpp"

namespace aidp {

// An error of several obstacles, each on a line of its own in the message.
class ErrorList : public Error {
 public:
  using Error::Error;
};

}  // namespace aidp
