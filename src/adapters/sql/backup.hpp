// A copy of the database beside a running server: one snapshot of everything that was committed, in one file that a
// SQLite of any kind opens. Writers go on meanwhile.
#pragma once

#include <string>

#include "adapters/sql/dialect.hpp"
#include "base/time.hpp"

namespace callramp::sql {

/// Writes `to`, which must not exist, marks it with the time of its snapshot and looks whether it is whole. The file is
/// there in full or, after an error, not at all. Blocks: about a second per 100 MB.
Status copy_database(const DatabaseUrl& from, const std::string& to, Instant now);

/// The time that copy_database marked; invalid_request for a file that is no such copy.
Result<Instant> copied_at(const std::string& file);

}  // namespace callramp::sql
