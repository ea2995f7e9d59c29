// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <initializer_list>

#include "jobs/protocol/bounds.hpp"
#include "jobs/protocol/check.hpp"

namespace aidp {

namespace {
bool is_among(Reason reason, std::initializer_list<Reason> reasons) { return std::ranges::find(reasons, reason) != reasons.end(); }

// What may be said beside the reasons of items.
bool may_be_said(std::string_view op, Reason reason) {
  if (op.starts_with("write_"))
    return is_among(reason, {Reason::disk_full, Reason::io_failed, Reason::path_missing, Reason::path_unreadable});
  if (op == LoadRequest::op)
    return is_among(reason, {Reason::model_load, Reason::device_missing, Reason::manifest_invalid, Reason::package_invalid,
                             Reason::environment_lacking, Reason::io_failed, Reason::path_missing, Reason::path_unreadable});
  if (op == CompareRequest::op) return is_among(reason, {Reason::package_invalid, Reason::io_failed, Reason::path_missing});
  if (op == PixelsRequest::op || op == HashRequest::op || op == DirectoryRequest::op)
    return is_among(reason, {Reason::not_dicom, Reason::not_image});
  return false;
}
}  // namespace

void check_failure(std::string_view op, const Failure& failure) {
  const bool of_items = row(failure.reason).exit == Exit::partial || failure.reason == Reason::internal;
  require(of_items || may_be_said(op, failure.reason), "the request cannot fail for that reason");
  require_text(failure.message, 8 * longest_message, "a message is too long");
}

}  // namespace aidp
