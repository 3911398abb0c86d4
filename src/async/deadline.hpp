// Deadlines: an absolute time by which an answer is worth having. They travel from the top down.
#pragma once

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <variant>

#include "async/clock.hpp"

namespace callramp::async {

/// The result of `work`, or ErrorCode::timeout at `deadline`, with `work` cancelled and ended. `what` names the work
/// in the message: "language model gave no answer by its deadline".
template <class T>
Awaitable<Result<T>> by_deadline(Clock& clock, Instant deadline, std::string_view what, Awaitable<Result<T>> work) {
  using namespace asio::experimental::awaitable_operators;
  const std::string name(what);
  auto first = co_await (std::move(work) || clock.sleep_until(deadline));
  if (first.index() == 0) co_return std::get<0>(std::move(first));
  co_return fail(ErrorCode::timeout, name + " gave no answer by its deadline");
}

}  // namespace callramp::async
