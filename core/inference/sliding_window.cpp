// SPDX-License-Identifier: Apache-2.0
#include "core/inference/sliding_window.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace aidp {

namespace {
using Sizes = std::vector<std::int64_t>;

// Where windows of `window` voxels start along an axis of `size`: dense_patch_slices of MONAI. The last is moved back to end with the
// image.
Sizes starts(std::int64_t size, std::int64_t window, double overlap) {
  const auto part = static_cast<std::int64_t>(static_cast<double>(window) * (1 - overlap));
  const auto interval = window == size ? window : std::max<std::int64_t>(part, 1);
  Sizes result;
  for (std::int64_t start = 0;; start += interval) {
    result.push_back(std::min(start, size - window));
    if (start + window >= size) return result;
  }
}

// The weight of each voxel of a window: compute_importance_map of MONAI.
at::Tensor importance(const Sizes& window, const std::vector<double>& sigma_scale, bool gaussian, const at::Device& device) {
  auto map = at::ones(window, at::TensorOptions(device).dtype(at::kFloat));
  if (!gaussian) return map;
  for (std::size_t axis = 0; axis < window.size(); ++axis) {
    const auto size = static_cast<double>(window[axis]), sigma = size * sigma_scale[axis];
    const auto x = at::arange(window[axis], map.options()) - (size - 1) / 2;
    Sizes shape(window.size(), 1);
    shape[axis] = -1;
    map.mul_(at::exp(x.square() / (-2 * sigma * sigma)).reshape(shape));
  }
  return map.clamp_min_(std::max(map.min().item<double>(), 1e-3));
}

class SlidingWindow : public Engine {
 public:
  SlidingWindow(std::unique_ptr<Engine> engine, const nlohmann::json& arguments)
      : engine_(std::move(engine)),
        roi_size_(arguments.at("roi_size").get<Sizes>()),
        overlap_(arguments.at("overlap").get<std::vector<double>>()),
        sigma_scale_(arguments.at("sigma_scale").get<std::vector<double>>()),
        gaussian_(arguments.at("mode") == "gaussian"),
        batch_(arguments.at("sw_batch_size")),
        padding_mode_(arguments.at("padding_mode")),
        cval_(arguments.at("cval")) {}

  at::Tensor forward(const at::Tensor& batch) override {
    const auto axes = roi_size_.size();
    auto window = roi_size_;
    for (std::size_t axis = 0; axis < axes; ++axis)
      if (window[axis] <= 0) window[axis] = batch.size(static_cast<std::int64_t>(axis) + 2);
    Sizes before(axes, 0);
    const auto padded = pad(batch, window, before);
    auto output = blend(padded, window);
    for (std::size_t axis = 0; axis < axes; ++axis) {
      const auto dimension = static_cast<std::int64_t>(axis) + 2;
      output = output.narrow(dimension, before[axis], batch.size(dimension));
    }
    return output;
  }

 private:
  // An image smaller than a window is padded on both sides, by one more behind.
  at::Tensor pad(const at::Tensor& batch, const Sizes& window, Sizes& before) const {
    Sizes pads;
    for (std::size_t axis = window.size(); axis-- > 0;) {
      const auto size = batch.size(static_cast<std::int64_t>(axis) + 2), missing = std::max<std::int64_t>(window[axis] - size, 0);
      before[axis] = missing / 2;
      pads.insert(pads.end(), {before[axis], missing - before[axis]});
      const auto room = padding_mode_ == "reflect" ? size - 1 : padding_mode_ == "circular" ? size : missing;
      if (missing - before[axis] > room)
        throw Error(Reason::pixels_unsupported, "the image is too small for the window with padding_mode " + padding_mode_ + ": " +
                                                    std::to_string(size) + " voxels along axis " + std::to_string(axis) +
                                                    "; the window has " + std::to_string(window[axis]));
    }
    if (std::ranges::all_of(pads, [](std::int64_t width) { return width == 0; })) return batch;
    return at::pad(batch, pads, padding_mode_, padding_mode_ == "constant" ? std::optional(cval_) : std::nullopt);
  }

