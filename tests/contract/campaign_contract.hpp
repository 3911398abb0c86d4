// What every CampaignStore does: orders that are in force at the next claim, contacts that become calls once, money
// that is counted where it is stored.
#pragma once

#include <set>

#include "contract/store_world.hpp"

namespace callramp::contract {

inline Campaign campaign(std::string id = "offer") {
  return {.id = CampaignId{std::move(id)},
          .name = "Offer",
          .agent = AgentId{"asha"},
          .status = CampaignStatus::active,
          .started_at = start,
          .created_at = start,
          .created_by = "asha"};
}

inline Contact contact(int number, std::string zones = "Asia/Kolkata") {
  const PhoneNumber phone = StoreWorld::phone(number);
  return {.phone = phone, .user = UserId{phone.e164()}, .zones = std::move(zones)};
}

template <class Database>
struct CampaignWorld {
  Database db;
  CampaignStore& store = db.ports().campaigns;
  CampaignId id{"offer"};

  explicit CampaignWorld(Campaign first = campaign(), int contacts = 0) {
    db.with_agent();
    db.get(store.create(std::move(first)));
    if (contacts > 0) add(1, contacts);
  }
  ContactsAdded add(int from, int to) {
    std::vector<Contact> list;
    for (int n = from; n <= to; ++n) list.push_back(contact(n));
    return db.get(store.add_contacts(id, std::move(list)));
  }
  FeedResult feed(int limit, Instant now = start, CampaignId of = CampaignId{"offer"}) {
    FeedRequest request{.campaign = of, .zones = {"Asia/Kolkata"}, .now = now};
    for (int i = 0; i < limit; ++i) request.ids.push_back(CallId{of.str() + "-call-" + std::to_string(++made_)});
    return db.get(store.feed(std::move(request)));
  }
  /// As the dialer claims: by core's own judgement, with all windows open.
  ClaimResult claim(Instant now, int max_dials = 100) {
    ClaimRequest request = Database::claim_request(now, max_dials);
    request.judge = [now](const ClaimCandidate& candidate, const RoutingState& routing) {
      const CallingWindow all_day{.from = minutes{0}, .to = hours{24}};
      return judge_claim(candidate, routing, all_day, {{.zone = "Etc/UTC"}}, {.old_system_available = true}, now);
    };
    return db.claim(std::move(request));
  }
  FinishResult finish(const Attempt& attempt, Outcome outcome, std::int64_t rupees, Instant now) {
    AttemptFinish finish = Database::finish(attempt, {outcome, std::nullopt, "as the test says"}, now);
    finish.costs = {{.provider = "carrier",
                     .item = "minute",
                     .quantity = 1,
                     .unit = "minute",
                     .cost = {.micros = rupees * 1'000'000}}};
    return db.get(db.ports().calls.finish_attempt(std::move(finish)));
  }
  Campaign order(CampaignOrder order, Instant now = start) {
    return db.get(store.order(id, order, "asha", "", std::nullopt, now));
  }
  CampaignProgress progress(Instant now = start) { return db.get(store.progress(id, now)); }

