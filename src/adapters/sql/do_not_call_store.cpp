#include "adapters/sql/admin_stores.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

DoNotCallEntry read_entry(Row& row) {
  return DoNotCallEntry{.phone = row.phone(), .reason = row.text(), .actor = row.text(), .created_at = row.instant()};
}

// Every change has a number: the permission record of a dial names the list that it was checked against.
void count_up(Db& db) { db.run("update do_not_call_version set version = version + 1 where id = 1"); }

}  // namespace

Awaitable<Result<int>> SqlDoNotCallStore::add(DoNotCallEntry entry) {
  return executor_.write<int>([entry = std::move(entry)](Db& db) -> Result<int> {
    db.run(
        "insert into do_not_call (phone, reason, actor, created_at) values (:phone, :reason, :actor, :created) on "
        "conflict (phone) do update set reason = excluded.reason, actor = excluded.actor",
        {entry.phone, entry.reason, entry.actor, entry.created_at});
    count_up(db);
    const std::int64_t ended = db.run(
        "update calls set status = 'final', outcome = 'cancelled', reason = 'the number was put on the do-not-call "
        "list', "
        "final_at = :at, updated_at = :updated where phone = :phone and status in ('scheduled', 'queued')",
        {entry.created_at, entry.created_at, entry.phone});
    append_audit(db, {.at = entry.created_at,
                      .actor = entry.actor,
                      .action = "do_not_call.add",
                      .subject = entry.phone.masked(),
                      .reason = entry.reason,
                      .details_json = "{\"callsEnded\":" + std::to_string(ended) + "}"});
    return static_cast<int>(ended);
  });
}

Awaitable<Status> SqlDoNotCallStore::remove(PhoneNumber phone, std::string actor, std::string reason, Instant now) {
  return executor_.write<void>([=](Db& db) -> Status {
    if (db.run("delete from do_not_call where phone = :phone", {phone}) == 0)
      return fail(ErrorCode::not_found, "number " + phone.masked() + " is not on the do-not-call list");
    count_up(db);
    append_audit(
        db, {.at = now, .actor = actor, .action = "do_not_call.remove", .subject = phone.masked(), .reason = reason});
    return {};
  });
}

Awaitable<Result<std::optional<DoNotCallEntry>>> SqlDoNotCallStore::find(PhoneNumber phone) {
  using Found = std::optional<DoNotCallEntry>;
  return executor_.read<Found>([phone = std::move(phone)](Db& db) -> Result<Found> {
    return db.one("select phone, reason, actor, created_at from do_not_call where phone = :phone", "tttn", {phone},
                  read_entry);
  });
}

Awaitable<Result<std::vector<DoNotCallEntry>>> SqlDoNotCallStore::list(int page, int limit) {
  return executor_.read<std::vector<DoNotCallEntry>>([=](Db& db) -> Result<std::vector<DoNotCallEntry>> {
    return db.all("select phone, reason, actor, created_at from do_not_call order by phone limit :limit offset :offset",
                  "tttn", {limit, std::int64_t{limit} * (page - 1)}, read_entry);
  });
}

}  // namespace callramp::sql
