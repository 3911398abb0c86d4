// Campaigns on the virtual clock: fed, paced, paused, stopped by their budget, and gone on with after a crash.
#include "engine/engine_world.hpp"

using namespace callramp;
using namespace callramp::engine;

namespace {

void talks(fakes::FakeLine& line) { line.replies("hello yes").replies("thank you").hangs_up_after(seconds{20}); }

struct CampaignWorld : EngineWorld {
  CampaignWorld() { carrier.every_call().answers(talks); }

  Awaitable<Campaign> make(Campaign wanted, int contacts, int first = 0) {
    if (wanted.name.empty()) wanted.name = "Offer";
    wanted.agent = AgentId{"agent"};
    wanted.kind = CallKind::promotional;
    auto created = co_await campaigns.create(std::move(wanted), true, admin);
    REQUIRE_MESSAGE(created, (created ? "" : created.error().message));
    co_await add(created->id, contacts, first);
    co_return *created;
  }
  Awaitable<void> add(CampaignId id, int contacts, int first = 0) {
    std::vector<NewContact> list;
    for (int n = 0; n < contacts; ++n) list.push_back({.phone = number(first + n)});
    const auto added = co_await campaigns.add_contacts(id, std::move(list));
    REQUIRE_MESSAGE(added, (added ? "" : added.error().message));
  }
  static std::string number(int n) { return "+9198" + std::to_string(10'000'000 + n); }

  Awaitable<void> order(CampaignId id, CampaignOrder what) {
    const auto ordered = co_await campaigns.order(id, what, "", std::nullopt, admin);
    REQUIRE_MESSAGE(ordered, (ordered ? "" : ordered.error().message));
  }
  Awaitable<CampaignProgress> progress(CampaignId id) {
    const auto counted = co_await campaigns.progress(id);
    REQUIRE(counted);
    co_return *counted;
  }
  Awaitable<CampaignStatus> status(CampaignId id) {
    const auto campaign = co_await campaigns.get(id);
    REQUIRE(campaign);
    co_return campaign->status;
  }
  Awaitable<void> until(CampaignId id, CampaignStatus wanted, Duration limit) {
    const Instant end = clock.now() + limit;
    while (clock.now() < end && co_await status(id) != wanted) co_await clock.sleep_for(seconds{1});
    CHECK(to_string(co_await status(id)) == to_string(wanted));
  }
};

}  // namespace

TEST_CASE("a campaign calls everybody once and completes by itself") {
  CampaignWorld world;
  world.run([&]() -> Awaitable<void> {
    const Campaign campaign = co_await world.make({}, 40);
    co_await world.clock.sleep_for(seconds{1});
    CHECK(!world.carrier.dials().empty());  // started within a second
    int most = 0;
    for (int i = 0; i < 120; ++i) {
      most = std::max(most, world.carrier.active());
      co_await world.clock.sleep_for(seconds{1});
    }
    co_await world.until(campaign.id, CampaignStatus::completed, minutes{10});
    CHECK(most == 10);
    CHECK(world.carrier.dials().size() == 40);
    std::set<std::string> called;
    for (const auto& dial : world.carrier.dials()) called.insert(dial.request.to.e164());
    CHECK(called.size() == 40);
    const CampaignProgress progress = co_await world.progress(campaign.id);
    CHECK(progress.contacts == 40);
    CHECK(progress.done == 40);
    CHECK(progress.waiting == 0);
    CHECK(progress.spent.micros > 0);
  });
}

TEST_CASE("a pause holds within a second, a resume dials within a second, a cancel ends everything") {
  CampaignWorld world;
  world.run([&]() -> Awaitable<void> {
    const Campaign campaign = co_await world.make({}, 200);
    co_await world.clock.sleep_for(seconds{30});
    co_await world.order(campaign.id, CampaignOrder::pause);
    const std::size_t dialed = world.carrier.dials().size();
    CHECK(dialed >= 10);
    co_await world.clock.sleep_for(hours{3});
    // One dial may have been claimed before the order and not have reached the carrier yet.
    const std::size_t after_pause = world.carrier.dials().size();
    CHECK(after_pause <= dialed + 1);
    const auto why = co_await world.campaigns.why(campaign.id);
    REQUIRE(why);
    CHECK(!why->dialing);
    CHECK(why->sentence == "not dialing: campaign is paused: by asha");
    co_await world.order(campaign.id, CampaignOrder::resume);
    co_await world.clock.sleep_for(seconds{1});
    CHECK(world.carrier.dials().size() > after_pause);
    co_await world.clock.sleep_for(seconds{15});
    co_await world.order(campaign.id, CampaignOrder::cancel);
    const std::size_t at_cancel = world.carrier.dials().size();
    co_await world.clock.sleep_for(minutes{30});
    CHECK(world.carrier.dials().size() <= at_cancel + 1);
    const CampaignProgress progress = co_await world.progress(campaign.id);
    CHECK(progress.calling == 0);
    CHECK(progress.queued == 0);
    CHECK(progress.waiting > 0);
  });
}

