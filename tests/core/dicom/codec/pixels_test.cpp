// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/codec/pixels.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/hash.hpp"
#include "core/base/text.hpp"
#include "tests/catch.hpp"

using namespace aidp;

namespace {
// Where the published hash is an outlier: pylibjpeg differs by 1 in 9784 values from GDCM and DCMTK, which agree with each other.
constexpr const char* doubtful = "dcmjs/test/sample-op.dcm";

using Row = std::map<std::string, std::string>;

// A comma inside quotes does not part fields.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      fields.emplace_back();
    else if (c != '\r')
      fields.back() += c;
  }
  return fields;
}

std::vector<Row> index_of(const std::filesystem::path& dicom) {
  std::ifstream file(dicom / "index.csv");
  std::string line;
  std::getline(file, line);
  const auto names = fields_of(line);
  std::vector<Row> rows;
  while (std::getline(file, line)) {
    const auto fields = fields_of(line);
    rows.emplace_back();
    for (std::size_t i = 0; i < std::min(names.size(), fields.size()); ++i) rows.back()[names[i]] = fields[i];
  }
  return rows;
}

// SHA-256 of all frames' stored values, as pydicom's decoders give them.
std::string pixel_hash(const std::string& path) {
  const PixelFile file(path);
  Sha256 hash;
  std::vector<std::byte> frame(stored_form(file.stored()).bytes);
  for (std::int64_t i = 0; i < file.stored().number_of_frames; ++i) {
    file.decode_stored(i, frame);
    hash.update(frame);
  }
  return hex(hash.finish());
}
}  // namespace

TEST_CASE("every lossless image of the shared files decodes to the published hash, or is refused by name") {
  if (!shared_folder()) AIDP_SKIP("../shared is not here: no published hashes");
  start_dicom();
  const auto dicom = std::filesystem::path(shared_folder()) / "dicom";
  std::map<std::string, int> equal, refused;
  int wrong = 0;
  for (auto& row : index_of(dicom)) {
    const auto path = (dicom / row["path"]).string();
    if (!std::filesystem::exists(path) || row["kind"] == "reference") continue;
    try {
      const auto hash = pixel_hash(path);
      const bool comparable = row["lossy"].empty() && !row["sha256_pixels_le"].empty() && row["path"] != doubtful;
      if (!comparable) continue;
      if (hash != row["sha256_pixels_le"]) {
        ++wrong;
        std::cout << "differs: " << row["path"] << " " << row["ts_name"] << " " << row["note"] << "\n";
      } else {
        ++equal[row["ts_name"]];
      }
    } catch (const Error& error) {
      ++refused[std::string(name(error.reason()))];
    }
  }
  for (const auto& [syntax, count] : equal) std::cout << "equal " << count << " " << syntax << "\n";
  for (const auto& [reason, count] : refused) std::cout << "refused " << count << " " << reason << "\n";
  CHECK(wrong == 0);
  CHECK(equal.size() >= 11);
  CHECK(refused["pixels.unsupported"] == 0);
}

namespace {
// Decodes all that a file says it has, and whatever is wrong with it must be an Error.
void decode_all(const std::string& path) try {
  PixelFile file(path);
  std::vector<std::byte> stored(stored_form(file.stored()).bytes), decoded(decoded_form(file.header()).bytes);
  for (std::int64_t i = 0; i < std::min<std::int64_t>(file.header().number_of_frames, 3); ++i) {
    file.decode_stored(i, stored);
    file.decode(i, decoded);
  }
} catch (const Error&) {
}
}  // namespace

TEST_CASE("small files of every kind with some bytes changed or cut off end in an Error or in pixels, never in a crash") {
  if (!shared_folder()) AIDP_SKIP("../shared is not here: no files to change");
  start_dicom();
  const auto dicom = std::filesystem::path(shared_folder()) / "dicom";
  const auto path = (std::filesystem::temp_directory_path() / ("aidp-mutant-" + std::to_string(std::random_device()()))).string();
  std::mt19937 random(1);
  int mutants = 0;
  for (auto& row : index_of(dicom)) {
    const auto original = dicom / row["path"];
    if (!std::filesystem::exists(original) || std::filesystem::file_size(original) > 60'000) continue;
    const auto content = read_file(original, 60'000);
    for (int i = 0; i < 8 && !content.empty(); ++i, ++mutants) {
      auto mutant = content;
      for (unsigned changes = 1 + random() % 8; changes > 0; --changes) mutant[random() % mutant.size()] = static_cast<char>(random());
      if (i % 4 == 0) mutant.resize(random() % mutant.size());
      std::ofstream(path, std::ios::binary) << mutant;
      decode_all(path);
    }
  }
  std::filesystem::remove(path);
  CHECK(mutants > 500);
}

TEST_CASE("a file that is no DICOM is called so") {
  start_dicom();
  const auto path = std::filesystem::temp_directory_path() / "aidp-pixels-test.txt";
  std::ofstream(path) << "a text of some length, but no DICOM at all";
  try {
    const PixelFile file(path.string());
    FAIL("it was taken for DICOM");
  } catch (const Error& error) {
    CHECK(error.reason() == Reason::not_dicom);
  }
  std::filesystem::remove(path);
}
