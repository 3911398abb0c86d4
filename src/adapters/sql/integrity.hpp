// Whether a database file is whole, asked beside a running server and without changing anything.
#pragma once

#include <string>

#include "adapters/sql/dialect.hpp"

namespace callramp::sql {

/// "ok", or the first damage that the database itself finds. Errors: the file cannot be opened or is no database. Reads
/// the whole file; one that does not exist must not be asked about, for opening would create it.
Result<std::string> check_integrity(const DatabaseUrl& url);

}  // namespace callramp::sql
