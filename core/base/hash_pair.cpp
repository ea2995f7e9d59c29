// SPDX-License-Identifier: Apache-2.0
// SHA-256 of two texts side by side. One alone waits for each of the processor's rounds before the next may begin; the other fills the
// wait.
#include "core/base/hash.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#endif

namespace aidp {

#if defined(__x86_64__)
#define AIDP_SHA __attribute__((target("sha,sse4.1")))

namespace {
constexpr std::size_t block_bytes = 64;
using Bytes = std::span<const std::byte>;

alignas(16) constexpr std::uint32_t round_constants[64] = {  // FIPS 180-4, 4.2.2
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

bool processor_has_sha() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & bit_SHA) != 0;
}

// The state H in the order that the instructions want, and what is still to be hashed.
struct Lane {
  __m128i abef, cdgh;
  const std::byte* next;
};

AIDP_SHA Lane start(Bytes text) {
  return {_mm_set_epi32(0x6a09e667, static_cast<int>(0xbb67ae85), 0x510e527f, static_cast<int>(0x9b05688c)),
          _mm_set_epi32(0x3c6ef372, static_cast<int>(0xa54ff53a), 0x1f83d9ab, 0x5be0cd19), text.data()};
}

// `blocks` of 64 bytes of each lane: the message schedule (a window of 16 words) and the rounds of FIPS 180-4, 6.2.2, four at a time.
template <int lanes>
AIDP_SHA void take(std::array<Lane, lanes>& state, std::size_t blocks) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  for (; blocks > 0; --blocks) {
    const auto before = state;
    __m128i words[lanes][4];
    for (int lane = 0; lane < lanes; ++lane) {
      for (int i = 0; i < 4; ++i)
        words[lane][i] =
            _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(state[lane].next + std::ptrdiff_t{16} * i)), big_endian);
      state[lane].next += block_bytes;
    }
#pragma GCC unroll 16
    for (int four = 0; four < 16; ++four) {
      const __m128i constants = _mm_load_si128(reinterpret_cast<const __m128i*>(round_constants + 4 * four));
#pragma GCC unroll 2
      for (int lane = 0; lane < lanes; ++lane) {
        auto& [abef, cdgh, next] = state[lane];
        __m128i *w = words[lane], &oldest = w[four % 4], newest = w[(four + 3) % 4];
        const __m128i sum = _mm_add_epi32(oldest, constants);
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));
        if (four >= 12) continue;
        const __m128i seven_back = _mm_alignr_epi8(newest, w[(four + 2) % 4], 4);
        oldest = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(oldest, w[(four + 1) % 4]), seven_back), newest);
      }
    }
    for (int lane = 0; lane < lanes; ++lane) {
      state[lane].abef = _mm_add_epi32(state[lane].abef, before[lane].abef);
      state[lane].cdgh = _mm_add_epi32(state[lane].cdgh, before[lane].cdgh);
    }
  }
}

// The rest of the text behind what the lane has taken, and the padding (FIPS 180-4, 5.1.1).
AIDP_SHA Digest finish(Lane lane, Bytes text) {
  auto rest = text.subspan(static_cast<std::size_t>(lane.next - text.data()));
  std::array<Lane, 1> alone{lane};
  take<1>(alone, rest.size() / block_bytes);
  rest = rest.subspan(rest.size() / block_bytes * block_bytes);
  std::array<std::byte, 2 * block_bytes> last{};
  std::ranges::copy(rest, last.begin());
  last[rest.size()] = std::byte{0x80};
  const std::size_t blocks = rest.size() + 9 > block_bytes ? 2 : 1;
  const auto bits = __builtin_bswap64(std::uint64_t{8} * text.size());
  std::memcpy(last.data() + blocks * block_bytes - sizeof bits, &bits, sizeof bits);
  alone[0].next = last.data();
  take<1>(alone, blocks);
  const auto abef = std::bit_cast<std::array<std::uint32_t, 4>>(alone[0].abef),
             cdgh = std::bit_cast<std::array<std::uint32_t, 4>>(alone[0].cdgh);
  std::array<std::uint32_t, 8> words{abef[3], abef[2], cdgh[3], cdgh[2], abef[1], abef[0], cdgh[1], cdgh[0]};
  for (auto& word : words) word = __builtin_bswap32(word);
  return std::bit_cast<Digest>(words);
}

std::array<Digest, 2> side_by_side(Bytes first, Bytes second) {
  std::array<Lane, 2> lanes{start(first), start(second)};
  take<2>(lanes, std::min(first.size(), second.size()) / block_bytes);
  return {finish(lanes[0], first), finish(lanes[1], second)};
}
}  // namespace
#endif

std::array<Digest, 2> sha256_pair(std::span<const std::byte> first, std::span<const std::byte> second) {
#if defined(__x86_64__)
  static const bool can = processor_has_sha();
  if (can) return side_by_side(first, second);
#endif
  return {sha256(first), sha256(second)};
}

}  // namespace aidp
