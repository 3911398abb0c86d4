// Campaigns over SQL. One class, three files: campaign_store.cpp (the campaign and its orders), campaign_contacts.cpp
// (contacts, results, counts), campaign_feed.cpp (contacts become calls, campaigns move on, alerts).
#pragma once

#include "adapters/sql/executor.hpp"
#include "ports/campaign_store.hpp"

namespace callramp::sql {

class SqlCampaignStore final : public CampaignStore {
 public:
  explicit SqlCampaignStore(DbExecutor& executor) : executor_(executor) {}

  Awaitable<Result<Campaign>> create(Campaign campaign) override;
  Awaitable<Result<Campaign>> get(CampaignId id) override;
  Awaitable<Result<CampaignPage>> list(CampaignFilter filter) override;
  Awaitable<Result<Campaign>> change(Campaign campaign, std::string actor, Instant now) override;
  Awaitable<Status> remove(CampaignId id, std::string actor, Instant now) override;
  Awaitable<Result<Campaign>> order(CampaignId id, CampaignOrder order, std::string actor, std::string reason,
                                    std::optional<std::int64_t> version, Instant now) override;

  Awaitable<Result<CampaignProgress>> progress(CampaignId id, Instant now) override;
  Awaitable<Result<CampaignLoad>> load(CampaignId id, Instant now) override;
  Awaitable<Result<ContactsAdded>> add_contacts(CampaignId id, std::vector<Contact> contacts) override;
  Awaitable<Result<std::vector<Contact>>> contacts(ContactFilter filter) override;
  Awaitable<Result<Contact>> remove_contact(CampaignId id, std::int64_t seq, std::string actor, Instant now) override;
  Awaitable<Result<std::vector<ContactResult>>> results(CampaignId id, std::int64_t after, int limit) override;
  Awaitable<Result<std::vector<WaitingGroup>>> waiting_groups(CampaignId id) override;
  Awaitable<Result<std::vector<WaitingReason>>> waiting_reasons(CampaignId id) override;
  Awaitable<Result<std::int64_t>> count_removed(CampaignId id) override;

  Awaitable<Result<std::vector<FeedView>>> running(Instant now) override;
  Awaitable<Result<FeedResult>> feed(FeedRequest request) override;
  Awaitable<Result<std::vector<Campaign>>> advance(Instant now) override;
  Awaitable<Result<std::vector<BudgetAlert>>> untold_alerts() override;
  Awaitable<Status> mark_told(BudgetAlert alert, Instant now) override;

 private:
  DbExecutor& executor_;
};

}  // namespace callramp::sql
