// run: drives one coroutine to its end on a virtual clock; for simulations and tests.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

#include "async/clock.hpp"
#include "base/ensure.hpp"

namespace callramp::async {

/// Runs `body()` until it returns, time passing as fast as nothing else happens. Throws what it throws. `limit` is
/// virtual time: a body that is still running then hangs, and the process ends with a message.
template <class Body>
void run(asio::io_context& context, VirtualClock& clock, Body body, Duration limit = hours{24 * 366}) {
  bool ended = false;
  std::exception_ptr thrown;
  asio::co_spawn(context, body(), [&](std::exception_ptr exception) {
    ended = true;
    thrown = exception;
  });
  const Instant end = clock.now() + limit;
  while (!ended && clock.step(context, end)) {
  }
  ENSURE(ended, "a coroutine on the virtual clock never ended");
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace callramp::async
