// Sampled rates: their counts, their evidence, and what follows from it. Evidence is computed in full only where a
// bound of two logarithms does not settle that it cannot be enough: at most looks nothing else is needed.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/rollout/compiled.hpp"
#include "core/stats/combine.hpp"
#include "core/stats/event_counts.hpp"
#include "core/stats/special.hpp"

namespace callramp::rollout {
namespace {

using stats::Counts;
using stats::RateLine;
using stats::Side;

constexpr double log_half = -0.69314718055994530942;
constexpr double rounding = 1e-9;  // the bound is exact but for it
constexpr double most_people_taken_for_machines = 0.02;
constexpr double most_unknown = 0.05;  // of old's outcomes: docs/definitions.md
constexpr std::int64_t least_users_for_versus = 2000;

Counts pair(std::int64_t hits, std::int64_t total) {
  return {.good = static_cast<double>(hits), .bad = static_cast<double>(total - hits)};
}

// Balanced accuracy as counts: as many pairs of a person and a machine as there are of the rarer kind. A mean of two
// zeros and ones lies between 0 and 1, so that counts of it are conservative.
Counts label_counts(const Labels& labels) {
  if (labels.machines == 0 || labels.people == 0) return {};
  const auto pairs = static_cast<double>(std::min(labels.machines, labels.people));
  const double share = (static_cast<double>(labels.machines_right) / static_cast<double>(labels.machines) +
                        static_cast<double>(labels.people_right) / static_cast<double>(labels.people)) /
                       2;
  return {.good = pairs * share, .bad = pairs * (1 - share)};
}

Counts satisfaction_counts(const Scene& scene) {
  Counts counts;
  for (const EvidenceItem& item : scene.facts.items) {
    if (item.kind != "satisfaction" || item.phase != scene.state.phase || item.status == "rejected") continue;
    const double share = std::clamp((item.value - 1) / 4, 0.0, 1.0);  // scores 1 to 5
    counts += {.good = share, .bad = 1 - share};
  }
  return counts;
}

Counts of_calls(const Line& line, const Tally& calls, const Tally& first) {
  switch (line.source) {
    case Source::errors: return pair(first.failed, first.total);
    case Source::connected: return pair(first.connected, first.total);
    case Source::retries: return pair(calls.retried_successful, calls.retried);
    default: return pair(calls.successful(), calls.total);
  }
}

bool reads_calls(const Line& line) {
  return line.source == Source::success || line.source == Source::errors || line.source == Source::connected ||
         line.source == Source::retries;
}

double log_e_of(const RateLine& line, Side side, Counts counts, double deff) {
  return counts.total() > 0 ? stats::log_e(line, side, counts / deff) : 0;
}

Side other(Side side) { return side == Side::above ? Side::below : Side::above; }

bool beyond(Side side, Counts counts, double line) {
  if (counts.total() <= 0) return false;
  return side == Side::above ? counts.share() > line : counts.share() < line;
}

// The line that an earlier phase's rate draws, made anew only when its counts change.
bool draw_moving(const Line& line, const Scene& scene) {
  if (line.baseline_phase < 0 || line.baseline_phase >= static_cast<int>(scene.run.phases.size())) return false;
  const PhaseFold& fold = scene.run.phases[static_cast<std::size_t>(line.baseline_phase)];
  const Counts earlier = of_calls(line, fold.calls, fold.first);
  if (earlier.total() <= 0 || !reads_calls(line)) return false;
  if (line.moving_evidence && line.earlier == earlier) return true;
  const double value = line.condition.value.number;
  const double moved = line.condition.value.unit == Unit::factor ? earlier.share() * value : earlier.share() + value;
  const double at = std::clamp(moved, 0.001, 0.999);
  const DecideOptions& options = scene.plan.plan->decide;
  line.earlier = earlier;
  line.moving_evidence.emplace(at, stats::tuned_prior(at, options.advance_alpha, options.prior_n));
  line.moving_against.emplace(at, stats::tuned_prior(at, options.freeze_alpha, options.prior_n));
  return true;
}

const RateLine& evidence_of(const Line& line) { return line.moving_evidence ? *line.moving_evidence : *line.evidence; }
const RateLine& against_of(const Line& line) { return line.moving_against ? *line.moving_against : *line.against; }
double own_of(const Line& line) { return line.moving_evidence ? line.moving_evidence->line() : line.own; }

// Evidence that events happen more often than the condition's line.
double more_events(const Line& line, const Events& events) {
  const double value = line.condition.value.number;
  if (line.condition.baseline == Baseline::none)
    return stats::log_e_more_events(events.now, value * events.exposure_now);
  if (events.exposure_before <= 0 || events.exposure_now <= 0) return 0;
  const double ratio = line.condition.value.unit == Unit::factor ? value : 1 + value;
  const double share = events.exposure_now / (events.exposure_now + events.exposure_before);
  const double p0 = stats::event_share_line(std::max(ratio, 0.01), share);
  return stats::log_e_above({.good = events.now, .bad = events.before}, p0, stats::rare_event_prior(p0));
}

bool more_than_line(const Line& line, const Events& events) {
  if (events.exposure_now <= 0) return false;
  const double rate = events.now / events.exposure_now;
  const double value = line.condition.value.number;
  if (line.condition.baseline == Baseline::none) return rate > value;
  if (events.exposure_before <= 0) return false;
  const double ratio = line.condition.value.unit == Unit::factor ? value : 1 + value;
  return rate > ratio * events.before / events.exposure_before;
}

// no_data before anything is computed; none: there is something to look at.
std::optional<Why> missing(const Line& line, const Scene& scene) {
  if (scene.heartbeat_missing) return Why::no_heartbeat;
  const bool of_calls_on_new = reads_calls(line) || line.source == Source::complaint_rate;
  if (of_calls_on_new && scene.quiet) return Why::quiet;
  if (line.source == Source::labels && (scene.facts.labels.machines == 0 || scene.facts.labels.people == 0))
    return Why::nothing_yet;
  if (line.source == Source::times && !scene.facts.times.contains(line.key)) return Why::not_measured;
  if (line.condition.baseline != Baseline::none && line.source != Source::complaint_rate && !draw_moving(line, scene))
    return Why::no_earlier_phase;
  return std::nullopt;
}

// A census with Poisson evidence on its bad side: complaints are all known, so a criterion passes by counting; but few
// calls carry few, so a line is only crossed by evidence.
Finding judge_events(const Line& line, const Scene& scene, bool failed) {
  Finding found;
  const Events events = events_of(line, scene);
  found.good = events.now;
  found.bad = events.exposure_now - events.now;
  const bool above = more_than_line(line, events);
  const double log_e = above ? more_events(line, events) : 0;  // at or below the line it speaks for nothing
  if (line.is_trigger) {
    found.verdict = Verdict::undecided;
    return found;
  }
  const double need = scene.watch ? scene.plan.need_watch : scene.plan.need_freeze;
  found.freezes = above && log_e >= need;
  if (failed || (above && log_e >= scene.plan.need_fail)) {
    found.verdict = Verdict::fail;
    found.latches = !failed;
    return found;
  }
  // One event at the line has to be expected before none of it means anything.
  const double expected = line.condition.baseline == Baseline::none ? line.condition.value.number * events.exposure_now
                          : events.exposure_now > 0 && events.exposure_before > 0 ? 1
                                                                                  : 0;
  found.why = static_cast<std::uint8_t>(expected < 1 ? Why::few : Why::plain);
  found.verdict = expected >= 1 && !above ? Verdict::pass : Verdict::undecided;
  return found;
}

}  // namespace

bool beyond_own(const Line& line, const Scene& scene) {
  if (line.source == Source::complaint_rate) return more_than_line(line, events_of(line, scene));
  return beyond(line.claim, observed(line, scene).phase, own_of(line));
}

Events events_of(const Line& line, const Scene& scene) {
  const auto count = [&](int phase) {
    return static_cast<double>(std::ranges::count_if(scene.facts.items, [&](const EvidenceItem& item) {
      return item.kind == "complaint" && item.status != "rejected" && item.system != "old" && item.phase == phase;
    }));
  };
  Events events{.now = count(scene.state.phase), .exposure_now = static_cast<double>(scene.fold.calls.total)};
  if (line.baseline_phase >= 0 && line.baseline_phase < static_cast<int>(scene.run.phases.size())) {
    events.before = count(line.baseline_phase);
    events.exposure_before =
        static_cast<double>(scene.run.phases[static_cast<std::size_t>(line.baseline_phase)].calls.total);
  }
  return events;
}

double most_log_e(const RateLine& line, Side side, Counts counts) {
  const double n = counts.total();
  const double p0 = line.line();
  if (!beyond(side, counts, p0)) return 0;
  const double p = counts.share();
  const double good = counts.good > 0 ? counts.good * std::log(p / p0) : 0;
  const double bad = counts.bad > 0 ? counts.bad * std::log((1 - p) / (1 - p0)) : 0;
  return n > 0 ? good + bad + rounding : 0;
}

Observed observed(const Line& line, const Scene& scene) {
  Observed counts;
  switch (line.source) {
    case Source::labels: counts.phase = label_counts(scene.facts.labels); break;
    case Source::satisfaction: counts.phase = satisfaction_counts(scene); break;
    case Source::times: {
      const auto at = scene.facts.times.find(line.key);
      if (at != scene.facts.times.end() && line.index < at->second.over.size())
        counts.phase = pair(at->second.over[line.index], at->second.total);
      break;
    }
    default:
      counts.phase = of_calls(line, scene.fold.calls, scene.fold.first);
      counts.run = of_calls(line, scene.total, scene.total_first);
      counts.deff = scene.deff;
      counts.of_calls = true;
      return counts;
  }
  counts.run = counts.phase;
  return counts;
}

Counts observed_in(const Line& line, const PhaseFold& fold) { return of_calls(line, fold.calls, fold.first); }

double criterion_log_e(const Line& line, const Observed& counts) {
  const RateLine& evidence = evidence_of(line);
  const double phase = log_e_of(evidence, line.claim, counts.phase, counts.deff);
  if (counts.phase == counts.run) return phase;
  return log_half + stats::log_add_exp(log_e_of(evidence, line.claim, counts.run, counts.deff), phase);
}

double against_log_e(const Line& line, const Observed& counts) {
  return log_e_of(against_of(line), other(line.claim), counts.phase, counts.deff);
}

double trigger_log_e(const Line& line, const Scene& scene) {
  if (line.source == Source::complaint_rate) return more_events(line, events_of(line, scene));
  const Observed counts = observed(line, scene);
  const double whole = log_e_of(*line.evidence, line.claim, counts.run, counts.deff);
  if (!reads_calls(line)) return whole;
  // Each phase of the run has begun anew with its share; what phases to come keep counts as 1.
  std::vector<stats::Weighted> restarts;
  const double weight = 1 / scene.plan.phases_planned;
  for (std::size_t i = 0; i < scene.run.phases.size(); ++i) {
    const PhaseFold& fold = scene.run.phases[i];
    const int peer = line.peers[i];
    const Counts own = of_calls(line, fold.calls, fold.first);
    if (peer < 0 || own.total() <= 0 || scene.plan.phases[i].phase->percentage == Percent{}) continue;
    const Line& then = scene.plan.phases[i].triggers[static_cast<std::size_t>(peer)];
    restarts.push_back({.log_e = log_e_of(*then.evidence, then.claim, own, counts.deff), .weight = weight});
  }
  return log_half + stats::log_add_exp(whole, stats::combine(restarts).log_e);
}

Finding judge_rate(const Line& line, const Scene& scene, bool passed, bool failed) {
  Finding found;
  if (line.source == Source::complaint_rate) {
    if (const auto why = missing(line, scene); why && !failed) {
      found.why = static_cast<std::uint8_t>(*why);
      return found;
    }
    return judge_events(line, scene, failed);
  }
  const Observed counts = observed(line, scene);
  found.good = counts.phase.good;
  found.bad = counts.phase.bad;
  if (failed) {
    found.verdict = Verdict::fail;
    found.why = static_cast<std::uint8_t>(Why::latched);
  }
  if (const auto why = missing(line, scene)) {
    if (!failed) found.why = static_cast<std::uint8_t>(*why);
    return found;
  }
  const double need = scene.watch ? scene.plan.need_watch : scene.plan.need_freeze;
  const Counts thinned = counts.phase / counts.deff;
  if (most_log_e(against_of(line), other(line.claim), thinned) >= need) {
    const double log_e = against_log_e(line, counts);
    found.freezes = log_e >= need;
    if (!failed && log_e >= scene.plan.need_fail) {
      found.verdict = Verdict::fail;
      found.latches = true;
    }
  }
  if (failed || found.verdict == Verdict::fail) return found;
  found.verdict = Verdict::undecided;
  if (counts.phase.total() <= 0) {
    found.why = static_cast<std::uint8_t>(Why::nothing_yet);
    return found;
  }
  bool proven = passed;
  if (!passed) {
    const RateLine& evidence = evidence_of(line);
    const double most =
        std::max(most_log_e(evidence, line.claim, thinned), most_log_e(evidence, line.claim, counts.run / counts.deff));
    proven = most >= scene.plan.need_pass && criterion_log_e(line, counts) >= scene.plan.need_pass;
    found.latches = proven;
  }
  if (!proven) return found;
  const Labels& labels = scene.facts.labels;
  const bool people_lost =
      line.source == Source::labels && static_cast<double>(labels.people - labels.people_right) >
                                           most_people_taken_for_machines * static_cast<double>(labels.people);
  if (!beyond(line.claim, counts.phase, own_of(line)) || people_lost)
    found.why = static_cast<std::uint8_t>(Why::guard);
  else
    found.verdict = Verdict::pass;
  return found;
}

Finding judge_rate_trigger(const Line& line, const Scene& scene) {
  Finding found;
  if (line.source == Source::drift) {
    found.used = scene.run.drift;
    found.allowed = stats::drift_rollback_level;
    const stats::Counts counts = pair(scene.fold.calls.successful(), scene.fold.calls.total);
    found.good = counts.good;
    found.bad = counts.bad;
    found.verdict = scene.run.drift >= stats::drift_rollback_level ? Verdict::fail : Verdict::undecided;
    found.fires = found.verdict == Verdict::fail;
    found.freezes = scene.run.drift >= stats::drift_freeze_level;
    return found;
  }
  if (line.source == Source::complaint_rate) return judge_events(line, scene, false);
  const Observed counts = observed(line, scene);
  found.good = counts.phase.good;
  found.bad = counts.phase.bad;
  if (const auto why = missing(line, scene)) {
    found.why = static_cast<std::uint8_t>(*why);
    return found;
  }
  found.verdict = Verdict::undecided;
  // Against an earlier phase: for itself, not in the weighted mean.
  if (line.condition.baseline != Baseline::none && criterion_log_e(line, counts) >= scene.plan.need_fail &&
      beyond(line.claim, counts.phase, own_of(line))) {
    found.verdict = Verdict::fail;
    found.fires = true;
  }
  return found;
}

Finding judge_versus(const Line& line, const Scene& scene, bool passed, bool failed) {
  Finding found;
  const Tally& old = scene.fold.first_old;
  if (!scene.facts.has_old_system || scene.state.old_decommissioned ||
      scene.phase.phase->percentage.basis_points() == 10'000) {
    found.verdict = Verdict::not_applicable;
    found.why = static_cast<std::uint8_t>(Why::impossible);
    return found;
  }
  const VersusSums& sums = scene.run.versus.at(line.index);
  found.good = static_cast<double>(sums.good_new);
  found.bad = static_cast<double>(sums.bad_new);
  if (failed) found.verdict = Verdict::fail;
  const auto because = [&](Why why) {
    if (!failed) found.why = static_cast<std::uint8_t>(why);
    return found;
  };
  if (scene.heartbeat_missing) return because(Why::no_heartbeat);
  if (static_cast<double>(old.unknown) > most_unknown * static_cast<double>(old.total + old.unknown))
    return because(Why::too_many_unknown);
  if (sums.good_old + sums.bad_old == 0 || sums.good_new + sums.bad_new == 0) return because(Why::nothing_yet);
  const AaResult& aa = scene.facts.aa;
  const double log_e = sums.log_e / std::max(scene.deff, aa.design_effect);
  if (line.is_trigger) {
    const bool may_roll_back = aa.run && !aa.alarm && aa.users >= least_users_for_versus;
    found.verdict = log_e >= scene.plan.need_versus ? Verdict::fail : Verdict::undecided;
    found.fires = may_roll_back && found.verdict == Verdict::fail;
    found.freezes = found.verdict == Verdict::fail;
    if (!may_roll_back) found.why = static_cast<std::uint8_t>(Why::no_aa);
    return found;
  }
  if (failed) return found;
  const double difference = static_cast<double>(sums.good_new) / static_cast<double>(sums.good_new + sums.bad_new) -
                            static_cast<double>(sums.good_old) / static_cast<double>(sums.good_old + sums.bad_old);
  const double margin = std::abs(line.condition.value.number);
  const bool proven = passed || log_e >= scene.plan.need_pass;
  found.latches = proven && !passed;
  found.verdict = proven && difference > -margin ? Verdict::pass : Verdict::undecided;
  if (proven && found.verdict != Verdict::pass) found.why = static_cast<std::uint8_t>(Why::guard);
  return found;
}

}  // namespace callramp::rollout
