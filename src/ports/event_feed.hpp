// The live feed: what just happened, for pages and terminals that watch. Nothing depends on its delivery.
#pragma once

#include <string>

namespace callramp {

struct FeedEvent {
  std::string kind;  ///< "call", "flags", "attempt"
  std::string data_json;
};

/// Thread-safe, never blocks; a watcher that is too slow loses events and is told so.
class EventFeed {
 public:
  virtual ~EventFeed() = default;
  virtual void publish(FeedEvent event) = 0;
};

}  // namespace callramp
