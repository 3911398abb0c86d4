// The words of sampled rates: what was seen, how sure that is, what a pass needs and how long it may take.
#include <algorithm>
#include <cmath>

#include "core/rollout/compiled.hpp"
#include "core/rollout/explain.hpp"
#include "core/rollout/words.hpp"
#include "core/stats/drift.hpp"
#include "core/stats/forecast.hpp"
#include "core/stats/interval.hpp"
#include "core/stats/special.hpp"

namespace callramp::rollout {
namespace {

using stats::Counts;
using stats::Side;

constexpr std::int64_t longest_forecast = 2000;  // calls: about a millisecond
constexpr double worth_a_word = 1.5;             // of the design effect

struct Nouns {
  std::string_view what;  ///< "calls succeeded"
  std::string_view many;  ///< "calls"
};

Nouns nouns_of(const Line& line) {
  switch (line.source) {
    case Source::errors: return {"first attempts failed", "calls"};
    case Source::connected: return {"first attempts connected", "calls"};
    case Source::retries: return {"retried calls succeeded", "retried calls"};
    case Source::labels: return {"labelled pairs were right", "labelled pairs"};
    case Source::times: return {"took that long or longer", "observations"};
    case Source::satisfaction: return {"points of satisfaction", "scores"};
    default: return {"calls succeeded", "calls"};
  }
}

std::string sides(const Line& line, bool for_claim) {
  const bool above = (line.claim == Side::above) == for_claim;
  return above ? "or less" : "or more";
}

std::string e_value(double log_e) {
  if (log_e > 13.8) return "e above a million";
  return "e = " + figure(std::round(std::exp(log_e) * (log_e < 4 ? 10 : 1)) / (log_e < 4 ? 10 : 1));
}

// Counts as if `hits` of the phase's had been; the run's move along.
Observed moved(const Observed& counts, double hits) {
  Observed other = counts;
  const double by = hits - counts.phase.good;
  other.phase = {.good = counts.phase.good + by, .bad = counts.phase.bad - by};
  other.run = {.good = counts.run.good + by, .bad = counts.run.bad - by};
  return other;
}

// The hits among as many observations with which it would pass now: fewest for "above", most for "below"; -1: none.
std::int64_t hits_to_pass(const Line& line, const Observed& counts, double need) {
  const auto n = static_cast<std::int64_t>(std::floor(counts.phase.total()));
  const auto enough = [&](std::int64_t supporting) {
    const double hits = static_cast<double>(line.claim == Side::above ? supporting : n - supporting);
    return criterion_log_e(line, moved(counts, hits)) >= need;
  };
  if (n <= 0 || !enough(n)) return -1;
  std::int64_t low = -1;
  std::int64_t high = n;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (enough(middle) ? high : low) = middle;
  }
  return line.claim == Side::above ? high : n - high;
}

std::int64_t observations_left(const Line& line, const Scene& scene, const Observed& counts) {
  const double n = counts.phase.total();
  if (line.source == Source::success && static_cast<double>(scene.phase.planned_calls) > n)
    return scene.phase.planned_calls - static_cast<std::int64_t>(n);
  const double gone = std::chrono::duration<double>(scene.now - scene.state.phase_started_at).count();
  const Instant end =
      std::max(scene.state.earliest_advance, scene.state.phase_started_at + scene.plan.plan->decide.phase_cap);
  const double left = std::chrono::duration<double>(end - scene.now).count();
  if (gone <= 0 || left <= 0) return 0;
  return static_cast<std::int64_t>(std::min(n * left / gone, 1e9));
}

}  // namespace

