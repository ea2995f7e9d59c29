// SPDX-License-Identifier: Apache-2.0
#include "core/bundle/bundle.hpp"

#include <algorithm>
#include <map>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/bundle/steps.hpp"

namespace aidp {

using nlohmann::json;

namespace {
constexpr const char* inputs_id = "network_data_format::inputs";
constexpr const char* output_id = "network_data_format::outputs::pred";
constexpr std::size_t text_bytes_at_most = 4000;

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

// The names of the channels that the model gives, by number.
std::map<int, std::string> channels_of(const BundleConfig& metadata) {
  std::map<int, std::string> channels;
  auto given = metadata.value(std::string(output_id) + "::channel_def");
  if (!given.is_object()) given = json::object();
  for (const auto& [key, name] : given.items()) {
    const bool whole = !key.empty() && key.size() < 6 && std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
    if (!whole || !name.is_string()) metadata.refuse(std::string(output_id) + "::channel_def", "it must map channel numbers to names");
    channels[std::stoi(key)] = printable(name.get<std::string>());
  }
  if (channels.empty()) lacks(metadata, "what the model gives: " + std::string(output_id) + "::channel_def", "complete the bundle");
  return channels;
}

// What each label of the mask means, which is how the output becomes one.
std::map<int, std::string> labels_of(const BundleConfig& metadata, const BundleConfig& inference, const std::vector<Transform>& steps) {
  auto channels = channels_of(metadata);
  const auto last = std::ranges::find(steps.rbegin(), steps.rend(), "AsDiscrete", &Transform::name);
  const auto& arguments = last == steps.rend() ? json::object() : last->arguments;
  const bool argmax = arguments.value("argmax", json()) == true, one_hot = arguments.contains("to_onehot");
  if (argmax && !one_hot) {
    if (const auto zero = channels.find(0); zero != channels.end() && slug(zero->second, ' ') != "background")
      metadata.refuse(std::string(output_id) + "::channel_def::0", "it is '" + zero->second + "', but label 0 of a mask is the background");
    channels.erase(0);
    if (!channels.empty()) return channels;
  }
  if (!argmax && !one_hot && arguments.contains("threshold") && channels.size() == 1) return {{1, channels.begin()->second}};
  inference.refuse("postprocessing",
                   "it does not make a label map: that needs AsDiscreted with argmax, or with threshold if there is one channel");
}

json outputs_of(const BundleConfig& metadata, const BundleConfig& inference, const std::vector<Transform>& steps, bool volume) {
  const auto format = text_of(metadata, std::string(output_id) + "::format"), type = text_of(metadata, std::string(output_id) + "::type");
  auto outputs = json::array();
  const bool discrete = std::ranges::find(steps, "AsDiscrete", &Transform::name) != steps.end();
  if (format == "segmentation" || (format == "labels" && discrete)) {
    auto names = json::object();
    const auto labels = labels_of(metadata, inference, steps);
    for (const auto& [label, name] : labels) names[std::to_string(label)] = name;
    outputs.push_back({{"name", "segmentation"}, {"kind", "mask"}, {"names", names}});
    for (const auto& [label, name] : labels)
      if (volume) outputs.push_back({{"name", column(name, "label") + "_volume_ml"}, {"kind", "volume"}, {"labels", {label}}});
  } else if (type == "probabilities" || format == "classes" || format == "classification") {
    for (const auto& [channel, name] : channels_of(metadata))
      outputs.push_back({{"name", column(name, "class")}, {"kind", "score"}, {"index", channel}});
  } else {
    metadata.refuse(output_id, "the format '" + format + "' of type '" + type +
                                   "' is not supported; supported: the formats segmentation and classes, and the type probabilities");
  }
  return outputs;
}

// The id of the one input.
std::string input_of(const BundleConfig& metadata) {
  const auto inputs = metadata.value(inputs_id);
  if (!inputs.is_object() || inputs.empty()) lacks(metadata, std::string("what the model takes: ") + inputs_id, "complete the bundle");
  if (inputs.size() != 1)
    metadata.refuse(inputs_id, "the model takes " + std::to_string(inputs.size()) + " inputs; aidp gives it one image");
  return inputs_id + ("::" + inputs.begin().key());
}

bool takes_volumes(const BundleConfig& metadata, const std::string& input) {
  const auto shape = metadata.value(input + "::spatial_shape");
  if (!shape.is_array() || (shape.size() != 2 && shape.size() != 3))
    lacks(metadata, "whether the model takes images or volumes: " + input + "::spatial_shape of 2 or 3 axes", "complete the bundle");
  return shape.size() == 3;
}

// Samples per pixel of the image: the network's channels, less what RepeatChannel makes of them.
int samples_of(const BundleConfig& metadata, const std::string& input, const std::vector<Transform>& steps) {
  const auto given = metadata.value(input + "::num_channels");
  auto channels = given.is_number_integer() ? given.get<int>() : 0;
  for (const auto& step : steps)
    if (step.name == "RepeatChannel")
      if (const auto repeats = step.arguments.value("repeats", json(1)); repeats.is_number_integer() && repeats > 0)
        channels /= repeats.get<int>();
  if (channels != 1 && channels != 3)
    metadata.refuse(input + "::num_channels",
                    "the model takes " + given.dump() + " channels; aidp gives it 1 or 3, the samples of a pixel");
  return channels;
}

json rules_of(const BundleConfig& metadata, const std::string& input, const BundleAnswers& answers) {
  static const std::map<std::string, std::string> terms{{"CT", "CT"}, {"MR", "MR"}, {"MRI", "MR"}, {"PT", "PT"}, {"PET", "PT"},
                                                        {"CR", "CR"}, {"DX", "DX"}, {"MG", "MG"},  {"US", "US"}, {"XA", "XA"}};
  auto modality = answers.modality;
  const auto said = text_of(metadata, input + "::modality");
  if (const auto term = terms.find(said); modality.empty() && term != terms.end()) modality = {term->second};
  if (modality.empty())
    lacks(metadata, "the modality as a DICOM code (" + input + "::modality is '" + said + "')",
          "give it, such as --modality CT; repeat it if there are several");
  if (modality.size() == 1) return {{{"attribute", "Modality"}, {"equals", modality[0]}}};
  return {{{"attribute", "Modality"}, {"any_of", modality}}};
}

std::string first_of(std::initializer_list<std::string> texts) {
  const auto found = std::ranges::find_if(texts, [](const std::string& text) { return !text.empty(); });
  return found == texts.end() ? "" : *found;
}

std::string identity_of(const BundleConfig& metadata, const BundleAnswers& answers, const std::string& folder_name) {
  const auto name = slug(first_of({answers.name, text_of(metadata, "name"), folder_name}), '-').substr(0, 63);
  const auto authors = text_of(metadata, "authors");
  const auto licence = first_of({answers.licence, text_of(metadata, "license"), text_of(metadata, "licence")});
  const auto use = first_of({answers.intended_use, text_of(metadata, "intended_use")});
  if (name.empty()) lacks(metadata, "the model's name", "give it with --name");
  if (authors.empty()) lacks(metadata, "its authors", "complete the bundle");
  if (licence.empty()) lacks(metadata, "its licence, nor is there a file LICENSE", "give it with --licence");
  if (use.empty()) lacks(metadata, "the intended use", "give it with --intended-use");
  const std::vector<std::pair<std::string, std::string>> rows{
      {"name", name},
      {"version", text_of(metadata, "version")},
      {"title", first_of({text_of(metadata, "name"), text_of(metadata, "task"), text_of(metadata, "description"), name})},
      {"vendor", authors},
      {"contact", first_of({answers.contact, authors})},
      {"licence", licence},
      {"intended_use", use}};
  std::string text = "schema: aidp.model/1\n";
  for (const auto& [key, value] : rows) text += key + ": " + json(value).dump() + "\n";
  return text + "regulatory_status: research-use-only\n";
}
}  // namespace

std::string manifest_of_bundle(const BundleTexts& texts, const BundleAnswers& answers) {
  const BundleConfig metadata(texts.metadata, texts.metadata_file), inference(texts.inference, texts.inference_file);
  auto before = bundle_preprocessing(inference);
  const auto after = bundle_postprocessing(inference);
  const auto inferer = bundle_inferer(inference);
  const auto input = input_of(metadata);
  const bool volume = takes_volumes(metadata, input);
  // MONAI reads an image as [channel, column, row], aidp as [channel, row, column].
  if (!volume) before.insert(before.begin(), {{"Rotate90", {{"k", 1}}}, {"Flip", {{"spatial_axis", 0}}}});
  auto text = "# Made from a MONAI bundle by `aidp model import`.\n" + identity_of(metadata, answers, texts.folder_name);
  text += "artifact: {kind: torchscript, file: model.ts}\n";
  text += "input:\n  unit: " + std::string(volume ? "series" : "instance") + "\n";
  text += "  channels: " + std::to_string(samples_of(metadata, input, before)) + "\n";
  text += "  select: " + flow(rules_of(metadata, input, answers)) + "\n";
  text += list_of("preprocess", before);
  if (inferer) {
    auto arguments = inferer->arguments;
    arguments["kind"] = inferer->name;
    text += "inferer: " + flow(arguments) + "\n";
  }
  text += list_of("postprocess", after) + "outputs:\n";
  for (const auto& output : outputs_of(metadata, inference, after, volume)) text += "  - " + flow(output) + "\n";
  text += volume ? "batch_max: 1\ntimeout_s: 1800\n" : "";
  parse_manifest(text, "the model.yaml of this bundle");
  return text;
}

}  // namespace aidp
