#include "app/demo_person.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/table.hpp"
#include "core/rollout/outlook.hpp"

namespace callramp::app {
namespace {

using engine::ChecklistItemView;
using engine::RolloutView;
using rollout::Judgement;
using rollout::Kind;
using rollout::Stage;
using rollout::Verdict;

struct NoSource {
  std::string_view metric;
  std::string_view why;
};
constexpr std::array no_sources{
    NoSource{"load_test", "the demo makes no load test; `callramp bench calls` is one"},
    NoSource{"voicemail_accuracy", "nobody labels the demo's calls"},
    NoSource{"report_sent", "the demo sends no reports"},
    NoSource{"announced", "the demo announces nothing"},
    NoSource{"contacts_confirmed", "the demo's contacts are invented"},
    NoSource{"customer_satisfaction", "nobody asks the demo's callees how it was"},
};

std::string_view missing_source(std::string_view condition) {
  const auto found =
      std::ranges::find_if(no_sources, [&](const NoSource& one) { return condition.starts_with(one.metric); });
  return found == no_sources.end() ? std::string_view{} : found->why;
}

bool is_open(Verdict verdict) {
  return verdict != Verdict::pass && verdict != Verdict::not_applicable && verdict != Verdict::waived;
}

// Measured, in contrast to what people say and what follows from it.
bool waits_for_a_person(const Judgement& one) {
  return one.kind == Kind::person || one.condition.metric == "criteria_met" || one.condition.metric == "checklist";
}

DemoAct waiver(std::string subject, std::string_view why, Instant now) {
  const std::string until = to_iso(std::chrono::floor<minutes>(now + waiver_lasts));
  std::string command = fmt::format("rollout waive \"{}\" --until {} --reason \"{}\"", subject, until, why);
  return {DemoAct::Kind::waive, std::move(subject), std::string(why), std::move(command)};
}

void add_checklist_acts(const RolloutView& view, Instant now, std::vector<DemoAct>& acts) {
  const bool planned = view.state.stage == Stage::planned;
  bool drilled = false;
  for (const ChecklistItemView& item : view.checklists) {
    const bool due = planned ? item.gate == "start" : item.gate == "phase-start" || item.gate == "phase-end";
    if (!due || item.done) continue;
    const std::string subject = item.checklist + "/" + item.item;
    if (!item.by_itself) {
      acts.push_back({DemoAct::Kind::check, subject, "ticked by the demo: " + item.text,
                      fmt::format("rollout check {} {}", item.checklist, item.item)});
    } else if (const auto why = missing_source(item.why); !why.empty()) {
      acts.push_back(waiver(subject, why, now));
    } else if (item.why.starts_with("drilled") && !drilled) {
      drilled = true;
      acts.push_back({DemoAct::Kind::drill, subject, "the demo's drill of the way back",
                      "rollout drill --reason \"before the start\""});
    }
  }
}

void add_criterion_acts(const RolloutView& view, Instant now, std::vector<DemoAct>& acts) {
  for (const Judgement& one : view.look.criteria) {
    if (!is_open(one.verdict)) continue;
    if (one.condition.metric == "confirmed" && !one.condition.arguments.empty()) {
      const std::string& name = one.condition.arguments.front().name;
      acts.push_back({DemoAct::Kind::confirm, name, "confirmed by the demo", "rollout confirm " + name});
    } else if (const auto why = missing_source(one.condition.text); !why.empty()) {
      acts.push_back(waiver(one.condition.text, why, now));
    }
  }
}

DemoAct to_decide(std::string subject, std::string command) {
  return {DemoAct::Kind::decide, std::move(subject), {}, std::move(command)};
}

void add_approvals(const RolloutView& view, std::vector<DemoAct>& acts) {
  const std::vector<Judgement>& criteria = view.look.criteria;
  const bool evidence_open = std::ranges::any_of(
      criteria, [](const Judgement& one) { return is_open(one.verdict) && !waits_for_a_person(one); });
  if (evidence_open || !view.latest) return;
  for (const Judgement& one : criteria) {
    const bool asks = one.condition.metric == "approved_by" || one.condition.metric == "approval";
    if (!asks || !is_open(one.verdict)) continue;
    acts.push_back({DemoAct::Kind::approve, one.condition.text, "the demo's approval: every criterion is met",
                    fmt::format("rollout approve \"{}\" --decision {}", one.condition.text, view.latest->id)});
  }
}

std::string share(Percent percent) { return to_string(percent) + " %"; }

// What still keeps the gate closed, with what was counted for it.
std::string undecided(const RolloutView& view) {
  std::string text;
  int people = 0;
  for (const Judgement& one : view.look.criteria) {
    if (!is_open(one.verdict)) continue;
    if (waits_for_a_person(one)) {
      ++people;
      continue;
    }
    text += text.empty() ? "" : ", ";
    text += one.condition.text;
    const double seen = one.good + one.bad;
    const bool counted = one.kind == Kind::rate || one.kind == Kind::versus || one.kind == Kind::events;
    if (one.verdict == Verdict::fail)
      text += " (fails)";
    else if (one.verdict == Verdict::no_data)
      text += " (no data)";
    else if (counted && seen > 0)
      text += fmt::format(" ({:.0f} of {:.0f})", one.good, seen);
  }
  if (people > 0) text += fmt::format("{}{} for people to say", text.empty() ? "" : ", ", people);
  return text.empty() ? "nothing" : text;
}

}  // namespace

std::vector<DemoAct> acts_due(const RolloutView& view, Instant now) {
  std::vector<DemoAct> acts;
  switch (view.state.stage) {
    case Stage::planned:
      add_checklist_acts(view, now, acts);
      if (acts.empty())
        acts.push_back(
            {DemoAct::Kind::start, view.plan->name, "the demo begins", "rollout start --reason \"the demo begins\""});
      return acts;
    case Stage::running:
      add_checklist_acts(view, now, acts);
      add_criterion_acts(view, now, acts);
      if (acts.empty()) add_approvals(view, acts);
      return acts;
    case Stage::holding:
    case Stage::frozen:
      acts.push_back(to_decide("go on", "rollout resume --reason \"looked at it\""));
      acts.push_back(to_decide("go back", "rollout rollback --reason \"looked at it\""));
      return acts;
    case Stage::rolled_back:
      if (view.state.incident)
        for (const rollout::IncidentItem& item : view.state.incident->items)
          if (item.by.empty())
            acts.push_back(to_decide(item.name, fmt::format("rollout check incident {} --note \"…\"", item.name)));
      acts.push_back(to_decide("then go on", "rollout resume --reason \"mended and tested\""));
      return acts;
    case Stage::complete:
    case Stage::watching:
    case Stage::succeeded: return acts;
  }
  return acts;
}

std::vector<std::string> standing_lines(const RolloutView& view, Instant now) {
  const rollout::RolloutState& state = view.state;
  const rollout::Phase& phase = view.plan->phases.at(static_cast<std::size_t>(state.phase));
  const auto fresh = view.counts.first.total;
  const auto all = fresh + view.counts.first_old.total + view.counts.first_old.unknown;
  const std::string seen =
      all == 0 ? "no call counted yet"
               : fmt::format("seen {:.1f} % of {}", 100.0 * static_cast<double>(fresh) / static_cast<double>(all), all);
  std::vector<std::string> lines;
  const auto add = [&](const std::string& text) {
    for (std::string& line : wrapped(text)) lines.push_back(std::move(line));
  };
  add(fmt::format(
      "== {} {} · asked {} · {}{}", phase.name, rollout::to_string(state.stage), share(state.percentage), seen,
      state.run > 0 ? " · for " + to_words(std::chrono::floor<seconds>(now - state.phase_started_at)) : ""));
  if (state.stage != Stage::running) return lines;
  add("   open: " + undecided(view));
  if (const auto ahead = rollout::outlook(*view.plan, state, view.look, view.counts, now)) {
    const auto in = [&](Instant at) {
      return at <= now ? std::string("now") : "in " + to_words(std::chrono::ceil<seconds>(at - now));
    };
    if (ahead->slowest.empty())
      add("   forecast: clocks and people decide, not before " + in(ahead->soonest));
    else if (ahead->needs.q50 < 0)
      add("   forecast: slowest is " + ahead->slowest + "; at what was seen, half of such cases stay open");
    else
      add(fmt::format("   forecast: slowest is {}, {} more of its observations{}{}", ahead->slowest, ahead->needs.q50,
                      ahead->needs.q90 <= ahead->needs.q50 ? "" : fmt::format(" (90 %: {})", ahead->needs.q90),
                      ahead->likely ? ", likely " + in(*ahead->likely) : ""));
  }
  return lines;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  std::string line(text.substr(0, std::min(text.find_first_not_of(' '), text.size())));
  bool empty = true;
  while (!text.empty()) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    if (word.empty()) break;
    if (!empty && width(line) + 1 + width(word) > columns) {
      lines.push_back(std::move(line));
      line = "  ";
      empty = true;
    }
    if (!empty) line += ' ';
    line += word;
    empty = false;
  }
  lines.push_back(std::move(line));
  return lines;
}

}  // namespace callramp::app
