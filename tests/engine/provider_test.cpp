// Guards and the board: who is asked, how long, and what is remembered of it.
#include "engine/engine_world.hpp"
#include "engine/provider_gauges.hpp"
#include "engine/provider_guard.hpp"

using namespace callramp;
using namespace callramp::engine;
using providers::Capability;
using providers::Circuit;

namespace {

const Error broken{.code = ErrorCode::unavailable, .message = "503"};

struct GuardWorld {
  asio::io_context context{1};
  async::VirtualClock clock{noon};
  Executor executor = context.get_executor();
  NullLog log;
  fakes::FakeMetrics metrics;
  ProviderBoard board{clock, log, metrics};
  fakes::FakeLanguageModel first_model{clock};
  fakes::FakeLanguageModel second_model{clock};
  fakes::FakeTextToSpeech first_voice{clock};
  fakes::FakeTextToSpeech second_voice{clock};
  fakes::FakeSpeechToText ears{executor, clock};
  GuardedLanguageModel llm{{{.name = "openai", .model = &first_model, .model_name = ""},
                            {.name = "second", .model = &second_model, .model_name = "small"}},
                           {},
                           board,
                           clock};
  GuardedTextToSpeech tts{{{.name = "deepgram", .speech = &first_voice, .voice = ""},
                           {.name = "openai", .speech = &second_voice, .voice = "alloy"}},
                          {.first_output = milliseconds{1500}},
                          board,
                          clock};
  GuardedSpeechToText stt{ears, {}, board, clock};
  std::unique_ptr<sql::SqlStores> stores =
      sql::SqlStores::open({.url = "sqlite::memory:", .now = noon, .run_inline = true}).value();

  template <class Story>
  void run(Story story) {
    async::run(context, clock, [&]() -> Awaitable<void> {
      async::TaskScope watching(executor);
      watching.spawn(board.run());
      co_await story();
      co_await watching.stop();
    });
  }
  Awaitable<std::string> says(Duration patience = seconds{4}) {
    auto stream = co_await llm.open({.model = "big"}, clock.now() + patience);
    if (!stream) co_return "failed: " + stream.error().message;
    std::string said;
    for (;;) {
      const auto event = co_await (*stream)->receive();
      if (!event || !*event) co_return said;
      if (const auto* text = std::get_if<ReplyText>(&**event)) said += text->delta;
      if (std::holds_alternative<ReplyDone>(**event)) co_return said;
    }
  }
  ProviderState state(std::string_view name, Capability capability = Capability::llm) const {
    for (const ProviderState& each : board.states())
      if (each.name == name && each.capability == capability) return each;
    FAIL("no such provider");
    return {};
  }
  ProviderBoard::Command command(std::string name, std::optional<Duration> lasts = std::nullopt) {
    return {.name = std::move(name), .lasts = lasts, .actor = "asha", .reason = "test"};
  }
};

}  // namespace

TEST_CASE("a model that says nothing in time is left for the second one") {
  GuardWorld world;
  world.first_model.stalls_next();
  world.second_model.answers("From the second.");
  world.run([&]() -> Awaitable<void> {
    const Instant asked = world.clock.now();
    CHECK(co_await world.says() == "From the second.");
    CHECK(world.clock.now() - asked < seconds{4});
    REQUIRE(world.second_model.requests().size() == 1);
    CHECK(world.first_model.requests().front().model == "big");
    CHECK(world.second_model.requests().front().model == "small");
    CHECK(world.state("openai").figures.errors == 1);
    CHECK(world.state("second").figures.errors == 0);
    CHECK(world.metrics.value("callramp_provider_errors_total", {{"provider", "openai"}, {"kind", "timeout"}}) == 1);
  });
}

TEST_CASE("after five failures the first model is not asked any more and comes back by itself") {
  GuardWorld world;
  world.first_model.answers("First.");
  world.second_model.answers("Second.");
  world.run([&]() -> Awaitable<void> {
    world.first_model.refuses_all(broken);
    for (int i = 0; i < 8; ++i) CHECK(co_await world.says() == "Second.");
    CHECK(world.first_model.requests().size() == 5);
    CHECK(world.state("openai").circuit == Circuit::open);
    CHECK(world.metrics.value("callramp_provider_breaker_state", {{"provider", "openai"}, {"capability", "llm"}}) == 2);
    CHECK_FALSE(world.board.is_down(Capability::llm));

    world.first_model.refuses_all(std::nullopt);
    co_await world.clock.sleep_for(seconds{62});
    CHECK(world.state("openai").circuit == Circuit::half_open);
    CHECK(co_await world.says() == "First.");
    CHECK(world.state("openai").circuit == Circuit::closed);
  });
}

TEST_CASE("refused credentials open the circuit at once and a refused request asks nobody else") {
  GuardWorld world;
  world.run([&]() -> Awaitable<void> {
    world.first_model.refuses_next({.code = ErrorCode::invalid_request, .message = "too long"});
    CHECK(co_await world.says() == "failed: too long");
    CHECK(world.second_model.requests().empty());
    CHECK(world.state("openai").circuit == Circuit::closed);
    world.first_model.refuses_next({.code = ErrorCode::unauthorized, .message = "bad key"});
    (void)co_await world.says();
    CHECK(world.state("openai").circuit == Circuit::open);
    CHECK(world.state("openai").why == "bad key");
  });
}

