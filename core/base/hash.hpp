// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace aidp {

using Digest = std::array<std::byte, 32>;

// SHA-256 (FIPS 180-4), fed in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  Sha256& update(std::span<const std::byte> bytes);
  Sha256& update(std::string_view text);
  // Ends the hash; the object may only be destroyed after it.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest sha256(std::span<const std::byte> bytes);
Digest sha256(std::string_view text);
// RFC 2104, with SHA-256.
Digest hmac_sha256(std::span<const std::byte> key, std::string_view text);
// Of two texts, in 1.1 times the time of one where the processor has SHA instructions; else one after the other.
std::array<Digest, 2> sha256_pair(std::span<const std::byte> first, std::span<const std::byte> second);
// Of a whole file. Throws as throw_errno() does, with the path.
Digest sha256_file(const std::filesystem::path& path);
// Copies a file to one that is not there yet, syncs the copy and gives the SHA-256 of what it holds. Throws as throw_errno() does.
Digest copy_and_hash(const std::filesystem::path& from, const std::filesystem::path& to);
// 64 lower-case hexadecimal digits, and back (throws Error(internal) on anything else).
std::string hex(const Digest& digest);
Digest digest_from_hex(std::string_view text);

}  // namespace aidp
