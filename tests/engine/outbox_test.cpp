// The outbox on the virtual clock: real stores, couriers that do as a test says.
#include "engine/outbox_courier.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <set>

#include "engine_world.hpp"

namespace callramp::engine {
namespace {

struct FakeCourier final : Courier {
  explicit FakeCourier(async::Clock& given) : clock(given) {}
  std::string_view kind() const noexcept override { return "webhook"; }
  Awaitable<Status> deliver(Parcel parcel, Instant deadline) override {
    ++tries;
    under_way.insert(parcel.target);
    most_under_way = std::max(most_under_way, under_way.count(parcel.target));
    Status status = fails && fails(parcel) ? fail(error, "the receiver is out") : Status{};
    if (takes > Duration{}) co_await clock.sleep_until(std::min(clock.now() + takes, deadline));
    under_way.erase(under_way.find(parcel.target));
    if (status) arrived.push_back(parcel);
    tried.push_back(std::move(parcel));
    co_return status;
  }

  async::Clock& clock;
  std::function<bool(const Parcel&)> fails;
  ErrorCode error = ErrorCode::unavailable;
  Duration takes{};
  int tries = 0;
  std::multiset<std::string> under_way;
  std::size_t most_under_way = 0;
  std::vector<Parcel> arrived;
  std::vector<Parcel> tried;
};

Awaitable<void> subscribe_to(sql::SqlStores& stores, std::string id, std::vector<EventKind> events, Instant now) {
  const Status added = co_await stores.outbox().add_webhook({.id = WebhookId{std::move(id)},
                                                             .url = "https://crm.example.com/hook",
                                                             .events = std::move(events),
                                                             .secret = "s",
                                                             .created_at = now,
                                                             .created_by = "asha"},
                                                            "asha");
  REQUIRE(added);
}

/// Calls that end without a dial: each is one event.
Awaitable<void> end_calls(sql::SqlStores& stores, int count, Instant now) {
  for (int i = 0; i < count; ++i) {
    const CallId id{"call-" + std::to_string(i)};
    REQUIRE(co_await stores.calls().create({.id = id,
                                            .phone = PhoneNumber::parse("+9198000" + std::to_string(10000 + i)).value(),
                                            .user = UserId{"user"},
                                            .agent = AgentId{"agent"},
                                            .created_at = now,
                                            .due_at = now + hours{1},
                                            .updated_at = now},
                                           std::nullopt));
    REQUIRE(co_await stores.calls().request_cancel(id, "asha", now));
  }
}

const Agent test_agent{.id = AgentId{"agent"}, .name = "Agent", .created_at = noon, .updated_at = noon};

struct OutboxWorld : EngineWorld {
  FakeCourier courier{clock};
  OutboxCourier outbox{executor, {}, stores->outbox(), {&courier}, clock, random, log, metrics};

