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

Result<Call> CallService::make_call(PlaceCall request, Instant now) const {
  TRY(phone, phones_.normalise(request.phone, config_.default_region));
  UserId user{phone.e164()};
  if (request.user) {
    TRY(given, parse_user_id(*request.user));
    user = std::move(given);
  }
  if (request.metadata_json.size() > max_metadata_bytes)
    return fail(
        ErrorCode::invalid_request,
        fmt::format("metadata is {} bytes; at most {} are kept", request.metadata_json.size(), max_metadata_bytes),
        "metadata");
  if (!request.timezone.empty()) {
    if (auto zone = phones_.local_clock(request.timezone, now); !zone) return std::unexpected(zone.error());
  }
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
            .updated_at = now};
  if (handed_back) call.system = System::old_system;
  return call;
}

Awaitable<Result<AcceptedCall>> CallService::place(PlaceCall request) {
  auto idempotency = std::move(request.idempotency);
  CO_TRY(call, make_call(std::move(request), clock_.now()));
  const RouteDecision route = flags_.route(call.user.str());
  CO_TRY(created, co_await store_.create(std::move(call), std::move(idempotency)));
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

Awaitable<Result<std::vector<Call>>> CallService::place_bulk(PlaceBulk request) {
  const Instant now = clock_.now();
  const auto batch = make_id<BatchId>(now, random_);
  std::vector<Call> calls;
  for (std::size_t i = 0; i < request.calls.size(); ++i) {
    auto call = make_call(std::move(request.calls[i]), now);
    if (!call) {
      Error error = std::move(call).error();
      if (error.field.empty() && error.code == ErrorCode::invalid_phone_number) error.field = "phoneNumber";
      co_return fail(error.code, fmt::format("calls[{}]: {}", i, error.message),
                     fmt::format("calls[{}].{}", i, error.field));
    }
    call->batch = batch;
    call->campaign = request.campaign;
    call->due_at = now + request.delay_between * static_cast<std::int64_t>(i);
    if (call->status == CallStatus::queued && call->due_at > now) call->status = CallStatus::scheduled;
    calls.push_back(*std::move(call));
  }
  CO_TRY(stored, co_await store_.create_many(std::move(calls), std::move(request.idempotency)));
  log_.info("bulk_accepted", {{"batch_id", stored.front().batch.value_or(batch)}, {"calls", stored.size()}});
  if (wake_) wake_();
  co_return stored;
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
