// SPDX-License-Identifier: Apache-2.0
// REQUIRE throughout: LibTorch has a CHECK of its own.
#include "core/inference/transforms.hpp"

#include <cstring>

#include "core/base/error.hpp"
#include "core/inference/components.hpp"
#include "core/inference/fused_2d.hpp"
#include "core/inference/sliding_window.hpp"
#include "tests/catch.hpp"

using namespace aidp;

namespace {
ImageHeader image_of(std::int64_t slices, std::int64_t rows, std::int64_t columns) {
  ImageHeader image;
  image.slices = slices;
  image.rows = rows;
  image.columns = columns;
  image.has_geometry = image.has_spacing = true;
  return image;
}

std::vector<std::int16_t> ramp(std::size_t count) {
  std::vector<std::int16_t> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<std::int16_t>((i * 7919) % 2000 - 1000);
  return values;
}

Sample sample_of(const ImageHeader& image, const std::vector<std::int16_t>& values, bool volume) {
  return make_sample(image, reinterpret_cast<const std::byte*>(values.data()), volume, 1, at::kCPU);
}

double at_index(const at::Tensor& data, std::initializer_list<std::int64_t> index) {
  auto value = data;
  for (const auto i : index) value = value[i];
  return value.item<double>();
}
}  // namespace

TEST_CASE("a volume comes as channel, column, row, slice") {
  const auto values = ramp(2 * 3 * 4);
  const auto sample = sample_of(image_of(2, 3, 4), values, true);
  REQUIRE(sample.data.sizes() == at::IntArrayRef({1, 4, 3, 2}));
  REQUIRE(at_index(sample.data, {0, 3, 1, 1}) == values[1 * 12 + 1 * 4 + 3]);
}

TEST_CASE("MONOCHROME1 is turned round before the rescale, and padding becomes the least value of the image") {
  auto image = image_of(1, 1, 3);
  image.bits_stored = 12;
  image.type = PixelType::uint16;
  image.inverted = true;
  image.slope = {2};
  image.intercept = {-10};
  image.padding = {{7, 7}};
  const std::vector<std::int16_t> values{0, 7, 4095};
  const auto data = sample_of(image, values, false).data;
  REQUIRE(at_index(data, {0, 0, 0}) == 4095 * 2 - 10);
  REQUIRE(at_index(data, {0, 0, 2}) == -10);
  REQUIRE(at_index(data, {0, 0, 1}) == -10);
}

TEST_CASE("the fused 2-D path equals the plain transforms, with MONOCHROME1, padding and a falling slope too") {
  Manifest manifest;
  manifest.preprocess = {{"ScaleIntensityRange", {{"a_min", -160}, {"a_max", 240}, {"b_min", 0}, {"b_max", 1}, {"clip", true}}},
                         {"Resize", {{"spatial_size", {37, 51}}, {"mode", "bilinear"}}}};
  auto image = image_of(1, 96, 80);
  image.slope = {GENERATE(1.5, -0.7)};
  image.intercept = {-3};
  image.inverted = GENERATE(false, true);
  if (GENERATE(false, true)) image.padding = {{40, 90}};
  manifest.preprocess[0].arguments["clip"] = GENERATE(true, false);
  const auto values = ramp(96 * 80);
  const auto fused = fused_sample(image, reinterpret_cast<const std::byte*>(values.data()), manifest);
  REQUIRE(fused);
  auto plain = sample_of(image, values, false);
  for (const auto& transform : manifest.preprocess) apply(transform, plain);
  const auto range = plain.data.max().item<double>() - plain.data.min().item<double>();
  REQUIRE(at::max(at::abs(fused->data - plain.data)).item<double>() < 1e-5 * std::max(range, 1.0));
  REQUIRE(fused->directions_ras == plain.directions_ras);
  REQUIRE(fused->origin_ras == plain.origin_ras);
  const auto labels = at::arange(37 * 51, at::kLong).reshape({37, 51}).remainder(7).to(at::kByte);
  REQUIRE(at::equal(to_source_grid(labels, *fused), to_source_grid(labels, plain)));
}

TEST_CASE("the fused 2-D path leaves to the plain transforms what it does not know") {
  const auto image = image_of(1, 96, 80);
  const auto values = ramp(96 * 80);
  const auto is_fused = [&](const nlohmann::json& range, const nlohmann::json& resize) {
    Manifest manifest;
    manifest.preprocess = {{"ScaleIntensityRange", {{"a_min", -160}, {"a_max", 240}}}, {"Resize", {{"mode", "bilinear"}}}};
    manifest.preprocess[0].arguments.update(range);
    manifest.preprocess[1].arguments.update(resize);
    return fused_sample(image, reinterpret_cast<const std::byte*>(values.data()), manifest).has_value();
  };
  const nlohmann::json size{{"spatial_size", {37, 51}}};
  CHECK(is_fused({{"b_min", 0}, {"b_max", 1}}, size));
  CHECK(is_fused(nlohmann::json::object(), size));
  CHECK_FALSE(is_fused({{"b_min", 0}}, size));
  CHECK_FALSE(is_fused({{"b_max", 1}}, size));
  CHECK_FALSE(is_fused({{"a_max", -160}}, size));
  CHECK_FALSE(is_fused({{"b_min", 1}, {"b_max", 0}}, size));
  CHECK_FALSE(is_fused(nlohmann::json::object(), {{"spatial_size", {37, -1}}}));
  CHECK_FALSE(is_fused(nlohmann::json::object(), {{"spatial_size", {37, 51}}, {"align_corners", true}}));
  CHECK_FALSE(is_fused(nlohmann::json::object(), {{"spatial_size", {37, 51}}, {"size_mode", "longest"}}));
}

