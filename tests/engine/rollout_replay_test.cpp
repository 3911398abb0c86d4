// The simulation promises what production does: days that it has drawn are given to the real controller, call by call
// through the real stores, and every decision must come out as the same text, but for ids.
#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <set>

#include "core/simulation/simulator.hpp"
#include "engine/rollout_world.hpp"
#include "wire/decision_json.hpp"

using namespace callramp;
using namespace callramp::engine;
using rollout::CommandKind;

namespace {

constexpr const char* plan_yaml = R"(rollout: outbound-calls
timezone: Etc/UTC
mode: automatic
phases:
  - name: week-1
    percentage: 20
    min_duration: 7d
    expected_volume: 60-100/day
    advance_when:
      - call_success_rate > 70%
      - error_rate < 5%
      - retry_success_rate > 40%
      - response_time_p95 < 200ms
      - uptime > 99.5%
      - queue_backlog < 100
      - open_bugs(P1) == 0
      - bugs_found(P2) < 2
      - stable_for >= 48h
    roll_back_when:
      - call_success_rate < 60%
      - call_success_rate vs old < -0.5%
      - error_rate > 10%
      - uptime < 95%
      - queue_backlog > 500 for 10m
      - customer_complaints > 5
      - open_bugs(P1) >= 1 => zero
  - {name: week-2, percentage: 50, min_duration: 7d, expected_volume: 150-250/day, keeps: week-1}
  - {name: week-3, percentage: 100, min_duration: 7d, expected_volume: 300-500/day, keeps: week-1}
)";

constexpr Duration dials_after = seconds{15};  // in its bucket, and after the look at the bucket's beginning
constexpr Duration ends_before = seconds{20};  // the end of the bucket that makes it count
constexpr const char* person = "simulated";    // as the simulation calls people, program and configuration

/// Without what a store numbers.
std::string text_of(const rollout::Decision& decision) {
  boost::json::object body = wire::to_json(decision);
  body.erase("id");
  body.erase("flagVersion");
  for (const char* state : {"before", "after"})
    if (auto& incident = body[state].as_object()["incident"]; incident.is_object())
      incident.as_object().erase("decisionId");
  return boost::json::serialize(body);
}

/// One call as the simulation has counted it.
struct Drawn {
  System system = System::new_system;
  Outcome first = Outcome::no_answer;  ///< of its first attempt
  bool connected = false;
  std::optional<Outcome> retried;  ///< how it ended, if it was dialed again
};

void add(std::vector<Drawn>& calls, std::int64_t count, const Drawn& call) {
  REQUIRE(count >= 0);
  calls.insert(calls.end(), static_cast<std::size_t>(count), call);
}

void draw_old(const rollout::Tally& tally, std::vector<Drawn>& calls) {
  const System old = System::old_system;
  add(calls, tally.completed, {.system = old, .first = Outcome::completed, .connected = true});
  add(calls, tally.failed, {.system = old, .first = Outcome::failed});
  add(calls, tally.total - tally.completed - tally.failed, {.system = old});
}

// `whole` is nothing while a call of the bucket is not final.
void draw_new(const rollout::Tally& first, const std::optional<rollout::Tally>& whole, std::vector<Drawn>& calls) {
  const std::int64_t retried = whole ? whole->retried : 1;
  const std::int64_t completed = whole ? whole->completed - first.completed : 0;
  const std::int64_t voicemail = whole ? whole->voicemail_left - first.voicemail_left : 0;
  if (whole) REQUIRE(completed + voicemail == whole->retried_successful);
  // Somebody was on the line, and it came to nothing: what failed so is not told apart.
  const std::int64_t on_line = first.connected - first.successful();
  const std::int64_t plain = first.total - first.successful() - first.failed - retried;
  const std::int64_t plain_on_line = std::min(on_line, plain);
  const std::int64_t failed_on_line = on_line - plain_on_line;
  add(calls, first.completed, {.first = Outcome::completed, .connected = true});
  add(calls, first.voicemail_left, {.first = Outcome::voicemail_left, .connected = true});
  add(calls, failed_on_line, {.first = Outcome::failed, .connected = true});
  add(calls, first.failed - failed_on_line, {.first = Outcome::failed});
  add(calls, plain_on_line, {.first = Outcome::early_hangup, .connected = true});
  add(calls, plain - plain_on_line, {});
  add(calls, completed, {.retried = Outcome::completed});
  add(calls, voicemail, {.retried = Outcome::voicemail_left});
  add(calls, retried - completed - voicemail, {.retried = Outcome::no_answer});
}