 private:
  int made_ = 0;
};

TEST_CASE_TEMPLATE("a campaign comes back as it was stored", Database, CALLRAMP_STORES) {
  Campaign wanted = campaign();
  wanted.status = CampaignStatus::draft;
  wanted.started_at.reset();
  wanted.kind = CallKind::service;
  wanted.priority = Priority::high;
  wanted.region = "US";
  wanted.settings = {.window = parse_window("10:00-20:00 Mon-Sat").value(),
                     .holidays = {std::chrono::year{2026} / 12 / 25},
                     .retry = {.busy = {.delay = seconds{90}, .factor = 3, .tries = 1}},
                     .max_attempts_per_day = 5,
                     .voicemail = VoicemailPolicy::leave_message,
                     .old_script = "offer-2"};
  wanted.max_concurrent = 7;
  wanted.calls_per_minute = 30;
  wanted.budget = {.total = Money{.micros = 5'000'000'000}, .per_day = Money{.micros = 1'000'000'000}};
  wanted.start_at = start + hours{5};
  CampaignWorld<Database> world(wanted);
  const Campaign stored = world.db.get(world.store.get(world.id));
  CHECK(stored.name == wanted.name);
  CHECK(stored.status == CampaignStatus::draft);
  CHECK(stored.kind == wanted.kind);
  CHECK(stored.priority == wanted.priority);
  CHECK(stored.region == "US");
  CHECK(stored.settings == wanted.settings);
  CHECK(stored.max_concurrent == 7);
  CHECK(stored.calls_per_minute == 30);
  CHECK(stored.budget == wanted.budget);
  CHECK(stored.start_at == wanted.start_at);
  CHECK(stored.version == 1);
  CHECK(world.db.error(world.store.get(CampaignId{"nothing"})) == ErrorCode::not_found);
  Campaign agentless = campaign("other");
  agentless.agent = AgentId{"nobody"};
  CHECK(world.db.error(world.store.create(agentless)) == ErrorCode::agent_not_found);
}

TEST_CASE_TEMPLATE("a change needs the version that it was made from and an end needs none", Database,
                   CALLRAMP_STORES) {
  CampaignWorld<Database> world;
  Campaign changed = world.db.get(world.store.get(world.id));
  changed.max_concurrent = 3;
  CHECK(world.db.get(world.store.change(changed, "asha", start + seconds{1})).version == 2);
  changed.max_concurrent = 4;
  CHECK(world.db.error(world.store.change(changed, "asha", start)) == ErrorCode::precondition_failed);
  CHECK(world.db.error(world.store.order(world.id, CampaignOrder::pause, "asha", "", 1, start)) ==
        ErrorCode::precondition_failed);
  CHECK(world.db.get(world.store.order(world.id, CampaignOrder::cancel, "asha", "", 2, start)).status ==
        CampaignStatus::cancelled);
  changed.version = 3;
  CHECK(world.db.error(world.store.change(changed, "asha", start)) == ErrorCode::conflict);
}

TEST_CASE_TEMPLATE("campaigns are listed newest first and by status", Database, CALLRAMP_STORES) {
  CampaignWorld<Database> world;
  Campaign draft = campaign("later");
  draft.status = CampaignStatus::draft;
  draft.started_at.reset();
  draft.created_at = start + seconds{1};
  world.db.get(world.store.create(draft));
  const CampaignPage all = world.db.get(world.store.list({}));
  REQUIRE(all.campaigns.size() == 2);
  CHECK(all.total == 2);
  CHECK(all.campaigns[0].id.str() == "later");
  const CampaignPage drafts = world.db.get(world.store.list({.status = CampaignStatus::draft}));
  CHECK(drafts.total == 1);
  CHECK(world.db.get(world.store.list({.page = 2, .limit = 1})).campaigns.at(0).id.str() == "offer");
}

TEST_CASE_TEMPLATE("a number is in a campaign once and never if it must not be called", Database, CALLRAMP_STORES) {
  CampaignWorld<Database> world;
  world.db.get(world.db.ports().do_not_call.add(
      {.phone = Database::phone(2), .reason = "asked", .actor = "asha", .created_at = start}));
  const ContactsAdded first = world.add(1, 3);
  CHECK(first.added == 3);
  CHECK(first.do_not_call == std::vector<std::size_t>{1});
  const ContactsAdded again = world.add(2, 4);
  CHECK(again.added == 1);
  CHECK(again.duplicates == std::vector<std::size_t>{0, 1});
  const auto removed = world.db.get(world.store.contacts({.campaign = world.id, .state = ContactState::removed}));
  REQUIRE(removed.size() == 1);
  CHECK(removed[0].reason == "do-not-call");
  const auto waiting = world.db.get(world.store.contacts({.campaign = world.id, .state = ContactState::waiting}));
  REQUIRE(waiting.size() == 3);
  CHECK(world.db.get(world.store.contacts({.campaign = world.id, .after = waiting[0].seq, .limit = 1})).at(0).seq ==
        removed[0].seq);
  Contact foreign = contact(9);
  foreign.agent = AgentId{"nobody"};
  CHECK(world.db.error(world.store.add_contacts(world.id, {contact(8), foreign})) == ErrorCode::agent_not_found);
  CHECK(world.progress().contacts == 4);  // all or none
}

TEST_CASE_TEMPLATE("feeding makes each contact a call once and in order", Database, CALLRAMP_STORES) {
  CampaignWorld<Database> world(campaign(), 5);
  CHECK(world.feed(2).calls.size() == 2);
  const FeedResult rest = world.feed(10);
  REQUIRE(rest.calls.size() == 3);
  CHECK(rest.calls[0].phone == Database::phone(3));
  CHECK(rest.calls[0].campaign == world.id);
  CHECK(rest.calls[0].status == CallStatus::queued);
  CHECK(world.feed(10).calls.empty());
  const auto called = world.db.get(world.store.contacts({.campaign = world.id, .state = ContactState::called}));
  REQUIRE(called.size() == 5);
  CHECK(called[2].call == rest.calls[0].id);
  CHECK(world.db.get(world.db.ports().calls.list({.campaign = world.id})).total == 5);
}

TEST_CASE_TEMPLATE("feeding takes only whose window is open and passes over do-not-call", Database, CALLRAMP_STORES) {
  CampaignWorld<Database> world(campaign(), 2);
  world.db.get(world.store.add_contacts(world.id, {contact(10, "America/New_York"), contact(11)}));
  world.db.get(world.db.ports().do_not_call.add(
      {.phone = Database::phone(1), .reason = "asked", .actor = "asha", .created_at = start}));
  const FeedResult fed = world.feed(10);
  REQUIRE(fed.calls.size() == 2);
  CHECK(fed.removed == 1);
  CHECK(fed.calls[0].phone == Database::phone(2));
  CHECK(fed.calls[1].phone == Database::phone(11));
  const auto groups = world.db.get(world.store.waiting_groups(world.id));
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].zones == "America/New_York");
  const auto views = world.db.get(world.store.running(start));
  REQUIRE(views.size() == 1);
  CHECK(views[0].zones == std::vector<std::string>{"America/New_York"});
  CHECK(views[0].load.undialed == 2);
}

