#include "core/calls/campaign.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <vector>

#include "core/calls/admission.hpp"
#include "core/calls/campaign_why.hpp"

using namespace callramp;

namespace {

// 10:00:30 on a Monday in Kolkata, 04:30:30 UTC.
const Instant now = parse_iso("2026-11-23T04:30:30Z").value();
const std::vector<LocalClock> at_ten{
    {.zone = "Asia/Kolkata", .time_of_day = hours{10}, .weekday = 1, .date = std::chrono::year{2026} / 11 / 23}};

Campaign running() {
  return {.id = CampaignId{"c1"}, .name = "Offer", .agent = AgentId{"asha"}, .status = CampaignStatus::active};
}

Money rupees(std::int64_t amount) { return {.micros = amount * 1'000'000}; }

constexpr std::array statuses{CampaignStatus::draft,  CampaignStatus::scheduled, CampaignStatus::active,
                              CampaignStatus::paused, CampaignStatus::completed, CampaignStatus::cancelled};

}  // namespace

TEST_CASE("who may go where and how the rest is refused") {
  using enum CampaignStatus;
  struct Row {
    CampaignOrder order;
    // For each status in the order above: where it leads, nothing if it is refused.
    std::array<std::optional<CampaignStatus>, 6> leads_to;
  };
  const std::vector<Row> rows{
      {CampaignOrder::start, {{active, active, std::nullopt, std::nullopt, std::nullopt, std::nullopt}}},
      {CampaignOrder::pause, {{std::nullopt, paused, paused, std::nullopt, std::nullopt, std::nullopt}}},
      {CampaignOrder::resume, {{std::nullopt, std::nullopt, std::nullopt, active, std::nullopt, std::nullopt}}},
      {CampaignOrder::cancel, {{cancelled, cancelled, cancelled, cancelled, std::nullopt, std::nullopt}}}};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < statuses.size(); ++i) {
      CAPTURE(to_string(row.order));
      CAPTURE(to_string(statuses[i]));
      Campaign campaign = running();
      campaign.status = statuses[i];
      const auto after = status_after(campaign, row.order, now);
      CHECK(after.has_value() == row.leads_to[i].has_value());
      if (after) {
        CHECK(*after == *row.leads_to[i]);
      } else {
        CHECK(after.error().code == ErrorCode::conflict);
        // The thing, where it stands, and the next step.
        CHECK(after.error().message.find("'Offer' is " + std::string(to_string(statuses[i]))) != std::string::npos);
        CHECK(after.error().message.find(';') != std::string::npos);
      }
    }
}

TEST_CASE("a draft whose time is still to come is scheduled and a paused one goes back to it") {
  Campaign campaign = running();
  campaign.start_at = now + hours{1};
  campaign.status = CampaignStatus::draft;
  CHECK(status_after(campaign, CampaignOrder::start, now) == CampaignStatus::scheduled);
  campaign.status = CampaignStatus::paused;
  CHECK(status_after(campaign, CampaignOrder::resume, now) == CampaignStatus::scheduled);
  campaign.status = CampaignStatus::scheduled;
  CHECK(status_after(campaign, CampaignOrder::start, now) == CampaignStatus::active);
}

TEST_CASE("every word of a campaign is read as it is written and others are refused with a list") {
  for (const CampaignStatus status : statuses) CHECK(parse_campaign_status(to_string(status)) == status);
  for (const auto policy : {VoicemailPolicy::hang_up, VoicemailPolicy::leave_message, VoicemailPolicy::retry})
    CHECK(parse_voicemail_policy(to_string(policy)) == policy);
  for (const auto state : {ContactState::waiting, ContactState::called, ContactState::removed})
    CHECK(parse_contact_state(to_string(state)) == state);
  CHECK(parse_campaign_status("running").error().message ==
        "campaign status 'running' is not one of draft scheduled active paused completed cancelled");
  CHECK(!parse_voicemail_policy(""));
  CHECK(!parse_contact_state("Waiting"));
}

