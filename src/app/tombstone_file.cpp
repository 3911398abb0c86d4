#include "app/tombstone_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <fstream>

namespace callramp::app {
namespace {

namespace json = boost::json;

Result<Tombstone> parse_line(const std::string& line) {
  boost::system::error_code error;
  const json::value value = json::parse(line, error);
  const auto* object = error ? nullptr : value.if_object();
  const auto* at = object == nullptr ? nullptr : object->if_contains("at");
  const auto* kind = object == nullptr ? nullptr : object->if_contains("kind");
  const auto* hash = object == nullptr ? nullptr : object->if_contains("hash");
  if (at == nullptr || !at->is_int64() || kind == nullptr || !kind->is_string() || hash == nullptr ||
      !hash->is_string())
    return fail(ErrorCode::invalid_request, "no tombstone");
  TRY(parsed, parse_tombstone_kind(kind->get_string()));
  return Tombstone{.at = from_micros(at->get_int64()), .kind = parsed, .hash = std::string(hash->get_string())};
}

std::string to_line(const Tombstone& tombstone) {
  return json::serialize(json::object{
             {"at", to_micros(tombstone.at)}, {"kind", to_string(tombstone.kind)}, {"hash", tombstone.hash}}) +
         "\n";
}

}  // namespace

Result<std::optional<Instant>> TombstoneFile::last() {
  if (last_) return last_;
  TRY(all, read(Instant{}));
  if (!all.empty()) last_ = all.back().at;
  return last_;
}

Status TombstoneFile::append(const std::vector<Tombstone>& tombstones) {
  if (tombstones.empty()) return {};
  const int file = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return fail(ErrorCode::unavailable, fmt::format("'{}' cannot be written", file_));
  // After a line that a crash has cut, on a line of its own.
  char end = '\n';
  if (const off_t size = ::lseek(file, 0, SEEK_END); size > 0) (void)!::pread(file, &end, 1, size - 1);
  std::string text = end == '\n' ? "" : "\n";
  for (const Tombstone& tombstone : tombstones) text += to_line(tombstone);
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  ::close(file);
  if (!written) return fail(ErrorCode::unavailable, fmt::format("'{}' cannot be written to the disk", file_));
  last_ = tombstones.back().at;
  return {};
}

Result<std::vector<Tombstone>> TombstoneFile::read(Instant from) const {
  std::vector<Tombstone> tombstones;
  std::ifstream stream(file_, std::ios::binary);
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    auto tombstone = parse_line(line);
    if (tombstone) {
      if (tombstone->at >= from) tombstones.push_back(*std::move(tombstone));
    } else if (line.ends_with('}') || line.empty()) {
      return fail(ErrorCode::conflict,
                  fmt::format("'{}' line {} is no tombstone; mend or remove the line", file_, number));
    }
  }
  return tombstones;
}

}  // namespace callramp::app
