#include "adapters/sql/schedule_store.hpp"

#include <fmt/format.h>

#include "adapters/sql/call_store.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

constexpr std::string_view schedule_columns =
    "id, phone, user_id, agent_id, metadata, priority, kind, status, first_at, timezone, hours, hours_zone, frequency, "
    "every, end_at, max_occurrences, occurrences, last_number, created_at, created_by, updated_at, version";
constexpr std::string_view schedule_kinds =
    "tttttn"
    "ttttttt"
    "nnnnn"
    "ntnn";
// Calls of a schedule that are not dialed yet: one, or two while a dial that was taken back is due again.
constexpr std::string_view waiting_calls =
    "schedule_id = :id and first_attempt_at is null and final_at is null and status <> 'handed_back'";

Schedule read_schedule(Row& row) {
  Schedule schedule{.id = row.id<ScheduleId>(),
                    .phone = row.phone(),
                    .user = row.id<UserId>(),
                    .agent = row.id<AgentId>(),
                    .metadata_json = row.text(),
                    .priority = static_cast<Priority>(row.integer()),
                    .kind = row.word(parse_call_kind),
                    .status = row.word(parse_schedule_status)};
  schedule.first = row.word(parse_wall_time);
  schedule.timezone = row.text();
  schedule.hours = read_hours(row);
  schedule.hours_zone = row.text();
  const auto frequency = row.maybe_word(parse_frequency);
  const int every = row.integer();
  const auto end = row.maybe(&Row::instant);
  const auto most = row.maybe(&Row::integer);
  if (frequency)
    schedule.recurring = Recurrence{.frequency = *frequency, .every = every, .end = end, .max_occurrences = most};
  schedule.occurrences = row.integer();
  schedule.last_number = row.integer();
  schedule.created_at = row.instant();
  schedule.created_by = row.text();
  schedule.updated_at = row.instant();
  schedule.version = row.number();
  return schedule;
}

void add_waiting_call(Db& db, Schedule& schedule) {
  static const std::string sql =
      select("id, due_at", "calls", "where " + std::string(waiting_calls) + " order by due_at");
  db.select(sql, "tn", {schedule.id}, [&](Row& row) {
    schedule.next_call = row.id<CallId>();
    schedule.next_at = row.instant();
  });
}

Result<Schedule> required_schedule(Db& db, const ScheduleId& id) {
  static const std::string sql = select(schedule_columns, "schedules", "where id = :id");
  auto schedule = db.one(sql, schedule_kinds, {id}, read_schedule);
  if (!schedule) return fail(ErrorCode::not_found, "there is no scheduled call '" + id.str() + "'");
  add_waiting_call(db, *schedule);
  return *std::move(schedule);
}

std::optional<std::string_view> frequency_word(const Schedule& schedule) {
  return schedule.recurring ? std::optional(to_string(schedule.recurring->frequency)) : std::nullopt;
}
std::optional<Instant> end_of(const Schedule& schedule) {
  return schedule.recurring ? schedule.recurring->end : std::nullopt;
}
std::optional<int> most_of(const Schedule& schedule) {
  return schedule.recurring ? schedule.recurring->max_occurrences : std::nullopt;
}
int every_of(const Schedule& schedule) { return schedule.recurring ? schedule.recurring->every : 1; }

void audit(Db& db, const Schedule& schedule, const std::string& actor, std::string action, Instant now) {
  append_audit(db, {.at = now, .actor = actor, .action = std::move(action), .subject = schedule.id.str()});
}

Result<Schedule> insert(Db& db, const Schedule& schedule, const Call& first) {
  TRY_VOID(may_be_called(db, first));
  db.run(
      "insert into schedules (id, phone, user_id, agent_id, metadata, priority, kind, status, first_at, timezone, "
      "hours, "
      "hours_zone, frequency, every, end_at, max_occurrences, occurrences, last_number, created_at, created_by, "
      "updated_at, version) values (:id, :phone, :user, :agent, :metadata, :priority, :kind, 'active', :first, :zone, "
      ":hours, :hours_zone, :frequency, :every, :end, :most, 1, :number, :created, :by, :updated, 1)",
      {schedule.id, schedule.phone, schedule.user, schedule.agent, schedule.metadata_json,
       static_cast<int>(schedule.priority), to_string(schedule.kind), to_string(schedule.first), schedule.timezone,
       hours_text(schedule.hours), schedule.hours_zone, frequency_word(schedule), every_of(schedule), end_of(schedule),
       most_of(schedule), schedule.last_number, schedule.created_at, schedule.created_by, schedule.created_at});
  insert_call(db, first);
  audit(db, schedule, schedule.created_by, "schedule.create", schedule.created_at);
  return required_schedule(db, schedule.id);
}

Status needs_active(const Schedule& stored) {
  if (stored.status == ScheduleStatus::active) return {};
  return fail(ErrorCode::conflict, fmt::format("scheduled call '{}' is {} and cannot be changed; schedule a new one",
                                               stored.id.str(), to_string(stored.status)));
}

void end_waiting_calls(Db& db, const Schedule& schedule, const std::string& reason, Instant now) {
  static const std::string sql =
      "update calls set status = 'final', outcome = 'cancelled', reason = :reason, final_at = :at, updated_at = "
      ":updated "
      "where status in ('scheduled', 'queued') and " +
      std::string(waiting_calls);
  db.run(sql, {reason, now, now, schedule.id});
}

