// Carriers that go dark: who dials meanwhile, what waits, and that nothing is spent, failed or dialed twice.
#include "engine/engine_world.hpp"
#include "engine/provider_guard.hpp"

using namespace callramp;
using namespace callramp::engine;
using providers::Circuit;

namespace {

const Error refused{.code = ErrorCode::unavailable, .message = "connection refused"};

void talks(fakes::FakeLine& line) { line.replies("hello yes").replies("thank you").hangs_up_after(seconds{20}); }

/// Two guarded carriers, and a conversation whose model is guarded too.
struct TwoCarriers : EngineWorld {
  ProviderBoard watch{clock, log, metrics};
  fakes::FakeTelephony second{executor, clock, "second"};
  GuardedTelephony first_guard{carrier, watch, clock};
  GuardedTelephony second_guard{second, watch, clock};
  GuardedLanguageModel guarded_llm{{{.name = "model", .model = &llm, .model_name = ""}}, {}, watch, clock};
  MediaHost guarded_host{{},
                         {.stt = stt,
                          .llm = guarded_llm,
                          .tts = tts,
                          .phrases = phrases,
                          .clock = clock,
                          .log = log,
                          .metrics = call_metrics,
                          .read_fields = read_fields},
                         stores->calls(),
                         sessions,
                         settler};

  explicit TwoCarriers(bool with_second = true) {
    std::vector<Telephony*> both{&first_guard};
    if (with_second) both.push_back(&second_guard);
    carriers = Carriers(both, watch, "none");
    watch.on_change([this] { dialer.wake(); });
    carrier.reports_to(&settler, &guarded_host);
    second.reports_to(&settler, &guarded_host);
    carrier.every_call().answers(talks);
    second.every_call().answers(talks);
  }
  template <class Story>
  void story(Story body) {
    run([&]() -> Awaitable<void> {
      async::TaskScope watching(executor);
      watching.spawn(watch.run());
      // What is looked at here is the first attempt of each call.
      CHECK(co_await flags.patch({.enable_retry_logic = false}, std::nullopt, admin, "test", "no retries"));
      co_await body();
      co_await watching.stop();
      co_await second.stop();
    });
  }
  ProviderState state(std::string_view name) const {
    for (const ProviderState& each : watch.states())
      if (each.name == name) return each;
    FAIL("no such carrier");
    return {};
  }
  Awaitable<std::vector<CallId>> place_many(int count, int from = 10) {
    std::vector<CallId> ids;
    for (int i = 0; i < count; ++i) ids.push_back(co_await place("+9198765432" + std::to_string(from + i)));
    co_return ids;
  }
};

}  // namespace

TEST_CASE(
    "a carrier that goes dark for ten minutes is noticed in five dials and the next one dials within two seconds") {
  TwoCarriers world;
  world.story([&]() -> Awaitable<void> {
    CHECK((co_await world.final_call(co_await world.place("+919876543299"))).call.outcome == Outcome::completed);
    CHECK(world.carrier.dials().size() == 1);

    world.carrier.goes_dark(refused);
    const int asked_before = world.carrier.asked_to_dial();
    const Instant dark = world.clock.now();
    const std::vector<CallId> ids = co_await world.place_many(20);
    while (world.state("fake").circuit == Circuit::closed) co_await world.clock.sleep_for(milliseconds{10});
    const Instant opened = world.clock.now();
    while (world.second.dials().empty()) co_await world.clock.sleep_for(milliseconds{10});
    MESSAGE("opened after " << to_words(opened - dark) << ", first dial of the next carrier "
                            << to_words(world.second.dials().front().at - opened) << " later");
    CHECK(world.second.dials().front().at - opened <= seconds{2});
    for (const CallId& id : ids) {
      const CallDetail detail = co_await world.final_call(id, minutes{9});
      CHECK(detail.call.outcome == Outcome::completed);
      CHECK(detail.attempts.back().attempt.provider == "second");
    }
    // Dials were under way when the fifth failed; nobody is asked after that.
    CHECK(world.carrier.asked_to_dial() - asked_before <= 10);
    CHECK(world.second.dials().size() == 20);
    while (world.clock.now() < dark + minutes{10}) co_await world.clock.sleep_for(seconds{1});
    const int asked_dark = world.carrier.asked_to_dial();

    world.carrier.goes_dark(std::nullopt);
    while (world.state("fake").circuit == Circuit::open) co_await world.clock.sleep_for(seconds{1});
    CHECK(world.clock.now() - dark <= minutes{10} + seconds{62});
    const CallDetail after = co_await world.final_call(co_await world.place("+919876543298"));
    CHECK(after.attempts.back().attempt.provider == "fake");
    CHECK(world.carrier.asked_to_dial() == asked_dark + 1);
    CHECK(world.state("fake").circuit == Circuit::closed);
  });
}

