// How an attempt ends and what that makes of its call: the one place where outcomes are decided.
#pragma once

#include <optional>
#include <string>

#include "core/calls/types.hpp"

namespace callramp {

/// What the carrier says of a call, in one vocabulary.
enum class CarrierState {
  queued,
  ringing,
  in_progress,
  completed,
  busy,
  no_answer,
  rejected,
  invalid_number,
  failed,
  canceled
};
std::string_view to_string(CarrierState state) noexcept;
bool is_terminal(CarrierState state) noexcept;

/// What our side of the conversation saw; absent if no media ever reached us.
struct ConversationFacts {
  Duration connected{};           ///< from the stream's start to its end
  bool person_spoke = false;      ///< the callee said something that we understood
  bool we_answered = false;       ///< at least one reply to it was heard
  bool any_audio_played = false;  ///< within 2 s of the stream's start
  bool turn_unanswered = false;   ///< a turn never got its answer because a provider failed
  bool machine = false;           ///< judged an answering machine
  bool message_left = false;
  bool announcement = false;
  std::optional<Fault> fault;  ///< what ended it, if a fault did
  std::string fault_detail;
};

struct AttemptFacts {
  std::optional<CarrierState> carrier;  ///< absent: the carrier did not say
  std::optional<seconds> carrier_duration;
  std::optional<ConversationFacts> conversation;
  bool cancelled_by_us = false;       ///< an operator cancelled before it was answered
  bool dial_refused = false;          ///< the provider certainly did not take the request
  std::optional<Outcome> refused_as;  ///< what the refusal means, e.g. invalid_number
  std::optional<Fault> refused_fault;
  std::string detail;  ///< the provider's own words, for the reason
};

struct Ending {
  Outcome outcome = Outcome::unknown;
  std::optional<Fault> fault;  ///< exactly if failed
  std::string reason;          ///< one sentence
};

/// Shortest connection of a completed call (definitions.md §1).
inline constexpr seconds default_min_talk{10};

/// Total: every combination has exactly one ending. Media beat the carrier's word where both exist.
Ending decide_ending(const AttemptFacts& facts, seconds min_talk = default_min_talk);
/// The old dialer reports an outcome in our own words; `failed` becomes the old system's fault.
Ending ending_of_report(Outcome reported);
/// What a finished attempt makes of its call when no further attempt follows: itself, but that `unknown` is `failed`,
/// with the fault of whoever cannot say: the carrier, or on `system` old the old dialer.
Ending call_ending(const Ending& last_attempt, System system = System::new_system);

}  // namespace callramp
