#include "core/calls/campaign.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace callramp {
namespace {

template <class Enum, std::size_t N>
Result<Enum> read_word(std::string_view text, const char* noun, const std::array<Enum, N>& values) {
  std::string known;
  for (const Enum value : values) {
    if (to_string(value) == text) return value;
    known += " " + std::string(to_string(value));
  }
  return fail(ErrorCode::invalid_request,
              std::string(noun) + " '" + std::string(text.substr(0, 40)) + "' is not one of" + known);
}

// What somebody can do instead, by where the campaign stands.
std::string_view way_out(CampaignStatus status) {
  switch (status) {
    case CampaignStatus::draft: return "start it, or cancel it";
    case CampaignStatus::scheduled: return "start it now, pause it, or cancel it";
    case CampaignStatus::active: return "pause it, or cancel it";
    case CampaignStatus::paused: return "resume it, or cancel it";
    case CampaignStatus::completed:
    case CampaignStatus::cancelled: return "create a new one";
  }
  ENSURE(false, "a CampaignStatus outside its enumeration");
}

std::optional<CampaignStatus> next_status(const Campaign& campaign, CampaignOrder order, Instant now) {
  const bool too_early = campaign.start_at && *campaign.start_at > now;
  switch (order) {
    case CampaignOrder::start:
      if (campaign.status == CampaignStatus::draft)
        return too_early ? CampaignStatus::scheduled : CampaignStatus::active;
      if (campaign.status == CampaignStatus::scheduled) return CampaignStatus::active;
      return std::nullopt;
    case CampaignOrder::pause:
      if (campaign.status == CampaignStatus::active || campaign.status == CampaignStatus::scheduled)
        return CampaignStatus::paused;
      return std::nullopt;
    case CampaignOrder::resume:
      if (campaign.status != CampaignStatus::paused) return std::nullopt;
      return too_early ? CampaignStatus::scheduled : CampaignStatus::active;
    case CampaignOrder::cancel:
      if (is_over(campaign.status)) return std::nullopt;
      return CampaignStatus::cancelled;
  }
  ENSURE(false, "a CampaignOrder outside its enumeration");
}

}  // namespace

std::string_view to_string(CampaignStatus status) noexcept {
  switch (status) {
    case CampaignStatus::draft: return "draft";
    case CampaignStatus::scheduled: return "scheduled";
    case CampaignStatus::active: return "active";
    case CampaignStatus::paused: return "paused";
    case CampaignStatus::completed: return "completed";
    case CampaignStatus::cancelled: return "cancelled";
  }
  ENSURE(false, "a CampaignStatus outside its enumeration");
}

Result<CampaignStatus> parse_campaign_status(std::string_view text) {
  using enum CampaignStatus;
  return read_word(text, "campaign status", std::array{draft, scheduled, active, paused, completed, cancelled});
}

std::string_view to_string(VoicemailPolicy policy) noexcept {
  switch (policy) {
    case VoicemailPolicy::hang_up: return "hang_up";
    case VoicemailPolicy::leave_message: return "leave_message";
    case VoicemailPolicy::retry: return "retry";
  }
  ENSURE(false, "a VoicemailPolicy outside its enumeration");
}

Result<VoicemailPolicy> parse_voicemail_policy(std::string_view text) {
  using enum VoicemailPolicy;
  return read_word(text, "voicemail setting", std::array{hang_up, leave_message, retry});
}

std::string_view to_string(CampaignOrder order) noexcept {
  switch (order) {
    case CampaignOrder::start: return "start";
    case CampaignOrder::pause: return "pause";
    case CampaignOrder::resume: return "resume";
    case CampaignOrder::cancel: return "cancel";
  }
  ENSURE(false, "a CampaignOrder outside its enumeration");
}

std::string_view to_string(ContactState state) noexcept {
  switch (state) {
    case ContactState::waiting: return "waiting";
    case ContactState::called: return "called";
    case ContactState::removed: return "removed";
  }
  ENSURE(false, "a ContactState outside its enumeration");
}

Result<ContactState> parse_contact_state(std::string_view text) {
  using enum ContactState;
  return read_word(text, "contact state", std::array{waiting, called, removed});
}

bool is_over(CampaignStatus status) noexcept {
  return status == CampaignStatus::completed || status == CampaignStatus::cancelled;
}

Result<CampaignStatus> status_after(const Campaign& campaign, CampaignOrder order, Instant now) {
  if (const auto next = next_status(campaign, order, now)) return *next;
  return fail(ErrorCode::conflict, "campaign '" + campaign.name + "' is " + std::string(to_string(campaign.status)) +
                                       " and cannot be told to " + std::string(to_string(order)) + "; " +
                                       std::string(way_out(campaign.status)));
}

std::vector<int> thresholds_reached(std::int64_t spent_micros, std::int64_t budget_micros) {
  std::vector<int> reached;
  // No overflow: budgets are at most largest_budget_micros, and nobody spends a hundred times one.
  for (const int percent : budget_thresholds)
    if (spent_micros * 100 >= budget_micros * percent) reached.push_back(percent);
  return reached;
}

std::optional<double> success_rate(const CampaignProgress& progress) {
  std::int64_t counted = 0;
  std::int64_t successful = 0;
  for (const auto& [outcome, calls] : progress.outcomes) {
    if (is_counted(outcome)) counted += calls;
    if (is_success(outcome)) successful += calls;
  }
  if (counted == 0) return std::nullopt;
  return static_cast<double>(successful) / static_cast<double>(counted);
}

std::optional<Instant> estimated_finish(const CampaignProgress& progress, Instant now) {
  if (!progress.rate_per_minute || *progress.rate_per_minute <= 0) return std::nullopt;
  const double left = static_cast<double>(progress.waiting) / *progress.rate_per_minute;
  return now + minutes{static_cast<std::int64_t>(left)};
}

}  // namespace callramp
