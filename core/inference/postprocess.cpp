// SPDX-License-Identifier: Apache-2.0
// What is done to a model's output, as monai/transforms/post/array.py. Objects are found on the CPU.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "core/base/error.hpp"
#include "core/inference/components.hpp"
#include "core/inference/transforms.hpp"

namespace aidp {

namespace {
using Labels = std::vector<std::int64_t>;

at::Tensor to_channels(const at::Tensor& labels, std::int64_t classes) {
  const auto index = labels.to(at::kLong);
  if (labels.size(0) != 1 || index.max().item<std::int64_t>() >= classes || index.min().item<std::int64_t>() < 0)
    throw Error(Reason::model_shape, "AsDiscrete with to_onehot " + std::to_string(classes) + " takes one channel of labels below " +
                                         std::to_string(classes) + "; use argmax before it");
  auto shape = labels.sizes().vec();
  shape[0] = classes;
  return at::zeros(shape, labels.options().dtype(at::kFloat)).scatter_(0, index, 1);
}

at::Tensor as_discrete(const at::Tensor& output, const Arguments& arguments) {
  auto result = output;
  if (arguments.value("argmax", false)) result = std::get<1>(result.max(0, true));  // argmax takes twenty times as long across channels
  if (arguments.contains("to_onehot")) result = to_channels(result, arguments["to_onehot"].get<std::int64_t>());
  if (arguments.contains("threshold")) result = result >= arguments["threshold"].get<double>();
  if (arguments.contains("rounding")) result = result.round();
  return result.to(at::kFloat);
}

// A [channel, ...] output on the CPU whose values are objects: of one channel its labels, of several each a mask (one-hot).
struct Objects {
  at::Tensor data;  // float32, contiguous
  std::vector<std::int64_t> shape;

  Objects(const at::Tensor& output) : data(output.to(at::kCPU, at::kFloat).contiguous().clone()), shape(data.sizes().slice(1).vec()) {}
  std::int64_t channels() const { return data.size(0); }
  std::span<float> channel(std::int64_t index) {
    if (index >= channels())
      throw Error(Reason::model_shape, "'applied_labels' asks for channel " + std::to_string(index) + ", counted from 0; the model gave " +
                                           std::to_string(channels()) + " channels");
    const auto size = static_cast<std::size_t>(data[0].numel());
    return {data.data_ptr<float>() + static_cast<std::size_t>(index) * size, size};
  }
  std::int64_t connectivity(const Arguments& arguments) const {
    return arguments.value("connectivity", static_cast<std::int64_t>(shape.size()));
  }

