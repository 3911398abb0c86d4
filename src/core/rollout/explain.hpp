// Words for what a look found. Internal to explain*.cpp, decide_command.cpp and what_if.cpp.
#pragma once

#include <string>

#include "core/rollout/compiled.hpp"

namespace callramp::rollout {

/// Estimate and always-valid interval of what was seen, at 1 - alpha.
void tell_counts(const Line& line, const Observed& counts, double alpha, int prior_n, Judgement& into);
/// Until the evidence passes. `needs` is left to the caller, which may know more counts.
Forecast forecast_of(const stats::RateLine& evidence, stats::Side claim, double need, stats::Counts seen, double deff,
                     std::int64_t horizon);
void tell_rate_criterion(const Line& line, const Scene& scene, const Finding& found, Judgement& into);
void tell_rate_trigger(const Line& line, const Scene& scene, const Finding& found, double rollback_log_e,
                       Judgement& into);
void tell_versus(const Line& line, const Scene& scene, const Finding& found, Judgement& into);
void tell_events(const Line& line, const Scene& scene, const Finding& found, Judgement& into);
/// Budgets, latches, levels, proofs, clocks, people.
void tell_other(const Line& line, const Scene& scene, const Finding& found, Judgement& into);
/// Why there is no data, or that the condition cannot exist here.
std::string missing_in_words(const Line& line, const Scene& scene, const Finding& found);
/// The judgements of a look, without the decision's own sentence.
void judge_in_words(const CompiledPlan& plan, const Scene& scene, const Look& look, Decision& into);
std::string strength_in_words(double line, const std::string& side, double log_e, double alpha, std::string_view unit);
/// "71 % = 58 talked + 13 voicemail."
std::string split_in_words(const Tally& calls);

}  // namespace callramp::rollout
