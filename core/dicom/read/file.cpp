// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/file.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/oflog/oflog.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/file.hpp"

namespace aidp {

namespace {
constexpr std::size_t shortest_file = 16;

[[noreturn]] void fail(const OFCondition& status, bool is_dicom) {
  if (!is_dicom) throw Error(Reason::not_dicom, "not a DICOM file");
  const bool cut = status == EC_InvalidStream || status == EC_StreamNotifyClient || status == EC_EndOfStream;
  if (cut) throw Error(Reason::dicom_truncated, "the file ends before its data");
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

void check_begin(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) throw Error(Reason::dicom_unreadable, std::string("cannot be opened: ") + std::strerror(errno));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) throw Error(Reason::not_dicom, "not a regular file");
  unsigned char bytes[132];
  const auto got = ::pread(file.get(), bytes, sizeof bytes, 0);
  if (got < 0) throw Error(Reason::dicom_unreadable, std::string("cannot be read: ") + std::strerror(errno));
  if (!begins_like_dicom(bytes, static_cast<std::size_t>(got)))
    throw Error(Reason::not_dicom, got == 0 ? "an empty file" : "not a DICOM file");
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
  if (length > bytes.size() - end) throw Error(Reason::dicom_truncated, "the file ends before its pixel data");
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

DicomFile::DicomFile(const std::string& path, Part part) : file_(std::make_unique<DcmFileFormat>()) {
  check_begin(path);
  const auto status = part == Part::header
                          ? file_->loadFileUntilTag(path.c_str(), EXS_Unknown, EGL_noChange, 4096, ERM_autoDetect, DCM_PixelData)
                          : file_->loadFile(path.c_str(), EXS_Unknown, EGL_noChange, DCM_MaxReadLength, ERM_autoDetect);
  if (status.bad()) fail(status, true);
  finish();
}

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
    fail(status, true);
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
    throw Error(has_meta_ ? Reason::dicom_truncated : Reason::not_dicom, "no DICOM element was found behind the file's beginning");
}

DcmDataset& DicomFile::dataset() const { return *file_->getDataset(); }

}  // namespace aidp
