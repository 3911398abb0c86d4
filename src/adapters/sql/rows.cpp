#include "adapters/sql/rows.hpp"

#include <fmt/format.h>

namespace callramp::sql {

std::optional<CallingWindow> read_hours(Row& row) {
  const std::string text = row.text();
  if (text.empty()) return std::nullopt;
  const auto window = parse_window(text);
  if (!window) throw DbFailure(window.error());
  return *window;
}

std::string hours_text(const std::optional<CallingWindow>& hours) { return hours ? to_string(*hours) : ""; }

// Members are read in the order of the columns; a braced list is evaluated from left to right.

Call read_call(Row& row) {
  return Call{.id = row.id<CallId>(),
              .phone = row.phone(),
              .user = row.id<UserId>(),
              .agent = row.id<AgentId>(),
              .metadata_json = row.text(),
              .priority = static_cast<Priority>(row.integer()),
              .kind = row.word(parse_call_kind),
              .timezone = row.text(),
              .status = row.word(parse_call_status),
              .accepted_system = row.word(parse_system),
              .system = row.maybe_word(parse_system),
              .outcome = row.maybe_word(parse_outcome),
              .fault = row.maybe_word(parse_fault),
              .reason = row.text(),
              .test = row.flag(),
              .cancel_requested = row.flag(),
              .attempts = row.integer(),
              .retries = row.integer(),
              .batch = row.maybe(&Row::id<BatchId>),
              .campaign = row.maybe(&Row::id<CampaignId>),
              .contact = row.maybe(&Row::number),
              .created_at = row.instant(),
              .due_at = row.instant(),
              .updated_at = row.instant(),
              .retry_at = row.maybe(&Row::instant),
              .first_attempt_at = row.maybe(&Row::instant),
              .final_at = row.maybe(&Row::instant),
              .retry_of = row.maybe(&Row::id<CallId>),
              .schedule = row.maybe(&Row::id<ScheduleId>),
              .hours = read_hours(row),
              .hours_zone = row.text()};
}

namespace {

std::optional<seconds> read_seconds(Row& row) {
  const auto count = row.maybe(&Row::number);
  return count ? std::optional(seconds{*count}) : std::nullopt;
}

std::optional<Money> read_money(Row& row) {
  const auto micros = row.maybe(&Row::number);
  const auto code = row.maybe(&Row::text);
  if (!micros || !code) return std::nullopt;
  const auto currency = Currency::parse(*code);
  if (!currency) throw DbFailure(currency.error());
  return Money{.micros = *micros, .currency = *currency};
}

}  // namespace

Attempt read_attempt(Row& row) {
  return Attempt{.id = row.id<AttemptId>(),
                 .call = row.id<CallId>(),
                 .number = row.integer(),
                 .system = row.word(parse_system),
                 .provider = row.text(),
                 .provider_call_id = row.maybe(&Row::text).value_or(""),
                 .phone = row.phone(),
                 .caller_id = row.text(),
                 .status = row.word(parse_call_status),
                 .outcome = row.maybe_word(parse_outcome),
                 .fault = row.maybe_word(parse_fault),
                 .reason = row.text(),
                 .stream_token = row.maybe(&Row::text).value_or(""),
                 .node = row.id<NodeId>(),
                 .lease_until = row.instant(),
                 .started_at = row.instant(),
                 .placed_at = row.maybe(&Row::instant),
                 .answered_at = row.maybe(&Row::instant),
                 .media_started_at = row.maybe(&Row::instant),
                 .ended_at = row.maybe(&Row::instant),
                 .carrier_duration = read_seconds(row),
                 .carrier_price = read_money(row),
                 .permission_json = row.text(),
                 .manual_retry = row.flag()};
}

Agent read_agent(Row& row) {
  return Agent{.id = row.id<AgentId>(),
               .name = row.text(),
               .greeting = row.text(),
               .disclosure = row.text(),
               .prompt = row.text(),
               .goodbye = row.text(),
               .apology = row.text(),
               .language = row.text(),
               .voice = row.text(),
               .model = row.text(),
               .stt_model = row.text(),
               .max_duration = seconds{row.number()},
               .max_turns = row.integer(),
               .created_at = row.instant(),
               .updated_at = row.instant()};
}

std::string select(std::string_view columns, std::string_view table, std::string_view rest) {
  return fmt::format("select {} from {} {}", columns, table, rest);
}

std::optional<Call> find_call(Db& db, const CallId& id) {
  static const std::string sql = select(call_columns, "calls", "where id = :id");
  return db.one(sql, call_kinds, {id}, read_call);
}

std::optional<Attempt> find_attempt(Db& db, const AttemptId& id) {
  static const std::string sql = select(attempt_columns, "attempts", "where id = :id");
  return db.one(sql, attempt_kinds, {id}, read_attempt);
}

std::optional<Agent> find_agent(Db& db, const AgentId& id) {
  static const std::string sql = select(agent_columns, "agents", "where id = :id");
  return db.one(sql, agent_kinds, {id}, read_agent);
}

Call existing_call(Db& db, const CallId& id) {
  auto call = find_call(db, id);
  if (!call) throw DbFailure({ErrorCode::internal, "call '" + id.str() + "' is gone from the database"});
  return *std::move(call);
}

std::string masked_user(const UserId& user) {
  const auto phone = PhoneNumber::parse(user.str());
  return phone ? phone->masked() : user.str();
}

void append_audit(Db& db, const AuditLine& line) {
  db.run(
      "insert into audit (at, actor, action, subject, reason, details) values (:at, :actor, :action, :subject, "
      ":reason, "
      ":details)",
      {line.at, line.actor, line.action, line.subject, line.reason, line.details_json});
}

}  // namespace callramp::sql
