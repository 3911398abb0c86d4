// Backup and restore of a data folder: what the two commands do, apart from their arguments.
#pragma once

#include <string>

#include "app/config.hpp"

namespace callramp::app {

struct MadeBackup {
  std::uintmax_t bytes = 0;
  std::string sha256;
  Instant at{};
};

/// Copies the database into `file` and writes FILE.sha256 beside it, which `sha256sum -c` reads. A server may run.
Result<MadeBackup> make_backup(const Config& config, const std::string& file);

struct Restored {
  Instant copied_at{};
  std::string previous;         ///< where the replaced database was moved to; empty if there was none
  std::int64_t tombstones = 0;  ///< of the data folder, newer than the backup and applied again
};

/// Puts the backup in the data folder's place. Refused: a server runs there, a database is there and not `force`, the
/// checksum is missing or wrong, the file is damaged. Outbound calls are switched off: what was dialed after the
/// backup, nobody here knows any more.
Result<Restored> restore_backup(const Config& config, const std::string& file, bool force);

}  // namespace callramp::app
