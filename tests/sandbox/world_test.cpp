#include "sandbox/world.hpp"

#include <doctest/doctest.h>

#include <map>

#include "sandbox/faults.hpp"

using namespace callramp;
using namespace callramp::sandbox;

TEST_CASE("a world reads the same from YAML and from its own JSON") {
  const auto world = parse_world(R"(
seed: 42
callees:
  - {match: "+9199*", share: 0.25, answers: machine, ring_s: [1, 2.5], says: ["please leave a message"]}
  - match: "+91"
    answers: person
    says: ["Hello?", "dtmf:12#", "file:a.wav", hangup]
    hangs_up_after_s: 9
    waits_s: 0.2
    interrupts: 0.5
    voice: en+f3
faults:
  - {provider: exotel, kind: callback_lost, share: 0.1}
  - {provider: openai.chat, kind: latency, ms: 250}
delays: {stt_final_ms: 50, llm_first_token_ms: [100, 300]}
llm:
  - {when: "price|cost", say: "Five hundred rupees."}
  - {when: 3, say: "Goodbye.", tool: {name: end_call, arguments: {reason: done, count: 2}}}
exotel: {numbers_as_strings: false, camel_case: true, price_after_s: 3}
limits: {exotel_per_minute: 10}
wav_folder: /tmp/wavs
)");
  REQUIRE_MESSAGE(world.has_value(), (world ? "" : world.error().message));
  CHECK(world->seed == 42);
  REQUIRE(world->callees.size() == 2);
  CHECK(world->callees[0].ring == Span{seconds{1}, milliseconds{2500}});
  CHECK(world->callees[1].says == std::vector<Line>{{Line::Kind::speech, "Hello?"},
                                                    {Line::Kind::keys, "12#"},
                                                    {Line::Kind::file, "a.wav"},
                                                    {Line::Kind::hang_up, ""}});
  CHECK(world->replies[1].turn == 3);
  CHECK(world->replies[1].arguments == R"({"reason":"done","count":2})");
  CHECK(world->exotel.requests_per_minute == 10);

  const auto again = parse_world(to_json(*world));
  REQUIRE_MESSAGE(again.has_value(), (again ? "" : again.error().message));
  CHECK(to_json(*again) == to_json(*world));
}

TEST_CASE("an empty world is one where everybody answers") {
  const auto world = parse_world("");
  REQUIRE(world.has_value());
  CHECK(world->callee_for("+919876543210", 0).answers == Answers::person);
}

