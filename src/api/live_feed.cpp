#include "api/live_feed.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "net/sse.hpp"

namespace callramp::api {
namespace {

// Half of the shortest idle time-out that proxies have by default (30 s).
constexpr seconds heartbeat{15};

/// Writes a stream until the client leaves, the feed ends or `allowed` says no. A function with arguments by value:
/// what a lambda captured would be gone at its first wait.
Awaitable<Status> write_events(net::BodyWriter& out, std::shared_ptr<LiveFeed::Watcher> watcher, async::Clock& clock,
                               std::string greeting, EventFormat format, std::function<bool()> allowed) {
  CO_TRY_VOID(co_await out.write(greeting));
  Instant quiet_since = clock.now();
  for (;;) {
    const LiveFeed::Batch batch = co_await watcher->next(quiet_since + heartbeat);
    std::string text;
    if (batch.lost > 0)
      text += net::format_sse({.event = "lagged", .data = "{\"lost\":" + std::to_string(batch.lost) + "}", .id = {}});
    for (const LiveFeed::Seen& seen : batch.events)
      if (auto written = format(seen)) text += *written;
    if (clock.now() >= quiet_since + heartbeat) {
      if (!allowed()) co_return Status{};
      if (text.empty()) text = ": still here\n\n";
      quiet_since = clock.now();
    }
    if (!text.empty()) CO_TRY_VOID(co_await out.write(text));
    if (batch.closed) co_return Status{};
  }
}

}  // namespace

void LiveFeed::publish(FeedEvent event) {
  std::vector<std::shared_ptr<Watcher>> watching;
  Seen seen{.event = std::move(event)};
  {
    const std::lock_guard lock(mutex_);
    seen.seq = ++seq_;
    for (const auto& weak : watchers_)
      if (auto watcher = weak.lock()) watching.push_back(std::move(watcher));
    // Inside the lock, so that every watcher sees the events in one order.
    for (const auto& watcher : watching) watcher->deliver(seen);
  }
}

Result<std::shared_ptr<LiveFeed::Watcher>> LiveFeed::watch(const Executor& executor, async::Clock& clock) {
  auto watcher = std::make_shared<Watcher>(executor, clock, limits_.queue);
  const std::lock_guard lock(mutex_);
  forget_gone();
  if (watchers_.size() >= limits_.watchers)
    return fail(ErrorCode::rate_limited,
                "there are " + std::to_string(watchers_.size()) +
                    " live streams already, as many as are allowed; close one, or ask again later");
  watchers_.push_back(watcher);
  if (closed_) watcher->close();
  return watcher;
}

void LiveFeed::forget_gone() {
  std::erase_if(watchers_, [](const auto& weak) { return weak.expired(); });
}

void LiveFeed::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (const auto& weak : watchers_)
    if (const auto watcher = weak.lock()) watcher->close();
}

std::size_t LiveFeed::watchers() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& weak : watchers_) count += weak.expired() ? 0 : 1;
  return count;
}

LiveFeed::Watcher::Watcher(Executor executor, async::Clock& clock, std::size_t limit)
    : executor_(std::move(executor)), alarm_(executor_, clock), limit_(limit) {}

void LiveFeed::Watcher::deliver(const Seen& seen) {
  const std::lock_guard lock(mutex_);
  if (queue_.size() >= limit_) {
    queue_.pop_front();
    ++lost_;
  }
  queue_.push_back(seen);
  wake();
}

void LiveFeed::Watcher::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  wake();
}

// With mutex_ held. One task on its way is enough, however many events come.
void LiveFeed::Watcher::wake() {
  if (std::exchange(waking_, true)) return;
  asio::post(executor_, [self = shared_from_this()] {
    {
      const std::lock_guard lock(self->mutex_);
      self->waking_ = false;
    }
    self->alarm_.ring();
  });
}

LiveFeed::Batch LiveFeed::Watcher::take() {
  const std::lock_guard lock(mutex_);
  Batch batch{.lost = std::exchange(lost_, 0), .closed = closed_};
  batch.events.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.end()));
  queue_.clear();
  return batch;
}

Awaitable<LiveFeed::Batch> LiveFeed::Watcher::next(Instant deadline) {
  Batch batch = take();
  if (!batch.events.empty() || batch.lost > 0 || batch.closed) co_return batch;
  co_await alarm_.wait_until(deadline);
  co_return take();
}

net::Response event_stream(std::shared_ptr<LiveFeed::Watcher> watcher, async::Clock& clock, std::string greeting,
                           EventFormat format, std::function<bool()> allowed) {
  net::Response response{
      .status = 200,
      // The last header tells nginx not to hold events back.
      .headers = {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}}};
  response.stream = [watcher = std::move(watcher), &clock, greeting = std::move(greeting), format = std::move(format),
                     allowed = std::move(allowed)](net::BodyWriter& out) {
    return write_events(out, watcher, clock, greeting, format, allowed);
  };
  return response;
}

}  // namespace callramp::api
