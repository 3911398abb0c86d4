// Scheduled calls: once at a time, or again and again.
#include <algorithm>
#include <array>

#include "api/answers.hpp"
#include "api/call_json.hpp"
#include "api/fields.hpp"
#include "api/routes.hpp"

namespace callramp::api {
namespace {

constexpr std::size_t max_phone_bytes = 64;
constexpr std::size_t max_id_bytes = 64;
constexpr std::size_t max_user_bytes = 256;
constexpr std::size_t max_time_bytes = 40;
constexpr int most_every = 366;
constexpr int most_occurrences = 10'000;
constexpr std::array<std::string_view, 7> day_names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
// What respectBusinessHours means where no hours are given.
const CallingWindow usual_hours{
    .from = hours{9}, .to = hours{18}, .weekdays = {false, true, true, true, true, true, false}};

Error inside(std::string_view object, Error error) {
  error.field = std::string(object) + (error.field.empty() ? "" : "." + error.field);
  error.message = std::string(object) + ": " + error.message;
  return error;
}

// 0 is Sunday, as in JavaScript and cron; names as the calling windows write them.
Result<std::array<bool, 7>> read_days(const json::value& value) {
  const auto bad = [] {
    return fail(ErrorCode::invalid_request, "daysOfWeek is a list of 0 (Sunday) to 6 or of Mon, Tue, …", "daysOfWeek");
  };
  if (!value.is_array() || value.get_array().empty()) return bad();
  std::array<bool, 7> days{};
  for (const json::value& day : value.get_array()) {
    std::size_t at = days.size();
    if (day.is_int64() && day.get_int64() >= 0)
      at = static_cast<std::size_t>(day.get_int64());
    else if (day.is_string())
      at = static_cast<std::size_t>(std::ranges::find(day_names, std::string_view(day.get_string())) -
                                    day_names.begin());
    if (at >= days.size()) return bad();
    days[at] = true;
  }
  return days;
}

Status read_hours(const json::object& object, engine::ScheduleRequest& request) {
  Fields in(object);
  const std::string start = in.maybe_text("start", max_time_bytes).value_or("09:00");
  const std::string end = in.maybe_text("end", max_time_bytes).value_or("18:00");
  request.hours_zone = in.maybe_text("timezone", max_id_bytes).value_or("");
  in.skip("daysOfWeek");
  TRY_VOID(in.finish());
  TRY(window, parse_window(start + "-" + end));
  request.hours = window;
  request.hours->weekdays = usual_hours.weekdays;
  if (const json::value* days = object.if_contains("daysOfWeek"); days != nullptr && !days->is_null()) {
    TRY(read, read_days(*days));
    request.hours->weekdays = read;
  }
  return {};
}

Status read_recurrence(const json::object& object, engine::ScheduleRequest& request) {
  Fields in(object);
  Recurrence recurring;
  recurring.frequency = in.required("frequency", parse_frequency);
  recurring.every = static_cast<int>(in.maybe_integer("interval", 1, most_every).value_or(1));
  recurring.end = in.maybe("endDate", parse_iso);
  if (const auto most = in.maybe_integer("maxOccurrences", 1, most_occurrences))
    recurring.max_occurrences = static_cast<int>(*most);
  TRY_VOID(in.finish());
  request.recurring = recurring;
  return {};
}

// With a zone or Z it is an instant, without one a reading of the clock in `timezone`.
Status read_time(const std::string& text, engine::ScheduleRequest& request) {
  if (const auto wall = parse_wall_time(text)) {
    request.wall = *wall;
    return {};
  }
  TRY(at, parse_iso(text));
  request.at = at;
  return {};
}

Result<engine::ScheduleRequest> read_schedule(const json::object& body) {
  Fields in(body);
  engine::ScheduleRequest request{.phone = in.text("phoneNumber", max_phone_bytes),
                                  .agent = AgentId{in.text("agentId", max_id_bytes)},
                                  .user = in.maybe_text("userId", max_user_bytes)};
  if (const json::object* metadata = in.maybe_object("metadata")) request.metadata_json = json::serialize(*metadata);
  request.priority = in.maybe("priority", parse_priority).value_or(request.priority);
  request.kind = in.maybe("kind", parse_call_kind).value_or(request.kind);
  const std::string when = in.text("scheduledFor", max_time_bytes);
  request.timezone = in.maybe_text("timezone", max_id_bytes).value_or("");
  const json::object* const own_hours = in.maybe_object("businessHours");
  const bool respects = in.maybe_boolean("respectBusinessHours").value_or(own_hours != nullptr);
  const json::object* const recurring = in.maybe_object("recurring");
  TRY_VOID(in.finish());
  if (auto read = read_time(when, request); !read) return std::unexpected(inside("scheduledFor", read.error()));
  if (respects && own_hours != nullptr) {
    if (auto read = read_hours(*own_hours, request); !read)
      return std::unexpected(inside("businessHours", read.error()));
  } else if (respects) {
    request.hours = usual_hours;
  }
  if (recurring != nullptr)
    if (auto read = read_recurrence(*recurring, request); !read)
      return std::unexpected(inside("recurring", read.error()));
  return request;
}

json::value hours_json(const Schedule& schedule) {
  if (!schedule.hours) return nullptr;
  const std::string text = to_string(*schedule.hours);
  json::array days;
  for (std::size_t day = 0; day < day_names.size(); ++day)
    if (schedule.hours->weekdays[day]) days.push_back(static_cast<std::int64_t>(day));
  return json::object{{"start", text.substr(0, 5)},
                      {"end", text.substr(6, 5)},
                      {"timezone", schedule.hours_zone},
                      {"daysOfWeek", std::move(days)}};
}

json::value recurring_json(const Schedule& schedule) {
  if (!schedule.recurring) return nullptr;
  const Recurrence& recurring = *schedule.recurring;
  return json::object{
      {"frequency", to_string(recurring.frequency)},
      {"interval", recurring.every},
      {"endDate", iso_or_null(recurring.end)},
      {"maxOccurrences", recurring.max_occurrences ? json::value(*recurring.max_occurrences) : json::value(nullptr)}};
}

json::object to_json(const Schedule& schedule, Numbers numbers) {
  const std::string user =
      schedule.user.str() == schedule.phone.e164() ? written(schedule.phone, numbers) : schedule.user.str();
  return {{"id", schedule.id.str()},
          {"status", to_string(schedule.status)},
          {"phoneNumber", written(schedule.phone, numbers)},
          {"userId", user},
          {"agentId", schedule.agent.str()},
          {"metadata", stored_json(schedule.metadata_json)},
          {"priority", to_string(schedule.priority)},
          {"kind", to_string(schedule.kind)},
          {"localTime", to_string(schedule.first)},
          {"timezone", schedule.timezone},
          {"respectBusinessHours", schedule.hours.has_value()},
          {"businessHours", hours_json(schedule)},
          {"recurring", recurring_json(schedule)},
          {"occurrences", schedule.occurrences},
          {"scheduledFor", iso_or_null(schedule.next_at)},
          {"callLogId", schedule.next_call ? json::value(schedule.next_call->str()) : json::value(nullptr)},
          {"createdAt", to_iso(schedule.created_at)},
          {"createdBy", schedule.created_by},
          {"updatedAt", to_iso(schedule.updated_at)},
          {"version", schedule.version}};
}

Awaitable<Result<net::Response>> schedule_call(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  CO_TRY(request, read_schedule(body));
  CO_TRY(schedule, co_await deps.schedules.create(std::move(request), exchange.actor));
  co_return json_response(202, to_json(schedule, numbers_for(exchange.actor)));
}

Awaitable<Result<net::Response>> list_schedules(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  Fields in(query);
  ScheduleFilter filter{.status = in.maybe("status", parse_schedule_status)};
  const Page page = read_page(in);
  filter.page = page.page;
  filter.limit = page.limit;
  CO_TRY_VOID(in.finish());
  CO_TRY(found, co_await deps.schedules.list(filter));
  json::array rows;
  for (const Schedule& schedule : found.schedules) rows.push_back(to_json(schedule, numbers_for(exchange.actor)));
  co_return json_response(
      200, json::object{
               {"scheduled", std::move(rows)}, {"page", filter.page}, {"limit", filter.limit}, {"total", found.total}});
}

Awaitable<Result<net::Response>> get_schedule(const Deps& deps, Exchange& exchange) {
  CO_TRY(schedule, co_await deps.schedules.get(ScheduleId{exchange.param("id")}));
  co_return json_response(200, to_json(schedule, numbers_for(exchange.actor)));
}

Awaitable<Result<net::Response>> change_schedule(const Deps& deps, Exchange& exchange) {
  CO_TRY(version, read_if_match(exchange.request));
  CO_TRY(body, co_await read_object(exchange));
  CO_TRY(request, read_schedule(body));
  CO_TRY(schedule,
         co_await deps.schedules.change(ScheduleId{exchange.param("id")}, std::move(request), version, exchange.actor));
  co_return json_response(200, to_json(schedule, numbers_for(exchange.actor)));
}

Awaitable<Result<net::Response>> cancel_schedule(const Deps& deps, Exchange& exchange) {
  CO_TRY(schedule, co_await deps.schedules.cancel(ScheduleId{exchange.param("id")}, exchange.actor));
  co_return json_response(200, to_json(schedule, numbers_for(exchange.actor)));
}

}  // namespace

void add_schedule_routes(Router& router, const Deps& deps) {
  const auto with = bound_to(deps);
  router.add({"POST", "/api/v1/calls/outbound/schedule", Role::operator_, false, with(schedule_call)});
  router.add({"GET", "/api/v1/calls/scheduled", Role::viewer, false, with(list_schedules)});
  router.add({"GET", "/api/v1/calls/scheduled/{id}", Role::viewer, false, with(get_schedule)});
  router.add({"PUT", "/api/v1/calls/scheduled/{id}", Role::operator_, false, with(change_schedule)});
  router.add({"DELETE", "/api/v1/calls/scheduled/{id}", Role::operator_, false, with(cancel_schedule)});
}

}  // namespace callramp::api
