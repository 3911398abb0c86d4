#include "engine/call_service.hpp"

#include <fmt/format.h>

namespace callramp::engine {
namespace {

constexpr std::size_t max_metadata_bytes = 10 * 1024;  // product.md §5

}  // namespace

CallService::CallService(CallServiceConfig config, CallStore& store, FlagService& flags, const PhoneDirectory& phones,
                         async::Clock& clock, Random& random, Log& log)
    : config_(std::move(config)),
      store_(store),
      flags_(flags),
      phones_(phones),
      clock_(clock),
      random_(random),
      log_(log) {}

Awaitable<Result<AcceptedCall>> CallService::place(PlaceCall request) {
  CO_TRY(phone, phones_.normalise(request.phone, config_.default_region));
  UserId user{phone.e164()};
  if (request.user) {
    CO_TRY(given, parse_user_id(*request.user));
    user = std::move(given);
  }
  if (request.metadata_json.size() > max_metadata_bytes)
    co_return fail(
        ErrorCode::invalid_request,
        fmt::format("metadata is {} bytes; at most {} are kept", request.metadata_json.size(), max_metadata_bytes),
        "metadata");
  if (!request.timezone.empty()) {
    if (auto zone = phones_.local_clock(request.timezone, clock_.now()); !zone) co_return std::unexpected(zone.error());
  }
  const Instant now = clock_.now();
  const RouteDecision route = flags_.route(user.str());
  const bool handed_back = route.system == System::old_system && !config_.old_system_available;
  Call call{.id = make_id<CallId>(now, random_),
            .phone = phone,
            .user = std::move(user),
            .agent = std::move(request.agent),
            .metadata_json = std::move(request.metadata_json),
            .priority = request.priority,
            .kind = request.kind,
            .timezone = std::move(request.timezone),
            .status = handed_back ? CallStatus::handed_back : CallStatus::queued,
            .accepted_system = route.system,
            .test = request.test,
            .created_at = now,
            .due_at = now,
            .updated_at = now,
            .retry_of = std::move(request.retry_of)};
  if (handed_back) call.system = System::old_system;
  CO_TRY(created, co_await store_.create(std::move(call), std::move(request.idempotency)));
  const Call& stored = created.call;
  log_.info("call_routed", {{"call_id", stored.id},
                            {"userId", stored.user},
                            {"phone", stored.phone},
                            {"system", to_string(route.system)},
                            {"bucket", route.bucket},
                            {"reason", to_string(route.reason)},
                            {"rolloutPercentage", route.percentage.number()},
                            {"flagVersion", route.flag_version},
                            {"replayed", created.replayed}});
  if (!created.replayed && stored.status == CallStatus::queued && wake_) wake_();
  co_return AcceptedCall{.call = stored,
                         .route = route,
                         .handed_back = stored.status == CallStatus::handed_back,
                         .replayed = created.replayed,
                         .estimated_start = stored.created_at};
}

Awaitable<Result<Call>> CallService::retry(CallId id, Actor actor) {
  CO_TRY(detail, co_await store_.get(id));
  Call call;
  if (detail.call.status == CallStatus::final_) {
    CO_TRY(placed, co_await place_again(std::move(detail.call)));
    call = std::move(placed);
  } else {
    CO_TRY(due, co_await store_.retry_now(std::move(id), actor.name, clock_.now()));
    call = std::move(due);
    if (wake_) wake_();
  }
  log_.info("call_retry_asked", {{"call_id", call.id}, {"actor", actor.name}, {"status", to_string(call.status)}});
  co_return call;
}

Awaitable<Result<Call>> CallService::place_again(Call call) {
  switch (*call.outcome) {
    case Outcome::completed:
    case Outcome::voicemail_left:
    case Outcome::invalid_number:
      co_return fail(
          ErrorCode::call_already_completed,
          fmt::format("call '{}' is over with {}: there is nothing to retry", call.id.str(), to_string(*call.outcome)));
    case Outcome::voicemail:
    case Outcome::no_answer:
    case Outcome::busy:
    case Outcome::rejected:
    case Outcome::unreachable:
    case Outcome::early_hangup:
    case Outcome::failed:
    case Outcome::cancelled:
    case Outcome::expired:
    case Outcome::unknown: break;
  }
  CO_TRY(accepted, co_await place({.phone = call.phone.e164(),
                                   .agent = call.agent,
                                   .user = call.user.str(),
                                   .metadata_json = call.metadata_json,
                                   .priority = call.priority,
                                   .kind = call.kind,
                                   .timezone = call.timezone,
                                   .test = call.test,
                                   .retry_of = call.id}));
  co_return std::move(accepted.call);
}

Awaitable<Result<Call>> CallService::drop_retry(CallId id, Actor actor) {
  CO_TRY(call, co_await store_.drop_retry(std::move(id), actor.name, clock_.now()));
  log_.info("call_retry_dropped", {{"call_id", call.id}, {"actor", actor.name}});
  co_return call;
}

Awaitable<Result<Call>> CallService::cancel(CallId id, Actor actor) {
  if (actor.role < Role::operator_)
    co_return fail(ErrorCode::forbidden, fmt::format("token '{}' is {}; cancelling a call needs operator", actor.name,
                                                     to_string(actor.role)));
  CO_TRY(call, co_await store_.request_cancel(id, actor.name, clock_.now()));
  log_.info("call_cancel_requested", {{"call_id", call.id}, {"actor", actor.name}, {"status", to_string(call.status)}});
  if (call.status != CallStatus::final_ && live_ != nullptr) live_->hang_up(call.id, Parting::goodbye);
  co_return call;
}

}  // namespace callramp::engine
