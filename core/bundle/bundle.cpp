// SPDX-License-Identifier: Apache-2.0
#include "core/bundle/bundle.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "core/base/text.hpp"
#include "core/bundle/config.hpp"
#include "core/bundle/steps.hpp"

namespace aidp {

using nlohmann::json;

namespace {
constexpr const char* inputs_id = "network_data_format::inputs";
constexpr const char* output_id = "network_data_format::outputs::pred";
constexpr std::size_t text_bytes_at_most = 4000;

// All that is said of a model.
struct Said {
  BundleConfig metadata, inference;
  const BundleAnswers& answers;
  Findings& findings;
};

[[noreturn]] void lacks(const BundleConfig& metadata, const std::string& what, const std::string& remedy) {
  throw Error(Reason::package_invalid, metadata.file() + " does not say " + what, remedy);
}

// A text of the metadata on one line; empty where there is none.
std::string text_of(const BundleConfig& metadata, const std::string& id) {
  const auto value = metadata.value(id);
  auto text = value.is_string() ? value.get<std::string>() : "";
  std::ranges::replace(text, '\n', ' ');
  return printable(trim(text).substr(0, text_bytes_at_most));
}

// A label's or a model's name in small letters, with `joint` for all else: "Spleen CT" to "spleen-ct".
std::string slug(const std::string& text, char joint) {
  std::string result;
  for (const char c : lower(text)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      result += c;
    else if (!result.empty() && result.back() != joint)
      result += joint;
  }
  while (result.ends_with(joint)) result.pop_back();
  return result;
}

// A column's name begins with a letter.
std::string column(const std::string& name, const std::string& kind) {
  const auto plain_name = slug(name, '_');
  return plain_name.empty() || plain_name[0] <= '9' ? kind + "_" + plain_name : plain_name;
}

// In YAML's flow style, keys plain where they may be.
std::string flow(const json& value) {
  if (!value.is_structured()) return value.dump();
  std::vector<std::string> parts;
  if (value.is_array())
    for (const auto& part : value) parts.push_back(flow(part));
  else
    for (const auto& [key, part] : value.items()) parts.push_back(key + ": " + flow(part));
  return value.is_array() ? "[" + join(parts, ", ") + "]" : "{" + join(parts, ", ") + "}";
}

std::string list_of(const std::string& key, const std::vector<Transform>& steps) {
  std::string text = key + (steps.empty() ? ": []\n" : ":\n");
  for (const auto& step : steps) text += "  - " + step.name + (step.arguments.empty() ? "" : ": " + flow(step.arguments)) + "\n";
  return text;
}

// Names by number, of a map of the metadata.
std::map<int, std::string> numbered_names(const BundleConfig& metadata, const std::string& id) {
  std::map<int, std::string> names;
  const auto given = metadata.value(id);
  if (!given.is_object()) return names;
  for (const auto& [key, name] : given.items()) {
    const auto number = number_in<int>(key);
    if (!number || *number < 0 || !name.is_string()) metadata.refuse(id, "it must map channel numbers to names");
    names[*number] = printable(name.get<std::string>());
  }
  return names;
}

// Some bundles keep the names of their labels in the configuration: {liver: 1}.
std::map<int, std::string> names_of_labels(const BundleConfig& inference) {
  std::map<int, std::string> names;
  for (const char* id : {"labels", "label_names"}) {
    const auto* given = inference.find(id);
    if (!given || !given->is_object()) continue;
    for (const auto& [name, number] : given->items())
      if (number.is_number_integer() && number >= 0) names[number.get<int>()] = printable(name);
  }
  return names;
}

// The names of the channels that the model gives, by number.
std::map<int, std::string> channels_of(const Said& said) {
  const auto id = std::string(output_id) + "::channel_def";
  auto channels = numbered_names(said.metadata, id);
  if (channels.empty()) channels = names_of_labels(said.inference);
  for (const auto& [number, name] : said.answers.labels) channels[number] = name;
  if (channels.empty())
    lacks(said.metadata, "what the model gives: " + id, "name its labels, such as --label 0=background --label 1=liver");
  return channels;
}

// What each label of the mask means, which is how the output becomes one.
std::map<int, std::string> labels_of(const Said& said, const std::vector<Transform>& steps) {
  auto channels = channels_of(said);
  const auto last = std::ranges::find(steps.rbegin(), steps.rend(), "AsDiscrete", &Transform::name);
  const auto& arguments = last == steps.rend() ? json::object() : last->arguments;
  const bool argmax = arguments.value("argmax", json()) == true, one_hot = arguments.contains("to_onehot");
  if (argmax && !one_hot) {
    if (const auto zero = channels.find(0); zero != channels.end() && slug(zero->second, ' ') != "background")
      said.metadata.refuse(std::string(output_id) + "::channel_def::0",
                           "it is '" + zero->second + "', but label 0 of a mask is the background");
    channels.erase(0);
    if (!channels.empty()) return channels;
  }
  if (!argmax && !one_hot && arguments.contains("threshold") && channels.size() == 1) return {{1, channels.begin()->second}};
  said.inference.refuse("postprocessing",
                        "it does not make a label map: that needs AsDiscreted with argmax, or with threshold if there is one channel");
}

json mask_outputs(const Said& said, const std::vector<Transform>& steps, bool volumes) {
  auto names = json::object();
  auto measured = json::array();
  for (const auto& [label, name] : labels_of(said, steps)) {
    names[std::to_string(label)] = name;
    if (volumes) measured.push_back({{"name", column(name, "label") + "_volume_ml"}, {"kind", "volume"}, {"labels", {label}}});
  }
  auto outputs = json::array({{{"name", "segmentation"}, {"kind", "mask"}, {"names", names}}});
  outputs.insert(outputs.end(), measured.begin(), measured.end());
  return outputs;
}

// The class, where the network chooses one of them, and its scores, where these are more than that choice.
json class_outputs(const Said& said, const std::vector<Transform>& steps) {
  const auto channels = channels_of(said);
  const auto any = [&](const char* name, const char* argument) {
    return std::ranges::any_of(steps,
                               [&](const Transform& step) { return step.name == name && step.arguments.value(argument, json()) == true; });
  };
  const bool chosen = any("AsDiscrete", "argmax"), row = channels.size() > 1 && channels.rbegin()->first + 1 == std::ssize(channels);
  auto outputs = json::array();
  if (row && (chosen || any("Activations", "softmax"))) {
    auto names = json::object();
    for (const auto& [number, name] : channels) names[std::to_string(number)] = name;
    outputs.push_back({{"name", "class"}, {"kind", "class"}, {"names", names}});
    if (chosen) return outputs;
  }
  for (const auto& [channel, name] : channels) outputs.push_back({{"name", column(name, "class")}, {"kind", "score"}, {"index", channel}});
  return outputs;
}

json outputs_of(const Said& said, const std::vector<Transform>& steps, bool volumes) {
  const auto outputs = said.metadata.value("network_data_format::outputs");
  if (outputs.is_object() && outputs.size() > 1)
    said.metadata.refuse("network_data_format::outputs",
                         "the model gives " + std::to_string(outputs.size()) + " outputs; aidp takes one tensor, 'pred'");
  const auto format = text_of(said.metadata, std::string(output_id) + "::format");
  const auto type = text_of(said.metadata, std::string(output_id) + "::type");
  const auto shape = said.metadata.value(std::string(output_id) + "::spatial_shape");
  const bool one_row = shape.is_array() && shape.size() == 2 && shape[0] == 1;  // [1, classes]
  if (format == "segmentation" || (format == "labels" && !one_row)) return mask_outputs(said, steps, volumes);
  if (type == "probabilities" || format == "classes" || format == "classification" || format == "labels") return class_outputs(said, steps);
  said.metadata.refuse(output_id,
                       "the format '" + format + "' of type '" + type +
                           "' is not supported; supported: the formats segmentation, labels and classes, and the type probabilities");
}

// The id of the one input. Where the metadata have none, options may say all that it would.
std::string input_of(const BundleConfig& metadata) {
  const auto inputs = metadata.value(inputs_id);
  if (!inputs.is_object() || inputs.empty()) return inputs_id + std::string("::image");
  if (inputs.size() != 1)
    metadata.refuse(inputs_id, "the model takes " + std::to_string(inputs.size()) + " inputs; aidp gives it one image");
  return inputs_id + ("::" + inputs.begin().key());
}

bool takes_volumes(const Said& said, const std::string& input) {
  if (!said.answers.unit.empty()) return said.answers.unit == "series";
  const auto inferer = said.inference.has("inferer") ? said.inference.followed("@inferer", "inferer") : json();
  if (BundleConfig::target_of(inferer).ends_with("SliceInferer")) return true;  // a network of images, given each slice
  const auto shape = said.metadata.value(input + "::spatial_shape");
  if (!shape.is_array() || (shape.size() != 2 && shape.size() != 3))
    lacks(said.metadata, "whether the model takes images or volumes: " + input + "::spatial_shape of 2 or 3 axes",
          "give --unit series for volumes, --unit instance for images");
  return shape.size() == 3;
}

std::vector<std::string> modalities_of(const Said& said, const std::string& input) {
  static const std::map<std::string, std::string> terms{{"CT", "CT"}, {"MR", "MR"}, {"MRI", "MR"}, {"PT", "PT"}, {"PET", "PT"},
                                                        {"CR", "CR"}, {"DX", "DX"}, {"MG", "MG"},  {"US", "US"}, {"XA", "XA"}};
  if (!said.answers.modality.empty()) return said.answers.modality;
  const auto text = text_of(said.metadata, input + "::modality");
  if (const auto term = terms.find(text); term != terms.end()) return {term->second};
  lacks(said.metadata, "the modality as a DICOM code (" + input + "::modality is '" + text + "')",
        "give the modality, such as --modality CT; repeat it if there are several");
}

json rules_of(const std::vector<std::string>& modality) {
  if (modality.size() == 1) return {{{"attribute", "Modality"}, {"equals", modality[0]}}};
  return {{{"attribute", "Modality"}, {"any_of", modality}}};
}

// The channels that the network takes, less what RepeatChannel makes of them.
int channels_of_input(const Said& said, const std::string& input, const std::vector<Transform>& steps) {
  if (said.answers.channels > 0) return said.answers.channels;
  const auto given = said.metadata.value(input + "::num_channels");
  if (given.is_null()) lacks(said.metadata, "how many channels the model takes: " + input + "::num_channels", "give --channels 1 or 3");
  auto channels = given.is_number_integer() ? given.get<int>() : 0;
  for (const auto& step : steps)
    if (step.name == "RepeatChannel")
      if (const auto repeats = step.arguments.value("repeats", json(1)); repeats.is_number_integer() && repeats > 0)
        channels /= repeats.get<int>();
  if (channels != 1 && channels != 3)
    said.metadata.refuse(input + "::num_channels",
                         "the model takes " + given.dump() + " channels; aidp gives it 1 or 3, the samples of a pixel");
  return channels;
}

bool is_gray(const std::string& modality) {
  static const std::set<std::string> gray{"CT", "MR", "PT", "NM", "CR", "DX", "MG", "XA", "RF", "IO", "PX"};
  return gray.contains(modality);
}

// Samples per pixel. Bundles are trained on pictures whose three channels are one gray; in DICOM such an image has one sample.
int samples_of(const Said& said, const std::string& input, bool volumes, std::vector<Transform>& steps) {
  const auto channels = channels_of_input(said, input, steps);
  const auto modality = modalities_of(said, input);
  if (channels == 1 || !std::ranges::all_of(modality, is_gray)) return channels;
  const auto what = "the model takes 3 channels, but an image of " + join(modality, " or ") + " has one";
  if (volumes) said.metadata.refuse(input + "::num_channels", what);
  said.findings.warn(what + "; the package repeats it. Check that the model was trained on gray images in colour files");
  steps.insert(steps.begin(), {"RepeatChannel", {{"repeats", 3}}});
  return 1;
}

std::string first_of(std::initializer_list<std::string> texts) {
  const auto found = std::ranges::find_if(texts, [](const std::string& text) { return !text.empty(); });
  return found == texts.end() ? "" : *found;
}

std::string identity_of(const Said& said, const std::string& folder_name) {
  const auto& [metadata, inference, answers, findings] = said;
  const auto text = [&](const char* id) { return text_of(metadata, id); };
  const auto needed = [&](const std::string& value, const char* what, const char* remedy) {
    if (value.empty()) findings.collect([&] { lacks(metadata, what, remedy); });
    return value;
  };
  const auto name = slug(first_of({answers.name, text("name"), folder_name}), '-').substr(0, 63);
  const auto vendor = first_of({answers.vendor, text("authors")});
  const std::vector<std::pair<std::string, std::string>> rows{
      {"name", needed(name, "the model's name", "give the name with --name")},
      {"version", needed(first_of({answers.version, text("version")}), "the model's version", "give the version with --model-version")},
      {"title", first_of({answers.title, text("name"), text("task"), text("description"), name})},
      {"vendor", needed(vendor, "its authors", "give its authors with --vendor")},
      {"contact", first_of({answers.contact, vendor})},
      {"licence", needed(first_of({answers.licence, text("license"), text("licence")}), "its licence, nor is there a file LICENSE",
                         "give the licence with --licence")},
      {"intended_use",
       needed(first_of({answers.intended_use, text("intended_use")}), "the intended use", "give the intended use with --intended-use")}};
  std::string lines = "schema: aidp.model/1\n";
  for (const auto& [key, value] : rows) lines += key + ": " + json(value).dump() + "\n";
  return lines + "regulatory_status: research-use-only\n";
}

BundleConfig together(const std::vector<BundleText>& texts) {
  BundleConfig config(texts.front().text, texts.front().file);
  for (std::size_t i = 1; i < texts.size(); ++i) config.lay_over(BundleConfig(texts[i].text, texts[i].file));
  return config;
}

std::string inferer_text(const std::optional<Transform>& inferer) {
  if (!inferer) return "";
  auto arguments = inferer->arguments;
  arguments["kind"] = inferer->name;
  return "inferer: " + flow(arguments) + "\n";
}

std::string input_text(const Said& said, std::vector<Transform>& steps, bool volumes) {
  const auto input = input_of(said.metadata);
  std::string text = "input:\n  unit: " + std::string(volumes ? "series" : "instance") + "\n";
  said.findings.collect([&] { text += "  channels: " + std::to_string(samples_of(said, input, volumes, steps)) + "\n"; });
  said.findings.collect([&] { text += "  select: " + flow(rules_of(modalities_of(said, input))) + "\n"; });
  return text;
}

std::string outputs_text(const Said& said, const std::vector<Transform>& steps, bool volumes) {
  std::string text = "outputs:\n";
  for (const auto& output : outputs_of(said, steps, volumes)) text += "  - " + flow(output) + "\n";
  return text;
}

void check_orientation(const Said& said, const std::vector<Transform>& steps, bool volumes) {
  if (!volumes || std::ranges::find(steps, "Orientation", &Transform::name) != steps.end()) return;
  said.findings.warn(said.inference.file() +
                     ": preprocessing: it has no Orientationd, so the model gets each volume as its slices were taken; check that yours "
                     "lie as those that it was trained on, or add Orientation to model.yaml");
}
}  // namespace

std::string manifest_of_bundle(const BundleTexts& texts, const BundleArtifact& artifact, const BundleAnswers& answers, Findings& findings) {
  const Said said{BundleConfig(texts.metadata.text, texts.metadata.file), together(texts.inference), answers, findings};
  bool volumes = true;
  std::vector<Transform> before, after;
  std::string input, inferer, outputs;
  const auto identity = identity_of(said, texts.folder_name);
  findings.collect([&] { volumes = takes_volumes(said, input_of(said.metadata)); });
  findings.collect([&] { before = bundle_preprocessing(said.inference, volumes, findings); });
  findings.collect([&] { inferer = inferer_text(bundle_inferer(said.inference, volumes, findings)); });
  findings.collect([&] { after = bundle_postprocessing(said.inference, volumes, findings); });
  findings.collect([&] { input = input_text(said, before, volumes); });
  findings.collect([&] { outputs = outputs_text(said, after, volumes); });
  check_orientation(said, before, volumes);
  findings.check();
  // MONAI reads an image as [channel, column, row], aidp as [channel, row, column].
  if (!volumes) before.insert(before.begin(), {{"Rotate90", {{"k", 1}}}, {"Flip", {{"spatial_axis", 0}}}});
  const auto kind = artifact.kind == ArtifactKind::torchscript ? "torchscript" : "aotinductor";
  const auto text = "# Made from a MONAI bundle by `aidp model import`.\n" + identity + "artifact: {kind: " + kind +
                    ", file: " + artifact.file + "}\n" + input + list_of("preprocess", before) + inferer + list_of("postprocess", after) +
                    outputs + (volumes ? "batch_max: 1\ntimeout_s: 1800\n" : "");
  parse_manifest(text, "the model.yaml of this bundle");
  return text;
}

}  // namespace aidp
