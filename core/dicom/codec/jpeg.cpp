// SPDX-License-Identifier: Apache-2.0
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <vector>

#include "core/base/error.hpp"
#include "core/dicom/codec/codec.hpp"

namespace aidp {

void decode_jpeg(DcmDataset& dataset, std::int64_t frame, const InstanceHeader& header, std::span<std::byte> out) {
  DcmElement* element = nullptr;
  if (dataset.findAndGetElement(DCM_PixelData, element).bad() || !element) throw Error(Reason::pixels_size, "there is no PixelData");
  Uint32 size = 0, fragment = 0;
  if (element->getUncompressedFrameSize(&dataset, size).bad() || size < out.size())
    throw Error(Reason::pixels_size, "JPEG: a frame has " + std::to_string(size) + " bytes, the header says " + std::to_string(out.size()));
  std::vector<std::byte> buffer(size + size % 2);
  OFString colour;
  const auto status = element->getUncompressedFrame(&dataset, static_cast<Uint32>(frame), fragment, buffer.data(),
                                                    static_cast<Uint32>(buffer.size()), colour);
  if (status.bad()) throw Error(Reason::pixels_corrupt, std::string("JPEG: ") + status.text());
  if (header.samples_per_pixel > 1 && colour != "RGB")
    throw Error(Reason::pixels_unsupported, std::string("JPEG: the colours are ") + colour.c_str() + ", not RGB");
  std::copy_n(buffer.begin(), out.size(), out.begin());
}

}  // namespace aidp
