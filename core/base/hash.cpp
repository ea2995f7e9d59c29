// SPDX-License-Identifier: Apache-2.0
#include "core/base/hash.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/file.hpp"

namespace aidp {

namespace {
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
}  // namespace

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, FreeContext> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (!state_->context || EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) != 1)
    throw Error(Reason::internal, "OpenSSL has no SHA-256");
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(std::span<const std::byte> bytes) {
  EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size());
  return *this;
}

Sha256& Sha256::update(std::string_view text) { return update(std::as_bytes(std::span(text))); }

Digest Sha256::finish() {
  Digest digest;
  EVP_DigestFinal_ex(state_->context.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  return digest;
}

Digest sha256(std::span<const std::byte> bytes) { return Sha256().update(bytes).finish(); }
Digest sha256(std::string_view text) { return Sha256().update(text).finish(); }

Digest hmac_sha256(std::span<const std::byte> key, std::string_view text) {
  Digest digest;
  const auto* done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  if (!done) throw Error(Reason::internal, "OpenSSL has no HMAC");
  return digest;
}

namespace {
// The file's content in pieces, in order, to `take`, and its SHA-256.
template <class Take>
Digest read_through(const std::filesystem::path& path, Take take) {
  const auto file = open_regular(path);
  std::vector<std::byte> buffer(1 << 20);
  Sha256 hash;
  for (;;) {
    const auto got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("cannot read " + path.string());
    if (got == 0) return hash.finish();
    const auto piece = std::span<const std::byte>(buffer).first(static_cast<std::size_t>(got));
    hash.update(piece);
    take(piece);
  }
}
}  // namespace

Digest sha256_file(const std::filesystem::path& path) {
  return read_through(path, [](auto) {});
}

Digest copy_and_hash(const std::filesystem::path& from, const std::filesystem::path& to) {
  const FileDescriptor copy(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!copy) throw_errno("cannot make " + to.string());
  const auto digest = read_through(from, [&](std::span<const std::byte> piece) {
    write_all(copy.get(), {reinterpret_cast<const char*>(piece.data()), piece.size()}, to.string());
  });
  if (::fsync(copy.get()) != 0) throw_errno("cannot sync " + to.string());
  return digest;
}

std::string hex(const Digest& digest) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const auto byte : digest) {
    text += digits[std::to_integer<unsigned>(byte >> 4)];
    text += digits[std::to_integer<unsigned>(byte & std::byte{15})];
  }
  return text;
}

Digest digest_from_hex(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  Digest digest;
  if (text.size() != 2 * digest.size()) throw Error(Reason::internal, "a SHA-256 has 64 digits, not " + std::to_string(text.size()));
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const auto high = digits.find(text[2 * i]), low = digits.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos)
      throw Error(Reason::internal, "a SHA-256 has hexadecimal digits only");
    digest[i] = static_cast<std::byte>(high << 4 | low);
  }
  return digest;
}

}  // namespace aidp
