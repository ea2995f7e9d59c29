// SPDX-License-Identifier: Apache-2.0
// For scripts/bench decode: how fast the frames of files are decoded by PixelFile, and by the codec's library alone, in turn.
//   aidp_bench_decode SECONDS FILE...    one line each: transfer syntax, bytes of a pass, best seconds of aidp, best seconds of the library
#include <charls/charls.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcrledec.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djcparam.h>
#include <dcmtk/dcmjpeg/djdijg12.h>
#include <dcmtk/dcmjpeg/djdijg16.h>
#include <dcmtk/dcmjpeg/djdijg8.h>
#include <openjpeg.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <iostream>
#include <memory>

#include "core/base/file.hpp"
#include "core/dicom/codec/pixels.hpp"

using namespace aidp;

namespace {
struct Frame {
  std::vector<std::byte> encoded;
  const InstanceHeader* header;
};

[[noreturn]] void fail(const char* what) { throw std::runtime_error(std::string(what) + " failed"); }

void by_charls(const Frame& frame, Values out) {
  charls::jpegls_decoder decoder;
  decoder.source(frame.encoded.data(), frame.encoded.size());
  decoder.read_header();
  decoder.decode(out.data(), std::max(out.size(), decoder.destination_size()));
}

struct Memory {
  const std::vector<std::byte>* bytes;
  std::size_t at = 0;
};

void by_openjpeg(const Frame& frame, Values) {
  Memory memory{&frame.encoded};
  const bool raw = std::memcmp(frame.encoded.data(), "\xFF\x4F\xFF\x51", 4) == 0;
  auto* codec = opj_create_decompress(raw ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
  auto* stream = opj_stream_default_create(OPJ_TRUE);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_setup_decoder(codec, &parameters);
  opj_stream_set_user_data(stream, &memory, nullptr);
  opj_stream_set_user_data_length(stream, frame.encoded.size());
  opj_stream_set_read_function(stream, [](void* to, OPJ_SIZE_T wanted, void* user) -> OPJ_SIZE_T {
    auto& from = *static_cast<Memory*>(user);
    const auto count = std::min<std::size_t>(wanted, from.bytes->size() - from.at);
    if (count == 0) return static_cast<OPJ_SIZE_T>(-1);
    std::memcpy(to, from.bytes->data() + from.at, count);
    from.at += count;
    return count;
  });
  opj_stream_set_skip_function(stream, [](OPJ_OFF_T count, void* user) -> OPJ_OFF_T {
    static_cast<Memory*>(user)->at += static_cast<std::size_t>(count);
    return count;
  });
  opj_stream_set_seek_function(stream, [](OPJ_OFF_T place, void* user) -> OPJ_BOOL {
    static_cast<Memory*>(user)->at = static_cast<std::size_t>(place);
    return OPJ_TRUE;
  });
  opj_image_t* image = nullptr;
  if (!opj_read_header(stream, codec, &image) || !opj_decode(codec, stream, image)) fail("OpenJPEG");
  opj_image_destroy(image);
  opj_stream_destroy(stream);
  opj_destroy_codec(codec);
}

void by_ijg(const Frame& frame, Values out) {
  static const DJCodecParameter parameters(ECC_lossyYCbCr, EDC_never, EUC_never, EPC_colorByPixel);
  std::unique_ptr<DJDecoder> decoder;
  if (frame.header->bits_allocated == 8)
    decoder = std::make_unique<DJDecompressIJG8Bit>(parameters, OFFalse);
  else if (frame.header->bits_stored <= 12)
    decoder = std::make_unique<DJDecompressIJG12Bit>(parameters, OFFalse);
  else
    decoder = std::make_unique<DJDecompressIJG16Bit>(parameters, OFFalse);
  decoder->init();
  const auto* bytes = reinterpret_cast<const Uint8*>(frame.encoded.data());
  if (decoder
          ->decode(const_cast<Uint8*>(bytes), static_cast<Uint32>(frame.encoded.size()), reinterpret_cast<Uint8*>(out.data()),
                   static_cast<Uint32>(out.size()), OFFalse)
          .bad())
    fail("IJG");
}

void by_dcmtk_rle(const Frame& frame, Values out) {
  const auto word = [&](std::size_t at) {
    std::uint32_t value;
    std::memcpy(&value, &frame.encoded[at], sizeof value);
    return value;
  };
  const auto segments = word(0);
  DcmRLEDecoder decoder(out.size() / segments);
  for (std::size_t s = 0; s < segments; ++s) {
    const std::size_t begin = word(4 + 4 * s), end = s + 1 < segments ? word(8 + 4 * s) : frame.encoded.size();
    decoder.clear();
    auto* bytes = const_cast<std::byte*>(&frame.encoded[begin]);
    if (decoder.decompress(bytes, end - begin).bad() && decoder.size() == 0) fail("RLE of DCMTK");
    const auto* plane = static_cast<const std::byte*>(decoder.getOutputBuffer());
    for (std::size_t p = 0; p < decoder.size(); ++p) out[p * segments + s] = plane[p];
  }
}

double seconds_of(const std::function<void()>& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

void measure(const std::string& path, double at_least) {
  const PixelFile file(path);
  const auto codec = find_syntax(file.stored().transfer_syntax_uid)->codec;
  const std::map<Codec, void (*)(const Frame&, Values)> libraries{
      {Codec::jpeg_ls, by_charls}, {Codec::jpeg_2000, by_openjpeg}, {Codec::jpeg, by_ijg}, {Codec::rle, by_dcmtk_rle}};
  const auto library = libraries.at(codec);
  const auto content = read_file(path, std::size_t{1} << 30);
  const DicomFile parsed(content);
  const Fragments fragments(parsed.pixels().value().bytes, file.stored().number_of_frames, codec);
  std::vector<Frame> frames;
  std::vector<std::byte> joined, values(static_cast<std::size_t>(stored_form(file.stored()).bytes));
  for (std::int64_t i = 0; i < file.stored().number_of_frames; ++i) {
    const auto bytes = fragments.frame(i, joined);
    frames.push_back({{bytes.begin(), bytes.end()}, &file.stored()});
  }
  double ours = 1e9, theirs = 1e9;
  for (double spent = 0; spent < at_least;) {  // in turn, so that what else the machine does strikes both; the best of each counts
    const double mine = seconds_of([&] {
      for (std::int64_t i = 0; i < file.stored().number_of_frames; ++i) file.decode_stored(i, values);
    });
    const double alone = seconds_of([&] {
      for (const auto& frame : frames) library(frame, values);
    });
    ours = std::min(ours, mine);
    theirs = std::min(theirs, alone);
    spent += mine + alone;
  }
  std::cout << file.stored().transfer_syntax_uid << " " << values.size() * frames.size() << " " << ours << " " << theirs << "\n";
}
}  // namespace

int main(int count, char** words) try {
  start_dicom();
  for (int i = 2; i < count; ++i) measure(words[i], std::stod(words[1]));
} catch (const std::exception& error) {
  std::cerr << "aidp_bench_decode: " << error.what() << "\n";
  return 1;
}
