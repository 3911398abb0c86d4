// A campaign: one agent, many contacts, and the rules by which they are called. Values, and who may go where.
//
// A contact is not a call yet: a call is made of it when the campaign's rules let it be dialed (admission.hpp). What
// happened to it afterwards is its call's to say.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/calls/calling_window.hpp"
#include "core/calls/retry_policy.hpp"
#include "core/calls/types.hpp"

namespace callramp {

enum class CampaignStatus {
  draft,      ///< being put together; calls nobody
  scheduled,  ///< becomes active at start_at
  active,     ///< calls its contacts
  paused,     ///< by a person, a spent budget or a complaint; status_reason says which
  completed,  ///< nobody is left to call
  cancelled,
};
std::string_view to_string(CampaignStatus status) noexcept;
Result<CampaignStatus> parse_campaign_status(std::string_view text);

/// What an answering machine gets. `retry` hangs up and rings again, as if nobody had answered.
enum class VoicemailPolicy { hang_up, leave_message, retry };
std::string_view to_string(VoicemailPolicy policy) noexcept;
Result<VoicemailPolicy> parse_voicemail_policy(std::string_view text);

/// What only decisions read; the store keeps it as one document.
struct CampaignSettings {
  std::optional<CallingWindow> window;  ///< in the contact's zone; unset: the default of the campaign's kind
  std::vector<std::chrono::year_month_day> holidays;  ///< in the contact's zone; nobody is called on them
  RetryPolicy retry;
  /// To one number, of all campaigns, per day in the contact's zone; 1 … 20. 6: a first dial and the five retries of
  /// the longest usual policy.
  int max_attempts_per_day = 6;
  VoicemailPolicy voicemail = VoicemailPolicy::hang_up;
  std::string old_script;  ///< the old system's name for what this campaign says; empty: its default
  bool operator==(const CampaignSettings&) const = default;
};

/// Both in the currency in which costs are kept. Unset: no limit.
struct CampaignBudget {
  std::optional<Money> total;
  std::optional<Money> per_day;  ///< days are UTC: in India they change at 05:30, when nobody is called
  bool operator==(const CampaignBudget&) const = default;
};

struct Campaign {
  CampaignId id;
  std::string name;  ///< 1 … 200 bytes
  AgentId agent;     ///< of contacts that name none
  CampaignStatus status = CampaignStatus::draft;
  std::string status_reason;  ///< one sentence; empty where the status says it all
  CallKind kind = CallKind::promotional;
  Priority priority = Priority::medium;
  std::string region = "IN";  ///< ISO 3166: of numbers without a country code
  CampaignSettings settings;
  int max_concurrent = 0;    ///< calls being dialed or talked; 0: the program's limit alone
  int calls_per_minute = 0;  ///< first dials; 0: as fast as the limits let it
  CampaignBudget budget;
  std::optional<Instant> start_at;
  std::optional<Instant> started_at;
  std::optional<Instant> ended_at;
  Instant created_at{};
  std::string created_by;
  Instant updated_at{};
  std::int64_t version = 1;  ///< counts changes: If-Match
};

enum class CampaignOrder { start, pause, resume, cancel };
std::string_view to_string(CampaignOrder order) noexcept;

/// Where an order leads. Start makes a draft or a scheduled campaign active, or scheduled if its time is still to come
/// and it is a draft; pause and resume say what they say; cancel ends anything that is not over. The conflict names the
/// campaign, where it stands and what can be done instead.
Result<CampaignStatus> status_after(const Campaign& campaign, CampaignOrder order, Instant now);
bool is_over(CampaignStatus status) noexcept;  ///< completed or cancelled

/// Ten thousand million units: more than any campaign costs, and far from where the arithmetic would overflow.
inline constexpr std::int64_t largest_budget_micros = 10'000'000'000'000'000;
/// Shares of a budget at which people are told, in percent; at the last it stops.
inline constexpr std::array budget_thresholds{50, 80, 100};
/// Those of `budget_thresholds` that are reached.
std::vector<int> thresholds_reached(std::int64_t spent_micros, std::int64_t budget_micros);

/// The day of budgets that an instant belongs to: days since 1970, UTC.
constexpr std::int64_t budget_day(Instant at) noexcept {
  return std::chrono::floor<std::chrono::days>(at).time_since_epoch().count();
}

enum class ContactState {
  waiting = 0,  ///< not called yet
  called = 1,   ///< has a call, which says the rest
  removed = 3,  ///< will not be called: do-not-call, or taken out by a person
};
std::string_view to_string(ContactState state) noexcept;
Result<ContactState> parse_contact_state(std::string_view text);

struct Contact {
  std::int64_t seq = 0;  ///< set by the store; the order in which they are called
  CampaignId campaign;
  std::optional<BatchId> batch;
  std::int64_t line = 0;  ///< of the batch's file; 0: none
  PhoneNumber phone;
  UserId user;  ///< routing key: as given, else the number
  std::string name;
  std::optional<AgentId> agent;      ///< unset: the campaign's
  std::string timezone;              ///< IANA, as given; empty: the number's zones count
  std::string zones;                 ///< where the window must be open, sorted, with commas between; never empty
  std::string metadata_json = "{}";  ///< an object; `name` is in it too, for the agent's sentences
  std::string consent;               ///< where the permission to call stands, as given
  ContactState state = ContactState::waiting;
  std::string reason;  ///< of a removed one
  std::optional<CallId> call;
};

/// What a campaign has under way and has spent: what its limits are held against.
struct CampaignLoad {
  int calling = 0;   ///< calls dialing, ringing or talking
  int undialed = 0;  ///< calls made of contacts and not dialed yet
  std::int64_t spent_micros = 0;
  std::int64_t spent_today_micros = 0;  ///< of this budget_day
};

/// What there is to say of a running campaign, all by counting.
struct CampaignProgress {
  std::int64_t contacts = 0;
  std::int64_t waiting = 0;  ///< not called yet
  std::int64_t queued = 0;   ///< called or about to be, and another dial to come: due, or a retry
  std::int64_t calling = 0;  ///< dialing, ringing, talking
  std::int64_t done = 0;     ///< with an outcome
  std::int64_t removed = 0;
  std::map<Outcome, std::int64_t> outcomes;
  Money spent;
  Money spent_today;
  /// First dials per minute over the last ten minutes; nothing before the first.
  std::optional<double> rate_per_minute;
};

/// completed or voicemail_left, of all that are done and counted; nothing while none is.
std::optional<double> success_rate(const CampaignProgress& progress);
/// When the waiting ones will have been called, at the present rate without pauses.
std::optional<Instant> estimated_finish(const CampaignProgress& progress, Instant now);

}  // namespace callramp
