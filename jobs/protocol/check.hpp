// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/process/frame.hpp"
#include "jobs/protocol/common_messages.hpp"
#include "jobs/protocol/list_messages.hpp"
#include "jobs/protocol/model_messages.hpp"
#include "jobs/protocol/read_messages.hpp"
#include "jobs/protocol/write_messages.hpp"

namespace aidp {

// A worker is hostile as soon as a file or a model has taken it over. Each reply is held to its request: counts, sizes, lengths of texts,
// reasons, numbers. Throws BadReply, which is that worker's crash. A lie about what only the worker can know, such as a value, is not seen.
void check(const HelloRequest& request, const HelloReply& reply);
void check(const EnvironmentRequest& request, const EnvironmentReply& reply);

void check(const ListRequest& request, const ListReply& reply);
void check(const LookRequest& request, const LookReply& reply);
void check(const HashRequest& request, const HashReply& reply);
void check(const ScanRequest& request, const ScanReply& reply);
void check(const DirectoryRequest& request, const DirectoryReply& reply);
void check(const DecodeRequest& request, const DecodeReply& reply);
void check(const PixelsRequest& request, const PixelsReply& reply);
// Of one file and one image: for a worker too, as a file may say what no reply may.
void check_scanned(const ScannedFile& file, const std::vector<std::string>& keywords);
void check_decoded(const WantedImage& wanted, const DecodedImage& image);

void check(const LoadRequest& request, const LoadReply& reply);
void check(const InferRequest& request, const InferReply& reply);
void check(const PrepareRequest& request, const PrepareReply& reply);
void check(const CompareRequest& request, const CompareReply& reply);

// The file is there, a regular one with that content.
void check(const WriteOutputRequest& request, const WriteOutputReply& reply);
// The file is there, a regular one that begins as HDF5 does.
void check(const WriteHdf5Request& request, const Done& reply);
void check(const WriteTensorRequest& request, const Done& reply);

// Of a whole request: whether what is asked may fail for this reason.
void check_failure(std::string_view op, const Failure& failure);

}  // namespace aidp
