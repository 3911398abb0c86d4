// Which provider of a capability is asked: the order of the configuration, what people have ordered for a while, and
// who works.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "core/providers/breaker.hpp"

namespace callramp::providers {

enum class Capability { telephony, stt, llm, tts };
std::string_view to_string(Capability capability) noexcept;  ///< "telephony", "stt", "llm", "tts"

/// What a person has ordered about one provider.
struct Order {
  enum class Kind { disabled, preferred } kind = Kind::disabled;
  std::optional<Instant> until;  ///< nothing: until somebody takes it back
  Instant at{};
  std::string actor;
  std::string reason;
  bool in_force(Instant now) const noexcept { return !until || now < *until; }
};
/// One line, for the settings store, and back.
std::string to_line(const Order& order);
Result<Order> parse_order(std::string_view line);

/// What the choice looks at, in the configuration's order.
struct Candidate {
  std::string name;
  Breaker breaker;
  std::optional<Order> order;

  bool disabled(Instant now) const noexcept {
    return order && order->kind == Order::Kind::disabled && order->in_force(now);
  }
  bool preferred(Instant now) const noexcept {
    return order && order->kind == Order::Kind::preferred && order->in_force(now);
  }
};

/// Indices into `candidates` in the order in which they are asked: preferred first, disabled not at all.
std::vector<std::size_t> ranking(const std::vector<Candidate>& candidates, Instant now);
/// The first of the ranking that lets a request through now.
std::optional<std::size_t> choose(const std::vector<Candidate>& candidates, Instant now);

/// None works and none is on trial; those that people have disabled are left out, and only they are no outage.
bool all_open(const std::vector<Candidate>& candidates, Instant now);

/// Why none can be asked.
struct Outage {
  Instant since{};       ///< when the last one went
  Instant look_again{};  ///< when that may change by itself
  std::string reason;    ///< "no carrier since 14:02 UTC: first (503), second (disabled by asha)"
};
/// `noun`: "carrier", "language model". Nothing if one can be asked. Without any candidate: since `now`.
std::optional<Outage> outage(std::string_view noun, const std::vector<Candidate>& candidates, Instant now);

}  // namespace callramp::providers
