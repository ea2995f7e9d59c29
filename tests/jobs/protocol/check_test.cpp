// SPDX-License-Identifier: Apache-2.0
// What a worker that was taken over may say: each lie is a BadReply.
#include "jobs/protocol/check.hpp"

#include <limits>

#include "core/base/hash.hpp"
#include "core/base/packed.hpp"
#include "core/dicom/header.hpp"
#include "jobs/protocol/bounds.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace aidp;

namespace {
const std::string sha(64, 'a');
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();

// A true answer to a request for one file.
struct Scan {
  ScanRequest request{{"/in/a"}, {"Rows"}};
  InstanceHeader header;
  std::string described, attributes;
  ScannedFile file;

  Scan() {
    header.transfer_syntax_uid = "1.2.840.10008.1.2.1";
    header.rows = header.columns = 16;
    header.bits_allocated = 16;
    header.frames.resize(1);
    attributes = packed(std::map<std::string, std::string>{{"Modality", "CT"}});
    file.state = {1000, 1, 2, 3};
    file.study_uid = "1.2";
    file.series_uid = "1.3";
    file.sop_uid = "1.4";
  }
  void check() {
    described = packed(header);
    file.header = described;
    file.attributes = attributes;
    aidp::check(request, ScanReply{{file}});
  }
};

template <class Change>
void scan_lie(Change change) {
  Scan scan;
  scan.check();
  change(scan);
  CHECK_THROWS_AS(scan.check(), BadReply);
}

WantedImage wanted(std::size_t slices) {
  WantedImage image;
  image.place = {0, slices * 16 * 16 * 2};
  image.rows = image.columns = 16;
  for (std::size_t i = 0; i < slices; ++i) {
    image.files.push_back({"/in/" + std::to_string(i), {}, "1.4"});
    image.slices.push_back({i, 0});
  }
  return image;
}

template <class Change>
void decode_lie(Change change) {
  const DecodeRequest request{{wanted(2)}};
  DecodedImage image{.slope = {1, 1}, .intercept = {0, 0}, .voi = {}, .padding = {}, .sha256 = {sha, sha}, .milliseconds = 1};
  check(request, DecodeReply{{{image}}});
  change(image);
  CHECK_THROWS_AS(check(request, DecodeReply{{{image}}}), BadReply);
}

InferRequest infer_request() {
  InferRequest request;
  request.items.resize(1);
  request.values = {{"mean", 0}};
  return request;
}

InferReply inferred(std::map<std::string, double> values) { return {{{InferredItem{std::move(values)}}}, 1, 2, 3}; }
}  // namespace

