// A rollout on the virtual clock: the real controller, recorder and stores in memory; calls are written through the
// call store as a dialer would, with outcomes drawn from a seed.
#pragma once

#include "adapters/yaml/plan_reader.hpp"
#include "engine/engine_world.hpp"
#include "engine/evidence_recorder.hpp"
#include "engine/rollout_controller.hpp"

namespace callramp::engine {

/// What a test does at a step of deciding and applying: the program is gone.
struct Killed {};

/// Four phases of a week each. Few criteria, so that a test says all that matters in a line or two.
inline std::string plan_text(const std::string& mode = "automatic", const std::string& more = "") {
  return "rollout: outbound-calls\n"
         "timezone: Asia/Kolkata\n"
         "mode: " +
         mode +
         "\n"
         "approvers: {stakeholder: [asha, rahul]}\n"
         "checklists:\n  ready:\n    gate: start\n    items: {drilled: {text: Rehearsed, ticks_when: \"open_bugs(P1) "
         "== 0\"}}\n"
         "phases:\n"
         "  - name: week-1\n"
         "    percentage: 20\n"
         "    min_duration: 7d\n"
         "    expected_volume: 30-50/day\n"
         "    advance_when: [call_success_rate > 70%, open_bugs(P1) == 0, uptime > 99%, stable_for >= 48h]\n"
         "    roll_back_when: [open_bugs(P1) >= 1 => zero, call_success_rate < 60%, customer_complaints > 5]\n"
         "  - {name: week-2, percentage: 40, min_duration: 7d, expected_volume: 60-100/day, keeps: week-1}\n"
         "  - {name: week-3, percentage: 70, min_duration: 7d, expected_volume: 100-180/day, keeps: week-1}\n"
         "  - {name: week-4, percentage: 100, min_duration: 7d, expected_volume: 150-250/day, keeps: week-1}\n" +
         more;
}

struct RolloutWorld {
  asio::io_context context{1};
  async::VirtualClock clock{noon};
  Executor executor = context.get_executor();
  SeededRandom random{7};
  NullLog log;
  struct Feed final : EventFeed {
    std::vector<FeedEvent> events;
    void publish(FeedEvent event) override { events.push_back(std::move(event)); }
  } feed;
  fakes::FakeMetrics metrics;
  fakes::FakePhoneDirectory phones;
  fakes::FakeLegacyDialer old_system{executor, clock};
  std::unique_ptr<sql::SqlStores> stores =
      sql::SqlStores::open({.url = "sqlite::memory:", .now = noon, .run_inline = true}).value();
  NodeId node{"node-1"};
  Actor admin{"asha", Role::admin};

  /// What a process has and a kill -9 takes away.
  struct Process {
    RoutingBoard board;
    FlagService flags;
    TimeRecorder times;
    EvidenceRecorder recorder;
    EvidenceCollector collector;
    RolloutController controller;
    Process(RolloutWorld& world, RecorderSources sources)
        : board({world.executor}, RoutingState{}),
          flags(world.node, world.stores->flags(), board, world.clock, world.log, world.metrics, world.feed),
          times(world.clock, "node-1/" + std::to_string(to_micros(world.clock.now()))),
          recorder({.node = world.node, .beat = world.beat, .gauges = world.gauges_every}, std::move(sources),
                   world.stores->rollouts(), world.stores->calls(), times, world.clock, world.log),
          collector({.binary = "1.0", .configuration = "c1", .has_old_system = true}, world.stores->rollouts(),
                    world.stores->calls(), world.stores->flags(), world.phones, world.log),
          controller(world.executor,
                     {.holder = world.node, .version = "1.0", .look_every = world.look_every, .lease = hours{2}},
                     {.read_plan =
                          [](std::string_view yaml) {
                            yaml::ReadPlan read = yaml::read_plan(yaml);
                            return std::pair{std::move(read.plan), std::move(read.problems)};
                          },
                      .in_force = [this](const rollout::Plan& plan) { recorder.watch(plan); },
                      .step_done = [&world](std::string_view step) { world.at_step(step); }},
                     world.stores->rollouts(), flags, world.stores->flags(), collector, world.phones, world.clock,
                     world.log, world.metrics, world.feed) {
      flags.on_change([this] { controller.wake(); });
    }
  };

  Duration look_every = seconds{10};
  Duration beat = seconds{10};
  Duration gauges_every = minutes{1};
  RecorderSources sources;
  std::string kill_after;  ///< name of the step after which the program dies
  std::vector<std::string> steps;
  std::unique_ptr<Process> process;
  std::vector<std::unique_ptr<Process>> graveyard;

  // The traffic: how well each system does, and how much there is.
  double success_new = 0.85;
  double success_old = 0.80;
  double calls_per_day = 200;
  int users = 4000;
  bool traffic = true;
  bool controller_runs = true;  ///< false, and no recorder: the story runs it
  std::map<System, std::int64_t> made;

  void at_step(std::string_view step) {
    steps.emplace_back(step);
    if (step == kill_after) {
      kill_after.clear();
      throw Killed{};
    }
  }

  RolloutController& rollouts() { return process->controller; }
  FlagService& flags() { return process->flags; }

  /// A start of the program: whatever was in memory is gone, the stores are what they were.
  Awaitable<void> start_process() {
    // The dead one is kept: what it had posted may still run, on nothing that counts.
    if (process) graveyard.push_back(std::move(process));
    process = std::make_unique<Process>(*this, sources);
    const bool runs = co_await rollout_runs();
    CHECK(co_await process->flags.apply_environment({}, runs));
  }
  Awaitable<bool> rollout_runs() {
    const auto records = co_await stores->rollouts().rollouts();
    REQUIRE(records);
    for (const RolloutRecord& record : *records)
      if (record.state.stage == rollout::Stage::running) co_return true;
    co_return false;
  }

