// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/file_stream.hpp"

#include <algorithm>
#include <cstring>

namespace aidp {

namespace {
// Reads a large value later, from where it stands.
class FileStreamFactory : public DcmInputStreamFactory {
 public:
  FileStreamFactory(std::shared_ptr<FileReader> reader, std::int64_t offset) : reader_(std::move(reader)), offset_(offset) {}
  DcmInputStream* create() const override { return new FileStream(reader_, offset_); }
  DcmInputStreamFactory* clone() const override { return new FileStreamFactory(*this); }
  DcmInputStreamFactoryType ident() const override { return DFT_DcmInputTempFileStreamFactory; }  // its file has no name of its own

 private:
  std::shared_ptr<FileReader> reader_;
  std::int64_t offset_;
};
}  // namespace

FileStream::Producer::Producer(std::shared_ptr<FileReader> from, std::int64_t offset)
    : reader(std::move(from)), at_(offset), end_(std::max(reader->state().size, offset)) {}

offile_off_t FileStream::Producer::read(void* buffer, offile_off_t length) {
  auto* to = static_cast<std::byte*>(buffer);
  std::int64_t done = 0;
  while (done < length && at_ < end_) {
    if (at_ < ahead_from_ || at_ >= ahead_to_) {
      ahead_from_ = at_;
      ahead_to_ = at_ + static_cast<std::int64_t>(reader->read(ahead_, at_));
      if (ahead_to_ == at_) end_ = at_;  // shorter than it was, or it cannot be read
    }
    const auto part = std::min({length - done, ahead_to_ - at_, end_ - at_});
    std::memcpy(to + done, ahead_.data() + (at_ - ahead_from_), static_cast<std::size_t>(part));
    done += part;
    at_ += part;
  }
  return done;
}

offile_off_t FileStream::Producer::skip(offile_off_t length) {
  const auto skipped = std::min<std::int64_t>(length, avail());
  at_ += skipped;
  return skipped;
}

FileStream::FileStream(std::shared_ptr<FileReader> reader, std::int64_t offset)
    : DcmInputStream(&producer_), producer_(std::move(reader), offset), offset_(offset) {}

DcmInputStreamFactory* FileStream::newFactory() const {
  if (currentProducer() != &producer_) return nullptr;  // inflated: it cannot be read from the middle
  return new FileStreamFactory(producer_.reader, offset_ + tell());
}

}  // namespace aidp
