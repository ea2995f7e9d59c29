// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>

#include "jobs/plan/plan.hpp"

namespace aidp {

// Files that an item is made of.
std::set<std::string> paths_of(const OpenSeries& series, const PlannedItem& item);

// Hex SHA-256 over the package digest, each SOP Instance UID with its content's SHA-256 in the order of the UIDs, and the frame.
// `content`: path to SHA-256 of each of the item's files; throws std::out_of_range where one lacks.
std::string item_key(const OpenSeries& series, const PlannedItem& item, const std::string& model_digest,
                     const std::map<std::string, std::string>& content);

// Of an item that was never read whole: it has no content to be keyed by, so its paths stand for it, and it is tried again.
std::string unread_item_key(const OpenSeries& series, const PlannedItem& item, const std::string& model_digest);

}  // namespace aidp
