// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/normalised.hpp"

#include <utility>

#include "core/manifest/manifest.hpp"
#include "core/manifest/reader.hpp"

namespace aidp {

namespace {
// Of nodes that inspect_yaml() found plain: neither cyclic nor deep.
nlohmann::json json_of(const YAML::Node& node) {
  if (node.IsMap()) {
    auto object = nlohmann::json::object();
    for (const auto& entry : node) object[entry.first.Scalar()] = json_of(entry.second);
    return object;
  }
  if (!node.IsSequence()) return plain(node);
  auto array = nlohmann::json::array();
  for (const auto& element : node) array.push_back(json_of(element));
  return array;
}
}  // namespace

nlohmann::json normalised_manifest(const std::string& yaml) {
  const auto manifest = parse_manifest(yaml, "model.yaml");
  auto json = json_of(YAML::Load(yaml));
  // A title or a vendor may look like a number.
  for (const auto& [key, text] : {std::pair{"name", &manifest.name},
                                  {"version", &manifest.version},
                                  {"title", &manifest.title},
                                  {"vendor", &manifest.vendor},
                                  {"contact", &manifest.contact},
                                  {"licence", &manifest.licence},
                                  {"intended_use", &manifest.intended_use},
                                  {"not_for", &manifest.not_for},
                                  {"regulatory_status", &manifest.regulatory_status}})
    if (json.contains(key)) json[key] = *text;
  return json;
}

}  // namespace aidp
