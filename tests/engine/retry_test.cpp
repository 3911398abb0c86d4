// Retries from end to end: the attempt's ending, the wait, the next dial, and what stops it.
#include "adapters/sql/invariants.hpp"
#include "engine/engine_world.hpp"

using namespace callramp;
using namespace callramp::engine;

namespace {

void talks(fakes::FakeLine& line) { line.replies("hello yes").replies("thank you").hangs_up_after(seconds{20}); }

Awaitable<void> expect_whole(EngineWorld& world) {
  const auto broken = co_await world.stores->executor().read<std::string>(
      [](sql::Db& db) -> Result<std::string> { return sql::broken_invariants(db); });
  REQUIRE(broken);
  CHECK(*broken == "");
}

// Within a tenth, and the moments that a dial and its news take.
void check_near(Duration actual, Duration expected) {
  CAPTURE(to_words(actual));
  CAPTURE(to_words(expected));
  CHECK(actual >= expected * 9 / 10 - seconds{2});
  CHECK(actual <= expected * 11 / 10 + seconds{4});
}

}  // namespace

TEST_CASE("nobody answers - dialed again three times with growing waits and then final once") {
  EngineWorld world;
  world.with_retries = true;
  world.carrier.every_call().does_not_answer();
  world.run([&]() -> Awaitable<void> {
    const CallId id = co_await world.place();
    co_await world.clock.sleep_for(minutes{2});
    const CallDetail waiting = co_await world.get(id);
    CHECK(waiting.call.status == CallStatus::scheduled);
    REQUIRE(waiting.call.retry_at.has_value());
    CHECK(waiting.call.reason == "nobody answered; retry 1 of 3 at " + to_iso(*waiting.call.retry_at));
    CHECK(world.metrics.value("calls_total", {{"system", "new"}}) == 0);

    const CallDetail detail = co_await world.final_call(id);
    CHECK(detail.call.outcome == Outcome::no_answer);
    CHECK(detail.call.reason == "nobody answered; 3 retries made, the policy has 3");
    REQUIRE(detail.attempts.size() == 4);
    REQUIRE(world.carrier.dials().size() == 4);
    const auto gap = [&](std::size_t n) {
      return world.carrier.dials()[n].at - *world.carrier.dials()[n - 1].ended_at;
    };
    check_near(gap(1), minutes{5});
    check_near(gap(2), minutes{10});
    check_near(gap(3), minutes{20});
    CHECK(world.metrics.value("calls_total", {{"system", "new"}}) == 1);
    CHECK(world.metrics.value("callramp_retries_total", {{"system", "new"}, {"outcome", "no_answer"}}) == 3);
    co_await world.clock.sleep_for(hours{3});
    CHECK(world.carrier.dials().size() == 4);
    co_await expect_whole(world);
  });
}

TEST_CASE("a line that was busy is answered at its retry and the call is completed") {
  EngineWorld world;
  world.with_retries = true;
  world.carrier.every_call().answers(talks);
  world.carrier.next_call().is_busy();
  world.run([&]() -> Awaitable<void> {
    const CallDetail detail = co_await world.final_call(co_await world.place());
    CHECK_MESSAGE(detail.call.outcome == Outcome::completed, detail.call.reason);
    CHECK(detail.call.retries == 1);
    REQUIRE(detail.attempts.size() == 2);
    CHECK(detail.attempts[0].attempt.outcome == Outcome::busy);
    CHECK(detail.attempts[1].transcript.size() > 1);
    CHECK(world.metrics.value("calls_successful_total", {{"system", "new"}}) == 1);
    co_await expect_whole(world);
  });
}

TEST_CASE("a retry stays on its call's system - and is sent to old by the kill switch") {
  struct Row {
    const char* name;
    bool killed;
    System system;
  };
  for (const Row& row : {Row{"all goes on", false, System::new_system}, Row{"killed", true, System::old_system}}) {
    CAPTURE(row.name);
    EngineWorld world;
    world.with_retries = true;
    world.carrier.every_call().is_busy();
    world.run([&]() -> Awaitable<void> {
      const CallId id = co_await world.place();
      co_await world.clock.sleep_for(minutes{1});
      if (row.killed)
        CHECK(co_await world.flags.patch({.outbound_calls_enabled = false}, std::nullopt, world.admin, "test", "kill"));
      co_await world.clock.sleep_for(minutes{13});
      const CallDetail detail = co_await world.get(id);
      REQUIRE(detail.attempts.size() == 2);
      CHECK(detail.attempts[1].attempt.system == row.system);
      CHECK(detail.call.system == row.system);
      if (row.killed) {
        CHECK(detail.call.outcome == Outcome::completed);  // as old reports
        CHECK(world.metrics.value("callramp_call_outcomes_total", {{"system", "old"}, {"outcome", "completed"}}) == 1);
      }
      co_await expect_whole(world);
    });
  }
}

