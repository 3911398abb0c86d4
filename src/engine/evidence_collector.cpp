#include "engine/evidence_collector.hpp"

#include <algorithm>
#include <cmath>

#include "core/stats/new_vs_old.hpp"
#include "engine/plan_time.hpp"

namespace callramp::engine {
namespace {

using rollout::Condition;
using rollout::Facts;
using Phase = std::pair<int, int>;

constexpr int aa_days = 28;
constexpr int flag_changes_looked_at = 100;
constexpr Duration gauge_margin = minutes{5};
constexpr const char* rollout_source = "rollout";

// Every gauge that the plan reads, with how far back: a decision keeps what it was made from, and no more.
std::map<std::string, Duration, std::less<>> gauges_needed(const rollout::Plan& plan) {
  std::map<std::string, Duration, std::less<>> needed;
  const auto add = [&](const Condition& condition) {
    Duration& span = needed[rollout::source_key(condition)];
    span = std::max({span, condition.lasting.value_or(Duration::zero()), condition.within.value_or(Duration::zero())});
  };
  for (const rollout::Phase& phase : plan.phases) {
    for (const Condition& condition : phase.advance_when) add(condition);
    for (const rollout::Trigger& trigger : phase.roll_back_when) add(trigger.condition);
  }
  for (const rollout::Checklist& list : plan.checklists)
    for (const rollout::ChecklistItem& item : list.items)
      if (item.ticks_when) add(*item.ticks_when);
  for (const rollout::Aim& aim : plan.aims)
    if (aim.condition) add(*aim.condition);
  // Watched in every rollout, whatever its plan says: an outage that only new has.
  for (const char* provider : {"telephony", "stt", "llm", "tts"}) {
    needed[std::string("provider_down(") + provider + ")"] = minutes{15};
    needed.try_emplace(std::string("provider_outage(") + provider + ")", Duration::zero());
  }
  return needed;
}

// When the one was confirmed that was not for longest. Nothing: there is no contact, one was never confirmed, or
// somebody has written a date to come, a day aside for zones.
std::optional<Instant> contacts_confirmed(const rollout::Plan& plan, Instant now) {
  std::optional<Instant> oldest;
  for (const rollout::Contact& contact : plan.contacts) {
    const auto at = parse_iso(contact.confirmed + "T00:00:00Z");
    if (!at || *at > now + hours{24}) return std::nullopt;
    oldest = std::min(oldest.value_or(*at), *at);
  }
  return oldest;
}

bool is_machine(Outcome outcome) { return outcome == Outcome::voicemail || outcome == Outcome::voicemail_left; }

}  // namespace

EvidenceCollector::EvidenceCollector(CollectorConfig config, RolloutStore& rollouts, CallStore& calls, FlagStore& flags,
                                     const PhoneDirectory& phones, async::Clock& clock, Log& log)
    : config_(std::move(config)),
      rollouts_(rollouts),
      calls_(calls),
      flags_(flags),
      phones_(phones),
      clock_(clock),
      log_(log) {}

template <class T>
bool EvidenceCollector::read(const char* what, const Result<T>& result) {
  if (!result) log_.error("evidence_not_read", {{"what", what}, {"error", result.error().message}});
  return result.has_value();
}

Awaitable<Facts> EvidenceCollector::collect(const rollout::Plan& plan, const RolloutRecord& record,
                                            std::optional<Instant> heartbeat, std::int64_t through, Instant now) {
  Slow& slow = slow_[record.name];
  const Phase phase{record.state.run, record.state.phase};
  const bool news = slow.through != through || now - slow.at >= config_.slow_after;
  const bool rested = now - slow.at >= slow.took * config_.slow_share;
  if (slow.of != phase || now < slow.at || (news && rested)) {
    Facts fresh;
    const Instant began = clock_.now();
    co_await read_slow(plan, record, now, fresh);
    slow = {.of = phase, .through = through, .at = now, .took = clock_.now() - began, .facts = std::move(fresh)};
  }
  Facts facts = slow.facts;
  facts.heartbeat = heartbeat;
  facts.binary = config_.binary;
  facts.configuration = config_.configuration;
  facts.has_old_system = config_.has_old_system;
  facts.today = day_of(plan, phones_, now);
  co_await read_flags(facts, record);
  co_await read_marks(plan, record, now, facts);
  co_await read_gauges(plan, record, now, facts);
  co_await count_labels(record.state, facts);
  co_return facts;
}

Awaitable<void> EvidenceCollector::read_flags(Facts& facts, const RolloutRecord& record) {
  const auto flags = co_await flags_.current();
  if (!read("flags", flags)) {
    // Nothing is known of them: what the rollout wants stands, and a commit against a wrong version is refused.
    facts.percentage = record.state.percentage;
    co_return;
  }
  facts.percentage = flags->flags.outbound_calls_percentage;
  facts.calls_enabled = flags->flags.outbound_calls_enabled;
  facts.flag_version = flags->version;
  if (flags_set_by_.first != flags->version) {
    const auto changes = co_await flags_.history(flag_changes_looked_at);
    std::string by;
    if (read("flag history", changes)) {
      const auto change = std::ranges::find_if(*changes, [](const FlagChange& one) {
        return one.from.outbound_calls_percentage != one.to.outbound_calls_percentage ||
               one.from.outbound_calls_enabled != one.to.outbound_calls_enabled;
      });
      if (change != changes->end() && change->source != rollout_source) by = change->actor;
    }
    flags_set_by_ = {flags->version, std::move(by)};
  }
  facts.flags_set_by = flags_set_by_.second;
}

Awaitable<void> EvidenceCollector::read_slow(const rollout::Plan& plan, const RolloutRecord& record, Instant now,
                                             Facts& facts) {
  const rollout::RolloutState& state = record.state;
  const bool asked = gauges_needed(plan).contains("feature_adoption");  // it reads a week of calls
  Result<Adoption> adoption = Adoption{};
  if (asked) adoption = co_await rollouts_.adoption(now);
  if (read("adoption", adoption)) {
    facts.users_on_new = adoption->users_on_new;
    facts.users_routable = adoption->users_routable;
  }
  if (state.run == 0) co_return;  // nothing was counted yet
  if (auto times = co_await rollouts_.times(record.name, state.run, state.phase); read("times", times))
    facts.times = std::move(*times);
  const Currency currency = plan.budget.per_call    ? plan.budget.per_call->currency
                            : plan.budget.per_phase ? plan.budget.per_phase->currency
                                                    : Currency{};
  // The store may call it on its own thread after this coroutine moved on: it owns its plan.
  const auto day = [plan_copy = rollout::Plan{.timezone = plan.timezone, .pace = plan.pace},
                    &phones = phones_](Instant at) { return day_of(plan_copy, phones, at); };
  if (auto costs = co_await rollouts_.costs(record.name, state.run, state.phase, currency, day); read("costs", costs))
    facts.costs = std::move(*costs);
  if (auto users = co_await rollouts_.user_figures(record.name, state.run, state.phase); read("users", users))
    facts.users = users->sums;
  if (auto waiting =
          co_await rollouts_.waiting_calls(record.name, state.run, state.phase, now - plan.pace.pending_after);
      read("waiting calls", waiting)) {
    facts.open_calls = waiting->open;
    facts.pending_calls = waiting->pending;
    facts.quiet =
        calling_time(plan, phones_, std::max(state.run_started_at, waiting->newest_on_new.value_or(Instant{})), now);
  }
  co_await read_uptime(plan, state, now, facts);
}

Awaitable<void> EvidenceCollector::read_uptime(const rollout::Plan& plan, const rollout::RolloutState& state,
                                               Instant now, Facts& facts) {
  if (auto phase = co_await rollouts_.uptime(state.phase_started_at, now); read("uptime", phase))
    facts.uptime = {
        .minutes = phase->minutes, .down = phase->down, .unknown = phase->unknown, .planned = phase->planned};
  // "In the last 24 h" does not begin anew with a phase.
  if (auto day = co_await rollouts_.uptime(std::max(state.run_started_at, now - plan.pace.day), now);
      read("uptime", day)) {
    facts.uptime.last_day_minutes = day->minutes;
    facts.uptime.last_day_down = day->down;
  }
}

Awaitable<void> EvidenceCollector::read_marks(const rollout::Plan& plan, const RolloutRecord& record, Instant now,
                                              Facts& facts) {
  const int run = record.state.run;
  if (auto items = co_await rollouts_.evidence_items(record.name, run); read("items", items))
    facts.items = std::move(*items);
  if (auto signatures = co_await rollouts_.signatures(record.name, run); read("signatures", signatures))
    facts.signatures = std::move(*signatures);
  if (run > 0) {
    // What was signed before the first start: the gate of the start, confirmations.
    if (auto earlier = co_await rollouts_.signatures(record.name, 0); read("signatures", earlier))
      facts.signatures.insert(facts.signatures.begin(), earlier->begin(), earlier->end());
  }
  if (auto waivers = co_await rollouts_.waivers(record.name); read("waivers", waivers)) {
    std::erase_if(*waivers, [&](const rollout::Waiver& waiver) { return waiver.until <= now; });
    facts.waivers = std::move(*waivers);
  }
  if (auto proofs = co_await rollouts_.proofs(); read("proofs", proofs)) facts.proofs = std::move(*proofs);
  // Not recorded but known: the plan says when each contact was last confirmed.
  if (const auto confirmed = contacts_confirmed(plan, now))
    facts.proofs.push_back({.name = "contacts_confirmed", .at = *confirmed, .passed = true});
  if (auto aa = co_await rollouts_.aa(record.name); read("A/A comparison", aa)) facts.aa = *aa;
}

Awaitable<void> EvidenceCollector::read_gauges(const rollout::Plan& plan, const RolloutRecord& record, Instant now,
                                               Facts& facts) {
  const auto needed = gauges_needed(plan);
  Duration longest{};
  for (const auto& [name, span] : needed) longest = std::max(longest, span);
  auto gauges = co_await rollouts_.gauges(record.name, record.state.run, now - longest - gauge_margin);
  if (read("gauges", gauges)) {
    for (auto& [name, gauge] : *gauges) {
      const auto want = needed.find(name);
      if (want == needed.end()) continue;
      const Instant from = now - want->second - gauge_margin;
      std::erase_if(gauge.readings, [&](const rollout::LevelReading& one) { return one.at < from; });
      facts.gauges.emplace(name, std::move(gauge));
    }
  }
  // Not measured but known: what this node routes by.
  if (needed.contains("flag_applied")) {
    const bool applied = facts.calls_enabled && facts.percentage == record.state.percentage;
    facts.gauges["flag_applied"] = {.readings = {{now, applied ? 1.0 : 0.0}}};
  }
}

// A label says whether the detector was right; who answered follows from what the detector had said.
Awaitable<void> EvidenceCollector::count_labels(const rollout::RolloutState& state, Facts& facts) {
  for (const rollout::EvidenceItem& item : facts.items) {
    if (item.kind != "label" || item.status == "rejected" || item.phase != state.phase || item.call_id.empty())
      continue;
    auto said = judged_machine_.find(item.call_id);
    if (said == judged_machine_.end()) {
      const auto call = co_await calls_.get(CallId{item.call_id});
      if (!read("labelled call", call) || !call->call.outcome) continue;
      said = judged_machine_.emplace(item.call_id, is_machine(*call->call.outcome)).first;
    }
    const bool right = item.value >= 0.5;
    if (said->second == right) {  // a machine, taken for one or not
      ++facts.labels.machines;
      facts.labels.machines_right += right ? 1 : 0;
    } else {
      ++facts.labels.people;
      facts.labels.people_right += right ? 1 : 0;
    }
  }
}

Awaitable<Status> EvidenceCollector::compare_cohorts(const rollout::Plan& plan, Instant now) {
  const auto first = std::ranges::find_if(plan.phases, [](const rollout::Phase& one) {
    return one.percentage > Percent{} && one.percentage.basis_points() < 10'000;
  });
  if (first == plan.phases.end()) co_return Status{};
  // Both ways round: a cohort that does better from the start would hide that new is worse.
  stats::NewVsOld worse({.claim = stats::VersusClaim::worse});
  stats::NewVsOld better({.claim = stats::VersusClaim::worse});
  std::map<UserId, stats::Counts> by_user;
  for (int day = aa_days; day > 0; --day) {
    const Instant from = now - day * plan.pace.day;
    CO_TRY(tallies, co_await rollouts_.user_tallies(System::old_system, from, from + plan.pace.day));
    stats::Block block;
    for (const UserTally& user : tallies) {
      const stats::Counts counts{.good = static_cast<double>(user.connected),
                                 .bad = static_cast<double>(user.calls - user.connected)};
      by_user[user.user] += counts;
      const bool cohort = position_hundredths(user.user.str()) < first->percentage.basis_points();
      (cohort ? block.on_new : block.on_old) += counts;
    }
    worse.fold(block);
    better.fold({.on_new = block.on_old, .on_old = block.on_new});
  }
  rollout::AaResult result{.run = true, .users = static_cast<std::int64_t>(by_user.size())};
  rollout::ClusterSums cohort, rest;
  for (const auto& [user, counts] : by_user) {
    const auto good = static_cast<std::int64_t>(counts.good);
    const auto calls = static_cast<std::int64_t>(counts.good + counts.bad);
    result.calls += calls;
    const bool in_cohort = position_hundredths(user.str()) < first->percentage.basis_points();
    (in_cohort ? cohort : rest).add(good, calls);
  }
  result.design_effect = std::max(rollout::design_effect(cohort), rollout::design_effect(rest));
  result.log_e = std::max(worse.log_e(), better.log_e()) / result.design_effect;
  result.alarm = result.log_e >= std::log(2 / plan.decide.versus_alpha);
  co_return co_await rollouts_.put_aa(plan.name, result, now);
}

}  // namespace callramp::engine