TEST_CASE("with every carrier dark for two hours no waiting call fails or spends a try and all are called afterwards") {
  TwoCarriers world;
  world.story([&]() -> Awaitable<void> {
    world.carrier.goes_dark(refused);
    world.second.goes_dark(refused);
    const Instant dark = world.clock.now();
    const std::vector<CallId> ids = co_await world.place_many(40);
    co_await world.clock.sleep_for(minutes{5});
    CHECK(world.state("fake").circuit == Circuit::open);
    CHECK(world.state("second").circuit == Circuit::open);
    const int asked = world.carrier.asked_to_dial() + world.second.asked_to_dial();
    std::vector<int> attempts;
    for (const CallId& id : ids) {
      const CallDetail detail = co_await world.get(id);
      CHECK(detail.call.status == CallStatus::queued);
      CHECK(detail.call.reason.starts_with("no carrier since 06:3"));
      CHECK(detail.call.reason.contains("connection refused"));
      attempts.push_back(detail.call.attempts);
    }
    CHECK((co_await world.stores->calls().backlog(world.clock.now())).value() == 0);  // they wait for no fault of ours
    co_await world.clock.sleep_for(minutes{115});
    CHECK(world.carrier.asked_to_dial() + world.second.asked_to_dial() == asked);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const CallDetail detail = co_await world.get(ids[i]);
      CHECK(detail.call.status == CallStatus::queued);
      CHECK(detail.call.attempts == attempts[i]);
      for (const AttemptDetail& each : detail.attempts) CHECK(each.attempt.outcome == Outcome::cancelled);
    }
    CHECK(world.clock.now() - dark >= hours{2});
    world.carrier.goes_dark(std::nullopt);
    world.second.goes_dark(std::nullopt);
    for (const CallId& id : ids) CHECK((co_await world.final_call(id, hours{1})).call.outcome == Outcome::completed);
    CHECK(world.carrier.dials().size() + world.second.dials().size() == 40);
  });
}

TEST_CASE("dials that a silent carrier may have made are never made again by another") {
  TwoCarriers world;
  world.story([&]() -> Awaitable<void> {
    world.carrier.goes_dark(refused, true);
    const std::vector<CallId> ids = co_await world.place_many(20);
    co_await world.clock.sleep_for(minutes{4});
    CHECK(world.state("fake").circuit == Circuit::open);
    // The ten that were under way hold no line after their ring time; the other ten have gone over the next carrier.
    int unknown = 0;
    for (const CallId& id : ids) {
      const CallDetail detail = co_await world.get(id);
      if (detail.attempts.back().attempt.provider == "fake") ++unknown;
      if (detail.attempts.back().attempt.provider == "fake") CHECK(detail.call.status == CallStatus::dialing);
    }
    CHECK(unknown == 10);
    CHECK(world.second.dials().size() == 10);
    co_await world.clock.sleep_for(hours{2});
    world.carrier.goes_dark(std::nullopt);
    co_await world.clock.sleep_for(minutes{10});
    for (const CallId& id : ids) {
      const CallDetail detail = co_await world.get(id);
      CHECK(detail.call.status == CallStatus::final_);
      CHECK(detail.attempts.size() == 1);
    }
    CHECK(world.second.dials().size() == 10);
    CHECK(world.carrier.dials().empty());
  });
}

TEST_CASE("a call in progress whose model goes dark ends with a spoken sentence and new calls wait for it") {
  TwoCarriers world;
  world.story([&]() -> Awaitable<void> {
    const CallId talking = co_await world.place("+919876543211");
    while (world.sessions.size() == 0) co_await world.clock.sleep_for(milliseconds{100});
    world.llm.refuses_all(Error{.code = ErrorCode::unavailable, .message = "503"});
    const CallDetail ended = co_await world.final_call(talking);
    std::string spoken;
    for (const TranscriptLine& line : ended.attempts.back().transcript)
      if (line.speaker == Speaker::agent) spoken += line.text + " ";
    CHECK(spoken.contains("Sorry"));
    CHECK(ended.call.fault == Fault::llm);

    // Two requests for each of the two replies that failed; the fifth failure is the next call's.
    CHECK(world.state("model").figures.errors == 4);
    CHECK((co_await world.final_call(co_await world.place("+919876543220"), minutes{5})).call.fault == Fault::llm);
    CHECK(world.state("model").circuit == Circuit::open);
    const CallId waiting = co_await world.place("+919876543212");
    co_await world.clock.sleep_for(minutes{10});
    const CallDetail held = co_await world.get(waiting);
    CHECK(held.call.status == CallStatus::queued);
    CHECK(held.call.reason.starts_with("no language model since"));
    world.llm.refuses_all(std::nullopt);
    CHECK((co_await world.final_call(waiting, minutes{5})).call.outcome == Outcome::completed);
    CHECK(world.state("model").circuit == Circuit::closed);
  });
}

TEST_CASE("a disabled carrier takes no new dial and finishes those that it has") {
  TwoCarriers world;
  world.story([&]() -> Awaitable<void> {
    const CallId before = co_await world.place("+919876543211");
    while (world.sessions.size() == 0) co_await world.clock.sleep_for(milliseconds{100});
    CHECK(co_await world.watch.disable(
        {.name = "fake", .lasts = minutes{30}, .actor = "asha", .reason = "their incident"}, world.stores->settings(),
        world.stores->audit()));
    const CallDetail meanwhile = co_await world.final_call(co_await world.place("+919876543212"));
    CHECK(meanwhile.attempts.back().attempt.provider == "second");
    CHECK((co_await world.final_call(before)).call.outcome == Outcome::completed);
    co_await world.clock.sleep_for(minutes{31});
    const CallDetail after = co_await world.final_call(co_await world.place("+919876543213"));
    CHECK(after.attempts.back().attempt.provider == "fake");
  });
}

TEST_CASE("a carrier that refuses our credentials is left at once") {
  TwoCarriers world;
  world.story([&]() -> Awaitable<void> {
    world.carrier.goes_dark(Error{.code = ErrorCode::unauthorized, .message = "401"});
    const CallDetail detail = co_await world.final_call(co_await world.place("+919876543211"));
    CHECK(detail.attempts.back().attempt.provider == "second");
    CHECK(world.carrier.asked_to_dial() == 1);
    CHECK(world.state("fake").circuit == Circuit::open);
  });
}