TEST_CASE("the only provider is asked once more after a quick failure and not after a slow one") {
  GuardWorld world;
  world.run([&]() -> Awaitable<void> {
    world.ears.refuses_next(broken);
    CHECK(co_await world.stt.open({}, world.clock.now() + seconds{5}));
    CHECK(world.state("fake", Capability::stt).figures.errors == 1);
    CHECK(world.state("fake", Capability::stt).figures.requests == 2);
  });
}

TEST_CASE("the second voice speaks its own voice when the first is silent") {
  GuardWorld world;
  world.run([&]() -> Awaitable<void> {
    world.first_voice.stalls_next();
    auto stream = co_await world.tts.open({.text = "Hello.", .voice = "aura"}, world.clock.now() + seconds{5});
    REQUIRE(stream);
    CHECK(world.second_voice.requests().front().voice == "alloy");
    std::size_t samples = 0;
    for (;;) {
      const auto more = co_await (*stream)->receive();
      REQUIRE(more);
      if (!*more) break;
      samples += (*more)->size();
    }
    CHECK(samples > 0);
  });
}

TEST_CASE("a reply taken back says nothing about the model") {
  GuardWorld world;
  world.first_model.stalls_next();
  world.run([&]() -> Awaitable<void> {
    async::TaskScope reply(world.executor);
    reply.spawn([](GuardWorld& in) -> Awaitable<void> { (void)co_await in.says(); }(world));
    co_await world.clock.sleep_for(milliseconds{500});
    co_await reply.stop();
    CHECK(world.state("openai").figures.requests == 0);
    CHECK(world.state("openai").circuit == Circuit::closed);
  });
}

TEST_CASE("a disabled provider is not asked until its time is over or it is enabled and a preferred one is first") {
  GuardWorld world;
  world.first_model.answers("First.");
  world.second_model.answers("Second.");
  world.run([&]() -> Awaitable<void> {
    SettingStore& settings = world.stores->settings();
    AuditStore& audit = world.stores->audit();
    CHECK(co_await world.board.disable(world.command("openai", minutes{30}), settings, audit));
    CHECK(co_await world.says() == "Second.");
    CHECK_FALSE(world.state("openai").place);
    CHECK(world.state("second").place == 1);
    co_await world.clock.sleep_for(minutes{31});
    CHECK(co_await world.says() == "First.");

    CHECK(co_await world.board.prefer(world.command("second"), settings, audit));
    CHECK(co_await world.says() == "Second.");
    CHECK(co_await world.board.enable(world.command("second"), settings, audit));
    CHECK(co_await world.says() == "First.");

    const auto unknown = co_await world.board.disable(world.command("nobody"), settings, audit);
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == ErrorCode::not_found);
    const auto entries = co_await audit.list(std::nullopt, 10);
    REQUIRE(entries);
    CHECK(std::ranges::count_if(*entries, [](const AuditEntry& entry) {
            return entry.action.starts_with("provider.") && entry.actor == "asha";
          }) == 3);
  });
}

TEST_CASE("an order holds over a restart") {
  GuardWorld world;
  world.run([&]() -> Awaitable<void> {
    CHECK(co_await world.board.disable(world.command("openai"), world.stores->settings(), world.stores->audit()));
    ProviderBoard after(world.clock, world.log, world.metrics);
    after.add(Capability::llm, "openai", {});
    CHECK(co_await after.load(world.stores->settings()));
    CHECK(after.states().front().order->actor == "asha");
    CHECK_FALSE(after.admit(0));
  });
}

TEST_CASE("the gauges of a rollout say what is down and whether old has it too") {
  GuardWorld world;
  world.run([&]() -> Awaitable<void> {
    ProviderGauges gauges(world.board, world.stores->outcomes());
    const auto value = [&](const std::vector<GaugeReport>& readings, std::string_view name) {
      for (const GaugeReport& reading : readings)
        if (reading.name == name) return reading.value.value_or(-1);
      return -2.0;
    };
    auto readings = co_await gauges.read(world.clock.now());
    CHECK(value(readings, "provider_down(stt)") == 0);
    CHECK(value(readings, "provider_outage(telephony)") == 0);
    CHECK(value(readings, "degraded") == 0);
    world.ears.refuses_all(broken);
    while (world.state("fake", Capability::stt).circuit == Circuit::closed)
      (void)co_await world.stt.open({}, world.clock.now() + seconds{5});
    readings = co_await gauges.read(world.clock.now());
    CHECK(value(readings, "provider_down(stt)") == 1);  // nobody but new listens by machine
    CHECK(value(readings, "provider_outage(stt)") == 0);
    CHECK(value(readings, "degraded") == 1);
    co_await world.clock.sleep_for(seconds{62});  // probed, and still out: no gap in the gauge
    CHECK(value(co_await gauges.read(world.clock.now()), "provider_down(stt)") == 1);
  });
}
