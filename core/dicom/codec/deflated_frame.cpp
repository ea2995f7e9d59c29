// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

#include "core/base/error.hpp"
#include "core/dicom/codec/codec.hpp"
#include "core/dicom/codec/form.hpp"

namespace aidp {

Colour decode_deflated_frame(Bytes encoded, const InstanceHeader& header, Values out) {
  std::vector<std::byte> native(static_cast<std::size_t>((native_frame_bits(header) + 7) / 8));
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(encoded.data()));
  stream.avail_in = static_cast<uInt>(encoded.size());
  stream.next_out = reinterpret_cast<Bytef*>(native.data());
  stream.avail_out = static_cast<uInt>(native.size());
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw Error(Reason::pixels_corrupt, "deflated frame: zlib does not start");
  const int status = ::inflate(&stream, Z_FINISH);
  const bool filled = stream.avail_out == 0;
  ::inflateEnd(&stream);
  if (!filled || status == Z_DATA_ERROR || status == Z_MEM_ERROR)
    throw Error(Reason::pixels_corrupt, "deflated frame: it is corrupt or truncated");
  unpack_native(native, 0, header, out);
  return Colour::as_header;
}

}  // namespace aidp
