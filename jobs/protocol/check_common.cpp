// SPDX-License-Identifier: Apache-2.0
#include "jobs/protocol/bounds.hpp"
#include "jobs/protocol/check.hpp"

namespace aidp {

namespace {
constexpr std::size_t most_facts = 256;
}

void check(const HelloRequest& request, const HelloReply& reply) { require(reply.role == request.role, "it is the wrong kind of worker"); }

void check(const EnvironmentRequest&, const EnvironmentReply& reply) {
  require(!reply.facts.empty() && reply.facts.size() <= most_facts, "the number of facts is wrong");
  for (const auto& fact : reply.facts) {
    require_text(fact.what, longest_text, "the name of a fact is too long");
    require_text(fact.value, longest_text, "a fact is too long");
  }
}

}  // namespace aidp