  Awaitable<void> subscribe(std::string id, std::vector<EventKind> events = {EventKind::call_final}) {
    return subscribe_to(*stores, std::move(id), std::move(events), clock.now());
  }
  Awaitable<void> ended_calls(int count) { return end_calls(*stores, count, clock.now()); }
  /// The courier alone; `story` runs beside it.
  template <class Story>
  void carry(Story story) {
    async::run(context, clock, [&]() -> Awaitable<void> {
      CHECK(co_await stores->agents().put(test_agent, "test"));
      async::TaskScope scope(executor);
      scope.spawn(outbox.run());
      co_await story();
      co_await scope.stop();
    });
  }
  template <class T>
  T take(Result<T> result) {
    REQUIRE_MESSAGE(result, (result ? "" : result.error().message));
    return *std::move(result);
  }
};

TEST_CASE_FIXTURE(OutboxWorld, "a call that became final is told within a second with what became of it") {
  run([&]() -> Awaitable<void> {
    co_await subscribe("hook");
    async::TaskScope scope(executor);
    scope.spawn(outbox.run());
    const CallId id = co_await place();
    const CallDetail detail = co_await final_call(id);
    co_await clock.sleep_for(seconds{1});
    REQUIRE(courier.arrived.size() == 1);
    const Parcel& parcel = courier.arrived.front();
    CHECK(parcel.event == "call.final");
    CHECK(parcel.subject == id.str());
    const auto body = boost::json::parse(parcel.body).as_object();
    CHECK(body.at("id").as_string() == parcel.event_id);
    CHECK(body.at("type").as_string() == "call.final");
    CHECK(body.at("data").at("callId").as_string() == id.str());
    CHECK(body.at("data").at("outcome").as_string() == to_string(*detail.call.outcome));
    CHECK(body.at("data").at("phoneNumber").as_string() == "+919876543210");
    co_await scope.stop();
  });
}

TEST_CASE_FIXTURE(OutboxWorld, "nobody subscribed means that no event is written") {
  carry([&]() -> Awaitable<void> {
    co_await ended_calls(3);
    CHECK_FALSE(take(co_await stores->outbox().has_work(clock.now())));
    co_await subscribe("batches", {EventKind::batch_done});
    co_await clock.sleep_for(seconds{2});
    CHECK(courier.tries == 0);
  });
}

TEST_CASE_FIXTURE(OutboxWorld, "every subscription gets each event once and those it did not ask for never") {
  carry([&]() -> Awaitable<void> {
    co_await subscribe("a");
    co_await subscribe("b", {EventKind::call_final, EventKind::batch_done});
    co_await subscribe("c", {EventKind::decision_taken});
    co_await ended_calls(250);  // more than one look writes out
    co_await clock.sleep_for(seconds{5});
    std::map<std::string, std::set<std::string>> got;
    for (const Parcel& parcel : courier.arrived) got[parcel.target].insert(parcel.event_id);
    CHECK(courier.arrived.size() == 500);
    CHECK(got["a"].size() == 250);
    CHECK(got["a"] == got["b"]);
    CHECK_FALSE(got.contains("c"));
  });
}

TEST_CASE_FIXTURE(OutboxWorld, "a receiver that is out for six hours gets everything once it is back") {
  carry([&]() -> Awaitable<void> {
    co_await subscribe("hook");
    const Instant back = clock.now() + hours{6};
    courier.fails = [this, back](const Parcel&) { return clock.now() < back; };
    co_await ended_calls(20);
    co_await clock.sleep_for(hours{5});
    CHECK(courier.arrived.empty());
    co_await clock.sleep_for(hours{4});
    CHECK(courier.arrived.size() == 20);
    CHECK(courier.tries < 20 * 20);
    CHECK(take(co_await stores->outbox().dead_letters()) == 0);
    const auto rows = take(co_await stores->outbox().deliveries({.webhook = WebhookId{"hook"}, .limit = 100}));
    REQUIRE(rows.size() == 20);
    CHECK(rows.front().state == DeliveryState::delivered);
    CHECK(rows.front().settled_at >= back);
  });
}

TEST_CASE_FIXTURE(OutboxWorld, "after a day it is dead until somebody sends it again") {
  carry([&]() -> Awaitable<void> {
    co_await subscribe("hook");
    courier.fails = [](const Parcel&) { return true; };
    co_await ended_calls(2);
    co_await clock.sleep_for(hours{25});
    CHECK(take(co_await stores->outbox().dead_letters()) == 2);
    const int tries = courier.tries;
    co_await clock.sleep_for(hours{24});
    CHECK(courier.tries == tries);
    auto rows = take(co_await stores->outbox().deliveries(
        {.webhook = WebhookId{"hook"}, .state = DeliveryState::dead, .limit = 100}));
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].last_error == "the receiver is out");
    CHECK(rows[0].parcel.seq > rows[1].parcel.seq);
    courier.fails = {};
    const Duration day = hours{24};
    CHECK(take(co_await stores->outbox().redeliver(WebhookId{"hook"}, rows[0].parcel.seq, day, "asha", clock.now())) ==
          1);
    co_await clock.sleep_for(seconds{2});
    CHECK(courier.arrived.size() == 1);
    CHECK(take(co_await stores->outbox().redeliver(WebhookId{"hook"}, std::nullopt, day, "asha", clock.now())) == 1);
    co_await clock.sleep_for(seconds{2});
    CHECK(courier.arrived.size() == 2);
    const auto unknown = co_await stores->outbox().redeliver(WebhookId{"hook"}, 999, day, "asha", clock.now());
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().field == "deliveryId");
  });
}

TEST_CASE_FIXTURE(OutboxWorld, "a receiver that says never again is not asked again") {
  carry([&]() -> Awaitable<void> {
    co_await subscribe("hook");
    courier.fails = [](const Parcel&) { return true; };
    courier.error = ErrorCode::not_found;
    co_await ended_calls(3);
    co_await clock.sleep_for(hours{1});
    CHECK(courier.tries == 3);
    CHECK(take(co_await stores->outbox().dead_letters()) == 3);
  });
}

