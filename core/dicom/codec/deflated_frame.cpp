// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

#include "core/base/error.hpp"
#include "core/dicom/codec/codec.hpp"
#include "core/dicom/codec/form.hpp"

namespace aidp {

Colour decode_deflated_frame(Bytes encoded, const InstanceHeader& header, Values out) {
  const auto bytes = static_cast<std::size_t>((native_frame_bits(header) + 7) / 8);
  std::vector<std::byte> native(bytes + 2);  // a byte may make the length even; one more is too much
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(encoded.data()));
  stream.avail_in = static_cast<uInt>(encoded.size());
  stream.next_out = reinterpret_cast<Bytef*>(native.data());
  stream.avail_out = static_cast<uInt>(native.size());
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw Error(Reason::pixels_corrupt, "deflated frame: zlib does not start");
  const int status = ::inflate(&stream, Z_FINISH);
  const auto there = native.size() - stream.avail_out;
  ::inflateEnd(&stream);
  if (there < bytes || status == Z_DATA_ERROR || status == Z_MEM_ERROR)
    throw Error(Reason::pixels_corrupt, "deflated frame: it is corrupt or truncated");
  if (there > bytes + bytes % 2) throw Error(Reason::pixels_size, "deflated frame: it is longer than the header implies");
  unpack_native(native, 0, header, out);
  return Colour::as_header;
}

}  // namespace aidp
