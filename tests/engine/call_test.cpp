// A call from acceptance to outcome, and what the world can do to it.
#include "engine/engine_world.hpp"

using namespace callramp;
using namespace callramp::engine;

namespace {

// A callee who greets, asks and leaves after a while.
void talks(fakes::FakeLine& line) {
  line.replies("hello yes").replies("when does my order arrive").hangs_up_after(seconds{25});
}

Outcome outcome_of(const CallDetail& detail) {
  REQUIRE(detail.call.outcome);
  return *detail.call.outcome;
}

}  // namespace

TEST_CASE("a person who talks makes a completed call with its transcript, latency and cost") {
  EngineWorld world;
  world.carrier.every_call().answers(talks).costs(parse_money("0.75 INR").value());
  world.run([&]() -> Awaitable<void> {
    const CallId id = co_await world.place();
    CallDetail detail = co_await world.final_call(id);
    CHECK_MESSAGE(outcome_of(detail) == Outcome::completed, detail.call.reason);
    CHECK(detail.call.system == System::new_system);
    REQUIRE(detail.attempts.size() == 1);
    const AttemptDetail& attempt = detail.attempts.front();
    REQUIRE(attempt.transcript.size() >= 4);
    CHECK(attempt.transcript[0].speaker == Speaker::agent);
    CHECK(attempt.transcript[0].text == "Hello Asha. I am an AI assistant.");
    CHECK(attempt.transcript[1].speaker == Speaker::callee);
    CHECK(attempt.transcript[1].text == "hello yes");
    CHECK(attempt.turns.size() >= 2);
    CHECK(attempt.costs.size() == 4);
    CHECK(world.carrier.dials().size() == 1);
    CHECK(world.carrier.dials()[0].line->hung_up_by_product() == false);
    CHECK(world.metrics.value("calls_total", {{"system", "new"}}) == 1);
    CHECK(world.metrics.value("calls_successful_total", {{"system", "new"}}) == 1);
    const auto greeting = world.metrics.values("callramp_answer_to_voice_seconds");
    REQUIRE(greeting.size() == 1);
    CHECK(greeting[0] < 0.3);
    // Ahead of the first reply and again with every turn of the callee's.
    CHECK(world.llm.got_ready() >= 3);
    CHECK(world.tts.got_ready() == world.llm.got_ready());
    // The carrier's price comes two minutes later and replaces the estimate.
    co_await world.clock.sleep_for(minutes{6});
    detail = co_await world.get(id);
    bool priced = false;
    for (const CostLine& line : detail.attempts[0].costs)
      if (line.provider == "fake" && !line.estimated) priced = line.cost.micros == 750'000;
    CHECK(priced);
  });
}

TEST_CASE("a session that loses a part by a cancellation of nobody's is a failure of ours and no hang-up") {
  EngineWorld world;
  world.carrier.every_call().answers([](fakes::FakeLine& line) { line.hangs_up_after(seconds{25}); });
  world.stt.cancels_next_after(seconds{3});
  world.run([&]() -> Awaitable<void> {
    const CallDetail detail = co_await world.final_call(co_await world.place());
    CHECK(outcome_of(detail) == Outcome::failed);
    CHECK(detail.call.fault == Fault::ours);
    CHECK_MESSAGE(detail.call.reason.find("cancelled") != std::string::npos, detail.call.reason);
  });
}

