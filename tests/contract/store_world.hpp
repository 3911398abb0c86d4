// What the store contracts need of a database: its ports, a way to run a coroutine to its end, and things to store.
//
// The contracts beside this file are templates over a Database, a default-constructible StoreWorld. Whoever implements
// the ports defines CALLRAMP_STORES as the list of its databases and includes them.
#pragma once

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "ports/admin_store.hpp"
#include "ports/call_store.hpp"
#include "ports/campaign_store.hpp"
#include "ports/flag_store.hpp"
#include "ports/rollout_store.hpp"
#include "ports/schedule_store.hpp"

namespace callramp::contract {

/// A bucket boundary, so that five minutes later is another bucket.
inline constexpr Instant start = from_micros(1'764'000'000'000'000);

struct Ports {
  FlagStore& flags;
  CallStore& calls;
  TokenStore& tokens;
  AuditStore& audit;
  AgentStore& agents;
  DoNotCallStore& do_not_call;
  SettingStore& settings;
  OutcomeStore& outcomes;
  RolloutStore& rollouts;
  CampaignStore& campaigns;
  ScheduleStore& schedules;
};

inline ClaimVerdict dial_new(const ClaimCandidate&, const RoutingState& routing) {
  return DialNow{.system = System::new_system,
                 .route = {.system = System::new_system,
                           .bucket = 3,
                           .position_hundredths = 342,
                           .percentage = routing.flags.flags.outbound_calls_percentage,
                           .reason = RouteReason::below_percentage,
                           .flag_version = routing.flags.version}};
}

class StoreWorld {
 public:
  /// The value, or a failed test that shows the error.
  template <class T>
  T get(Awaitable<Result<T>> task) {
    Result<T> result = run(std::move(task));
    if (!result) FAIL(to_string(result.error().code) << ": " << result.error().message);
    return *std::move(result);
  }
  void ok(Awaitable<Status> task) {
    const Status status = run(std::move(task));
    if (!status) FAIL(to_string(status.error().code) << ": " << status.error().message);
  }
  /// The error's code; nothing if it succeeded.
  template <class T>
  std::optional<ErrorCode> error(Awaitable<Result<T>> task) {
    const Result<T> result = run(std::move(task));
    return result ? std::nullopt : std::optional(result.error().code);
  }
  template <class T>
  Result<T> run(Awaitable<Result<T>> task) {
    std::optional<Result<T>> result;
    std::exception_ptr thrown;
    asio::co_spawn(context_, std::move(task), [&](std::exception_ptr exception, Result<T> value) {
      thrown = exception;
      result.emplace(std::move(value));
    });
    context_.restart();
    context_.run();
    if (thrown) std::rethrow_exception(thrown);
    REQUIRE(result.has_value());
    return *std::move(result);
  }
  asio::io_context& context() { return context_; }

  static PhoneNumber phone(int n) { return *PhoneNumber::parse("+9198000" + std::to_string(10'000 + n)); }
  static Agent agent(std::string id = "asha") {
    return Agent{.id = AgentId{std::move(id)},
                 .name = "Asha",
                 .greeting = "Namaste {{name}}",
                 .disclosure = "I am an AI assistant.",
                 .prompt = "Be kind.",
                 .created_at = start,
                 .updated_at = start};
  }
  static Call call(std::string id, int number) {
    return Call{.id = CallId{std::move(id)},
                .phone = phone(number),
                .user = UserId{"user-" + std::to_string(number)},
                .agent = AgentId{"asha"},
                .created_at = start,
                .due_at = start,
                .updated_at = start};
  }

  /// Stores the agent that `call` names.
  void with_agent() { ok(ports().agents.put(agent(), "test")); }
  Call create(Call call) { return get(ports().calls.create(std::move(call), std::nullopt)).call; }

  /// Dials up to `max_dials` of what is due; attempt ids are "CALL-NUMBER", tokens are made of them.
  static ClaimRequest claim_request(Instant now, int max_dials = 10) {
    return ClaimRequest{.now = now,
                        .limit = 50,
                        .max_open_attempts = 100,
                        .max_dials = max_dials,
                        .node = NodeId{"node-1"},
                        .judge = dial_new,
                        .make_attempt = [now](const ClaimCandidate& candidate, const DialNow& dial) {
                          const std::string id =
                              candidate.call.id.str() + "-" + std::to_string(candidate.call.attempts + 1);
                          return Attempt{.id = AttemptId{id},
                                         .call = candidate.call.id,
                                         .number = candidate.call.attempts + 1,
                                         .system = dial.system,
                                         .provider = dial.system == System::new_system ? "carrier" : "old",
                                         .phone = candidate.call.phone,
                                         .caller_id = "+918000000000",
                                         .stream_token = "token-" + id,
                                         .node = NodeId{"node-1"},
                                         .lease_until = now + seconds{15},
                                         .started_at = now,
                                         .permission_json = R"({"kind":"transactional"})"};
                        }};
  }
  ClaimResult claim(ClaimRequest request) { return get(ports().calls.claim_due(std::move(request))); }
  /// Creates and claims one call.
  ClaimedDial dialed(std::string id, int number, Instant now = start) {
    create(call(std::move(id), number));
    ClaimResult result = claim(claim_request(now));
    REQUIRE(result.dials.size() == 1);
    return std::move(result.dials.front());
  }
  static AttemptFinish finish(const Attempt& attempt, Ending ending, Instant now) {
    return AttemptFinish{.attempt = attempt.id, .ending = std::move(ending), .now = now, .ended_at = now};
  }
  FinishResult end(const Attempt& attempt, Outcome outcome, Instant now) {
    return get(ports().calls.finish_attempt(finish(attempt, {outcome, std::nullopt, "as the test says"}, now)));
  }
  std::int64_t counted(Outcome outcome, System system = System::new_system) {
    std::int64_t calls = 0;
    for (const OutcomeCount& count : get(ports().outcomes.counts(start - hours{1}, start + hours{1})))
      if (count.outcome == outcome && count.system == system) calls += count.calls;
    return calls;
  }

  virtual Ports ports() = 0;
  virtual ~StoreWorld() = default;

 private:
  asio::io_context context_;
};

}  // namespace callramp::contract