TEST_CASE_FIXTURE(OutboxWorld, "within one subject nothing overtakes") {
  carry([&]() -> Awaitable<void> {
    co_await subscribe("hook");
    co_await ended_calls(1);
    // The same call told again and again, as one that is retried by hand would be.
    for (int i = 0; i < 4; ++i)
      take(co_await stores->executor().write<std::int64_t>([](sql::Db& db) -> Result<std::int64_t> {
        return db.run("insert into events (kind, subject, at) select 'call.final', id, final_at from calls");
      }));
    int refused = 0;
    courier.fails = [&](const Parcel&) { return ++refused % 3 != 0; };
    co_await clock.sleep_for(hours{1});
    REQUIRE(courier.arrived.size() == 5);
    CHECK(std::ranges::is_sorted(courier.tried, {}, &Parcel::seq));
  });
}

TEST_CASE_FIXTURE(OutboxWorld, "a receiver that hangs holds up nobody else") {
  carry([&]() -> Awaitable<void> {
    co_await subscribe("hangs");
    co_await subscribe("works");
    courier.takes = seconds{1};
    courier.fails = [&](const Parcel& parcel) {
      courier.takes = parcel.target == "hangs" ? Duration{hours{1}} : Duration{milliseconds{1}};
      return parcel.target == "hangs";
    };
    co_await ended_calls(300);
    co_await clock.sleep_for(seconds{4});
    CHECK(std::ranges::count(courier.arrived, std::string("works"), &Parcel::target) == 300);
    CHECK(courier.most_under_way == 8);
  });
}

TEST_CASE_FIXTURE(OutboxWorld, "what a dead process had in hand is tried again when its lease is over") {
  carry([&]() -> Awaitable<void> {
    co_await subscribe("hook");
    co_await ended_calls(1);
    take(co_await stores->outbox().write_out(10, hours{24}, clock.now()));
    // Taken by a process that never says what came of it.
    const auto taken = take(co_await stores->outbox().take({.now = clock.now()}));
    REQUIRE(taken.size() == 1);
    co_await clock.sleep_for(seconds{58});
    CHECK(courier.tries == 0);
    co_await clock.sleep_for(seconds{4});
    REQUIRE(courier.arrived.size() == 1);
    CHECK(courier.arrived.front().event_id == taken.front().event_id);
    CHECK(courier.arrived.front().tries == 2);
    // The dead one comes back to life: what it says is of yesterday.
    CHECK(co_await stores->outbox().settle({.seq = taken.front().seq,
                                            .tries = taken.front().tries,
                                            .state = DeliveryState::dead,
                                            .error = "late",
                                            .now = clock.now()}));
    CHECK(take(co_await stores->outbox().dead_letters()) == 0);
  });
}

TEST_CASE_FIXTURE(OutboxWorld, "a subscription that is removed takes what waits for it along") {
  carry([&]() -> Awaitable<void> {
    co_await subscribe("hook");
    courier.fails = [](const Parcel&) { return true; };
    co_await ended_calls(3);
    co_await clock.sleep_for(seconds{2});
    CHECK(co_await stores->outbox().remove_webhook(WebhookId{"hook"}, "asha", clock.now()));
    const int tries = courier.tries;
    co_await clock.sleep_for(hours{30});
    CHECK(courier.tries == tries);
    CHECK(take(co_await stores->outbox().webhooks()).empty());
    CHECK_FALSE(co_await stores->outbox().webhook(WebhookId{"hook"}));
  });
}

TEST_CASE("an event that was written survives the process that wrote it") {
  std::string folder = (std::filesystem::temp_directory_path() / "callramp-outbox-XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const std::string url = "sqlite:" + folder + "/callramp.db";
  for (int life = 0; life < 3; ++life) {
    CAPTURE(life);
    asio::io_context context{1};
    async::VirtualClock clock{noon + hours{life}};
    SeededRandom random{1};
    NullLog log;
    fakes::FakeMetrics metrics;
    FakeCourier courier{clock};
    auto stores = sql::SqlStores::open({.url = url, .now = noon, .run_inline = true}).value();
    OutboxCourier outbox(context.get_executor(), {}, stores->outbox(), {&courier}, clock, random, log, metrics);
    async::run(context, clock, [&]() -> Awaitable<void> {
      if (life == 0) {
        CHECK(co_await stores->agents().put(test_agent, "test"));
        co_await subscribe_to(*stores, "hook", {EventKind::call_final}, clock.now());
        co_await end_calls(*stores, 5, clock.now());
        co_return;  // and dies
      }
      async::TaskScope scope(context.get_executor());
      scope.spawn(outbox.run());
      co_await clock.sleep_for(minutes{2});
      CHECK(courier.arrived.size() == (life == 1 ? 5 : 0));
      co_await scope.stop();
    });
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace callramp::engine
