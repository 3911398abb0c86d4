// Faults of an HTTP answer that is otherwise complete: what every stand-in with a REST door does alike.
#pragma once

#include <string>

#include "async/clock.hpp"
#include "net/http.hpp"
#include "sandbox/faults.hpp"

namespace callramp::sandbox {

/// Returns `response`, late (latency), with half its body (bad_json), or its head alone: for a while and then cut
/// (stall), or cut at once (drop_answer). What the request asked for has been done by then: an answer lost is not a
/// request refused.
Awaitable<net::Response> with_http_faults(async::Clock& clock, Faults& faults, std::string door,
                                          net::Response response);

}  // namespace callramp::sandbox
