#include "wire/campaign_json.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "wire/scalars.hpp"

namespace callramp::wire {
namespace {

namespace json = boost::json;

constexpr std::size_t most_holidays = 400;  // a year of them, and room for the next
constexpr std::size_t max_script_bytes = 200;
constexpr std::size_t max_shown_bytes = 60;

std::unexpected<Error> wrong(std::string_view name, const json::value& value, std::string_view expected) {
  std::string shown = json::serialize(value);
  if (shown.size() > max_shown_bytes) shown = shown.substr(0, max_shown_bytes) + "…";
  return fail(ErrorCode::invalid_request,
              std::string(name) + " is " + shown + "; " + std::string(expected) + " is expected", std::string(name));
}

// A member's own complaint, with its name in front.
std::unexpected<Error> named(std::string_view name, const Error& error) {
  return fail(error.code, std::string(name) + ": " + error.message, std::string(name));
}

std::string date_text(std::chrono::year_month_day date) {
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text;
}

std::optional<std::chrono::year_month_day> read_date(const json::value& value) {
  if (!value.is_string() || value.get_string().size() != 10) return std::nullopt;
  const auto at = parse_iso(std::string(value.get_string()) + "T00:00Z");
  if (!at) return std::nullopt;
  return std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(*at)};
}

json::object to_json(const RetryRule& rule) {
  return {{"delay", to_span_text(rule.delay)}, {"factor", rule.factor}, {"tries", rule.tries}};
}

Result<int> read_whole(const std::string& name, const json::value& value, int least, int most) {
  const std::int64_t* number = value.if_int64();
  if (number == nullptr || *number < least || *number > most)
    return wrong(name, value, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return static_cast<int>(*number);
}

Result<RetryRule> read_rule(const std::string& at, const json::value& value, RetryRule rule) {
  if (!value.is_object()) return wrong(at, value, R"({"delay":"5m","factor":2,"tries":3})");
  for (const auto& [key, member] : value.get_object()) {
    const std::string name = at + "." + std::string(key);
    if (key == "delay") {
      if (!member.is_string()) return wrong(name, member, "a span such as 5m");
      auto delay = parse_seconds(std::string_view(member.get_string()));
      if (!delay) return named(name, delay.error());
      if (*delay < seconds{1} || *delay > hours{7 * 24}) return wrong(name, member, "a span from 1s to 7d");
      rule.delay = *delay;
    } else if (key == "factor") {
      TRY(factor, read_whole(name, member, 1, 10));
      rule.factor = factor;
    } else if (key == "tries") {
      TRY(tries, read_whole(name, member, 0, 20));
      rule.tries = tries;
    } else {
      return fail(ErrorCode::invalid_request, "field '" + name + "' is not known; known are delay factor tries", name);
    }
  }
  return rule;
}

Result<RetryPolicy> read_policy(const json::value& value, RetryPolicy policy) {
  if (!value.is_object()) return wrong("retryPolicy", value, "an object with noAnswer, busy, rejected, failed");
  for (const auto& [key, member] : value.get_object()) {
    const std::string name = "retryPolicy." + std::string(key);
    RetryRule* const rule = key == "noAnswer"   ? &policy.no_answer
                            : key == "busy"     ? &policy.busy
                            : key == "rejected" ? &policy.rejected
                            : key == "failed"   ? &policy.failed
                                                : nullptr;
    if (rule == nullptr)
      return fail(ErrorCode::invalid_request,
                  "field '" + name + "' is not known; known are noAnswer busy rejected failed", name);
    TRY(read, read_rule(name, member, *rule));
    *rule = read;
  }
  return policy;
}

Result<std::vector<std::chrono::year_month_day>> read_holidays(const json::value& value) {
  if (!value.is_array() || value.get_array().size() > most_holidays)
    return wrong("holidays", value, "a list of at most 400 dates such as 2026-12-25");
  std::vector<std::chrono::year_month_day> holidays;
  for (const json::value& each : value.get_array()) {
    const auto date = read_date(each);
    if (!date) return wrong("holidays", each, "a date such as 2026-12-25");
    holidays.push_back(*date);
  }
  std::ranges::sort(holidays);
  holidays.erase(std::ranges::unique(holidays).begin(), holidays.end());
  return holidays;
}

json::value money_or_null(const std::optional<Money>& money) {
  return money ? json::value(to_string(*money)) : json::value(nullptr);
}

}  // namespace

json::object to_json(const RetryPolicy& policy) {
  return {{"noAnswer", to_json(policy.no_answer)},
          {"busy", to_json(policy.busy)},
          {"rejected", to_json(policy.rejected)},
          {"failed", to_json(policy.failed)}};
}

json::object to_json(const CampaignSettings& settings) {
  json::array holidays;
  for (const auto& date : settings.holidays) holidays.emplace_back(date_text(date));
  return {{"window", settings.window ? json::value(to_string(*settings.window)) : json::value(nullptr)},
          {"holidays", std::move(holidays)},
          {"retryPolicy", to_json(settings.retry)},
          {"maxAttemptsPerDay", settings.max_attempts_per_day},
          {"voicemail", callramp::to_string(settings.voicemail)},
          {"oldScript", settings.old_script}};
}

Result<CampaignSettings> read_settings(const json::object& object, CampaignSettings settings) {
  if (const json::value* window = object.if_contains("window")) {
    if (window->is_null()) {
      settings.window.reset();
    } else {
      if (!window->is_string()) return wrong("window", *window, "a window such as 09:00-21:00 Mon-Sat");
      auto parsed = parse_window(std::string_view(window->get_string()));
      if (!parsed) return named("window", parsed.error());
      settings.window = *parsed;
    }
  }
  if (const json::value* holidays = object.if_contains("holidays")) {
    TRY(dates, read_holidays(*holidays));
    settings.holidays = std::move(dates);
  }
  if (const json::value* policy = object.if_contains("retryPolicy")) {
    TRY(read, read_policy(*policy, settings.retry));
    settings.retry = read;
  }
  if (const json::value* most = object.if_contains("maxAttemptsPerDay")) {
    TRY(number, read_whole("maxAttemptsPerDay", *most, 1, 20));
    settings.max_attempts_per_day = number;
  }
  if (const json::value* voicemail = object.if_contains("voicemail")) {
    if (!voicemail->is_string()) return wrong("voicemail", *voicemail, "hang_up, leave_message or retry");
    auto policy = parse_voicemail_policy(std::string_view(voicemail->get_string()));
    if (!policy) return named("voicemail", policy.error());
    settings.voicemail = *policy;
  }
  if (const json::value* script = object.if_contains("oldScript")) {
    if (!script->is_string() || script->get_string().size() > max_script_bytes)
      return wrong("oldScript", *script, "a text of at most 200 bytes");
    settings.old_script = std::string(script->get_string());
  }
  return settings;
}

json::object to_json(const CampaignProgress& progress, Instant now) {
  json::object outcomes;
  for (const auto& [outcome, calls] : progress.outcomes) outcomes[callramp::to_string(outcome)] = calls;
  const auto rate = success_rate(progress);
  const auto finish = estimated_finish(progress, now);
  return {{"contacts", progress.contacts},
          {"waiting", progress.waiting},
          {"queued", progress.queued},
          {"calling", progress.calling},
          {"done", progress.done},
          {"removed", progress.removed},
          {"outcomes", std::move(outcomes)},
          {"successRate", rate ? json::value(*rate) : json::value(nullptr)},
          {"spent", to_string(progress.spent)},
          {"spentToday", to_string(progress.spent_today)},
          {"ratePerMinute", progress.rate_per_minute ? json::value(*progress.rate_per_minute) : json::value(nullptr)},
          {"estimatedFinish", iso_or_null(finish)}};
}

json::object to_json(const Why& why) {
  json::array reasons;
  for (const WhyReason& reason : why.reasons)
    reasons.push_back(
        json::object{{"reason", reason.reason}, {"count", reason.count}, {"until", iso_or_null(reason.until)}});
  return {{"dialing", why.dialing}, {"sentence", why.sentence}, {"reasons", std::move(reasons)}};
}

json::object to_json(const Campaign& campaign) {
  json::object body{{"id", campaign.id.str()},
                    {"name", campaign.name},
                    {"agentId", campaign.agent.str()},
                    {"status", callramp::to_string(campaign.status)},
                    {"statusReason", campaign.status_reason},
                    {"kind", callramp::to_string(campaign.kind)},
                    {"priority", callramp::to_string(campaign.priority)},
                    {"region", campaign.region},
                    {"startAt", iso_or_null(campaign.start_at)},
                    {"maxConcurrent", campaign.max_concurrent},
                    {"callsPerMinute", campaign.calls_per_minute},
                    {"budget", json::object{{"total", money_or_null(campaign.budget.total)},
                                            {"perDay", money_or_null(campaign.budget.per_day)}}},
                    {"createdAt", to_iso(campaign.created_at)},
                    {"createdBy", campaign.created_by},
                    {"startedAt", iso_or_null(campaign.started_at)},
                    {"endedAt", iso_or_null(campaign.ended_at)},
                    {"updatedAt", to_iso(campaign.updated_at)},
                    {"version", campaign.version}};
  for (auto& [name, value] : to_json(campaign.settings)) body[name] = std::move(value);
  return body;
}

}  // namespace callramp::wire
