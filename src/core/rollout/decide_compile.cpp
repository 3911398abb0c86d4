// From a plan to lines that can be looked at: sources, sides, priors, peers, and the built-in rules.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/ensure.hpp"
#include "core/rollout/compiled.hpp"
#include "core/rollout/lines.hpp"

namespace callramp::rollout {
namespace {

using stats::Side;

constexpr double rare_line = 0.1;  // lines this near to 0 or 1 get half an event's worth of prior (decisions.md §1a)
constexpr std::array<std::pair<std::string_view, Source>, 29> sources{{
    {"call_success_rate", Source::success},
    {"error_rate", Source::errors},
    {"connected_rate", Source::connected},
    {"retry_success_rate", Source::retries},
    {"voicemail_accuracy", Source::labels},
    {"customer_satisfaction", Source::satisfaction},
    {"complaint_rate", Source::complaint_rate},
    {"uptime", Source::uptime},
    {"cost_per_call", Source::cost_per_call},
    {"cost_per_successful_call", Source::cost_per_success},
    {"cost_overrun", Source::cost_overrun},
    {"cost_predictable", Source::cost_predictable},
    {"feature_adoption", Source::adoption},
    {"open_bugs", Source::items},
    {"bugs_found", Source::items},
    {"no_open_critical", Source::items},
    {"security_issues", Source::items},
    {"customer_complaints", Source::items},
    {"support_tickets", Source::items},
    {"stable_for", Source::stable},
    {"full_traffic_for", Source::full_traffic},
    {"approved_by", Source::approval},
    {"checklist", Source::checklist},
    {"confirmed", Source::confirmed},
    {"load_test", Source::proof},
    {"drilled", Source::proof},
    {"old_decommissioned", Source::state_proof},
    {"criteria_met", Source::criteria_met},
    {"targets_met", Source::targets_met},
}};
constexpr std::array<std::string_view, 4> only_here{"stt", "llm", "tts", "telephony"};

Source source_of(const Plan& plan, const Condition& condition, Kind kind) {
  if (kind == Kind::versus) return Source::versus;
  if (condition.percentile && kind == Kind::rate) return Source::times;
  for (const auto& [name, source] : sources)
    if (condition.metric == name) return source;
  if (kind == Kind::proof) return Source::proof;
  const auto metric = find_metric(plan, condition.metric);
  ENSURE(!metric || metric->kind == Kind::gauge || kind == Kind::gauge, "every counted metric has a source");
  return Source::level;
}

ItemFilter items_of(const Plan& plan, const Condition& condition) {
  ItemFilter filter;
  const std::string_view name = condition.metric;
  filter.kind = name == "security_issues" ? "security" : name == "customer_complaints" ? "complaint" : "bug";
  if (name == "support_tickets") filter.kind = "ticket";
  if (!condition.arguments.empty()) filter.severity = condition.arguments.front().name;
  if (filter.kind == "bug" && filter.severity == "critical") {
    filter.severity = "P2";
    filter.critical_only = true;
  }
  filter.open_only = name == "open_bugs" || name == "security_issues" || name == "no_open_critical";
  filter.of_phase = name == "bugs_found" || name == "customer_complaints";
  filter.window = condition.within;
  if (name == "support_tickets" && !filter.window) filter.window = 7 * plan.pace.day;
  return filter;
}

bool claims_above(const Condition& condition) {
  return condition.compare == Compare::greater || condition.compare == Compare::at_least;
}

// The share that a rate's value stands for.
double share_of(const Line& line) {
  const Condition& condition = line.condition;
  if (line.source == Source::times) return 1 - *condition.percentile;
  if (line.source == Source::satisfaction) return (condition.value.number - 1) / 4;
  return condition.value.number;
}

class Compiler {
 public:
  explicit Compiler(const Plan& plan) : plan_(plan), compared_(comparisons(plan)) {}

