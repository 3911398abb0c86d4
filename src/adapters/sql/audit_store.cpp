#include "adapters/sql/admin_stores.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

AuditEntry read_entry(Row& row) {
  return AuditEntry{.seq = row.number(),
                    .at = row.instant(),
                    .actor = row.text(),
                    .action = row.text(),
                    .subject = row.text(),
                    .reason = row.text(),
                    .details_json = row.text()};
}

}  // namespace

Awaitable<Status> SqlAuditStore::append(AuditEntry entry) {
  return executor_.write<void>([entry = std::move(entry)](Db& db) -> Status {
    append_audit(db, {.at = entry.at,
                      .actor = entry.actor,
                      .action = entry.action,
                      .subject = entry.subject,
                      .reason = entry.reason,
                      .details_json = entry.details_json});
    return {};
  });
}

Awaitable<Result<std::vector<AuditEntry>>> SqlAuditStore::list(std::optional<std::int64_t> before, int limit) {
  return executor_.read<std::vector<AuditEntry>>([=](Db& db) -> Result<std::vector<AuditEntry>> {
    return db.all(
        "select seq, at, actor, action, subject, reason, details from audit where seq < :before order by seq desc "
        "limit "
        ":limit",
        "nnttttt", {before.value_or(INT64_MAX), limit}, read_entry);
  });
}

}  // namespace callramp::sql
