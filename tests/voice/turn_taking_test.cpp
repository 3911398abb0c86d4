#include "voice/turn_taking.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

using namespace callramp;
using namespace callramp::voice;

namespace {

constexpr Instant start = from_micros(5'000'000'000);

// One step of a story: at `at_ms` something happens.
struct Step {
  int at_ms;
  std::function<std::vector<TurnEvent>(TurnTaking&, Instant)> act;
};

Step interim(int at_ms, std::string text, int from_ms = 0, int to_ms = 0) {
  return {at_ms, [=](TurnTaking& turns, Instant now) {
            return turns.transcript(
                {.text = text, .audio_start = milliseconds{from_ms}, .audio_end = milliseconds{to_ms}}, now);
          }};
}
Step final_text(int at_ms, std::string text, int from_ms = 0, int to_ms = 0) {
  return {at_ms, [=](TurnTaking& turns, Instant now) {
            return turns.transcript(
                {.text = text, .final = true, .audio_start = milliseconds{from_ms}, .audio_end = milliseconds{to_ms}},
                now);
          }};
}
Step speech_final(int at_ms, std::string text) {
  return {at_ms, [=](TurnTaking& turns, Instant now) {
            return turns.transcript({.text = text, .final = true, .speech_final = true}, now);
          }};
}
Step speech_started(int at_ms) {
  return {at_ms, [](TurnTaking& turns, Instant now) { return turns.speech_started(now); }};
}
Step utterance_end(int at_ms) {
  return {at_ms, [](TurnTaking& turns, Instant now) { return turns.utterance_end(now); }};
}
// Voice from `from_ms` to `to_ms`, then a frame of silence that ends the stretch.
std::vector<Step> talking(int from_ms, int to_ms) {
  std::vector<Step> steps;
  for (int at = from_ms; at < to_ms; at += 20)
    steps.push_back({at, [=](TurnTaking& turns, Instant now) {
                       return turns.voice({.voiced = true, .speech = milliseconds{at + 20 - from_ms}}, now);
                     }});
  steps.push_back(
      {to_ms + 240, [](TurnTaking& turns, Instant now) { return turns.voice({.silence = milliseconds{240}}, now); }});
  return steps;
}

// Plays the steps, checks every 10 ms as an engine's timer would, and writes down what happened.
std::vector<std::string> play(std::vector<Step> steps, int until_ms = 20'000) {
  TurnTaking turns;
  std::vector<std::string> log;
  const auto note = [&](int at, const std::vector<TurnEvent>& events) {
    for (const TurnEvent& event : events) {
      std::string line = std::to_string(at) + " ";
      if (const auto* started = std::get_if<TurnStarted>(&event)) {
        line += started->cause == TurnStarted::Cause::words ? "started by words" : "started by voice";
      } else if (const auto* ended = std::get_if<TurnEnded>(&event)) {
        const char* causes[] = {"speech_final", "utterance_end", "silence", "stall"};
        line += std::string(causes[static_cast<int>(ended->cause)]) + ": " + ended->text;
      } else {
        line += "abandoned";
      }
      log.push_back(line);
    }
  };
  std::multimap<int, Step> story;
  for (Step& each : steps) story.emplace(each.at_ms, std::move(each));
  auto step = story.begin();
  for (int at = 0; at <= until_ms; at += 10) {
    for (; step != story.end() && step->first <= at; ++step)
      note(at, step->second.act(turns, start + milliseconds{at}));
    const auto due = turns.next_check();
    const auto events = turns.check(start + milliseconds{at});
    CHECK((due && *due <= start + milliseconds{at}) == !events.empty());
    note(at, events);
  }
  CHECK_FALSE(turns.turn_open());
  CHECK_FALSE(turns.next_check());
  return log;
}

std::vector<Step> operator+(std::vector<Step> left, std::vector<Step> right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

using Log = std::vector<std::string>;

}  // namespace

TEST_CASE("stories of turns") {
  struct Row {
    std::string name;
    std::vector<Step> steps;
    Log log;
  };
  const std::vector<Row> table{
      {"nothing happens", {}, {}},
      {"an ordinary turn",
       {speech_started(100), interim(300, "haan"), interim(500, "haan boliye"), speech_final(900, "Haan, boliye.")},
       {"300 started by words", "900 speech_final: Haan, boliye."}},
      {"several final pieces",
       {speech_started(100), interim(300, "I"), final_text(800, "I want"), interim(1000, "to"),
        final_text(1300, "to know"), speech_final(1800, "the price.")},
       {"300 started by words", "1800 speech_final: I want to know the price."}},
      {"the start event alone is noise", {speech_started(100), speech_final(700, ""), utterance_end(1500)}, {}},
      {"interim words without any sign of voice do not interrupt, final ones do",
       {interim(300, "hello"), speech_final(900, "Hello?")},
       {"900 started by words", "900 speech_final: Hello?"}},
      {"words first and the start event after",
       {interim(300, "hello"), speech_started(350), speech_final(900, "Hello?")},
       {"350 started by words", "900 speech_final: Hello?"}},
      {"a short word with a little voice interrupts",
       talking(100, 200) + std::vector{interim(400, "no"), speech_final(800, "No.")},
       {"400 started by words", "800 speech_final: No."}},
      {"200 ms of voice interrupt before any word",
       talking(100, 700) + std::vector{interim(600, "wait"), speech_final(1200, "Wait.")},
       {"280 started by voice", "1200 speech_final: Wait."}},
      {"a cough is abandoned", talking(100, 400), {"280 started by voice", "1880 abandoned"}},
      {"a click is nothing", talking(100, 160), {}},
      {"a television is abandoned once and does not start again",
       talking(100, 9000),
       {"280 started by voice", "5280 abandoned"}},
      {"after a television a person is heard",
       talking(100, 7000) + talking(8000, 8500) + std::vector{speech_final(9000, "Sorry.")},
       {"280 started by voice", "5280 abandoned", "8180 started by voice", "9000 speech_final: Sorry."}},
      {"the service forgets to end the turn",
       {speech_started(100), interim(300, "yes"), final_text(800, "Yes.")},
       {"300 started by words", "2000 silence: Yes."}},
      {"interim words hold the turn open",
       {speech_started(100), final_text(800, "Yes,"), interim(1700, "but"), final_text(2500, "but not now.")},
       {"800 started by words", "3700 silence: Yes, but not now."}},
      {"voice holds the turn open, but not for ever",
       std::vector{speech_started(100), final_text(800, "Well,")} + talking(800, 1700) +
           std::vector{speech_final(2600, "no.")},
       {"800 started by words", "2600 speech_final: Well, no."}},
      {"a noisy line ends the turn late",
       std::vector{speech_started(100), final_text(800, "Yes.")} + talking(100, 9000),
       {"280 started by voice", "5000 silence: Yes."}},
      {"the utterance end closes what speech_final did not",
       {speech_started(100), interim(300, "ok"), final_text(700, "Okay."), utterance_end(1700)},
       {"300 started by words", "1700 utterance_end: Okay."}},
      {"the utterance end overtakes the final text",
       {speech_started(100), interim(300, "okay then"), utterance_end(1500), final_text(1600, "Okay then.")},
       {"300 started by words", "1600 utterance_end: Okay then."}},
      {"the utterance end comes and the final text never does",
       {speech_started(100), interim(300, "okay"), utterance_end(1500)},
       {"300 started by words", "1800 utterance_end: okay"}},
      {"an utterance end after speech_final is no second turn",
       {speech_started(100), interim(300, "yes"), speech_final(800, "Yes."), utterance_end(1800)},
       {"300 started by words", "800 speech_final: Yes."}},
      {"the service stalls with interim text",
       {speech_started(100), interim(300, "are you there")},
       {"300 started by words", "2800 stall: are you there"}},
      {"the service takes its words back",
       {speech_started(100), interim(300, "uh"), interim(500, ""), speech_final(900, "")},
       {"300 started by words", "1800 abandoned"}},
      {"a stalled service repeats what was answered",
       {speech_started(100), interim(300, "my order number", 0, 1200), final_text(3500, "My order number.", 0, 1300)},
       {"300 started by words", "2800 stall: my order number"}},
      {"a stalled service goes on behind what was answered",
       {speech_started(100), interim(300, "my order number", 0, 1200),
        final_text(3500, "My order number is five.", 0, 4000)},
       {"300 started by words", "2800 stall: my order number", "3500 started by words", "4700 silence: is five."}},
      {"the next stretch of audio is a new turn",
       {speech_started(100), final_text(800, "Yes.", 0, 700), interim(2500, "and", 700, 2400),
        final_text(2900, "And no.", 700, 2800)},
       {"800 started by words", "2000 silence: Yes.", "2900 started by words", "4100 silence: And no."}},
      {"speech_final counts as final even where the flag is missing",
       {speech_started(100),
        {500, [](TurnTaking& turns,
                 Instant now) { return turns.transcript({.text = " Yes ", .speech_final = true}, now); }}},
       {"500 started by words", "500 speech_final: Yes"}}};
  for (const Row& row : table) {
    CAPTURE(row.name);
    CHECK(play(row.steps) == row.log);
  }
}

TEST_CASE("reply delay counts from the last voice, or from the words where no voice was heard") {
  TurnTaking turns;
  turns.voice({.voiced = true, .speech = milliseconds{100}}, start);
  turns.voice({.speech = milliseconds{100}, .silence = milliseconds{20}}, start + milliseconds{20});
  turns.transcript({.text = "yes"}, start + milliseconds{300});
  CHECK(turns.text() == "yes");
  auto events = turns.transcript({.text = "Yes.", .speech_final = true}, start + milliseconds{500});
  REQUIRE(events.size() == 1);
  CHECK(std::get<TurnEnded>(events[0]).speech_ended_at == start);

  turns.speech_started(start + seconds{10});
  turns.transcript({.text = "no"}, start + seconds{11});
  events = turns.transcript({.text = "No.", .speech_final = true}, start + seconds{12});
  REQUIRE(events.size() == 1);
  CHECK(std::get<TurnEnded>(events[0]).speech_ended_at == start + seconds{11});
}