TEST_CASE_TEMPLATE("a paused campaign is neither fed nor dialed from the order on and resumes at once", Database,
                   CALLRAMP_STORES) {
  CampaignWorld<Database> world(campaign(), 6);
  world.feed(3);
  CHECK(world.claim(start, 1).dials.size() == 1);
  CHECK(world.order(CampaignOrder::pause).status_reason == "by asha");
  CHECK(world.claim(start + seconds{1}).dials.empty());
  CHECK(world.feed(3).stopped);
  // What waits for a person is no backlog, and is not looked at every second.
  CHECK(world.db.get(world.db.ports().calls.backlog(start + minutes{30})) == 0);
  const auto reasons = world.db.get(world.store.waiting_reasons(world.id));
  REQUIRE(reasons.size() == 1);
  CHECK(reasons[0].reason == "campaign is paused: by asha");
  CHECK(reasons[0].calls == 2);
  world.order(CampaignOrder::resume, start + seconds{2});
  CHECK(world.claim(start + seconds{2}).dials.size() == 2);
}

TEST_CASE_TEMPLATE("cancelling ends what was not dialed and asks the rest to end", Database, CALLRAMP_STORES) {
  CampaignWorld<Database> world(campaign(), 4);
  world.feed(3);
  const ClaimResult claimed = world.claim(start, 1);
  REQUIRE(claimed.dials.size() == 1);
  const Campaign over = world.order(CampaignOrder::cancel, start + seconds{1});
  CHECK(over.status == CampaignStatus::cancelled);
  CHECK(over.ended_at == start + seconds{1});
  CHECK(world.claim(start + seconds{2}).dials.empty());
  CHECK(world.db.get(world.db.ports().calls.get(claimed.dials[0].call.id)).call.cancel_requested);
  const CampaignProgress progress = world.progress();
  CHECK(progress.outcomes.at(Outcome::cancelled) == 2);
  CHECK(progress.calling == 1);
  CHECK(progress.waiting == 1);
  CHECK(world.db.error(world.store.add_contacts(world.id, {contact(9)})) == ErrorCode::conflict);
}

