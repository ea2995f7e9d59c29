// SPDX-License-Identifier: Apache-2.0
#include "core/bundle/config.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/manifest/reader.hpp"

namespace aidp {

using nlohmann::json;

namespace {
constexpr int depth_at_most = 64;  // of references and of nesting: a circle ends here

json json_of(const YAML::Node& node) {
  json value;
  if (node.IsSequence())
    for (const auto& entry : node) value.push_back(json_of(entry));
  if (node.IsMap())
    for (const auto& entry : node) value[entry.first.Scalar()] = json_of(entry.second);
  if (value.is_null() && node.IsSequence()) return json::array();
  if (value.is_null() && node.IsMap()) return json::object();
  if (!node.IsScalar()) return value;
  const auto scalar = plain(node);
  if (node.Tag() == "!") return scalar;  // quoted
  return scalar == "True" ? json(true) : scalar == "False" ? json(false) : scalar;
}

json read_yaml(const std::string& text, const std::string& file) {
  auto strict = inspect_yaml(text);
  Mistakes mistakes;
  mistakes.add(std::move(strict.mistakes));
  if (!mistakes.empty()) throw Error(Reason::package_invalid, mistakes.text(file), "write the configuration as plain YAML or JSON");
  return json_of(YAML::Load(text));
}

json read_json(const std::string& text, const std::string& file) try {
  return json::parse(text, [&](int depth, json::parse_event_t, json&) {
    if (depth > depth_at_most)  // values are copied by recursion
      throw Error(Reason::package_invalid, file + " is nested deeper than 64 levels", "correct the bundle");
    return true;
  });
} catch (const json::exception& error) {
  throw Error(Reason::package_invalid, file + " is not JSON: " + printable(error.what()), "correct the bundle");
}
// The parts of an id, by both of MONAI's separators: a::b::0 and a#b#0.
std::vector<std::string> parts_of(const std::string& id) {
  std::string plain_id;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const bool pair = id.compare(i, 2, "::") == 0;
    plain_id += pair ? '#' : id[i];
    i += pair;
  }
  return split(plain_id, '#');
}

// The place in a list that a part of an id names; beyond every list where it is no number.
std::size_t index_of(const std::string& part) {
  const bool digits = !part.empty() && part.size() < 9 && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
  return digits ? std::stoul(part) : std::string::npos;
}
}  // namespace

BundleConfig::BundleConfig(const std::string& text, std::string file) : file_(std::move(file)) {
  root_ = file_.ends_with(".json") ? read_json(text, file_) : read_yaml(text, file_);
  if (!root_.is_object()) throw Error(Reason::package_invalid, file_ + " is not a map of keys and values", "correct the bundle");
}

void BundleConfig::refuse(const std::string& place, const std::string& why, const std::string& remedy) const {
  throw Error(Reason::package_invalid, file_ + ": " + printable(place) + ": " + printable(why),
              remedy.empty() ? "change the bundle to use what aidp supports (see TRANSFORMS in aidp-manifest(5)), or request it" : remedy);
}

const json* BundleConfig::find(const std::string& id) const {
  const json* node = &root_;
  for (const auto& part : parts_of(id)) {
    const auto index = index_of(part);
    if (node->is_object() && node->contains(part))
      node = &(*node)[part];
    else if (node->is_array() && index < node->size())
      node = &(*node)[index];
    else
      return nullptr;
  }
  return node;
}

void BundleConfig::set(const std::string& id, const json& value) {
  auto* node = &root_;
  const auto parts = parts_of(id);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto index = index_of(parts[i]);
    const bool last = i + 1 == parts.size();
    if (node->is_object() && (last || node->contains(parts[i])))
      node = &(*node)[parts[i]];
    else if (node->is_array() && index < node->size())
      node = &(*node)[index];
    else
      refuse(id, "there is nothing of that id to replace");
  }
  *node = value;
}

void BundleConfig::lay_over(const BundleConfig& other) {
  for (const auto& [id, value] : other.root_.items()) {
    if (id.starts_with('+')) other.refuse(id, "an id with + (to merge) is not supported; write the whole value under its name");
    set(id, value);
  }
  file_ += " with " + other.file_;
}

json BundleConfig::value(const std::string& id) const {
  const auto* found = find(id);
  return found ? resolved(*found, id) : json();
}

std::string BundleConfig::target_of(const json& component) {
  const auto target = component.is_object() ? component.value("_target_", json()) : json();
  return target.is_string() ? target.get<std::string>() : "";
}

json BundleConfig::referred(const std::string& id, const std::string& place, int depth) const {
  const auto* found = find(id);
  if (!found) refuse(place, "@" + id + " refers to nothing");
  return followed(*found, place, depth + 1);
}

json BundleConfig::followed(const json& value, const std::string& place, int depth) const {
  if (depth > depth_at_most) refuse(place, "its references are circular, or it is nested deeper than 64 levels");
  if (!value.is_string()) return value;
  const auto& text = value.get_ref<const std::string&>();
  if (text.starts_with('%')) refuse(place, "the macro '" + text + "' is not supported; write the value out");
  if (text.starts_with('@')) return referred(text.substr(1), place, depth);
  return text.starts_with('$') ? evaluate(*this, text.substr(1), place, depth) : value;
}

json BundleConfig::resolved(const json& value, const std::string& place, int depth) const {
  auto result = followed(value, place, depth);
  if (result.is_object())
    for (auto& [key, part] : result.items()) part = resolved(part, place + "::" + key, depth + 1);
  if (result.is_array())
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = resolved(result[i], place + "::" + std::to_string(i), depth + 1);
  return result;
}

}  // namespace aidp