  // The corners of all windows: [image of the batch, start along each axis], the last axis fastest.
  std::vector<Sizes> corners(const at::Tensor& batch, const Sizes& window) const {
    std::vector<Sizes> result;
    for (std::int64_t image = 0; image < batch.size(0); ++image) result.push_back({image});
    for (std::size_t axis = 0; axis < window.size(); ++axis) {
      const auto along = starts(batch.size(static_cast<std::int64_t>(axis) + 2), window[axis], overlap_[axis]);
      std::vector<Sizes> longer;
      for (const auto& corner : result)
        for (const auto start : along) {
          longer.push_back(corner);
          longer.back().push_back(start);
        }
      result = std::move(longer);
    }
    return result;
  }

  static at::Tensor view(const at::Tensor& batch, const Sizes& corner, const Sizes& window) {
    auto result = batch.narrow(0, corner[0], 1);
    for (std::size_t axis = 0; axis < window.size(); ++axis)
      result = result.narrow(static_cast<std::int64_t>(axis) + 2, corner[axis + 1], window[axis]);
    return result;
  }

  at::Tensor blend(const at::Tensor& batch, const Sizes& window) {
    const auto weight = importance(window, sigma_scale_, gaussian_, batch.device());
    const auto all = corners(batch, window);
    at::Tensor sum, weights;
    for (std::size_t first = 0; first < all.size(); first += batch_) {
      const auto some = std::span(all).subspan(first, std::min(batch_, all.size() - first));
      std::vector<at::Tensor> windows;
      for (const auto& corner : some) windows.push_back(view(batch, corner, window));
      const auto output = engine_->forward(at::cat(windows)).to(at::kFloat);
      check(output, some.size(), window);
      if (!sum.defined()) {
        auto shape = batch.sizes().vec();
        shape[1] = 1;
        weights = at::zeros(shape, output.options());
        shape[1] = output.size(1);
        sum = at::zeros(shape, output.options());
      }
      for (std::size_t i = 0; i < some.size(); ++i) {
        view(sum, some[i], window).add_(output[static_cast<std::int64_t>(i)] * weight);
        view(weights, some[i], window).add_(weight);
      }
    }
    return sum.div_(weights);
  }

  static void check(const at::Tensor& output, std::size_t count, const Sizes& window) {
    const auto sizes = output.sizes();
    if (sizes.size() == window.size() + 2 && sizes[0] == static_cast<std::int64_t>(count) && sizes.slice(2) == at::IntArrayRef(window))
      return;
    const auto text = [](at::IntArrayRef numbers) {
      std::vector<std::string> parts;
      for (const auto number : numbers) parts.push_back(std::to_string(number));
      return join(parts, ", ");
    };
    throw Error(Reason::model_shape, "a model in sliding windows must give [" + std::to_string(count) + ", classes, " + text(window) +
                                         "] for as many windows, it gave [" + text(sizes) + "]");
  }

  std::unique_ptr<Engine> engine_;
  Sizes roi_size_;
  std::vector<double> overlap_, sigma_scale_;
  bool gaussian_;
  std::size_t batch_;
  std::string padding_mode_;
  double cval_;
};

// A model of images that gets slices of a volume.
class Slices : public Engine {
 public:
  Slices(std::unique_ptr<Engine> engine, std::int64_t axis) : engine_(std::move(engine)), dimension_(axis + 2) {}
  at::Tensor forward(const at::Tensor& batch) override {
    const auto output = engine_->forward(batch.squeeze(dimension_));
    return output.dim() == batch.dim() - 1 ? output.unsqueeze(dimension_) : output;
  }

 private:
  std::unique_ptr<Engine> engine_;
  std::int64_t dimension_;
};
}  // namespace

std::unique_ptr<Engine> with_sliding_window(std::unique_ptr<Engine> engine, const nlohmann::json& arguments) {
  if (const auto axis = arguments.find("spatial_dim"); axis != arguments.end())
    engine = std::make_unique<Slices>(std::move(engine), axis->get<std::int64_t>());
  return std::make_unique<SlidingWindow>(std::move(engine), arguments);
}

}  // namespace aidp
