// One look: all conditions of the phase, then the strongest rule that applies. Numbers only; explain.cpp has the words.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/rollout/compiled.hpp"
#include "core/stats/combine.hpp"
#include "core/stats/drift.hpp"

namespace callramp::rollout {
namespace {

constexpr double quiet_nats = 9.210340371976184;  // log(10^4): a silence that chance explains once in 10^4
constexpr double share_tolerance = 1.0 / 3;       // observed share of new against asked, docs/definitions.md
constexpr double least_calls_for_share = 200;
constexpr std::array<std::string_view, 16> rule_names{
    "trigger.latch",  "trigger.rate",     "trigger.versus", "trigger.drift",
    "freeze.rate",    "freeze.versus",    "freeze.drift",   "freeze.evidence",
    "freeze.share",   "freeze.complaint", "freeze.outage",  "hold.manual_flags",
    "hold.phase_cap", "gate.open",        "watch.begins",   "hold"};
constexpr std::string_view outages = "provider_outage(";  // of whichever provider: their gauges stand side by side

bool is_rate_trigger(const Line& line) { return !line.peers.empty(); }
bool is_statistic(const Line& line) {
  return line.kind == Kind::rate || line.kind == Kind::versus || line.kind == Kind::mean || line.kind == Kind::events;
}
bool holds_open(Verdict verdict) {
  return verdict == Verdict::pass || verdict == Verdict::not_applicable || verdict == Verdict::waived;
}

void read_latches(CompiledPlan& plan, const RolloutState& state) {
  const CompiledPhase& phase = plan.phase(state);
  plan.latched.assign(phase.criteria.size(), 0);
  for (const Latch& latch : state.latches) {
    if (!latch.failed && latch.phase != state.phase) continue;
    const auto text = [&](std::size_t i) { return std::string_view(phase.criteria[i].condition.text); };
    auto at = std::ranges::lower_bound(phase.by_text, std::string_view(latch.condition), {}, text);
    for (; at != phase.by_text.end() && text(*at) == latch.condition; ++at)
      plan.latched[*at] |= static_cast<std::uint8_t>(latch.failed ? 2 : 1);
  }
}

bool is_waived(const Line& line, const Scene& scene) {
  return std::ranges::any_of(scene.facts.waivers, [&](const Waiver& waiver) {
    return waiver.condition == line.condition.text && waiver.until > scene.now;
  });
}

void look_at_criteria(CompiledPlan& plan, const Scene& scene, const std::vector<Line>& lines, Depth depth) {
  std::vector<Finding>& found = plan.look.criteria;
  found.assign(lines.size(), Finding{});
  const bool gated = &lines == &scene.phase.criteria;
  const auto late = [](const Line& line) {
    return line.kind == Kind::person || line.source == Source::criteria_met || line.source == Source::targets_met;
  };
  bool open = true;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    if (late(line)) continue;
    const bool passed = gated && (plan.latched[i] & 1) != 0;
    const bool failed = gated && (plan.latched[i] & 2) != 0;
    if (line.kind == Kind::versus)
      found[i] = judge_versus(line, scene, passed, failed);
    else if (is_statistic(line))
      found[i] = judge_rate(line, scene, passed, failed);
    else
      found[i] = judge_other(line, scene, 0);
    if (!holds_open(found[i].verdict) && !scene.facts.waivers.empty() && is_waived(line, scene)) {
      found[i].verdict = Verdict::waived;
      found[i].freezes = false;
    }
    open = open && holds_open(found[i].verdict);
  }
  plan.look.waits_for_people = false;
  if (!open && depth == Depth::gate) return;
  const std::uint64_t standing = scene.facts.signatures.empty() ? 0 : fingerprint(scene, plan.look);
  bool signed_off = true;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!late(lines[i])) continue;
    found[i] = judge_other(lines[i], scene, standing);
    if (!holds_open(found[i].verdict) && is_waived(lines[i], scene)) found[i].verdict = Verdict::waived;
    signed_off = signed_off && holds_open(found[i].verdict);
  }
  plan.look.waits_for_people = open && !signed_off;
}

