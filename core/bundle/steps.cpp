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

// The last part of a name of MONAI's; what is of another module, such as a bundle's own, is known by its whole name.
std::string monai_name(const std::string& target) { return target.starts_with("monai.") ? target.substr(target.rfind('.') + 1) : target; }

// "monai.transforms.Orientationd" to "Orientation".
std::string plain_name(const std::string& target) {
  auto name = monai_name(target);
  for (const std::string_view suffix : {"Dict", "d", "D"})
    if (name.size() > suffix.size() && name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  return name;
}

json as_list(json value) { return value.is_array() ? value : json::array({value}); }

// "True" and "False" as texts, which some write in JSON.
json truth_of(const json& value) { return value == "True" ? json(true) : value == "False" ? json(false) : value; }

// MONAI takes numpy's names of the ways to pad too.
json pad_mode(const json& value) { return value == "edge" ? json("replicate") : value == "wrap" ? json("circular") : value; }

std::string words(const json& values) {
  std::vector<std::string> texts;
  for (const auto& value : values) texts.push_back(value.dump());
  return join(texts, ", ");
}

// The arguments of a component as those of `kind`, each checked; what is wrong is an obstacle with its place.
class Arguments {
 public:
  Arguments(const BundleConfig& config, const TransformKind& kind, bool volumes, Findings& findings)
      : config_(config), kind_(kind), axes_(volumes ? 3 : 2), findings_(findings) {}

  // `name` is the argument's in `kind`.
  const Parameter* parameter(const std::string& name) const {
    const auto found = std::ranges::find(kind_.parameters, name, &Parameter::name);
    return found == kind_.parameters.end() ? nullptr : &*found;
  }

  void take(const Parameter& parameter, json value, const std::string& place) {
    if (parameter.type == Parameter::Type::boolean && value == "False")
      findings_.warn(config_.file() + ": " + printable(place) + ": the text \"False\" is taken as false, but MONAI takes it for true");
    if (parameter.type == Parameter::Type::boolean) value = truth_of(value);
    if (std::ranges::find(parameter.allowed, "replicate") != parameter.allowed.end()) value = pad_mode(value);
    if (!parameter.fits(value, axes_))
      config_.refuse(place, value.dump() + ", but " + kind_.name + " takes " + parameter.expectation(axes_) + " here");
    result_[parameter.name] = std::move(value);
  }

  void check_complete(const json& component, const std::string& place) {
    for (const auto& parameter : kind_.parameters)
      if (parameter.standard.is_null() && component.value(parameter.name, json()).is_null())
        findings_.collect([&] { config_.refuse(place, kind_.name + " needs the argument '" + parameter.name + "'"); });
  }

  json result() && { return std::move(result_); }

 private:
  const BundleConfig& config_;
  const TransformKind& kind_;
  std::size_t axes_;
  Findings& findings_;
  json result_ = json::object();
};

class Steps {
 public:
  Steps(const BundleConfig& config, bool after_model, bool volumes, Findings& findings)
      : config_(config), after_model_(after_model), volumes_(volumes), findings_(findings), key_(after_model ? "pred" : "image") {}

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
    for (std::size_t i = 0; i < list.size(); ++i) findings_.collect([&] { add(list[i], place + "::" + std::to_string(i), steps); });
    if (!after_model_ && !loads_)
      findings_.collect([&] { config_.refuse(place, "it has no LoadImaged, so the model does not begin with an image file"); });
    return steps;
  }

 private:
  void add(const json& entry, const std::string& place, std::vector<Transform>& steps) {
    const auto step = config_.followed(entry, place);
    if (!step.is_object() || !step.contains("_target_")) config_.refuse(place, "it must be a transform with a _target_");
    if (truth_of(config_.resolved(step.value("_disabled_", json(false)), place)) == true) return;
    const auto target = config_.resolved(step["_target_"], place);
    if (!target.is_string()) config_.refuse(place, "its _target_ is not a name");
    const auto name = plain_name(target.get<std::string>());
    const auto keys = as_list(config_.resolved(step.value("keys", json(key_)), place + "::keys"));
    if (after_model_ && writers.contains(name)) return;
    if (!after_model_ && name == "LoadImage") return loads(step, keys, place);
    const bool passive = done_anyway.contains(name);
    const auto* kind = passive ? nullptr : &kind_of(name, target, place);
    const auto own = std::ranges::find(keys, json(key_));
    if (own == keys.end() && !key_open_)
      config_.refuse(place, target.get<std::string>() + " works on " + words(keys) + ", not on \"" + key_ + "\"");
    key_index_ = own == keys.end() ? 0 : static_cast<std::size_t>(own - keys.begin());
    key_count_ = keys.size();
    if (passive) return check_type(step, place);
    steps.push_back({name, arguments(*kind, step, place)});
    labels_ = labels_ || name == "AsDiscrete";
    if (labels_ && name == "Invert") keep_labels_whole(steps.back(), place);
  }

  // The key of the image is what LoadImaged calls it.
  void loads(const json& step, const json& keys, const std::string& place) {
    loads_ = true;
    for (const auto& [name, value] : step.items())
      if (!of_loading.contains(name))
        findings_.collect(
            [&] { config_.refuse(place + "::" + name, "aidp reads DICOM itself and does not support this argument of LoadImaged"); });
    key_open_ = keys.size() != 1 || !keys[0].is_string();
    if (!key_open_)
      key_ = keys[0].get<std::string>();
    else
      config_.refuse(place, "it loads " + words(keys) + "; aidp gives a model one image");
  }

  void check_type(const json& step, const std::string& place) const {
    const auto type = own_value(config_.resolved(step.value("dtype", json()), place + "::dtype"), false);
    if (!type.is_null() && type != "float32") config_.refuse(place + "::dtype", type.dump() + ", but aidp's tensors are float32");
  }

  // Interpolated labels are no labels: half-way between 1 and 3 lies 2.
  void keep_labels_whole(Transform& invert, const std::string& place) {
    if (invert.arguments.value("nearest_interp", json(true)) != false) return;
    invert.arguments["nearest_interp"] = true;
    findings_.warn(config_.file() + ": " + printable(place) +
                   "::nearest_interp: false after AsDiscreted would blend neighbouring labels into others; the package takes the nearest");
  }

  const TransformKind& kind_of(const std::string& name, const json& target, const std::string& place) const {
    std::vector<std::string> known;
    for (const auto& kind : transform_vocabulary()) {
      if (kind.after_model != after_model_ || kind.name == "Conform") continue;  // which MONAI has not
      known.push_back(kind.name + "d");
      if (kind.name != name) continue;
      if (kind.volumes_only && !volumes_) config_.refuse(place, name + " needs a volume; this model takes images");
      return kind;
    }
    const auto near = nearest(name + "d", known);
    const auto where = std::string(after_model_ ? "after" : "before") + " the model";
    config_.refuse(place,
                   "aidp has no transform '" + target.get<std::string>() + "' " + where + (near ? "; did you mean '" + *near + "'?" : ""),
                   where + " use " + join(known, ", ") + ", or request another");
  }

  // Of a list with a value for each key, the value for ours.
  json own_value(json value, bool list_wanted) const {
    return !list_wanted && value.is_array() && value.size() == key_count_ ? json(value[key_index_]) : value;
  }

  json arguments(const TransformKind& kind, const json& step, const std::string& place) const {
    Arguments read(config_, kind, volumes_, findings_);
    read.check_complete(step, place);
    for (const auto& [key, raw] : step.items()) findings_.collect([&] { argument(kind, key, raw, step, place, read); });
    return std::move(read).result();
  }

  void argument(const TransformKind& kind, const std::string& key, const json& raw, const json& step, const std::string& place,
                Arguments& read) const {
    if (without_meaning.contains(key)) return;
    if (kind.name == "Invert" && key == "transform") return inverts(raw, place);
    if (kind.name == "CropForeground" && key == "mode" && !pads(step, place)) return;
    const auto* parameter = read.parameter(key == "constant_values" ? "value" : key);
    const bool list = parameter && (parameter->type == Parameter::Type::numbers || parameter->type == Parameter::Type::integers);
    auto value = own_value(config_.resolved(raw, place + "::" + key), list);
    if (value.is_null()) return;
    if (parameter)
      read.take(*parameter, std::move(value), place + "::" + key);
    else
      check_meaning(kind.name, key, truth_of(value), place);
  }

  // Whether CropForeground may leave the image, so that it matters what is there.
  bool pads(const json& step, const std::string& place) const {
    const auto beyond = [&](const char* key, int most) {
      const auto given = as_list(config_.resolved(step.value(key, json(most)), place + "::" + key));
      return std::ranges::any_of(given, [&](const json& number) { return number > most; });
    };
    return beyond("margin", 0) || beyond("k_divisible", 1);
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
  bool after_model_, volumes_;
  Findings& findings_;
  std::string key_;
  std::size_t key_index_ = 0, key_count_ = 1;
  bool key_open_ = false;  // several images are loaded, which is an obstacle of its own
  bool loads_ = false;     // whether LoadImaged was met
  bool labels_ = false;    // whether AsDiscrete was done
};

// MONAI's inferers of windows, by their kind in a manifest.
const TransformKind* inferer_kind(const std::string& name) {
  if (name == "SlidingWindowInferer" || name == "SlidingWindowInfererAdapt") return &sliding_window_kind();
  if (name == "SliceInferer") return &slices_kind();
  return nullptr;
}
}  // namespace

