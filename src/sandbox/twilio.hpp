// Twilio's stand-in: takes requests to make calls, rings the world's people, dials into the agent's media socket,
// reports by signed callbacks, and answers what became of a call.
//
// Everything happens on one executor, as with the other carrier's.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "async/task_scope.hpp"
#include "net/http.hpp"
#include "net/http_client.hpp"
#include "sandbox/callee.hpp"
#include "sandbox/media_line.hpp"
#include "sandbox/parts.hpp"
#include "sandbox/twilio_wire.hpp"

namespace callramp::sandbox::twilio {

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
  std::size_t active() const noexcept { return active_; }
  const Counts& counts() const noexcept { return counts_; }

 private:
  struct Call {
    CallRecord record;
    Callee callee;
    Script script;
    std::uint64_t ledger_seq = 0;
    std::uint64_t seed = 0;
    std::string attempt;  ///< the agent's own id, read from the callback's URL as a witness would
    std::string answer;
    int callbacks = 0;
    bool wanted = true;  ///< false: ended by REST while it rang
  };
  using CallPtr = std::shared_ptr<Call>;  // shared by the index and the call's coroutine

  std::optional<RestError> admit(const net::Request& request, std::string& auth_token);
  net::Response route(const net::Request& request, const std::string& body, const std::string& auth_token);
  net::Response create(const std::string& account, const std::string& auth_token, const net::FormFields& fields);
  net::Response list(const net::Request& request, const std::string& account);
  net::Response update(Call& call, const net::FormFields& fields);

  Awaitable<void> run(CallPtr call);
  Awaitable<void> ring_and_talk(Call& call);
  Awaitable<bool> talk(Call& call);
  void settle(Call& call, std::string_view status, int sip_code);
  void report(Call& call, std::string_view event, std::string_view status);
  Awaitable<void> deliver(std::string url, std::string auth_token, net::FormFields form);

  Executor executor_;
  Parts parts_;
  net::HttpClient client_;
  Recordings recordings_;
  SystemRandom random_;
  std::deque<CallPtr> calls_;  // in order of creation
  std::map<std::string, CallPtr> by_sid_;
  std::map<std::string, std::uint64_t> dials_of_;
  std::deque<Instant> recent_dials_;
  std::size_t active_ = 0;
  Counts counts_;
  async::TaskScope scope_;
};

}  // namespace callramp::sandbox::twilio
