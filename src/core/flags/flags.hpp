// The plan's five feature flags, how they may change, and which system a user is on. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ids.hpp"
#include "base/percent.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "core/calls/types.hpp"

namespace callramp {

struct FeatureFlags {
  bool outbound_calls_enabled = true;
  Percent outbound_calls_percentage;  ///< a new database starts at 5, as the plan writes
  bool enable_retry_logic = true;
  bool enable_voicemail_detection = true;
  bool enable_bulk_import = true;
  bool operator==(const FeatureFlags&) const = default;
};

/// Any subset of the five.
struct FlagPatch {
  std::optional<bool> outbound_calls_enabled;
  std::optional<Percent> outbound_calls_percentage;
  std::optional<bool> enable_retry_logic;
  std::optional<bool> enable_voicemail_detection;
  std::optional<bool> enable_bulk_import;
  bool empty() const noexcept;
};

FeatureFlags apply(const FeatureFlags& flags, const FlagPatch& patch);
/// The patch that leads from `from` to `to`: undo is the difference applied backwards.
FlagPatch difference(const FeatureFlags& from, const FeatureFlags& to);
/// True if no user could be moved onto new by it: the percentage not raised, calls not switched on, and nothing else
/// changed. An operator may do that; everything else needs an approver (definitions.md §4).
bool is_safe_direction(const FeatureFlags& from, const FlagPatch& patch);

/// Flags with their version: 1 in a new database, one more with every change.
struct FlagState {
  FeatureFlags flags;
  std::int64_t version = 1;
  Instant changed_at{};
  std::string changed_by;  ///< token name, "environment", "rollout"
};

/// One row of history.
struct FlagChange {
  std::int64_t version = 0;
  Instant at{};
  std::string actor;
  std::string source;  ///< "api", "environment", "undo", "rollout"
  std::string reason;
  FeatureFlags from;
  FeatureFlags to;
};

/// A user held on old (or, in a beta phase, included on new), outside the evidence.
struct Pin {
  UserId user;
  System system = System::old_system;
  std::string reason;
  std::string actor;
  Instant created_at{};
  std::optional<Instant> until;
};

/// The plan's hash to the letter: over UTF-16 code units, 32-bit wrap-around, absolute value; 0 … 2147483648.
/// Total: ill-formed UTF-8 counts as U+FFFD, as a JavaScript decoder would read it.
std::int64_t plan_hash(std::string_view user_utf8) noexcept;
/// plan_hash % 100: 0 … 99.
int bucket(std::string_view user_utf8) noexcept;
/// MurmurHash3 x86 32 bit.
std::uint32_t murmur3_32(std::string_view bytes, std::uint32_t seed = 0) noexcept;
/// bucket + (murmur3 mod 100)/100 in hundredths, 0 … 9999, so that the integer part never moves anybody.
int position_hundredths(std::string_view user_utf8) noexcept;

enum class RouteReason { below_percentage, at_or_above_percentage, outbound_calls_disabled, pinned, included };
std::string_view to_string(RouteReason reason) noexcept;

struct RouteDecision {
  System system = System::old_system;
  int bucket = 0;
  int position_hundredths = 0;
  Percent percentage;
  RouteReason reason = RouteReason::at_or_above_percentage;
  std::int64_t flag_version = 0;
};

/// Lets a map of users be asked with a string_view, so that routing allocates nothing.
struct UserHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view user) const noexcept { return std::hash<std::string_view>{}(user); }
};

/// Everything routing needs, immutable: readers hold a snapshot and never lock.
struct RoutingState {
  FlagState flags;
  std::unordered_map<std::string, Pin, UserHash, std::equal_to<>> pins;  ///< by user
};

/// Which system `user` is on at `now`. A disabled flag wins over a pin to new; a pin to old wins over everything.
RouteDecision route(const RoutingState& state, std::string_view user, Instant now) noexcept;

/// A user id is 1 to 256 bytes of valid UTF-8 without control characters; the error says which rule was broken.
Result<UserId> parse_user_id(std::string_view text);

}  // namespace callramp
