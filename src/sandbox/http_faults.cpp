#include "sandbox/http_faults.hpp"

namespace callramp::sandbox {

namespace {

/// Longer than any client waits.
constexpr auto kForever = hours{1};

}  // namespace

Awaitable<net::Response> with_http_faults(async::Clock& clock, Faults& faults, std::string door,
                                          net::Response response) {
  if (const auto fault = faults.draw(door, FaultKind::latency)) co_await clock.sleep_for(fault->delay);
  if (faults.draw(door, FaultKind::bad_json)) response.body.resize(response.body.size() / 2);
  const auto stall = faults.draw(door, FaultKind::stall);
  const bool drop = faults.draw(door, FaultKind::drop_answer).has_value();
  if (!stall && !drop) co_return response;
  Duration wait{};
  if (stall) wait = stall->delay > Duration::zero() ? stall->delay : Duration{kForever};
  response.stream = [&clock, wait](net::BodyWriter&) -> Awaitable<Status> {
    co_await clock.sleep_for(wait);
    co_return fail(ErrorCode::unavailable, "the sandbox cuts this answer off");
  };
  co_return response;
}

}  // namespace callramp::sandbox
