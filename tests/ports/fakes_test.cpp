// The fakes keep the promises of their ports; a fake that lies makes every test above it lie.
#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

#include "async/run.hpp"
#include "fakes/fake_language_model.hpp"
#include "fakes/fake_legacy_dialer.hpp"
#include "fakes/fake_metrics.hpp"
#include "fakes/fake_phone_directory.hpp"
#include "fakes/fake_speech_to_text.hpp"
#include "fakes/fake_telephony.hpp"
#include "fakes/fake_text_to_speech.hpp"

using namespace callramp;
using namespace callramp::fakes;

namespace {

/// Answers every stream with an echo of one phrase, then listens until the line ends.
struct Greeter final : MediaSessions, CarrierEvents {
  std::string greeting = "hello";
  std::vector<CarrierState> states;
  std::string understood;
  int refusals_left = 0;
  Awaitable<Status> admit(std::string token) override {
    if (token != "token") co_return fail(ErrorCode::not_found, "no such token");
    co_return Status{};
  }
  Awaitable<void> serve(std::string, std::unique_ptr<MediaStream> stream) override {
    SpokenReader reader;
    while (true) {
      auto event = co_await stream->receive();
      if (!event || !*event) break;
      if (std::holds_alternative<MediaStart>(**event)) {
        const audio::Pcm samples = spoken(greeting);
        CHECK(co_await stream->send_audio(samples));
        CHECK(co_await stream->send_mark("greeted"));
      }
      if (const auto* audio = std::get_if<MediaAudio>(&**event)) understood += reader.feed(audio->samples);
    }
  }
  Awaitable<Status> on_carrier_event(std::string, CarrierCall call) override {
    if (refusals_left > 0) {
      --refusals_left;
      co_return fail(ErrorCode::unavailable, "not now");
    }
    states.push_back(call.state);
    co_return Status{};
  }
};

DialRequest dial() {
  return {.attempt = AttemptId{"a1"}, .to = *PhoneNumber::parse("+919800000001"), .stream_token = "token"};
}

struct World {
  asio::io_context context;
  async::VirtualClock clock{from_micros(1'000'000)};
  template <class Body>
  void run(Body body) {
    async::run(context, clock, std::move(body), hours{10});
  }
};

}  // namespace

TEST_CASE("spoken text is read back, also in chunks and cut in half") {
  CHECK(read_spoken(spoken("haan, boliye!!")) == "haan, boliye!!");
  const audio::Pcm samples = spoken("hello");
  SpokenReader reader;
  std::string text;
  for (std::size_t at = 0; at < samples.size(); at += 7)
    text += reader.feed(audio::PcmView(samples).subspan(at, std::min<std::size_t>(7, samples.size() - at)));
  CHECK(text == "hello");
  CHECK(read_spoken(audio::PcmView(samples).first(samples.size() / 2)) == "hel");
  CHECK(read_spoken(audio::Pcm(8000, 0)).empty());
}

TEST_CASE("a fake call rings, is answered, heard, and told about") {
  World world;
  world.run([&]() -> Awaitable<void> {
    FakeTelephony carrier(world.context.get_executor(), world.clock);
    Greeter greeter;
    greeter.refusals_left = 1;
    carrier.reports_to(&greeter, &greeter);
    carrier.answers_after(seconds{3}).answers([](FakeLine& line) {
      line.replies("good day").hangs_up_after(seconds{8});
    });
    const auto id = co_await carrier.place(dial(), world.clock.now() + seconds{5});
    REQUIRE(id);
    co_await carrier.idle();
    const auto& made = carrier.dials().front();
    CHECK(made.line->heard() == "hello");
    CHECK(greeter.understood == "good day");
    CHECK(greeter.states == std::vector{CarrierState::in_progress, CarrierState::completed});
    const auto call = co_await carrier.lookup(*id, world.clock.now());
    REQUIRE(call);
    CHECK(call->duration == seconds{8});
    CHECK((co_await carrier.find(dial().to, made.at, made.at, world.clock.now()))->size() == 1);
    CHECK((co_await carrier.find(dial().to, made.at + seconds{1}, made.at + seconds{2}, world.clock.now()))->empty());
  });
}

