#include "core/flags/flags.hpp"

#include <cstdio>

#include "base/utf8.hpp"

namespace callramp {
namespace {

// Longest user id in bytes: room for a URI or an e-mail address (RFC 5321: 254), short enough for an index and a log
// line.
constexpr std::size_t longest_user_id = 256;

template <class Value>
std::optional<Value> if_changed(const Value& from, const Value& to) {
  return from == to ? std::nullopt : std::optional{to};
}

// Unicode's Cc: they break lines, terminals and CSV files, and nobody means them.
bool is_control(char32_t c) noexcept { return c < 0x20 || (c >= 0x7F && c <= 0x9F); }

std::unexpected<Error> bad_user_id(const std::string& why) {
  return fail(ErrorCode::invalid_request, "userId " + why, "userId");
}

}  // namespace

bool FlagPatch::empty() const noexcept {
  return !outbound_calls_enabled && !outbound_calls_percentage && !enable_retry_logic && !enable_voicemail_detection &&
         !enable_bulk_import;
}

FeatureFlags apply(const FeatureFlags& flags, const FlagPatch& patch) {
  return {
      .outbound_calls_enabled = patch.outbound_calls_enabled.value_or(flags.outbound_calls_enabled),
      .outbound_calls_percentage = patch.outbound_calls_percentage.value_or(flags.outbound_calls_percentage),
      .enable_retry_logic = patch.enable_retry_logic.value_or(flags.enable_retry_logic),
      .enable_voicemail_detection = patch.enable_voicemail_detection.value_or(flags.enable_voicemail_detection),
      .enable_bulk_import = patch.enable_bulk_import.value_or(flags.enable_bulk_import),
  };
}

FlagPatch difference(const FeatureFlags& from, const FeatureFlags& to) {
  return {
      .outbound_calls_enabled = if_changed(from.outbound_calls_enabled, to.outbound_calls_enabled),
      .outbound_calls_percentage = if_changed(from.outbound_calls_percentage, to.outbound_calls_percentage),
      .enable_retry_logic = if_changed(from.enable_retry_logic, to.enable_retry_logic),
      .enable_voicemail_detection = if_changed(from.enable_voicemail_detection, to.enable_voicemail_detection),
      .enable_bulk_import = if_changed(from.enable_bulk_import, to.enable_bulk_import),
  };
}

bool is_safe_direction(const FeatureFlags& from, const FlagPatch& patch) {
  // Judged by what it would change: naming a field with the value that it has already moves nobody.
  const FlagPatch change = difference(from, apply(from, patch));
  const bool switched_on = change.outbound_calls_enabled == true;
  const bool raised = change.outbound_calls_percentage > from.outbound_calls_percentage;
  return !switched_on && !raised && !change.enable_retry_logic && !change.enable_voicemail_detection &&
         !change.enable_bulk_import;
}

std::string_view to_string(RouteReason reason) noexcept {
  switch (reason) {
    case RouteReason::below_percentage: return "below_percentage";
    case RouteReason::at_or_above_percentage: return "at_or_above_percentage";
    case RouteReason::outbound_calls_disabled: return "outbound_calls_disabled";
    case RouteReason::pinned: return "pinned";
    case RouteReason::included: return "included";
  }
  return "?";
}

RouteDecision route(const RoutingState& state, std::string_view user, Instant now) noexcept {
  const FeatureFlags& flags = state.flags.flags;
  const int position = position_hundredths(user);
  RouteDecision decision{.bucket = position / 100,
                         .position_hundredths = position,
                         .percentage = flags.outbound_calls_percentage,
                         .flag_version = state.flags.version};
  const auto decide = [&decision](System system, RouteReason reason) {
    decision.system = system;
    decision.reason = reason;
    return decision;
  };

  const Pin* pin = nullptr;
  if (!state.pins.empty()) {
    const auto found = state.pins.find(user);
    if (found != state.pins.end() && (!found->second.until || now < *found->second.until)) pin = &found->second;
  }
  if (pin && pin->system == System::old_system) return decide(System::old_system, RouteReason::pinned);
  if (!flags.outbound_calls_enabled) return decide(System::old_system, RouteReason::outbound_calls_disabled);
  if (pin) return decide(System::new_system, RouteReason::included);
  if (position < flags.outbound_calls_percentage.basis_points())
    return decide(System::new_system, RouteReason::below_percentage);
  return decide(System::old_system, RouteReason::at_or_above_percentage);
}

Result<UserId> parse_user_id(std::string_view text) {
  if (text.empty()) return bad_user_id("is empty; send 1 to 256 bytes of text");
  if (text.size() > longest_user_id)
    return bad_user_id("has " + std::to_string(text.size()) + " bytes; send at most " +
                       std::to_string(longest_user_id));
  for (std::size_t at = 0; at < text.size();) {
    const DecodedChar decoded = decode_utf8(text.substr(at));
    if (!decoded.well_formed)
      return bad_user_id("is not valid UTF-8 at byte " + std::to_string(at) + "; encode it as UTF-8");
    if (is_control(decoded.value)) {
      char name[16];
      std::snprintf(name, sizeof name, "U+%04X", static_cast<unsigned>(decoded.value));
      return bad_user_id("contains the control character " + std::string(name) + " at byte " + std::to_string(at) +
                         "; remove it");
    }
    at += decoded.length;
  }
  return UserId{std::string(text)};
}

}  // namespace callramp