TEST_CASE("each way in which a dial can end has its outcome") {
  struct Row {
    const char* name;
    std::function<void(fakes::FakeCallee&)> callee;
    Outcome outcome;
    std::optional<Fault> fault;
  };
  const Row rows[] = {
      {"busy", [](auto& callee) { callee.is_busy(); }, Outcome::busy, std::nullopt},
      {"rejected", [](auto& callee) { callee.rejects(); }, Outcome::rejected, std::nullopt},
      {"no answer", [](auto& callee) { callee.does_not_answer(); }, Outcome::no_answer, std::nullopt},
      {"carrier failed", [](auto& callee) { callee.fails(); }, Outcome::unreachable, std::nullopt},
      {"busy, callback lost", [](auto& callee) { callee.is_busy().callbacks_get_lost(); }, Outcome::busy, std::nullopt},
      {"busy, callback late", [](auto& callee) { callee.is_busy().callbacks_late_by(minutes{3}); }, Outcome::busy,
       std::nullopt},
      {"busy, callback twice", [](auto& callee) { callee.is_busy().callbacks_come_twice(); }, Outcome::busy,
       std::nullopt},
      {"no answer to the dial, but it dialed", [](auto& callee) { callee.is_busy().times_out_but_dials(); },
       Outcome::busy, std::nullopt},
      {"no answer to the dial, and it did not", [](auto& callee) { callee.times_out_undialed(); }, Outcome::failed,
       Fault::telephony},
      {"number refused", [](auto& callee) { callee.is_refused({ErrorCode::invalid_phone_number, "no such number"}); },
       Outcome::invalid_number, std::nullopt},
      {"request refused", [](auto& callee) { callee.is_refused({ErrorCode::invalid_request, "bad StreamUrl"}); },
       Outcome::failed, Fault::ours},
      {"hangs up at once",
       [](auto& callee) { callee.answers([](fakes::FakeLine& line) { line.hangs_up_after(milliseconds{1500}); }); },
       Outcome::early_hangup, std::nullopt},
      {"line breaks at once",
       [](auto& callee) { callee.answers([](fakes::FakeLine& line) { line.breaks_after(milliseconds{1500}); }); },
       Outcome::early_hangup, std::nullopt},
      {"answered, no media", [](auto& callee) { callee.opens_no_media(); }, Outcome::failed, Fault::telephony},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.name));
    EngineWorld world;
    row.callee(world.carrier.every_call());
    world.run([&]() -> Awaitable<void> {
      const CallDetail detail = co_await world.final_call(co_await world.place());
      CHECK_MESSAGE(outcome_of(detail) == row.outcome, to_string(outcome_of(detail)), ": ", detail.call.reason);
      CHECK_MESSAGE(detail.call.fault == row.fault, detail.call.reason);
      CHECK(detail.call.attempts == 1);
      CHECK(world.carrier.dials().size() <= 1);
      CHECK(world.metrics.value("calls_total", {{"system", "new"}}) == 1);
    });
  }
}

TEST_CASE("a carrier that cannot take the dial now makes the call wait and is asked again") {
  EngineWorld world;
  world.carrier.next_call().is_refused({ErrorCode::rate_limited, "429"});
  world.carrier.next_call().is_refused({ErrorCode::unavailable, "connection refused"});
  world.carrier.next_call().is_busy();
  world.run([&]() -> Awaitable<void> {
    const CallDetail detail = co_await world.final_call(co_await world.place());
    CHECK(outcome_of(detail) == Outcome::busy);
    CHECK(world.carrier.dials().size() == 1);
    CHECK(world.metrics.value("calls_total", {{"system", "new"}}) == 1);
  });
}

