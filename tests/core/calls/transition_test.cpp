#include "core/calls/transition.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

using namespace callramp;

namespace {

constexpr std::array carrier_states{CarrierState::queued,    CarrierState::ringing,        CarrierState::in_progress,
                                    CarrierState::completed, CarrierState::busy,           CarrierState::no_answer,
                                    CarrierState::rejected,  CarrierState::invalid_number, CarrierState::failed,
                                    CarrierState::canceled};
constexpr std::array all_outcomes{
    Outcome::completed, Outcome::voicemail_left, Outcome::voicemail,   Outcome::no_answer,    Outcome::busy,
    Outcome::rejected,  Outcome::invalid_number, Outcome::unreachable, Outcome::early_hangup, Outcome::failed,
    Outcome::cancelled, Outcome::expired,        Outcome::unknown};
constexpr std::array all_faults{Fault::ours, Fault::telephony, Fault::stt, Fault::llm, Fault::tts, Fault::old_system};

template <class Values>
auto or_absent(const Values& values) {
  std::vector<std::optional<typename Values::value_type>> all{std::nullopt};
  all.insert(all.end(), values.begin(), values.end());
  return all;
}

std::vector<ConversationFacts> every_conversation() {
  std::vector<ConversationFacts> all;
  for (const Duration connected : {Duration{0}, Duration{milliseconds{1999}}, Duration{seconds{2}},
                                   Duration{milliseconds{9999}}, Duration{seconds{10}}, Duration{hours{1}}})
    for (const auto& fault : or_absent(all_faults))
      for (unsigned bits = 0; bits < 128; ++bits)
        all.push_back({.connected = connected,
                       .person_spoke = (bits & 1) != 0,
                       .we_answered = (bits & 2) != 0,
                       .any_audio_played = (bits & 4) != 0,
                       .turn_unanswered = (bits & 8) != 0,
                       .machine = (bits & 16) != 0,
                       .message_left = (bits & 32) != 0,
                       .announcement = (bits & 64) != 0,
                       .fault = fault});
  return all;
}

// Looked at in bulk: one doctest assertion for each of some 300,000 endings would take longer than the endings.
std::string broken_rule(const AttemptFacts& facts, const Ending& ending) {
  const bool failed = ending.outcome == Outcome::failed;
  if (ending.fault.has_value() != failed) return "a fault exactly if failed";
  if (ending.reason.empty() || ending.reason.find('?') != std::string::npos) return "a reason, in words";
  const auto& talk = facts.conversation;
  if (ending.outcome == Outcome::completed &&
      !(talk && talk->connected >= default_min_talk && talk->person_spoke && talk->we_answered && !talk->fault &&
        !talk->turn_unanswered && !talk->machine && !talk->announcement))
    return "completed is a talk of 10 s with a person, answered, without a fault";
  if (ending.outcome == Outcome::voicemail_left && !(talk && talk->machine && talk->message_left))
    return "voicemail_left is a machine that took the message";
  if (ending.outcome == Outcome::rejected && facts.carrier != CarrierState::rejected &&
      !(facts.dial_refused && facts.refused_as == Outcome::rejected))
    return "rejected only where the carrier says so";
  if (ending.outcome == Outcome::invalid_number && facts.carrier != CarrierState::invalid_number &&
      !(facts.dial_refused && facts.refused_as == Outcome::invalid_number))
    return "invalid_number only where the carrier says so";
  if (ending.outcome == Outcome::unknown &&
      (talk || facts.dial_refused || (facts.carrier && is_terminal(*facts.carrier))))
    return "unknown only where nobody can say";
  if (talk && talk->fault && !facts.cancelled_by_us && !failed && !talk->announcement &&
      !(talk->machine && talk->message_left))
    return "a fault that ended the talk makes it failed";
  if (facts.cancelled_by_us && ending.outcome != Outcome::cancelled && !is_success(ending.outcome))
    return "a cancel before the answer is cancelled unless the talk succeeded";
  const Ending of_call = call_ending(ending);
  if (of_call.outcome == Outcome::unknown || of_call.reason.empty() ||
      of_call.fault.has_value() != (of_call.outcome == Outcome::failed))
    return "a call never ends unknown";
  return {};
}

struct Tally {
  long endings = 0;
  std::string broken;
  std::array<long, all_outcomes.size()> seen{};