  /// The story beside controller, recorder and traffic.
  template <class Story>
  void run(Story story) {
    async::run(context, clock, [&]() -> Awaitable<void> {
      CHECK(co_await stores->agents().put({.id = AgentId{"agent"},
                                           .name = "Agent",
                                           .greeting = "Hello.",
                                           .disclosure = "I am an AI assistant.",
                                           .prompt = "Help.",
                                           .created_at = noon,
                                           .updated_at = noon},
                                          "test"));
      co_await start_process();
      CHECK(co_await flags().patch({.outbound_calls_percentage = Percent{}}, std::nullopt, admin, "test", "none yet"));
      co_await async::with_scope([&](async::TaskScope& scope) -> Awaitable<void> {
        if (controller_runs) {
          scope.spawn(process->recorder.run());
          scope.spawn(process->controller.run());
        }
        scope.spawn(call_people());
        co_await story();
      });
    });
  }

  Awaitable<void> upload(std::string yaml) {
    const auto reply = co_await rollouts().upload({.yaml = std::move(yaml), .file_name = "plan.yaml"}, admin);
    REQUIRE(reply);
    REQUIRE_MESSAGE(reply->problems.empty(), (reply->problems.empty() ? "" : reply->problems[0].message));
    REQUIRE_MESSAGE(reply->applied, reply->refusal);
  }
  Awaitable<rollout::Decision> order(rollout::CommandKind kind, std::string reason = "because") {
    const auto made_decision =
        co_await rollouts().command("outbound-calls", {.kind = kind, .reason = std::move(reason)}, admin);
    REQUIRE_MESSAGE(made_decision, (made_decision ? "" : made_decision.error().message));
    co_return *made_decision;
  }
  Awaitable<RolloutView> view() {
    auto seen = co_await rollouts().view("outbound-calls");
    REQUIRE_MESSAGE(seen, (seen ? "" : seen.error().message));
    co_return std::move(*seen);
  }
  Awaitable<Percent> percentage() {
    const auto state = co_await stores->flags().current();
    REQUIRE(state);
    co_return state->flags.outbound_calls_percentage;
  }
  Awaitable<std::vector<rollout::Decision>> log_of_decisions() {
    const auto page = co_await rollouts().decisions("outbound-calls", std::nullopt, 100);
    REQUIRE(page);
    co_return page->decisions;
  }
  Awaitable<void> report(std::string kind, std::string id, std::string severity) {
    const auto added = co_await rollouts().add_evidence({.item = {.kind = std::move(kind),
                                                                  .external_id = std::move(id),
                                                                  .severity = std::move(severity),
                                                                  .at = clock.now()},
                                                         .by = "asha",
                                                         .now = clock.now()});
    REQUIRE_MESSAGE(added, (added ? "" : added.error().message));
  }

  Awaitable<void> call_people() {
    for (;;) {
      const double gap = 86'400e6 / calls_per_day;
      co_await clock.sleep_for(Duration{static_cast<std::int64_t>(gap * (0.5 + unit()))});
      if (traffic) co_await call_somebody();
    }
  }

  double unit() { return random.uniform(); }

  // One call from its request to its outcome, a minute later, as one dialer would do it.
  Awaitable<void> call_somebody() {
    const Instant now = clock.now();
    const int user = static_cast<int>(random.below(static_cast<std::uint64_t>(users)));
    const Call call{.id = make_id<CallId>(now, random),
                    .phone = *PhoneNumber::parse("+9198" + std::to_string(10'000'000 + user)),
                    .user = UserId{"user-" + std::to_string(user)},
                    .agent = AgentId{"agent"},
                    .created_at = now,
                    .due_at = now,
                    .updated_at = now};
    REQUIRE(co_await stores->calls().create(call, std::nullopt));
    const auto claimed = co_await stores->calls().claim_due(
        {.now = now,
         .limit = 10,
         .max_open_attempts = 1000,
         .max_dials = 10,
         .node = node,
         .judge = [now](const ClaimCandidate& candidate, const RoutingState& routing) -> ClaimVerdict {
           const RouteDecision decided = callramp::route(routing, candidate.call.user.str(), now);
           return DialNow{.system = decided.system, .route = decided};
         },
         .make_attempt =
             [this, now](const ClaimCandidate& candidate, const DialNow& dial) {
               return Attempt{.id = make_id<AttemptId>(now, random),
                              .call = candidate.call.id,
                              .system = dial.system,
                              .provider = dial.system == System::new_system ? "fake" : "old",
                              .phone = candidate.call.phone,
                              .node = node,
                              .started_at = now};
             }});
    REQUIRE_MESSAGE(claimed, (claimed ? "" : claimed.error().message));
    for (const ClaimedDial& dial : claimed->dials) {
      const System system = dial.attempt.system;
      ++made[system];
      const bool good = unit() < (system == System::new_system ? success_new : success_old);
      const Ending ending{.outcome = good ? Outcome::completed : Outcome::no_answer};
      REQUIRE(co_await stores->calls().finish_attempt(
          {.attempt = dial.attempt.id,
           .ending = ending,
           .now = now + seconds{60},
           .answered_at = good ? std::optional(now + seconds{10}) : std::nullopt,
           .ended_at = now + seconds{60},
           .carrier_duration = good ? std::optional(seconds{50}) : std::nullopt}));
    }
  }
};

}  // namespace callramp::engine
