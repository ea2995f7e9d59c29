// SPDX-License-Identifier: Apache-2.0
#include "core/inference/npy.hpp"

#include <regex>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace {
[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why) {
  throw Error(Reason::package_invalid, path.filename().string() + " is not an array of float32 in C order, as numpy.save writes it: " + why,
              "write it again: numpy.save(file, numpy.ascontiguousarray(array, '<f4'))");
}

std::uint64_t little_endian(const std::string& bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// Of the header's text, such as {'descr': '<f4', 'fortran_order': False, 'shape': (1, 224, 224), }.
std::vector<std::int64_t> shape_of(const std::string& header, const std::filesystem::path& path) {
  static const std::regex form(R"(\{'descr': '<f4', 'fortran_order': False, 'shape': \(([0-9, ]*)\), \}\s*)");
  std::smatch match;
  if (header.size() > 1000 || !std::regex_match(header, match, form)) refuse(path, "its header is " + printable(header.substr(0, 200)));
  std::vector<std::int64_t> shape;
  for (const auto& part : split(match[1].str(), ',')) {
    const auto digits = trim(part);
    if (digits.empty()) continue;
    if (digits.size() > 9) refuse(path, "its shape is (" + match[1].str() + ")");
    shape.push_back(std::stoll(std::string(digits)));
  }
  return shape;
}
}  // namespace

at::Tensor read_npy(const std::filesystem::path& path) {
  const auto bytes = read_file(path, std::size_t{8} << 30);
  if (bytes.size() < 12 || !bytes.starts_with("\x93NUMPY")) refuse(path, "it does not begin like one");
  const std::size_t begin = bytes[6] == 1 ? 10 : 12, length = little_endian(bytes, 8, begin - 8);
  if (bytes.size() - begin < length) refuse(path, "it is truncated");
  const auto shape = shape_of(bytes.substr(begin, length), path);
  const auto data = bytes.size() - begin - length;
  std::uint64_t values = 1;
  for (const auto size : shape)
    if (__builtin_mul_overflow(values, static_cast<std::uint64_t>(size), &values)) refuse(path, "its shape is too large");
  if (values > data / sizeof(float) || values * sizeof(float) != data) refuse(path, "its length does not match its shape");
  return at::from_blob(const_cast<char*>(bytes.data() + begin + length), shape, at::kFloat).clone();
}

}  // namespace aidp