TEST_CASE("a scanned file has valid UIDs, sizes that a header can have and the attributes that were asked for") {
  scan_lie([](Scan& scan) { scan.file.study_uid = "=cmd|'/C calc'!A0\n"; });
  const std::string endless(1000, '1');
  scan_lie([&](Scan& scan) { scan.file.sop_uid = endless; });
  scan_lie([](Scan& scan) { scan.file.state.size = -1; });
  scan_lie([](Scan& scan) { scan.header.rows = std::int64_t{1} << 40; });
  scan_lie([](Scan& scan) { scan.header.rows = -5; });
  scan_lie([](Scan& scan) { scan.header.columns = std::int64_t{1} << 62; });
  scan_lie([](Scan& scan) { scan.header.samples_per_pixel = std::numeric_limits<int>::max(); });
  scan_lie([](Scan& scan) { scan.header.acquisition_time = std::string(1000, '1'); });
  scan_lie([](Scan& scan) { scan.header.frames.resize(2); });
  scan_lie([](Scan& scan) { scan.header.frames.clear(); });
  scan_lie([](Scan& scan) { scan.header.frames[0].slope = infinite; });
  scan_lie([](Scan& scan) { scan.header.frames[0].position_mm = {{0, 0, not_a_number}}; });
  scan_lie([](Scan& scan) { scan.header.frames[0].telling = {std::string(100'000, 'A')}; });
  scan_lie([](Scan& scan) { scan.header.mosaic_fault = std::string(100'000, 'A'); });
  scan_lie([](Scan& scan) { scan.header.transfer_syntax_uid = "<script>"; });
  scan_lie([&](Scan& scan) { scan.file.accession_number = endless; });
  scan_lie([](Scan& scan) { scan.file.message = "words without a reason"; });
}

TEST_CASE("the packed parts of a scanned file are what they should be") {
  scan_lie([](Scan& scan) { scan.attributes = packed(std::map<std::string, std::string>{{"PatientName", "SMITH"}}); });
  scan_lie([](Scan& scan) { scan.attributes = packed(std::map<std::string, std::string>{{"Modality", std::string(5000, 'A')}}); });
  scan_lie([](Scan& scan) { scan.attributes = packed(std::map<std::string, double>{{"Rows", not_a_number}}); });
  scan_lie([](Scan& scan) { scan.attributes = packed(std::string("text")); });
  scan_lie([](Scan& scan) { scan.attributes = "\x81\xa4Rows"; });
  scan_lie([](Scan& scan) { scan.attributes = "\x81\xa4Rows" + std::string(3'000'000, '\x91') + '\0'; });
  scan_lie([](Scan& scan) { scan.attributes += "x"; });
  Scan scan;
  scan.check();
  scan.described = "\xff\x01garbage";
  scan.file.header = scan.described;
  CHECK_THROWS_AS(check(scan.request, ScanReply{{scan.file}}), BadReply);
  CHECK_THROWS_AS(check(scan.request, ScanReply{}), BadReply);
  CHECK_THROWS_AS(check(scan.request, ScanReply{{scan.file, scan.file}}), BadReply);
}

TEST_CASE("a file fails for a reason of files, in few words") {
  const ScanRequest request{{"/in/a"}, {}};
  const auto answer = [](std::string_view reason, std::string_view message) {
    ScannedFile file;
    file.reason = reason;
    file.message = message;
    return ScanReply{{file}};
  };
  check(request, answer("dicom.not_dicom", "not a DICOM file"));
  check(request, answer("dicom.truncated", ""));
  CHECK_THROWS_AS(check(request, answer("audit.broken", "")), BadReply);
  CHECK_THROWS_AS(check(request, answer("disk.full", "")), BadReply);
  CHECK_THROWS_AS(check(request, answer("no.such.reason\n\x1b[31m", "")), BadReply);
  CHECK_THROWS_AS(check(request, answer("dicom.malformed", std::string(5000, 'A'))), BadReply);
}

TEST_CASE("a listing names what lies in the folders that were asked for, and breaks off only when it is full") {
  const ListRequest request{{{"/in/a", {}, 0}, {"/in/b", {}, 0}}};
  const auto said = [&](auto change) {
    ListReply reply;
    reply.folders.resize(2);
    reply.folders[0].entries = {{"001.dcm", PathKind::file, {1000, 1, 2, 3}, 0}};
    change(reply);
    check(request, reply);
  };
  const auto lie = [&](auto change) { CHECK_THROWS_AS(said(change), BadReply); };
  const auto named = [&](const std::string& name) { lie([&](auto& reply) { reply.folders[0].entries[0].name = name; }); };
  said([](auto&) {});
  said([](auto& reply) { reply.folders[1].error = 13; });
  said([](auto& reply) { reply.folders[0].entries[0] = {"x", PathKind::unknown, {}, 13}; });
  for (const char* name : {"", ".", "..", "/", "a/b", "../a", "/etc/passwd"}) named(name);
  named(std::string("a\0b", 3));
  named(std::string(5000, 'A'));
  lie([](auto& reply) { reply.folders.pop_back(); });
  lie([](auto& reply) { reply.folders[0].more = true; });
  lie([](auto& reply) { reply.folders[0].error = -1; });
  lie([](auto& reply) { reply.folders[0].error = 1 << 20; });
  lie([](auto& reply) { reply.folders[0].entries[0].kind = static_cast<PathKind>(9); });
  lie([](auto& reply) { reply.folders[0].entries[0].kind = PathKind::unknown; });
  lie([](auto& reply) { reply.folders[0].entries[0].state.size = -1; });
  const auto full = [](ListReply& reply, std::size_t entries) {
    reply.folders[1].entries.resize(entries - 1, reply.folders[0].entries[0]);
    reply.folders[1].more = true;
  };
  said([&](auto& reply) { full(reply, ListRequest::most_entries); });
  lie([&](auto& reply) { full(reply, ListRequest::most_entries + 1); });
  lie([&](auto& reply) { full(reply, ListRequest::most_entries - 1); });
}

TEST_CASE("what a path leads to is a real path, and no link") {
  const LookRequest request{{"/in/link"}};
  const auto said = [&](const std::string& path, PathKind kind, std::int64_t size = 0, int error = 0) {
    check(request, LookReply{{{path, kind, true, {size, 0, 0, 0}, error}}});
  };
  said("/in/a", PathKind::file, 1000);
  said("/", PathKind::folder);
  said("/in/none", PathKind::unknown, 0, 2);
  for (const char* path : {"", "in/a", "/in/../a", "/in/./a", "/in//a", "/in/"}) CHECK_THROWS_AS(said(path, PathKind::file), BadReply);
  CHECK_THROWS_AS(said(std::string("/in\0a", 5), PathKind::file), BadReply);
  CHECK_THROWS_AS(said("/" + std::string(5000, 'A'), PathKind::file), BadReply);
  CHECK_THROWS_AS(said("/in/a", PathKind::link), BadReply);
  CHECK_THROWS_AS(said("/in/a", static_cast<PathKind>(-1)), BadReply);
  CHECK_THROWS_AS(said("/in/a", PathKind::unknown), BadReply);
  CHECK_THROWS_AS(said("/in/a", PathKind::file, -1), BadReply);
  CHECK_THROWS_AS(check(request, LookReply{}), BadReply);
  CHECK_THROWS_AS(check(HashRequest{"/in/a"}, HashReply{"zz"}), BadReply);
}

TEST_CASE("a decoded image has a slope for each slice and a hash for each file, and no number that is none") {
  decode_lie([](DecodedImage& image) {
    image.slope.pop_back();
    image.slope.push_back(not_a_number);
  });
  decode_lie([](DecodedImage& image) { image.slope.push_back(1); });
  decode_lie([](DecodedImage& image) { image.intercept.clear(); });
  decode_lie([](DecodedImage& image) { image.intercept[0] = infinite; });
  decode_lie([](DecodedImage& image) { image.sha256.pop_back(); });
  decode_lie([](DecodedImage& image) { image.sha256[1] = std::string(64, 'A'); });
  decode_lie([](DecodedImage& image) { image.sha256[1] = "zz\n\x1b[31m"; });
  decode_lie([](DecodedImage& image) { image.sha256[0] += "0"; });
  decode_lie([](DecodedImage& image) { image.voi.resize(1); });
  decode_lie([](DecodedImage& image) { image.padding = {{not_a_number, 0}}; });
  decode_lie([](DecodedImage& image) { image.bits_stored = -1; });
  decode_lie([](DecodedImage& image) { image.bits_stored = 1 << 20; });
  decode_lie([](DecodedImage& image) { image.milliseconds = -1; });
  decode_lie([](DecodedImage& image) { image.milliseconds = not_a_number; });
}

TEST_CASE("a window that was asked for is one") {
  DecodeRequest request{{wanted(1)}};
  request.images[0].voi = true;
  DecodedImage image{.slope = {1}, .intercept = {0}, .voi = {Voi{}}, .padding = {}, .sha256 = {sha}, .milliseconds = 1};
  check(request, DecodeReply{{{image}}});
  const auto refused = [&](const auto& lie) {
    Voi voi;
    lie(voi);
    image.voi = {voi};
    CHECK_THROWS_AS(check(request, DecodeReply{{{image}}}), BadReply);
  };
  refused([](Voi& voi) { voi.function = "system"; });
  refused([](Voi& voi) { voi.center = not_a_number; });
  refused([](Voi& voi) { voi.table = {2}; });
  refused([](Voi& voi) { voi.table.resize(100'000); });
  image.voi.clear();
  CHECK_THROWS_AS(check(request, DecodeReply{{{image}}}), BadReply);
}

TEST_CASE("there are as many images as were asked for, and those that fail do so for a reason of items") {
  const DecodeRequest request{{wanted(1)}};
  const auto failed = [](const char* reason, const std::string& message) { return DecodeReply{{{ItemFailure{reason, message}}}}; };
  check(request, failed("pixels.corrupt", "a marker is missing"));
  CHECK_THROWS_AS(check(request, DecodeReply{}), BadReply);
  CHECK_THROWS_AS(check(request, failed("disk.full", "x")), BadReply);
  CHECK_THROWS_AS(check(request, failed("usage", "x")), BadReply);
  CHECK_THROWS_AS(check(request, failed("dicom.not_dicom", "x")), BadReply);
  CHECK_THROWS_AS(check(request, failed("pixels.corrupt", std::string(2000, 'A'))), BadReply);
  const auto told = item_failure(ItemFailure{"pixels.corrupt", "=cmd\n\x1b[31m\xff"});
  CHECK(told.message.find('\n') == std::string::npos);
  CHECK(told.message.find('\x1b') == std::string::npos);
}

TEST_CASE("values are finite and exactly those of the manifest's outputs") {
  const auto request = infer_request();
  check(request, inferred({{"mean", 1}}));
  CHECK_THROWS_AS(check(request, inferred({{"mean", not_a_number}})), BadReply);
  CHECK_THROWS_AS(check(request, inferred({{"mean", infinite}})), BadReply);
  CHECK_THROWS_AS(check(request, inferred({})), BadReply);
  CHECK_THROWS_AS(check(request, inferred({{"outcome", 1}})), BadReply);
  CHECK_THROWS_AS(check(request, inferred({{"mean", 1}, {"PatientName SMITH^JOHN", 2}})), BadReply);
  CHECK_THROWS_AS(check(request, InferReply{}), BadReply);
  auto of_classes = infer_request();
  of_classes.values = {{"finding", 3}};
  CHECK_NOTHROW(check(of_classes, inferred({{"finding", 2}})));
  for (const double unknown : {3., -1., 0.5, 1e300}) CHECK_THROWS_AS(check(of_classes, inferred({{"finding", unknown}})), BadReply);
  auto many = inferred({{"mean", 1}});
  many.items.resize(5, many.items.front());
  CHECK_THROWS_AS(check(request, many), BadReply);
  auto timeless = inferred({{"mean", 1}});
  timeless.infer_ms = not_a_number;
  CHECK_THROWS_AS(check(request, timeless), BadReply);
}

TEST_CASE("a model is loaded on the device that was asked for") {
  const auto loaded = [](const char* asked, std::string device) {
    check(LoadRequest{"/m", asked, 1}, LoadReply{std::move(device), "2.7"});
  };
  loaded("auto", "cpu");
  loaded("auto", "cuda:3");
  loaded("cuda", "cuda:0");
  loaded("cuda:1", "cuda:1");
  CHECK_THROWS_AS(loaded("cuda:0", "cpu"), BadReply);
  CHECK_THROWS_AS(loaded("cpu", "cuda:0"), BadReply);
  CHECK_THROWS_AS(loaded("auto", "cpu\n\x1b[31m=cmd"), BadReply);
  CHECK_THROWS_AS(loaded("auto", "cuda:"), BadReply);
  CHECK_THROWS_AS(loaded("auto", "cuda:0x"), BadReply);
  CHECK_THROWS_AS(loaded("auto", std::string(5000, 'A')), BadReply);
}

TEST_CASE("a prepared tensor fits its room") {
  const PrepareRequest request{{}, {0, 4096}};
  const auto prepared = [&](std::vector<std::int64_t> shape) { check(request, PrepareReply{std::move(shape), {}}); };
  prepared({1, 32, 32});
  CHECK_THROWS_AS(prepared({1, 32, 33}), BadReply);
  CHECK_THROWS_AS(prepared({}), BadReply);
  CHECK_THROWS_AS(prepared({1, -1}), BadReply);
  CHECK_THROWS_AS(prepared({1, 0}), BadReply);
  CHECK_THROWS_AS(prepared({std::int64_t{1} << 62, std::int64_t{1} << 62, 16}), BadReply);
  CHECK_THROWS_AS(check(request, PrepareReply{{1}, std::vector<double>(15)}), BadReply);
  CHECK_THROWS_AS(check(request, PrepareReply{{1}, std::vector<double>(16, not_a_number)}), BadReply);
}

TEST_CASE("a written file is there and is what was said") {
  const Scratch scratch;
  const auto mask = scratch.file("mask.nii.gz", "voxels");
  const auto said = [](const std::string& path, const std::string& hash) {
    check(WriteOutputRequest{"label_map", 0, {}, path}, WriteOutputReply{hash});
  };
  said(mask, hex(sha256("voxels")));
  CHECK_THROWS_AS(said(mask, std::string(64, '0')), BadReply);
  CHECK_THROWS_AS(said(mask + "x", hex(sha256("voxels"))), BadReply);
  CHECK_THROWS_AS(said(mask, "voxels"), BadReply);
  const auto link = (scratch.folder / "link").string();
  std::filesystem::create_symlink(mask, link);
  CHECK_THROWS_AS(said(link, hex(sha256("voxels"))), BadReply);
  const auto hdf5 = scratch.file("a.h5", "\x89HDF\r\n\x1a\n and more");
  check(WriteHdf5Request{"", hdf5, {}}, Done{});
  CHECK_THROWS_AS(check(WriteHdf5Request{"", mask, {}}, Done{}), BadReply);
  CHECK_THROWS_AS(check(WriteHdf5Request{"", scratch.folder / "none.h5", {}}, Done{}), BadReply);
}

TEST_CASE("a message with another number of fields, another type or too deep a nest is none") {
  const auto whole = packed(inferred({{"mean", 1}}));
  CHECK_NOTHROW(unpacked<InferReply>(whole));
  CHECK_THROWS_AS(unpacked<InferReply>(whole.substr(0, whole.size() - 1)), BadReply);
  CHECK_THROWS_AS(unpacked<InferReply>(packed(std::vector<int>{1, 2})), BadReply);
  CHECK_THROWS_AS(unpacked<LoadReply>(packed(std::vector<std::string>{"cpu"})), BadReply);
  CHECK_THROWS_AS(unpacked<LoadReply>(packed(std::vector<int>{5, 5})), BadReply);
  CHECK_THROWS_AS(unpacked<DecodeReply>(std::string(5'000'000, '\x91') + '\0'), BadReply);
}

TEST_CASE("a whole request fails for a reason that it may fail for") {
  check_failure("write_output", {Reason::disk_full, "x", {}});
  check_failure("decode", {Reason::worker_memory, "x", {}});
  check_failure("load", {Reason::model_load, "x", {}});
  CHECK_THROWS_AS(check_failure("decode", {Reason::disk_full, "x", {}}), BadReply);
  CHECK_THROWS_AS(check_failure("infer", {Reason::usage, "x", {}}), BadReply);
  CHECK_THROWS_AS(check_failure("write_output", {Reason::audit_broken, "x", {}}), BadReply);
}
