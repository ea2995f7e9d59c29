// SPDX-License-Identifier: Apache-2.0
#include "jobs/plan/item_key.hpp"

#include "core/base/hash.hpp"

namespace aidp {

namespace {
// Of a frame within its file, of a volume within its series.
std::string number_of(const OpenSeries& series, const PlannedItem& item) {
  return series.volumes.empty() ? std::to_string(item.frame) : std::to_string(item.part);
}
}  // namespace

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
  hash.update("frame " + number_of(series, item));
  return hex(hash.finish());
}

std::string unread_item_key(const OpenSeries& series, const PlannedItem& item, const std::string& model_digest) {
  const auto sop_uid = series.volumes.empty() ? series.instances[item.part].sop_instance_uid : std::string();
  Sha256 hash;
  hash.update("aidp.item/1 unread\n" + model_digest + "\n" + sop_uid + "\n");
  hash.update(number_of(series, item));
  for (const auto& path : paths_of(series, item)) hash.update("\n" + path);
  return hex(hash.finish());
}

}  // namespace aidp
