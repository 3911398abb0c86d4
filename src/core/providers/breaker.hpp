// Breaker: whether a provider is asked at all. Five failures in a row, or one refusal of our credentials, open it; a
// minute later it is probed, and after a good probe one request at a time goes through until one succeeds.
//
// Pure: every instant is an argument, so a blackout of ten minutes is a row of a test. Who probes and who asks is the
// engine's matter.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace callramp::providers {

struct BreakerSettings {
  int failures = 5;                 ///< in a row, that open it
  Duration open_for = seconds{60};  ///< before it is probed, and between two probes that fail
  /// A request let through on trial that has told nothing by then is forgotten, and the next one is the trial.
  Duration trial_limit = seconds{15};
};

enum class Circuit {
  closed,     ///< works
  open,       ///< nothing is asked
  half_open,  ///< probed with success: one request at a time
};
std::string_view to_string(Circuit circuit) noexcept;  ///< "closed", "open", "half_open"

/// What an answer says about the provider, not about the request.
enum class Verdict {
  works,   ///< it answered, be it with a refusal of this request
  fails,   ///< no answer, or one that says that it is broken
  denies,  ///< our credentials or account are refused: asking again cannot help
  nothing  ///< given up by us, or asked to slow down: it says neither
};
/// Of an error in the ports' codes.
Verdict verdict_of(ErrorCode code) noexcept;

class Breaker {
 public:
  explicit Breaker(BreakerSettings settings = {}) : settings_(settings) {}

  Circuit circuit() const noexcept { return circuit_; }
  /// Since when it is not closed; of an outage that goes on, its beginning.
  std::optional<Instant> since() const noexcept { return since_; }
  /// The failure that opened it, or the latest one while it is open.
  const std::string& why() const noexcept { return why_; }
  int failures_in_a_row() const noexcept { return failures_; }

  /// Whether a request would be let through now.
  bool admits(Instant now) const noexcept;
  /// Lets one through, or not; half-open it becomes the trial.
  bool admit(Instant now) noexcept;
  /// What came of a request. While open only a probe counts: what was under way when it opened tells nothing new.
  void answered(Verdict verdict, std::string_view why, Instant now);

  /// When to probe: nothing unless open.
  std::optional<Instant> probe_at() const noexcept;
  void probed(Verdict verdict, std::string_view why, Instant now);
  /// A person thinks that it works again.
  void probe_soon(Instant now) noexcept { probe_at_ = std::min(probe_at_, now); }

 private:
  void open(std::string_view why, Instant now);

  BreakerSettings settings_;
  Circuit circuit_ = Circuit::closed;
  int failures_ = 0;
  std::optional<Instant> since_;
  Instant probe_at_{};
  std::optional<Instant> trial_since_;
  std::string why_;
};

}  // namespace callramp::providers