Result<Schedule> replace(Db& db, const Schedule& wanted, const Call& first, const std::string& actor, Instant now) {
  TRY(stored, required_schedule(db, wanted.id));
  TRY_VOID(needs_active(stored));
  if (stored.version != wanted.version)
    return fail(ErrorCode::precondition_failed,
                fmt::format("scheduled call '{}' is at version {}, not {}; read it again and repeat your change",
                            stored.id.str(), stored.version, wanted.version));
  TRY_VOID(may_be_called(db, first));
  end_waiting_calls(db, stored, "rescheduled by " + actor, now);
  db.run(
      "update schedules set phone = :phone, user_id = :user, agent_id = :agent, metadata = :metadata, priority = "
      ":priority, kind = :kind, first_at = :first, timezone = :zone, hours = :hours, hours_zone = :hours_zone, "
      "frequency "
      "= :frequency, every = :every, end_at = :end, max_occurrences = :most, occurrences = :made, last_number = "
      ":number, "
      "updated_at = :now, version = version + 1 where id = :id",
      {wanted.phone, wanted.user, wanted.agent, wanted.metadata_json, static_cast<int>(wanted.priority),
       to_string(wanted.kind), to_string(wanted.first), wanted.timezone, hours_text(wanted.hours), wanted.hours_zone,
       frequency_word(wanted), every_of(wanted), end_of(wanted), most_of(wanted),
       stored.occurrences + (stored.next_call ? 0 : 1), wanted.last_number, now, wanted.id});
  insert_call(db, first);
  audit(db, wanted, actor, "schedule.change", now);
  return required_schedule(db, wanted.id);
}

Result<Schedule> cancel_schedule(Db& db, const ScheduleId& id, const std::string& actor, Instant now) {
  TRY(stored, required_schedule(db, id));
  if (stored.status == ScheduleStatus::cancelled) return stored;
  TRY_VOID(needs_active(stored));
  end_waiting_calls(db, stored, "its schedule was cancelled by " + actor, now);
  db.run("update schedules set status = 'cancelled', updated_at = :now, version = version + 1 where id = :id",
         {now, id});
  audit(db, stored, actor, "schedule.cancel", now);
  return required_schedule(db, id);
}

Result<SchedulePage> list_schedules(Db& db, const ScheduleFilter& filter) {
  const std::string where = filter.status ? "where status = :status" : "";
  std::vector<Param> params;
  if (filter.status) params.emplace_back(to_string(*filter.status));
  SchedulePage page;
  db.select(select("count(*)", "schedules", where), "n", params, [&](Row& row) { page.total = row.number(); });
  params.emplace_back(filter.limit);
  params.emplace_back(std::int64_t{filter.limit} * (filter.page - 1));
  page.schedules = db.all(
      select(schedule_columns, "schedules", where + " order by created_at desc, id desc limit :limit offset :from"),
      schedule_kinds, params, read_schedule);
  for (Schedule& schedule : page.schedules) add_waiting_call(db, schedule);
  return page;
}

ScheduleId read_id(Row& row) { return row.id<ScheduleId>(); }

}  // namespace

void make_next_call(Db& db, const ScheduleId& id, const PlanNext& plan, Instant now) {
  auto schedule = required_schedule(db, id);
  if (!schedule) throw DbFailure(schedule.error());
  if (schedule->status != ScheduleStatus::active || schedule->next_call) return;
  const auto next = plan(*schedule, schedule->last_number + 1, now);
  if (!next) {
    db.run("update schedules set status = 'done', updated_at = :now, version = version + 1 where id = :id", {now, id});
    return;
  }
  insert_call(db, next->call);
  db.run("update schedules set occurrences = occurrences + 1, last_number = :number, updated_at = :now where id = :id",
         {next->number, now, id});
}

Awaitable<Result<Schedule>> SqlScheduleStore::create(Schedule schedule, Call first) {
  return executor_.write<Schedule>(
      [schedule = std::move(schedule), first = std::move(first)](Db& db) { return insert(db, schedule, first); });
}

Awaitable<Result<Schedule>> SqlScheduleStore::get(ScheduleId id) {
  return executor_.read<Schedule>([id = std::move(id)](Db& db) { return required_schedule(db, id); });
}

Awaitable<Result<SchedulePage>> SqlScheduleStore::list(ScheduleFilter filter) {
  return executor_.read<SchedulePage>([filter = std::move(filter)](Db& db) { return list_schedules(db, filter); });
}

Awaitable<Result<Schedule>> SqlScheduleStore::change(Schedule schedule, Call first, std::string actor, Instant now) {
  return executor_.write<Schedule>([schedule = std::move(schedule), first = std::move(first), actor = std::move(actor),
                                    now](Db& db) { return replace(db, schedule, first, actor, now); });
}

Awaitable<Result<Schedule>> SqlScheduleStore::cancel(ScheduleId id, std::string actor, Instant now) {
  return executor_.write<Schedule>(
      [id = std::move(id), actor = std::move(actor), now](Db& db) { return cancel_schedule(db, id, actor, now); });
}

Awaitable<Result<int>> SqlScheduleStore::catch_up(PlanNext plan, Instant now) {
  return executor_.write<int>([plan = std::move(plan), now](Db& db) -> Result<int> {
    const auto idle = db.all(
        "select id from schedules where status = 'active' and not exists (select 1 from calls where schedule_id = "
        "schedules.id and first_attempt_at is null and final_at is null and status <> 'handed_back') limit 1000",
        "t", {}, read_id);
    for (const ScheduleId& id : idle) make_next_call(db, id, plan, now);
    return static_cast<int>(idle.size());
  });
}

}  // namespace callramp::sql
