// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "core/base/hash.hpp"

namespace aidp {

// A time-ordered UUIDv7 (RFC 9562, 5.7) as 36 characters.
std::string new_job_id();
// A DICOM UID made of a key: "2.25." and the decimal form of a UUIDv8 of its first 16 bytes (PS3.5 B.2). Same key, same UID.
std::string uid_from_key(const Digest& key);
// Whether `text` is a UID by PS3.5 9.1: digits and dots, at most 64 characters.
bool is_uid(std::string_view text);

}  // namespace aidp