TEST_CASE_TEMPLATE("a campaign's own lines are never more than it was given", Database, CALLRAMP_STORES) {
  Campaign narrow = campaign();
  narrow.max_concurrent = 2;
  narrow.settings.old_script = "offer-2";
  CampaignWorld<Database> world(narrow, 5);
  world.feed(5);
  const ClaimResult first = world.claim(start);
  REQUIRE(first.dials.size() == 2);
  CHECK(first.dials[0].old_script == "offer-2");
  CHECK(world.claim(start + seconds{5}).dials.empty());
  world.finish(first.dials[0].attempt, Outcome::completed, 1, start + seconds{6});
  CHECK(world.claim(start + seconds{8}).dials.size() == 1);
}

TEST_CASE_TEMPLATE("two campaigns that want one number dial it one after the other", Database, CALLRAMP_STORES) {
  CampaignWorld<Database> world(campaign(), 1);
  world.db.get(world.store.create(campaign("second")));
  world.db.get(world.store.add_contacts(CampaignId{"second"}, {contact(1)}));
  world.feed(1);
  world.feed(1, start, CampaignId{"second"});
  const ClaimResult first = world.claim(start);
  REQUIRE(first.dials.size() == 1);
  CHECK(world.claim(start + minutes{1}).dials.empty());
  world.finish(first.dials[0].attempt, Outcome::completed, 1, start + minutes{2});
  const ClaimResult second = world.claim(start + minutes{3});
  REQUIRE(second.dials.size() == 1);
  CHECK(second.dials[0].call.campaign != first.dials[0].call.campaign);
}

TEST_CASE_TEMPLATE("do-not-call stops the very next dial of a campaign", Database, CALLRAMP_STORES) {
  CampaignWorld<Database> world(campaign(), 3);
  world.feed(2);
  CHECK(world.db.get(world.db.ports().do_not_call.add(
            {.phone = Database::phone(1), .reason = "asked", .actor = "asha", .created_at = start})) == 1);
  world.db.get(world.db.ports().do_not_call.add(
      {.phone = Database::phone(3), .reason = "asked", .actor = "asha", .created_at = start}));
  const ClaimResult claimed = world.claim(start + seconds{1});
  REQUIRE(claimed.dials.size() == 1);
  CHECK(claimed.dials[0].call.phone == Database::phone(2));
  CHECK(world.feed(5).calls.empty());
  CHECK(world.progress().removed == 1);
}

TEST_CASE_TEMPLATE("money is booked with the outcome, alerts are written once and the end of the budget stops",
                   Database, CALLRAMP_STORES) {
  Campaign poor = campaign();
  poor.budget.total = Money{.micros = 10'000'000};
  CampaignWorld<Database> world(poor, 20);
  world.feed(20);
  std::vector<Attempt> attempts;
  for (const ClaimedDial& dial : world.claim(start).dials) attempts.push_back(dial.attempt);
  REQUIRE(attempts.size() == 20);
  const auto shares = [&] {
    std::vector<int> percents;
    for (const BudgetAlert& alert : world.db.get(world.store.untold_alerts())) percents.push_back(alert.threshold);
    return percents;
  };
  for (int i = 0; i < 4; ++i) world.finish(attempts[i], Outcome::completed, 1, start + seconds{i});
  CHECK(shares().empty());
  world.finish(attempts[4], Outcome::completed, 1, start + seconds{5});
  world.finish(attempts[4], Outcome::completed, 1, start + seconds{5});  // told twice, booked once
  CHECK(world.progress().spent.micros == 5'000'000);
  CHECK(shares() == std::vector{50});
  // The carrier asks less, and then more: the same share is not told again.
  AttemptId corrected = attempts[4].id;
  const auto says = [&](std::int64_t micros) {
    world.db.ok(world.db.ports().calls.record_carrier_facts(
        corrected, std::nullopt, Money{.micros = micros},
        {{.provider = "carrier", .item = "call", .quantity = 1, .unit = "call", .cost = {.micros = micros}}}));
  };
  says(0);
  CHECK(world.progress().spent.micros == 4'000'000);
  says(2'000'000);
  CHECK(world.progress().spent.micros == 6'000'000);
  CHECK(shares() == std::vector{50});
  world.finish(attempts[5], Outcome::completed, 2, start + seconds{6});
  CHECK(shares() == std::vector{50, 80});
  CHECK(world.db.get(world.store.get(world.id)).status == CampaignStatus::active);
  world.finish(attempts[6], Outcome::completed, 2, start + seconds{7});
  CHECK(shares() == std::vector{50, 80, 100});
  const Campaign stopped = world.db.get(world.store.get(world.id));
  CHECK(stopped.status == CampaignStatus::paused);
  CHECK(stopped.status_reason == "budget of 10.00 INR is spent; raise it and resume");
  // What was under way ends, is paid, and tells nothing new.
  world.finish(attempts[7], Outcome::completed, 2, start + seconds{8});
  const auto alerts = world.db.get(world.store.untold_alerts());
  CHECK(alerts.size() == 3);
  for (const BudgetAlert& alert : alerts) world.db.ok(world.store.mark_told(alert, start));
  CHECK(shares().empty());
  // More money is another budget, with alerts of its own.
  Campaign raised = stopped;
  raised.budget.total = Money{.micros = 14'000'000};
  world.db.get(world.store.change(raised, "asha", start + seconds{9}));
  world.order(CampaignOrder::resume, start + seconds{9});
  world.finish(attempts[8], Outcome::completed, 1, start + seconds{10});
  CHECK(shares() == std::vector{50, 80});
}