Forecast forecast_of(const stats::RateLine& evidence, Side claim, double need, Counts seen, double deff,
                     std::int64_t horizon) {
  Forecast shown{.horizon = horizon, .needs = -1, .fewest = -1};
  // A walk passes upwards: what must stay low is told by its misses.
  const bool above = claim == Side::above;
  const stats::RateLine line = above ? evidence : stats::RateLine(1 - evidence.line(), evidence.prior().swapped());
  const Counts counts = (above ? seen : seen.swapped()) / deff;
  // The forecast rounds both counts; nothing below is asked.
  const auto least = static_cast<std::int64_t>(std::floor(counts.good) + std::floor(counts.bad));
  stats::Boundary pass(line, Side::above, need, least);
  const auto steps = std::min<std::int64_t>(std::llround(static_cast<double>(horizon) / deff), longest_forecast);
  const auto many = [&](const std::optional<std::int64_t>& calls) {
    return calls ? static_cast<std::int64_t>(std::ceil(static_cast<double>(*calls) * deff)) : -1;
  };
  const stats::Forecast made = stats::forecast({.pass = &pass}, counts, std::max<std::int64_t>(steps, 0));
  shown.q10 = many(made.q10);
  shown.q50 = many(made.q50);
  shown.q90 = many(made.q90);
  shown.p_never = made.p_never;
  shown.fewest = many(stats::fewest_calls(pass, counts, std::max<std::int64_t>(steps, 1)));
  return shown;
}

void tell_counts(const Line& line, const Observed& counts, double alpha, int prior_n, Judgement& into) {
  into.good = counts.phase.good;
  into.bad = counts.phase.bad;
  into.design_effect = counts.deff;
  if (counts.phase.total() <= 0) return;
  const stats::Interval interval = stats::shown_interval(counts.phase / counts.deff, alpha, prior_n);
  into.estimate = counts.phase.share();
  into.lo = interval.lo;
  into.hi = interval.hi;
  (void)line;
}

std::string seen_in_words(const Judgement& judgement, const Line& line, double alpha) {
  const double n = judgement.good + judgement.bad;
  std::string text = count(judgement.good) + " of " + count(n) + " " + std::string(nouns_of(line).what) + " (" +
                     share(judgement.estimate) + "; the true rate is between " + share(judgement.lo) + " and " +
                     share(judgement.hi) + ", " + share(1 - alpha, 0) + " sure however often you look).";
  if (judgement.design_effect > worth_a_word)
    text += " Calls of one hour or one user behave alike; counted as " + count(n) + "/" +
            figure(judgement.design_effect) + ".";
  return text;
}

std::string forecast_in_words(const Forecast& forecast, const Line& line) {
  const std::string many(nouns_of(line).many);
  std::string text;
  if (forecast.needs >= 0)
    text += std::string(" A pass at this point needs ") + (line.claim == Side::above ? "" : "at most ") +
            std::to_string(forecast.needs) + ".";
  else if (forecast.fewest > 0)
    text += " No result of so few could pass; it takes at least " + std::to_string(forecast.fewest) + " more.";
  if (forecast.horizon <= 0) return text;
  if (forecast.q50 >= 0)
    text += " Half of such cases settle within " + std::to_string(forecast.q50) + " more " + many + " (10 % within " +
            std::to_string(forecast.q10) + ");";
  else if (forecast.q10 >= 0)
    text += " One in ten such cases settles within " + std::to_string(forecast.q10) + " more " + many + ";";
  else
    text += " Hardly any such case settles soon:";
  return text + " there is a " + share(forecast.p_never, 0) + " chance that the " + std::to_string(forecast.horizon) +
         " " + many + " left in this phase do not settle it.";
}

// "Were the true rate 65 % or more, evidence this strong would show up at any time in fewer than 1 rollout in 100".
std::string strength_in_words(double line, const std::string& side, double log_e, double alpha, std::string_view unit) {
  return "Were the true rate " + share(line, line * 100 == std::floor(line * 100) ? 0 : 1) + " " + side +
         ", evidence this strong would show up at any time in fewer than 1 " + std::string(unit) + " in " +
         figure(std::round(1 / alpha), 0) + " (" + e_value(log_e) + ").";
}

std::string split_in_words(const Tally& calls) {
  if (calls.total == 0) return {};
  const auto of = [&](std::int64_t part) {
    return std::llround(100.0 * static_cast<double>(part) / static_cast<double>(calls.total));
  };
  // Parts that add up to the whole as it is shown.
  const std::int64_t whole = of(calls.successful());
  const std::int64_t talked = std::min<std::int64_t>(of(calls.completed), whole);
  return " " + std::to_string(whole) + " % = " + std::to_string(talked) + " talked + " +
         std::to_string(whole - talked) + " voicemail.";
}