  Line line(const Condition& condition, std::size_t phase, bool is_trigger) const {
    Line made;
    made.condition = condition;
    made.kind = kind_of(plan_, condition);
    made.source = source_of(plan_, condition, made.kind);
    if (made.source == Source::complaint_rate) made.kind = Kind::events;
    if (made.source == Source::uptime && is_trigger) made.source = Source::uptime_last_day;
    made.is_trigger = is_trigger;
    made.claim = claims_above(condition) ? Side::above : Side::below;
    made.key = source_key(condition);
    if (condition.baseline == Baseline::previous_phase) made.baseline_phase = static_cast<int>(phase) - 1;
    if (condition.baseline == Baseline::phase)
      if (const auto named = find_phase(plan_, condition.baseline_phase))
        made.baseline_phase = static_cast<int>(*named);
    if (made.source == Source::proof) made.key = act_name(condition);
    if (made.source == Source::items) made.items = items_of(plan_, condition);
    if (made.source == Source::checklist) made.index = list_index(condition.arguments.front().name);
    if (made.source == Source::versus) made.index = comparison_index(condition, is_trigger);
    if (made.source == Source::times) {
      made.index = bound_index(condition.value.number);
      made.key = source_key_of_times(condition);
    }
    const bool sampled = made.kind == Kind::rate || made.kind == Kind::mean;
    if (sampled && condition.baseline == Baseline::none) draw(made, phase);
    return made;
  }

  // Condition of a rule that no plan has to write.
  Line built_in(std::string text, std::string metric, Kind kind, Source source) const {
    Line made;
    made.condition.text = std::move(text);
    made.condition.metric = std::move(metric);
    made.kind = kind;
    made.source = source;
    made.built_in = true;
    return made;
  }

  Line built_in_trigger(std::string text, std::string metric, Kind kind, Source source, Target target) const {
    Line made = built_in(std::move(text), std::move(metric), kind, source);
    made.is_trigger = true;
    made.target = target;
    return made;
  }

 private:
  void draw(Line& line, std::size_t phase) const {
    const DecideOptions& options = plan_.decide;
    line.own = share_of(line);
    line.line = line.own;
    if (line.source != Source::times && line.source != Source::satisfaction)
      line.line =
          line.is_trigger ? rollback_line(plan_, phase, line.condition) : read_lines(plan_, phase, line.condition).pass;
    line.evidence =
        rate_line(line.line, line.is_trigger ? options.rollback_alpha : options.advance_alpha, options.prior_n);
    if (!line.is_trigger) line.against = rate_line(line.own, options.freeze_alpha, options.prior_n);
  }

  static std::string source_key_of_times(const Condition& condition) {
    return condition.arguments.empty() ? condition.metric
                                       : condition.metric + "(" + condition.arguments.front().name + ")";
  }
  static std::size_t bound_index(double bound) {
    const auto bounds = time_bounds();
    const auto at = std::ranges::find(bounds, bound);
    ENSURE(at != bounds.end(), "a percentile's line is one of the bounds that are counted");
    return static_cast<std::size_t>(at - bounds.begin());
  }
  std::size_t list_index(std::string_view name) const {
    const auto at = std::ranges::find(plan_.checklists, name, &Checklist::name);
    return static_cast<std::size_t>(at - plan_.checklists.begin());
  }
  std::size_t comparison_index(const Condition& condition, bool is_trigger) const {
    const auto at = std::ranges::find_if(compared_, [&](const Comparison& one) {
      return one.is_trigger == is_trigger && one.condition.text == condition.text;
    });
    return static_cast<std::size_t>(at - compared_.begin());
  }