TEST_CASE_TEMPLATE("a spent day waits for the next one", Database, CALLRAMP_STORES) {
  Campaign daily = campaign();
  daily.budget.per_day = Money{.micros = 2'000'000};
  CampaignWorld<Database> world(daily, 3);
  world.feed(3);
  const ClaimResult first = world.claim(start, 2);
  world.finish(first.dials[0].attempt, Outcome::completed, 1, start + seconds{20});
  world.finish(first.dials[1].attempt, Outcome::completed, 1, start + seconds{20});
  CHECK(world.claim(start + seconds{30}).dials.empty());
  CHECK(world.db.get(world.store.get(world.id)).status == CampaignStatus::active);
  CHECK(world.db.get(world.store.waiting_reasons(world.id)).at(0).reason == "the day's budget of 2.00 INR is spent");
  const Instant midnight = std::chrono::floor<std::chrono::days>(start) + std::chrono::days{1};
  CHECK(world.claim(midnight - seconds{1}).dials.empty());
  CHECK(world.claim(midnight).dials.size() == 1);
}

TEST_CASE_TEMPLATE("a grave complaint about a call pauses its campaign and a mild one does not", Database,
                   CALLRAMP_STORES) {
  CampaignWorld<Database> world(campaign(), 1);
  world.feed(1);
  const CallId call = world.claim(start).dials.at(0).call.id;
  const auto complain = [&](std::string id, std::string severity) {
    world.db.get(world.db.ports().rollouts.add_item({.item = {.kind = "complaint",
                                                              .external_id = std::move(id),
                                                              .severity = std::move(severity),
                                                              .call_id = call.str(),
                                                              .at = start},
                                                     .by = "asha",
                                                     .now = start + minutes{1}}));
    return world.db.get(world.store.get(world.id));
  };
  CHECK(complain("T-1", "annoyance").status == CampaignStatus::active);
  const Campaign paused = complain("T-2", "unwanted");
  CHECK(paused.status == CampaignStatus::paused);
  CHECK(paused.status_reason == "complaint 'T-2' (unwanted) about call '" + call.str() + "'");
}

