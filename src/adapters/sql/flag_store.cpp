#include "adapters/sql/flag_store.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "adapters/sql/rows.hpp"
#include "net/json_text.hpp"

namespace callramp::sql {
namespace {

Percent read_percent(Row& row) {
  auto percent = Percent::from_basis_points(static_cast<long>(row.number()));
  if (!percent) throw DbFailure(percent.error());
  return *percent;
}

FeatureFlags read_five(Row& row) {
  return FeatureFlags{.outbound_calls_enabled = row.flag(),
                      .outbound_calls_percentage = read_percent(row),
                      .enable_retry_logic = row.flag(),
                      .enable_voicemail_detection = row.flag(),
                      .enable_bulk_import = row.flag()};
}

FlagState read_state(Row& row) {
  return FlagState{
      .flags = read_five(row), .version = row.number(), .changed_at = row.instant(), .changed_by = row.text()};
}

FlagChange read_change(Row& row) {
  return FlagChange{.version = row.number(),
                    .at = row.instant(),
                    .actor = row.text(),
                    .source = row.text(),
                    .reason = row.text(),
                    .from = read_five(row),
                    .to = read_five(row)};
}

Pin read_pin(Row& row) {
  return Pin{.user = row.id<UserId>(),
             .system = row.word(parse_system),
             .reason = row.text(),
             .actor = row.text(),
             .created_at = row.instant(),
             .until = row.maybe(&Row::instant)};
}

constexpr std::string_view pin_kinds = "ttttnn";

boost::json::object as_json(const FlagPatch& patch) {
  boost::json::object json;
  if (patch.outbound_calls_enabled) json["outboundCallsEnabled"] = *patch.outbound_calls_enabled;
  if (patch.outbound_calls_percentage) json["outboundCallsPercentage"] = patch.outbound_calls_percentage->number();
  if (patch.enable_retry_logic) json["enableRetryLogic"] = *patch.enable_retry_logic;
  if (patch.enable_voicemail_detection) json["enableVoicemailDetection"] = *patch.enable_voicemail_detection;
  if (patch.enable_bulk_import) json["enableBulkImport"] = *patch.enable_bulk_import;
  return json;
}

void store_change(Db& db, const FlagChange& change) {
  const FeatureFlags& from = change.from;
  const FeatureFlags& to = change.to;
  db.run(
      "update flags set version = :version, outbound_calls_enabled = :enabled, percentage_basis_points = :percentage, "
      "enable_retry_logic = :retry, enable_voicemail_detection = :voicemail, enable_bulk_import = :bulk, changed_at = "
      ":at, changed_by = :by where id = 1",
      {change.version, to.outbound_calls_enabled, to.outbound_calls_percentage.basis_points(), to.enable_retry_logic,
       to.enable_voicemail_detection, to.enable_bulk_import, change.at, change.actor});
  db.run(
      "insert into flag_changes (version, at, actor, source, reason, from_enabled, from_percentage, from_retry, "
      "from_voicemail, from_bulk, to_enabled, to_percentage, to_retry, to_voicemail, to_bulk) values (:version, :at, "
      ":actor, :source, :reason, :f1, :f2, :f3, :f4, :f5, :t1, :t2, :t3, :t4, :t5)",
      {change.version, change.at, change.actor, change.source, change.reason, from.outbound_calls_enabled,
       from.outbound_calls_percentage.basis_points(), from.enable_retry_logic, from.enable_voicemail_detection,
       from.enable_bulk_import, to.outbound_calls_enabled, to.outbound_calls_percentage.basis_points(),
       to.enable_retry_logic, to.enable_voicemail_detection, to.enable_bulk_import});
  append_audit(db, {.at = change.at,
                    .actor = change.actor,
                    .action = "flags.change",
                    .subject = fmt::format("version {}", change.version),
                    .reason = change.reason,
                    .details_json = net::to_text(boost::json::object{{"source", change.source},
                                                                     {"from", as_json(difference(to, from))},
                                                                     {"to", as_json(difference(from, to))}})});
}

}  // namespace

FeatureFlags default_flags() { return FeatureFlags{.outbound_calls_percentage = *Percent::from_basis_points(500)}; }

void seed_flags(Db& db, Instant now) {
  const FeatureFlags flags = default_flags();
  db.run(
      "insert into flags (id, version, outbound_calls_enabled, percentage_basis_points, enable_retry_logic, "
      "enable_voicemail_detection, enable_bulk_import, changed_at, changed_by) values (1, 1, :enabled, :percentage, "
      ":retry, :voicemail, :bulk, :now, 'defaults') on conflict (id) do nothing",
      {flags.outbound_calls_enabled, flags.outbound_calls_percentage.basis_points(), flags.enable_retry_logic,
       flags.enable_voicemail_detection, flags.enable_bulk_import, now});
}

Result<FlagState> write_flags(Db& db, const FlagWrite& write) {
  FlagState state = read_flags(db);
  if (write.if_version && *write.if_version != state.version)
    return fail(ErrorCode::precondition_failed,
                fmt::format("the flags are at version {} now, not {}; read them again and decide anew", state.version,
                            *write.if_version));
  if (write.allowed) TRY_VOID(write.allowed(state.flags, write.patch));
  const FeatureFlags to = apply(state.flags, write.patch);
  if (to == state.flags) return state;
  store_change(db, {.version = state.version + 1,
                    .at = write.now,
                    .actor = write.actor,
                    .source = write.source,
                    .reason = write.reason,
                    .from = state.flags,
                    .to = to});
  return FlagState{.flags = to, .version = state.version + 1, .changed_at = write.now, .changed_by = write.actor};
}

FlagState read_flags(Db& db) {
  const auto state = db.one(
      "select outbound_calls_enabled, percentage_basis_points, enable_retry_logic, enable_voicemail_detection, "
      "enable_bulk_import, version, changed_at, changed_by from flags where id = 1",
      "nnnnnnnt", {}, read_state);
  if (!state) throw DbFailure({ErrorCode::internal, "the database has no flags row"});
  return *state;
}

std::vector<Pin> read_pins(Db& db) {
  return db.all("select user_id, system, reason, actor, created_at, until_at from pins order by user_id", pin_kinds, {},
                read_pin);
}

std::optional<Pin> find_pin(Db& db, const UserId& user) {
  return db.one("select user_id, system, reason, actor, created_at, until_at from pins where user_id = :user",
                pin_kinds, {user}, read_pin);
}

Awaitable<Result<FlagState>> SqlFlagStore::current() {
  return executor_.read<FlagState>([](Db& db) -> Result<FlagState> { return read_flags(db); });
}

Awaitable<Result<FlagState>> SqlFlagStore::write(FlagWrite write) {
  return executor_.write<FlagState>([write = std::move(write)](Db& db) { return write_flags(db, write); });
}

Awaitable<Result<std::vector<FlagChange>>> SqlFlagStore::history(int limit) {
  return executor_.read<std::vector<FlagChange>>([limit](Db& db) -> Result<std::vector<FlagChange>> {
    return db.all(
        "select version, at, actor, source, reason, from_enabled, from_percentage, from_retry, from_voicemail, "
        "from_bulk, to_enabled, to_percentage, to_retry, to_voicemail, to_bulk from flag_changes order by version desc "
        "limit :limit",
        "nntttnnnnnnnnnn", {limit}, read_change);
  });
}

Awaitable<Result<std::vector<Pin>>> SqlFlagStore::pins() {
  return executor_.read<std::vector<Pin>>([](Db& db) -> Result<std::vector<Pin>> { return read_pins(db); });
}

Awaitable<Status> SqlFlagStore::put_pin(Pin pin) {
  return executor_.write<void>([pin = std::move(pin)](Db& db) -> Status {
    db.run(
        "insert into pins (user_id, system, reason, actor, created_at, until_at) values (:user, :system, :reason, "
        ":actor, :created, :until) on conflict (user_id) do update set system = excluded.system, reason = "
        "excluded.reason, actor = excluded.actor, created_at = excluded.created_at, until_at = excluded.until_at",
        {pin.user, to_string(pin.system), pin.reason, pin.actor, pin.created_at, pin.until});
    boost::json::object details{{"system", to_string(pin.system)}};
    if (pin.until) details["until"] = to_iso(*pin.until);
    append_audit(db, {.at = pin.created_at,
                      .actor = pin.actor,
                      .action = "pin.put",
                      .subject = masked_user(pin.user),
                      .reason = pin.reason,
                      .details_json = boost::json::serialize(details)});
    return {};
  });
}

Awaitable<Status> SqlFlagStore::remove_pin(UserId user, std::string actor, std::string reason, Instant now) {
  return executor_.write<void>([=](Db& db) -> Status {
    if (db.run("delete from pins where user_id = :user", {user}) == 0)
      return fail(ErrorCode::not_found, "user '" + user.str() + "' has no pin; the list of pins shows those there are");
    append_audit(db,
                 {.at = now, .actor = actor, .action = "pin.remove", .subject = masked_user(user), .reason = reason});
    return {};
  });
}

Awaitable<Result<std::map<std::string, std::string>>> SqlFlagStore::seen_environment() {
  using Seen = std::map<std::string, std::string>;
  return executor_.read<Seen>([](Db& db) -> Result<Seen> {
    Seen seen;
    db.select("select name, value from seen_environment", "tt", {}, [&](Row& row) {
      std::string name = row.text();
      seen.emplace(std::move(name), row.text());
    });
    return seen;
  });
}

Awaitable<Status> SqlFlagStore::store_seen_environment(std::map<std::string, std::string> seen) {
  return executor_.write<void>([seen = std::move(seen)](Db& db) -> Status {
    db.run("delete from seen_environment");
    for (const auto& [name, value] : seen)
      db.run("insert into seen_environment (name, value) values (:name, :value)", {name, value});
    return {};
  });
}

}  // namespace callramp::sql
