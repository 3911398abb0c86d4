// CallService: accepting, cancelling and reading calls; the engine's side of the calls API.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "async/clock.hpp"
#include "base/log.hpp"
#include "engine/flag_service.hpp"
#include "ports/call_store.hpp"
#include "ports/phone_directory.hpp"

namespace callramp::engine {

struct PlaceCall {
  std::string phone;  ///< in any usual spelling
  AgentId agent;
  std::optional<std::string> user;
  std::string metadata_json = "{}";
  Priority priority = Priority::medium;
  CallKind kind = CallKind::transactional;
  std::string timezone;
  bool test = false;
  std::optional<Idempotency> idempotency;
};

struct AcceptedCall {
  Call call;
  RouteDecision route;  ///< as of now; the dial decides again
  bool handed_back = false;
  bool replayed = false;
  Instant estimated_start{};
};

/// Many calls at once.
struct PlaceBulk {
  std::vector<PlaceCall> calls;        ///< 1 … 1000; their own idempotency keys mean nothing
  milliseconds delay_between{};        ///< from one call's due time to the next
  std::optional<CampaignId> campaign;  ///< whose limits hold for them
  std::optional<Idempotency> idempotency;
};

/// The last words of a call that we end.
enum class Parting { goodbye, apology };

/// What ends a live call: implemented by the sessions. Any thread.
class LiveCalls {
 public:
  virtual ~LiveCalls() = default;
  /// Asks the live session of `call` to hang up, if there is one on this node.
  virtual void hang_up(const CallId& call, Parting parting) = 0;
  /// Every live call of this node.
  virtual void hang_up_all(Parting parting) = 0;
};

struct CallServiceConfig {
  std::string default_region = "IN";  ///< of numbers without a country code
  bool old_system_available = false;
};

class CallService {
 public:
  CallService(CallServiceConfig config, CallStore& store, FlagService& flags, const PhoneDirectory& phones,
              async::Clock& clock, Random& random, Log& log);
  void set_live_calls(LiveCalls& live) { live_ = &live; }
  /// Called after every accepted call, so that the dialer looks at once.
  void set_waker(std::function<void()> wake) { wake_ = std::move(wake); }

  /// Errors: invalid_phone_number, invalid_request (user id, metadata over 10 KiB, zone), agent_not_found, do_not_call,
  /// conflict (idempotency key reused for another request).
  Awaitable<Result<AcceptedCall>> place(PlaceCall request);
  /// All or none; an error names its call: "calls[3].phoneNumber". The stored ones, in order, all of one batch; those
  /// of the earlier request if its key was used before.
  Awaitable<Result<std::vector<Call>>> place_bulk(PlaceBulk request);
  Awaitable<Result<CallDetail>> get(CallId id) { return store_.get(std::move(id)); }
  Awaitable<Result<CallPage>> list(CallFilter filter) { return store_.list(std::move(filter)); }
  Awaitable<Result<Call>> cancel(CallId id, Actor actor);

 private:
  Result<Call> make_call(PlaceCall request, Instant now) const;

  CallServiceConfig config_;
  CallStore& store_;
  FlagService& flags_;
  const PhoneDirectory& phones_;
  async::Clock& clock_;
  Random& random_;
  Log& log_;
  LiveCalls* live_ = nullptr;
  std::function<void()> wake_;
};

}  // namespace callramp::engine
