// Waiting for a time or a change, whichever comes first; shared by the fakes.
#pragma once

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "async/clock.hpp"
#include "async/signal.hpp"

namespace callramp::fakes {

/// Returns at `when` or when somebody notifies; look again afterwards.
inline Awaitable<void> sleep_or_notified(async::Clock& clock, Instant when, async::Signal& changed) {
  using namespace asio::experimental::awaitable_operators;
  co_await (clock.sleep_until(when) || changed.wait());
}

/// A stall: never returns but by cancellation.
inline Awaitable<void> stall() {
  async::Signal never(co_await asio::this_coro::executor);
  while (true) co_await never.wait();
}

}  // namespace callramp::fakes
