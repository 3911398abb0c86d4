// LiveFeed: one event to everybody who watches, across the io threads, as server-sent events.
//
// A publisher never waits: each watcher has a queue of its own with a limit, and one that is too slow loses the oldest
// events and is told how many. Nothing depends on delivery.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "async/alarm.hpp"
#include "async/clock.hpp"
#include "net/http.hpp"
#include "ports/event_feed.hpp"

namespace callramp::api {

class LiveFeed final : public EventFeed {
 public:
  struct Limits {
    std::size_t watchers = 256;  ///< more are refused
    std::size_t queue = 256;     ///< events that wait for one watcher
  };
  struct Seen {
    std::uint64_t seq = 0;  ///< counts all events of this feed, from 1
    FeedEvent event;
  };
  /// What has happened since the last look.
  struct Batch {
    std::vector<Seen> events;
    std::uint64_t lost = 0;  ///< older than `events`, dropped because the watcher was too slow
    bool closed = false;     ///< nothing will come any more
  };
  class Watcher;

  LiveFeed() : LiveFeed(Limits()) {}
  explicit LiveFeed(Limits limits) : limits_(limits) {}

  void publish(FeedEvent event) override;
  /// To be used on `executor` alone. rate_limited if there are as many watchers as are allowed.
  Result<std::shared_ptr<Watcher>> watch(const Executor& executor, async::Clock& clock);
  /// Ends every stream, now and later: a server that stops would wait for them.
  void close();
  std::size_t watchers() const;

 private:
  void forget_gone();

  Limits limits_;
  mutable std::mutex mutex_;                      // guards the rest
  std::vector<std::weak_ptr<Watcher>> watchers_;  // weak: a watcher lives as long as its stream
  std::uint64_t seq_ = 0;
  bool closed_ = false;
};

/// One stream's place in the feed.
class LiveFeed::Watcher : public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(Executor executor, async::Clock& clock, std::size_t limit);
  /// Any thread.
  void deliver(const Seen& seen);
  void close();
  /// What waits, or whatever comes until `deadline`; an empty batch then.
  Awaitable<Batch> next(Instant deadline);

 private:
  void wake();
  Batch take();

  Executor executor_;
  async::Alarm alarm_;  // rung on executor_ alone
  std::size_t limit_;
  std::mutex mutex_;  // guards the rest
  std::deque<Seen> queue_;
  std::uint64_t lost_ = 0;
  bool closed_ = false;
  bool waking_ = false;  // a task that rings the alarm is on its way
};

/// How a stream writes one event; nothing: this watcher does not care for it.
using EventFormat = std::function<std::optional<std::string>(const LiveFeed::Seen&)>;

/// A response that writes `greeting` and then every event as `format` gives it, `lagged` where events were lost, and a
/// comment every 15 s so that proxies keep the connection and a vanished client is noticed. Ends when `allowed` says
/// no, which is asked with each heartbeat.
net::Response event_stream(std::shared_ptr<LiveFeed::Watcher> watcher, async::Clock& clock, std::string greeting,
                           EventFormat format, std::function<bool()> allowed);

}  // namespace callramp::api
