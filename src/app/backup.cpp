#include "app/backup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "adapters/sql/backup.hpp"
#include "adapters/sql/integrity.hpp"
#include "adapters/sql/stores.hpp"
#include "app/folder_lock.hpp"
#include "app/text_file.hpp"
#include "app/tombstone_file.hpp"
#include "async/io_threads.hpp"
#include "base/random.hpp"
#include "engine/person_service.hpp"
#include "net/digest.hpp"

namespace callramp::app {
namespace {

namespace fs = std::filesystem;

std::string checksum_file(const std::string& file) { return file + ".sha256"; }

// Mapped, not read: a database may be larger than the memory.
Result<std::string> sha256_of(const std::string& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat about{};
  if (descriptor < 0 || ::fstat(descriptor, &about) != 0 || about.st_size == 0) {
    if (descriptor >= 0) ::close(descriptor);
    return fail(ErrorCode::not_found, fmt::format("'{}' cannot be read, or is empty", file));
  }
  const auto size = static_cast<std::size_t>(about.st_size);
  void* const bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  ::close(descriptor);
  if (bytes == MAP_FAILED) return fail(ErrorCode::unavailable, fmt::format("'{}' cannot be read", file));
  ::madvise(bytes, size, MADV_SEQUENTIAL);
  std::string digest = net::sha256_hex({static_cast<const char*>(bytes), size});
  ::munmap(bytes, size);
  return digest;
}

// On the disk before anybody is told that it is there.
Status settle_on_disk(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool done = descriptor >= 0 && ::fsync(descriptor) == 0;
  if (descriptor >= 0) ::close(descriptor);
  if (done) return {};
  return fail(ErrorCode::unavailable, fmt::format("'{}' cannot be written to the disk", path));
}

std::string folder_of(const std::string& file) {
  const fs::path parent = fs::path(file).parent_path();
  return parent.empty() ? "." : parent.string();
}

Status write_checksum(const std::string& file, const std::string& digest) {
  std::ofstream out(checksum_file(file), std::ios::binary | std::ios::trunc);
  out << digest << "  " << fs::path(file).filename().string() << '\n';
  if (!out.flush()) return fail(ErrorCode::unavailable, fmt::format("'{}' cannot be written", checksum_file(file)));
  return settle_on_disk(checksum_file(file));
}

Status check_backup(const std::string& file) {
  auto written = read_text_file(checksum_file(file));
  if (!written)
    return fail(ErrorCode::not_found,
                fmt::format("'{}' has no checksum beside it: '{}' is missing; restore a backup that has one", file,
                            checksum_file(file)));
  TRY(digest, sha256_of(file));
  if (written->substr(0, 64) != digest)
    return fail(ErrorCode::conflict,
                fmt::format("'{}' is not the file that was backed up: its SHA-256 is {}…, the checksum says {}…; use "
                            "another backup",
                            file, digest.substr(0, 12), written->substr(0, 12)));
  return {};
}

Result<std::string> database_file(const Config& config) {
  TRY(url, sql::parse_database_url(config.database_url));
  if (url.in_memory())
    return fail(ErrorCode::invalid_request, "a database in memory has no backup; set DATABASE_URL to sqlite:FILE",
                "DATABASE_URL");
  return url.file;
}

// The database that was there goes aside, whole, and not away: whoever forces a restore may have been wrong.
Result<std::string> move_aside(const std::string& database, Instant now) {
  std::error_code error;
  if (!fs::exists(database, error)) return std::string{};
  std::string stamp = to_iso(now);
  std::erase_if(stamp, [](char c) { return c == ':' || c == '.'; });
  const std::string aside = database + ".before-restore-" + stamp;
  for (const char* part : {"-wal", "-shm", ""})
    if (fs::exists(database + part, error)) {
      fs::rename(database + part, aside + part, error);
      if (error)
        return fail(ErrorCode::unavailable, fmt::format("'{}' cannot be moved aside: {}", database, error.message()));
    }
  return aside;
}

Status put_in_place(const std::string& file, const std::string& database) {
  const std::string half = database + ".restoring";
  std::error_code error;
  fs::copy_file(file, half, fs::copy_options::overwrite_existing, error);
  if (error)
    return fail(ErrorCode::unavailable, fmt::format("'{}' cannot be copied to '{}': {}", file, half, error.message()));
  TRY_VOID(settle_on_disk(half));
  TRY(found, sql::check_integrity({.file = half}));
  for (const char* part : {"-wal", "-shm"}) fs::remove(half + part, error);
  if (found != "ok") {
    fs::remove(half, error);
    return fail(ErrorCode::conflict, fmt::format("'{}' is damaged: {}; use another backup", file, found));
  }
  fs::rename(half, database, error);
  if (error) return fail(ErrorCode::unavailable, fmt::format("'{}' cannot be put in place: {}", half, error.message()));
  return settle_on_disk(folder_of(database));
}

// Calls that were waiting in the backup may have been dialed since. A person looks before anything is dialed.
Awaitable<Status> switch_off(sql::SqlStores& stores, std::string reason, Instant now) {
  CO_TRY(flags, co_await stores.flags().write({.patch = {.outbound_calls_enabled = false},
                                               .actor = "restore",
                                               .source = "restore",
                                               .reason = reason,
                                               .now = now}));
  (void)flags;
  co_return co_await stores.audit().append(
      {.at = now, .actor = "restore", .action = "backup.restore", .subject = "database", .reason = reason});
}

// Who asked not to be called, or was erased, after the backup was made, is so again.
Awaitable<Result<std::int64_t>> replay(sql::SqlStores& stores, std::vector<Tombstone> tombstones, Instant now) {
  SystemRandom random;
  std::vector<PhoneNumber> pseudonyms;
  for (std::size_t i = 0; i < tombstones.size(); ++i) pseudonyms.push_back(engine::make_pseudonym(random));
  co_return co_await stores.persons().replay(std::move(tombstones), std::move(pseudonyms), now);
}

}  // namespace

Result<MadeBackup> make_backup(const Config& config, const std::string& file) {
  TRY(database, database_file(config));
  const Instant now = async::SystemClock().now();
  const std::string half = file + ".part";
  std::error_code error;
  if (fs::exists(file, error))
    return fail(ErrorCode::conflict, fmt::format("'{}' exists already; name a file that does not", file));
  fs::remove(half, error);
  TRY_VOID(sql::copy_database({.file = database}, half, now));
  TRY(digest, sha256_of(half));
  TRY_VOID(settle_on_disk(half));
  TRY_VOID(write_checksum(file, digest));
  fs::rename(half, file, error);
  if (error) return fail(ErrorCode::unavailable, fmt::format("'{}' cannot be written: {}", file, error.message()));
  TRY_VOID(settle_on_disk(folder_of(file)));
  return MadeBackup{.bytes = fs::file_size(file, error), .sha256 = digest, .at = now};
}

Result<Restored> restore_backup(const Config& config, const std::string& file, bool force) {
  TRY(database, database_file(config));
  TRY_VOID(check_backup(file));
  TRY(copied_at, sql::copied_at(file));
  TRY(lock, FolderLock::take(config.data_dir));
  std::error_code error;
  if (fs::exists(database, error) && !force)
    return fail(
        ErrorCode::conflict,
        fmt::format("'{}' is there already; --force moves it aside and puts the backup in its place", database));
  const Instant now = async::SystemClock().now();
  // Read first: a file that cannot be read stops the restore before anything is moved.
  TRY(tombstones, TombstoneFile(tombstone_file_of(config)).read(Instant{}));
  TRY(aside, move_aside(database, now));
  TRY_VOID(put_in_place(file, database));
  async::IoThreads io(1);  // outlives the stores, whose threads answer to it
  TRY(stores, sql::SqlStores::open({.url = config.database_url, .now = now}));
  TRY_VOID(async::run_blocking(io.executor(0),
                               switch_off(*stores,
                                          fmt::format("restored from a backup of {}; see which calls were made since, "
                                                      "then enable outbound calls",
                                                      to_iso(copied_at)),
                                          now)));
  TRY(replayed, async::run_blocking(io.executor(0), replay(*stores, std::move(tombstones), now)));
  return Restored{.copied_at = copied_at, .previous = aside, .tombstones = replayed};
}

}  // namespace callramp::app
