// FolderLock: one process per data folder. Two would both believe that the open attempts are theirs, and a restore
// under a running server would be lost in its memory.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "base/result.hpp"

namespace callramp::app {

class FolderLock {
 public:
  /// Makes the folder if it is not there. conflict if another process has it.
  static Result<FolderLock> take(const std::string& folder) {
    std::error_code made;
    std::filesystem::create_directories(folder, made);
    if (made)
      return fail(ErrorCode::internal, fmt::format("cannot make the data folder '{}': {}", folder, made.message()));
    ::chmod(folder.c_str(), 0700);
    const int file = ::open((folder + "/callramp.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return fail(ErrorCode::internal, fmt::format("cannot write into the data folder '{}'", folder));
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
      ::close(file);
      return fail(ErrorCode::conflict,
                  fmt::format("another callramp uses the data folder '{}'; stop it or set CALLRAMP_DATA_DIR", folder));
    }
    return FolderLock(file);
  }
  FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock() {
    if (file_ >= 0) ::close(file_);
  }

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_;
};

}  // namespace callramp::app
