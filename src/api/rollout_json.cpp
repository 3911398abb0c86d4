#include "api/rollout_json.hpp"

#include <algorithm>

#include "api/answers.hpp"
#include "core/rollout/outlook.hpp"
#include "wire/decision_json.hpp"

namespace callramp::api {
namespace {

using rollout::Stage;

double seconds_of(Duration span) { return std::chrono::duration<double>(span).count(); }

json::value number_or_null(std::int64_t number) { return number < 0 ? json::value(nullptr) : json::value(number); }

const rollout::Phase* phase_of(const engine::RolloutView& view) {
  const auto index = static_cast<std::size_t>(view.state.phase);
  return view.state.stage == Stage::planned || index >= view.plan->phases.size() ? nullptr : &view.plan->phases[index];
}

std::string sentence_of(const engine::RolloutView& view) {
  return view.latest ? view.latest->sentence : view.look.sentence;
}

json::array texts(const std::vector<std::string>& lines) {
  json::array array;
  for (const std::string& line : lines) array.emplace_back(line);
  return array;
}

// The track: every phase of the plan, and how far this run is.
json::array phases_json(const engine::RolloutView& view) {
  json::array rows;
  for (std::size_t i = 0; i < view.plan->phases.size(); ++i) {
    const rollout::Phase& phase = view.plan->phases[i];
    const rollout::PhaseRecord* record = nullptr;  // the newest try of it
    for (const rollout::PhaseRecord& one : view.state.history)
      if (one.phase == static_cast<int>(i)) record = &one;
    std::string standing = "ahead";
    if (record != nullptr && record->passed) standing = "passed";
    if (phase_of(view) == &phase) standing = view.state.stage == Stage::rolled_back ? "rolled_back" : "current";
    rows.push_back(json::object{{"name", phase.name},
                                {"percentage", percent_number(phase.percentage)},
                                {"minDurationSeconds", seconds_of(phase.min_duration)},
                                {"standing", standing},
                                {"startedAt", record ? json::value(to_iso(record->started_at)) : json::value(nullptr)},
                                {"endedAt", record ? iso_or_null(record->ended_at) : json::value(nullptr)},
                                {"objectives", texts(phase.objectives)},
                                {"monitoringFocus", texts(phase.monitoring_focus)}});
  }
  return rows;
}

// Share of this phase's first attempts that went to new, in percent: what is observed beside what is asked.
json::object observed_json(const engine::RolloutView& view) {
  const std::int64_t on_new = view.counts.first.total;
  const std::int64_t on_old = view.counts.first_old.total;
  const std::int64_t all = on_new + on_old;
  return {{"percentage", all == 0 ? json::value(nullptr)
                                  : json::value(100.0 * static_cast<double>(on_new) / static_cast<double>(all))},
          {"new", on_new},
          {"old", on_old}};
}

json::object evidence_json(const engine::RolloutView& view) {
  const rollout::Tally& calls = view.counts.calls;
  return {{"calls", calls.total},
          {"completed", calls.completed},
          {"voicemailLeft", calls.voicemail_left},
          {"failed", calls.failed},
          {"waiting", view.facts->open_calls - view.facts->pending_calls},
          {"pending", view.facts->pending_calls},
          {"lastClosed", iso_or_null(view.counts.last_closed)}};
}

json::value stable_json(const engine::RolloutView& view) {
  if (phase_of(view) == nullptr) return nullptr;
  json::value until = nullptr;
  for (const rollout::Judgement& criterion : view.look.criteria)
    if (criterion.kind == rollout::Kind::clock) until = iso_or_null(criterion.until);
  return json::object{
      {"since", iso_or_null(view.state.stable_since)}, {"until", until}, {"reset", view.state.stable_reset}};
}

json::value forecast_json(const engine::RolloutView& view, Instant now) {
  const auto outlook = rollout::outlook(*view.plan, view.state, view.look, view.counts, now);
  if (!outlook) return nullptr;
  const bool counts = !outlook->slowest.empty();
  return json::object{{"slowest", counts ? json::value(outlook->slowest) : json::value(nullptr)},
                      {"soonest", to_iso(outlook->soonest)},
                      {"likely", iso_or_null(outlook->likely)},
                      {"latest", iso_or_null(outlook->latest)},
                      {"perDay", outlook->per_day},
                      {"ratePlanned", outlook->rate_planned},
                      {"callsNeeded", counts ? json::value(json::object{{"q10", number_or_null(outlook->needs.q10)},
                                                                        {"q50", number_or_null(outlook->needs.q50)},
                                                                        {"q90", number_or_null(outlook->needs.q90)},
                                                                        {"pNever", outlook->needs.p_never}})
                                             : json::value(nullptr)}};
}

// Who may sign "approved_by(stakeholder)": the names of tokens.
std::string who_approves(const rollout::Plan& plan, const rollout::Condition& condition) {
  if (condition.arguments.empty()) return {};
  std::string names;
  for (const rollout::Approvers& approvers : plan.approvers)
    if (approvers.role == condition.arguments[0].name)
      for (const std::string& token : approvers.tokens) names += (names.empty() ? "" : ", ") + token;
  return names;
}

json::object owed(std::string_view kind, const std::string& subject, const std::string& text, const std::string& who,
                  const std::string& command) {
  return {{"kind", kind}, {"subject", subject}, {"text", text}, {"who", who}, {"command", command}};
}

// The gate that stands before the next step; an incident's items come before all of them.
std::string gate_ahead(Stage stage) {
  switch (stage) {
    case Stage::planned: return "start";
    case Stage::complete:
    case Stage::watching: return "success";
    case Stage::succeeded:
    case Stage::rolled_back: return {};
    case Stage::running:
    case Stage::holding:
    case Stage::frozen: return "phase-end";
  }
  return {};
}

json::array owed_json(const engine::RolloutView& view) {
  json::array rows;
  const std::string verb = "callramp rollout ";
  if (view.state.incident)
    for (const rollout::IncidentItem& item : view.state.incident->items)
      if (item.by.empty())
        rows.push_back(owed("incident", item.name, item.name + " of incident " + view.state.incident->id, "",
                            verb + "check incident " + item.name + " --note …"));
  if (view.state.stage == Stage::rolled_back) return rows;
  for (const rollout::Judgement& criterion : view.look.criteria) {
    if (criterion.kind != rollout::Kind::person || criterion.verdict == rollout::Verdict::pass ||
        criterion.verdict == rollout::Verdict::waived)
      continue;
    const std::string& text = criterion.condition.text;
    if (criterion.condition.metric == "approved_by") {
      const std::string decision = view.latest ? std::to_string(view.latest->id) : "ID";
      rows.push_back(owed("approval", text, criterion.reason, who_approves(*view.plan, criterion.condition),
                          verb + "approve '" + text + "' --decision " + decision));
    } else if (criterion.condition.metric == "confirmed") {
      const std::string what = criterion.condition.arguments.empty() ? "" : criterion.condition.arguments[0].name;
      rows.push_back(owed("confirmation", text, criterion.reason, "", verb + "confirm " + what));
    }
  }
  const std::string gate = gate_ahead(view.state.stage);
  for (const engine::ChecklistItemView& item : view.checklists)
    if (!item.done && item.gate == gate)
      rows.push_back(owed("checklist", item.checklist + "/" + item.item, item.text, "",
                          item.by_itself ? "" : verb + "check " + item.checklist + " " + item.item));
  return rows;
}

json::array checklists_json(const engine::RolloutView& view) {
  json::array lists;
  for (const rollout::Checklist& list : view.plan->checklists) {
    json::array items;
    std::int64_t done = 0;
    for (const engine::ChecklistItemView& item : view.checklists) {
      if (item.checklist != list.name) continue;
      done += item.done ? 1 : 0;
      items.push_back(to_json(item));
    }
    lists.push_back(
        json::object{{"name", list.name}, {"gate", list.gate}, {"done", done}, {"items", std::move(items)}});
  }
  return lists;
}

json::array judgements_json(const std::vector<rollout::Judgement>& judgements) {
  json::array rows;
  for (const rollout::Judgement& judgement : judgements) rows.push_back(wire::to_json(judgement));
  return rows;
}

}  // namespace

json::object summary_json(const engine::RolloutView& view) {
  const rollout::Phase* phase = phase_of(view);
  return {{"name", view.plan->name},
          {"state", rollout::to_string(view.state.stage)},
          {"run", view.state.run},
          {"phase", phase ? json::value(phase->name) : json::value(nullptr)},
          {"percentage", percent_number(view.state.percentage)},
          {"sentence", sentence_of(view)}};
}

json::object to_json(const engine::RolloutView& view, Instant now) {
  json::object body = summary_json(view);
  const rollout::Phase* phase = phase_of(view);
  body["mode"] = wire::to_string(view.plan->mode);
  body["stateReason"] = view.state.stage_reason;
  body["stateSince"] = iso_or_null(view.state.stage_since);
  body["flags"] = json::object{{"percentage", percent_number(view.facts->percentage)},
                               {"enabled", view.facts->calls_enabled},
                               {"version", view.facts->flag_version},
                               {"byHand", view.state.manual_flags}};
  body["observed"] = observed_json(view);
  body["phases"] = phases_json(view);
  body["timezone"] = view.plan->timezone;
  body["runStartedAt"] = iso_or_null(view.state.run_started_at);
  body["phaseStartedAt"] = phase ? iso_or_null(view.state.phase_started_at) : json::value(nullptr);
  body["earliestAdvance"] = phase ? iso_or_null(view.state.earliest_advance) : json::value(nullptr);
  body["watchUntil"] = phase ? iso_or_null(view.state.watch_until) : json::value(nullptr);
  body["stable"] = stable_json(view);
  body["decision"] = view.latest ? json::value(wire::brief_json(*view.latest)) : json::value(nullptr);
  body["criteria"] = judgements_json(view.look.criteria);
  body["triggers"] = judgements_json(view.look.triggers);
  body["rollback"] = json::object{{"logE", view.look.rollback_log_e}, {"need", view.look.rollback_need}};
  body["forecast"] = forecast_json(view, now);
  body["evidence"] = evidence_json(view);
  body["owed"] = owed_json(view);
  body["checklists"] = checklists_json(view);
  body["incident"] = view.state.incident ? json::value(wire::to_json(*view.state.incident)) : json::value(nullptr);
  body["receipt"] = view.receipt ? json::value(to_json(*view.receipt)) : json::value(nullptr);
  body["oldDecommissioned"] = view.state.old_decommissioned;
  body["planHash"] = view.plan->hash;
  body["at"] = to_iso(now);
  return body;
}

json::object to_json(const rollout::Signature& signature) {
  return {{"subject", signature.subject},
          {"by", signature.by},
          {"note", signature.note},
          {"link", signature.link},
          {"at", to_iso(signature.at)},
          {"decisionId", signature.decision == 0 ? json::value(nullptr) : json::value(signature.decision)}};
}

json::object to_json(const engine::ChecklistItemView& item) {
  return {{"checklist", item.checklist},
          {"item", item.item},
          {"text", item.text},
          {"done", item.done},
          {"byItself", item.by_itself},
          {"why", item.why},
          {"signature", item.signed_off ? json::value(to_json(*item.signed_off)) : json::value(nullptr)}};
}

json::object to_json(const engine::Receipt& receipt) {
  return {{"percentage", percent_number(receipt.percentage)},
          {"since", to_iso(receipt.since)},
          {"nodesConfirmed", receipt.nodes_confirmed},
          {"nodes", receipt.nodes},
          {"lastNewDial", iso_or_null(receipt.last_new_dial)},
          {"stillTalking", receipt.still_talking},
          {"latestEnd", iso_or_null(receipt.latest_end)},
          {"switched", receipt.switched ? json::value(to_json(*receipt.switched)) : json::value(nullptr)},
          {"sentence", receipt.sentence}};
}

json::object to_json(const Switching& switching) {
  return {{"users", switching.users},
          {"openCallbacks", switching.open},
          {"sentence", engine::switching_sentence(switching)}};
}

json::object to_json(const rollout::PlanChange& change) {
  return {{"what", change.what}, {"movesUsers", change.moves_users}, {"changesTest", change.changes_test}};
}

json::object to_json(const ItemRecord& record) {
  const rollout::EvidenceItem& item = record.item;
  json::array history;
  for (const ItemChange& step : record.history)
    history.push_back(
        json::object{{"at", to_iso(step.at)}, {"by", step.by}, {"status", step.status}, {"reason", step.reason}});
  return {{"kind", item.kind},
          {"externalId", item.external_id},
          {"severity", item.severity},
          {"critical", item.critical},
          {"value", item.value},
          {"status", item.status},
          {"at", to_iso(item.at)},
          {"callId", item.call_id.empty() ? json::value(nullptr) : json::value(item.call_id)},
          {"system", item.system.empty() ? json::value(nullptr) : json::value(item.system)},
          {"rollout", record.rollout.empty() ? json::value(nullptr) : json::value(record.rollout)},
          {"run", record.rollout.empty() ? json::value(nullptr) : json::value(record.run)},
          {"phase", item.phase < 0 ? json::value(nullptr) : json::value(item.phase)},
          {"note", record.note},
          {"reportedBy", record.reported_by},
          {"reportedAt", to_iso(record.reported_at)},
          {"history", std::move(history)}};
}

}  // namespace callramp::api