TEST_CASE("a start time is kept to the second") {
  CampaignWorld world;
  world.run([&]() -> Awaitable<void> {
    const Campaign campaign = co_await world.make({.start_at = noon + minutes{10}}, 3);
    CHECK(campaign.status == CampaignStatus::scheduled);
    co_await world.clock.sleep_until(noon + minutes{10} - milliseconds{500});
    CHECK(world.carrier.dials().empty());
    co_await world.clock.sleep_for(milliseconds{1600});
    CHECK(co_await world.status(campaign.id) == CampaignStatus::active);
    CHECK(!world.carrier.dials().empty());
  });
}

TEST_CASE("a campaign's own lines and pace hold") {
  CampaignWorld world;
  world.run([&]() -> Awaitable<void> {
    const Campaign narrow = co_await world.make({.name = "narrow", .max_concurrent = 2}, 30);
    int most = 0;
    for (int i = 0; i < 300; ++i) {
      most = std::max(most, world.carrier.active());
      co_await world.clock.sleep_for(milliseconds{500});
    }
    CHECK(most == 2);
    co_await world.order(narrow.id, CampaignOrder::cancel);
    co_await world.clock.sleep_for(minutes{2});
    const std::size_t before = world.carrier.dials().size();
    co_await world.make({.name = "slow", .calls_per_minute = 6}, 100, 1000);
    co_await world.clock.sleep_for(minutes{10});
    const std::size_t slow = world.carrier.dials().size() - before;
    CHECK(slow >= 58);
    CHECK(slow <= 62);
  });
}

