#include "adapters/sql/integrity.hpp"

#include <soci/session.h>

#include "adapters/sql/db.hpp"

namespace callramp::sql {

Result<std::string> check_integrity(const DatabaseUrl& url) {
  TRY(session, open_session(url, Access::read));
  try {
    Db db(std::move(session));
    std::string first;
    db.select("pragma integrity_check(1)", "t", {}, [&](Row& row) { first = row.text(); });
    return first;
  } catch (const DbFailure& failure) {
    return std::unexpected(failure.error());
  }
}

}  // namespace callramp::sql
