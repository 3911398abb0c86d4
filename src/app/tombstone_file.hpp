// TombstoneFile: the tombstones as JSON lines in a file beside the database, which a restore does not replace. Numbers
// stand there as keyed hashes; the key is in the database and in its backups.
#pragma once

#include <string>

#include "app/config.hpp"
#include "ports/person_store.hpp"

namespace callramp::app {

/// TOMBSTONES_FILE, or tombstones.jsonl in the data folder.
inline std::string tombstone_file_of(const Config& config) {
  return config.tombstones_file.empty() ? config.data_dir + "/tombstones.jsonl" : config.tombstones_file;
}

class TombstoneFile final : public TombstoneLog {
 public:
  /// The file is made with the first tombstone.
  explicit TombstoneFile(std::string file) : file_(std::move(file)) {}
  Result<std::optional<Instant>> last() override;
  Status append(const std::vector<Tombstone>& tombstones) override;
  /// All of them at or after `from`, oldest first. A last line that a crash has cut is passed over, any other that
  /// cannot be read is an error that names it.
  Result<std::vector<Tombstone>> read(Instant from) const;

 private:
  std::string file_;
  std::optional<Instant> last_;  // once it was read or written
};

}  // namespace callramp::app
