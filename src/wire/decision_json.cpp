#include "wire/decision_json.hpp"

#include <string>
#include <vector>

#include "base/ensure.hpp"
#include "wire/scalars.hpp"

namespace callramp::wire {
namespace {

namespace json = boost::json;

json::value calls_or_null(std::int64_t calls) { return calls < 0 ? json::value(nullptr) : json::value(calls); }

json::array texts(const std::vector<std::string>& lines) {
  json::array array;
  for (const std::string& line : lines) array.emplace_back(line);
  return array;
}

json::array judgements(const std::vector<rollout::Judgement>& list) {
  json::array array;
  for (const rollout::Judgement& judgement : list) array.push_back(to_json(judgement));
  return array;
}

}  // namespace

std::string_view to_string(rollout::Target target) noexcept {
  return target == rollout::Target::zero ? "zero" : "previous_phase";
}

std::string_view to_string(rollout::Mode mode) noexcept {
  switch (mode) {
    case rollout::Mode::manual: return "manual";
    case rollout::Mode::guarded: return "guarded";
    case rollout::Mode::automatic: return "automatic";
  }
  ENSURE(false, "a Mode outside its enumeration");
}

json::object to_json(const rollout::Forecast& forecast) {
  return {{"q10", calls_or_null(forecast.q10)},
          {"q50", calls_or_null(forecast.q50)},
          {"q90", calls_or_null(forecast.q90)},
          {"pNever", forecast.p_never},
          {"horizon", forecast.horizon},
          {"needs", calls_or_null(forecast.needs)},
          {"fewest", calls_or_null(forecast.fewest)}};
}

json::object to_json(const rollout::Judgement& judgement) {
  return {{"condition", judgement.condition.text},
          {"kind", rollout::to_string(judgement.kind)},
          {"isTrigger", judgement.is_trigger},
          {"builtIn", judgement.built_in},
          {"target", judgement.is_trigger ? json::value(to_string(judgement.target)) : json::value(nullptr)},
          {"verdict", rollout::to_string(judgement.verdict)},
          {"fires", judgement.fires},
          {"freezes", judgement.freezes},
          {"reason", judgement.reason},
          {"good", judgement.good},
          {"bad", judgement.bad},
          {"estimate", judgement.estimate},
          {"lo", judgement.lo},
          {"hi", judgement.hi},
          {"linePass", judgement.line_pass},
          {"lineFail", judgement.line_fail},
          {"logEPass", judgement.log_e_pass},
          {"logEFail", judgement.log_e_fail},
          {"needPass", judgement.need_pass},
          {"needFail", judgement.need_fail},
          {"designEffect", judgement.design_effect},
          {"forecast", judgement.forecast ? json::value(to_json(*judgement.forecast)) : json::value(nullptr)},
          {"used", judgement.used},
          {"allowed", judgement.allowed},
          {"since", iso_or_null(judgement.since)},
          {"until", iso_or_null(judgement.until)}};
}

json::object to_json(const rollout::Incident& incident) {
  json::array items;
  for (const rollout::IncidentItem& item : incident.items)
    items.push_back(json::object{{"name", item.name},
                                 {"done", !item.by.empty()},
                                 {"by", item.by},
                                 {"note", item.note},
                                 {"at", iso_or_null(item.at)}});
  return {{"id", incident.id},
          {"openedAt", to_iso(incident.opened_at)},
          {"decisionId", incident.decision},
          {"items", std::move(items)}};
}

json::object to_json(const rollout::RolloutState& state) {
  json::array latches;
  for (const rollout::Latch& latch : state.latches)
    latches.push_back(json::object{
        {"condition", latch.condition}, {"phase", latch.phase}, {"failed", latch.failed}, {"at", to_iso(latch.at)}});
  json::array history;
  for (const rollout::PhaseRecord& record : state.history)
    history.push_back(json::object{{"run", record.run},
                                   {"phase", record.phase},
                                   {"startedAt", to_iso(record.started_at)},
                                   {"endedAt", iso_or_null(record.ended_at)},
                                   {"passed", record.passed},
                                   {"despiteEvidence", record.despite_evidence}});
  return {{"state", rollout::to_string(state.stage)},
          {"stateReason", state.stage_reason},
          {"stateSince", iso_or_null(state.stage_since)},
          {"run", state.run},
          {"phase", state.phase},
          {"percentage", percent_number(state.percentage)},
          {"manualFlags", state.manual_flags},
          {"runStartedAt", iso_or_null(state.run_started_at)},
          {"phaseStartedAt", iso_or_null(state.phase_started_at)},
          {"earliestAdvance", iso_or_null(state.earliest_advance)},
          {"watchUntil", iso_or_null(state.watch_until)},
          {"stableSince", iso_or_null(state.stable_since)},
          {"stableReset", state.stable_reset},
          {"unstable", state.unstable},
          {"liftedFreezes", texts(state.lifted)},
          {"lastRollbackAt", iso_or_null(state.last_rollback_at)},
          {"latches", std::move(latches)},
          {"history", std::move(history)},
          {"incident", state.incident ? json::value(to_json(*state.incident)) : json::value(nullptr)},
          {"oldDecommissioned", state.old_decommissioned},
          {"binary", state.binary},
          {"configuration", state.configuration},
          {"planHash", state.plan_hash}};
}

json::object brief_json(const rollout::Decision& decision) {
  return {{"id", decision.id},
          {"at", to_iso(decision.at)},
          {"rollout", decision.rollout},
          {"run", decision.run},
          {"phase", decision.phase},
          {"action", rollout::to_string(decision.action)},
          {"rule", decision.rule},
          {"sentence", decision.sentence},
          {"wouldChangeIt", texts(decision.would_change_it)},
          {"whoMayOverride", decision.who_may_override},
          {"recommendedOnly", decision.recommended_only},
          {"actor", decision.actor},
          {"reason", decision.person_reason},
          {"from", percent_number(decision.from)},
          {"to", percent_number(decision.to)}};
}

json::object to_json(const rollout::Decision& decision) {
  json::object body = brief_json(decision);
  body["criteria"] = judgements(decision.criteria);
  body["triggers"] = judgements(decision.triggers);
  body["rollback"] = json::object{{"logE", decision.rollback_log_e}, {"need", decision.rollback_need}};
  body["before"] = to_json(decision.before);
  body["after"] = to_json(decision.after);
  body["planHash"] = decision.plan_hash;
  body["flagVersion"] = decision.flag_version;
  return body;
}

}  // namespace callramp::wire