TEST_CASE("a contact is admitted or held and the reason names what holds it") {
  struct Row {
    const char* name;
    std::function<void(Campaign&, CampaignLoad&, FeedLimits&, std::vector<LocalClock>&)> change;
    std::optional<HeldBy> held_by;
    std::string reason;
  };
  using C = Campaign&;
  using L = CampaignLoad&;
  using F = FeedLimits&;
  using Z = std::vector<LocalClock>&;
  const std::vector<Row> rows{
      {"nothing holds it", [](C, L, F, Z) {}, std::nullopt, ""},
      {"a draft", [](C c, L, F, Z) { c.status = CampaignStatus::draft; }, HeldBy::status,
       "campaign is a draft; start it"},
      {"paused with its reason",
       [](C c, L, F, Z) {
         c.status = CampaignStatus::paused;
         c.status_reason = "by asha";
       },
       HeldBy::status, "campaign is paused: by asha"},
      {"scheduled",
       [](C c, L, F, Z) {
         c.status = CampaignStatus::scheduled;
         c.start_at = now + hours{1};
       },
       HeldBy::status, "campaign starts at 2026-11-23T05:30:30.000Z"},
      {"cancelled", [](C c, L, F, Z) { c.status = CampaignStatus::cancelled; }, HeldBy::status,
       "campaign was cancelled"},
      {"completed and retried by hand", [](C c, L, F, Z) { c.status = CampaignStatus::completed; }, std::nullopt, ""},
      {"the budget to its last rupee",
       [](C c, L l, F, Z) {
         c.budget.total = rupees(100);
         l.spent_micros = 99'999'999;
       },
       std::nullopt, ""},
      {"the budget is spent",
       [](C c, L l, F, Z) {
         c.budget.total = rupees(100);
         l.spent_micros = 100'000'000;
       },
       HeldBy::budget, "budget of 100.00 INR is spent; raise it"},
      {"the day's budget is spent",
       [](C c, L l, F, Z) {
         c.budget.per_day = rupees(10);
         l.spent_today_micros = 10'000'000;
       },
       HeldBy::day_budget, "the day's budget of 10.00 INR is spent"},
      {"all lines of its own",
       [](C c, L l, F, Z) {
         c.max_concurrent = 3;
         l.calling = 3;
       },
       HeldBy::concurrency, "3 of at most 3 calls of the campaign are under way"},
      {"lines promised to calls not dialed yet",
       [](C c, L l, F, Z) {
         c.max_concurrent = 3;
         l.calling = 2;
         l.undialed = 1;
       },
       HeldBy::queue, "calls made before it are dialed first"},
      {"the window is closed", [](C, L, F, Z z) { z[0].time_of_day = hours{22}; }, HeldBy::window,
       "window opens 09:00 in Asia/Kolkata"},
      {"a window of its own",
       [](C c, L, F, Z) { c.settings.window = CallingWindow{.from = hours{11}, .to = hours{20}}; }, HeldBy::window,
       "window opens 11:00 in Asia/Kolkata"},
      {"a weekday that it does not call on",
       [](C c, L, F, Z) { c.settings.window = parse_window("09:00-21:00 Tue-Sat").value(); }, HeldBy::window,
       "window opens 09:00 in Asia/Kolkata"},
      {"a holiday", [](C c, L, F, Z) { c.settings.holidays = {std::chrono::year{2026} / 11 / 23}; }, HeldBy::window,
       "holiday, window opens 09:00 in Asia/Kolkata"},
      {"closed in one of its zones",
       [](C, L, F, Z z) { z.push_back({.zone = "Pacific/Kiritimati", .time_of_day = hours{23}, .weekday = 1}); },
       HeldBy::window, "window opens 09:00 in Pacific/Kiritimati"},
      {"no zone is known", [](C, L, F, Z z) { z.clear(); }, HeldBy::window,
       "no time zone is known for the number; give the contact a timezone"},
      {"the pace has nothing left",
       [](C c, L, F f, Z) {
         c.calls_per_minute = 6;
         f.paced = 0.9;
       },
       HeldBy::pacing, "the pace is 6 calls a minute"},
      {"no line is free", [](C, L, F f, Z) { f.free_lines = 0; }, HeldBy::queue,
       "calls made before it are dialed first"},
      {"enough calls wait for the dialer", [](C, L l, F, Z) { l.undialed = 5; }, HeldBy::queue,
       "calls made before it are dialed first"}};
  const CallingWindow nine_to_nine;
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Campaign campaign = running();
    CampaignLoad load;
    FeedLimits limits{.free_lines = 10, .ahead = 5, .paced = 10};
    std::vector<LocalClock> local = at_ten;
    row.change(campaign, load, limits, local);
    const auto hold = admit_contact(campaign, load, limits, nine_to_nine, local, now);
    CHECK(hold.has_value() == row.held_by.has_value());
    if (!hold || !row.held_by) continue;
    CHECK(static_cast<int>(hold->by) == static_cast<int>(*row.held_by));
    CHECK(hold->reason == row.reason);
  }
}

