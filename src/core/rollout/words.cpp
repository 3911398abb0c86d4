#include "core/rollout/words.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace callramp::rollout {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 30> titles{{
    {"call_success_rate", "Success rate"},
    {"error_rate", "Error rate"},
    {"connected_rate", "Share of calls that connect"},
    {"retry_success_rate", "Retry success"},
    {"voicemail_accuracy", "Voicemail accuracy"},
    {"response_time", "Response time"},
    {"queue_wait", "Queue wait"},
    {"reply_delay", "Reply delay"},
    {"answer_to_voice", "Time to first word"},
    {"provider_latency", "Provider latency"},
    {"uptime", "Uptime"},
    {"open_bugs", "Open bugs"},
    {"bugs_found", "Bugs found"},
    {"no_open_critical", "P1 and critical P2 bugs"},
    {"security_issues", "Security issues"},
    {"customer_complaints", "Customer complaints"},
    {"complaint_rate", "Complaint rate"},
    {"customer_satisfaction", "Customer satisfaction"},
    {"cost_per_call", "Cost per call"},
    {"cost_per_successful_call", "Cost per successful call"},
    {"cost_overrun", "Cost overrun"},
    {"cost_predictable", "Predictable cost"},
    {"feature_adoption", "Feature adoption"},
    {"stable_for", "Stability"},
    {"approved_by", "Approval"},
    {"unknown_uptime", "Minutes of unknown uptime"},
    {"pending_calls", "Calls pending too long"},
    {"phase_time", "Time in this phase"},
    {"watched_for", "Time watched"},
    {"drift", "Drop of the success rate"},
}};

std::string printed(const char* format, int digits, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, digits, value);
  return text.data();
}

}  // namespace

std::string share(double value, int digits) { return printed("%.*f", digits, value * 100) + " %"; }

std::string figure(double value, int digits) {
  return value == std::floor(value) ? printed("%.*f", 0, value) : printed("%.*f", digits, value);
}

std::string count(double value) { return figure(value, 1); }

std::string percentage(Percent percent) { return to_string(percent) + " %"; }

std::string moment(Instant at) {
  std::string text = to_iso(at);
  text[10] = ' ';
  return text.substr(0, 16) + " UTC";
}

std::string spoken(Duration span) { return callramp::to_words(span); }

std::string title(const Condition& condition) {
  std::string text = condition.metric;
  for (char& c : text)
    if (c == '_') c = ' ';
  for (const auto& [name, words] : titles)
    if (condition.metric == name) text = words;
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  if (condition.percentile) text += " p" + figure(*condition.percentile * 100, 1);
  for (std::size_t i = 0; i < condition.arguments.size(); ++i) {
    const Argument& one = condition.arguments[i];
    text += (i == 0 ? " (" : ", ") + one.name;
    if (one.compare)
      text += (one.name.empty() ? "" : " ") + std::string(to_string(*one.compare)) + " " + to_words(one.value);
  }
  if (!condition.arguments.empty()) text += ")";
  if (condition.baseline == Baseline::old_system) text += " against the old system";
  if (condition.baseline == Baseline::previous_phase) text += " against the phase before";
  if (condition.baseline == Baseline::phase) text += " against " + condition.baseline_phase;
  return text;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += i + 1 == parts.size() ? " and " : ", ";
    text += parts[i];
  }
  return text;
}

std::string lowered(std::string text) {
  const bool acronym = text.size() > 1 && text[1] >= 'A' && text[1] <= 'Z';
  if (!text.empty() && !acronym && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

}  // namespace callramp::rollout
