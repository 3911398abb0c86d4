// Sinks: where notices go that production sends to Slack, PagerDuty and webhooks. They keep what came, for people and
// tests to read.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "async/clock.hpp"
#include "net/http.hpp"
#include "sandbox/faults.hpp"

namespace callramp::sandbox {

/// On one executor.
class Sinks {
 public:
  Sinks(async::Clock& clock, Faults& faults) : clock_(clock), faults_(faults) {}

  /// POST to /slack, /pagerduty or /webhook, or any path below them, keeps the message; GET lists what was kept:
  /// [{receivedAt, path, headers, body}], the body parsed if it is JSON.
  Awaitable<net::Response> handle(net::Request& request);
  /// Messages kept by sink.
  std::map<std::string, std::uint64_t> counts() const;
  void reset() { messages_.clear(); }

 private:
  struct Message {
    Instant received_at{};
    std::string sink;
    std::string path;
    net::Headers headers;
    std::string body;
  };
  net::Response list(const std::string& sink) const;
  net::Response keep(const net::Request& request, std::string sink, std::string body);

  async::Clock& clock_;
  Faults& faults_;
  std::deque<Message> messages_;
};

}  // namespace callramp::sandbox