TEST_CASE("a hold that ends by itself says when") {
  Campaign campaign = running();
  campaign.budget.per_day = rupees(10);
  const auto day = campaign_hold(campaign, {.spent_today_micros = 10'000'000}, now);
  REQUIRE(day);
  CHECK(day->until == parse_iso("2026-11-24T00:00Z").value());
  campaign = running();
  campaign.status = CampaignStatus::scheduled;
  campaign.start_at = now + minutes{7};
  CHECK(campaign_hold(campaign, {}, now)->until == now + minutes{7});
  campaign.status = CampaignStatus::paused;
  CHECK(!campaign_hold(campaign, {}, now)->until);
}

TEST_CASE("the smallest limit says how many contacts become calls") {
  struct Row {
    int max_concurrent;
    CampaignLoad load;
    FeedLimits limits;
    int room;
  };
  const std::vector<Row> rows{{0, {}, {.free_lines = 10, .ahead = 5, .paced = 100}, 5},
                              {0, {.undialed = 3}, {.free_lines = 10, .ahead = 5, .paced = 100}, 2},
                              {4, {.calling = 2, .undialed = 1}, {.free_lines = 10, .ahead = 5, .paced = 100}, 1},
                              {4, {.calling = 9}, {.free_lines = 10, .ahead = 5, .paced = 100}, 0},
                              {0, {}, {.free_lines = 2, .ahead = 5, .paced = 100}, 2},
                              {0, {}, {.free_lines = -3, .ahead = 5, .paced = 100}, 0},
                              {0, {}, {.free_lines = 10, .ahead = 5, .paced = 1.99}, 1},
                              {0, {}, {.free_lines = 10, .ahead = 5, .paced = 0.99}, 0}};
  for (const Row& row : rows) {
    Campaign campaign = running();
    campaign.max_concurrent = row.max_concurrent;
    CAPTURE(row.load.calling);
    CAPTURE(row.limits.free_lines);
    CHECK(feed_room(campaign, row.load, row.limits) == row.room);
  }
}

TEST_CASE("a pace saves up one call and two seconds at most") {
  Campaign campaign = running();
  CHECK(refill_pace(campaign, 0, seconds{0}) > 1e6);  // no pace of its own
  campaign.calls_per_minute = 6;
  double saved = 0;
  int calls = 0;
  for (int second = 0; second < 600; ++second) {
    saved = refill_pace(campaign, saved, seconds{1});
    while (saved >= 1) {
      saved -= 1;
      ++calls;
    }
  }
  CHECK(calls >= 59);
  CHECK(calls <= 60);
  CHECK(refill_pace(campaign, 0, hours{10}) == doctest::Approx(1.2));
  campaign.calls_per_minute = 600;
  CHECK(refill_pace(campaign, 0, hours{10}) == doctest::Approx(21));
}

TEST_CASE("the shares of a budget are reached exactly and not by a micro less") {
  CHECK(thresholds_reached(0, 100).empty());
  CHECK(thresholds_reached(49, 100).empty());
  CHECK(thresholds_reached(50, 100) == std::vector{50});
  CHECK(thresholds_reached(99, 100) == std::vector{50, 80});
  CHECK(thresholds_reached(100, 100) == std::vector{50, 80, 100});
  CHECK(thresholds_reached(largest_budget_micros, largest_budget_micros) == std::vector{50, 80, 100});
  CHECK(thresholds_reached(1, 3).empty());  // a third
}

TEST_CASE("success is shared among what counts and nothing is not success") {
  CampaignProgress progress;
  CHECK(!success_rate(progress));
  progress.outcomes = {{Outcome::cancelled, 7}};
  CHECK(!success_rate(progress));
  progress.outcomes = {
      {Outcome::completed, 5}, {Outcome::voicemail_left, 1}, {Outcome::no_answer, 2}, {Outcome::cancelled, 7}};
  CHECK(*success_rate(progress) == doctest::Approx(0.75));
  CHECK(!estimated_finish(progress, now));
  progress.rate_per_minute = 4.0;
  progress.waiting = 40;
  CHECK(estimated_finish(progress, now) == now + minutes{10});
}

TEST_CASE("holidays close whole days in the callee's zone and the wait leads past them") {
  const std::vector<std::chrono::year_month_day> holidays{std::chrono::year{2026} / 11 / 24,
                                                          std::chrono::year{2026} / 11 / 25};
  std::vector<LocalClock> local = at_ten;
  local[0].time_of_day = hours{22};
  const CallingWindow window;
  const auto verdict = judge_window(window, local, holidays);
  CHECK(!verdict.open);
  CHECK(verdict.wait == hours{2 + 48 + 9});
  // A clock that has no date knows no holidays.
  local[0].date.reset();
  CHECK(judge_window(window, local, holidays).wait == hours{11});
  // More than a week of them: it is looked at again, and nobody is called.
  std::vector<std::chrono::year_month_day> long_break;
  for (int day = 0; day < 20; ++day)
    long_break.push_back(std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + std::chrono::days{day});
  const auto closed = judge_window(window, at_ten, long_break);
  CHECK(!closed.open);
  CHECK(closed.wait == hours{7 * 24});
  CHECK(closed.reason == "holidays close the window for the whole week to come");
}