std::vector<Transform> bundle_preprocessing(const BundleConfig& inference, bool volumes, Findings& findings) {
  if (!inference.has("preprocessing")) inference.refuse("preprocessing", "it is missing, so the model's input is unknown");
  return Steps(inference, false, volumes, findings).read("preprocessing");
}

std::vector<Transform> bundle_postprocessing(const BundleConfig& inference, bool volumes, Findings& findings) {
  if (!inference.has("postprocessing")) return {};
  return Steps(inference, true, volumes, findings).read("postprocessing");
}

std::optional<Transform> bundle_inferer(const BundleConfig& inference, bool volumes, Findings& findings) {
  if (!inference.has("inferer")) return std::nullopt;
  const auto inferer = inference.followed("@inferer", "inferer");
  const auto target = BundleConfig::target_of(inferer);
  const auto name = monai_name(target);
  if (name == "SimpleInferer") return std::nullopt;
  const auto* kind = inferer_kind(name);
  if (!kind)
    inference.refuse("inferer", "the inferer " + not_allowed(target, {"SimpleInferer", "SlidingWindowInferer", "SlidingWindowInfererAdapt",
                                                                      "SliceInferer"}));
  Arguments read(inference, *kind, volumes && kind != &slices_kind(), findings);
  read.check_complete(inferer, "inferer");
  for (const auto& [key, raw] : inferer.items()) {
    if (without_meaning.contains(key)) continue;
    findings.collect([&] {
      const auto place = "inferer::" + key;
      auto value = inference.resolved(raw, place);
      if (value.is_null() || (key == "with_coord" && value == false)) return;
      const auto* parameter = read.parameter(key);
      if (!parameter) inference.refuse(place, name + " does not support this argument");
      read.take(*parameter, std::move(value), place);
    });
  }
  return Transform{kind->name, std::move(read).result()};
}

}  // namespace aidp