TEST_CASE_TEMPLATE("campaigns start at their time and complete when nobody is left", Database, CALLRAMP_STORES) {
  Campaign later = campaign();
  later.status = CampaignStatus::scheduled;
  later.started_at.reset();
  later.start_at = start + hours{1};
  CampaignWorld<Database> world(later);
  CHECK(world.db.get(world.store.advance(start + minutes{59})).empty());
  const auto started = world.db.get(world.store.advance(start + hours{1}));
  REQUIRE(started.size() == 1);
  CHECK(started[0].status == CampaignStatus::active);
  CHECK(started[0].started_at == start + hours{1});
  // Empty is not done: contacts may still come.
  CHECK(world.db.get(world.store.advance(start + hours{2})).empty());
  world.add(1, 1);
  CHECK(world.db.get(world.store.advance(start + hours{2})).empty());
  world.feed(1, start + hours{2});
  CHECK(world.db.get(world.store.advance(start + hours{2})).empty());
  const ClaimResult claimed = world.claim(start + hours{2});
  REQUIRE(claimed.dials.size() == 1);
  world.finish(claimed.dials[0].attempt, Outcome::completed, 3, start + hours{2} + seconds{30});
  const auto done = world.db.get(world.store.advance(start + hours{3}));
  REQUIRE(done.size() == 1);
  CHECK(done[0].status == CampaignStatus::completed);
  CHECK(world.db.get(world.store.advance(start + hours{3})).empty());
  const CampaignProgress progress = world.progress(start + hours{3});
  CHECK(progress.done == 1);
  CHECK(progress.outcomes.at(Outcome::completed) == 1);
  CHECK(progress.spent.micros == 3'000'000);
}

TEST_CASE_TEMPLATE("results say what became of every contact in order", Database, CALLRAMP_STORES) {
  CampaignWorld<Database> world;
  std::vector<Contact> contacts{contact(1), contact(2), contact(3)};
  contacts[0].name = "Asha";
  contacts[0].metadata_json = R"({"name":"Asha","order":"A-17"})";
  contacts[0].consent = "form 12";
  world.db.get(world.store.add_contacts(world.id, contacts));
  world.feed(2);
  const ClaimResult claimed = world.claim(start, 1);
  REQUIRE(claimed.dials.size() == 1);
  world.finish(claimed.dials[0].attempt, Outcome::completed, 2, start + seconds{30});
  const auto results = world.db.get(world.store.results(world.id, 0, 100));
  REQUIRE(results.size() == 3);
  CHECK(results[0].contact.metadata_json == R"({"name":"Asha","order":"A-17"})");
  CHECK(results[0].contact.consent == "form 12");
  CHECK(results[0].outcome == Outcome::completed);
  CHECK(results[0].attempts == 1);
  CHECK(results[0].cost.micros == 2'000'000);
  CHECK(results[1].status == CallStatus::queued);
  CHECK(!results[1].outcome);
  CHECK(!results[2].status);
  CHECK(world.db.get(world.store.results(world.id, results[0].contact.seq, 1)).at(0).contact.phone ==
        Database::phone(2));
}

TEST_CASE_TEMPLATE("a contact is taken out before its call and not after", Database, CALLRAMP_STORES) {
  CampaignWorld<Database> world(campaign(), 2);
  world.feed(1);
  const auto all = world.db.get(world.store.contacts({.campaign = world.id}));
  CHECK(world.db.error(world.store.remove_contact(world.id, all[0].seq, "asha", start)) == ErrorCode::conflict);
  CHECK(world.db.get(world.store.remove_contact(world.id, all[1].seq, "asha", start)).state == ContactState::removed);
  CHECK(world.db.error(world.store.remove_contact(world.id, 999, "asha", start)) == ErrorCode::not_found);
  CHECK(world.feed(5).calls.empty());
}

TEST_CASE_TEMPLATE("an agent that a campaign needs stays and what called nobody can be removed", Database,
                   CALLRAMP_STORES) {
  CampaignWorld<Database> world(campaign(), 2);
  AgentStore& agents = world.db.ports().agents;
  CHECK(world.db.error(agents.remove(AgentId{"asha"}, "test", start)) == ErrorCode::conflict);
  CHECK(world.db.error(world.store.remove(world.id, "asha", start)) == ErrorCode::conflict);
  world.order(CampaignOrder::cancel);
  world.db.ok(world.store.remove(world.id, "asha", start));
  CHECK(world.db.error(world.store.get(world.id)) == ErrorCode::not_found);
  world.db.ok(agents.remove(AgentId{"asha"}, "test", start));
}

}  // namespace callramp::contract
