// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>  // version 2 of Debian; version 3: <catch2/catch_all.hpp>
#include <cstdlib>
#include <iostream>

// Ends a test case that lacks what it needs, with a word; scripts/test counts these lines.
#define AIDP_SKIP(word)                         \
  do {                                          \
    std::cout << "SKIPPED: " << (word) << "\n"; \
    return;                                     \
  } while (false)

// The folder of shared test data, or nullptr.
inline const char* shared_folder() { return std::getenv("AIDP_SHARED"); }
