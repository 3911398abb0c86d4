// Campaigns and their contacts. Every method is one transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/executor.hpp"
#include "core/calls/campaign_why.hpp"

namespace callramp {

struct CampaignFilter {
  std::optional<CampaignStatus> status;
  int page = 1;    ///< from 1
  int limit = 20;  ///< 1 … 100
};
struct CampaignPage {
  std::vector<Campaign> campaigns;  ///< newest first
  std::int64_t total = 0;
};

struct ContactFilter {
  CampaignId campaign;
  std::optional<ContactState> state;
  std::int64_t after = 0;  ///< seq of the last one seen
  int limit = 100;         ///< 1 … 1000
};

/// Why contacts cannot be taken: line by line, as they came.
struct ContactsAdded {
  std::int64_t added = 0;
  std::vector<std::size_t> duplicates;   ///< indices: the campaign has the number already
  std::vector<std::size_t> do_not_call;  ///< indices: added as removed
};

/// A contact with the last word of its call, for results.
struct ContactResult {
  Contact contact;
  std::optional<CallStatus> status;
  std::optional<Outcome> outcome;
  std::optional<Fault> fault;
  std::string reason;
  std::optional<System> system;
  int attempts = 0;
  std::optional<Instant> first_attempt_at;
  std::optional<Instant> final_at;
  std::optional<seconds> duration;  ///< of the last attempt, by the carrier
  Money cost;                       ///< of all attempts
};

/// What feeding needs to know of a campaign; read in one transaction.
struct FeedView {
  Campaign campaign;
  std::vector<std::string> zones;  ///< of the waiting ones, distinct
  CampaignLoad load;
};

struct FeedRequest {
  CampaignId campaign;
  std::vector<std::string> zones;  ///< where the window is open: only contacts of these are taken
  std::vector<CallId> ids;         ///< one for each call that may be made
  Instant now{};
};
struct FeedResult {
  std::vector<Call> calls;   ///< made, queued
  std::int64_t removed = 0;  ///< were on the do-not-call list
  bool stopped = false;      ///< the campaign was not active any more; nothing was done
};

/// A share of a budget that was reached, written in the transaction that reached it, once.
struct BudgetAlert {
  CampaignId campaign;
  std::string campaign_name;
  bool of_day = false;   ///< the day's budget, else the total
  std::int64_t day = 0;  ///< days since 1970; 0 for the total
  int threshold = 0;     ///< percent
  Money spent;
  Money budget;
  Instant at{};
};

class CampaignStore {
 public:
  virtual ~CampaignStore() = default;

  /// agent_not_found names the agent. Audited.
  virtual Awaitable<Result<Campaign>> create(Campaign campaign) = 0;
  virtual Awaitable<Result<Campaign>> get(CampaignId id) = 0;  ///< not_found
  virtual Awaitable<Result<CampaignPage>> list(CampaignFilter filter) = 0;
  /// Replaces everything but id, status, dates and creator. precondition_failed unless `campaign.version` is the stored
  /// one; conflict if it is over. Audited.
  virtual Awaitable<Result<Campaign>> change(Campaign campaign, std::string actor, Instant now) = 0;
  /// A draft, or one that is over and has no calls: with its contacts. conflict for others. Audited.
  virtual Awaitable<Status> remove(CampaignId id, std::string actor, Instant now) = 0;
  /// In force from the commit on: the claim reads the status in its own transaction. `version`, if given, must be the
  /// stored one. Cancelling ends every call that was not dialed; those under way are asked to end. Resuming and
  /// starting make waiting calls due at once. Audited.
  virtual Awaitable<Result<Campaign>> order(CampaignId id, CampaignOrder order, std::string actor, std::string reason,
                                            std::optional<std::int64_t> version, Instant now) = 0;

  virtual Awaitable<Result<CampaignProgress>> progress(CampaignId id, Instant now) = 0;
  /// What the limits are held against, without counting contacts.
  virtual Awaitable<Result<CampaignLoad>> load(CampaignId id, Instant now) = 0;
  /// Up to 1,000 at once, all or none of those that can be taken. not_found, or conflict if the campaign is over.
  virtual Awaitable<Result<ContactsAdded>> add_contacts(CampaignId id, std::vector<Contact> contacts) = 0;
  virtual Awaitable<Result<std::vector<Contact>>> contacts(ContactFilter filter) = 0;
  /// A waiting one will not be called; conflict if it was. Audited.
  virtual Awaitable<Result<Contact>> remove_contact(CampaignId id, std::int64_t seq, std::string actor,
                                                    Instant now) = 0;
  /// In order of seq, from the one after `after`.
  virtual Awaitable<Result<std::vector<ContactResult>>> results(CampaignId id, std::int64_t after, int limit) = 0;

  /// For `why`: waiting contacts by zones, waiting calls by reason.
  virtual Awaitable<Result<std::vector<WaitingGroup>>> waiting_groups(CampaignId id) = 0;
  virtual Awaitable<Result<std::vector<WaitingReason>>> waiting_reasons(CampaignId id) = 0;
  virtual Awaitable<Result<std::int64_t>> count_removed(CampaignId id) = 0;

  /// Campaigns that are scheduled, active or paused: all that the runner has to look at.
  virtual Awaitable<Result<std::vector<FeedView>>> running(Instant now) = 0;
  /// Contacts become calls: all that could be taken, in one transaction, each once.
  virtual Awaitable<Result<FeedResult>> feed(FeedRequest request) = 0;
  /// Scheduled ones whose time has come become active; active ones with nobody left, no call open and no batch on its
  /// way become completed. Those that changed.
  virtual Awaitable<Result<std::vector<Campaign>>> advance(Instant now) = 0;

  /// Reached and not told yet, oldest first.
  virtual Awaitable<Result<std::vector<BudgetAlert>>> untold_alerts() = 0;
  virtual Awaitable<Status> mark_told(BudgetAlert alert, Instant now) = 0;
};

}  // namespace callramp
