// The four checklists of the rollout plan document, item by item. What the machine knows ticks itself: over five phases
// they are 89 boxes, and nobody reads what he ticks 89 times.
#include "base/ensure.hpp"
#include "core/rollout/plan.hpp"

namespace callramp::rollout {
namespace {

ChecklistItem person(std::string id, std::string text) { return {.id = std::move(id), .text = std::move(text)}; }

ChecklistItem machine(std::string id, std::string text, std::string_view when) {
  auto condition = parse_condition(when);
  ENSURE(condition.has_value(), "a built-in checklist's condition can be read");
  return {.id = std::move(id), .text = std::move(text), .ticks_when = *std::move(condition)};
}

ChecklistItem change(std::string id, std::string text) {
  return {.id = std::move(id), .text = std::move(text), .by_the_change = true};
}

}  // namespace

std::vector<Checklist> document_checklists() {
  return {
      {.name = "pre-rollout",
       .gate = "start",
       .items = {person("beta-testing", "Beta testing completed successfully"),
                 machine("critical-bugs", "All P1 and critical P2 bugs resolved", "no_open_critical"),
                 machine("load-testing", "Load testing passed", "load_test(concurrent >= 100, fresh <= 14d)"),
                 person("security-testing", "Security testing passed"),
                 person("documentation", "Documentation complete and reviewed"),
                 person("monitoring", "Monitoring and alerting configured"),
                 machine("feature-flags", "Feature flags implemented and tested", "drilled(kill_switch, fresh <= 30d)"),
                 machine("rollback-procedures", "Rollback procedures tested", "drilled(rollback, fresh <= 30d)"),
                 person("team-trained", "Team trained on rollout process"),
                 machine("stakeholders-informed", "Stakeholders informed of plan", "announced(stakeholders)"),
                 machine("emergency-contacts", "Emergency contacts list updated", "contacts_confirmed(fresh <= 30d)")}},
      {.name = "phase-start",
       .gate = "phase-start",
       .items = {machine("previous-metrics", "Review previous phase metrics", "criteria_met"),
                 machine("go-no-go", "Conduct go/no-go meeting", "approved_by(any)"),
                 change("flag-percentage", "Update feature flag percentage"),
                 change("announce", "Announce phase start to team"),
                 change("monitoring-frequency", "Increase monitoring frequency"),
                 machine("rollback-prepared", "Prepare rollback procedure", "way_back_ready"),
                 change("stakeholders", "Update stakeholders")}},
      {.name = "phase-end",
       .gate = "phase-end",
       .items = {machine("success-criteria", "Review all success criteria", "criteria_met"),
                 machine("issues", "Document issues and resolutions", "no_open_critical"),
                 machine("trends", "Analyze metrics and trends", "report_sent(weekly)"),
                 person("retrospective", "Conduct team retrospective"),
                 machine("status-report", "Prepare status report", "report_sent(weekly)"),
                 machine("go-no-go", "Make go/no-go decision for next phase", "approved_by(any)"),
                 person("learnings", "Update documentation with learnings")}},
      {.name = "post-rollout",
       .gate = "success",
       .items = {machine("two-weeks", "Monitor for 2 weeks continuously", "full_traffic_for >= 14d"),
                 machine("old-system", "Decommission old system (if applicable)", "old_decommissioned"),
                 person("optimize", "Optimize based on learnings"), person("documentation", "Update documentation"),
                 person("post-mortem", "Conduct post-mortem meeting"),
                 machine("success-metrics", "Share success metrics", "report_sent(final)"),
                 person("next", "Plan next improvements"),
                 machine("archive", "Archive rollout artifacts", "report_sent(final)")}},
  };
}

}  // namespace callramp::rollout
