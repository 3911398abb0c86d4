#include "sandbox/callee.hpp"

#include <doctest/doctest.h>

#include <functional>

#include "audio/tone.hpp"

using namespace callramp;
using namespace callramp::sandbox;

namespace {

constexpr Instant answered{seconds{1'000}};

/// One second of sound for every spoken line.
Script spoken(Script script) {
  for (Step& step : script.steps)
    if (!step.text.empty()) step.pcm = std::make_shared<const audio::Pcm>(audio::beep(milliseconds{1000}));
  return script;
}

struct Event {
  std::string what;
  int at_ms;
  bool operator==(const Event&) const = default;
};

/// Plays `script` for `length` against an agent that sounds when `agent(ms)` says so; what the callee did, by time.
std::vector<Event> play(Script script, Duration length,
                        const std::function<bool(int ms, const std::vector<Event>&)>& agent) {
  SeededRandom random(1);
  CalleeActor actor(spoken(std::move(script)), answered, random);
  std::vector<Event> events;
  for (int ms = 100; milliseconds{ms} <= length; ms += 100) {
    audio::Pcm chunk(800, 0);
    const auto tick = actor.tick(answered + milliseconds{ms}, agent(ms, events), chunk);
    if (tick.speech_began) events.push_back({"begins", ms});
    if (tick.speech_ended) events.push_back({"ends", ms});
    if (tick.key) events.push_back({std::string("key ") + *tick.key, ms});
    if (tick.hang_up) {
      events.push_back({"hangs up", ms});
      break;
    }
  }
  return events;
}

bool silent(int, const std::vector<Event>&) { return false; }

/// Speaks for `length` ms, one second after each line of the callee.
auto replies(int length) {
  return [length](int ms, const std::vector<Event>& events) {
    if (events.empty() || events.back().what != "ends") return false;
    const int since = ms - events.back().at_ms;
    return since >= 1000 && since < 1000 + length;
  };
}

Callee person(std::vector<Line> says) {
  Callee callee;
  callee.says = std::move(says);
  callee.waits = {milliseconds{300}, milliseconds{300}};
  return callee;
}

Script script_of(const Callee& callee) {
  SeededRandom random(7);
  return plan_script(callee, {}, random);
}

}  // namespace

TEST_CASE("a person says hello at once and each further line when the agent has finished") {
  const Script script = script_of(person({{Line::Kind::speech, "Hello?"}, {Line::Kind::speech, "Yes."}}));
  const auto events = play(script, seconds{60}, replies(2000));
  CHECK(events == std::vector<Event>{{"begins", 300},
                                     {"ends", 1200},
                                     // the agent speaks from 2.2 s to 4.1 s; 600 ms of silence end its turn
                                     {"begins", 4700},
                                     {"ends", 5600},
                                     {"hangs up", 9100}});
}

TEST_CASE("a pause within the agent's words is not its end") {
  const Script script = script_of(person({{Line::Kind::speech, "Hello?"}, {Line::Kind::speech, "Yes."}}));
  const auto events = play(script, seconds{20}, [](int ms, const std::vector<Event>&) {
    return (ms >= 2000 && ms < 3000) || (ms >= 3500 && ms < 4000);
  });
  CHECK(events[2] == Event{"begins", 4500});
}

TEST_CASE("a person who hears nothing says hello again and then hangs up") {
  const auto events =
      play(script_of(person({{Line::Kind::speech, "Hello?"}, {Line::Kind::speech, "Yes."}})), seconds{60}, silent);
  CHECK(events ==
        std::vector<Event>{{"begins", 300}, {"ends", 1200}, {"begins", 7200}, {"ends", 8100}, {"hangs up", 14100}});
}

TEST_CASE("a person interrupts while the agent speaks") {
  Callee callee = person({{Line::Kind::speech, "Hello?"}, {Line::Kind::speech, "Stop."}});
  callee.interrupts = 1;
  const auto events =
      play(script_of(callee), seconds{10}, [](int ms, const std::vector<Event>&) { return ms >= 2000 && ms < 9000; });
  REQUIRE(events.size() >= 3);
  CHECK(events[2].what == "begins");
  CHECK(events[2].at_ms >= 2800);
  CHECK(events[2].at_ms <= 3700);
}

TEST_CASE("keys are pressed one after another and a hang-up follows the line before it") {
  const Script script =
      script_of(person({{Line::Kind::speech, "Hello?"}, {Line::Kind::keys, "1#"}, {Line::Kind::hang_up, ""}}));
  const auto events = play(script, seconds{60}, replies(500));
  CHECK(events ==
        std::vector<Event>{{"begins", 300}, {"ends", 1200}, {"key 1", 3300}, {"key #", 3500}, {"hangs up", 3800}});
}

TEST_CASE("hangs_up_after_s ends the call whatever is going on") {
  Callee callee = person({{Line::Kind::speech, "Hello?"}});
  callee.hangs_up_after = Span{milliseconds{800}, milliseconds{800}};
  CHECK(play(script_of(callee), seconds{60}, silent) == std::vector<Event>{{"begins", 300}, {"hangs up", 800}});
  callee.hangs_up_after = Span{seconds{30}, seconds{30}};
  CHECK(play(script_of(callee), seconds{60}, silent).back() == Event{"hangs up", 30'000});
}

TEST_CASE("a machine greets and beeps and then records in silence for a minute") {
  Callee callee;
  callee.answers = Answers::machine;
  const Script script = script_of(callee);
  CHECK(play(script, seconds{120}, replies(3000)) ==
        std::vector<Event>{{"begins", 500}, {"ends", 1400}, {"begins", 1700}, {"ends", 2000}, {"hangs up", 60'000}});
}

TEST_CASE("an announcement is said twice and ends the call") {
  Callee callee;
  callee.answers = Answers::announcement;
  CHECK(play(script_of(callee), seconds{60}, silent) ==
        std::vector<Event>{{"begins", 1000}, {"ends", 1900}, {"begins", 2900}, {"ends", 3800}, {"hangs up", 3900}});
}

TEST_CASE("a screening assistant asks first and the person follows only if the agent answers") {
  Callee callee = person({{Line::Kind::speech, "Hello?"}});
  callee.answers = Answers::screening;
  const auto events = play(script_of(callee), seconds{60}, replies(1000));
  CHECK(std::count(events.begin(), events.end(), Event{"begins", 500}) == 1);
  int lines = 0;
  for (const Event& event : events) lines += event.what == "begins" ? 1 : 0;
  CHECK(lines == 3);
  CHECK(play(script_of(callee), seconds{60}, silent).back().what == "hangs up");
}

TEST_CASE("the same seed plans the same script") {
  Callee callee;
  callee.waits = {milliseconds{100}, milliseconds{2000}};
  SeededRandom one(5);
  SeededRandom same(5);
  const Script first = plan_script(callee, {}, one);
  const Script second = plan_script(callee, {}, same);
  REQUIRE(first.steps.size() == second.steps.size());
  for (std::size_t i = 0; i < first.steps.size(); ++i) CHECK(first.steps[i].pause == second.steps[i].pause);
  CHECK(first.voice == second.voice);
}