  void look(const AttemptFacts& facts) {
    const Ending ending = decide_ending(facts);
    ++endings;
    ++seen.at(static_cast<std::size_t>(ending.outcome));
    if (broken.empty()) {
      broken = broken_rule(facts, ending);
      if (!broken.empty()) broken += ", broken by " + std::string(to_string(ending.outcome)) + ": " + ending.reason;
    }
  }
};

}  // namespace

TEST_CASE("every combination of facts with media has exactly one ending that keeps the rules") {
  Tally tally;
  for (const auto& talk : every_conversation())
    for (const auto& carrier : or_absent(carrier_states))
      for (const bool cancelled : {false, true})
        for (const bool refused : {false, true})
          tally.look({.carrier = carrier, .conversation = talk, .cancelled_by_us = cancelled, .dial_refused = refused});
  CHECK_EQ(tally.broken, "");
  CHECK_EQ(tally.endings, 6 * 7 * 128 * 11 * 2 * 2);
  for (const Outcome outcome : {Outcome::completed, Outcome::voicemail_left, Outcome::voicemail, Outcome::unreachable,
                                Outcome::early_hangup, Outcome::failed, Outcome::cancelled})
    CHECK_MESSAGE(tally.seen.at(static_cast<std::size_t>(outcome)) > 0, to_string(outcome));
}

TEST_CASE("every combination of facts without media has exactly one ending that keeps the rules") {
  Tally tally;
  for (const auto& carrier : or_absent(carrier_states))
    for (const auto& length : {std::optional<seconds>{}, std::optional{seconds{0}}, std::optional{seconds{1}},
                               std::optional{seconds{2}}, std::optional{seconds{600}}})
      for (const bool cancelled : {false, true})
        for (const bool refused : {false, true})
          for (const auto& refused_as : or_absent(all_outcomes))
            for (const auto& fault : or_absent(all_faults))
              for (const char* detail : {"", "code 34: no circuit"})
                tally.look({.carrier = carrier,
                            .carrier_duration = length,
                            .cancelled_by_us = cancelled,
                            .dial_refused = refused,
                            .refused_as = refused_as,
                            .refused_fault = fault,
                            .detail = detail});
  CHECK_EQ(tally.broken, "");
  CHECK_EQ(tally.endings, 11 * 5 * 2 * 2 * 14 * 7 * 2);
  for (const Outcome outcome :
       {Outcome::no_answer, Outcome::busy, Outcome::rejected, Outcome::invalid_number, Outcome::unreachable,
        Outcome::early_hangup, Outcome::failed, Outcome::cancelled, Outcome::unknown})
    CHECK_MESSAGE(tally.seen.at(static_cast<std::size_t>(outcome)) > 0, to_string(outcome));
  for (const Outcome outcome : {Outcome::completed, Outcome::voicemail_left, Outcome::voicemail})
    CHECK_MESSAGE(tally.seen.at(static_cast<std::size_t>(outcome)) == 0, to_string(outcome));
}

TEST_CASE("media beat the carrier's word") {
  for (const auto& talk : every_conversation()) {
    const Ending alone = decide_ending({.conversation = talk});
    for (const CarrierState carrier : carrier_states) {
      const Ending both = decide_ending({.carrier = carrier, .carrier_duration = seconds{3}, .conversation = talk});
      if (both.outcome != alone.outcome || both.fault != alone.fault || both.reason != alone.reason)
        FAIL("'" << to_string(carrier) << "' made " << to_string(both.outcome) << " of " << to_string(alone.outcome));
    }
  }
}

