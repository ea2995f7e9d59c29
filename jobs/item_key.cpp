// SPDX-License-Identifier: Apache-2.0
#include "jobs/item_key.hpp"

#include "core/base/hash.hpp"

namespace aidp {

std::set<std::string> paths_of(const OpenSeries& series, const PlannedItem& item) {
  std::set<std::string> paths;
  for_each_frame(series, item, [&](const InstanceHeader& header, std::int64_t) { paths.insert(header.path); });
  return paths;
}

std::string item_key(const OpenSeries& series, const PlannedItem& item, const std::string& model_digest,
                     const std::map<std::string, std::string>& content) {
  std::set<std::pair<std::string, std::string>> inputs;
  for_each_frame(series, item,
                 [&](const InstanceHeader& header, std::int64_t) { inputs.emplace(header.sop_instance_uid, content.at(header.path)); });
  Sha256 hash;
  hash.update("aidp.item/1\n" + model_digest + "\n");
  for (const auto& [uid, sha256] : inputs) hash.update(uid + " " + sha256 + "\n");
  hash.update("frame " + std::to_string(item.frame));
  return hex(hash.finish());
}

std::string unread_item_key(const OpenSeries& series, const PlannedItem& item, const std::string& model_digest) {
  const auto sop_uid = series.volume ? std::string() : std::string(series.instances[item.instance].sop_instance_uid);
  Sha256 hash;
  hash.update("aidp.item/1 unread\n" + model_digest + "\n" + sop_uid + "\n");
  hash.update(std::to_string(series.volume ? 0 : item.frame));
  for (const auto& path : paths_of(series, item)) hash.update("\n" + path);
  return hex(hash.finish());
}

}  // namespace aidp