TEST_CASE("nobody is called outside the window and a list over days goes on each morning") {
  CampaignWorld world;
  world.carrier.every_call().is_busy();  // no conversation: ten thousand calls are quick
  world.carrier.every_call().ring = seconds{20};
  world.run([&]() -> Awaitable<void> {
    // Promotional: 09:00 to 21:00 in India, which is 03:30 to 15:30 UTC.
    const Campaign campaign =
        co_await world.make({.settings = {.retry = {.busy = {.tries = 0}}}, .calls_per_minute = 3}, 1000);
    for (int batch = 1; batch < 10; ++batch) co_await world.add(campaign.id, 1000, batch * 1000);
    // A list of ten thousand is no backlog: what is due and admitted is a handful.
    std::int64_t most_backlog = 0;
    const auto watch_until = [&](Instant end) -> Awaitable<void> {
      while (world.clock.now() < end) {
        const auto backlog = co_await world.stores->calls().backlog(world.clock.now());
        REQUIRE(backlog);
        most_backlog = std::max(most_backlog, *backlog);
        co_await world.clock.sleep_for(minutes{10});
      }
    };
    co_await watch_until(noon + hours{12});  // midnight
    const CampaignProgress at_night = co_await world.progress(campaign.id);
    const auto why = co_await world.campaigns.why(campaign.id);
    REQUIRE(why);
    CHECK(why->sentence ==
          "not dialing: window opens 09:00 in Asia/Kolkata (" + std::to_string(at_night.waiting) + ")");
    co_await watch_until(noon + hours{24});
    CHECK(most_backlog <= 10);
    std::set<std::string> called;
    std::set<std::int64_t> days;
    int outside = 0;
    for (const auto& dial : world.carrier.dials()) {
      const Instant local = dial.at + minutes{330};
      const auto of_day = local - std::chrono::floor<std::chrono::days>(local);
      // The carrier has it 100 ms after the claim.
      if (of_day < hours{9} || of_day >= hours{21} + seconds{1}) ++outside;
      days.insert(std::chrono::floor<std::chrono::days>(local).time_since_epoch().count());
      called.insert(dial.request.to.e164());
    }
    CHECK(outside == 0);
    CHECK(days.size() == 2);  // Tuesday from noon, and Wednesday until noon
    CHECK(called.size() == world.carrier.dials().size());
    const int expected = 3 * 60 * (9 + 3);
    CHECK(called.size() > 0.98 * expected);
    CHECK(called.size() <= expected + 10);
    const CampaignProgress progress = co_await world.progress(campaign.id);
    CHECK(progress.waiting + progress.done + progress.calling + progress.queued == 10'000);
  });
}

TEST_CASE("the end of a budget stops the campaign and tells it once at each share") {
  CampaignWorld world;
  world.run([&]() -> Awaitable<void> {
    // Every call costs its minute of 0.50 and a little for what was said.
    const Campaign campaign =
        co_await world.make({.max_concurrent = 1, .budget = {.total = parse_money("10 INR").value()}}, 200);
    co_await world.until(campaign.id, CampaignStatus::paused, hours{2});
    const std::size_t dialed = world.carrier.dials().size();
    CHECK(dialed > 3);
    CHECK(dialed < 25);
    co_await world.clock.sleep_for(hours{1});
    CHECK(world.carrier.dials().size() <= dialed + 1);
    const auto stored = co_await world.campaigns.get(campaign.id);
    REQUIRE(stored);
    CHECK(stored->status_reason == "budget of 10.00 INR is spent; raise it and resume");
    const auto untold = co_await world.stores->campaigns().untold_alerts();
    REQUIRE(untold);
    CHECK(untold->empty());
  });
}

TEST_CASE("two campaigns that want one number never ring it at once") {
  CampaignWorld world;
  world.run([&]() -> Awaitable<void> {
    const Campaign one = co_await world.make({.name = "one"}, 8);
    const Campaign two = co_await world.make({.name = "two", .priority = Priority::high}, 8);
    std::map<std::string, int> ringing;
    int most = 0;
    for (int i = 0; i < 1200; ++i) {
      ringing.clear();
      for (const auto& dial : world.carrier.dials())
        if (!dial.ended_at) most = std::max(most, ++ringing[dial.request.to.e164()]);
      co_await world.clock.sleep_for(milliseconds{500});
    }
    CHECK(most == 1);
    co_await world.until(one.id, CampaignStatus::completed, minutes{10});
    co_await world.until(two.id, CampaignStatus::completed, minutes{10});
    CHECK(world.carrier.dials().size() == 16);
  });
}

TEST_CASE("do-not-call in the middle of a campaign stops the next dial") {
  CampaignWorld world;
  world.run([&]() -> Awaitable<void> {
    const Campaign campaign = co_await world.make({.max_concurrent = 1}, 20);
    co_await world.clock.sleep_for(seconds{10});
    for (int n = 5; n < 20; ++n) {
      const auto ended =
          co_await world.stores->do_not_call().add({.phone = PhoneNumber::parse(CampaignWorld::number(n)).value(),
                                                    .reason = "asked",
                                                    .actor = "asha",
                                                    .created_at = world.clock.now()});
      REQUIRE(ended);
    }
    co_await world.until(campaign.id, CampaignStatus::completed, hours{1});
    for (const auto& dial : world.carrier.dials()) CHECK(dial.request.to.e164() < CampaignWorld::number(5));
    CHECK(world.carrier.dials().size() == 5);
  });
}

TEST_CASE("a crash between feeding and claiming loses nobody and doubles nobody") {
  CampaignWorld world;
  world.run([&]() -> Awaitable<void> {
    // The runner of another process fed these, and died before a dialer saw them.
    const Campaign campaign = co_await world.make({.start_at = noon + minutes{1}}, 6);
    co_await world.clock.sleep_until(noon + minutes{1});
    const auto started = co_await world.stores->campaigns().advance(world.clock.now());
    REQUIRE(started);
    FeedRequest request{.campaign = campaign.id, .zones = {"Asia/Kolkata"}, .now = world.clock.now()};
    for (int i = 0; i < 4; ++i) request.ids.push_back(make_id<CallId>(world.clock.now(), world.random));
    REQUIRE(co_await world.stores->campaigns().feed(request));
    co_await world.until(campaign.id, CampaignStatus::completed, minutes{10});
    std::set<std::string> called;
    for (const auto& dial : world.carrier.dials()) called.insert(dial.request.to.e164());
    CHECK(world.carrier.dials().size() == 6);
    CHECK(called.size() == 6);
  });
}

TEST_CASE("a test call rings at once whatever the campaign does and counts nowhere") {
  CampaignWorld world;
  world.run([&]() -> Awaitable<void> {
    const Campaign campaign = co_await world.make({.start_at = noon + hours{20}}, 3);
    const auto test = co_await world.campaigns.test_call(campaign.id, {.phone = "+919999999999"});
    REQUIRE(test);
    const CallDetail detail = co_await world.final_call(test->call.id);
    CHECK(detail.call.test);
    CHECK(detail.call.outcome == Outcome::completed);
    CHECK((co_await world.progress(campaign.id)).done == 0);
  });
}