/// A record, played to the program.
class Replay {
 public:
  Replay(const rollout::Plan& plan, const simulation::Record& record)
      : plan_(plan), record_(record), world_(record.state.run_started_at) {
    world_.binary = world_.configuration = person;
    world_.traffic = false;
    world_.look_every = world_.gauges_every = std::chrono::days{400};  // it looks when it is told to
    std::map<Instant, rollout::Tally> whole;
    for (const auto& closing : record.calls) {
      if (closing.bucket.fresh.total == 0) continue;
      ends_[closing.bucket.start] = closing.at - plan.pace.grace() - ends_before;
      whole[closing.bucket.start] = closing.bucket.fresh;
    }
    for (const auto& closing : record.first) {
      std::vector<Drawn>& calls = calls_[closing.bucket.start];
      draw_old(closing.bucket.old, calls);
      const auto known = whole.find(closing.bucket.start);
      if (closing.bucket.fresh.total > 0)
        draw_new(closing.bucket.fresh, known == whole.end() ? std::nullopt : std::optional(known->second), calls);
    }
    looks_.insert(record.looks.begin(), record.looks.end());
  }

  void run() {
    world_.run([this]() -> Awaitable<void> {
      const Instant begins = world_.clock.now();
      co_await world_.upload(plan_yaml);
      co_await order(CommandKind::start, "simulation", person);
      CHECK(co_await world_.stores->rollouts().put_aa("outbound-calls", record_.facts.aa, begins));
      for (Instant slot = begins; slot + plan_.pace.bucket + plan_.pace.grace() <= record_.decision.at;
           slot += plan_.pace.bucket)
        co_await live(slot);
      seen = text_of((co_await world_.view()).look);
      const auto log = co_await world_.log_of_decisions();
      for (auto one = log.rbegin(); one != log.rend(); ++one)
        if (one->at > begins && !(one->before == one->after)) decided.push_back(text_of(*one));
    });
  }

  std::vector<std::string> decided;  ///< what changed something after the start, oldest first
  std::string seen;                  ///< how it looks at the end

 private:
  Awaitable<void> live(Instant slot) {
    const Instant end = slot + plan_.pace.bucket;
    co_await world_.clock.sleep_until(slot + dials_after);
    if (const auto calls = calls_.find(slot); calls != calls_.end()) co_await dial(slot, calls->second);
    co_await world_.clock.sleep_until(end - ends_before);
    for (; !late_.empty() && late_.begin()->first <= end; late_.erase(late_.begin()))
      co_await finish(late_.begin()->second.first, late_.begin()->second.second);
    for (const ClaimedDial& dial : co_await claim(System::new_system))
      co_await finish(dial.attempt.id,
                      {.first = again_.at(dial.call.id), .connected = again_.at(dial.call.id) != Outcome::no_answer});
    const Instant look = end + plan_.pace.grace();
    co_await world_.clock.sleep_until(look);
    if (!looks_.contains(look)) co_return;
    co_await report(look);
    world_.rollouts().wake();
    co_await world_.clock.sleep_for(milliseconds{1});
    // A person of the simulation acts in the same instant.
    for (const rollout::Decision& decision : record_.told)
      if (decision.at == look && decision.rule == "command.resume")
        co_await order(CommandKind::resume, decision.person_reason, decision.actor);
  }

  Awaitable<void> order(CommandKind kind, std::string reason, std::string actor) {
    const auto made = co_await world_.rollouts().command("outbound-calls", {.kind = kind, .reason = std::move(reason)},
                                                         {std::move(actor), Role::admin});
    REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  }

