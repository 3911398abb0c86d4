// What is kept of one person, by their number: to show, to hand over, and to erase. And the tombstones: who asked not
// to be called, and who was erased, as a backup must not bring them back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/executor.hpp"
#include "base/phone.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace callramp {

/// What is known, in numbers.
struct PersonSummary {
  bool do_not_call = false;
  std::int64_t calls = 0;
  std::int64_t attempts = 0;
  std::int64_t transcript_lines = 0;
  std::int64_t contacts = 0;
  std::int64_t reported_outcomes = 0;
  std::int64_t evidence_items = 0;
  std::int64_t import_errors = 0;
  std::int64_t deliveries = 0;
};

struct Erasure {
  PhoneNumber phone;
  PhoneNumber pseudonym;  ///< stands in the number's place, so that counts of people stay what they were
  std::string actor;
  std::string reason;
  Instant now{};
};

enum class TombstoneKind { stop, allow, erase };
std::string_view to_string(TombstoneKind kind) noexcept;  ///< "stop", "allow", "erase"
Result<TombstoneKind> parse_tombstone_kind(std::string_view text);

/// The number is there as a keyed hash: whoever reads a tombstone learns no number from it.
struct Tombstone {
  Instant at{};  ///< grows strictly from one to the next
  TombstoneKind kind = TombstoneKind::stop;
  std::string hash;
};

class PersonStore {
 public:
  virtual ~PersonStore() = default;
  virtual Awaitable<Result<PersonSummary>> summary(PhoneNumber phone) = 0;
  /// Everything, as a JSON object: what a person may ask for.
  virtual Awaitable<Result<std::string>> everything(PhoneNumber phone) = 0;
  /// Takes the person out of everything and keeps the counts; ends calls that were not dialed, forbids any other by
  /// hash, leaves a tombstone. One transaction, audited. What was erased; conflict while a call is under way.
  virtual Awaitable<Result<PersonSummary>> erase(Erasure erasure) = 0;

  /// Oldest first.
  virtual Awaitable<Result<std::vector<Tombstone>>> tombstones(Instant after, int limit) = 0;
  /// Applies those again that this database does not know: after a restore from before them. Returns how many.
  virtual Awaitable<Result<std::int64_t>> replay(std::vector<Tombstone> tombstones, std::vector<PhoneNumber> pseudonyms,
                                                 Instant now) = 0;
};

/// Tombstones outside of the database, where a restore does not reach them.
class TombstoneLog {
 public:
  virtual ~TombstoneLog() = default;
  /// Of the newest that is kept; nothing if none is.
  virtual Result<std::optional<Instant>> last() = 0;
  /// Durable when it returns.
  virtual Status append(const std::vector<Tombstone>& tombstones) = 0;
};

}  // namespace callramp
