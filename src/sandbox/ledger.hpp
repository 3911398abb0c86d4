// Ledger: every dial that the sandbox received, the independent witness of what the product did.
//
// A dial stands in it before it is answered, and with a file it is in the kernel's hands by then: killing the sandbox
// loses no line. A line of the file is written once and its answer and end are filled into blanks kept for them, so
// there is exactly one line a dial, in the order of arrival.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace callramp::sandbox {

struct LedgerEntry {
  std::uint64_t seq = 0;  ///< from 1
  Instant received_at{};
  std::string provider;      ///< "exotel", "twilio", "old"
  std::string to;            ///< who is called, E.164
  std::string from;          ///< the caller id; empty for the old dialer
  std::string custom_field;  ///< the attempt's id, where the product passes one
  std::string call_sid;
  std::string answer;  ///< what the world answers with: person, machine, busy, …
  std::optional<Instant> ended_at;
};

/// One JSON object without a line end: {seq, receivedAt, provider, to, from, customField, callSid, answer, endedAt}.
std::string to_json_line(const LedgerEntry& entry);

/// Thread-safe.
class Ledger {
 public:
  Ledger() = default;
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// Goes on in `file`: its lines are read, new ones follow. Call it before the first dial. An error names the file.
  Status open(const std::string& file);
  /// Returns the dial's seq. `entry.seq` is ignored.
  std::uint64_t dial(LedgerEntry entry);
  /// `answer` as it turned out: a person who does not pick up in time is no_answer.
  void end(std::uint64_t seq, std::string_view answer, Instant at);
  std::vector<LedgerEntry> entries() const;
  /// All entries as JSON lines.
  std::string json_lines() const;
  /// Forgets everything, in the file too.
  void reset();

 private:
  void write_line(const LedgerEntry& entry);
  std::string file_line(const LedgerEntry& entry) const;

  mutable std::mutex mutex_;
  std::vector<LedgerEntry> entries_;
  std::vector<std::int64_t> offsets_;  // of each entry's line in the file
  std::int64_t file_end_ = 0;
  int file_ = -1;
};

}  // namespace callramp::sandbox