  const Plan& plan_;
  std::vector<Comparison> compared_;
};

std::string span_in_words(Duration span) {
  return to_words(Quantity{.number = std::chrono::duration<double>(span).count(), .unit = Unit::time});
}

bool speaks_of(const std::vector<Line>& lines, std::string_view metric, std::string_view argument = {}) {
  return std::ranges::any_of(lines, [&](const Line& line) {
    return line.condition.metric == metric && (argument.empty() || (!line.condition.arguments.empty() &&
                                                                    line.condition.arguments.front().name == argument));
  });
}

Line no_open_critical(const Compiler& compiler) {
  Line line = compiler.built_in("no_open_critical", "no_open_critical", Kind::latch, Source::items);
  line.items = {.kind = "bug", .severity = "grave", .open_only = true};
  return line;
}

Line all_items_of(const Compiler& compiler, const Plan& plan, std::size_t index) {
  Line line =
      compiler.built_in("checklist(" + plan.checklists[index].name + ")", "checklist", Kind::person, Source::checklist);
  line.condition.arguments.push_back({.name = plan.checklists[index].name});
  line.index = index;
  return line;
}

void add_checklists(const Compiler& compiler, const Plan& plan, std::initializer_list<std::string_view> gates,
                    std::vector<Line>& to) {
  for (std::size_t i = 0; i < plan.checklists.size(); ++i) {
    const Checklist& list = plan.checklists[i];
    const bool waits = std::ranges::find(gates, list.gate) != gates.end();
    if (waits && !speaks_of(to, "checklist", list.name)) to.push_back(all_items_of(compiler, plan, i));
  }
}

void add_built_in_criteria(const Compiler& compiler, const Plan& plan, const Phase& phase, bool is_last,
                           std::vector<Line>& to) {
  if (!speaks_of(to, "no_open_critical")) to.push_back(no_open_critical(compiler));
  to.push_back(compiler.built_in("unknown_uptime <= 10m", "unknown_uptime", Kind::budget, Source::unknown_minutes));
  to.push_back(compiler.built_in("pending_calls == 0", "pending_calls", Kind::budget, Source::pending_calls));
  Line time = compiler.built_in("phase_time >= " + span_in_words(phase.min_duration), "phase_time", Kind::clock,
                                Source::phase_time);
  to.push_back(std::move(time));
  add_checklists(compiler, plan, {"phase-end"}, to);
  if (!is_last) add_checklists(compiler, plan, {"phase-start"}, to);
  if (plan.mode == Mode::guarded && !speaks_of(to, "approved_by"))
    to.push_back(compiler.built_in("approval", "approval", Kind::person, Source::approval));
}

void add_built_in_triggers(const Compiler& compiler, const Plan& plan, std::size_t phase, std::vector<Line>& to) {
  if (!speaks_of(to, "open_bugs", "P1")) {
    Line line = compiler.built_in_trigger("open_bugs(P1) >= 1", "open_bugs", Kind::latch, Source::items, Target::zero);
    line.items = {.kind = "bug", .severity = "P1", .open_only = true};
    line.condition.arguments.push_back({.name = "P1"});
    line.condition.compare = Compare::at_least;
    line.condition.value.number = 1;
    to.push_back(std::move(line));
  }
  Line grave = compiler.built_in_trigger("unwanted_or_privacy_complaints >= 3 in 10d", "unwanted_or_privacy_complaints",
                                         Kind::latch, Source::grave_complaints, Target::zero);
  grave.condition.compare = Compare::at_least;
  grave.condition.value.number = 3;
  to.push_back(std::move(grave));
  const bool compared = std::ranges::any_of(
      to, [](const Line& line) { return line.source == Source::versus && line.condition.metric != "error_rate"; });
  if (!compared) {
    Line worse = compiler.line(worse_than_old(), phase, true);
    worse.built_in = true;
    to.push_back(std::move(worse));
  }
  if (const auto line = drift_line(plan)) {
    Line drift = compiler.built_in_trigger("drift(call_success_rate)", "drift", Kind::rate, Source::drift,
                                           Target::previous_phase);
    drift.claim = Side::below;
    drift.own = drift.line = *line;
    to.push_back(std::move(drift));
  }
  for (const std::string_view provider : only_here) {
    if (speaks_of(to, "provider_down", provider)) continue;
    const std::string key = "provider_down(" + std::string(provider) + ")";
    Line down = compiler.built_in_trigger(key + " for 15m", "provider_down", Kind::gauge, Source::level,
                                          Target::previous_phase);
    down.condition.arguments.push_back({.name = std::string(provider)});
    down.condition.lasting = minutes{15};
    down.key = key;
    to.push_back(std::move(down));
  }
}

// A condition of success without a condition is somebody's word, given under its own text.
Line word_given(const Compiler& compiler, const Aim& aim) {
  Line line = compiler.built_in("confirmed(" + aim.text + ")", "confirmed", Kind::person, Source::confirmed);
  line.built_in = false;
  return line;
}

bool is_rate_trigger(const Line& line) {
  if (!line.is_trigger) return false;
  return line.source == Source::complaint_rate || (line.evidence && line.condition.baseline == Baseline::none);
}

void link_peers(std::vector<CompiledPhase>& phases) {
  for (CompiledPhase& phase : phases) {
    for (Line& line : phase.triggers) {
      if (!is_rate_trigger(line)) continue;
      for (const CompiledPhase& other : phases) {
        const auto at = std::ranges::find_if(other.triggers, [&](const Line& peer) {
          return is_rate_trigger(peer) && peer.source == line.source && peer.claim == line.claim &&
                 peer.key == line.key && peer.index == line.index;
        });
        line.peers.push_back(at == other.triggers.end() ? -1 : static_cast<int>(at - other.triggers.begin()));
      }
    }
    const auto others = std::ranges::count_if(
        phase.triggers, [](const Line& line) { return is_rate_trigger(line) && line.source != Source::success; });
    phase.success_weight = 0.5;
    phase.other_weight = others > 0 ? 0.5 / static_cast<double>(others) : 0;
  }
}

}  // namespace

stats::RateLine rate_line(double line, double alpha, int prior_n) {
  const bool rare = line <= rare_line || line >= 1 - rare_line;
  return {line, rare ? stats::rare_event_prior(line) : stats::tuned_prior(line, alpha, prior_n)};
}

CompiledPlan::CompiledPlan(const Plan& of) : plan(&of) {
  const Compiler compiler(of);
  const DecideOptions& options = of.decide;
  need_pass = -std::log(options.advance_alpha);
  need_fail = -std::log(options.rollback_alpha);
  need_versus = -std::log(options.versus_alpha);
  need_freeze = -std::log(options.freeze_alpha);
  need_watch = -std::log(options.watch_alpha);
  const auto with_traffic =
      std::ranges::count_if(of.phases, [](const Phase& phase) { return phase.percentage > Percent{}; });
  phases_planned = std::max(1.0, static_cast<double>(with_traffic));
  for (std::size_t i = 0; i < of.phases.size(); ++i) {
    const Phase& phase = of.phases[i];
    CompiledPhase made{.phase = &phase};
    for (const Condition& condition : phase.advance_when) made.criteria.push_back(compiler.line(condition, i, false));
    for (const Trigger& trigger : phase.roll_back_when) {
      made.triggers.push_back(compiler.line(trigger.condition, i, true));
      made.triggers.back().target = trigger.target;
    }
    add_built_in_criteria(compiler, of, phase, i + 1 == of.phases.size(), made.criteria);
    add_built_in_triggers(compiler, of, i, made.triggers);
    if (const auto a_day = planned_calls_a_day(phase)) {
      // A shorter day than the clock's has no calling hours: it is always open.
      const Duration open =
          of.pace.day == hours{24} ? Duration{hours{of.calling_hours[1] - of.calling_hours[0]}} : of.pace.day;
      made.planned_a_second = *a_day / std::chrono::duration<double>(open).count();
      made.planned_calls = std::llround(*a_day * static_cast<double>(phase.min_duration.count()) /
                                        static_cast<double>(of.pace.day.count()));
    }
    made.by_text.resize(made.criteria.size());
    for (std::size_t c = 0; c < made.by_text.size(); ++c) made.by_text[c] = c;
    std::ranges::sort(made.by_text, {},
                      [&](std::size_t c) { return std::string_view(made.criteria[c].condition.text); });
    phases.push_back(std::move(made));
  }
  link_peers(phases);
  for (const Checklist& list : of.checklists) {
    CompiledChecklist made{.list = &list, .of_phase = list.gate != "start" && list.gate != "success"};
    for (const ChecklistItem& item : list.items) {
      made.subjects.push_back(list.name + "/" + item.id);
      made.ticks.push_back(item.ticks_when ? std::optional(compiler.line(*item.ticks_when, 0, false)) : std::nullopt);
    }
    checklists.push_back(std::move(made));
  }
  add_checklists(compiler, of, {"start"}, start);
  const std::size_t last = of.phases.empty() ? 0 : of.phases.size() - 1;
  for (const Aim& aim : of.aims)
    if (aim.condition) aims.push_back({.group = aim.group, .line = compiler.line(*aim.condition, last, false)});
  for (const Aim& aim : of.aims)
    if (aim.group == "success")
      success.push_back(aim.condition ? compiler.line(*aim.condition, last, false) : word_given(compiler, aim));
  success.push_back(compiler.built_in("watched_for >= " + span_in_words(of.watch_after), "watched_for", Kind::clock,
                                      Source::phase_time));
  add_checklists(compiler, of, {"success"}, success);
  look.criteria.reserve(64);
  look.triggers.reserve(64);
}

const CompiledPhase& CompiledPlan::phase(const RolloutState& state) const {
  return phases.at(static_cast<std::size_t>(state.phase));
}

const std::vector<Line>& CompiledPlan::criteria(const RolloutState& state) const {
  if (state.stage == Stage::planned) return start;
  if (state.stage == Stage::complete || state.stage == Stage::watching || state.stage == Stage::succeeded)
    return success;
  return phase(state).criteria;
}

const std::vector<Line>& CompiledPlan::triggers(const RolloutState& state) const { return phase(state).triggers; }

}  // namespace callramp::rollout
