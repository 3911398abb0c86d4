#include "adapters/sql/stores.hpp"

#include <soci/session.h>

#include "adapters/sql/dialect.hpp"
#include "adapters/sql/migrations.hpp"

namespace callramp::sql {
namespace {

Result<std::unique_ptr<Db>> connect(const DatabaseUrl& url, Access access) {
  TRY(session, open_session(url, access));
  return std::make_unique<Db>(std::move(session));
}

Status prepare(Db& db, Instant now) {
  TRY_VOID(migrate(db, migrations(), now));
  try {
    seed_flags(db, now);
  } catch (const DbFailure& failure) {
    return std::unexpected(failure.error());
  }
  return {};
}

}  // namespace

SqlStores::SqlStores(std::unique_ptr<DbExecutor> executor)
    : executor_(std::move(executor)),
      flags_(*executor_),
      calls_(*executor_),
      tokens_(*executor_),
      audit_(*executor_),
      agents_(*executor_),
      do_not_call_(*executor_),
      settings_(*executor_),
      outcomes_(*executor_),
      rollouts_(*executor_),
      campaigns_(*executor_),
      imports_(*executor_) {}

Result<std::unique_ptr<SqlStores>> SqlStores::open(SqlOptions options) {
  TRY(url, parse_database_url(options.url));
  TRY(writer, connect(url, Access::write));
  if (auto ready = prepare(*writer, options.now); !ready)
    return fail(ready.error().code, "database '" + url.file + "': " + ready.error().message, "DATABASE_URL");
  std::unique_ptr<DbExecutor> executor;
  if (options.run_inline) {
    executor = std::make_unique<InlineExecutor>(std::move(writer));
  } else {
    std::vector<std::unique_ptr<Db>> readers;
    for (int i = 0; i < options.readers && !url.in_memory(); ++i) {
      TRY(reader, connect(url, Access::read));
      readers.push_back(std::move(reader));
    }
    executor = std::make_unique<ThreadedExecutor>(std::move(writer), std::move(readers), options.limits);
  }
  return std::unique_ptr<SqlStores>(new SqlStores(std::move(executor)));
}

}  // namespace callramp::sql
