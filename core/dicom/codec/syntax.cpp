// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/codec/syntax.hpp"

#include <algorithm>
#include <array>

namespace aidp {

namespace {
constexpr std::array syntaxes{TransferSyntax{"1.2.840.10008.1.2", "Implicit VR Little Endian", Codec::native},
                              TransferSyntax{"1.2.840.10008.1.2.1", "Explicit VR Little Endian", Codec::native},
                              TransferSyntax{"1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", Codec::native, false, true},
                              TransferSyntax{"1.2.840.10008.1.2.2", "Explicit VR Big Endian", Codec::native, true},
                              TransferSyntax{"1.2.840.10008.1.2.8.1", "Deflated Image Frame", Codec::deflated_frames},
                              TransferSyntax{"1.2.840.10008.1.2.5", "RLE Lossless", Codec::rle},
                              TransferSyntax{"1.2.840.10008.1.2.4.50", "JPEG Baseline", Codec::jpeg, false, false, true},
                              TransferSyntax{"1.2.840.10008.1.2.4.51", "JPEG Extended", Codec::jpeg, false, false, true},
                              TransferSyntax{"1.2.840.10008.1.2.4.57", "JPEG Lossless", Codec::jpeg},
                              TransferSyntax{"1.2.840.10008.1.2.4.70", "JPEG Lossless SV1", Codec::jpeg},
                              TransferSyntax{"1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", Codec::jpeg_ls},
                              TransferSyntax{"1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless", Codec::jpeg_ls, false, false, true},
                              TransferSyntax{"1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless", Codec::jpeg_2000},
                              TransferSyntax{"1.2.840.10008.1.2.4.91", "JPEG 2000", Codec::jpeg_2000, false, false, true},
                              TransferSyntax{"1.2.840.10008.1.2.4.201", "HTJ2K Lossless", Codec::jpeg_2000},
                              TransferSyntax{"1.2.840.10008.1.2.4.202", "HTJ2K Lossless RPCL", Codec::jpeg_2000},
                              TransferSyntax{"1.2.840.10008.1.2.4.203", "HTJ2K", Codec::jpeg_2000, false, false, true}};
}  // namespace

const TransferSyntax* find_syntax(std::string_view uid) {
  const auto* found = std::ranges::find(syntaxes, uid, &TransferSyntax::uid);
  return found == syntaxes.end() ? nullptr : found;
}

}  // namespace aidp
