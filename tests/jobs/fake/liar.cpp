// SPDX-License-Identifier: Apache-2.0
// A worker that was taken over: it stands between the supervisor and a true worker and changes true answers, by the struct or byte by byte.
// Beside the link that it is called by lies a file `lie` of three lines: the operation, the name of the lie, and a part of the paths of the
// files that it tells it of (empty: all); and `true`, a link to the folder of true workers.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <map>

#include "core/dicom/header.hpp"
#include "jobs/process/channel.hpp"
#include "jobs/process/frame.hpp"
#include "jobs/protocol/common_messages.hpp"
#include "jobs/protocol/list_messages.hpp"
#include "jobs/protocol/model_messages.hpp"
#include "jobs/protocol/read_messages.hpp"
#include "jobs/protocol/write_messages.hpp"

namespace {
using namespace aidp;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::filesystem::path own_folder;  // of the link that this was called by

struct Lie {
  std::string op, name, part;
};

// The bytes that take the place of an answer's body; nothing: the true ones.
using Body = std::optional<std::string>;
using Liar = std::function<Body(const std::string& request, const std::string& answer, const std::string& part)>;

bool is_meant(const std::string& path, const std::string& part) { return path.find(part) != std::string::npos; }

// Of the files of a scan that are meant; a lie that is told of none leaves the answer as it is.
Liar of_files(const std::function<void(ScannedFile&)>& change) {
  return [change](const std::string& request, const std::string& answer, const std::string& part) -> Body {
    const auto asked = unpacked<ScanRequest>(request);
    auto reply = unpacked<ScanReply>(answer);
    bool told = false;
    for (std::size_t i = 0; i < reply.files.size(); ++i)
      if (is_meant(asked.paths[i], part)) {
        change(reply.files[i]);
        told = true;
      }
    return told ? Body(packed(reply)) : std::nullopt;
  };
}

Liar of_headers(const std::function<void(InstanceHeader&)>& change) {
  return of_files([change](ScannedFile& file) {
    static std::deque<std::string> kept;  // that the views look at
    auto header = unpacked<InstanceHeader>(file.header);
    change(header);
    file.header = kept.emplace_back(packed(header));
  });
}

// Of the folders of a listing that are meant.
Liar of_folders(const std::function<void(ListedFolder&)>& change) {
  return [change](const std::string& request, const std::string& answer, const std::string& part) -> Body {
    const auto asked = unpacked<ListRequest>(request);
    auto reply = unpacked<ListReply>(answer);
    for (std::size_t i = 0; i < reply.folders.size(); ++i)
      if (is_meant(asked.folders[i].path, part)) change(reply.folders[i]);
    return packed(reply);
  };
}

Liar of_names(const std::string& name) {
  return of_folders([name](auto& folder) { folder.entries.front().name = name; });
}

Liar of_looks(const std::function<void(LookedAt&)>& change) {
  return [change](const std::string& request, const std::string& answer, const std::string& part) -> Body {
    const auto asked = unpacked<LookRequest>(request);
    auto reply = unpacked<LookReply>(answer);
    for (std::size_t i = 0; i < reply.paths.size(); ++i)
      if (is_meant(asked.paths[i], part)) change(reply.paths[i]);
    return packed(reply);
  };
}

Liar of_images(const std::function<void(OrFailure<DecodedImage>&)>& change) {
  return [change](const std::string& request, const std::string& answer, const std::string& part) -> Body {
    const auto asked = unpacked<DecodeRequest>(request);
    auto reply = unpacked<DecodeReply>(answer);
    bool told = false;
    for (std::size_t i = 0; i < reply.images.size(); ++i)
      if (is_meant(asked.images[i].files.front().path, part)) {
        change(reply.images[i]);
        told = true;
      }
    return told ? Body(packed(reply)) : std::nullopt;
  };
}

Liar of_decoded(const std::function<void(DecodedImage&)>& change) {
  return of_images([change](auto& image) { change(std::get<DecodedImage>(image.said)); });
}

// Of the items whose first stored value is the one that is meant, as a model worker knows no files.
bool is_meant(const ModelItem& item, const std::string& part) {
  std::int16_t first = 0;
  return part.empty() ||
         (::pread(4, &first, sizeof first, static_cast<off_t>(item.offset)) == sizeof first && std::to_string(first) == part);
}

Liar of_items(const std::function<void(OrFailure<InferredItem>&)>& change) {
  return [change](const std::string& request, const std::string& answer, const std::string& part) -> Body {
    const auto asked = unpacked<InferRequest>(request);
    auto reply = unpacked<InferReply>(answer);
    bool told = false;
    for (std::size_t i = 0; i < reply.items.size(); ++i)
      if (is_meant(asked.items[i], part)) {
        change(reply.items[i]);
        told = true;
      }
    return told ? Body(packed(reply)) : std::nullopt;
  };
}

Liar of_values(const std::function<void(std::map<std::string, double>&)>& change) {
  return of_items([change](auto& item) { change(std::get<InferredItem>(item.said).values); });
}

// Where the request is one that is meant.
bool is_meant(const std::string& op, const std::string& request, const std::string& part) {
  if (op == ScanRequest::op) {
    for (const auto& path : unpacked<ScanRequest>(request).paths)
      if (is_meant(path, part)) return true;
    return false;
  }
  if (op == ListRequest::op) {
    for (const auto& folder : unpacked<ListRequest>(request).folders)
      if (is_meant(folder.path, part)) return true;
    return false;
  }
  if (op == LookRequest::op) {
    for (const auto& path : unpacked<LookRequest>(request).paths)
      if (is_meant(path, part)) return true;
    return false;
  }
  if (op == DecodeRequest::op) {
    for (const auto& image : unpacked<DecodeRequest>(request).images)
      if (is_meant(image.files.front().path, part)) return true;
    return false;
  }
  if (op == InferRequest::op) {
    for (const auto& item : unpacked<InferRequest>(request).items)
      if (is_meant(item, part)) return true;
    return false;
  }
  return true;
}

template <class Reply>
Liar of_reply(const std::function<void(Reply&)>& change) {
  return [change](const std::string&, const std::string& answer, const std::string&) -> Body {
    auto reply = unpacked<Reply>(answer);
    change(reply);
    return packed(reply);
  };
}

Liar bytes(const std::string& instead) {
  return [instead](const std::string&, const std::string&, const std::string&) -> Body { return instead; };
}

// Files and pixels that are not this worker's to touch.
Liar deed(const std::function<void(const std::string& request)>& act) {
  return [act](const std::string& request, const std::string&, const std::string&) -> Body {
    act(request);
    return std::nullopt;
  };
}

void scribble(int fd) {
  const std::string sevens(std::size_t{8} << 20, '\7');
  if (::pwrite(fd, sevens.data(), sevens.size(), 0) < 0) return;  // it may not: nothing is lost
}

const std::map<std::string, Liar> scan_lies{
    {"s_fewer", of_reply<ScanReply>([](auto& reply) { reply.files.pop_back(); })},
    {"s_more", of_reply<ScanReply>([](auto& reply) { reply.files.push_back(reply.files.front()); })},
    {"s_header_garbage", of_files([](auto& file) { file.header = "\xff\x01garbage"; })},
    {"s_attr_garbage", of_files([](auto& file) { file.attributes = "\xff\xff\xff"; })},
    {"s_attr_notmap", of_files([](auto& file) { file.attributes = "\xa4text"; })},
    {"s_attr_nest", of_files([](auto& file) {
       static const std::string nest = "\x81\xa8Modality" + std::string(3'000'000, '\x91') + '\0';
       file.attributes = nest;
     })},
    {"s_notdicom", of_files([](auto& file) { file.reason = "dicom.not_dicom"; })},
    {"s_reason_bogus", of_files([](auto& file) { file.reason = "no.such.reason\n\x1b[31m"; })},
    {"s_reason_broken", of_files([](auto& file) { file.reason = "audit.broken"; })},
    {"s_message_big", of_files([](auto& file) {
       static const std::string big(50'000'000, 'A');
       file.reason = "dicom.malformed";
       file.message = big;
     })},
    {"s_uid_odd", of_files([](auto& file) { file.study_uid = "=cmd|'/C calc'!A0\n\x1b[31m<img src=x onerror=alert(1)>,\"x"; })},
    {"s_uid_big", of_files([](auto& file) {
       static const std::string big(50'000'000, '1');
       file.study_uid = big;
     })},
    {"s_rows_huge", of_headers([](auto& header) { header.rows = std::int64_t{1} << 40; })},
    {"s_rows_more", of_headers([](auto& header) { header.rows = 60'000; })},
    {"s_rows_neg", of_headers([](auto& header) { header.rows = -5; })},
    {"s_rows_max", of_headers([](auto& header) { header.rows = std::int64_t{1} << 62; })},
    {"s_frames", of_headers([](auto& header) { header.number_of_frames = 1'000'000; })},
    {"s_inode", of_files([](auto& file) { file.state.inode = -1; })},
    {"s_size", of_files([](auto& file) { file.state.size = -1; })},
};

const std::map<std::string, Liar> list_lies{
    {"f_fewer", of_reply<ListReply>([](auto& reply) { reply.folders.pop_back(); })},
    {"f_above", of_names("..")},
    {"f_itself", of_names(".")},
    {"f_nameless", of_names("")},
    {"f_elsewhere", of_names("../0001/001.dcm")},
    {"f_root", of_names("/etc/passwd")},
    {"f_nul", of_names(std::string("a\0b", 3))},
    {"f_name_big", of_names(std::string(50'000'000, 'A'))},
    {"f_name_odd", of_names("=cmd|'/C calc'!A0\n\x1b[31m<script>\xff")},
    {"f_many", of_folders([](auto& folder) { folder.entries.resize(1'000'000, folder.entries.front()); })},
    {"f_endless", of_folders([](auto& folder) { folder.more = true; })},
    {"f_kind", of_folders([](auto& folder) { folder.entries.front().kind = static_cast<PathKind>(77); })},
    {"f_unknown", of_folders([](auto& folder) { folder.entries.front().kind = PathKind::unknown; })},
    {"f_folder", of_folders([](auto& folder) { folder.entries.front().kind = PathKind::folder; })},
    {"f_link", of_folders([](auto& folder) { folder.entries.front().kind = PathKind::link; })},
    {"f_size", of_folders([](auto& folder) { folder.entries.front().state.size = -1; })},
    {"f_error", of_folders([](auto& folder) { folder.error = -5; })},
    {"f_unlisted", of_folders([](auto& folder) { folder.error = 5; })},
    {"f_empty", of_folders([](auto& folder) { folder.entries.clear(); })},
    {"f_invented", of_folders([](auto& folder) {
       for (int i = 0; i < 500; ++i) folder.entries.push_back({"n" + std::to_string(i), PathKind::file, {}, 0});
     })},
};

const std::map<std::string, Liar> look_lies{
    {"k_fewer", of_reply<LookReply>([](auto& reply) { reply.paths.pop_back(); })},
    {"k_relative", of_looks([](auto& looked) { looked.path = "etc/passwd"; })},
    {"k_above", of_looks([](auto& looked) { looked.path += "/../../../etc/passwd"; })},
    {"k_elsewhere", of_looks([](auto& looked) { looked.path = "/etc/passwd"; })},
    {"k_nul", of_looks([](auto& looked) { looked.path += '\0'; })},
    {"k_big", of_looks([](auto& looked) { looked.path += std::string(50'000'000, 'A'); })},
    {"k_kind", of_looks([](auto& looked) { looked.kind = static_cast<PathKind>(-1); })},
    {"k_link", of_looks([](auto& looked) { looked.kind = PathKind::link; })},
    {"k_unknown", of_looks([](auto& looked) { looked.kind = PathKind::unknown; })},
    {"k_folder", of_looks([](auto& looked) { looked.kind = PathKind::folder; })},
    {"k_size", of_looks([](auto& looked) { looked.state.size = -1; })},
};

const std::map<std::string, Liar> decode_lies{
    {"d_fewer", of_reply<DecodeReply>([](auto& reply) { reply.images.pop_back(); })},
    {"d_more", of_reply<DecodeReply>([](auto& reply) { reply.images.resize(4 * reply.images.size(), reply.images.front()); })},
    {"d_nofiles", of_decoded([](auto& image) { image.sha256.clear(); })},
    {"d_morefiles", of_decoded([](auto& image) { image.sha256.push_back(image.sha256.front()); })},
    {"d_shaodd", of_decoded([](auto& image) { image.sha256[0] = "zz\n\x1b[31m" + std::string(1000, 'A'); })},
    {"d_shahuge", of_decoded([](auto& image) { image.sha256[0] = std::string(50'000'000, 'A'); })},
    {"d_slope_nan", of_decoded([](auto& image) { image.slope[0] = nan; })},
    {"d_noslope", of_decoded([](auto& image) { image.slope.clear(); })},
    {"d_slopes", of_decoded([](auto& image) { image.slope.resize(1'000'000); })},
    {"d_voi", of_decoded([](auto& image) { image.voi.resize(1); })},
    {"d_padding", of_decoded([](auto& image) { image.padding = {{nan, nan}}; })},
    {"d_bits", of_decoded([](auto& image) { image.bits_stored = -7; })},
    {"d_time", of_decoded([](auto& image) { image.milliseconds = nan; })},
    {"d_message_big", of_images([](auto& image) { image.said = ItemFailure{"pixels.corrupt", std::string(50'000'000, 'A')}; })},
    {"d_reason_full", of_images([](auto& image) { image.said = ItemFailure{"disk.full", "x"}; })},
    {"d_reason_bogus", of_images([](auto& image) { image.said = ItemFailure{"no.such.reason", "x"}; })},
    {"d_failed", of_images([](auto& image) { image.said = ItemFailure{"pixels.corrupt", "=cmd|'/C calc'!A0\n\x1b[31m<script>\"\u202e"}; })},
};

const std::map<std::string, Liar> model_lies{
    {"l_deviceodd", of_reply<LoadReply>([](auto& reply) { reply.device = "cpu\n\x1b[31m=cmd|x<script>" + std::string(3000, 'A'); })},
    {"l_devicebig", of_reply<LoadReply>([](auto& reply) { reply.device = std::string(5'000'000, 'A'); })},
    {"i_fewer", of_reply<InferReply>([](auto& reply) { reply.items.pop_back(); })},
    {"i_more", of_reply<InferReply>([](auto& reply) { reply.items.resize(5 * reply.items.size(), reply.items.front()); })},
    {"i_valempty", of_values([](auto& values) { values.clear(); })},
    {"i_nan", of_values([](auto& values) { values.begin()->second = nan; })},
    {"i_inf", of_values([](auto& values) { values.begin()->second = std::numeric_limits<double>::infinity(); })},
    {"i_extra", of_values([](auto& values) { values["PatientName SMITH^JOHN"] = 1; })},
    {"i_many", of_values([](auto& values) {
       for (int i = 0; i < 100'000; ++i) values["n" + std::to_string(i)] = 1;
     })},
    {"i_message",
     of_items([](auto& item) { item.said = ItemFailure{"model.threw", "=cmd|\n\x1b[31m<script>" + std::string(50'000'000, 'A')}; })},
    {"i_reason", of_items([](auto& item) { item.said = ItemFailure{"dicom.not_dicom", "x"}; })},
    {"i_reason_usage", of_items([](auto& item) { item.said = ItemFailure{"usage", "x"}; })},
    {"i_time", of_reply<InferReply>([](auto& reply) { reply.infer_ms = nan; })},
};

const std::map<std::string, Liar> write_lies{
    {"m_wrongsha", of_reply<WriteOutputReply>([](auto& reply) { reply.sha256 = std::string(64, '0'); })},
    {"m_shaodd", of_reply<WriteOutputReply>([](auto& reply) { reply.sha256 = "zz"; })},
    {"m_notwritten", deed([](const auto& request) { std::filesystem::remove(unpacked<WriteOutputRequest>(request).path); })},
    {"m_link", deed([](const auto& request) {
       const auto path = unpacked<WriteOutputRequest>(request).path;
       std::filesystem::rename(path, path + ".elsewhere");
       std::filesystem::create_symlink(path + ".elsewhere", path);
     })},
    {"m_full", [](const auto&, const auto&, const auto&) -> Body { return "disk.full"; }},
    {"h_notwritten", deed([](const auto& request) { std::filesystem::remove(unpacked<WriteHdf5Request>(request).path); })},
    {"h_garbage", deed([](const auto& request) { std::ofstream(unpacked<WriteHdf5Request>(request).path) << "no HDF5"; })},
};

const std::map<std::string, Liar> any_lies{
    {"garbage", bytes("\xc1\xff\x03 what is this")},
    {"nobody", bytes("")},
    {"nest", bytes(std::string(5'000'000, '\x91') + '\0')},
    {"notmessage", bytes("\x91\x01")},
    {"stall", deed([](const auto&) {  // as in a dead mount; the file `stalled` tells that it has begun
       std::ofstream(own_folder / "stalled") << "now";
       for (;;) ::pause();
     })},
    {"scribble_images", deed([](const auto&) { scribble(4); })},
    {"scribble_masks", deed([](const auto&) { scribble(5); })},
};

const Liar* find(const std::string& name) {
  for (const auto* lies : {&list_lies, &look_lies, &scan_lies, &decode_lies, &model_lies, &write_lies, &any_lies})
    if (const auto lie = lies->find(name); lie != lies->end()) return &lie->second;
  return nullptr;
}

// Starts the true worker on a socket of its own.
Channel true_worker(const std::string& program) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) throw_errno("no socket pair");
  if (::fork() == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(ends[1], 3);
    ::execl(program.c_str(), program.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ::close(ends[1]);
  ::fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  return {FileDescriptor(ends[0]), Channel::longest_answer};
}

void lie_to(Channel& supervisor, Channel& worker, const Lie& lie) {
  const auto* liar = find(lie.name);
  if (!liar) throw Error(Reason::internal, "no lie '" + lie.name + "'");
  while (const auto frame = supervisor.receive()) {
    const auto request = request_in(*frame);
    const std::string op(request.op), body(request.body);
    worker.send(*frame);
    const auto answered = worker.receive();
    if (!answered) return;
    auto answer = answer_in(*answered);
    if (const auto* told = std::get_if<std::string>(&answer.said); told && op == lie.op && is_meant(op, body, lie.part))
      if (auto instead = (*liar)(body, *told, lie.part)) {
        if (*instead == "disk.full")
          answer.said = Failure{Reason::disk_full, "no space is left", {}};
        else
          answer.said = std::move(*instead);
      }
    supervisor.send(frame_of(answer));
  }
}
}  // namespace

int main(int, char** arguments) {
  const std::filesystem::path link(arguments[0]);
  own_folder = link.parent_path();
  Lie lie;
  std::ifstream file(own_folder / "lie");
  std::getline(file, lie.op);
  std::getline(file, lie.name);
  std::getline(file, lie.part);
  const int kept = ::dup(3);
  auto worker = true_worker(own_folder / "true" / link.filename());
  ::fcntl(kept, F_SETFD, FD_CLOEXEC);
  Channel supervisor{FileDescriptor(kept), Channel::longest_request};
  lie_to(supervisor, worker, lie);
  return 0;
}