double most_of_trigger(const Line& line, const Scene& scene) {
  const Observed counts = observed(line, scene);
  double most = most_log_e(*line.evidence, line.claim, counts.run / counts.deff);
  if (!counts.of_calls) return most;
  for (std::size_t i = 0; i < scene.run.phases.size(); ++i) {
    const int peer = line.peers[i];
    if (peer < 0) continue;
    const Line& then = scene.plan.phases[i].triggers[static_cast<std::size_t>(peer)];
    most = std::max(most, most_log_e(*then.evidence, then.claim, observed_in(line, scene.run.phases[i]) / counts.deff));
  }
  return most;
}

// The weighted mean of all rates against their lines (docs/decisions.md §1g); computed only where it can be enough.
void combine_rates(CompiledPlan& plan, const Scene& scene) {
  Look& look = plan.look;
  const std::vector<Line>& lines = scene.phase.triggers;
  look.rollback_log_e = 0;
  if (scene.heartbeat_missing) return;
  bool possible = false;
  for (const Line& line : lines) {
    if (!is_rate_trigger(line)) continue;
    const double most = line.evidence             ? most_of_trigger(line, scene)
                        : beyond_own(line, scene) ? trigger_log_e(line, scene)
                                                  : 0;
    possible = possible || most >= plan.need_fail;
  }
  if (!possible) return;
  std::vector<stats::Weighted> parts;
  std::vector<int> index;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!is_rate_trigger(lines[i])) continue;
    const bool success = lines[i].source == Source::success;
    parts.push_back({.log_e = trigger_log_e(lines[i], scene),
                     .weight = success ? scene.phase.success_weight : scene.phase.other_weight});
    index.push_back(static_cast<int>(i));
  }
  const stats::Combined combined = stats::combine(parts);
  look.rollback_log_e = combined.log_e;
  if (combined.log_e < plan.need_fail) return;
  const auto largest = static_cast<std::size_t>(index[combined.largest]);
  if (!beyond_own(lines[largest], scene)) return;
  look.triggers[largest].verdict = Verdict::fail;
  look.triggers[largest].fires = true;
}

void look_at_triggers(CompiledPlan& plan, const Scene& scene) {
  Look& look = plan.look;
  const std::vector<Line>& lines = scene.phase.triggers;
  look.triggers.assign(lines.size(), Finding{});
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    look.triggers[i] = line.kind == Kind::versus ? judge_versus(line, scene, false, false)
                       : is_statistic(line)      ? judge_rate_trigger(line, scene)
                                                 : judge_other(line, scene, 0);
  }
  combine_rates(plan, scene);
  if (scene.state.stage != Stage::rolled_back) return;
  // Evidence of the run is closed; what has fired already does not fire twice.
  for (std::size_t i = 0; i < lines.size(); ++i) {
    Finding& found = look.triggers[i];
    if (!found.fires) continue;
    const bool again = std::ranges::find(scene.state.fired, lines[i].condition.text) != scene.state.fired.end();
    if (is_statistic(lines[i]) || again) found.fires = false;
  }
}

// Index of the trigger that decides; those that lead to zero first.
int strongest_trigger(const Scene& scene, const Look& look) {
  int first = -1;
  for (std::size_t i = 0; i < look.triggers.size(); ++i) {
    if (!look.triggers[i].fires) continue;
    if (scene.phase.triggers[i].target == Target::zero) return static_cast<int>(i);
    if (first < 0) first = static_cast<int>(i);
  }
  return first;
}

bool second_within(const Scene& scene) {
  return scene.state.last_rollback_at &&
         scene.now - *scene.state.last_rollback_at < scene.plan.plan->pace.repeat_within;
}

