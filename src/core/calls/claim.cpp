#include "core/calls/claim.hpp"

#include <algorithm>
#include <utility>

#include "core/calls/admission.hpp"

namespace callramp {
namespace {

// How soon a call is looked at again while another to its number is open: about a busy line's patience, far below the
// hard limit of a call, and rare enough to cost nothing.
constexpr seconds number_busy_wait{15};
// A campaign's calls wait for a line of its own, which ends with some call; its end wakes nobody.
constexpr seconds campaign_line_wait{1};
// For somebody to act: resuming a campaign makes its calls due at once, whatever they were told.
constexpr hours campaign_order_wait{1};
// While nothing can serve old: somebody must configure it or change the flag, and both take minutes.
constexpr minutes no_old_system_wait{1};

// The sentence of a call, or of its retry, that was not dialed in time.
std::string not_dialed(const ClaimCandidate& candidate, Duration within) {
  const std::string& waited = candidate.call.reason;
  std::string text = (candidate.last ? "its retry was not dialed within " : "not dialed within ") + to_words(within) +
                     " of its due time";
  if (candidate.last) text += ", after: " + candidate.last->reason;
  const bool says_more = !waited.empty() && !(candidate.last && waited.starts_with(candidate.last->reason));
  return says_more ? text + "; it last waited because: " + waited : text;
}

// Until when the number has been dialed often enough; nothing if it has not. A test call goes to its own caller's
// phone.
std::optional<Instant> enough_until(const ClaimCandidate& candidate, const std::vector<LocalClock>& local, int most,
                                    Instant now) {
  if (most <= 0 || candidate.call.test) return std::nullopt;
  const Instant minute = std::chrono::floor<minutes>(now);
  std::optional<Instant> until;
  for (const LocalClock& clock : local) {
    // By the wall clock: on the two days a year that have no 24 hours the day begins up to an hour off.
    const Instant day = minute - clock.time_of_day;
    if (std::ranges::count_if(candidate.recent_dials, [&](Instant at) { return at >= day; }) >= most)
      until = std::max(until.value_or(now), day + hours{24});
  }
  return until;
}

// The stricter of the program's limit and the campaign's; the program's may be none.
int most_per_day(const ClaimCandidate& candidate, const ClaimLimits& limits) {
  if (!candidate.campaign) return limits.max_per_number_per_day;
  const int own = candidate.campaign->campaign.settings.max_attempts_per_day;
  return limits.max_per_number_per_day > 0 ? std::min(own, limits.max_per_number_per_day) : own;
}

// A retry keeps its call's first system, but that a rollback or the kill switch sends it to old: it may leave new,
// never come to it.
System system_for(const Call& call, const RouteDecision& decision) {
  return call.system == System::old_system ? System::old_system : decision.system;
}

Instant look_again(const Hold& hold, Instant now) {
  if (hold.until) return *hold.until;
  return now + (hold.by == HeldBy::concurrency ? Duration{campaign_line_wait} : Duration{campaign_order_wait});
}

}  // namespace

ClaimVerdict judge_claim(const ClaimCandidate& candidate, const RoutingState& routing, const CallingWindow& window,
                         const std::vector<LocalClock>& local, const ClaimLimits& limits, Instant now) {
  const Call& call = candidate.call;
  if (call.cancel_requested)
    return EndNow{.outcome = Outcome::cancelled, .reason = "cancelled by an operator before it was dialed"};
  if (candidate.on_do_not_call)
    return EndNow{.outcome = Outcome::cancelled,
                  .reason = "the number is on the do-not-call list (version " +
                            std::to_string(candidate.do_not_call_version) + ")"};
  if (!candidate.agent_exists)
    return EndNow{.outcome = Outcome::failed,
                  .fault = Fault::ours,
                  .reason = "agent '" + call.agent.str() + "' does not exist any more; place the call with another"};
  if (candidate.last && !candidate.manual_retry && !routing.flags.flags.enable_retry_logic) {
    // Switched off at once: also for those that wait for theirs.
    Ending ending = call_ending(*candidate.last, call.system.value_or(System::new_system));
    return EndNow{.outcome = ending.outcome,
                  .fault = ending.fault,
                  .reason = std::move(ending.reason) + "; its retry was not dialed: retries are switched off",
                  .by_last_attempt = true};
  }

  const Campaign* campaign = candidate.campaign ? &candidate.campaign->campaign : nullptr;
  if (campaign && campaign->status == CampaignStatus::cancelled)
    return EndNow{.outcome = Outcome::cancelled, .reason = "its campaign was cancelled"};
  // A campaign may stand still over a long weekend: its calls end with it, not by age.
  const Instant expires_at = campaign ? Instant::max() : call.due_at + limits.expires_after;
  if (now >= expires_at)
    return EndNow{.outcome = Outcome::expired, .reason = not_dialed(candidate, limits.expires_after)};
  // Whatever it waits for, it is looked at when it expires.
  const auto wait_until = [&](Instant until, std::string reason) {
    return WaitUntil{.until = std::min(until, expires_at), .reason = std::move(reason)};
  };

  if (now < call.due_at) return wait_until(call.due_at, "due at " + to_iso(call.due_at));
  auto hold = campaign ? campaign_hold(*campaign, candidate.campaign->load, now) : std::nullopt;
  if (hold && hold->by != HeldBy::concurrency) return wait_until(look_again(*hold, now), std::move(hold->reason));
  static const std::vector<std::chrono::year_month_day> no_holidays;
  auto verdict = judge_window(campaign ? window_of(*campaign, window) : window, local,
                              campaign ? campaign->settings.holidays : no_holidays);
  if (!verdict.open)
    // Local clocks are read to the minute, so the opening is a whole minute from this one's start.
    return wait_until(std::chrono::floor<minutes>(now) + verdict.wait, std::move(verdict.reason));
  if (limits.own_hours && !limits.own_hours->open)
    return wait_until(std::chrono::floor<minutes>(now) + limits.own_hours->wait,
                      "business hours: " + limits.own_hours->reason);
  if (candidate.number_has_open_attempt)
    return wait_until(now + number_busy_wait, "another call to this number is not over");
  const int most = most_per_day(candidate, limits);
  if (const auto until = enough_until(candidate, local, most, now))
    return wait_until(*until, "the number was dialed " + std::to_string(most) + " times today, which is the limit");

  if (hold) return wait_until(look_again(*hold, now), std::move(hold->reason));

  const RouteDecision decision = route(routing, call.user.str(), now);
  const System system = system_for(call, decision);
  if (system == System::old_system && !limits.old_system_available)
    return wait_until(now + no_old_system_wait, "routed to old-system (" + std::string(to_string(decision.reason)) +
                                                    "), and no old system is configured; set OLD_SYSTEM_URL");
  return DialNow{.system = system, .route = decision};
}

}  // namespace callramp