TEST_CASE("what old could not reach is dialed again on old") {
  EngineWorld world;
  world.with_retries = true;
  world.old_system.reports(Outcome::no_answer, seconds{30});
  world.run([&]() -> Awaitable<void> {
    CHECK(co_await world.flags.patch({.outbound_calls_percentage = Percent{}}, std::nullopt, world.admin, "test",
                                     "none"));
    const CallId id = co_await world.place();
    co_await world.clock.sleep_for(minutes{2});
    world.old_system.reports(Outcome::completed, seconds{40});
    // An advance in between moves nobody's retry onto new.
    CHECK(co_await world.flags.patch({.outbound_calls_percentage = Percent::from_basis_points(10000).value()},
                                     std::nullopt, world.admin, "test", "all"));
    const CallDetail detail = co_await world.final_call(id);
    CHECK(detail.call.outcome == Outcome::completed);
    CHECK(detail.call.system == System::old_system);
    CHECK(world.old_system.dials().size() == 2);
    CHECK(world.carrier.dials().empty());
    co_await expect_whole(world);
  });
}

TEST_CASE("switching retries off ends those that wait with their last outcome and makes no new one") {
  EngineWorld world;
  world.with_retries = true;
  world.carrier.every_call().is_busy();
  world.run([&]() -> Awaitable<void> {
    const CallId waits = co_await world.place();
    co_await world.clock.sleep_for(minutes{1});
    CHECK(co_await world.flags.patch({.enable_retry_logic = false}, std::nullopt, world.admin, "test", "costs"));
    const CallDetail later = co_await world.final_call(co_await world.place("+919876543211"));
    CHECK(later.call.outcome == Outcome::busy);
    const CallDetail ended = co_await world.final_call(waits);
    CHECK(ended.call.outcome == Outcome::busy);
    CHECK(ended.attempts.size() == 1);
    CHECK(ended.call.reason == "the carrier says busy; its retry was not dialed: retries are switched off");
    CHECK(world.carrier.dials().size() == 2);
    CHECK(world.metrics.value("calls_total", {{"system", "new"}}) == 2);
    co_await expect_whole(world);
  });
}

TEST_CASE("a retry that would come at night comes when the window opens") {
  EngineWorld world;
  world.with_retries = true;
  world.carrier.every_call().does_not_answer();
  world.run([&]() -> Awaitable<void> {
    co_await world.clock.sleep_for(hours{8} + minutes{57});  // 20:57 in India
    auto accepted = co_await world.calls.place(
        {.phone = "+919876543210", .agent = AgentId{"agent"}, .kind = CallKind::promotional});
    REQUIRE(accepted);
    co_await world.clock.sleep_for(minutes{2});
    const CallDetail waiting = co_await world.get(accepted->call.id);
    CHECK(waiting.call.retry_at == noon + hours{21});
    co_await world.clock.sleep_for(hours{11});
    CHECK(world.carrier.dials().size() == 1);
    co_await world.final_call(accepted->call.id);
    REQUIRE(world.carrier.dials().size() == 4);
    CHECK(world.carrier.dials()[1].at >= noon + hours{21});
    CHECK(world.carrier.dials()[1].at < noon + hours{21} + seconds{10});
  });
}

TEST_CASE("a carrier that takes no dial costs a retry no try") {
  EngineWorld world;
  world.with_retries = true;
  world.carrier.every_call().is_busy();
  world.run([&]() -> Awaitable<void> {
    const CallId id = co_await world.place();
    co_await world.clock.sleep_for(minutes{1});
    for (int n = 0; n < 4; ++n) world.carrier.next_call().is_refused({ErrorCode::unavailable, "503"});
    const CallDetail detail = co_await world.final_call(id);
    CHECK(detail.call.outcome == Outcome::busy);
    CHECK(detail.call.retries == 3);
    CHECK(world.carrier.dials().size() == 4);
    CHECK(detail.attempts.size() == 8);
    co_await expect_whole(world);
  });
}
