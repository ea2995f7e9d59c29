// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/file.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/oflog/oflog.h>

#include <array>
#include <cstring>

#include "core/base/ids.hpp"
#include "core/dicom/read/file_stream.hpp"
#include "core/dicom/read/value.hpp"

namespace aidp {

namespace {
constexpr std::size_t shortest_file = 16;

[[noreturn]] void fail(const OFCondition& status) {
  const bool cut = status == EC_InvalidStream || status == EC_StreamNotifyClient || status == EC_EndOfStream;
  if (cut) throw Error(Reason::dicom_truncated, "the file ends before its data does");
  throw Error(Reason::dicom_malformed, std::string("DCMTK: ") + status.text());
}

// Whether the bytes begin like DICOM: "DICM" after the preamble, or a first element of a plausible group without one.
bool begins_like_dicom(const unsigned char* bytes, std::size_t size) {
  if (size >= 132 && std::memcmp(bytes + 128, "DICM", 4) == 0) return true;
  if (size < shortest_file) return false;
  const unsigned little = bytes[0] | static_cast<unsigned>(bytes[1]) << 8, big = bytes[1] | static_cast<unsigned>(bytes[0]) << 8;
  const auto plausible = [](unsigned group) { return group == 0x0002 || group == 0x0004 || group == 0x0008; };
  return (plausible(little) && bytes[3] == 0) || (plausible(big) && bytes[2] == 0);
}

void check_begin(FileReader& reader) {
  std::array<std::byte, 132> bytes;
  const auto got = reader.read(bytes, 0);
  reader.check();
  if (!begins_like_dicom(reinterpret_cast<const unsigned char*>(bytes.data()), got))
    throw Error(Reason::not_dicom, got == 0 ? "an empty file" : "not a DICOM file");
}

std::string uid_in(DcmDataset& dataset, const DcmTagKey& tag) {
  const auto uid = text_of(dataset, tag);
  return is_uid(uid) ? uid : std::string();
}

// `end`: where DCMTK stopped, which is behind the head of PixelData (PS3.5 7.1); looked at again, as a guess would be another image.
std::optional<DicomFile::PixelBytes> find_pixels(std::span<const std::byte> bytes, std::size_t end, DcmDataset& dataset) {
  constexpr std::size_t explicit_head = 12, implicit_head = 8;
  constexpr std::uint32_t undefined = 0xFFFFFFFF;
  const auto syntax = dataset.getOriginalXfer();
  if (DcmXfer(syntax).getByteOrder() == EBO_BigEndian || syntax == EXS_DeflatedLittleEndianExplicit || end > bytes.size())
    return std::nullopt;
  const auto stands = [&](std::size_t before, const char* text, std::size_t size) {
    return end >= before && std::memcmp(bytes.data() + end - before, text, size) == 0;
  };
  const bool is_explicit = stands(explicit_head, "\xE0\x7F\x10\x00OW", 6) || stands(explicit_head, "\xE0\x7F\x10\x00OB", 6);
  if (!is_explicit && !stands(implicit_head, "\xE0\x7F\x10\x00", 4)) return std::nullopt;
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + end - sizeof length, sizeof length);
  if (length == undefined) return DicomFile::PixelBytes{bytes.subspan(end), true};
  if (length > bytes.size() - end) throw Error(Reason::dicom_truncated, "the file ends before its pixel data does");
  return DicomFile::PixelBytes{bytes.subspan(end, length), false};
}
}  // namespace

void start_dicom() {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  dcmAcceptUnexpectedImplicitEncoding.set(OFTrue);
  if (!dcmDataDict.isDictionaryLoaded())
    throw Error(Reason::environment_lacking, "DCMTK's data dictionary (dicom.dic) cannot be read",
                "install libdcmtk17 again, or name the file in DCMDICTPATH");
}

std::string dcmtk_version() { return OFFIS_DCMTK_VERSION; }

DicomFile::DicomFile(std::shared_ptr<FileReader> reader, Part part) : reader_(std::move(reader)), file_(std::make_unique<DcmFileFormat>()) {
  check_begin(*reader_);
  FileStream stream(reader_);
  file_->transferInit();
  const auto status = part == Part::header ? file_->readUntilTag(stream, EXS_Unknown, EGL_noChange, DCM_MaxReadLength, DCM_PixelData)
                                           : file_->read(stream, EXS_Unknown, EGL_noChange, DCM_MaxReadLength);
  file_->transferEnd();
  try {
    reader_->check();
    if (status.bad()) fail(status);
    finish();
  } catch (const Error& error) {
    if (error.reason() == Reason::not_dicom) throw;
    throw BrokenFile(error, uid_in(dataset(), DCM_StudyInstanceUID), uid_in(dataset(), DCM_SeriesInstanceUID));
  }
}

void DicomFile::check_read() const { reader_->check(); }

DicomFile::DicomFile(const std::string& bytes) {
  if (!begins_like_dicom(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()))
    throw Error(Reason::not_dicom, "not a DICOM file");
  read(bytes, Part::header);
  if (!pixels_) read(bytes, Part::whole);
  finish();
}

void DicomFile::read(const std::string& bytes, Part part) {
  file_ = std::make_unique<DcmFileFormat>();
  DcmInputBufferStream stream;
  stream.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  stream.setEos();
  file_->transferInit();
  const auto status = part == Part::header ? file_->readUntilTag(stream, EXS_Unknown, EGL_noChange, DCM_MaxReadLength, DCM_PixelData)
                                           : file_->read(stream, EXS_Unknown, EGL_noChange, DCM_MaxReadLength);
  file_->transferEnd();
  if (part == Part::header)
    pixels_ = find_pixels(std::as_bytes(std::span(bytes)), static_cast<std::size_t>(stream.tell()), *file_->getDataset());
  else if (status.bad())
    fail(status);
}

DicomFile::~DicomFile() = default;

void DicomFile::finish() {
  const char* uid = nullptr;
  if (file_->getMetaInfo()) has_meta_ = file_->getMetaInfo()->card() > 0;
  if (file_->getMetaInfo() && file_->getMetaInfo()->findAndGetString(DCM_TransferSyntaxUID, uid).good() && uid) {
    transfer_syntax_uid_ = uid;
    while (transfer_syntax_uid_.ends_with(' ')) transfer_syntax_uid_.pop_back();
  }
  if (transfer_syntax_uid_.empty()) transfer_syntax_uid_ = DcmXfer(file_->getDataset()->getOriginalXfer()).getXferID();
  if (file_->getDataset()->card() == 0)
    throw Error(has_meta_ ? Reason::dicom_truncated : Reason::not_dicom, "no DICOM element was found after the start of the file");
}

DcmDataset& DicomFile::dataset() const { return *file_->getDataset(); }

}  // namespace aidp
