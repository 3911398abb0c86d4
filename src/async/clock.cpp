#include "async/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

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

Awaitable<void> VirtualClock::sleep_until(Instant when) {
  if (when <= now_) co_return;
  // Shared: run_until may hold it while a cancelled sleeper leaves.
  auto signal = std::make_shared<Signal>(co_await asio::this_coro::executor);
  const auto place = sleepers_.emplace(when, signal);
  struct Leave {
    std::multimap<Instant, std::shared_ptr<Signal>>& sleepers;
    std::multimap<Instant, std::shared_ptr<Signal>>::iterator place;
    ~Leave() { sleepers.erase(place); }
  } leave{sleepers_, place};
  while (now_ < when) co_await signal->wait();
}

bool VirtualClock::step(asio::io_context& context, Instant end) {
  context.restart();
  if (context.poll() > 0) return true;
  if (sleepers_.empty() || sleepers_.begin()->first > end) return false;
  now_ = std::max(now_, sleepers_.begin()->first);
  // Every sleeper of this instant in one go; each erases its own entry as it leaves.
  for (auto [first, last] = sleepers_.equal_range(sleepers_.begin()->first); first != last; ++first)
    first->second->notify();
  return true;
}

void VirtualClock::run_until(asio::io_context& context, Instant end) {
  while (step(context, end)) {
  }
  now_ = std::max(now_, end);
}

}  // namespace callramp::async