TEST_CASE("a fake call ends as its script says") {
  struct Row {
    const char* what;
    std::function<void(FakeCallee&)> script;
    std::optional<ErrorCode> error;
    std::size_t dials;
    CarrierState state;
  };
  const Row rows[] = {
      {"busy", [](FakeCallee& callee) { callee.is_busy(); }, {}, 1, CarrierState::busy},
      {"no answer", [](FakeCallee& callee) { callee.does_not_answer(); }, {}, 1, CarrierState::no_answer},
      {"refused",
       [](FakeCallee& callee) { callee.is_refused({ErrorCode::rate_limited, "slow down"}); },
       ErrorCode::rate_limited,
       0,
       {}},
      {"timed out, dialed", [](FakeCallee& callee) { callee.times_out_but_dials().is_busy(); }, ErrorCode::timeout, 1,
       CarrierState::busy},
      {"timed out, not dialed", [](FakeCallee& callee) { callee.times_out_undialed(); }, ErrorCode::timeout, 0, {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    World world;
    world.run([&]() -> Awaitable<void> {
      FakeTelephony carrier(world.context.get_executor(), world.clock);
      row.script(carrier.next_call());
      const auto placed = co_await carrier.place(dial(), world.clock.now() + seconds{5});
      CHECK(placed.has_value() == !row.error);
      if (row.error && !placed) CHECK(placed.error().code == *row.error);
      co_await carrier.idle();
      CHECK(carrier.dials().size() == row.dials);
      if (row.dials > 0) CHECK(carrier.dials().front().state == row.state);
    });
  }
}

TEST_CASE("clear drops what has not started on the fake line, and its marks") {
  World world;
  world.run([&]() -> Awaitable<void> {
    auto line = std::make_shared<FakeLine>(world.context.get_executor(), world.clock);
    FakeMediaStream stream(line);
    CHECK(co_await stream.receive());
    for (const char* word : {"one", "two"}) {
      const audio::Pcm samples = spoken(word);
      CHECK(co_await stream.send_audio(samples));
    }
    CHECK(co_await stream.send_mark("end"));
    co_await world.clock.sleep_for(milliseconds{100});
    CHECK(co_await stream.clear());
    line->hangs_up_after(seconds{2});
    int marks = 0;
    while (true) {
      auto event = co_await stream.receive();
      if (!event || !*event) break;
      marks += std::holds_alternative<MediaMark>(**event) ? 1 : 0;
    }
    CHECK(marks == 0);
    CHECK(line->heard() == "one");
  });
}

TEST_CASE("the fake recogniser hears what was said, and nothing in silence") {
  World world;
  world.run([&]() -> Awaitable<void> {
    FakeSpeechToText stt(world.context.get_executor(), world.clock);
    auto opened = co_await stt.open({}, world.clock.now());
    REQUIRE(opened);
    const audio::Pcm words = spoken("yes please");
    const audio::Pcm silence(12'000, 0);
    CHECK(co_await (*opened)->send(silence));
    CHECK(co_await (*opened)->send(words));
    CHECK(co_await (*opened)->send(silence));
    CHECK(co_await (*opened)->finish());
    std::vector<std::string> finals;
    int started = 0;
    int ended = 0;
    while (true) {
      auto event = co_await (*opened)->receive();
      REQUIRE(event);
      if (!*event) break;
      started += std::holds_alternative<SpeechStarted>(**event) ? 1 : 0;
      ended += std::holds_alternative<UtteranceEnded>(**event) ? 1 : 0;
      if (const auto* transcript = std::get_if<Transcript>(&**event); transcript && transcript->is_final)
        finals.push_back(transcript->text);
    }
    CHECK(finals == std::vector<std::string>{"yes please"});
    CHECK(started == 1);
    CHECK(ended == 1);

    stt.stalls_next();
    auto stalled = co_await stt.open({}, world.clock.now());
    CHECK(co_await (*stalled)->send(words));
    CHECK(co_await (*stalled)->finish());
    CHECK_FALSE((co_await (*stalled)->receive())->has_value());
  });
}

TEST_CASE("the fake model streams words, calls tools and breaks") {
  World world;
  world.run([&]() -> Awaitable<void> {
    FakeLanguageModel model(world.clock);
    model.calls_tool_next("end_call", "{}", "Good bye now.");
    auto reply = co_await model.open({}, world.clock.now());
    std::string text;
    std::string tool;
    std::string finish;
    while (true) {
      auto event = co_await (*reply)->receive();
      if (!event || !*event) break;
      if (const auto* part = std::get_if<ReplyText>(&**event)) text += part->delta;
      if (const auto* call = std::get_if<ReplyToolCall>(&**event)) tool = call->name;
      if (const auto* done = std::get_if<ReplyDone>(&**event)) finish = done->finish_reason;
    }
    CHECK(text == "Good bye now.");
    CHECK(tool == "end_call");
    CHECK(finish == "tool_calls");
    model.breaks_next_after("Half a");
    {
      auto broken = co_await model.open({}, world.clock.now());
      CHECK(co_await (*broken)->receive());
      CHECK(co_await (*broken)->receive());
      CHECK_FALSE(co_await (*broken)->receive());
      auto dropped = co_await model.open({}, world.clock.now());
      CHECK(co_await (*dropped)->receive());
    }
    CHECK(model.cancelled() == 1);
  });
}

TEST_CASE("the fake voice says what it was given") {
  World world;
  world.run([&]() -> Awaitable<void> {
    FakeTextToSpeech tts(world.clock);
    auto speech = co_await tts.open({.text = "good day"}, world.clock.now());
    audio::Pcm samples;
    while (true) {
      auto chunk = co_await (*speech)->receive();
      if (!chunk || !*chunk) break;
      samples.insert(samples.end(), (*chunk)->begin(), (*chunk)->end());
    }
    CHECK(read_spoken(samples) == "good day");
    CHECK((*speech)->billed_characters() == 8);
    tts.refuses_next({ErrorCode::rate_limited, "15 at once"});
    CHECK_FALSE(co_await tts.open({.text = "x"}, world.clock.now()));
  });
}

TEST_CASE("the fake old system dials once for an attempt placed twice") {
  World world;
  world.run([&]() -> Awaitable<void> {
    FakeLegacyDialer old(world.context.get_executor(), world.clock);
    old.times_out_next(true);
    const LegacyDial request{.attempt = AttemptId{"a1"}, .call = CallId{"c1"}};
    CHECK_FALSE(co_await old.place(request, world.clock.now() + seconds{1}));
    const auto id = co_await old.place(request, world.clock.now() + seconds{1});
    REQUIRE(id);
    co_await old.idle();
    CHECK(old.dials().size() == 1);
    CHECK((co_await old.lookup(*id, world.clock.now()))->outcome == Outcome::completed);
  });
}

TEST_CASE("the fake directory and metrics answer with what was put in") {
  FakePhoneDirectory directory;
  const auto clock = directory.local_clock("Asia/Kolkata", from_micros(0));
  REQUIRE(clock);
  CHECK(clock->time_of_day == minutes{330});
  CHECK(clock->weekday == 4);
  CHECK_FALSE(directory.local_clock("Mars/Olympus", from_micros(0)));
  FakeMetrics metrics;
  metrics.counter("calls", "", {{"system", "new"}}).add(2);
  CHECK(metrics.value("calls", {{"system", "new"}}) == 2);
  CHECK(metrics.value("calls") == 0);
}