bool share_is_wrong(const Scene& scene) {
  const double asked = scene.phase.phase->percentage.number() / 100;
  const auto fresh = static_cast<double>(scene.fold.first.total);
  const auto old = static_cast<double>(scene.fold.first_old.total + scene.fold.first_old.unknown);
  const double all = fresh + old;
  // Without calls on old nobody can tell: services that dial for themselves may not report.
  if (old <= 0 || asked <= 0 || asked >= 1) return false;
  if (std::max(fresh, asked * all) < least_calls_for_share) return false;
  return std::abs(fresh / all - asked) > share_tolerance * asked;
}

bool outage_with_old(const Scene& scene) {
  const auto& gauges = scene.facts.gauges;
  for (auto at = gauges.lower_bound(outages); at != gauges.end() && at->first.starts_with(outages); ++at) {
    const auto& readings = at->second.readings;
    if (!readings.empty() && readings.back().value >= 0.5 && scene.now - readings.back().at <= minutes{3}) return true;
  }
  return false;
}

struct Freeze {
  Rule rule;
  int by;
};

// Under which name a person lifts it in this phase; empty: nobody can.
std::string key_of(const Scene& scene, const Look& look, const Freeze& freeze) {
  const auto by = static_cast<std::size_t>(freeze.by);
  switch (freeze.rule) {
    case Rule::freeze_rate: return scene.phase.criteria[by].condition.text;
    case Rule::freeze_versus:
    case Rule::freeze_drift: return scene.phase.triggers[by].condition.text;
    // The next complaint of its kind freezes again.
    case Rule::freeze_complaint: return "complaint " + std::to_string(static_cast<int>(look.triggers[by].good));
    case Rule::freeze_share:
    case Rule::freeze_outage: return std::string(to_string(freeze.rule));
    default: return {};
  }
}

// Calls `see` with every freeze, strongest first, until it returns true.
template <class See>
bool each_freeze(const Scene& scene, const Look& look, const See& see) {
  if (scene.heartbeat_dead && see(Freeze{Rule::freeze_evidence, -1})) return true;
  if (&scene.plan.criteria(scene.state) == &scene.phase.criteria)
    for (std::size_t i = 0; i < look.criteria.size(); ++i)
      if (look.criteria[i].freezes && see(Freeze{Rule::freeze_rate, static_cast<int>(i)})) return true;
  for (std::size_t i = 0; i < look.triggers.size(); ++i) {
    if (!look.triggers[i].freezes) continue;
    const Source source = scene.phase.triggers[i].source;
    const Rule rule = source == Source::versus  ? Rule::freeze_versus
                      : source == Source::drift ? Rule::freeze_drift
                                                : Rule::freeze_complaint;
    if (see(Freeze{rule, static_cast<int>(i)})) return true;
  }
  if (share_is_wrong(scene) && see(Freeze{Rule::freeze_share, -1})) return true;
  return outage_with_old(scene) && see(Freeze{Rule::freeze_outage, -1});
}

bool is_lifted(const Scene& scene, const Look& look, const Freeze& freeze) {
  const std::vector<std::string>& lifted = scene.state.lifted;
  return !lifted.empty() && std::ranges::find(lifted, key_of(scene, look, freeze)) != lifted.end();
}

// Sets rule and by to the first freeze that no person has lifted.
bool find_freeze(const Scene& scene, Look& look) {
  return each_freeze(scene, look, [&](const Freeze& freeze) {
    if (is_lifted(scene, look, freeze)) return false;
    look.rule = freeze.rule;
    look.by = freeze.by;
    return true;
  });
}

// Unlike what is only counted whole, too, and costs that differ from day to day.
bool is_spent(Source source) {
  return source != Source::items && source != Source::pending_calls && source != Source::cost_predictable;
}

std::string_view lasting_reset(const Scene& scene, const Look& look) {
  if (scene.heartbeat_dead) return "no evidence for more than an hour";
  if (scene.run.drift >= stats::drift_freeze_level) return "the success rate has dropped";
  const std::vector<Line>& lines = scene.plan.criteria(scene.state);
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (lines[i].kind == Kind::budget && is_spent(lines[i].source) && look.criteria[i].verdict == Verdict::fail)
      return "a budget is overspent";
  return {};
}

