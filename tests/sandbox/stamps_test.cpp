#include "sandbox/stamps.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace callramp;
using namespace callramp::sandbox;

namespace {

Instant at(int ms) { return from_micros(1'000'000'000) + milliseconds{ms}; }

/// Speech ends at 0; final held 10 → 430; model asked at 433; voice asked after the first sentence.
void usual_turn(Stamps& stamps, const std::string& attempt) {
  stamps.speech_ended(attempt, at(0));
  stamps.stt_final(attempt, at(2), at(430));
  const std::uint64_t request = stamps.llm_request(attempt, at(433));
  stamps.llm_text(attempt, request, at(633), "Sure,");
  stamps.llm_text(attempt, request, at(643), " I can.");
  stamps.tts_first_audio(attempt, "Sure, I can.", at(645), at(725));
  stamps.llm_text(attempt, request, at(653), " When");
  stamps.agent_audio(attempt, at(727));
}

}  // namespace

TEST_CASE("what the stand-ins held is not the product's delay") {
  Stamps stamps;
  usual_turn(stamps, "a");
  const auto turns = stamps.turns();
  REQUIRE(turns.size() == 1);
  CHECK(turns[0].total == milliseconds{727});
  CHECK(turns[0].stt == milliseconds{428});
  CHECK(turns[0].llm == milliseconds{210});
  CHECK(turns[0].tts == milliseconds{80});
  CHECK(turns[0].added == milliseconds{2 + 3 + 2 + 2});
}

TEST_CASE("a token that shows the end of the sentence counts as the model's") {
  Stamps stamps;
  stamps.speech_ended("a", at(0));
  stamps.stt_final("a", at(0), at(100));
  const std::uint64_t request = stamps.llm_request("a", at(100));
  stamps.llm_text("a", request, at(200), "It costs 3.");
  stamps.llm_text("a", request, at(210), " Do");
  stamps.llm_text("a", request, at(220), " you");
  stamps.tts_first_audio("a", "It costs 3.", at(225), at(300));
  stamps.agent_audio("a", at(300));
  REQUIRE(stamps.turns().size() == 1);
  CHECK(stamps.turns()[0].llm == milliseconds{110});
  CHECK(stamps.turns()[0].added == milliseconds{15});
}

TEST_CASE("spans that overlap are taken out once") {
  Stamps stamps;
  stamps.speech_ended("a", at(0));
  const std::uint64_t request = stamps.llm_request("a", at(50));
  stamps.llm_text("a", request, at(250), "Yes.");
  stamps.stt_final("a", at(0), at(200));
  stamps.tts_first_audio("a", "Yes.", at(255), at(300));
  stamps.agent_audio("a", at(310));
  REQUIRE(stamps.turns().size() == 1);
  CHECK(stamps.turns()[0].added == milliseconds{5 + 10});
}

TEST_CASE("a turn needs speech and a final and counts once") {
  Stamps stamps;
  stamps.agent_audio("a", at(1));  // the greeting: nobody has spoken
  CHECK(stamps.report().turns == 0);
  CHECK(stamps.report().unmatched == 0);
  stamps.speech_ended("a", at(10));
  stamps.agent_audio("a", at(11));  // it was speaking all the time
  CHECK(stamps.report().turns == 0);
  CHECK(stamps.report().unmatched == 1);
  usual_turn(stamps, "a");
  stamps.agent_audio("a", at(900));
  CHECK(stamps.report().turns == 1);
  stamps.speech_ended("a", at(2000));
  stamps.call_ended("a");
  stamps.agent_audio("a", at(2100));
  CHECK(stamps.report().turns == 1);
  // Nobody's stamps lead nowhere.
  usual_turn(stamps, "");
  CHECK(stamps.report().turns == 1);
}

TEST_CASE("attempts do not mix and speaking on starts the turn anew") {
  Stamps stamps;
  usual_turn(stamps, "a");
  stamps.speech_ended("b", at(0));
  stamps.stt_final("b", at(0), at(300));
  stamps.speech_ended("b", at(1000));
  stamps.stt_final("b", at(1000), at(1400));
  stamps.agent_audio("b", at(1405));
  const auto turns = stamps.turns();
  REQUIRE(turns.size() == 2);
  CHECK(turns[1].attempt == "b");
  CHECK(turns[1].total == milliseconds{405});
  CHECK(turns[1].added == milliseconds{5});
}

TEST_CASE("percentiles are values that were measured") {
  Stamps stamps;
  for (int i = 1; i <= 200; ++i) {
    const std::string attempt = "call" + std::to_string(i);
    stamps.speech_ended(attempt, at(0));
    stamps.stt_final(attempt, at(0), at(100));
    stamps.agent_audio(attempt, at(100 + i));
  }
  const Stamps::Report report = stamps.report();
  CHECK(report.turns == 200);
  CHECK(report.added.p50 == milliseconds{100});
  CHECK(report.added.p95 == milliseconds{190});
  CHECK(report.added.p99 == milliseconds{198});
  CHECK(report.added.max == milliseconds{200});
  stamps.reset();
  CHECK(stamps.report().turns == 0);
  CHECK(stamps.report().added.p99 == Duration{});
}
