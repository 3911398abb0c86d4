// The arithmetic of a rate alone: `callramp rollout what-if`.
#include <algorithm>
#include <cmath>

#include "core/rollout/compiled.hpp"
#include "core/rollout/explain.hpp"
#include "core/rollout/words.hpp"

namespace callramp::rollout {
namespace {

constexpr std::int64_t horizon = 2000;  // further calls that the forecast looks at

}  // namespace

Judgement what_if(const WhatIf& question) {
  const Condition& condition = question.condition;
  const bool percentile = condition.percentile.has_value();
  const double own = percentile ? 1 - *condition.percentile : condition.value.number;
  const double drawn = question.line.value_or(own);
  const bool above = condition.compare == Compare::greater || condition.compare == Compare::at_least;
  const stats::Side claim = above ? stats::Side::above : stats::Side::below;
  const stats::Side against = above ? stats::Side::below : stats::Side::above;
  const stats::RateLine line = rate_line(drawn, question.alpha, question.prior_n);
  const stats::Counts counts{.good = static_cast<double>(question.good), .bad = static_cast<double>(question.bad)};

  Line spoken_of;
  spoken_of.condition = condition;
  spoken_of.claim = claim;
  spoken_of.source = percentile ? Source::times : Source::success;
  Judgement judgement{.condition = condition, .kind = Kind::rate};
  tell_counts(spoken_of, {.phase = counts, .run = counts}, question.alpha, question.prior_n, judgement);
  judgement.line_pass = judgement.line_fail = drawn;
  judgement.need_pass = judgement.need_fail = -std::log(question.alpha);
  if (counts.total() > 0) {
    judgement.log_e_pass = stats::log_e(line, claim, counts);
    judgement.log_e_fail = stats::log_e(line, against, counts);
  }
  const bool beyond = counts.total() > 0 && (above ? counts.share() > drawn : counts.share() < drawn);
  judgement.verdict = judgement.log_e_pass >= judgement.need_pass && beyond ? Verdict::pass
                      : judgement.log_e_fail >= judgement.need_fail         ? Verdict::fail
                      : counts.total() > 0                                  ? Verdict::undecided
                                                                            : Verdict::no_data;
  Forecast forecast = forecast_of(line, claim, judgement.need_pass, counts, 1, horizon);
  stats::Boundary pass(line, claim, judgement.need_pass, question.good + question.bad);
  forecast.needs = pass.at(question.good + question.bad);
  if (forecast.needs > question.good + question.bad) forecast.needs = -1;
  judgement.forecast = forecast;
  judgement.reason = title(condition) + ": " + std::string(to_string(judgement.verdict)) + ".";
  return judgement;
}

}  // namespace callramp::rollout