bool has_latch_news(const Look& look) {
  return std::ranges::any_of(look.criteria, [](const Finding& found) { return found.latches; });
}

// What the stage allows, strongest first. Sets action, rule, by.
void choose(const CompiledPlan& plan, const Scene& scene, Look& look) {
  const RolloutState& state = scene.state;
  look.action = Action::hold;
  look.rule = Rule::hold;
  look.by = -1;
  look.to_zero = false;
  const bool rolled_back = state.stage == Stage::rolled_back;
  const bool traffic = state.percentage > Percent{} || scene.facts.percentage > Percent{};
  const bool can_fall = is_active(state.stage) || (rolled_back && traffic);
  if (const int by = can_fall ? strongest_trigger(scene, look) : -1; by >= 0) {
    const Line& line = scene.phase.triggers[static_cast<std::size_t>(by)];
    look.action = Action::roll_back;
    look.by = by;
    look.rule = line.source == Source::versus  ? Rule::trigger_versus
                : line.source == Source::drift ? Rule::trigger_drift
                : is_statistic(line)           ? Rule::trigger_rate
                                               : Rule::trigger;
    look.to_zero = line.target == Target::zero || second_within(scene);
    return;
  }
  if (!is_active(state.stage) && !rolled_back) return;
  if (!rolled_back && state.stage != Stage::frozen && find_freeze(scene, look)) {
    look.action = Action::freeze;
    return;
  }
  const bool by_hand = !scene.facts.flags_set_by.empty() && scene.facts.percentage != state.percentage;
  if (by_hand && !state.manual_flags) {
    look.rule = Rule::manual_flags;
    return;
  }
  if (state.stage == Stage::complete) {
    look.rule = Rule::watch_begins;
    return;
  }
  if (state.stage != Stage::running) return;
  const bool open =
      std::ranges::all_of(look.criteria,
                          [](const Finding& found) { return holds_open(found.verdict) && !found.freezes; }) &&
      !state.manual_flags && !by_hand && scene.facts.calls_enabled && !scene.heartbeat_missing;
  if (open) {
    const bool last = static_cast<std::size_t>(state.phase) + 1 == plan.phases.size();
    look.action = last ? Action::complete : Action::advance;
    look.rule = Rule::gate_open;
    return;
  }
  const Instant cap = std::max(state.phase_started_at + plan.plan->decide.phase_cap, state.earliest_advance);
  const bool lifted = std::ranges::find(state.lifted, "phase_cap") != state.lifted.end();
  if (scene.now >= cap && !lifted) look.rule = Rule::phase_cap;
}

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) {
    hash ^= (value >> (8 * i)) & 0xff;
    hash *= 0x100000001b3ULL;  // FNV-1a
  }
  return hash;
}
std::uint64_t mixed(std::uint64_t hash, std::string_view text) {
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return mixed(hash, text.size());
}

// Verdicts that change by time alone are no change.
std::uint64_t standing_class(const Line& line, const Finding& found) {
  if (is_statistic(line)) return static_cast<std::uint64_t>(found.verdict);
  if (found.verdict == Verdict::fail) return 100;
  return found.verdict == Verdict::no_data ? 101 : 102;
}

}  // namespace

std::string_view to_string(Rule rule) noexcept { return rule_names[static_cast<std::size_t>(rule)]; }

bool is_active(Stage stage) noexcept {
  return stage == Stage::running || stage == Stage::holding || stage == Stage::frozen || stage == Stage::complete ||
         stage == Stage::watching;
}