TEST_CASE("a mistake in a world is named with its key and value and line") {
  struct Row {
    const char* text;
    const char* message;
  };
  const Row rows[] = {
      {"seed: 1\ncallees:\n  - {answers: persn}\n",
       "world, line 3: callees[0].answers: 'persn' is not one of person, machine, busy, no_answer, "
       "announcement, reject, "
       "screening"},
      {"callees: [{share: 2}]", "world, line 1: callees[0].share: 2 is not between 0 and 1"},
      {"callees: [{share: half}]", "world, line 1: callees[0].share: 'half' is not a number"},
      {"callees: [{ring_s: [3, 1]}]", "world, line 1: callees[0].ring_s: its low end is above its high end"},
      {"callees: [{ring_s: [1, 2, 3]}]", "world, line 1: callees[0].ring_s: a list of 3 is not [low, high]"},
      {"callees: [{ring_s: -1}]", "world, line 1: callees[0].ring_s: -1 is not between 0 and 3600"},
      {"callees: 7", "world, line 1: callees: '7' is not a list"},
      {"callees: [7]", "world, line 1: callees[0]: '7' is not a mapping of keys"},
      {"seed: -1", "world, line 1: seed: '-1' is not a whole number from 0 to 2^64-1"},
      {"{\"faults\":\n[{\"provider\":\"exotel\"}]}", "world, line 2: faults[0].kind: is missing"},
      {"llm: [{when: \"(\", say: x}]", "world, line 1: llm[0].when: '(' is not a regular expression"},
      {"llm: [{when: hello}]", "world, line 1: llm[0]: has neither 'say' nor 'tool'"},
      {"exotel: {chunk_ms: 30}", "world, line 1: exotel.chunk_ms: must be a multiple of 20 from 20 to 1000"},
      {"limits: {exotel_per_minute: 1.5}", "world, line 1: limits.exotel_per_minute: '1.5' is not a whole number"},
      {"delays: {stt: 5}",
       "world, line 1: delays.stt: there is no such key; known are llm_first_token_ms, llm_token_ms, "
       "stt_final_ms, "
       "tts_first_byte_ms"},
      {"- 1\n- 2", "world, line 1: a list is not a mapping of keys"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto world = parse_world(row.text);
    REQUIRE_FALSE(world.has_value());
    CHECK(world.error().message == row.message);
  }
  CHECK_FALSE(parse_world("callees: [").has_value());
  CHECK_FALSE(parse_world("faults: [{provider: nobody, kind: latency}]").has_value());
}

TEST_CASE("a number is matched by glob or by prefix") {
  CHECK(matches("*", "+919876543210"));
  CHECK(matches("+91", "+919876543210"));
  CHECK(matches("+91*10", "+919876543210"));
  CHECK(matches("+9198765432?0", "+919876543210"));
  CHECK_FALSE(matches("+92", "+919876543210"));
  CHECK_FALSE(matches("+91*11", "+919876543210"));
  CHECK_FALSE(matches("?", "+919876543210"));
}

TEST_CASE("shares divide the calls of matching rules in order and the same seed divides them alike") {
  const auto world = parse_world(
      "{seed: 7, callees: [{match: '+9100', answers: busy}, {share: 0.3, answers: machine}, {share: 0.2, "
      "answers: reject}]}");
  REQUIRE(world.has_value());
  std::map<Answers, int> seen;
  for (int i = 0; i < 4000; ++i) {
    const std::string number = "+9198" + std::to_string(10000000 + i);
    const Answers answers = world->callee_for(number, 0).answers;
    CHECK(world->callee_for(number, 0).answers == answers);
    ++seen[answers];
  }
  CHECK(seen[Answers::machine] == doctest::Approx(1200).epsilon(0.1));
  CHECK(seen[Answers::reject] == doctest::Approx(800).epsilon(0.12));
  CHECK(seen[Answers::person] == doctest::Approx(2000).epsilon(0.1));
  CHECK(world->callee_for("+910012345678", 3).answers == Answers::busy);
}

TEST_CASE("faults come at their share and in the same order for the same seed") {
  const auto world = parse_world(
      "{seed: 3, faults: [{provider: deepgram, kind: stall, share: 0.2, ms: 5}, {provider: openai.chat, "
      "kind: stall}]}");
  REQUIRE(world.has_value());
  LiveWorld live(*world);
  Faults faults(live);
  std::vector<bool> first;
  int dealt = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto fault = faults.draw("deepgram.listen", FaultKind::stall);
    if (fault) CHECK(fault->delay == milliseconds{5});
    first.push_back(fault.has_value());
    dealt += fault ? 1 : 0;
    faults.draw("deepgram.speak", FaultKind::stall);
  }
  CHECK(dealt == doctest::Approx(400).epsilon(0.15));
  faults.reset();
  for (const bool expected : first) CHECK(faults.draw("deepgram.listen", FaultKind::stall).has_value() == expected);
  CHECK(faults.draw("openai.chat", FaultKind::stall).has_value());
  CHECK_FALSE(faults.draw("openai.speech", FaultKind::stall).has_value());
  CHECK_FALSE(faults.draw("exotel.rest", FaultKind::latency).has_value());

  live.replace(World{});
  CHECK_FALSE(faults.draw("openai.chat", FaultKind::stall).has_value());
}
