#include "app/rollout_print.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ostream>

#include "app/json_print.hpp"
#include "app/table.hpp"

namespace callramp::app {
namespace {

constexpr int bar_columns = 30;
constexpr int track_columns = 10;  // between two phases

const json::value* find(const json::value& object, std::string_view path) {
  boost::system::error_code none;
  const json::value* found = object.find_pointer("/" + std::string(path), none);
  return found == nullptr || found->is_null() ? nullptr : found;
}
double number(const json::value& object, std::string_view path, double otherwise = 0) {
  const json::value* found = find(object, path);
  return found != nullptr && found->is_number() ? found->to_number<double>() : otherwise;
}
bool is_true(const json::value& object, std::string_view path) {
  const json::value* found = find(object, path);
  return found != nullptr && found->is_bool() && found->get_bool();
}
std::string percent(double share) { return fmt::format("{:.1f} %", share * 100); }
std::string text(const json::value& object, std::string_view path) { return printable(shown(object, path)); }

bool has_interval(const json::value& judgement) {
  static constexpr std::array kinds{"rate", "versus", "mean", "events"};
  return std::ranges::find(kinds, shown(judgement, "kind")) != kinds.end() &&
         number(judgement, "good") + number(judgement, "bad") > 0;
}

/// The smallest scale of a few on which all of it fits: rates of a few per 1000 and of 70 % are both to be read.
double scale_for(double largest) {
  static constexpr std::array scales{0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0};
  const auto fits = std::ranges::find_if(scales, [&](double scale) { return largest <= scale; });
  return fits == scales.end() ? largest : *fits;
}

std::string interval_cell(const json::value& judgement) {
  IntervalBar bar{.lo = number(judgement, "lo"),
                  .hi = number(judgement, "hi", 1),
                  .estimate = number(judgement, "estimate"),
                  .lines = {number(judgement, is_true(judgement, "isTrigger") ? "lineFail" : "linePass")}};
  bar.high = scale_for(std::max({bar.hi, std::abs(bar.lo), std::abs(bar.lines[0]) * 1.1}));
  bar.low = bar.lo < 0 || bar.lines[0] < 0 ? -bar.high : 0;
  return to_text(bar);
}

// What is known, in figures: estimate with its interval and n, or used of allowed.
std::string figures_cell(const json::value& judgement) {
  if (has_interval(judgement))
    return fmt::format("{} ({} to {}), n {:.0f}", percent(number(judgement, "estimate")),
                       percent(number(judgement, "lo")), percent(number(judgement, "hi", 1)),
                       number(judgement, "good") + number(judgement, "bad"));
  const std::string kind = shown(judgement, "kind");
  if (kind == "budget" || kind == "latch" || kind == "gauge") {
    const double used = number(judgement, "used");
    const double allowed = number(judgement, "allowed");
    return allowed > 0 ? fmt::format("{:.4g} of {:.4g}", used, allowed) : fmt::format("{:.4g}", used);
  }
  return "-";
}

std::string bar_cell(const json::value& judgement) {
  if (has_interval(judgement)) return interval_cell(judgement);
  if (shown(judgement, "kind") == "budget" && number(judgement, "allowed") > 0)
    return fill_bar(number(judgement, "used"), number(judgement, "allowed"));
  return "";
}

void print_judgements(std::ostream& out, const json::array& judgements) {
  Table table({"VERDICT", "CONDITION", "INTERVAL AGAINST ITS LINE", "FIGURES"});
  for (const json::value& judgement : judgements) {
    std::string verdict = verdict_words(shown(judgement, "verdict"));
    if (is_true(judgement, "isTrigger") && shown(judgement, "verdict") == "pass") verdict = "– quiet";
    if (is_true(judgement, "fires")) verdict = "▼ fires";
    table.add({std::move(verdict), shown(judgement, "condition"), bar_cell(judgement), figures_cell(judgement)});
  }
  table.print(out, "  ");
  for (const json::value& judgement : judgements) {
    const std::string verdict = shown(judgement, "verdict");
    const bool quiet = verdict == "pass" || verdict == "not_applicable" || is_true(judgement, "isTrigger");
    if ((!quiet || is_true(judgement, "fires")) && find(judgement, "reason") != nullptr)
      out << "  " << text(judgement, "condition") << ": " << text(judgement, "reason") << '\n';
  }
}

// "5 ██████████ 10 ████·····│ 25 ·········· 50 ·········· 100": filled as far as it is asked.
std::string track(const json::value& rollout) {
  std::string line;
  for (const json::value& phase : list_at(rollout, "phases")) {
    const std::string standing = shown(phase, "standing");
    if (!line.empty()) line += ' ';
    if (standing == "current") line += '>';
    line += shown(phase, "percentage");
    line += ' ';
    for (int i = 0; i < track_columns; ++i) line += standing == "passed" ? "█" : standing == "current" ? "▒" : "·";
  }
  return line;
}

void print_owed(std::ostream& out, const json::value& rollout) {
  const json::array& owed = list_at(rollout, "owed");
  if (owed.empty()) return;
  out << "\nStill owed by people:\n";
  for (const json::value& item : owed) {
    out << "  □ " << text(item, "kind") << ' ' << text(item, "subject") << ": " << text(item, "text");
    if (const std::string who = text(item, "who"); who != "-" && !who.empty()) out << " (" << who << ")";
    if (const std::string command = text(item, "command"); command != "-" && !command.empty())
      out << "\n    " << command;
    out << '\n';
  }
}

void print_times(std::ostream& out, const json::value& rollout) {
  if (find(rollout, "stable") != nullptr)
    out << "Stable since " << text(rollout, "stable/since") << " (" << text(rollout, "stable/reset")
        << "), counts from " << text(rollout, "stable/until") << ".\n";
  if (find(rollout, "earliestAdvance") != nullptr)
    out << "Advance at the earliest " << text(rollout, "earliestAdvance") << ".\n";
  if (find(rollout, "forecast") == nullptr) return;
  if (find(rollout, "forecast/slowest") == nullptr) {
    out << "No criterion needs more calls.\n";
    return;
  }
  out << "Slowest is " << text(rollout, "forecast/slowest") << ": half of such cases settle within "
      << text(rollout, "forecast/callsNeeded/q50") << " more, by " << text(rollout, "forecast/likely") << " (10 % by "
      << text(rollout, "forecast/soonest") << ", 90 % by " << text(rollout, "forecast/latest") << "); chance of none "
      << percent(number(rollout, "forecast/callsNeeded/pNever")) << ".\n";
}

void print_incident(std::ostream& out, const json::value& rollout) {
  if (find(rollout, "receipt") != nullptr) out << text(rollout, "receipt/sentence") << '\n';
  if (find(rollout, "incident") == nullptr) return;
  out << "Incident " << text(rollout, "incident/id") << ", open since " << text(rollout, "incident/openedAt") << ":\n";
  for (const json::value& item : list_at(rollout, "incident/items"))
    out << (is_true(item, "done") ? "  ■ " : "  □ ") << text(item, "name")
        << (is_true(item, "done") ? " (" + text(item, "by") + ": " + text(item, "note") + ")" : "") << '\n';
}

}  // namespace

std::string to_text(const IntervalBar& bar) {
  const auto column = [&](double value) {
    const double share = (value - bar.low) / (bar.high - bar.low);
    return std::clamp(static_cast<int>(std::lround(share * (bar_columns - 1))), 0, bar_columns - 1);
  };
  std::array<std::string_view, bar_columns> cells;
  cells.fill("·");
  for (int i = column(bar.lo); i <= column(bar.hi); ++i) cells[static_cast<std::size_t>(i)] = "─";
  cells[static_cast<std::size_t>(column(bar.estimate))] = "●";
  for (const double line : bar.lines) {
    auto& cell = cells[static_cast<std::size_t>(column(line))];
    cell = cell == "●" ? "◆" : "│";  // the estimate stands on the line
  }
  std::string text = "[";
  for (const std::string_view cell : cells) text += cell;
  return text + "]";
}

std::string fill_bar(double used, double allowed) {
  const double share = allowed > 0 ? std::clamp(used / allowed, 0.0, 1.0) : 1;
  const auto filled = static_cast<int>(std::lround(share * bar_columns));
  std::string text = "[";
  for (int i = 0; i < bar_columns; ++i) text += i < filled ? "█" : "·";
  return text + "]";
}

std::string verdict_words(std::string_view verdict) {
  if (verdict == "pass") return "● pass";
  if (verdict == "fail") return "✖ fail";
  if (verdict == "undecided") return "◐ undecided";
  if (verdict == "no_data") return "○ no data";
  if (verdict == "not_applicable") return "– not applicable";
  if (verdict == "waived") return "~ waived";
  return std::string(verdict);
}

void print_rollout(std::ostream& out, const json::value& rollout) {
  out << text(rollout, "sentence") << "\n\n";
  out << text(rollout, "name") << ": " << text(rollout, "state");
  if (find(rollout, "phase") != nullptr)
    out << ", " << text(rollout, "phase") << " (run " << text(rollout, "run") << ") since "
        << text(rollout, "phaseStartedAt");
  out << ", mode " << text(rollout, "mode") << '\n';
  // Rolled back, the sentence above begins with it.
  const std::string why = text(rollout, "stateReason");
  if (why.size() > 1 && text(rollout, "sentence").find(why.substr(1)) == std::string::npos) out << why << '\n';
  out << "  " << track(rollout) << '\n';
  out << "  asked " << text(rollout, "percentage") << " %, in force " << text(rollout, "flags/percentage") << " %"
      << (is_true(rollout, "flags/enabled") ? "" : " (calls are switched off)")
      << (is_true(rollout, "flags/byHand") ? " (set by hand)" : "") << ", observed ";
  if (find(rollout, "observed/percentage") != nullptr)
    out << fmt::format("{:.1f} % of {:.0f} calls", number(rollout, "observed/percentage"),
                       number(rollout, "observed/new") + number(rollout, "observed/old"));
  else
    out << "nothing yet";
  out << fmt::format(
      "\n  in evidence {:.0f} calls = {:.0f} talked + {:.0f} voicemail + others; waiting {:.0f}, pending "
      "{:.0f}\n",
      number(rollout, "evidence/calls"), number(rollout, "evidence/completed"),
      number(rollout, "evidence/voicemailLeft"), number(rollout, "evidence/waiting"),
      number(rollout, "evidence/pending"));
  print_incident(out, rollout);
  if (!list_at(rollout, "criteria").empty()) {
    out << "\nMust hold to advance:\n";
    print_judgements(out, list_at(rollout, "criteria"));
  }
  if (!list_at(rollout, "triggers").empty()) {
    out << "\nRolls back:\n";
    print_judgements(out, list_at(rollout, "triggers"));
  }
  print_owed(out, rollout);
  out << '\n';
  print_times(out, rollout);
}

void print_decision(std::ostream& out, const json::value& decision) {
  out << text(decision, "sentence") << '\n';
  out << "Decision " << text(decision, "id") << " at " << text(decision, "at") << ": " << text(decision, "action")
      << " by " << text(decision, "actor") << ", " << text(decision, "from") << " % to " << text(decision, "to")
      << " %, rule " << text(decision, "rule") << '\n';
  if (const std::string whom = text(decision, "switches/sentence"); whom != "-") out << "Users: " << whom << '\n';
  if (const std::string reason = text(decision, "reason"); reason != "-" && !reason.empty())
    out << "Reason given: " << reason << '\n';
  for (const json::value& line : list_at(decision, "wouldChangeIt"))
    if (line.is_string()) out << "Would change it: " << printable(std::string(line.get_string())) << '\n';
  if (const std::string who = text(decision, "whoMayOverride"); who != "-" && !who.empty())
    out << "May be overridden by " << who << '\n';
}

void print_decisions(std::ostream& out, const json::value& page) {
  print_rows(out, list_at(page, "decisions"),
             {{"ID", "id"}, {"AT", "at"}, {"ACTION", "action"}, {"BY", "actor"}, {"TO %", "to"}, {"WHY", "sentence"}},
             "No decision yet: the first comes when the rollout is started.");
  if (const std::string next = shown(page, "next"); next != "-") out << "Older ones: --before " << next << '\n';
}

void print_explanation(std::ostream& out, const json::value& explanation) {
  const json::value* decision = find(explanation, "decision");
  if (decision == nullptr) return;
  print_decision(out, *decision);
  if (!list_at(*decision, "criteria").empty()) {
    out << "\nCriteria:\n";
    print_judgements(out, list_at(*decision, "criteria"));
  }
  if (!list_at(*decision, "triggers").empty()) {
    out << "\nTriggers:\n";
    print_judgements(out, list_at(*decision, "triggers"));
  }
  out << "\nArithmetic:\n";
  for (const json::value& line : list_at(explanation, "arithmetic"))
    if (line.is_string()) out << "  " << printable(std::string(line.get_string())) << '\n';
  if (is_true(explanation, "replayedEqual"))
    out << "Decided again from its stored inputs: every figure is the same.\n";
  else
    out << "Decided again from its stored inputs it differs: " << text(explanation, "difference") << '\n';
}

}  // namespace callramp::app