TEST_CASE("a provider that misbehaves still leaves one outcome that names it") {
  struct Row {
    const char* name;
    std::function<void(EngineWorld&)> breaks;
    Outcome outcome;
    std::optional<Fault> fault;
  };
  const Error gone{ErrorCode::unavailable, "503"};
  const Row rows[] = {
      {"the model never answers",
       [&](EngineWorld& w) {
         for (int i = 0; i < 9; ++i) w.llm.stalls_next();
       },
       Outcome::failed, Fault::llm},
      {"the model refuses", [&](EngineWorld& w) { w.llm.refuses_all(gone); }, Outcome::failed, Fault::llm},
      {"the model stalls once", [&](EngineWorld& w) { w.llm.stalls_next(); }, Outcome::completed, std::nullopt},
      {"the model breaks after a sentence",
       [&](EngineWorld& w) { w.llm.breaks_next_after("It arrives tomorrow. And"); }, Outcome::completed, std::nullopt},
      {"no voice at all", [&](EngineWorld& w) { w.tts.refuses_all(gone); }, Outcome::failed, Fault::tts},
      {"recognition refuses", [&](EngineWorld& w) { w.stt.refuses_all(gone); }, Outcome::failed, Fault::stt},
      {"recognition key is wrong", [&](EngineWorld& w) { w.stt.refuses_all(Error{ErrorCode::unauthorized, "401"}); },
       Outcome::failed, Fault::stt},
      {"recognition breaks once", [&](EngineWorld& w) { w.stt.breaks_next_after(seconds{1}); }, Outcome::completed,
       std::nullopt},
      {"no speech_final is ever sent", [&](EngineWorld& w) { w.stt.sends_no_speech_final(); }, Outcome::completed,
       std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.name));
    EngineWorld world;
    world.carrier.every_call().answers([](fakes::FakeLine& line) {
      line.replies("hello yes")
          .replies("when does my order arrive")
          .replies("are you there")
          .hangs_up_after(seconds{60});
    });
    row.breaks(world);
    world.run([&]() -> Awaitable<void> {
      const CallDetail detail = co_await world.final_call(co_await world.place(), minutes{30});
      CHECK_MESSAGE(outcome_of(detail) == row.outcome, to_string(outcome_of(detail)), ": ", detail.call.reason);
      CHECK_MESSAGE(detail.call.fault == row.fault, detail.call.reason);
      CHECK(world.sessions.size() == 0);
    });
  }
}

TEST_CASE("a callee who interrupts silences the agent, and only what was heard is in the transcript") {
  EngineWorld world;
  world.llm.answers(
      "This is a rather long answer that goes on and on about many things. It has a second sentence too. And a third "
      "one.");
  world.carrier.every_call().answers([](fakes::FakeLine& line) {
    line.replies("tell me everything").says(seconds{9}, "stop stop please stop now").hangs_up_after(seconds{30});
  });
  world.run([&]() -> Awaitable<void> {
    const CallDetail detail = co_await world.final_call(co_await world.place());
    const fakes::FakeLine& line = *world.carrier.dials()[0].line;
    CHECK(line.clears() >= 1);
    bool interrupted = false;
    std::string said;
    for (const TranscriptLine& entry : detail.attempts[0].transcript)
      if (entry.speaker == Speaker::agent) {
        interrupted = interrupted || entry.interrupted;
        said += entry.text;
      }
    CHECK(interrupted);
    CHECK(line.largest_lead() <= milliseconds{450});
    CHECK(said.size() <= line.heard().size() + 20);
  });
}

TEST_CASE("a callee who goes on talking while the model is being asked is answered and the call goes on") {
  for (const int pause : {2000, 2500, 3000, 3500, 4000, 4500}) {  // one of them falls into the asking
    CAPTURE(pause);
    EngineWorld world;
    world.llm.opens_after(milliseconds{1200});
    world.carrier.every_call().answers([&](fakes::FakeLine& line) {
      line.says(seconds{1}, "hello I have a question")
          .says(seconds{1} + milliseconds{pause}, "and where is my order now please")
          .hangs_up_after(seconds{40});
    });
    world.run([&]() -> Awaitable<void> {
      const CallDetail detail = co_await world.final_call(co_await world.place());
      CHECK_MESSAGE(outcome_of(detail) == Outcome::completed, detail.call.reason);
    });
  }
}

TEST_CASE("the model's end_call tool says goodbye and hangs up") {
  EngineWorld world;
  world.llm.answers_next("It arrives tomorrow.");
  world.llm.calls_tool_next("end_call", "{}", "Thank you, goodbye.");
  world.carrier.every_call().answers([](fakes::FakeLine& line) {
    line.replies("when does my order arrive please").replies("fine thank you that was all I wanted");
  });
  world.run([&]() -> Awaitable<void> {
    const CallDetail detail = co_await world.final_call(co_await world.place());
    CHECK_MESSAGE(outcome_of(detail) == Outcome::completed, detail.call.reason);
    CHECK(world.carrier.dials()[0].line->hung_up_by_product());
    CHECK(detail.attempts[0].transcript.back().text == "Thank you, goodbye.");
  });
}
