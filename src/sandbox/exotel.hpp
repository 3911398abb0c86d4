// Exotel's stand-in: takes requests to connect, rings the world's people, dials into the agent's media socket, reports
// by callbacks, and answers what became of a call.
//
// Everything happens on one executor. A call is one coroutine that ends with the call; its callbacks are others,
// because a late callback outlives it.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "async/task_scope.hpp"
#include "net/http.hpp"
#include "net/http_client.hpp"
#include "sandbox/callee.hpp"
#include "sandbox/exotel_wire.hpp"
#include "sandbox/media_line.hpp"
#include "sandbox/parts.hpp"

namespace callramp::sandbox {

namespace exotel {

/// One dialled call, alive or over.
struct Call {
  CallRecord record;
  Callee callee;
  Script script;
  std::uint64_t ledger_seq = 0;
  std::uint64_t seed = 0;
  std::string answer;  ///< for the ledger: as the world said, or as it turned out
};

class Carrier {
 public:
  Carrier(const Executor& executor, Parts parts, net::ClientOptions client_options);
  ~Carrier();

  /// REST. Runs on the carrier's executor.
  Awaitable<net::Response> handle(net::Request& request);
  /// Ends every call as a power cut would.
  Awaitable<void> stop();
  /// Of the world's wav_folder, for calls from now on.
  void use_recordings(Recordings recordings) { recordings_ = std::move(recordings); }
  /// Forgets finished calls, rate limits and figures.
  void reset();

  struct Counts {
    std::uint64_t requests = 0;
    std::uint64_t rate_limited = 0;
    std::uint64_t dials = 0;
    std::uint64_t callbacks_delivered = 0;
    std::uint64_t callbacks_refused = 0;                        ///< not answered with 2xx, or not at all
    std::map<std::string, std::uint64_t, std::less<>> answers;  ///< finished calls by how they were answered
    LineCounts lines;
  };
  /// Calls that have not ended.
  std::size_t active() const noexcept { return active_; }
  std::size_t streams() const noexcept { return streams_; }
  const Counts& counts() const noexcept { return counts_; }

 private:
  using CallPtr = std::shared_ptr<Call>;  // shared by the index and the call's coroutine

  std::optional<RestError> admit(const net::Request& request);
  net::Response route(const net::Request& request, const std::string& body);
  net::Response connect(const net::Request& request, const std::string& account, const std::string& body, bool json);
  net::Response list(const net::Request& request);

  Awaitable<void> run(CallPtr call);
  Awaitable<void> ring_and_talk(Call& call);
  Awaitable<bool> talk(Call& call);
  void settle(Call& call, std::string_view status, LegStatus leg);
  void report(const Call& call, CallbackEvent event);
  Awaitable<void> deliver(CallRecord record, CallbackEvent event, Instant at);
  Awaitable<void> tell(std::string url, std::string content_type, std::string body);

  Executor executor_;
  Parts parts_;
  net::HttpClient client_;
  Recordings recordings_;
  SystemRandom random_;
  std::deque<CallPtr> calls_;  // in order of creation
  std::map<std::string, CallPtr> by_sid_;
  std::map<std::string, std::uint64_t> dials_of_;
  std::deque<Instant> recent_requests_;
  std::size_t active_ = 0;
  std::size_t streams_ = 0;
  Counts counts_;
  async::TaskScope scope_;
};

}  // namespace exotel
}  // namespace callramp::sandbox