  // The labels to work on: those given, else all that occur but the background, 0.
  Labels labels(const Arguments& arguments, bool is_onehot) const {
    if (arguments.contains("applied_labels")) {
      const auto& given = arguments["applied_labels"];
      return given.is_array() ? given.get<Labels>() : Labels{given.get<std::int64_t>()};
    }
    std::set<std::int64_t> found;
    if (is_onehot)
      for (std::int64_t channel = 1; channel < channels(); ++channel)
        if (data[channel].sum().item<double>() > 0) found.insert(channel);
    if (!is_onehot) {
      const auto unique = std::get<0>(at::_unique(data)).to(at::kLong);
      for (std::int64_t i = 0; i < unique.numel(); ++i) found.insert(unique[i].item<std::int64_t>());
      found.erase(0);
    }
    return {found.begin(), found.end()};
  }
};

using Flags = std::vector<std::uint8_t>;

template <class Test>
Flags flags(std::span<const float> values, const Test& test) {
  Flags result(values.size());
  std::ranges::transform(values, result.begin(), [&](float value) { return static_cast<std::uint8_t>(test(value)); });
  return result;
}

// Which elements of `mask` lie outside its `count` largest components. Of equal ones the last in C order stays, as MONAI's sort has it.
Flags outside_largest(const Flags& mask, const Objects& objects, const Arguments& arguments) {
  const auto found = connected_components(mask, objects.shape, objects.connectivity(arguments));
  const auto count = arguments.value("num_components", std::size_t{1});
  std::vector<std::size_t> order(found.sizes.size() - 1);
  std::iota(order.begin(), order.end(), 1);
  std::ranges::stable_sort(order, {}, [&](std::size_t label) { return found.sizes[label]; });
  Flags keep(found.sizes.size(), order.size() <= count);
  for (std::size_t i = 0; i < std::min(count, order.size()); ++i) keep[order[order.size() - 1 - i]] = 1;
  Flags result(mask.size());
  for (std::size_t i = 0; i < mask.size(); ++i) result[i] = mask[i] && !keep[static_cast<std::size_t>(found.labels[i])];
  return result;
}

void clear(std::span<float> values, const Flags& where) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (where[i]) values[i] = 0;
}

void keep_largest(Objects& objects, const Arguments& arguments) {
  const bool is_onehot = arguments.value("is_onehot", objects.channels() > 1);
  const auto labels = objects.labels(arguments, is_onehot);
  const auto mask_of = [&](std::int64_t label) {
    return is_onehot ? flags(objects.channel(label), [](float v) { return v > 0; })
                     : flags(objects.channel(0), [&](float v) { return v == static_cast<float>(label); });
  };
  if (arguments.value("independent", true)) {
    for (const auto label : labels) clear(objects.channel(is_onehot ? label : 0), outside_largest(mask_of(label), objects, arguments));
    return;
  }
  Flags together(objects.channel(0).size(), 0);
  for (const auto label : labels) {
    const auto mask = mask_of(label);
    for (std::size_t i = 0; i < mask.size(); ++i) together[i] |= mask[i];
  }
  const auto outside = outside_largest(together, objects, arguments);
  for (const auto label : is_onehot ? labels : Labels{0}) clear(objects.channel(label), outside);
}

// skimage.morphology.remove_small_objects as MONAI calls it: over all dimensions, the channels' too. A map of several labels has one object
// a label there, wherever its voxels lie.
void remove_small(Objects& objects, const Arguments& arguments, const Sample& sample) {
  const std::span<float> values{objects.data.data_ptr<float>(), static_cast<std::size_t>(objects.data.numel())};
  const auto [low, high] = std::ranges::minmax(values);
  if (low == high) return;
  double least = arguments.value("min_size", 64.0);
  if (arguments.value("by_measure", false)) {
    if (!sample.source.has_spacing)
      throw Error(Reason::geometry_missing,
                  "RemoveSmallObjects by_measure needs the size of a pixel; the image has neither PixelSpacing nor ImagerPixelSpacing");
    double voxel = 1;
    for (std::size_t axis = 0; axis < sample.axes(); ++axis) voxel *= sample.spacing_mm(axis);
    least = std::ceil(least / voxel);
  }
  const auto too_small = [&](std::int64_t size) { return static_cast<double>(size) < least; };
  const bool independent = arguments.value("independent_channels", true);
  if (independent && high > 1) {
    std::map<std::int64_t, std::int64_t> sizes;
    for (auto& value : values) ++sizes[static_cast<std::int64_t>(value = std::trunc(value))];
    for (auto& value : values)
      if (too_small(sizes[static_cast<std::int64_t>(value)])) value = 0;
    return;
  }
  const auto mask = flags(values, [&](float v) { return independent ? v != 0 : v > 0; });
  const auto found = connected_components(mask, objects.data.sizes().vec(), arguments.value("connectivity", std::int64_t{1}));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool keep = mask[i] && !too_small(found.sizes[static_cast<std::size_t>(found.labels[i])]);
    values[i] = keep ? (independent ? 1 : values[i]) : 0;
  }
}

// Which components reach a face of the array.
Flags at_the_edge(const Components& found, const std::vector<std::int64_t>& shape) {
  Flags result(found.sizes.size(), 0);
  std::vector<std::int64_t> at(shape.size(), 0);
  for (const auto label : found.labels) {
    for (std::size_t d = 0; d < shape.size(); ++d)
      if (at[d] == 0 || at[d] == shape[d] - 1) result[static_cast<std::size_t>(label)] = 1;
    for (std::size_t d = shape.size(); d-- > 0 && ++at[d] == shape[d];) at[d] = 0;
  }
  return result;
}

void fill_holes(Objects& objects, const Arguments& arguments) {
  const bool is_onehot = objects.channels() > 1;
  for (const auto label : objects.labels(arguments, is_onehot)) {
    if (label == 0) continue;
    const auto values = objects.channel(is_onehot ? label : 0);
    const auto others = flags(values, [&](float v) { return is_onehot ? v == 0 : v != static_cast<float>(label); });
    const auto found = connected_components(others, objects.shape, objects.connectivity(arguments));
    const auto open = at_the_edge(found, objects.shape);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool filled = !others[i] || !open[static_cast<std::size_t>(found.labels[i])];
      if (is_onehot)
        values[i] = filled;
      else if (filled)
        values[i] = static_cast<float>(label);
    }
  }
}
}  // namespace

at::Tensor apply_after(const Transform& transform, const at::Tensor& output, Sample& sample) {
  const auto& arguments = transform.arguments;
  if (transform.name == "Activations") return arguments.value("sigmoid", false) ? output.sigmoid() : output.softmax(0);
  if (transform.name == "AsDiscrete") return as_discrete(output, arguments);
  if (transform.name == "Invert") return invert(output, sample, arguments.value("nearest_interp", true));
  Objects objects(output);
  if (transform.name == "KeepLargestConnectedComponent")
    keep_largest(objects, arguments);
  else if (transform.name == "RemoveSmallObjects")
    remove_small(objects, arguments, sample);
  else if (transform.name == "FillHoles")
    fill_holes(objects, arguments);
  else
    throw Error(Reason::manifest_invalid, "the transform " + transform.name + " is not known");
  return objects.data.to(output.device());
}

}  // namespace aidp