TEST_CASE("what a conversation ends as") {
  const ConversationFacts good{
      .connected = seconds{42}, .person_spoke = true, .we_answered = true, .any_audio_played = true};
  const auto with = [&](auto change) {
    ConversationFacts talk = good;
    change(talk);
    return talk;
  };
  using Talk = ConversationFacts;
  struct Row {
    const char* name;
    Talk talk;
    Outcome outcome;
    std::optional<Fault> fault;
    const char* reason;
  };
  const std::vector<Row> rows{
      {"a good talk", good, Outcome::completed, {}, "talked for 42.0 s"},
      {"exactly ten seconds", with([](Talk& t) { t.connected = seconds{10}; }), Outcome::completed, {}, "talked for"},
      {"a moment less",
       with([](Talk& t) { t.connected = milliseconds{9999}; }),
       Outcome::early_hangup,
       {},
       "less than"},
      {"nothing said", with([](Talk& t) { t.person_spoke = false; }), Outcome::early_hangup, {}, "said nothing"},
      {"no reply heard",
       with([](Talk& t) { t.we_answered = false; }),
       Outcome::early_hangup,
       {},
       "before our first reply"},
      {"gone at once", {.connected = milliseconds{700}}, Outcome::early_hangup, {}, "700 ms"},
      {"silence", with([](Talk& t) { t.any_audio_played = false; }), Outcome::failed, Fault::ours,
       "nothing of ours was heard"},
      {"silence of a broken voice",
       {.connected = seconds{4}, .fault = Fault::tts, .fault_detail = "HTTP 503"},
       Outcome::failed,
       Fault::tts,
       "the voice failed after 4.0 s of connection: HTTP 503"},
      {"an unanswered turn", with([](Talk& t) { t.turn_unanswered = true; }), Outcome::failed, Fault::ours,
       "never got an answer"},
      {"an unanswered turn with its culprit", with([](Talk& t) {
         t.turn_unanswered = true;
         t.fault = Fault::llm;
       }),
       Outcome::failed, Fault::llm, "the language model failed"},
      {"a fault after a long talk", with([](Talk& t) { t.fault = Fault::stt; }), Outcome::failed, Fault::stt,
       "speech recognition"},
      {"a machine", with([](Talk& t) { t.machine = true; }), Outcome::voicemail, {}, "no message"},
      {"a machine with our message",
       with([](Talk& t) { t.machine = t.message_left = true; }),
       Outcome::voicemail_left,
       {},
       "took our message"},
      {"a fault after the message",
       with([](Talk& t) {
         t.machine = t.message_left = true;
         t.fault = Fault::telephony;
       }),
       Outcome::voicemail_left,
       {},
       "took our message"},
      {"a fault before the message", with([](Talk& t) {
         t.machine = true;
         t.fault = Fault::tts;
       }),
       Outcome::failed, Fault::tts, "the voice"},
      {"an announcement", with([](Talk& t) { t.announcement = true; }), Outcome::unreachable, {}, "announcement"},
      {"an announcement that a message was left on",
       with([](Talk& t) { t.announcement = t.machine = t.message_left = true; }),
       Outcome::unreachable,
       {},
       "announcement"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const Ending ending = decide_ending({.carrier = CarrierState::completed, .conversation = row.talk});
    CHECK_EQ(to_string(ending.outcome), to_string(row.outcome));
    CHECK(ending.fault == row.fault);
    CHECK_MESSAGE(ending.reason.find(row.reason) != std::string::npos, ending.reason);
  }
}

TEST_CASE("what the carrier's word alone ends as") {
  struct Row {
    AttemptFacts facts;
    Outcome outcome;
    std::optional<Fault> fault;
  };
  const std::vector<Row> rows{
      {{}, Outcome::unknown, {}},
      {{.carrier = CarrierState::queued}, Outcome::unknown, {}},
      {{.carrier = CarrierState::ringing}, Outcome::unknown, {}},
      {{.carrier = CarrierState::in_progress}, Outcome::unknown, {}},
      {{.carrier = CarrierState::completed}, Outcome::failed, Fault::telephony},
      {{.carrier = CarrierState::completed, .carrier_duration = seconds{0}}, Outcome::early_hangup, {}},
      {{.carrier = CarrierState::completed, .carrier_duration = seconds{1}}, Outcome::early_hangup, {}},
      {{.carrier = CarrierState::completed, .carrier_duration = seconds{2}}, Outcome::failed, Fault::telephony},
      {{.carrier = CarrierState::busy}, Outcome::busy, {}},
      {{.carrier = CarrierState::no_answer}, Outcome::no_answer, {}},
      {{.carrier = CarrierState::rejected}, Outcome::rejected, {}},
      {{.carrier = CarrierState::invalid_number}, Outcome::invalid_number, {}},
      {{.carrier = CarrierState::failed}, Outcome::unreachable, {}},
      {{.carrier = CarrierState::failed, .refused_fault = Fault::ours}, Outcome::failed, Fault::ours},
      {{.carrier = CarrierState::canceled}, Outcome::no_answer, {}},
      {{.carrier = CarrierState::canceled, .cancelled_by_us = true}, Outcome::cancelled, {}},
      {{.cancelled_by_us = true}, Outcome::cancelled, {}},
      {{.dial_refused = true}, Outcome::failed, Fault::telephony},
      {{.dial_refused = true, .refused_fault = Fault::ours}, Outcome::failed, Fault::ours},
      {{.dial_refused = true, .refused_as = Outcome::invalid_number}, Outcome::invalid_number, {}},
      {{.dial_refused = true, .refused_as = Outcome::rejected}, Outcome::rejected, {}},
      {{.dial_refused = true, .refused_as = Outcome::unreachable}, Outcome::unreachable, {}},
      // Nobody took the request, so nobody can have talked and nothing about it is unknown.
      {{.dial_refused = true, .refused_as = Outcome::completed}, Outcome::failed, Fault::telephony},
      {{.dial_refused = true, .refused_as = Outcome::unknown}, Outcome::failed, Fault::telephony},
  };
  for (const auto& row : rows) {
    const Ending ending = decide_ending(row.facts);
    CAPTURE(ending.reason);
    CHECK_EQ(to_string(ending.outcome), to_string(row.outcome));
    CHECK(ending.fault == row.fault);
  }
}

TEST_CASE("the provider's own words stand in the reason") {
  const Ending ending =
      decide_ending({.dial_refused = true, .refused_fault = Fault::ours, .detail = "401 Unauthorized"});
  CHECK_EQ(ending.reason, "no dial was made, and the fault lies with callramp itself: 401 Unauthorized");
}

TEST_CASE("a cancel before the answer does not undo a conversation that was had") {
  const ConversationFacts had{
      .connected = seconds{30}, .person_spoke = true, .we_answered = true, .any_audio_played = true};
  CHECK(decide_ending({.conversation = had, .cancelled_by_us = true}).outcome == Outcome::completed);
  const ConversationFacts cut{.connected = seconds{3}, .any_audio_played = true};
  CHECK(decide_ending({.conversation = cut, .cancelled_by_us = true}).outcome == Outcome::cancelled);
}

TEST_CASE("the shortest completed call is an argument") {
  const ConversationFacts talk{
      .connected = seconds{12}, .person_spoke = true, .we_answered = true, .any_audio_played = true};
  CHECK(decide_ending({.conversation = talk}, seconds{12}).outcome == Outcome::completed);
  CHECK(decide_ending({.conversation = talk}, seconds{13}).outcome == Outcome::early_hangup);
}

TEST_CASE("a failure that the old system reports is the old system's fault") {
  for (const Outcome outcome : all_outcomes) {
    const Ending ending = ending_of_report(outcome);
    CHECK(ending.outcome == outcome);
    CHECK((ending.fault == Fault::old_system) == (outcome == Outcome::failed));
    CHECK_EQ(ending.reason, "the old system reported " + std::string(to_string(outcome)));
  }
}

TEST_CASE("an unknown last attempt makes its call failed, by the fault of whoever cannot say") {
  CHECK(call_ending(decide_ending({})).fault == Fault::telephony);
  CHECK(call_ending(ending_of_report(Outcome::unknown), System::old_system).fault == Fault::old_system);
  const Ending busy = call_ending(decide_ending({.carrier = CarrierState::busy}));
  CHECK(busy.outcome == Outcome::busy);
  CHECK_FALSE(busy.fault);
}