TEST_CASE("a mask goes back to the source grid through any chain of spatial transforms") {
  auto image = image_of(12, 20, 16);
  image.affine = {-2, 0, 0, 10, 0, 2, 0, -5, 0, 0, 3, 7, 0, 0, 0, 1};
  image.spacing_mm = {2, 2, 3};
  std::vector<std::int16_t> values(12 * 20 * 16, 0);
  for (std::size_t k = 3; k < 8; ++k)
    for (std::size_t j = 5; j < 15; ++j)
      for (std::size_t i = 2; i < 9; ++i) values[(k * 20 + j) * 16 + i] = 1;
  auto sample = sample_of(image, values, true);
  apply({"Orientation", {{"axcodes", "LIA"}}}, sample);
  apply({"Spacing", {{"pixdim", {1, 1, 1}}, {"mode", "nearest"}}}, sample);
  apply({"ResizeWithPadOrCrop", {{"spatial_size", {48, 48, 48}}, {"value", 0}}}, sample);
  const auto mask = to_source_grid(sample.data.select(0, 0).to(at::kByte), sample);
  REQUIRE(mask.sizes() == at::IntArrayRef({12, 20, 16}));
  const auto source = at::from_blob(values.data(), {12, 20, 16}, at::kShort);
  REQUIRE(mask.to(at::kShort).eq(source).all().item<bool>());
}

TEST_CASE("percentiles are numpy's") {
  auto image = image_of(1, 1, 5);
  const std::vector<std::int16_t> values{1, 2, 3, 4, 10};
  auto sample = sample_of(image, values, false);
  apply({"ScaleIntensityRangePercentiles", {{"lower", 10}, {"upper", 90}, {"b_min", 0}, {"b_max", 1}, {"clip", false}}}, sample);
  // numpy.percentile([1, 2, 3, 4, 10], [10, 90]) is [1.4, 7.6]
  REQUIRE(at_index(sample.data, {0, 0, 0}) == Approx((1 - 1.4) / 6.2));
  REQUIRE(at_index(sample.data, {0, 0, 4}) == Approx((10 - 1.4) / 6.2));
}

TEST_CASE("colour is refused where the model takes one channel") {
  auto image = image_of(1, 2, 2);
  image.samples = 3;
  const auto values = ramp(12);
  CHECK_THROWS_AS(sample_of(image, values, false), Error);
}

TEST_CASE("components touch by faces, or by corners too") {
  const std::vector<std::uint8_t> mask{1, 0, 0, 1,  //
                                       0, 1, 0, 1,  //
                                       0, 0, 0, 0,  //
                                       1, 1, 0, 1};
  const auto faces = connected_components(mask, {4, 4}, 1), corners = connected_components(mask, {4, 4}, 2);
  REQUIRE(faces.sizes == std::vector<std::int64_t>{9, 1, 2, 1, 2, 1});
  REQUIRE(faces.labels == std::vector<std::int32_t>{1, 0, 0, 2, 0, 3, 0, 2, 0, 0, 0, 0, 4, 4, 0, 5});
  REQUIRE(corners.sizes == std::vector<std::int64_t>{9, 2, 2, 2, 1});
}

TEST_CASE("arms that meet late are one component") {
  const std::vector<std::uint8_t> mask{1, 0, 1, 0, 1,  //
                                       1, 0, 1, 1, 1,  //
                                       1, 1, 1, 0, 0};
  REQUIRE(connected_components(mask, {3, 5}, 1).sizes == std::vector<std::int64_t>{5, 10});
}

TEST_CASE("of equal components the last stays, and an image without foreground is refused") {
  const auto values = ramp(4);
  auto sample = sample_of(image_of(1, 1, 4), values, false);
  const auto labels = at::tensor({1.F, 0.F, 1.F, 0.F}).reshape({1, 1, 4});
  const auto kept = apply_after({"KeepLargestConnectedComponent", nlohmann::json::object()}, labels, sample);
  REQUIRE(kept.flatten().equal(at::tensor({0.F, 0.F, 1.F, 0.F})));
  sample.data.fill_(-1);
  CHECK_THROWS_AS(apply({"CropForeground", nlohmann::json::object()}, sample), Error);
}

TEST_CASE("a model in sliding windows gives a voxel for a voxel, or is refused") {
  struct Twice : Engine {
    at::Tensor forward(const at::Tensor& batch) override { return batch * 2; }
  };
  struct Pooled : Engine {
    at::Tensor forward(const at::Tensor& batch) override { return at::avg_pool2d(batch, 2); }
  };
  const nlohmann::json arguments{{"roi_size", {4, 6}},         {"overlap", {0.5, 0.25}},        {"mode", "gaussian"}, {"sw_batch_size", 3},
                                 {"padding_mode", "constant"}, {"sigma_scale", {0.125, 0.125}}, {"cval", 0}};
  const auto batch = at::rand({2, 1, 11, 5});
  const auto twice = with_sliding_window(std::make_unique<Twice>(), arguments)->forward(batch);
  REQUIRE(at::allclose(twice, batch * 2));
  CHECK_THROWS_AS(with_sliding_window(std::make_unique<Pooled>(), arguments)->forward(batch), Error);
}
