#include <algorithm>

#include "engine/rollout_world.hpp"

using namespace callramp;
using namespace callramp::engine;
using rollout::Action;
using rollout::CommandKind;
using rollout::Stage;

namespace {

// Decisions of one kind, oldest first.
std::vector<rollout::Decision> of(const std::vector<rollout::Decision>& newest_first, Action action) {
  std::vector<rollout::Decision> found;
  for (const rollout::Decision& one : newest_first)
    if (one.action == action) found.insert(found.begin(), one);
  return found;
}

std::string told(const std::vector<rollout::Decision>& newest_first) {
  std::string text;
  for (const rollout::Decision& one : newest_first)
    text = to_iso(one.at) + " " + one.rule + ": " + one.sentence + "\n" + text;
  return text;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// A long story's pace: what happens between two looks is the same half an hour later.
void unhurried(RolloutWorld& world) {
  world.look_every = minutes{30};
  world.beat = seconds{30};
  world.gauges_every = minutes{10};
}

}  // namespace

TEST_CASE("a good release goes from nothing to everything in five weeks by itself") {
  RolloutWorld world;
  unhurried(world);
  world.run([&]() -> Awaitable<void> {
    co_await world.upload(plan_text());
    co_await world.order(CommandKind::start);
    CHECK(co_await world.percentage() == Percent::parse("20").value());
    co_await world.clock.sleep_for(hours{24 * 34});
    const auto log = co_await world.log_of_decisions();
    INFO(told(log));
    const RolloutView view = co_await world.view();
    CHECK((view.state.stage == Stage::complete || view.state.stage == Stage::watching));
    CHECK(co_await world.percentage() == Percent::parse("100").value());
    CHECK(of(log, Action::advance).size() == 4);  // the start is one
    CHECK(of(log, Action::complete).size() == 1);
    CHECK(of(log, Action::freeze).empty());
    CHECK(of(log, Action::roll_back).empty());
    for (const PhaseSpan& span : (co_await world.stores->rollouts().spans("outbound-calls")).value())
      CHECK((!span.ended_at || *span.ended_at - span.started_at >= hours{24 * 7}));
    CHECK(world.made[System::new_system] > 3000);
    CHECK(world.metrics.value("callramp_rollout_target_ratio", {{"rollout", "outbound-calls"}}) == 1);
  });
}

TEST_CASE("a bad release is taken back, its incident worked through and a new run begins with nothing counted") {
  RolloutWorld world;
  unhurried(world);
  world.success_new = 0.45;
  world.run([&]() -> Awaitable<void> {
    co_await world.upload(plan_text());
    co_await world.order(CommandKind::start);
    co_await world.clock.sleep_for(hours{24 * 7});
    auto log = co_await world.log_of_decisions();
    INFO(told(log));
    RolloutView view = co_await world.view();
    REQUIRE(view.state.stage == Stage::rolled_back);
    CHECK(co_await world.percentage() == Percent{});
    const auto back = of(log, Action::roll_back);
    REQUIRE(back.size() == 1);
    CHECK(of(log, Action::advance).size() == 1);
    REQUIRE(view.receipt);
    CHECK(contains(view.receipt->sentence, "0 % on 1/1 nodes since "));
    CHECK(contains(view.receipt->sentence, "last new dial "));
    CHECK(contains(view.receipt->sentence, " with an open callback, switch"));
    REQUIRE(view.receipt->switched);
    CHECK(view.receipt->switched->users > 10);
    CHECK(view.state.incident.value().decision == back[0].id);
    CHECK(view.receipt->since - back[0].at < seconds{1});
    REQUIRE(view.state.incident);

    auto too_early = co_await world.rollouts().command("outbound-calls",
                                                       {.kind = CommandKind::resume, .reason = "again"}, world.admin);
    REQUIRE_FALSE(too_early);
    CHECK(too_early.error().code == ErrorCode::conflict);
    for (const std::string_view item : rollout::incident_items)
      REQUIRE(co_await world.rollouts().close_incident_item(
          {.rollout = "outbound-calls", .note = "done", .actor = world.admin}, std::string(item)));
    world.success_new = 0.9;
    co_await world.order(CommandKind::resume);
    view = co_await world.view();
    CHECK(view.state.run == 2);
    CHECK(view.state.stage == Stage::running);
    CHECK(view.counts.calls.total == 0);
    CHECK(co_await world.percentage() == Percent::parse("20").value());
    co_await world.clock.sleep_for(hours{24 * 6});
    CHECK(co_await world.percentage() == Percent::parse("20").value());  // the full minimum duration again
    co_await world.clock.sleep_for(hours{24 * 4});
    CHECK(co_await world.percentage() == Percent::parse("40").value());
  });
}

TEST_CASE("a P1 bug takes everything to zero within one tick whatever is missing") {
  RolloutWorld world;
  world.traffic = false;               // no call was ever counted
  world.sources.prometheus = nullptr;  // nor is any level read
  world.run([&]() -> Awaitable<void> {
    co_await world.upload(plan_text("guarded", "metrics:\n  pods_ready: {promql: sum(up)}\n"));
    co_await world.order(CommandKind::start);
    CHECK(co_await world.percentage() == Percent::parse("20").value());
    co_await world.clock.sleep_for(minutes{3});
    const Instant reported = world.clock.now();
    co_await world.report("bug", "BUG-1", "P1");
    while (co_await world.percentage() != Percent{} && world.clock.now() - reported < minutes{1})
      co_await world.clock.sleep_for(milliseconds{100});
    CHECK(world.clock.now() - reported <= seconds{10});
    const RolloutView view = co_await world.view();
    CHECK(view.state.stage == Stage::rolled_back);
    const auto back = of(co_await world.log_of_decisions(), Action::roll_back);
    REQUIRE(back.size() == 1);
    CHECK_MESSAGE(contains(back[0].sentence, "P1"), back[0].sentence);
    // Routing had it before anybody could hear of it.
    CHECK(world.flags().route("user-1").system == System::old_system);
  });
}

TEST_CASE("contacts count as confirmed by the plan's dates and a preview stores nothing") {
  RolloutWorld world;
  world.traffic = false;
  world.run([&]() -> Awaitable<void> {
    std::string yaml = plan_text("automatic",
                                 "contacts:\n  - {name: Asha, role: on-call, phone: \"+919800000001\", hours: always, "
                                 "confirmed: 2026-11-20}\n");
    yaml.replace(yaml.find("phases:"), 0,
                 "  go:\n    gate: start\n    items:\n"
                 "      contacts: {text: Contacts, ticks_when: contacts_confirmed(fresh <= 30d)}\n"
                 "      go-no-go: {text: Go, ticks_when: approved_by(any)}\n");
    co_await world.upload(yaml);
    co_await world.clock.sleep_for(seconds{1});
    const rollout::Command start{.kind = CommandKind::start, .reason = "go"};
    const auto early = co_await world.rollouts().command("outbound-calls", start, world.admin);
    REQUIRE_FALSE(early);
    CHECK_MESSAGE(contains(early.error().message, "checklist(go)"), early.error().message);
    const SignOff asha{.rollout = "outbound-calls", .note = "done", .actor = world.admin};
    const std::int64_t newest = (co_await world.view()).latest.value().id;
    REQUIRE(co_await world.rollouts().approve(asha, "approved_by(any)", newest));

    const auto preview = co_await world.rollouts().preview("outbound-calls", start, world.admin);
    REQUIRE_MESSAGE(preview, (preview ? "" : preview.error().message));
    CHECK(preview->to == Percent::parse("20").value());
    CHECK(preview->id == 0);
    CHECK((co_await world.view()).state.stage == Stage::planned);
    CHECK(co_await world.percentage() == Percent{});
    co_await world.order(CommandKind::start);
    CHECK((co_await world.view()).state.stage == Stage::running);
  });
}

TEST_CASE("a plan is answered with what nothing measures") {
  RolloutWorld world;
  world.traffic = false;
  world.run([&]() -> Awaitable<void> {
    std::string yaml = plan_text();
    yaml.replace(yaml.find("stable_for"), 0, "report_sent(weekly), ");
    const auto reply = co_await world.rollouts().upload({.yaml = yaml, .dry_run = true}, world.admin);
    REQUIRE(reply);
    REQUIRE(reply->warnings.size() == 1);
    CHECK_MESSAGE(contains(reply->warnings[0].message, "'report_sent(weekly)': nothing measures it"),
                  reply->warnings[0].message);
  });
}

TEST_CASE("flags changed by hand are noticed and never raised over") {
  RolloutWorld world;
  unhurried(world);
  world.run([&]() -> Awaitable<void> {
    co_await world.upload(plan_text());
    co_await world.order(CommandKind::start);
    co_await world.clock.sleep_for(hours{24});
    REQUIRE(co_await world.flags().patch({.outbound_calls_percentage = Percent::parse("3").value()}, std::nullopt,
                                         {"ravi", Role::operator_}, "api", "looks odd"));
    co_await world.clock.sleep_for(seconds{1});
    RolloutView view = co_await world.view();
    CHECK(view.state.stage == Stage::holding);
    CHECK(view.state.manual_flags);
    CHECK(contains(view.latest->sentence, "ravi"));
    co_await world.clock.sleep_for(hours{24 * 10});
    CHECK(co_await world.percentage() == Percent::parse("3").value());
    co_await world.order(CommandKind::resume);
    view = co_await world.view();
    CHECK(view.state.stage == Stage::running);
    CHECK(co_await world.percentage() == Percent::parse("20").value());
  });
}

TEST_CASE("with Prometheus down and no call for a day nothing advances and nothing is taken back") {
  RolloutWorld world;
  unhurried(world);
  world.gauges_every = minutes{1};
  struct Down final : MetricSource {
    bool down = false;
    Awaitable<Result<double>> read(std::string, Instant) override {
      if (down) co_return fail(ErrorCode::timeout, "Prometheus at http://prometheus:9090 does not answer");
      co_return 3.0;
    }
  } prometheus;
  world.sources.prometheus = &prometheus;
  world.run([&]() -> Awaitable<void> {
    std::string yaml = plan_text("automatic", "metrics:\n  pods_ready: {promql: sum(up), bigger_is_better: true}\n");
    yaml.replace(yaml.find("stable_for"), 0, "pods_ready >= 2, ");
    co_await world.upload(yaml);
    co_await world.order(CommandKind::start);
    co_await world.clock.sleep_for(hours{24 * 6});
    prometheus.down = true;
    world.traffic = false;
    co_await world.clock.sleep_for(hours{24 * 3});
    const auto log = co_await world.log_of_decisions();
    INFO(told(log));
    const RolloutView view = co_await world.view();
    CHECK(view.state.stage == Stage::running);
    CHECK(co_await world.percentage() == Percent::parse("20").value());
    CHECK(of(log, Action::freeze).empty());
    CHECK(of(log, Action::roll_back).empty());
    const auto pods = std::ranges::find(view.look.criteria, "pods_ready >= 2",
                                        [](const rollout::Judgement& one) { return one.condition.text; });
    REQUIRE(pods != view.look.criteria.end());
    CHECK(pods->verdict == rollout::Verdict::no_data);
    CHECK_MESSAGE(contains(pods->reason, "does not answer"), pods->reason);
    prometheus.down = false;
    world.traffic = true;
    co_await world.clock.sleep_for(hours{24 * 3});
    CHECK(co_await world.percentage() == Percent::parse("40").value());
  });
}

TEST_CASE("a restart in the middle replays to the same numbers and a stored decision to the last bit") {
  RolloutWorld world;
  unhurried(world);
  world.run([&]() -> Awaitable<void> {
    co_await world.upload(plan_text());
    co_await world.order(CommandKind::start);
    co_await world.clock.sleep_for(hours{24 * 9});
    const RolloutView before = co_await world.view();
    RolloutWorld::Process another(world, {});
    const auto after = co_await another.controller.view("outbound-calls");
    REQUIRE(after);
    CHECK(after->counts == before.counts);
    CHECK(after->state == before.state);
    CHECK(after->look == before.look);
    CHECK(before.counts.calls.total > 50);
    int replayed = 0;
    for (const rollout::Decision& one : co_await world.log_of_decisions()) {
      const auto explained = co_await another.controller.explain("outbound-calls", one.id);
      REQUIRE(explained);
      CHECK_MESSAGE(explained->replayed_equal, one.rule << ": " << explained->difference);
      CHECK(explained->decision == one);
      CHECK_FALSE(explained->arithmetic.empty());
      ++replayed;
    }
    CHECK(replayed >= 2);
  });
}

TEST_CASE("in mode guarded an open gate waits for an approval of what was seen") {
  RolloutWorld world;
  unhurried(world);
  world.run([&]() -> Awaitable<void> {
    std::string yaml = plan_text("guarded");
    yaml.replace(yaml.find("stable_for"), 0, "approved_by(stakeholder), ");
    co_await world.upload(yaml);
    co_await world.order(CommandKind::start);
    co_await world.clock.sleep_for(hours{24 * 9});
    CHECK(co_await world.percentage() == Percent::parse("20").value());
    RolloutView view = co_await world.view();
    const std::int64_t newest = view.latest->id;
    const SignOff asha{.rollout = "outbound-calls", .note = "seen", .actor = world.admin};
    const auto older = co_await world.rollouts().approve(asha, "approved_by(stakeholder)", newest - 1);
    REQUIRE_FALSE(older);
    CHECK(older.error().code == ErrorCode::conflict);
    const auto stranger = co_await world.rollouts().approve(
        {.rollout = "outbound-calls", .actor = {"mallory", Role::approver}}, "approved_by(stakeholder)", newest);
    REQUIRE_FALSE(stranger);
    CHECK(stranger.error().code == ErrorCode::forbidden);
    CHECK((co_await world.rollouts().approve(asha, "approved_by(nobody)", newest)).error().code ==
          ErrorCode::not_found);
    REQUIRE(co_await world.rollouts().approve(asha, "approved_by(stakeholder)", newest));
    co_await world.clock.sleep_for(hours{1});
    const auto log = co_await world.log_of_decisions();
    INFO(told(log));
    view = co_await world.view();
    CHECK(view.state.phase == 1);
    CHECK(co_await world.percentage() == Percent::parse("40").value());
  });
}

TEST_CASE("a drill goes to zero and back and is a proof") {
  RolloutWorld world;
  world.calls_per_day = 2000;
  world.run([&]() -> Awaitable<void> {
    co_await world.upload(plan_text());
    co_await world.order(CommandKind::start);
    co_await world.clock.sleep_for(hours{2});
    const auto receipt = co_await world.rollouts().drill("outbound-calls", "practice", world.admin);
    REQUIRE(receipt);
    CHECK(receipt->percentage == Percent{});
    CHECK(receipt->last_new_dial);
    CHECK(co_await world.percentage() == Percent::parse("20").value());
    const auto proofs = (co_await world.stores->rollouts().proofs()).value();
    CHECK(proofs.size() == 2);
    for (const rollout::Proof& proof : proofs) CHECK(proof.passed);
    co_await world.clock.sleep_for(hours{1});
    const RolloutView view = co_await world.view();
    CHECK(view.state.stage == Stage::running);
    CHECK_FALSE(view.state.manual_flags);
  });
}

TEST_CASE("a drill that ends with reason to roll back restores nothing and leaves calls on old enabled") {
  RolloutWorld world;
  world.look_every = hours{24};  // nobody looks before the drill
  world.traffic = false;
  world.run([&]() -> Awaitable<void> {
    co_await world.upload(plan_text());
    co_await world.order(CommandKind::start);
    co_await world.clock.sleep_for(minutes{3});
    REQUIRE(co_await world.stores->rollouts().add_item(
        {.item = {.kind = "bug", .external_id = "BUG-1", .severity = "P1", .at = world.clock.now()},
         .by = "asha",
         .now = world.clock.now()}));
    const auto drilled = co_await world.rollouts().drill("outbound-calls", "practice", world.admin);
    REQUIRE_FALSE(drilled);
    CHECK_MESSAGE(contains(drilled.error().message, "nothing was restored"), drilled.error().message);
    const FlagState flags = (co_await world.stores->flags().current()).value();
    CHECK(flags.flags.outbound_calls_percentage == Percent{});
    CHECK(flags.flags.outbound_calls_enabled);
    const RolloutView view = co_await world.view();
    CHECK(view.state.stage == Stage::rolled_back);
    for (const rollout::Decision& one : co_await world.log_of_decisions()) {
      const auto explained = co_await world.rollouts().explain("outbound-calls", one.id);
      REQUIRE(explained);
      CHECK_MESSAGE(explained->replayed_equal, one.rule << ": " << explained->difference);
    }
    CHECK((co_await world.stores->rollouts().proofs()).value().size() == 2);
  });
}

TEST_CASE("a level about its line fills no log") {
  RolloutWorld world;
  world.traffic = false;
  world.gauges_every = minutes{1};
  struct Flapping final : MetricSource {
    int asked = 0;
    Awaitable<Result<double>> read(std::string, Instant) override { co_return ++asked % 2 == 0 ? 1.0 : 3.0; }
  } prometheus;
  world.sources.prometheus = &prometheus;
  world.run([&]() -> Awaitable<void> {
    std::string yaml = plan_text("automatic", "metrics:\n  pods_ready: {promql: sum(up), bigger_is_better: true}\n");
    yaml.replace(yaml.find("stable_for"), 0, "pods_ready >= 2, ");
    co_await world.upload(yaml);
    co_await world.order(CommandKind::start);
    co_await world.clock.sleep_for(hours{3});
    CHECK(prometheus.asked >= 170);
    const auto log = co_await world.log_of_decisions();
    INFO(told(log));
    CHECK(log.size() > 10);
    CHECK(log.size() <= 3 * 12 + 5);  // one in five minutes
  });
}

TEST_CASE("a person's order is obeyed while no evidence comes in and a beta phase's users are on new while it runs") {
  RolloutWorld world;
  world.traffic = false;
  world.run([&]() -> Awaitable<void> {
    std::string yaml = plan_text();
    yaml.replace(yaml.find("  - name: week-1"), 0,
                 "  - {name: beta, percentage: 0, min_duration: 1d, include: [ada, grace], advance_when: "
                 "[open_bugs(P1) == 0]}\n");
    co_await world.upload(yaml);
    CHECK(world.flags().route("ada").system == System::old_system);
    co_await world.order(CommandKind::start);
    CHECK(world.flags().route("ada").system == System::new_system);
    CHECK(world.flags().route("somebody").system == System::old_system);
    co_await world.order(CommandKind::hold, "holiday");
    CHECK((co_await world.view()).state.stage == Stage::holding);
    const rollout::Decision back = co_await world.order(CommandKind::rollback, "I do not like it");
    CHECK(back.actor == "asha");
    CHECK(back.person_reason == "I do not like it");
    CHECK(world.flags().route("ada").system == System::old_system);
    CHECK((co_await world.view()).state.stage == Stage::rolled_back);
  });
}

TEST_CASE("an edit of the running test takes an admin and a reason and begins at zero") {
  RolloutWorld world;
  unhurried(world);
  world.run([&]() -> Awaitable<void> {
    co_await world.upload(plan_text());
    co_await world.order(CommandKind::start);
    co_await world.clock.sleep_for(hours{24 * 3});
    CHECK((co_await world.view()).counts.calls.total > 0);
    std::string yaml = plan_text();
    yaml.replace(yaml.find("> 70%"), 5, "> 80%");
    auto reply = (co_await world.rollouts().upload({.yaml = yaml}, world.admin)).value();
    CHECK_FALSE(reply.applied);
    CHECK(contains(reply.refusal, "reason"));
    reply =
        (co_await world.rollouts().upload({.yaml = yaml, .reason = "70 was a typo"}, {"ravi", Role::approver})).value();
    CHECK(contains(reply.refusal, "admin"));
    reply = (co_await world.rollouts().upload({.yaml = yaml, .reason = "70 was a typo", .dry_run = true}, world.admin))
                .value();
    CHECK_FALSE(reply.applied);
    CHECK(reply.changes.size() > 0);
    reply = (co_await world.rollouts().upload({.yaml = yaml, .reason = "70 was a typo"}, world.admin)).value();
    CHECK_MESSAGE(reply.applied, reply.refusal);
    const RolloutView view = co_await world.view();
    CHECK(view.state.run == 2);
    CHECK(view.counts.calls.total == 0);
    CHECK(view.state.plan_hash == reply.hash);
    CHECK(co_await world.percentage() == Percent::parse("20").value());
    const auto broken = (co_await world.rollouts().upload({.yaml = "rollout: x"}, world.admin)).value();
    CHECK_FALSE(broken.problems.empty());
    CHECK_FALSE(broken.applied);
  });
}
