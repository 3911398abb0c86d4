#include "api/evidence_report.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "api/fields.hpp"

namespace callramp::api {
namespace {

// A kind's severities, in the plan's words; none: it has no severity.
constexpr std::array<std::string_view, 3> bug_severities{"P1", "P2", "P3"};
constexpr std::array<std::string_view, 4> security_severities{"critical", "high", "medium", "low"};
constexpr std::array<std::string_view, 4> complaint_kinds{"annoyance", "content", "unwanted", "privacy"};

struct KindRule {
  std::string_view kind;
  std::span<const std::string_view> severities;
  bool needs_value;
  bool needs_call;
  double least = 0, most = 0;  // of the value
};
constexpr std::array rules{
    KindRule{"bug", bug_severities, false, false},
    KindRule{"complaint", complaint_kinds, false, false},
    KindRule{"security", security_severities, false, false},
    KindRule{"satisfaction", {}, true, false, 1, 5},
    KindRule{"ticket", {}, false, false},
    KindRule{"label", {}, true, true, 0, 1},
};
constexpr std::array<std::string_view, 4> statuses{"open", "confirmed", "rejected", "resolved"};

template <class Range>
std::string listed(const Range& words) {
  std::string text;
  for (const std::string_view word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

std::string in_quotes(std::string_view text) { return "'" + std::string(text.substr(0, 60)) + "'"; }

Status wrong(std::string field, std::string message) {
  return fail(ErrorCode::invalid_request, std::move(message), std::move(field));
}

}  // namespace

Result<std::string> parse_evidence_kind(std::string_view text) {
  std::array<std::string_view, rules.size()> kinds;
  std::ranges::transform(rules, kinds.begin(), &KindRule::kind);
  if (std::ranges::find(kinds, text) != kinds.end()) return std::string(text);
  return fail(ErrorCode::invalid_request, in_quotes(text) + " is no kind of evidence; the kinds are " + listed(kinds));
}

Result<std::string> parse_evidence_status(std::string_view text) {
  if (std::ranges::find(statuses, text) != statuses.end()) return std::string(text);
  return fail(ErrorCode::invalid_request, in_quotes(text) + " is no status; it is one of " + listed(statuses));
}

Status check_report(const rollout::EvidenceItem& item, bool has_value, Instant now) {
  const KindRule& rule = *std::ranges::find(rules, item.kind, &KindRule::kind);
  if (rule.severities.empty() && !item.severity.empty())
    return wrong("severity", "severity is " + in_quotes(item.severity) + "; a " + item.kind + " has none");
  if (!rule.severities.empty() && std::ranges::find(rule.severities, item.severity) == rule.severities.end())
    return wrong("severity",
                 (item.severity.empty() ? "severity is missing" : "severity is " + in_quotes(item.severity)) +
                     "; of a " + item.kind + " it is one of " + listed(rule.severities));
  if (item.critical && item.severity != "P2")
    return wrong("critical", "critical is true; only a P2 bug is marked critical");
  if (has_value && !rule.needs_value) return wrong("value", "value is given; a " + item.kind + " has none");
  if (rule.needs_value && (!has_value || !(item.value >= rule.least && item.value <= rule.most)))
    return wrong("value", "value is " + (has_value ? "out of range" : std::string("missing")) + "; of a " + item.kind +
                              " it is a number from " + std::to_string(static_cast<int>(rule.least)) + " to " +
                              std::to_string(static_cast<int>(rule.most)) +
                              (item.kind == "label" ? ": 1 if the verdict was right, 0 if not" : ""));
  if (rule.needs_call && item.call_id.empty())
    return wrong("callId", "callId is missing; a " + item.kind + " is about one call");
  if (item.at > now + clock_skew) return wrong("at", "at is " + to_iso(item.at) + ", which is in the future");
  return {};
}

}  // namespace callramp::api
