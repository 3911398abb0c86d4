#include "sandbox/ledger.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>

#include "base/ensure.hpp"

namespace callramp::sandbox {

namespace json = boost::json;

namespace {

std::string json_quoted(std::string_view text) { return json::serialize(json::value(text)); }

/// Room for any answer ("announcement", quoted) and any time, so that a line can be completed in place.
constexpr std::size_t kAnswerWidth = 16;
constexpr std::size_t kTimeWidth = 26;

std::string line(const LedgerEntry& entry, std::size_t answer_width, std::size_t time_width) {
  std::string answer = json_quoted(entry.answer);
  std::string ended = entry.ended_at ? json_quoted(to_iso(*entry.ended_at)) : "null";
  if (answer.size() < answer_width) answer.resize(answer_width, ' ');
  if (ended.size() < time_width) ended.resize(time_width, ' ');
  return "{\"seq\":" + std::to_string(entry.seq) + ",\"receivedAt\":" + json_quoted(to_iso(entry.received_at)) +
         ",\"provider\":" + json_quoted(entry.provider) + ",\"to\":" + json_quoted(entry.to) +
         ",\"from\":" + json_quoted(entry.from) + ",\"customField\":" + json_quoted(entry.custom_field) +
         ",\"callSid\":" + json_quoted(entry.call_sid) + ",\"answer\":" + answer + ",\"endedAt\":" + ended + "}";
}

Result<LedgerEntry> parse_line(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  const json::object* object = error ? nullptr : value.if_object();
  if (object == nullptr) return fail(ErrorCode::invalid_request, "not a JSON object");
  LedgerEntry entry;
  const auto text_of = [&](std::string_view key) {
    const json::value* member = object->if_contains(key);
    return member != nullptr && member->is_string() ? std::string(member->as_string()) : std::string();
  };
  TRY(received, parse_iso(text_of("receivedAt")));
  entry.received_at = received;
  entry.provider = text_of("provider");
  entry.to = text_of("to");
  entry.from = text_of("from");
  entry.custom_field = text_of("customField");
  entry.call_sid = text_of("callSid");
  entry.answer = text_of("answer");
  if (const auto ended = parse_iso(text_of("endedAt"))) entry.ended_at = *ended;
  return entry;
}

Status file_error(const std::string& file, std::string_view what) {
  return fail(ErrorCode::invalid_request, "ledger file '" + file + "' " + std::string(what));
}

}  // namespace

std::string to_json_line(const LedgerEntry& entry) { return line(entry, 0, 0); }

std::string Ledger::file_line(const LedgerEntry& entry) const { return line(entry, kAnswerWidth, kTimeWidth) + "\n"; }

Ledger::~Ledger() {
  if (file_ >= 0) ::close(file_);
}

Status Ledger::open(const std::string& file) {
  const std::lock_guard lock(mutex_);
  ENSURE(file_ < 0 && entries_.empty(), "a ledger's file is opened before its first dial");
  file_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0) return file_error(file, std::string("cannot be opened: ") + std::strerror(errno));
  std::string content;
  char buffer[64 * 1024];
  ssize_t got = 0;
  while ((got = ::read(file_, buffer, sizeof buffer)) > 0) content.append(buffer, static_cast<std::size_t>(got));
  if (got < 0) return file_error(file, std::string("cannot be read: ") + std::strerror(errno));
  for (std::size_t at = 0; at < content.size();) {
    const std::size_t end = content.find('\n', at);
    if (end == std::string::npos) break;  // the last line of a machine that lost power: no dial was answered after it
    auto entry = parse_line(std::string_view(content).substr(at, end - at));
    if (!entry)
      return file_error(file, "has a line that is no dial: line " + std::to_string(entries_.size() + 1) + ", " +
                                  entry.error().message);
    entry->seq = entries_.size() + 1;
    entries_.push_back(*std::move(entry));
    offsets_.push_back(static_cast<std::int64_t>(at));
    at = end + 1;
    file_end_ = static_cast<std::int64_t>(at);
  }
  return {};
}

void Ledger::write_line(const LedgerEntry& entry) {
  if (file_ < 0) return;
  const std::string text = file_line(entry);
  const auto offset = offsets_[entry.seq - 1];
  const ssize_t written = ::pwrite(file_, text.data(), text.size(), offset);
  // A witness that cannot write is worse than none: stop, loudly.
  ENSURE(written == static_cast<ssize_t>(text.size()), "the ledger's file takes a line");
}

std::uint64_t Ledger::dial(LedgerEntry entry) {
  const std::lock_guard lock(mutex_);
  entry.seq = entries_.size() + 1;
  if (file_ >= 0) {
    offsets_.push_back(file_end_);
    file_end_ += static_cast<std::int64_t>(file_line(entry).size());
  }
  write_line(entry);
  entries_.push_back(std::move(entry));
  return entries_.size();
}

void Ledger::end(std::uint64_t seq, std::string_view answer, Instant at) {
  const std::lock_guard lock(mutex_);
  if (seq == 0 || seq > entries_.size()) return;  // reset meanwhile
  LedgerEntry& entry = entries_[seq - 1];
  const std::size_t before = file_line(entry).size();
  entry.answer = answer;
  entry.ended_at = at;
  ENSURE(file_line(entry).size() == before, "an answer and a time fit into the room kept for them");
  write_line(entry);
}

std::vector<LedgerEntry> Ledger::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

std::string Ledger::json_lines() const {
  const std::lock_guard lock(mutex_);
  std::string lines;
  for (const LedgerEntry& entry : entries_) lines += to_json_line(entry) + "\n";
  return lines;
}

void Ledger::reset() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
  offsets_.clear();
  file_end_ = 0;
  if (file_ >= 0) ENSURE(::ftruncate(file_, 0) == 0, "the ledger's file can be emptied");
}

}  // namespace callramp::sandbox
