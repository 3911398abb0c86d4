// What the dialer must never do, and the kill switch.
#include "engine/engine_world.hpp"

using namespace callramp;
using namespace callramp::engine;

namespace {

void talks(fakes::FakeLine& line) { line.replies("hello yes").replies("thank you").hangs_up_after(seconds{20}); }

}  // namespace

TEST_CASE("two calls to one number are never open at once") {
  EngineWorld world;
  world.carrier.every_call().answers(talks);
  world.run([&]() -> Awaitable<void> {
    const CallId first = co_await world.place();
    const CallId second = co_await world.place();
    int most = 0;
    for (int i = 0; i < 600; ++i) {
      most = std::max(most, world.carrier.active());
      co_await world.clock.sleep_for(milliseconds{500});
    }
    CHECK(most == 1);
    CHECK((co_await world.get(first)).call.status == CallStatus::final_);
    CHECK((co_await world.get(second)).call.status == CallStatus::final_);
    CHECK(world.carrier.dials().size() == 2);
  });
}

TEST_CASE("no more dials are open than allowed") {
  EngineWorld world;
  world.carrier.every_call().answers(talks);
  world.run([&]() -> Awaitable<void> {
    std::vector<CallId> ids;
    for (int i = 0; i < 40; ++i) ids.push_back(co_await world.place("+9198765432" + std::to_string(10 + i)));
    int most = 0;
    for (int i = 0; i < 2000; ++i) {
      most = std::max(most, world.carrier.active());
      co_await world.clock.sleep_for(milliseconds{100});
    }
    CHECK(most == 10);
    for (const CallId& id : ids) CHECK((co_await world.final_call(id)).call.status == CallStatus::final_);
    CHECK(world.carrier.dials().size() == 40);
  });
}

TEST_CASE("after the kill switch's reply no dial starts, and calls in progress finish") {
  EngineWorld world;
  world.carrier.every_call().answers(talks);
  world.run([&]() -> Awaitable<void> {
    std::vector<CallId> ids;
    for (int i = 0; i < 30; ++i) ids.push_back(co_await world.place("+9198765432" + std::to_string(10 + i)));
    co_await world.clock.sleep_for(milliseconds{30});
    const auto reply =
        co_await world.flags.patch({.outbound_calls_enabled = false}, std::nullopt, world.admin, "test", "kill");
    REQUIRE(reply);
    CHECK(reply->unconfirmed_nodes.empty());
    const std::size_t dialed = world.carrier.dials().size();
    CHECK(dialed > 0);
    co_await world.clock.sleep_for(minutes{5});
    CHECK(world.carrier.dials().size() == dialed);
    CHECK(world.old_system.dials().size() == 30 - dialed);
  });
}

TEST_CASE("a kill while the carrier is slow names this node instead of promising") {
  EngineWorld world;
  world.carrier.every_call().place_takes = seconds{5};
  world.run([&]() -> Awaitable<void> {
    co_await world.place();
    co_await world.clock.sleep_for(milliseconds{100});
    const Instant asked = world.clock.now();
    const auto reply =
        co_await world.flags.patch({.outbound_calls_enabled = false}, std::nullopt, world.admin, "test", "kill");
    REQUIRE(reply);
    CHECK(reply->unconfirmed_nodes == std::vector<NodeId>{world.node});
    CHECK(world.clock.now() - asked <= seconds{1});
  });
}

TEST_CASE("users above the percentage are dialed by the old system and counted there") {
  EngineWorld world;
  world.run([&]() -> Awaitable<void> {
    CHECK(co_await world.flags.patch({.outbound_calls_percentage = Percent{}}, std::nullopt, world.admin, "test",
                                     "none"));
    const CallDetail detail = co_await world.final_call(co_await world.place());
    CHECK(detail.call.system == System::old_system);
    CHECK(detail.call.outcome == Outcome::completed);
    CHECK(world.carrier.dials().empty());
    CHECK(world.metrics.value("calls_total", {{"system", "old"}}) == 1);
  });
}

TEST_CASE("an old system that lost our request is asked again under the same key and dials once") {
  EngineWorld world;
  world.old_system.times_out_next(true);
  world.run([&]() -> Awaitable<void> {
    CHECK(co_await world.flags.patch({.outbound_calls_percentage = Percent{}}, std::nullopt, world.admin, "test",
                                     "none"));
    const CallDetail detail = co_await world.final_call(co_await world.place());
    CHECK(detail.call.outcome == Outcome::completed);
    CHECK(world.old_system.dials().size() == 1);
  });
}

TEST_CASE("promotional calls wait for the callee's morning") {
  EngineWorld night;
  night.carrier.every_call().is_busy();
  night.run([&]() -> Awaitable<void> {
    co_await night.clock.sleep_for(hours{11});  // 23:00 in India
    auto accepted = co_await night.calls.place(
        {.phone = "+919876543210", .agent = AgentId{"agent"}, .kind = CallKind::promotional});
    REQUIRE(accepted);
    co_await night.clock.sleep_for(hours{9});  // 08:00
    CHECK(night.carrier.dials().empty());
    co_await night.clock.sleep_for(minutes{62});
    REQUIRE(night.carrier.dials().size() == 1);
    CHECK(night.carrier.dials()[0].at - noon >= hours{21});
  });
}

TEST_CASE("a number on the do-not-call list is not dialed, also if it was added after the call was accepted") {
  EngineWorld world;
  world.carrier.every_call().answers(talks);
  world.run([&]() -> Awaitable<void> {
    const CallId first = co_await world.place("+919876543210");
    co_await world.clock.sleep_for(seconds{5});
    const CallId second = co_await world.place("+919876543210");  // waits for the first
    CHECK(co_await world.stores->do_not_call().add({.phone = PhoneNumber::parse("+919876543210").value(),
                                                    .reason = "asked",
                                                    .actor = "test",
                                                    .created_at = world.clock.now()}));
    const CallDetail ended = co_await world.final_call(second);
    CHECK(ended.call.outcome == Outcome::cancelled);
    co_await world.final_call(first);
    CHECK(world.carrier.dials().size() == 1);
    auto refused = co_await world.calls.place({.phone = "+919876543210", .agent = AgentId{"agent"}});
    REQUIRE(!refused);
    CHECK(refused.error().code == ErrorCode::do_not_call);
  });
}

TEST_CASE("a call cancelled while it rings ends when it is answered, one in progress says goodbye") {
  EngineWorld world;
  world.carrier.every_call().answers_after(seconds{10}).answers([](fakes::FakeLine& line) {
    line.replies("hello yes").replies("go on please");
  });
  world.run([&]() -> Awaitable<void> {
    const CallId ringing = co_await world.place("+919876543210");
    const CallId talking = co_await world.place("+919876543211");
    co_await world.clock.sleep_for(seconds{5});
    CHECK(co_await world.calls.cancel(ringing, world.admin));
    co_await world.clock.sleep_for(seconds{20});
    CHECK(co_await world.calls.cancel(talking, world.admin));
    CHECK((co_await world.final_call(ringing)).call.outcome == Outcome::cancelled);
    const CallDetail detail = co_await world.final_call(talking);
    CHECK(detail.attempts[0].transcript.back().text == "Thank you for your time. Goodbye.");
    const auto again = co_await world.calls.cancel(talking, world.admin);
    REQUIRE(!again);
    CHECK(again.error().code == ErrorCode::call_already_completed);
  });
}
