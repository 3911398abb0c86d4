#include "async/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/signal.hpp"

namespace callramp::async {

Instant SystemClock::now() const noexcept {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

Awaitable<void> SystemClock::sleep_until(Instant when) {
  const auto span = when - now();
  if (span <= Duration::zero()) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor, span);
  co_await timer.async_wait(asio::use_awaitable);
}

Awaitable<void> SystemClock::wait(asio::steady_timer& timer, Instant when) {
  const auto time = now();
  if (when <= time) co_return;
  if (when == Instant::max())
    timer.expires_at(asio::steady_timer::time_point::max());
  else
    timer.expires_after(when - time);
  co_await wait_for_wake(timer);
}

Awaitable<void> VirtualClock::sleep_until(Instant when) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (now_ < when) co_await wait(timer, when);
}

Awaitable<void> VirtualClock::wait(asio::steady_timer& timer, Instant when) {
  if (when <= now_) co_return;
  timer.expires_at(asio::steady_timer::time_point::max());
  struct Place {
    std::multimap<Instant, asio::steady_timer*>& sleepers;
    std::multimap<Instant, asio::steady_timer*>::iterator at;
    ~Place() { sleepers.erase(at); }
  } place{sleepers_, sleepers_.emplace(when, &timer)};
  co_await wait_for_wake(timer);
}

bool VirtualClock::step(asio::io_context& context, Instant end) {
  context.restart();
  if (context.poll() > 0) return true;
  if (sleepers_.empty() || sleepers_.begin()->first > end) return false;
  now_ = std::max(now_, sleepers_.begin()->first);
  // Every sleeper of this instant in one go; each erases its own entry as it leaves.
  for (auto [first, last] = sleepers_.equal_range(sleepers_.begin()->first); first != last; ++first)
    first->second->cancel();
  return true;
}

void VirtualClock::run_until(asio::io_context& context, Instant end) {
  while (step(context, end)) {
  }
  now_ = std::max(now_, end);
}

}  // namespace callramp::async