void tell_rate_criterion(const Line& line, const Scene& scene, const Finding& found, Judgement& into) {
  const DecideOptions& options = scene.plan.plan->decide;
  const Observed counts = observed(line, scene);
  tell_counts(line, counts, options.advance_alpha, options.prior_n, into);
  const bool drawn = line.evidence || line.moving_evidence;
  if (!drawn) return;
  const stats::RateLine& evidence = line.moving_evidence ? *line.moving_evidence : *line.evidence;
  const double own = line.moving_evidence ? evidence.line() : line.own;
  into.line_pass = evidence.line();
  into.line_fail = own;
  into.need_pass = scene.plan.need_pass;
  into.need_fail = scene.plan.need_fail;
  if (counts.phase.total() <= 0) return;
  into.log_e_pass = criterion_log_e(line, counts);
  into.log_e_fail = against_log_e(line, counts);
  const std::string seen = seen_in_words(into, line, options.advance_alpha) +
                           (line.source == Source::success ? split_in_words(scene.fold.calls) : std::string{});
  switch (found.verdict) {
    case Verdict::pass:
      into.reason =
          seen + " " +
          (into.log_e_pass >= into.need_pass
               ? strength_in_words(into.line_pass, sides(line, true), into.log_e_pass, options.advance_alpha, "gate")
               : "It was proven earlier in this phase.");
      return;
    case Verdict::fail:
      into.reason = seen + " " +
                    (into.log_e_fail >= into.need_fail
                         ? strength_in_words(own, sides(line, false), into.log_e_fail, options.rollback_alpha, "phase")
                         : "It failed earlier, and that stays while this run lasts.");
      return;
    case Verdict::undecided: break;
    default: into.reason = seen; return;
  }
  if (found.freezes) {
    into.reason = seen + " " +
                  strength_in_words(own, sides(line, false), into.log_e_fail,
                                    scene.watch ? options.watch_alpha : options.freeze_alpha, "phase");
    return;
  }
  if (static_cast<Why>(found.why) == Why::guard) {
    into.reason = seen + " Proven against " + share(into.line_pass) +
                  ", but to advance this phase's rate itself must be " +
                  (line.claim == Side::above ? "above " : "below ") + share(own) + ".";
    if (line.source == Source::labels && counts.phase.share() > own)
      into.reason = seen + " Proven, but more than 2 % of people were taken for machines.";
    return;
  }
  // The stronger of the two halves decides soonest; one of two costs log 2.
  const bool single = counts.phase == counts.run;
  const bool by_run = !single && stats::log_e(evidence, line.claim, counts.run / counts.deff) >
                                     stats::log_e(evidence, line.claim, counts.phase / counts.deff);
  const double need = scene.plan.need_pass + (single ? 0 : std::log(2.0));
  Forecast forecast = forecast_of(evidence, line.claim, need, by_run ? counts.run : counts.phase, counts.deff,
                                  observations_left(line, scene, counts));
  forecast.needs = hits_to_pass(line, counts, scene.plan.need_pass);
  into.reason = seen + forecast_in_words(forecast, line);
  into.forecast = forecast;
}

void tell_rate_trigger(const Line& line, const Scene& scene, const Finding& found, double rollback_log_e,
                       Judgement& into) {
  const DecideOptions& options = scene.plan.plan->decide;
  into.need_fail = scene.plan.need_fail;
  if (line.source == Source::drift) {
    const Observed counts = observed(line, scene);
    tell_counts(line, counts, options.rollback_alpha, options.prior_n, into);
    into.line_fail = line.line;
    into.used = found.used;
    into.allowed = found.allowed;
    into.reason = std::string("A detector bets on every moment as the one since which fewer than ") + share(line.line) +
                  " of calls succeed. It stands at " + figure(found.used, 1) + "; at " +
                  figure(stats::drift_freeze_level, 0) + " it freezes, at " + figure(stats::drift_rollback_level, 0) +
                  " it rolls back.";
    return;
  }
  const Observed counts = observed(line, scene);
  tell_counts(line, counts, options.rollback_alpha, options.prior_n, into);
  into.line_fail = line.moving_evidence ? line.moving_evidence->line() : line.line;
  if (counts.phase.total() <= 0) return;
  into.log_e_fail =
      line.peers.empty() ? (line.moving_evidence ? criterion_log_e(line, counts) : 0) : trigger_log_e(line, scene);
  const std::string seen = seen_in_words(into, line, options.rollback_alpha);
  if (!found.fires) {
    into.reason = seen;
    return;
  }
  const double log_e = line.peers.empty() ? into.log_e_fail : rollback_log_e;
  into.reason = count(into.good) + " of " + count(into.good + into.bad) + " " + std::string(nouns_of(line).what) +
                " (" + share(into.estimate) + "). " +
                strength_in_words(into.line_fail, sides(line, true), log_e, options.rollback_alpha, "rollout");
}

