#include "core/rollout/evidence.hpp"

#include <algorithm>
#include <cmath>

#include "base/ensure.hpp"
#include "core/rollout/lines.hpp"
#include "core/stats/design_effect.hpp"

namespace callramp::rollout {
namespace {

stats::NewVsOld process_of(const Comparison& comparison, bool of_errors) {
  // Errors are compared as calls without one, so that "worse" is "fewer" on both.
  constexpr double usual_errors = 0.03;
  constexpr double usual_answers = 0.75;
  return stats::NewVsOld{{.claim = comparison.is_trigger ? stats::VersusClaim::worse : stats::VersusClaim::not_worse,
                          .margin = margin_of(comparison.condition),
                          .prior_success = of_errors ? 1 - usual_errors : usual_answers}};
}

stats::Counts compared(const Tally& tally, bool of_errors) {
  const std::int64_t good = of_errors ? tally.total - tally.failed : tally.connected;
  return {.good = static_cast<double>(good), .bad = static_cast<double>(tally.total - good)};
}

}  // namespace

Tally& Tally::operator+=(const Tally& other) noexcept {
  total += other.total;
  completed += other.completed;
  voicemail_left += other.voicemail_left;
  failed += other.failed;
  connected += other.connected;
  unknown += other.unknown;
  retried += other.retried;
  retried_successful += other.retried_successful;
  return *this;
}

void ClusterSums::add(std::int64_t good, std::int64_t calls) noexcept {
  if (calls <= 0) return;
  clusters += 1;
  n += calls;
  s += good;
  nn += calls * calls;
  sn += good * calls;
  ss += good * good;
}

void ClusterSums::remove(std::int64_t good, std::int64_t calls) noexcept {
  if (calls <= 0) return;
  clusters -= 1;
  n -= calls;
  s -= good;
  nn -= calls * calls;
  sn -= good * calls;
  ss -= good * good;
}

double design_effect(const ClusterSums& sums) {
  const double measured = stats::design_effect(stats::ClusterSums{.clusters = sums.clusters,
                                                                  .n = static_cast<double>(sums.n),
                                                                  .good = static_cast<double>(sums.s),
                                                                  .n_squared = static_cast<double>(sums.nn),
                                                                  .good_squared = static_cast<double>(sums.ss),
                                                                  .good_times_n = static_cast<double>(sums.sn)});
  if (measured <= 1) return 1;
  // One standard error of the measurement is chance: without it independent calls would lose a tenth of their weight.
  const double chance = std::sqrt(2 / static_cast<double>(sums.clusters - 1));
  return std::max(1.0, measured - chance);
}

Tally RunSums::total() const noexcept {
  Tally sum;
  for (const PhaseFold& phase : phases) sum += phase.calls;
  return sum;
}

Tally RunSums::total_first() const noexcept {
  Tally sum;
  for (const PhaseFold& phase : phases) sum += phase.first;
  return sum;
}

ClusterSums RunSums::hours() const noexcept {
  ClusterSums sum;
  for (const PhaseFold& phase : phases) {
    sum.clusters += phase.hours.clusters;
    sum.n += phase.hours.n;
    sum.s += phase.hours.s;
    sum.nn += phase.hours.nn;
    sum.sn += phase.hours.sn;
    sum.ss += phase.hours.ss;
  }
  return sum;
}

std::vector<Comparison> comparisons(const Plan& plan) {
  std::vector<Comparison> found;
  bool success_compared = false;
  const auto take = [&](const Condition& condition, bool is_trigger) {
    if (condition.baseline != Baseline::old_system || !compares_with_old(condition)) return;
    if (is_trigger && condition.metric != "error_rate") success_compared = true;
    const bool known = std::ranges::any_of(found, [&](const Comparison& one) {
      return one.is_trigger == is_trigger && one.condition.text == condition.text;
    });
    if (!known) found.push_back({.condition = condition, .is_trigger = is_trigger});
  };
  for (const Phase& phase : plan.phases) {
    for (const Condition& condition : phase.advance_when) take(condition, false);
    for (const Trigger& trigger : phase.roll_back_when) take(trigger.condition, true);
  }
  if (!success_compared) found.push_back({.condition = worse_than_old(), .is_trigger = true});
  return found;
}

RunFold::RunFold(const Plan& plan) : cluster_length_(plan.pace.cluster) {
  if (const auto line = drift_line(plan)) drift_.emplace(*line);
  sums_.phases.resize(plan.phases.size());
  clusters_.resize(plan.phases.size());
  for (const Comparison& comparison : comparisons(plan)) {
    const bool of_errors = comparison.condition.metric == "error_rate";
    sums_.versus.push_back({.subject = comparison.condition.text});
    versus_.push_back({.process = process_of(comparison, of_errors), .of_errors = of_errors});
  }
}

void RunFold::add_first(const Bucket& bucket) {
  PhaseFold& phase = sums_.phases.at(static_cast<std::size_t>(bucket.phase));
  if (!phase.last_closed || bucket.start > *phase.last_closed) phase.last_closed = bucket.start;
  if (bucket.fresh.total == 0 && bucket.old.total == 0) return;
  phase.first += bucket.fresh;
  phase.first_old += bucket.old;
  for (std::size_t i = 0; i < versus_.size(); ++i) {
    Versus& versus = versus_[i];
    versus.process.fold(
        {.on_new = compared(bucket.fresh, versus.of_errors), .on_old = compared(bucket.old, versus.of_errors)});
    VersusSums& sums = sums_.versus[i];
    sums.log_e = versus.process.log_e();
    sums.good_new = static_cast<std::int64_t>(versus.process.on_new().good);
    sums.bad_new = static_cast<std::int64_t>(versus.process.on_new().bad);
    sums.good_old = static_cast<std::int64_t>(versus.process.on_old().good);
    sums.bad_old = static_cast<std::int64_t>(versus.process.on_old().bad);
  }
}

void RunFold::add_calls(const Bucket& bucket) {
  if (bucket.fresh.total == 0 && bucket.old.total == 0) return;
  const auto index = static_cast<std::size_t>(bucket.phase);
  PhaseFold& phase = sums_.phases.at(index);
  phase.calls += bucket.fresh;
  phase.calls_old += bucket.old;
  if (bucket.fresh.total == 0) return;
  add_to_cluster(index, to_micros(bucket.start) / cluster_length_.count(), bucket.fresh);
  if (!drift_) return;
  const auto good = static_cast<double>(bucket.fresh.successful());
  drift_->fold({.good = good, .bad = static_cast<double>(bucket.fresh.total) - good});
  sums_.drift = drift_->value();
}

void RunFold::add_to_cluster(std::size_t phase, std::int64_t cluster, const Tally& calls) {
  Clusters& clusters = clusters_[phase];
  if (clusters.cells.empty()) clusters.first = cluster;
  if (cluster < clusters.first) {
    clusters.cells.insert(clusters.cells.begin(), static_cast<std::size_t>(clusters.first - cluster), {});
    clusters.first = cluster;
  }
  const auto at = static_cast<std::size_t>(cluster - clusters.first);
  if (at >= clusters.cells.size()) clusters.cells.resize(at + 1);
  auto& [good, total] = clusters.cells[at];
  ClusterSums& sums = sums_.phases[phase].hours;
  sums.remove(good, total);
  good += static_cast<std::int32_t>(calls.successful());
  total += static_cast<std::int32_t>(calls.total);
  sums.add(good, total);
}

std::string source_key(const Condition& condition) {
  if (condition.arguments.empty()) return condition.metric;
  const std::size_t open = condition.text.find('(');
  const std::size_t close = condition.text.find(')');
  ENSURE(open < close && close != std::string::npos, "a condition with arguments has them in its text");
  return condition.metric + condition.text.substr(open, close + 1 - open);
}

std::string act_name(const Condition& condition) {
  std::string name = condition.metric == "drilled" ? "drill" : condition.metric;
  for (const Argument& argument : condition.arguments)
    if (!argument.compare && argument.name != "same_version") name += ":" + argument.name;
  return name;
}

}  // namespace callramp::rollout
