// Where uploaded lists are kept until they are in: files that survive a crash from the moment they are complete.
//
// Everything here may block on the disk, so it is called from a worker's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace callramp {

/// A file that is being received; gone with this object unless it was kept.
class SpoolWriter {
 public:
  virtual ~SpoolWriter() = default;
  virtual Status write(std::string_view bytes) = 0;
  /// Returns when the file would survive the loss of power.
  virtual Status keep() = 0;
  virtual std::int64_t bytes() const noexcept = 0;
};

/// A kept file from its beginning, taken out of its compression if it has one (gzip).
class SpoolReader {
 public:
  virtual ~SpoolReader() = default;
  /// More of it, at least one byte; empty at its end. invalid_request if the compression is damaged, or hides far more
  /// than any list would.
  virtual Result<std::string> read() = 0;
  /// Of the file as it is kept, read so far.
  virtual std::int64_t bytes_read() const noexcept = 0;
};

class ImportFiles {
 public:
  virtual ~ImportFiles() = default;
  /// `name` is an id of ours. unavailable if the disk refuses.
  virtual Result<std::unique_ptr<SpoolWriter>> create(const std::string& name) = 0;
  virtual Result<std::unique_ptr<SpoolReader>> open(const std::string& name) = 0;
  virtual void remove(const std::string& name) = 0;
  /// Removes what is there and not among `wanted`: received in part when a process died, or over.
  virtual void keep_only(const std::vector<std::string>& wanted) = 0;
};

}  // namespace callramp