void tell_versus(const Line& line, const Scene& scene, const Finding& found, Judgement& into) {
  if (line.index >= scene.run.versus.size()) return;
  const VersusSums& sums = scene.run.versus[line.index];
  const DecideOptions& options = scene.plan.plan->decide;
  into.good = static_cast<double>(sums.good_new);
  into.bad = static_cast<double>(sums.bad_new);
  into.design_effect = std::max(scene.deff, scene.facts.aa.design_effect);
  const double log_e = sums.log_e / into.design_effect;
  (line.is_trigger ? into.log_e_fail : into.log_e_pass) = log_e;
  (line.is_trigger ? into.need_fail : into.need_pass) = line.is_trigger ? scene.plan.need_versus : scene.plan.need_pass;
  const double n_new = into.good + into.bad;
  const auto n_old = static_cast<double>(sums.good_old + sums.bad_old);
  if (n_new <= 0 || n_old <= 0) return;
  tell_counts(line, {.phase = {.good = into.good, .bad = into.bad}, .deff = into.design_effect}, options.versus_alpha,
              options.prior_n, into);
  const double before = static_cast<double>(sums.good_old) / n_old;
  const bool errors = line.condition.metric == "error_rate";
  into.line_pass = into.line_fail = before;
  into.reason = "New: " + count(into.good) + " of " + count(n_new) + " first attempts " +
                (errors ? "had no error" : "connected") + " (" + share(into.estimate) +
                "); old, at the same time: " + count(static_cast<double>(sums.good_old)) + " of " + count(n_old) +
                " (" + share(before) + ").";
  if (found.verdict == Verdict::fail)
    into.reason += " Were new no worse, evidence this strong would show up at any time in fewer than 1 rollout in " +
                   figure(std::round(1 / options.versus_alpha), 0) + " (" + e_value(log_e) + ").";
  if (line.is_trigger && static_cast<Why>(found.why) == Why::no_aa)
    into.reason += " It may only freeze: it needs an A/A comparison without alarm over 2,000 users or more beforehand.";
}

void tell_events(const Line& line, const Scene& scene, const Finding& found, Judgement& into) {
  const Events events = events_of(line, scene);
  into.good = events.now;
  into.bad = events.exposure_now - events.now;
  into.estimate = events.exposure_now > 0 ? events.now / events.exposure_now : 0;
  into.line_pass = into.line_fail = line.condition.value.number;
  into.need_fail = scene.plan.need_fail;
  into.log_e_fail = trigger_log_e(line, scene);
  into.reason = figure(events.now, 0) + " complaints over " + figure(events.exposure_now, 0) + " calls (" +
                figure(1000 * into.estimate) + " per 1000).";
  if (events.exposure_before > 0)
    into.reason += " Before: " + figure(events.before, 0) + " over " + figure(events.exposure_before, 0) + " (" +
                   figure(1000 * events.before / events.exposure_before) + " per 1000).";
  if (static_cast<Why>(found.why) == Why::few) {
    into.reason += " Too few calls for the line to mean anything yet";
    if (line.condition.baseline == Baseline::none && line.condition.value.number > 0) {
      // One event at the line has to be expected: that many calls are certain, whatever they bring.
      const auto more = static_cast<std::int64_t>(std::ceil(1 / line.condition.value.number - events.exposure_now));
      into.forecast =
          Forecast{.q10 = more, .q50 = more, .q90 = more, .p_never = 0, .horizon = more, .needs = -1, .fewest = more};
      into.reason += ": " + std::to_string(more) + " more are needed";
    }
    into.reason += ".";
  }
  if (found.verdict == Verdict::fail || found.fires)
    into.reason += " It is more than the line allows (" + e_value(into.log_e_fail) + ").";
}

}  // namespace callramp::rollout
