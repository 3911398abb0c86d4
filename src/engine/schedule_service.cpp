#include "engine/schedule_service.hpp"

#include <fmt/format.h>

namespace callramp::engine {
namespace {

constexpr std::size_t max_metadata_bytes = 10 * 1024;  // product.md §5

}  // namespace

ScheduleService::ScheduleService(std::string default_region, ScheduleStore& store, FlagService& flags,
                                 const PhoneDirectory& phones, const CallingHours& hours, async::Clock& clock,
                                 Random& random, Log& log)
    : default_region_(std::move(default_region)),
      store_(store),
      flags_(flags),
      phones_(phones),
      hours_(hours),
      clock_(clock),
      random_(random),
      log_(log) {}

PlanNext ScheduleService::plan() const {
  return [this](const Schedule& schedule, int number, Instant after) { return plan_call(schedule, number, after); };
}

std::optional<PlannedCall> ScheduleService::plan_call(const Schedule& schedule, int number, Instant after) const {
  Call call{.phone = schedule.phone,
            .user = schedule.user,
            .agent = schedule.agent,
            .metadata_json = schedule.metadata_json,
            .priority = schedule.priority,
            .kind = schedule.kind,
            .status = CallStatus::scheduled,
            .schedule = schedule.id,
            .hours = schedule.hours,
            .hours_zone = schedule.hours_zone};
  // Both zones were known when the schedule was made; a tzdata that forgot one since leaves the call to the next start.
  const auto next = next_occurrence(
      schedule, number, after,
      [&](WallTime wall) { return phones_.instant_of(schedule.timezone, wall).value_or(Instant::max()); },
      [&](Instant from) { return from == Instant::max() ? from : hours_.opening(call, nullptr, from); });
  if (!next) return std::nullopt;
  const Instant now = clock_.now();
  call.id = make_id<CallId>(now, random_);
  call.accepted_system = flags_.route(call.user.str()).system;
  call.created_at = call.updated_at = now;
  call.due_at = next->at;
  call.reason = "scheduled for " + to_iso(next->at);
  return PlannedCall{.number = next->number, .call = std::move(call)};
}

Result<ScheduleService::Checked> ScheduleService::check(ScheduleRequest request, ScheduleId id, Instant now) const {
  TRY(phone, phones_.normalise(request.phone, default_region_));
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
  if (request.timezone.empty()) request.timezone = phones_.zones(phone).front();
  if (request.hours && request.hours_zone.empty()) request.hours_zone = request.timezone;
  if (request.hours) {
    if (auto zone = phones_.local_clock(request.hours_zone, now); !zone) return std::unexpected(zone.error());
  }
  WallTime first;
  if (request.wall) {
    first = *request.wall;
  } else {
    TRY(wall, phones_.wall_of(request.timezone, request.at.value_or(now)));
    first = wall;
  }
  TRY(at, phones_.instant_of(request.timezone, first));
  if (at <= now)
    return fail(ErrorCode::schedule_in_past,
                fmt::format("scheduledFor is {}, and now is {}; a call can be scheduled for later only", to_iso(at),
                            to_iso(now)),
                "scheduledFor");
  Schedule schedule{.id = std::move(id),
                    .phone = phone,
                    .user = std::move(user),
                    .agent = std::move(request.agent),
                    .metadata_json = std::move(request.metadata_json),
                    .priority = request.priority,
                    .kind = request.kind,
                    .first = first,
                    .timezone = std::move(request.timezone),
                    .hours = request.hours,
                    .hours_zone = std::move(request.hours_zone),
                    .recurring = std::move(request.recurring),
                    .created_at = now,
                    .updated_at = now};
  auto planned = plan_call(schedule, 0, now);
  if (!planned)
    return fail(ErrorCode::invalid_request, "recurring.endDate is before the first call", "recurring.endDate");
  schedule.last_number = planned->number;
  return Checked{.schedule = std::move(schedule), .first = std::move(planned->call)};
}

Awaitable<Result<Schedule>> ScheduleService::create(ScheduleRequest request, Actor actor) {
  const Instant now = clock_.now();
  CO_TRY(checked, check(std::move(request), make_id<ScheduleId>(now, random_), now));
  checked.schedule.created_by = actor.name;
  CO_TRY(stored, co_await store_.create(std::move(checked.schedule), std::move(checked.first)));
  log_.info("call_scheduled", {{"schedule_id", stored.id},
                               {"phone", stored.phone},
                               {"actor", actor.name},
                               {"at", stored.next_at ? to_iso(*stored.next_at) : ""}});
  if (wake_) wake_();
  co_return stored;
}

Awaitable<Result<Schedule>> ScheduleService::change(ScheduleId id, ScheduleRequest request,
                                                    std::optional<std::int64_t> version, Actor actor) {
  CO_TRY(stored, co_await store_.get(id));
  const Instant now = clock_.now();
  CO_TRY(checked, check(std::move(request), std::move(id), now));
  checked.schedule.version = version.value_or(stored.version);
  CO_TRY(changed, co_await store_.change(std::move(checked.schedule), std::move(checked.first), actor.name, now));
  log_.info("call_rescheduled", {{"schedule_id", changed.id}, {"actor", actor.name}});
  if (wake_) wake_();
  co_return changed;
}

Awaitable<Result<Schedule>> ScheduleService::cancel(ScheduleId id, Actor actor) {
  CO_TRY(cancelled, co_await store_.cancel(std::move(id), actor.name, clock_.now()));
  log_.info("schedule_cancelled", {{"schedule_id", cancelled.id}, {"actor", actor.name}});
  co_return cancelled;
}

Awaitable<void> ScheduleService::catch_up() {
  const auto made = co_await store_.catch_up(plan(), clock_.now());
  if (!made) log_.error("schedules_not_caught_up", {{"error", made.error().message}});
}

}  // namespace callramp::engine
