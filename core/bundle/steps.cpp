// SPDX-License-Identifier: Apache-2.0
#include "core/bundle/steps.hpp"

#include <algorithm>
#include <set>

#include "core/base/text.hpp"
#include "core/manifest/reader.hpp"
#include "core/manifest/vocabulary.hpp"

namespace aidp {

using nlohmann::json;

namespace {
// What aidp does anyway, or what concerns Python alone.
const std::set<std::string> done_anyway{"EnsureChannelFirst", "EnsureType", "ToTensor", "ToDevice", "ToNumpy"};
const std::set<std::string> writers{"SaveImage", "SaveClassification"};

// Arguments of LoadImaged that change no value; the readers' own, such as swap_ij, may.
const std::set<std::string> of_loading{"_target_",
                                       "_desc_",
                                       "_requires_",
                                       "_disabled_",
                                       "keys",
                                       "reader",
                                       "dtype",
                                       "image_only",
                                       "ensure_channel_first",
                                       "simple_keys",
                                       "meta_keys",
                                       "meta_key_postfix",
                                       "overwriting",
                                       "allow_missing_keys"};

// Arguments that concern Python, files or where a tensor lies.
const std::set<std::string> without_meaning{
    "_target_",        "_desc_",         "_requires_",         "_disabled_",   "keys",       "meta_keys",
    "orig_keys",       "orig_meta_keys", "to_tensor",          "device",       "sw_device",  "meta_key_postfix",
    "progress",        "cpu_thresh",     "allow_missing_keys", "buffer_steps", "buffer_dim", "cache_roi_weight_map",
    "start_coord_key", "end_coord_key",  "ensure_same_shape"};

// Arguments that aidp's vocabulary has not, with the values of them that are its meaning.
const std::map<std::string, json>& one_meaning() {
  static const std::map<std::string, json> allowed{{"dtype", {"float32", "float64"}},
                                                   {"lazy", {false}},
                                                   {"diagonal", {false}},
                                                   {"align_corners", {false}},
                                                   {"scale_extent", {false}},
                                                   {"recompute_affine", {false}},
                                                   {"anti_aliasing", {false}},
                                                   {"as_closest_canonical", {false}},
                                                   {"with_coord", {false}},
                                                   {"padding_mode", {"border"}},
                                                   {"source_key", {"image"}},
                                                   {"dim", {0}},
                                                   {"keepdim", {true}}};
  return allowed;
}

// "monai.transforms.Orientationd" to "Orientation".
std::string plain_name(const std::string& target) {
  auto name = target.substr(target.rfind('.') + 1);
  for (const std::string_view suffix : {"Dict", "d", "D"})
    if (name.size() > suffix.size() && name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  return name;
}

json as_list(json value) { return value.is_array() ? value : json::array({value}); }

std::string words(const json& values) {
  std::vector<std::string> texts;
  for (const auto& value : values) texts.push_back(value.dump());
  return join(texts, ", ");
}

class Steps {
 public:
  Steps(const BundleConfig& config, bool after_model) : config_(config), after_model_(after_model), key_(after_model ? "pred" : "image") {}

  std::vector<Transform> read(const std::string& section) {
    const auto compose = config_.followed("@" + section, section);
    auto list = compose;
    auto place = section;
    if (compose.is_object()) {
      if (plain_name(BundleConfig::target_of(compose)) != "Compose") config_.refuse(section, "it is not a Compose of transforms");
      place += "::transforms";
      list = config_.followed(compose.value("transforms", json()), place);
    }
    if (!list.is_array()) config_.refuse(place, "it must be a list of transforms");
    std::vector<Transform> steps;
    for (std::size_t i = 0; i < list.size(); ++i) add(list[i], place + "::" + std::to_string(i), steps);
    return steps;
  }

 private:
  void add(const json& entry, const std::string& place, std::vector<Transform>& steps) {
    const auto step = config_.followed(entry, place);
    if (!step.is_object() || !step.contains("_target_")) config_.refuse(place, "it must be a transform with a _target_");
    if (config_.resolved(step.value("_disabled_", json(false)), place) == true) return;
    const auto target = config_.resolved(step["_target_"], place);
    if (!target.is_string()) config_.refuse(place, "its _target_ is not a name");
    const auto name = plain_name(target.get<std::string>());
    const auto keys = as_list(config_.resolved(step.value("keys", json(key_)), place + "::keys"));
    if (after_model_ && writers.contains(name)) return;
    if (!after_model_ && name == "LoadImage") return loads(step, keys, place);
    const auto own = std::ranges::find(keys, json(key_));
    if (own == keys.end()) config_.refuse(place, target.get<std::string>() + " works on " + words(keys) + ", not on \"" + key_ + "\"");
    key_index_ = static_cast<std::size_t>(own - keys.begin());
    key_count_ = keys.size();
    if (done_anyway.contains(name)) return check_type(step, place);
    steps.push_back({name, arguments(kind_of(name, target, place), step, place)});
    labels_ = labels_ || name == "AsDiscrete";
    if (labels_ && name == "Invert" && steps.back().arguments.value("nearest_interp", json(true)) == false)
      config_.refuse(place + "::nearest_interp", "false after AsDiscreted would blend neighbouring labels into new ones; set it to true");
  }

  // The key of the image is what LoadImaged calls it.
  void loads(const json& step, const json& keys, const std::string& place) {
    for (const auto& [name, value] : step.items())
      if (!of_loading.contains(name))
        config_.refuse(place + "::" + name, "aidp reads DICOM itself and does not support this argument of LoadImaged");
    if (keys.size() != 1 || !keys[0].is_string()) config_.refuse(place, "it loads " + words(keys) + "; aidp gives a model one image");
    key_ = keys[0].get<std::string>();
  }

  void check_type(const json& step, const std::string& place) const {
    const auto type = own_value(config_.resolved(step.value("dtype", json()), place + "::dtype"), false);
    if (!type.is_null() && type != "float32") config_.refuse(place + "::dtype", type.dump() + ", but aidp's tensors are float32");
  }

  const TransformKind& kind_of(const std::string& name, const json& target, const std::string& place) const {
    std::vector<std::string> known;
    for (const auto& kind : transform_vocabulary()) {
      if (kind.after_model == after_model_ && kind.name == name) return kind;
      if (kind.after_model == after_model_) known.push_back(kind.name + "d");
    }
    config_.refuse(place, "the transform " + not_allowed(target.get<std::string>(), known) + (after_model_ ? " (after the model)" : ""));
  }

  // Of a list with a value for each key, the value for ours.
  json own_value(json value, bool list_wanted) const {
    return !list_wanted && value.is_array() && value.size() == key_count_ ? json(value[key_index_]) : value;
  }

  json arguments(const TransformKind& kind, const json& step, const std::string& place) const {
    json result = json::object();
    for (const auto& [key, raw] : step.items()) {
      if (without_meaning.contains(key)) continue;
      if (kind.name == "Invert" && key == "transform") {
        inverts(raw, place);
        continue;
      }
      auto name = key == "constant_values" ? "value" : key;
      const auto parameter = std::ranges::find(kind.parameters, name, &Parameter::name);
      const bool known = parameter != kind.parameters.end();
      const bool list = known && (parameter->type == Parameter::Type::numbers || parameter->type == Parameter::Type::integers);
      auto value = own_value(config_.resolved(raw, place + "::" + key), list);
      if (value.is_null()) continue;
      if (known)
        result[name] = std::move(value);
      else
        check_meaning(kind.name, key, value, place);
    }
    return result;
  }

  void check_meaning(const std::string& name, const std::string& key, const json& value, const std::string& place) const {
    const auto allowed = one_meaning().find(key);
    if (allowed == one_meaning().end()) config_.refuse(place, name + " does not support the argument '" + key + "' here");
    const auto values = key == "source_key" ? json::array({key_}) : allowed->second;
    if (std::ranges::find(values, value) == values.end())
      config_.refuse(place + "::" + key, value.dump() + " is not supported by aidp's " + name + "; supported: " + words(values));
  }

  void inverts(const json& raw, const std::string& place) const {
    if (raw != "@preprocessing" && raw != "$@preprocessing")
      config_.refuse(place + "::transform", raw.dump() + ", but aidp inverts \"@preprocessing\" only");
  }

  const BundleConfig& config_;
  bool after_model_;
  std::string key_;
  std::size_t key_index_ = 0, key_count_ = 1;
  bool labels_ = false;  // whether AsDiscrete was done
};
}  // namespace

std::vector<Transform> bundle_preprocessing(const BundleConfig& inference) {
  if (!inference.has("preprocessing")) inference.refuse("preprocessing", "it is missing, so the model's input is unknown");
  return Steps(inference, false).read("preprocessing");
}

std::vector<Transform> bundle_postprocessing(const BundleConfig& inference) {
  return inference.has("postprocessing") ? Steps(inference, true).read("postprocessing") : std::vector<Transform>();
}

std::optional<Transform> bundle_inferer(const BundleConfig& inference) {
  if (!inference.has("inferer")) return std::nullopt;
  const auto inferer = inference.followed("@inferer", "inferer");
  const auto target = BundleConfig::target_of(inferer);
  const auto name = target.substr(target.rfind('.') + 1);
  if (name == "SimpleInferer") return std::nullopt;
  if (name != "SlidingWindowInferer" && name != "SlidingWindowInfererAdapt")
    inference.refuse("inferer",
                     "the inferer " + not_allowed(target, {"SimpleInferer", "SlidingWindowInferer", "SlidingWindowInfererAdapt"}));
  Transform step{"sliding_window", json::object()};
  for (const auto& [key, raw] : inferer.items()) {
    if (without_meaning.contains(key)) continue;
    const auto& known = sliding_window_kind().parameters;
    const auto place = "inferer::" + key;
    auto value = inference.resolved(raw, place);
    if (value.is_null() || (key == "with_coord" && value == false)) continue;
    if (std::ranges::find(known, key, &Parameter::name) == known.end()) inference.refuse(place, name + " does not support this argument");
    step.arguments[key] = std::move(value);
  }
  return step;
}

}  // namespace aidp