Scene scene_of(const CompiledPlan& plan, const RolloutState& state, const Evidence& evidence, Instant now) {
  const RunSums& run = evidence.run;
  const Facts& facts = evidence.facts;
  const CompiledPhase& phase = plan.phase(state);
  Scene scene{.plan = plan,
              .phase = phase,
              .state = state,
              .run = run,
              .facts = facts,
              .now = now,
              .fold = run.phases.at(static_cast<std::size_t>(state.phase)),
              .total = run.total(),
              .total_first = run.total_first()};
  const Pace& pace = plan.plan->pace;
  const Instant heard = facts.heartbeat.value_or(state.run_started_at);
  scene.heartbeat_missing = !facts.heartbeat || now - heard > pace.stale_after;
  scene.heartbeat_dead = state.run > 0 && now - heard > pace.dead_after;
  if (phase.planned_a_second > 0)
    scene.quiet = std::chrono::duration<double>(facts.quiet).count() > quiet_nats / phase.planned_a_second;
  scene.watch = now < state.watch_until;
  scene.deff = std::max({design_effect(scene.fold.hours), design_effect(facts.users), 1.0});
  return scene;
}

std::uint64_t fingerprint(const Scene& scene, const Look& look) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  hash = mixed(hash, static_cast<std::uint64_t>(scene.state.run));
  hash = mixed(hash, static_cast<std::uint64_t>(scene.state.phase));
  hash = mixed(hash, static_cast<std::uint64_t>(to_micros(scene.state.stable_since)));
  hash = mixed(hash, scene.facts.binary);
  hash = mixed(hash, scene.facts.configuration);
  hash = mixed(hash, scene.plan.plan->hash);
  const std::vector<Line>& lines = scene.plan.criteria(scene.state);
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (lines[i].kind != Kind::person && lines[i].kind != Kind::clock && lines[i].source != Source::criteria_met)
      hash = mixed(hash, standing_class(lines[i], look.criteria[i]));
  // In no order, as items come in none.
  std::uint64_t items = 0;
  for (const EvidenceItem& item : scene.facts.items) {
    if (item.kind != "bug" && item.kind != "complaint" && item.kind != "security") continue;
    std::uint64_t one = mixed(0xcbf29ce484222325ULL, item.kind);
    one = mixed(one, item.external_id);
    one = mixed(one, item.severity);
    items += mixed(one, item.status);
  }
  return mixed(hash, items);
}

std::string standing_text(std::uint64_t fingerprint) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = digits[(fingerprint >> (60 - 4 * i)) & 15];
  return text;
}

std::vector<std::string> standing_freezes(const Scene& scene, const Look& look) {
  std::vector<std::string> keys;
  each_freeze(scene, look, [&](const Freeze& freeze) {
    if (std::string key = key_of(scene, look, freeze); !key.empty() && !is_lifted(scene, look, freeze))
      keys.push_back(std::move(key));
    return false;
  });
  return keys;
}

void look_at(CompiledPlan& plan, const Scene& scene, Depth depth) {
  Look& look = plan.look;
  look.design_effect = scene.deff;
  look.rollback_log_e = 0;
  look.unstable = {};
  read_latches(plan, scene.state);
  look_at_criteria(plan, scene, plan.criteria(scene.state), depth);
  if (scene.state.stage == Stage::planned || scene.state.stage == Stage::succeeded) {
    look.triggers.assign(scene.phase.triggers.size(), Finding{});
    look.action = Action::hold;
    look.rule = Rule::hold;
    look.by = -1;
    look.news = false;
    return;
  }
  look_at_triggers(plan, scene);
  choose(plan, scene, look);
  if (is_active(scene.state.stage)) look.unstable = lasting_reset(scene, look);
  const RolloutState& state = scene.state;
  const bool new_version = is_active(state.stage) &&
                           (state.binary != scene.facts.binary || state.configuration != scene.facts.configuration ||
                            state.plan_hash != plan.plan->hash);
  look.news = look.rule != Rule::hold || look.unstable != state.unstable || new_version ||
              (is_active(state.stage) && &plan.criteria(state) == &scene.phase.criteria && has_latch_news(look));
}

}  // namespace callramp::rollout
