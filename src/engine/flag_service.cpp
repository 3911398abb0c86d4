#include "engine/flag_service.hpp"

#include <fmt/format.h>

namespace callramp::engine {
namespace {

// The kill switch answers within this (product.md §6), confirmed or not.
constexpr seconds confirm_within{1};

constexpr const char* enabled_variable = "OUTBOUND_CALLS_ENABLED";
constexpr const char* percentage_variable = "OUTBOUND_CALLS_PERCENTAGE";

std::map<std::string, std::string> to_text(const EnvironmentFlags& flags) {
  std::map<std::string, std::string> text;
  if (flags.outbound_calls_enabled) text[enabled_variable] = *flags.outbound_calls_enabled ? "true" : "false";
  if (flags.outbound_calls_percentage) text[percentage_variable] = to_string(*flags.outbound_calls_percentage);
  return text;
}

EnvironmentFlags from_text(const std::map<std::string, std::string>& text) {
  EnvironmentFlags flags;
  if (const auto found = text.find(enabled_variable); found != text.end())
    flags.outbound_calls_enabled = found->second == "true";
  if (const auto found = text.find(percentage_variable); found != text.end())
    if (const auto percentage = Percent::parse(found->second)) flags.outbound_calls_percentage = *percentage;
  return flags;
}

// A change to any flag but in the safe direction could put people onto new, so it takes an approver.
Status require_rights(const Actor& actor, const FeatureFlags& from, const FlagPatch& patch) {
  const Role needed = is_safe_direction(from, patch) ? Role::operator_ : Role::approver;
  if (actor.role >= needed) return {};
  return fail(ErrorCode::forbidden, fmt::format("token '{}' is {}; this change needs {}", actor.name,
                                                to_string(actor.role), to_string(needed)));
}

}  // namespace

FlagService::FlagService(NodeId node, FlagStore& store, RoutingBoard& board, async::Clock& clock, Log& log,
                         Metrics& metrics, EventFeed& feed)
    : node_(std::move(node)),
      store_(store),
      board_(board),
      clock_(clock),
      log_(log),
      feed_(feed),
      percentage_(
          metrics.gauge("callramp_outbound_calls_percentage", "Share of users routed to the new system, 0-100.")),
      enabled_(metrics.gauge("callramp_outbound_calls_enabled", "1 unless the kill switch is on.")),
      version_(metrics.gauge("callramp_flags_version", "Version of the feature flags in force on this node.")) {}

Awaitable<Status> FlagService::publish() {
  // Read again rather than handed on: whoever publishes last publishes what is stored, in whatever order they come.
  CO_TRY(flags, co_await store_.current());
  CO_TRY(pins, co_await store_.pins());
  RoutingState state{.flags = std::move(flags), .pins = {}};
  for (Pin& pin : pins) state.pins.emplace(pin.user.str(), std::move(pin));
  percentage_.set(state.flags.flags.outbound_calls_percentage.number());
  enabled_.set(state.flags.flags.outbound_calls_enabled ? 1 : 0);
  version_.set(static_cast<double>(state.flags.version));
  co_await board_.publish(std::move(state));
  co_return Status{};
}

Awaitable<Result<FlagReply>> FlagService::change(FlagWrite write) {
  const auto before = co_await store_.current();
  if (!before) co_return std::unexpected(before.error());
  const std::string actor = write.actor;
  const std::string source = write.source;
  CO_TRY(state, co_await store_.write(std::move(write)));
  co_return co_await tell(before->flags, std::move(state), actor, source);
}

Awaitable<Result<FlagReply>> FlagService::put_in_force(FeatureFlags before, std::string actor, std::string source) {
  CO_TRY(state, co_await store_.current());
  co_return co_await tell(before, std::move(state), actor, source);
}

Awaitable<Result<FlagReply>> FlagService::tell(FeatureFlags before, FlagState state, std::string actor,
                                               std::string source) {
  CO_TRY_VOID(co_await publish());
  const FeatureFlags& now = state.flags;
  log_.info("flags_changed", {{"version", state.version},
                              {"actor", actor},
                              {"source", source},
                              {"enabled", now.outbound_calls_enabled},
                              {"rolloutPercentage", now.outbound_calls_percentage.number()}});
  feed_.publish({"flags", fmt::format(R"({{"version":{},"enabled":{},"percentage":{}}})", state.version,
                                      now.outbound_calls_enabled, to_string(now.outbound_calls_percentage))});
  FlagReply reply{.state = std::move(state), .unconfirmed_nodes = {}};
  const bool fewer = !now.outbound_calls_enabled || now.outbound_calls_percentage < before.outbound_calls_percentage;
  if (fewer && gate_ != nullptr && !co_await gate_->drained(clock_.now() + confirm_within)) {
    log_.error("flags_unconfirmed", {{"version", reply.state.version}, {"node", node_}});
    reply.unconfirmed_nodes.push_back(node_);
  }
  if (listener_) listener_();
  co_return reply;
}

Awaitable<Result<FlagReply>> FlagService::patch(FlagPatch patch, std::optional<std::int64_t> if_version, Actor actor,
                                                std::string source, std::string reason) {
  if (patch.empty())
    co_return fail(ErrorCode::invalid_request,
                   "the patch names no flag; give at least one of outboundCallsEnabled, outboundCallsPercentage, "
                   "enableRetryLogic, enableVoicemailDetection, enableBulkImport");
  co_return co_await change({.patch = patch,
                             .if_version = if_version,
                             .actor = actor.name,
                             .source = std::move(source),
                             .reason = std::move(reason),
                             .now = clock_.now(),
                             .allowed = [actor](const FeatureFlags& from, const FlagPatch& asked) {
                               return require_rights(actor, from, asked);
                             }});
}

Awaitable<Result<FlagReply>> FlagService::undo(std::optional<std::int64_t> if_version, Actor actor,
                                               std::string reason) {
  CO_TRY(changes, co_await store_.history(1));
  if (changes.empty()) co_return fail(ErrorCode::conflict, "there is no change to undo");
  const FlagChange& last = changes.front();
  // Guarded by the version that was looked at: a change that comes in between is not undone by accident.
  if (if_version && *if_version != last.version)
    co_return fail(ErrorCode::precondition_failed,
                   fmt::format("the flags are at version {}, not {}; read them again", last.version, *if_version));
  if (reason.empty()) reason = fmt::format("undo of version {}", last.version);
  co_return co_await change({.patch = difference(last.to, last.from),
                             .if_version = last.version,
                             .actor = actor.name,
                             .source = "undo",
                             .reason = std::move(reason),
                             .now = clock_.now(),
                             .allowed = [actor](const FeatureFlags& from, const FlagPatch& asked) {
                               return require_rights(actor, from, asked);
                             }});
}

Awaitable<Status> FlagService::pin(UserId user, System system, std::string reason, std::optional<Instant> until,
                                   Actor actor) {
  const Role needed = system == System::old_system ? Role::operator_ : Role::approver;
  if (actor.role < needed)
    co_return fail(ErrorCode::forbidden, fmt::format("token '{}' is {}; a pin to {} needs {}", actor.name,
                                                     to_string(actor.role), to_string(system), to_string(needed)));
  if (until && *until <= clock_.now())
    co_return fail(ErrorCode::invalid_request, "until " + to_iso(*until) + " has passed", "until");
  CO_TRY_VOID(co_await store_.put_pin({.user = std::move(user),
                                       .system = system,
                                       .reason = std::move(reason),
                                       .actor = actor.name,
                                       .created_at = clock_.now(),
                                       .until = until}));
  co_return co_await publish();
}

Awaitable<Status> FlagService::unpin(UserId user, std::string reason, Actor actor) {
  if (actor.role < Role::approver)
    co_return fail(ErrorCode::forbidden,
                   fmt::format("token '{}' is {}; removing a pin needs approver", actor.name, to_string(actor.role)));
  CO_TRY_VOID(co_await store_.remove_pin(std::move(user), actor.name, std::move(reason), clock_.now()));
  co_return co_await publish();
}

Awaitable<Status> FlagService::apply_environment(EnvironmentFlags environment, bool rollout_runs) {
  CO_TRY(stored, co_await store_.seen_environment());
  CO_TRY(current, co_await store_.current());
  const EnvironmentVerdict verdict = judge_environment(from_text(stored), environment, current.flags, rollout_runs);
  if (!verdict.refused.empty()) log_.warn("environment_refused", {{"why", verdict.refused}});
  if (!verdict.patch.empty()) {
    CO_TRY(changed, co_await change({.patch = verdict.patch,
                                     .if_version = std::nullopt,
                                     .actor = "environment",
                                     .source = "environment",
                                     .reason = verdict.reason,
                                     .now = clock_.now(),
                                     .allowed = nullptr}));
    log_.info("environment_applied", {{"version", changed.state.version}, {"why", verdict.reason}});
  }
  CO_TRY_VOID(co_await store_.store_seen_environment(to_text(environment)));
  co_return co_await publish();  // also where nothing was ordered: this node starts with what is stored
}

}  // namespace callramp::engine
