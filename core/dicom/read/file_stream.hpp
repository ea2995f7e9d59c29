// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrma.h>

#include <array>
#include <cstddef>
#include <memory>

#include "core/dicom/read/file_reader.hpp"

namespace aidp {

// A file as DCMTK reads it, from `offset` on. Large values are left in the file until they are asked for, and then come from it too.
class FileStream : public DcmInputStream {
 public:
  explicit FileStream(std::shared_ptr<FileReader> reader, std::int64_t offset = 0);
  DcmInputStreamFactory* newFactory() const override;

 private:
  class Producer : public DcmProducer {
   public:
    Producer(std::shared_ptr<FileReader> reader, std::int64_t offset);
    OFBool good() const override { return OFTrue; }
    OFCondition status() const override { return EC_Normal; }
    OFBool eos() override { return at_ >= end_; }
    offile_off_t avail() override { return end_ - at_; }
    offile_off_t read(void* buffer, offile_off_t length) override;
    offile_off_t skip(offile_off_t length) override;
    void putback(offile_off_t length) override { at_ -= length; }

    std::shared_ptr<FileReader> reader;

   private:
    std::int64_t at_, end_;
    std::array<std::byte, 16384> ahead_;
    std::int64_t ahead_from_ = 0, ahead_to_ = 0;  // what it holds
  };
  Producer producer_;
  std::int64_t offset_;
};

}  // namespace aidp
