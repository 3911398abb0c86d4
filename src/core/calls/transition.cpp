#include "core/calls/transition.hpp"

#include <utility>

namespace callramp {
namespace {

// A callee who hangs up sooner than this did not meet silence: definitions.md gives us 2 s to be heard.
constexpr seconds heard_within{2};

std::string with_detail(std::string sentence, const std::string& detail) {
  return detail.empty() ? sentence : std::move(sentence) + ": " + detail;
}

Ending failed(Fault fault, std::string reason) { return {Outcome::failed, fault, std::move(reason)}; }

Ending ends(Outcome outcome, std::string reason) { return {outcome, std::nullopt, std::move(reason)}; }

std::string_view who(Fault fault) noexcept {
  switch (fault) {
    case Fault::ours: return "callramp itself";
    case Fault::telephony: return "the carrier";
    case Fault::stt: return "speech recognition";
    case Fault::llm: return "the language model";
    case Fault::tts: return "the voice";
    case Fault::old_system: return "the old system";
  }
  return "nobody known";
}

Ending by_media(const ConversationFacts& talk, seconds min_talk) {
  // What answered is known before how it went: a fault later in the call does not turn a machine's message back into
  // none, and an announcement would have been one with every provider in good health.
  if (talk.announcement) return ends(Outcome::unreachable, "an operator announcement answered, not a person");
  if (talk.machine && talk.message_left) return ends(Outcome::voicemail_left, "an answering machine took our message");
  const std::string length = to_words(talk.connected);
  if (talk.fault)
    return failed(*talk.fault, with_detail(std::string(who(*talk.fault)) + " failed after " + length + " of connection",
                                           talk.fault_detail));
  if (talk.machine) return ends(Outcome::voicemail, "an answering machine answered and no message was left");
  if (!talk.any_audio_played && talk.connected >= heard_within)
    return failed(Fault::ours, with_detail("answered, and nothing of ours was heard within 2 s", talk.fault_detail));
  if (talk.turn_unanswered)
    return failed(Fault::ours, with_detail("the callee spoke and never got an answer", talk.fault_detail));
  if (talk.connected < min_talk)
    return ends(Outcome::early_hangup,
                "connected " + length + ", less than the " + to_words(min_talk) + " of a completed call");
  if (!talk.person_spoke)
    return ends(Outcome::early_hangup, "connected " + length + ", and the callee said nothing that we understood");
  if (!talk.we_answered)
    return ends(Outcome::early_hangup, "connected " + length + ", and the callee left before our first reply");
  return ends(Outcome::completed, "talked for " + length);
}

// The refusal's meaning as the adapter read it, as far as a request that nobody took can mean it: such a call was not
// answered, and that the provider cannot say is the one thing that is not the case.
Ending by_refusal(const AttemptFacts& facts) {
  switch (facts.refused_as.value_or(Outcome::failed)) {
    case Outcome::invalid_number:
      return ends(Outcome::invalid_number,
                  with_detail("the carrier says that the number cannot be dialed", facts.detail));
    case Outcome::rejected: return ends(Outcome::rejected, with_detail("the carrier rejected the call", facts.detail));
    case Outcome::busy: return ends(Outcome::busy, with_detail("the carrier says that the line is busy", facts.detail));
    case Outcome::no_answer: return ends(Outcome::no_answer, with_detail("the carrier says no answer", facts.detail));
    case Outcome::unreachable:
      return ends(Outcome::unreachable, with_detail("the carrier cannot reach the number", facts.detail));
    case Outcome::cancelled:
      return ends(Outcome::cancelled, with_detail("cancelled before it was dialed", facts.detail));
    case Outcome::expired: return ends(Outcome::expired, with_detail("too late to be dialed", facts.detail));
    case Outcome::completed:
    case Outcome::voicemail_left:
    case Outcome::voicemail:
    case Outcome::early_hangup:
    case Outcome::failed:
    case Outcome::unknown: break;
  }
  const Fault fault = facts.refused_fault.value_or(Fault::telephony);
  return failed(fault,
                with_detail("no dial was made, and the fault lies with " + std::string(who(fault)), facts.detail));
}

Ending by_carrier(const AttemptFacts& facts) {
  const auto says = [&](std::string sentence) { return with_detail(std::move(sentence), facts.detail); };
  if (!facts.carrier) return ends(Outcome::unknown, says("the carrier cannot say what became of the call"));
  switch (*facts.carrier) {
    case CarrierState::queued:
    case CarrierState::ringing:
    case CarrierState::in_progress:
      return ends(Outcome::unknown,
                  says("the carrier's last word was '" + std::string(to_string(*facts.carrier)) + "', not an end"));
    case CarrierState::completed:
      // Answered, and no media of ours: silence for the callee, unless they were gone before it could count as that.
      if (facts.carrier_duration && *facts.carrier_duration < heard_within)
        return ends(Outcome::early_hangup, says("answered and gone within 2 s, before any media"));
      return failed(Fault::telephony, says("the carrier connected the call and opened no media stream to us"));
    case CarrierState::busy: return ends(Outcome::busy, says("the carrier says busy"));
    case CarrierState::no_answer: return ends(Outcome::no_answer, says("nobody answered"));
    case CarrierState::rejected:
      return ends(Outcome::rejected, says("the carrier says that the callee rejected the call"));
    case CarrierState::invalid_number:
      return ends(Outcome::invalid_number, says("the carrier says that the number does not exist"));
    case CarrierState::failed:
      if (facts.refused_fault)
        return failed(*facts.refused_fault,
                      says("the carrier says failed, after an error of " + std::string(who(*facts.refused_fault))));
      return ends(Outcome::unreachable, says("the carrier says failed, without an error or media of ours"));
    case CarrierState::canceled:
      // Not by an operator, or cancelled_by_us would say so: the ring time ran out.
      return ends(Outcome::no_answer, says("it rang until the time limit and nobody answered"));
  }
  return ends(Outcome::unknown, says("the carrier cannot say what became of the call"));
}

}  // namespace

std::string_view to_string(CarrierState state) noexcept {
  switch (state) {
    case CarrierState::queued: return "queued";
    case CarrierState::ringing: return "ringing";
    case CarrierState::in_progress: return "in_progress";
    case CarrierState::completed: return "completed";
    case CarrierState::busy: return "busy";
    case CarrierState::no_answer: return "no_answer";
    case CarrierState::rejected: return "rejected";
    case CarrierState::invalid_number: return "invalid_number";
    case CarrierState::failed: return "failed";
    case CarrierState::canceled: return "canceled";
  }
  return "?";
}

bool is_terminal(CarrierState state) noexcept {
  return state != CarrierState::queued && state != CarrierState::ringing && state != CarrierState::in_progress;
}

Ending decide_ending(const AttemptFacts& facts, seconds min_talk) {
  std::optional<Ending> media;
  if (facts.conversation) media = by_media(*facts.conversation, min_talk);
  // A cancel that came before the answer explains a conversation that came to nothing; it does not undo one that was
  // had.
  if (facts.cancelled_by_us && !(media && is_success(media->outcome)))
    return ends(Outcome::cancelled, "cancelled by an operator before it was answered");
  if (media) return *media;
  if (facts.dial_refused) return by_refusal(facts);
  return by_carrier(facts);
}

Ending ending_of_report(Outcome reported) {
  const std::string reason = "the old system reported " + std::string(to_string(reported));
  if (reported == Outcome::failed) return failed(Fault::old_system, reason);
  return ends(reported, reason);
}

Ending call_ending(const Ending& last_attempt, System system) {
  if (last_attempt.outcome != Outcome::unknown) return last_attempt;
  return failed(system == System::new_system ? Fault::telephony : Fault::old_system,
                "the last attempt's outcome is unknown: " + last_attempt.reason);
}

}  // namespace callramp
