#include "engine/rollout_controller.hpp"

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include <algorithm>

#include "engine/receipt.hpp"
#include "engine/rollout_course.hpp"

namespace callramp::engine {
namespace {

using rollout::Action;
using rollout::Decision;
using rollout::Stage;

constexpr const char* rollout_source = "rollout";
constexpr int decisions_looked_through = 50;  // for the last receipt of a run
constexpr Duration compare_every = hours{24};

bool same_verdicts(const std::vector<rollout::Judgement>& told, const std::vector<rollout::Finding>& found) {
  return std::ranges::equal(told, found, [](const rollout::Judgement& one, const rollout::Finding& other) {
    return one.verdict == other.verdict && one.fires == other.fires && one.freezes == other.freezes;
  });
}

bool is_alarming(Action action) { return action == Action::freeze || action == Action::roll_back; }

}  // namespace

RolloutController::RolloutController(const Executor& executor, ControllerConfig config, ControllerTools tools,
                                     RolloutStore& store, FlagService& flags, FlagStore& flag_store,
                                     EvidenceCollector& collector, const PhoneDirectory& phones, async::Clock& clock,
                                     Log& log, Metrics& metrics, EventFeed& feed)
    : executor_(executor),
      config_(std::move(config)),
      tools_(std::move(tools)),
      store_(store),
      flags_(flags),
      flag_store_(flag_store),
      collector_(collector),
      phones_(phones),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      feed_(feed),
      alarm_(executor, clock),
      freed_(executor) {}

RolloutController::~RolloutController() = default;

void RolloutController::wake() {
  asio::post(executor_, [this] { alarm_.ring(); });
}

Awaitable<void> RolloutController::run() {
  for (;;) {
    const Instant next = clock_.now() + config_.look_every;
    co_await here([](RolloutController& self) -> Awaitable<bool> {
      co_await self.look_at_all();
      co_return true;
    }(*this));
    co_await alarm_.wait_until(next);
  }
}

Awaitable<void> RolloutController::look_at_all() {
  if (const auto held = co_await hold_lease(); !held) {
    log_.warn("not_deciding", {{"why", held.error().message}});
    co_return;
  }
  const auto records = co_await store_.rollouts();
  if (!records) {
    log_.error("rollouts_not_read", {{"error", records.error().message}});
    co_return;
  }
  for (const RolloutRecord& record : *records)
    if (record.state.stage != Stage::succeeded) co_await look_at(record.name);
}

Awaitable<void> RolloutController::look_at(std::string name) {
  auto seen = co_await scene(name);
  if (!seen) {
    log_.error("rollout_not_looked_at", {{"rollout", name}, {"error", seen.error().message}});
    co_return;
  }
  Course& course = *seen->course;
  if (course.last && course.last->rule == drill_rule) co_return co_await finish_drill(course);
  const rollout::Look& look = course.judge->look(seen->state(), seen->evidence(), seen->now);
  const bool news = look.news || !course.last || look.action != course.last->action ||
                    !same_verdicts(course.last->criteria, look.criteria) ||
                    !same_verdicts(course.last->triggers, look.triggers);
  if (!news) {
    if (course.last) show(course, course.fold->sums(), *course.last, seen->facts);
    co_return;
  }
  Decision decision = course.judge->decide(seen->state(), seen->evidence(), seen->now);
  const bool moves = decision.to != decision.from || !(decision.after == decision.before);
  // A verdict that comes and goes, a level about its line, fills no log: it is stored once in a bucket's time at most.
  const bool repeats = course.last && course.last->action == decision.action && course.last->rule == decision.rule &&
                       seen->now - course.last->at < course.plan->pace.bucket;
  if (course.last && !moves && (repeats || !rollout::is_news(*course.last, decision))) {
    show(course, course.fold->sums(), decision, seen->facts);
    co_return;
  }
  if (const auto stored = co_await store(*seen, std::move(decision), std::nullopt); !stored)
    log_.error("decision_not_stored", {{"rollout", name}, {"error", stored.error().message}});
}

// One decider: whoever holds the lease. A new one first sees through what an earlier one left undone.
Awaitable<Status> RolloutController::hold_lease() {
  const Instant now = clock_.now();
  if (lease_ && lease_->until > now) {
    if (lease_->until - now > config_.lease / 2 && seen_through_) co_return Status{};
    if (const auto renewed = co_await store_.renew_lease(lease_->epoch, now, now + config_.lease); renewed)
      lease_->until = now + config_.lease;
    else
      lease_.reset();
  } else {
    lease_.reset();
  }
  if (!lease_) {
    courses_.clear();  // somebody else may have decided meanwhile
    seen_through_ = false;
    CO_TRY(taken, co_await store_.take_lease(config_.holder, now, now + config_.lease));
    lease_ = std::move(taken);
    log_.info("deciding", {{"epoch", lease_->epoch}});
  }
  if (!seen_through_) {
    CO_TRY_VOID(co_await see_through());
    seen_through_ = true;
  }
  co_return Status{};
}

// Decisions whose flags were stored and whose publication nobody confirmed: a crash came between.
Awaitable<Status> RolloutController::see_through() {
  CO_TRY(open, co_await store_.unconfirmed());
  for (const StoredDecision& stored : open) {
    CO_TRY(found, co_await course(stored.decision.rollout));
    log_.warn("decision_seen_through", {{"rollout", stored.decision.rollout}, {"decision", stored.decision.id}});
    CO_TRY(receipt, co_await carry_out(stored, *found->plan));
    if (stored.decision.action == Action::roll_back || stored.decision.rule == drill_rule)
      found->receipt = std::move(receipt);
  }
  co_return Status{};
}

Awaitable<Result<RolloutController::Course*>> RolloutController::course(std::string name) {
  CO_TRY(record, co_await store_.rollout(name));
  auto& known = courses_[name];
  if (!known) {
    auto made = std::make_unique<Course>();
    made->name = name;
    CO_TRY(latest, co_await store_.decisions(name, std::nullopt, decisions_looked_through));
    if (!latest.empty()) made->last = latest.front().decision;
    for (const StoredDecision& stored : latest) {
      if (stored.decision.after.run != record.state.run || stored.receipt.empty()) continue;
      if (stored.decision.action != Action::roll_back && stored.decision.rule != drill_rule) continue;
      if (auto receipt = parse_receipt(stored.receipt)) made->receipt = std::move(*receipt);
      break;
    }
    known = std::move(made);
  }
  Course& course = *known;
  course.record = std::move(record);
  if (!course.plan || course.plan->hash != course.record.state.plan_hash)
    CO_TRY_VOID(co_await use_plan(course, course.record.state.plan_hash));
  if (!course.fold || course.folded_run != course.record.state.run) {
    course.fold.emplace(*course.plan);
    course.folded_run = course.record.state.run;
    course.through = 0;
    course.closed_at.reset();
    if (course.folded_run > 0) {
      CO_TRY(closed, co_await store_.closed_buckets(name, course.folded_run, 0, std::nullopt));
      for (const ClosedBucket& one : closed.buckets)
        one.stream == EvidenceStream::call ? course.fold->add_calls(one.bucket) : course.fold->add_first(one.bucket);
      course.through = closed.through;
      course.closed_at = closed.closed_at;
    }
  }
  co_return &course;
}

Awaitable<Status> RolloutController::use_plan(Course& course, std::string hash) {
  CO_TRY(text, co_await store_.plan(hash));
  auto [plan, problems] = tools_.read_plan(text.yaml);
  if (!problems.empty())
    co_return fail(ErrorCode::internal, fmt::format("the stored plan {} of '{}' is refused by this version: {}",
                                                    hash.substr(0, 12), course.name, problems.front().message));
  course.judge.reset();
  course.plan = std::make_shared<const rollout::Plan>(std::move(plan));
  course.judge = std::make_unique<rollout::Judge>(*course.plan);
  course.fold.reset();
  if (tools_.in_force) tools_.in_force(*course.plan);
  co_return Status{};
}

Awaitable<void> RolloutController::close_buckets(Course& course, Instant now) {
  const rollout::Pace& pace = course.plan->pace;
  const auto closed = co_await store_.close_buckets({.rollout = course.name,
                                                     .run = course.record.state.run,
                                                     .epoch = lease_ ? lease_->epoch : 0,
                                                     .now = now,
                                                     .first_limit = pace.first_limit,
                                                     .unknown_after = pace.unknown_after,
                                                     .grace = pace.grace()});
  if (!closed) {
    // The last heartbeat stands and grows old: the decision says so.
    log_.error("buckets_not_closed", {{"rollout", course.name}, {"error", closed.error().message}});
    co_return;
  }
  for (const ClosedBucket& one : closed->buckets)
    one.stream == EvidenceStream::call ? course.fold->add_calls(one.bucket) : course.fold->add_first(one.bucket);
  course.through = std::max(course.through, closed->through);
  course.closed_at = closed->closed_at;
}

Awaitable<Result<RolloutController::Scene>> RolloutController::scene(std::string name) {
  CO_TRY(found, co_await course(name));
  const Instant now = clock_.now();
  const rollout::RolloutState& state = found->record.state;
  if (is_under_way(state.stage)) {
    co_await close_buckets(*found, now);
  } else if (state.stage == Stage::planned && (!found->compared_at || now - *found->compared_at >= compare_every)) {
    found->compared_at = now;
    if (const auto compared = co_await collector_.compare_cohorts(*found->plan, now); !compared)
      log_.error("cohorts_not_compared", {{"rollout", name}, {"error", compared.error().message}});
  }
  Scene made{.course = found, .now = now};
  made.facts = co_await collector_.collect(*found->plan, found->record, found->closed_at, found->through, now);
  co_return made;
}

Awaitable<Result<Decision>> RolloutController::store(Scene& scene, Decision decision,
                                                     std::optional<rollout::Command> order,
                                                     std::optional<FlagPatch> flags) {
  Course& course = *scene.course;
  DecisionCommit commit{.epoch = lease_ ? lease_->epoch : 0,
                        .expected_revision = course.record.revision,
                        .decision = std::move(decision),
                        .inputs = {.sums = course.fold->sums(), .facts = scene.facts, .order = std::move(order)},
                        .closed_through = course.through,
                        .flags = flags,
                        .bucket = course.plan->pace.bucket};
  if (!flags && commit.decision.to != commit.decision.from)
    commit.flags = FlagPatch{.outbound_calls_percentage = commit.decision.to};
  step("decided");
  auto stored = co_await store_.commit(std::move(commit));
  if (!stored) {
    // Another decided, or the flags changed meanwhile: everything is read anew at the next look, which comes at once.
    courses_.erase(course.name);
    if (stored.error().code == ErrorCode::conflict) lease_.reset();
    alarm_.ring();
    co_return std::unexpected(stored.error());
  }
  step("stored");
  const Decision& made = stored->stored.decision;
  course.record.state = made.after;
  course.record.revision = stored->revision;
  course.record.last_decision = made.id;
  course.last = made;
  log_.write(is_alarming(made.action) ? LogLevel::warn : LogLevel::info, "rollout_decided",
             std::array{LogField{"rollout", course.name}, LogField{"decision", made.id},
                        LogField{"action", rollout::to_string(made.action)}, LogField{"rule", made.rule},
                        LogField{"actor", made.actor}, LogField{"rolloutPercentage", made.to.number()},
                        LogField{"sentence", made.sentence}});
  if (made.before.run != made.after.run) {
    course.fold.reset();
    course.receipt.reset();
  }
  if (stored->stored.sets_flags) {
    const auto receipt = co_await carry_out(stored->stored, *course.plan);
    if (!receipt)  // the next lease, or this one's next renewal, sees it through
      seen_through_ = false;
    else if (made.action == Action::roll_back || made.rule == drill_rule)
      course.receipt = *receipt;
  }
  co_await keep_pins(course);
  show(course, scene.course->fold ? course.fold->sums() : rollout::RunSums{}, made, scene.facts);
  tell(course.name, "decision", made.id);
  co_return made;
}

// Idempotent: whoever finds a decision unconfirmed does it again.
Awaitable<Result<Receipt>> RolloutController::carry_out(const StoredDecision& stored, const rollout::Plan& plan) {
  const Decision& decision = stored.decision;
  CO_TRY(now_stored, co_await flag_store_.current());
  FeatureFlags before = now_stored.flags;
  before.outbound_calls_percentage = decision.from;
  CO_TRY(reply, co_await flags_.put_in_force(before, decision.actor, rollout_source));
  step("published");
  CO_TRY(dials, co_await store_.dials_on_new());
  // One node today; those whose dials may still be on their way are named as unconfirmed.
  Receipt receipt{.percentage = decision.to,
                  .since = clock_.now(),
                  .nodes_confirmed = reply.unconfirmed_nodes.empty() ? 1 : 0,
                  .nodes = 1,
                  .last_new_dial = dials.last_dial,
                  .still_talking = dials.open,
                  .latest_end = dials.latest_end};
  // After the act: a rollback does not wait for the counting of whom it moves.
  if (const auto switched = co_await store_.switching(decision.from, decision.to, clock_.now()))
    receipt.switched = *switched;
  else
    log_.warn("switching_not_read", {{"rollout", decision.rollout}, {"error", switched.error().message}});
  receipt.sentence = receipt_sentence(receipt, plan, phones_);
  step("receipt made");
  CO_TRY_VOID(co_await store_.confirm(decision.id, to_text(receipt), clock_.now()));
  step("confirmed");
  if (decision.action == Action::roll_back)
    log_.warn("rollback_receipt",
              {{"rollout", decision.rollout}, {"decision", decision.id}, {"receipt", receipt.sentence}});
  co_return receipt;
}

// A beta phase's users are on new while it runs, whatever the percentage.
Awaitable<void> RolloutController::keep_pins(const Course& course) {
  const rollout::RolloutState& state = course.record.state;
  std::vector<std::string> wanted;
  const bool runs = state.stage == Stage::running || state.stage == Stage::holding || state.stage == Stage::frozen;
  if (runs) wanted = course.plan->phases.at(static_cast<std::size_t>(state.phase)).include;
  const std::string reason = "included by rollout " + course.name;
  const auto pins = co_await flags_.pins();
  if (!pins) {
    log_.error("pins_not_read", {{"rollout", course.name}, {"error", pins.error().message}});
    co_return;
  }
  const Actor self{rollout_source, Role::admin};
  for (const Pin& pin : *pins) {
    if (pin.reason != reason || is_among(wanted, pin.user.str())) continue;
    (void)co_await flags_.unpin(pin.user, "the phase is over", self);
  }
  for (const std::string& user : wanted) {
    // A person's pin, most likely to old, is never replaced.
    if (std::ranges::any_of(*pins, [&](const Pin& pin) { return pin.user.str() == user; })) continue;
    if (const auto pinned = co_await flags_.pin(UserId{user}, System::new_system, reason, std::nullopt, self); !pinned)
      log_.error("not_included", {{"rollout", course.name}, {"error", pinned.error().message}});
  }
}

void RolloutController::show(const Course& course, const rollout::RunSums& sums, const Decision& decision,
                             const rollout::Facts& facts) {
  const rollout::RolloutState& state = course.record.state;
  const Labels labels{{"rollout", course.name}};
  metrics_.gauge("callramp_rollout_phase", "Index of the rollout's phase, from 0.", labels).set(state.phase);
  metrics_.gauge("callramp_rollout_target_ratio", "Share of users that the rollout wants on new.", labels)
      .set(state.percentage.number() / 100);
  if (const auto at = static_cast<std::size_t>(state.phase); at < sums.phases.size()) {
    const rollout::PhaseFold& fold = sums.phases[at];
    const auto all = static_cast<double>(fold.first.total + fold.first_old.total);
    if (all > 0)
      metrics_.gauge("callramp_rollout_observed_ratio", "Share of the phase's calls first dialed on new.", labels)
          .set(static_cast<double>(fold.first.total) / all);
  }
  metrics_.gauge("callramp_rollout_evidence_age_seconds", "Since evidence was last closed.", labels)
      .set(facts.heartbeat ? std::chrono::duration<double>(clock_.now() - *facts.heartbeat).count() : -1);
  for (const auto* list : {&decision.criteria, &decision.triggers})
    for (const rollout::Judgement& one : *list) {
      Labels of = labels;
      of["criterion"] = one.condition.text;
      of["kind"] = one.is_trigger ? "trigger" : "criterion";
      metrics_
          .gauge("callramp_rollout_verdict", "0 pass, 1 fail, 2 undecided, 3 no data, 4 not applicable, 5 waived.", of)
          .set(static_cast<double>(one.verdict));
      if (one.need_pass > 0 || one.need_fail > 0)
        metrics_.gauge("callramp_rollout_evidence", "Natural log of the evidence, of what is needed.", of)
            .set(one.is_trigger ? (one.need_fail > 0 ? one.log_e_fail / one.need_fail : 0)
                                : (one.need_pass > 0 ? one.log_e_pass / one.need_pass : 0));
    }
}

void RolloutController::tell(std::string_view rollout, std::string_view what, std::int64_t decision) {
  // Names of rollouts are [a-z0-9-]: nothing to escape.
  feed_.publish({"rollout", fmt::format(R"({{"rollout":"{}","what":"{}","decision":{}}})", rollout, what, decision)});
}

}  // namespace callramp::engine
