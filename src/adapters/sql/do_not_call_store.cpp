#include "adapters/sql/admin_stores.hpp"
#include "adapters/sql/do_not_call.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

DoNotCallEntry read_entry(Row& row) {
  return DoNotCallEntry{.phone = row.phone(), .reason = row.text(), .actor = row.text(), .created_at = row.instant()};
}

}  // namespace

Awaitable<Result<int>> SqlDoNotCallStore::add(DoNotCallEntry entry) {
  return executor_.write<int>([entry = std::move(entry)](Db& db) -> Result<int> {
    db.run(
        "insert into do_not_call (phone, reason, actor, created_at) values (:phone, :reason, :actor, :created) on "
        "conflict (phone) do update set reason = excluded.reason, actor = excluded.actor",
        {entry.phone, entry.reason, entry.actor, entry.created_at});
    count_up_do_not_call(db);
    const std::int64_t ended =
        end_undialed(db, entry.phone, "the number was put on the do-not-call list", entry.created_at);
    leave_tombstone(db, TombstoneKind::stop, person_hash(db, entry.phone), entry.created_at);
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
    const std::string hash = person_hash(db, phone);
    const std::int64_t listed = db.run("delete from do_not_call where phone = :phone", {phone}) +
                                db.run("delete from do_not_call_hashes where hash = :hash", {hash});
    if (listed == 0) return fail(ErrorCode::not_found, "number " + phone.masked() + " is not on the do-not-call list");
    count_up_do_not_call(db);
    leave_tombstone(db, TombstoneKind::allow, hash, now);
    append_audit(
        db, {.at = now, .actor = actor, .action = "do_not_call.remove", .subject = phone.masked(), .reason = reason});
    return {};
  });
}

Awaitable<Result<std::optional<DoNotCallEntry>>> SqlDoNotCallStore::find(PhoneNumber phone) {
  using Found = std::optional<DoNotCallEntry>;
  return executor_.read<Found>([phone = std::move(phone)](Db& db) -> Result<Found> {
    auto entry = db.one("select phone, reason, actor, created_at from do_not_call where phone = :phone", "tttn",
                        {phone}, read_entry);
    if (!entry && on_do_not_call(db, phone))
      entry = DoNotCallEntry{.phone = phone, .reason = "erased, or restored from a tombstone", .actor = "system"};
    return entry;
  });
}

Awaitable<Result<std::vector<DoNotCallEntry>>> SqlDoNotCallStore::list(int page, int limit) {
  return executor_.read<std::vector<DoNotCallEntry>>([=](Db& db) -> Result<std::vector<DoNotCallEntry>> {
    return db.all("select phone, reason, actor, created_at from do_not_call order by phone limit :limit offset :offset",
                  "tttn", {limit, std::int64_t{limit} * (page - 1)}, read_entry);
  });
}

}  // namespace callramp::sql
