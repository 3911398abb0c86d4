// SpoolFolder: uploaded lists as files of one folder, written so that they survive a crash, read back out of gzip.
#pragma once

#include "ports/import_files.hpp"

namespace callramp::spool {

struct SpoolOptions {
  std::string folder;  ///< made if it is not there, mode 0700
  /// A list of rows that differ packs 3 to 30 times smaller; deflate's most is 1,032. What claims more than this is no
  /// list, and would only keep us busy.
  std::int64_t most_inflation = 300;
};

class SpoolFolder final : public ImportFiles {
 public:
  explicit SpoolFolder(SpoolOptions options) : options_(std::move(options)) {}

  Result<std::unique_ptr<SpoolWriter>> create(const std::string& name) override;
  Result<std::unique_ptr<SpoolReader>> open(const std::string& name) override;
  void remove(const std::string& name) override;
  void keep_only(const std::vector<std::string>& wanted) override;

 private:
  SpoolOptions options_;
};

}  // namespace callramp::spool
