#include "core/calls/retry.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace callramp {
namespace {

constexpr double jitter_share = 0.1;  // product.md §5: ±10 %, so that what failed together is not dialed together
constexpr seconds shortest_delay{1};
constexpr seconds longest_delay{std::chrono::days{7}};
constexpr int largest_factor = 10;
constexpr int most_tries = 20;

// Only what more asking may mend: a provider that failed once answers the next time, a mistake of ours stays one.
bool is_passing(Fault fault) noexcept {
  switch (fault) {
    case Fault::telephony:
    case Fault::stt:
    case Fault::llm:
    case Fault::tts:
    case Fault::old_system: return true;
    case Fault::ours: return false;
  }
  return false;
}

Duration with_jitter(Duration wait, double draw) {
  return Duration{std::llround(static_cast<double>(wait.count()) * (1 + jitter_share * (2 * draw - 1)))};
}

std::string counted(int retries, int tries) {
  return "retry " + std::to_string(retries) + " of " + std::to_string(tries);
}

std::optional<int> read_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

std::optional<seconds> read_delay(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto count = read_number(text.substr(0, text.size() - 1));
  if (!count || *count < 0 || *count > longest_delay.count()) return std::nullopt;
  switch (text.back()) {
    case 's': return seconds{*count};
    case 'm': return minutes{*count};
    case 'h': return hours{*count};
    case 'd': return std::chrono::days{*count};
    default: return std::nullopt;
  }
}

std::string delay_text(seconds delay) {
  const auto count = delay.count();
  if (count % 86'400 == 0) return std::to_string(count / 86'400) + "d";
  if (count % 3'600 == 0) return std::to_string(count / 3'600) + "h";
  if (count % 60 == 0) return std::to_string(count / 60) + "m";
  return std::to_string(count) + "s";
}

}  // namespace

const RetryRule* rule_for(const RetryPolicy& policy, const Ending& ending) {
  switch (ending.outcome) {
    case Outcome::no_answer: return &policy.no_answer;
    case Outcome::busy: return &policy.busy;
    case Outcome::rejected: return &policy.rejected;
    case Outcome::unreachable: return &policy.failed;
    case Outcome::failed: return ending.fault && is_passing(*ending.fault) ? &policy.failed : nullptr;
    case Outcome::completed:
    case Outcome::voicemail_left:
    case Outcome::voicemail:
    case Outcome::invalid_number:
    case Outcome::early_hangup:
    case Outcome::cancelled:
    case Outcome::expired:
    case Outcome::unknown: return nullptr;
  }
  return nullptr;
}

Duration backoff(const RetryRule& rule, int nth) {
  Duration wait = rule.delay;
  for (int i = 1; i < nth && wait < longest_delay; ++i) wait *= rule.factor;
  return std::min<Duration>(wait, longest_delay);
}

RetryVerdict judge_retry(const RetryCandidate& candidate, const RetryPolicy& usual, const RetryTimes& times) {
  const Call& call = candidate.call;
  const Ending& ending = candidate.ending;
  const RetryPolicy& policy = candidate.campaign ? candidate.campaign->settings.retry : usual;
  // A campaign may take a machine for nobody.
  const bool as_nobody = ending.outcome == Outcome::voicemail && candidate.campaign &&
                         candidate.campaign->settings.voicemail == VoicemailPolicy::retry;
  const RetryRule* const rule = as_nobody ? &policy.no_answer : rule_for(policy, ending);
  // Whoever places a test call stands beside the phone, and whoever cancels one wants no more of it.
  if (rule == nullptr || rule->tries == 0 || call.test || call.cancel_requested) return NoRetry{ending.reason};
  if (!candidate.enabled) return NoRetry{ending.reason + "; retries are switched off (enableRetryLogic)"};
  if (candidate.campaign && is_over(candidate.campaign->status))
    return NoRetry{ending.reason + "; its campaign is over"};
  if (call.retries >= rule->tries)
    return NoRetry{ending.reason + "; " + std::to_string(call.retries) + " retries made, the policy has " +
                   std::to_string(rule->tries)};
  const Instant at = times.opening(times.now + with_jitter(backoff(*rule, call.retries + 1), times.jitter));
  return RetryAt{.at = at,
                 .reason = ending.reason + "; " + counted(call.retries + 1, rule->tries) + " at " + to_iso(at)};
}

Result<RetryRule> parse_retry_rule(std::string_view text) {
  const auto bad = [text](const char* why) {
    return fail(ErrorCode::invalid_request, "retry rule '" + std::string(text.substr(0, 64)) + "' " + why +
                                                "; write it like '5m x2, 3 tries' or 'never'");
  };
  if (text == "never") return RetryRule{.tries = 0};
  RetryRule rule;
  const auto space = text.find(' ');
  const auto delay = read_delay(text.substr(0, space));
  if (!delay || *delay < shortest_delay || *delay > longest_delay) return bad("has no delay from 1s to 7d");
  rule.delay = *delay;
  if (space == std::string_view::npos) return rule;
  for (std::string_view rest = text.substr(space + 1); !rest.empty();) {
    const auto comma = rest.find(", ");
    std::string_view part = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 2);
    if (part.starts_with("x")) {
      const auto factor = read_number(part.substr(1));
      if (!factor || *factor < 1 || *factor > largest_factor) return bad("has no factor from x1 to x10");
      rule.factor = *factor;
    } else {
      if (part.ends_with(" tries")) part.remove_suffix(6);
      if (part.ends_with(" try")) part.remove_suffix(4);
      const auto tries = read_number(part);
      if (!tries || *tries < 0 || *tries > most_tries) return bad("has no number of tries from 0 to 20");
      rule.tries = *tries;
    }
  }
  return rule;
}

std::string to_string(const RetryRule& rule) {
  if (rule.tries == 0) return "never";
  return delay_text(rule.delay) + " x" + std::to_string(rule.factor) + ", " + std::to_string(rule.tries) +
         (rule.tries == 1 ? " try" : " tries");
}

}  // namespace callramp
