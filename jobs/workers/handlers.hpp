// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/packed.hpp"
#include "jobs/workers/serve.hpp"

namespace aidp {

// Has requests of one type answered: `answer` takes a Request and gives its Reply.
template <class Request, class Answer>
void add_handler(Handlers& handlers, Answer answer) {
  handlers.emplace(Request::op, [answer](std::string_view body) {
    const typename Request::Reply reply = answer(unpacked<Request>(body));
    return packed(reply);
  });
}

}  // namespace aidp