TEST_CASE("a window is written as it is read") {
  for (const char* text :
       {"09:00-21:00", "09:30-18:00 Mon-Fri", "00:00-24:00", "10:00-20:00 Mon-Sat", "09:00-21:00 Sun,Wed"})
    CHECK(to_string(parse_window(text).value()) == text);
  CHECK(to_string(parse_window("09:00-21:00 Sun-Sat").value()) == "09:00-21:00");
}

namespace {

WhyFacts facts(std::function<void(WhyFacts&)> change) {
  WhyFacts facts{.campaign = running(), .program_limit = 10, .now = now};
  change(facts);
  return facts;
}
JudgedGroup group(std::int64_t contacts, bool open, std::string reason = {}) {
  return {.group = {.zones = "Asia/Kolkata", .contacts = contacts},
          .verdict = {.open = open, .wait = hours{11}, .reason = std::move(reason)}};
}

}  // namespace

TEST_CASE("why is one sentence with what holds how many") {
  struct Row {
    const char* name;
    std::function<void(WhyFacts&)> change;
    bool dialing;
    std::string sentence;
  };
  const std::vector<Row> rows{
      {"at night",
       [](WhyFacts& f) {
         f.groups = {group(412, false, "window opens 09:00 in Asia/Kolkata")};
         f.removed = 31;
       },
       false, "not dialing: window opens 09:00 in Asia/Kolkata (412), do-not-call or taken out (31)"},
      {"with no carrier",
       [](WhyFacts& f) {
         f.groups = {group(88, true)};
         f.no_carrier = "no carrier since 14:02";
       },
       false, "not dialing: no carrier since 14:02 (88)"},
      {"paused",
       [](WhyFacts& f) {
         f.campaign.status = CampaignStatus::paused;
         f.campaign.status_reason = "budget of 100.00 INR is spent";
         f.groups = {group(88, true)};
       },
       false, "not dialing: campaign is paused: budget of 100.00 INR is spent"},
      {"the day's money",
       [](WhyFacts& f) {
         f.campaign.budget.per_day = rupees(10);
         f.load.spent_today_micros = 10'000'000;
         f.groups = {group(88, true)};
       },
       false, "not dialing: the day's budget of 10.00 INR is spent (88)"},
      {"dialing some",
       [](WhyFacts& f) {
         f.load.calling = 3;
         f.groups = {group(20, true), group(5, false, "window opens 09:00 in America/New_York")};
         f.calls = {{.reason = "another call to this number is not over", .calls = 2}};
       },
       true,
       "dialing: 3 calls under way, 25 to come; window opens 09:00 in America/New_York (5), another call to this "
       "number is not over (2)"},
      {"all its lines in use, which is dialing",
       [](WhyFacts& f) {
         f.campaign.max_concurrent = 1;
         f.load.calling = 1;
         f.groups = {group(9, true)};
       },
       true, "dialing: 1 call under way, 9 to come; 1 of at most 1 calls of the campaign are under way (9)"},
      {"all lines of the program",
       [](WhyFacts& f) {
         f.program_calling = 10;
         f.groups = {group(9, true)};
       },
       true, "dialing: 0 calls under way, 9 to come; all 10 lines are in use (9)"},
      {"an empty list", [](WhyFacts&) {}, false, "not dialing: nobody is left to call; import contacts"},
      {"a draft", [](WhyFacts& f) { f.campaign.status = CampaignStatus::draft; }, false,
       "not dialing: campaign is a draft; start it"},
      {"completed", [](WhyFacts& f) { f.campaign.status = CampaignStatus::completed; }, false,
       "not dialing: campaign is completed"}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Why answer = why(facts(row.change));
    CHECK(answer.dialing == row.dialing);
    CHECK(answer.sentence == row.sentence);
  }
}

TEST_CASE("reasons that are the same are one with the earliest end") {
  const Why answer = why(facts([](WhyFacts& f) {
    f.calls = {{.reason = "window opens 09:00", .calls = 2, .until = now + hours{3}}};
    f.groups = {group(5, false, "window opens 09:00")};
  }));
  REQUIRE(answer.reasons.size() == 1);
  CHECK(answer.reasons[0].count == 7);
  CHECK(answer.reasons[0].until == now + hours{3});
}
