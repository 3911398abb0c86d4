// CampaignService: the engine's side of the campaigns API: what people create, order and ask.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "engine/call_service.hpp"
#include "ports/campaign_store.hpp"
#include "ports/event_feed.hpp"

namespace callramp::engine {

struct CampaignServiceConfig {
  std::map<CallKind, CallingWindow> windows;  ///< of kinds not named: all day
  int max_concurrent = 10;                    ///< the program's
  Currency currency;                          ///< costs are kept in it, and so budgets must be
};

/// A contact as somebody gives it.
struct NewContact {
  std::string phone;  ///< in any usual spelling
  std::optional<std::string> user;
  std::string name;
  std::optional<AgentId> agent;
  std::string timezone;
  std::string metadata_json = "{}";
  std::string consent;
};

struct TestCall {
  std::string phone;
  std::string metadata_json = "{}";
};

class CampaignService {
 public:
  CampaignService(CampaignServiceConfig config, CampaignStore& store, CallService& calls, const PhoneDirectory& phones,
                  async::Clock& clock, Random& random, Log& log, EventFeed& feed);
  void set_live_calls(LiveCalls& live) { live_ = &live; }
  /// Called after whatever may let contacts be called, so that the runner looks at once.
  void set_waker(std::function<void()> wake) { wake_ = std::move(wake); }
  /// Dials under way in the whole program.
  void set_open_attempts(std::function<int()> open_attempts) { open_attempts_ = std::move(open_attempts); }
  /// Says since when no carrier takes dials, if none does: "no carrier since 14:02".
  void set_carrier_hold(std::function<std::optional<std::string>()> hold) { carrier_hold_ = std::move(hold); }

  /// Its id, dates, status and version are ours: a draft, or active at once with `start`. invalid_request names the
  /// field.
  Awaitable<Result<Campaign>> create(Campaign campaign, bool start, Actor actor);
  Awaitable<Result<Campaign>> get(CampaignId id) { return store_.get(std::move(id)); }
  Awaitable<Result<CampaignPage>> list(CampaignFilter filter) { return store_.list(std::move(filter)); }
  Awaitable<Result<Campaign>> change(Campaign campaign, Actor actor);
  Awaitable<Status> remove(CampaignId id, Actor actor);
  Awaitable<Result<Campaign>> order(CampaignId id, CampaignOrder order, std::string reason,
                                    std::optional<std::int64_t> version, Actor actor);
  Awaitable<Result<CampaignProgress>> progress(CampaignId id) { return store_.progress(std::move(id), clock_.now()); }
  Awaitable<Result<Why>> why(CampaignId id);
  /// Errors name the index: contacts[3].
  Awaitable<Result<ContactsAdded>> add_contacts(CampaignId id, std::vector<NewContact> contacts);
  Awaitable<Result<std::vector<Contact>>> contacts(ContactFilter filter) { return store_.contacts(std::move(filter)); }
  Awaitable<Result<Contact>> remove_contact(CampaignId id, std::int64_t seq, Actor actor);
  Awaitable<Result<std::vector<ContactResult>>> results(CampaignId id, std::int64_t after, int limit) {
    return store_.results(std::move(id), after, limit);
  }
  /// With the campaign's agent, at once, whatever its window: outside its progress and the evidence.
  Awaitable<Result<AcceptedCall>> test_call(CampaignId id, TestCall test);

 private:
  Result<void> check(const Campaign& campaign) const;
  Result<Contact> read_contact(const Campaign& campaign, NewContact given, Instant now) const;
  Awaitable<void> hang_up_calls(CampaignId id);
  void changed(const Campaign& campaign);

  CampaignServiceConfig config_;
  CampaignStore& store_;
  CallService& calls_;
  const PhoneDirectory& phones_;
  async::Clock& clock_;
  Random& random_;
  Log& log_;
  EventFeed& feed_;
  LiveCalls* live_ = nullptr;
  std::function<void()> wake_;
  std::function<int()> open_attempts_;
  std::function<std::optional<std::string>()> carrier_hold_;
};

}  // namespace callramp::engine
