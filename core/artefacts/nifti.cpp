// SPDX-License-Identifier: Apache-2.0
#include "core/artefacts/nifti.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/publish.hpp"

namespace aidp {

namespace {
constexpr std::size_t voxels_at = 352;

template <class T>
void put(std::array<std::byte, voxels_at>& header, std::size_t at, T value) {
  std::memcpy(header.data() + at, &value, sizeof value);
}

// The NIfTI-1 header (nifti1.h) of a uint8 volume, with an sform if the image has an affine: a code of 0 says that there is none.
std::array<std::byte, voxels_at> header_of(const ImageHeader& image) {
  std::array<std::byte, voxels_at> header{};
  put<std::int32_t>(header, 0, 348);
  const std::int64_t shape[] = {3, image.columns, image.rows, image.slices, 1, 1, 1, 1};
  for (std::size_t i = 0; i < 8; ++i) put(header, 40 + 2 * i, static_cast<std::int16_t>(shape[i]));
  put<std::int16_t>(header, 70, 2);  // DT_UINT8
  put<std::int16_t>(header, 72, 8);
  put(header, 76, 1.0F);
  for (std::size_t i = 0; i < 3; ++i) put(header, 80 + 4 * i, static_cast<float>(image.spacing_mm[i]));
  put(header, 108, static_cast<float>(voxels_at));
  put(header, 112, 1.0F);                            // scl_slope
  if (image.has_spacing) put<char>(header, 123, 2);  // mm; else unknown
  std::memcpy(header.data() + 344, "n+1", 4);
  if (!image.has_geometry) return header;
  put<std::int16_t>(header, 254, 1);  // sform: scanner coordinates
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t column = 0; column < 4; ++column)
      put(header, 280 + 16 * row + 4 * column, static_cast<float>((row < 2 ? -1 : 1) * image.affine[4 * row + column]));  // LPS to RAS
  return header;
}
}  // namespace

void write_nifti(const std::filesystem::path& file, const ImageHeader& image, std::span<const std::byte> voxels) {
  if (voxels.size() != image.bytes() || image.type != PixelType::uint8) throw Error(Reason::internal, "a mask has one byte for each voxel");
  if (image.columns > 32767 || image.rows > 32767 || image.slices > 32767)
    throw Error(Reason::pixels_limit, "NIfTI-1 takes 32767 voxels a side at most");
  publish_with(file, [&](const std::filesystem::path& temporary) {
    errno = 0;
    const std::unique_ptr<gzFile_s, int (*)(gzFile)> zip(gzopen(temporary.c_str(), "wb1"), gzclose);
    const auto header = header_of(image);
    bool good = zip && gzwrite(zip.get(), header.data(), header.size()) == static_cast<int>(header.size());
    for (std::size_t done = 0; good && done < voxels.size();) {
      const auto count = static_cast<unsigned>(std::min<std::size_t>(voxels.size() - done, 1 << 24));
      good = gzwrite(zip.get(), voxels.data() + done, count) == static_cast<int>(count);
      done += count;
    }
    if (!good || gzflush(zip.get(), Z_FINISH) != Z_OK) throw_errno("cannot write " + file.string());
  });
}

}  // namespace aidp
