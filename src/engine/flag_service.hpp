// FlagService: every change of a flag or pin goes through here; everybody who routes reads the board behind it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "async/clock.hpp"
#include "base/log.hpp"
#include "core/flags/environment.hpp"
#include "engine/routing_board.hpp"
#include "ports/admin_store.hpp"
#include "ports/event_feed.hpp"
#include "ports/flag_store.hpp"
#include "ports/metrics.hpp"

namespace callramp::engine {

/// The dialer as the kill switch sees it.
class DialGate {
 public:
  virtual ~DialGate() = default;
  /// Returns true once no dial on the new system that was claimed before this call is still on its way to a carrier;
  /// false at `deadline`.
  virtual Awaitable<bool> drained(Instant deadline) = 0;
};

struct FlagReply {
  FlagState state;
  std::vector<NodeId> unconfirmed_nodes;  ///< whose dials may still be on their way; empty is the good case
};

class FlagService {
 public:
  FlagService(NodeId node, FlagStore& store, RoutingBoard& board, async::Clock& clock, Log& log, Metrics& metrics,
              EventFeed& feed);
  /// Until it is set there is nobody who dials.
  void set_gate(DialGate& gate) { gate_ = &gate; }

  /// In force on this node when it returns. Whatever lowers the percentage or disables calls also waits up to 1 s until
  /// nothing that was claimed under the old flags is unsent. Errors: precondition_failed (if_version), forbidden
  /// (operators only in the safe direction), invalid_request (an empty patch).
  Awaitable<Result<FlagReply>> patch(FlagPatch patch, std::optional<std::int64_t> if_version, Actor actor,
                                     std::string source, std::string reason);
  /// Puts back what the last change changed, as a new version.
  Awaitable<Result<FlagReply>> undo(std::optional<std::int64_t> if_version, Actor actor, std::string reason);
  Awaitable<Result<std::vector<FlagChange>>> history(int limit) { return store_.history(limit); }

  /// A pin to old needs an operator, a pin to new or a removal an approver.
  Awaitable<Status> pin(UserId user, System system, std::string reason, std::optional<Instant> until, Actor actor);
  Awaitable<Status> unpin(UserId user, std::string reason, Actor actor);
  Awaitable<Result<std::vector<Pin>>> pins() { return store_.pins(); }

  /// At a start, before anything is routed: the environment's changed-value rule (definitions.md §3), and the stored
  /// flags come into force on this node. Refusals are logged in one sentence and change nothing. While a rollout runs
  /// whatever would raise or enable is refused.
  Awaitable<Status> apply_environment(EnvironmentFlags environment, bool rollout_runs);

  /// Flags that somebody else stored in a transaction of their own (the rollout controller, with its decision) come
  /// into force on this node as those of `patch` do. `before`: what was in force until then.
  Awaitable<Result<FlagReply>> put_in_force(FeatureFlags before, std::string actor, std::string source);
  /// Called on some io thread after every change that came into force here.
  void on_change(std::function<void()> listener) { listener_ = std::move(listener); }

  /// This thread's snapshot.
  const RoutingState& current() const noexcept { return board_.current(); }
  RouteDecision route(std::string_view user) const noexcept {
    return callramp::route(board_.current(), user, clock_.now());
  }

 private:
  Awaitable<Result<FlagReply>> change(FlagWrite write);
  Awaitable<Result<FlagReply>> tell(FeatureFlags before, FlagState state, std::string actor, std::string source);
  Awaitable<Status> publish();

  NodeId node_;
  FlagStore& store_;
  RoutingBoard& board_;
  async::Clock& clock_;
  Log& log_;
  EventFeed& feed_;
  Gauge& percentage_;
  Gauge& enabled_;
  Gauge& version_;
  DialGate* gate_ = nullptr;
  std::function<void()> listener_;
};

}  // namespace callramp::engine