  // Every attempt ends at once. What is dialed again is when the simulation's bucket was final; if nothing is, the last
  // call on new ends then.
  Awaitable<void> dial(Instant slot, std::vector<Drawn> calls) {
    const auto found = ends_.find(slot);
    const Instant ends = found == ends_.end() ? world_.clock.now() + std::chrono::days{300} : found->second;
    const bool again = std::ranges::any_of(calls, [](const Drawn& call) { return call.retried.has_value(); });
    std::int64_t on_new = 0;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const ClaimedDial dialed = co_await place(calls[i].system);
      on_new += calls[i].system == System::new_system ? 1 : 0;
      if (calls[i].retried) again_[dialed.call.id] = *calls[i].retried;
      if (again || i + 1 < calls.size() || calls[i].system == System::old_system)
        co_await finish(dialed.attempt.id, calls[i], ends);
      else
        late_.emplace(ends, std::pair{dialed.attempt.id, calls[i]});
    }
    std::vector<TimeCounts> times;
    times.push_back({.metric = "response_time",
                     .source = "node-1/0",
                     .bucket = world_.clock.now(),  // and not before the phase began
                     .total = on_new,
                     .over = std::vector<std::int64_t>(rollout::time_bounds().size())});
    CHECK(co_await world_.stores->rollouts().add_times(std::move(times), world_.clock.now()));
  }

  // Levels and what people reported, as the simulation has them.
  Awaitable<void> report(Instant look) {
    std::vector<GaugeReport> levels;
    for (const auto& [name, gauge] : record_.facts.gauges)
      levels.push_back({.name = name, .at = look, .value = gauge.readings.back().value});
    CHECK(co_await world_.stores->rollouts().add_gauges(std::move(levels), look));
    for (const rollout::EvidenceItem& item : record_.facts.items)
      if (item.at < look && reported_.insert(item.external_id).second) {
        rollout::EvidenceItem told = item;
        told.status = "open";
        CHECK(co_await world_.rollouts().add_evidence({.item = told, .by = person, .now = look}));
      }
  }

  Awaitable<ClaimedDial> place(System system) {
    const Instant now = world_.clock.now();
    const int number = dialed_++;
    const Call call{.id = make_id<CallId>(now, world_.random),
                    .phone = *PhoneNumber::parse("+9198" + std::to_string(10'000'000 + number)),
                    .user = UserId{"user-" + std::to_string(number)},
                    .agent = AgentId{"agent"},
                    .created_at = now,
                    .due_at = now,
                    .updated_at = now};
    REQUIRE(co_await world_.stores->calls().create(call, std::nullopt));
    std::vector<ClaimedDial> dials = co_await claim(system);
    REQUIRE(dials.size() == 1);
    co_return std::move(dials[0]);
  }

  // Whatever is due.
  Awaitable<std::vector<ClaimedDial>> claim(System system) {
    const Instant now = world_.clock.now();
    auto claimed = co_await world_.stores->calls().claim_due(
        {.now = now,
         .limit = 1000,
         .max_open_attempts = 1000,
         .max_dials = 1000,
         .node = world_.node,
         .judge = [system](const ClaimCandidate&, const RoutingState&) -> ClaimVerdict {
           return DialNow{.system = system, .route = {.system = system}};
         },
         .make_attempt =
             [this, now](const ClaimCandidate& candidate, const DialNow& dial) {
               return Attempt{.id = make_id<AttemptId>(now, world_.random),
                              .call = candidate.call.id,
                              .number = candidate.call.attempts + 1,
                              .system = dial.system,
                              .provider = dial.system == System::new_system ? "fake" : "old",
                              .phone = candidate.call.phone,
                              .node = world_.node,
                              .started_at = now};
             }});
    REQUIRE_MESSAGE(claimed, (claimed ? "" : claimed.error().message));
    co_return std::move(claimed->dials);
  }

  Awaitable<void> finish(AttemptId attempt, Drawn call, Instant again_at = {}) {
    const Instant now = world_.clock.now();
    AttemptFinish finish{.attempt = std::move(attempt), .ending = {.outcome = call.first}, .now = now, .ended_at = now};
    if (call.first == Outcome::failed) finish.ending.fault = Fault::telephony;
    if (call.connected) {
      finish.answered_at = now - seconds{10};
      finish.carrier_duration = seconds{50};
    }
    if (call.retried)
      finish.judge_retry = [again_at](const RetryCandidate&) -> RetryVerdict { return RetryAt{.at = again_at}; };
    REQUIRE(co_await world_.stores->calls().finish_attempt(std::move(finish)));
  }

  const rollout::Plan& plan_;
  const simulation::Record& record_;
  RolloutWorld world_;
  std::map<Instant, std::vector<Drawn>> calls_;  // by start of their bucket, new's last
  std::map<Instant, Instant> ends_;              // by start: when the last call of new ends
  std::set<Instant> looks_;
  std::multimap<Instant, std::pair<AttemptId, Drawn>> late_;
  std::map<CallId, Outcome> again_;  // how calls end that are dialed again
  std::set<std::string> reported_;
  int dialed_ = 0;
};

struct Future {
  const char* truth;
  int days;
  const char* rule;  ///< that the last change ends with
};

}  // namespace

TEST_CASE("a simulated day's counts give the program the simulation's own decisions to the byte") {
  const yaml::ReadPlan read = yaml::read_plan(plan_yaml);
  REQUIRE_MESSAGE(read.problems.empty(), (read.problems.empty() ? "" : read.problems[0].message));
  const std::vector<Future> futures{{"success=0.8,old=0.8,errors=0.01,complaints=2/1000", 1, ""},
                                    {"success=0.8,old=0.8,errors=0.01", 8, "gate.open"},
                                    {"success=0.5,old=0.5", 9, "trigger.rate"},
                                    {"success=0.55,old=0.8", 2, "trigger.versus"}};
  for (const Future& future : futures) {
    INFO(future.truth << " for " << future.days << " days");
    const auto truth = simulation::parse_truth(future.truth);
    REQUIRE_MESSAGE(truth, (truth ? "" : truth.error().message));
    auto simulator = simulation::Simulator::create(read.plan, *truth, {});
    REQUIRE_MESSAGE(simulator, (simulator ? "" : simulator.error().message));
    const simulation::Record record = simulator->record(1, 3, future.days);
    if (*future.rule != '\0') {
      REQUIRE_FALSE(record.told.empty());
      CHECK(record.told.back().rule == future.rule);
    }
    Replay replay(read.plan, record);
    replay.run();
    REQUIRE(replay.decided.size() == record.told.size());
    for (std::size_t i = 0; i < record.told.size(); ++i) CHECK(replay.decided[i] == text_of(record.told[i]));
    CHECK(replay.seen == text_of(record.decision));
    CHECK(record.first.size() > 100);
  }
}
