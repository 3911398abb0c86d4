#include "core/calls/retry.hpp"

#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <vector>

using namespace callramp;

namespace {

const Instant now = parse_iso("2026-11-24T07:00:00Z").value();

// A call whose attempt has just ended; no jitter, and the window always open.
struct World {
  RetryCandidate candidate{.ending = {.outcome = Outcome::no_answer, .reason = "nobody answered"}};
  RetryPolicy usual;
  RetryTimes times{.now = now, .jitter = 0.5, .opening = [](Instant at) { return at; }};

  World& ends(Outcome outcome, std::optional<Fault> fault = std::nullopt) {
    candidate.ending = {outcome, fault, "it ended"};
    return *this;
  }
  World& after(int retries) {
    candidate.call.retries = retries;
    return *this;
  }
  RetryVerdict judge() const { return judge_retry(candidate, usual, times); }
  /// Until the retry; nothing if there is none.
  std::optional<Duration> wait() const {
    const RetryVerdict verdict = judge();
    const auto* retry = std::get_if<RetryAt>(&verdict);
    return retry ? std::optional(retry->at - now) : std::nullopt;
  }
  std::string reason() const {
    return std::visit([](const auto& verdict) { return verdict.reason; }, judge());
  }
};

}  // namespace

TEST_CASE("each outcome is retried as the plan says and no more often") {
  struct Row {
    Outcome outcome;
    std::optional<Fault> fault;
    std::vector<Duration> waits;  // before the first retry, the second, …
  };
  const std::vector<Duration> by_network{minutes{1}, minutes{2}, minutes{4}, minutes{8}, minutes{16}};
  const std::vector<Row> rows{
      {Outcome::no_answer, {}, {minutes{5}, minutes{10}, minutes{20}}},
      {Outcome::busy, {}, {minutes{10}, minutes{20}, minutes{40}}},
      {Outcome::rejected, {}, {minutes{30}, minutes{60}}},
      {Outcome::unreachable, {}, by_network},
      {Outcome::failed, Fault::telephony, by_network},
      {Outcome::failed, Fault::stt, by_network},
      {Outcome::failed, Fault::llm, by_network},
      {Outcome::failed, Fault::tts, by_network},
      {Outcome::failed, Fault::old_system, by_network},
      {Outcome::failed, Fault::ours, {}},
      {Outcome::completed, {}, {}},
      {Outcome::voicemail_left, {}, {}},
      {Outcome::voicemail, {}, {}},
      {Outcome::invalid_number, {}, {}},
      {Outcome::early_hangup, {}, {}},
      {Outcome::cancelled, {}, {}},
      {Outcome::expired, {}, {}},
      {Outcome::unknown, {}, {}},
  };
  for (const Row& row : rows) {
    CAPTURE(to_string(row.outcome));
    CAPTURE(row.fault ? to_string(*row.fault) : "");
    for (std::size_t made = 0; made <= row.waits.size(); ++made) {
      CAPTURE(made);
      const auto wait = World{}.ends(row.outcome, row.fault).after(static_cast<int>(made)).wait();
      if (made < row.waits.size())
        CHECK(wait == row.waits[made]);
      else
        CHECK_FALSE(wait.has_value());
    }
  }
}

TEST_CASE("retries of one call add up, whatever its attempts ended with") {
  // Two of three are used up: a busy line gets the third, with the wait of a third.
  CHECK(World{}.ends(Outcome::busy).after(2).wait() == minutes{40});
  CHECK_FALSE(World{}.ends(Outcome::rejected).after(2).wait().has_value());
  CHECK(World{}.ends(Outcome::failed, Fault::telephony).after(3).wait() == minutes{8});
}

TEST_CASE("a retry comes up to a tenth earlier or later than the policy says") {
  World world;
  world.times.jitter = 0;
  CHECK(world.wait() == minutes{5} - seconds{30});
  world.times.jitter = 0.75;
  CHECK(world.wait() == minutes{5} + seconds{15});
  world.times.jitter = 1 - 1e-12;
  CHECK(*world.wait() <= minutes{5} + seconds{30});
  CHECK(*world.wait() > minutes{5} + seconds{29});
}

TEST_CASE("a retry is moved to where the callee's window opens") {
  World world;
  const Instant morning = parse_iso("2026-11-25T03:30:00Z").value();
  Instant asked{};
  world.times.opening = [&](Instant at) {
    asked = at;
    return morning;
  };
  const RetryVerdict verdict = world.judge();
  REQUIRE(std::holds_alternative<RetryAt>(verdict));
  CHECK(std::get<RetryAt>(verdict).at == morning);
  CHECK(asked == now + minutes{5});
  CHECK(std::get<RetryAt>(verdict).reason == "nobody answered; retry 1 of 3 at 2026-11-25T03:30:00.000Z");
}

TEST_CASE("what stops retries, and what is said of it") {
  CHECK(World{}.after(3).reason() == "nobody answered; 3 retries made, the policy has 3");
  World off;
  off.candidate.enabled = false;
  CHECK_FALSE(off.wait().has_value());
  CHECK(off.reason() == "nobody answered; retries are switched off (enableRetryLogic)");
  World test;
  test.candidate.call.test = true;
  CHECK_FALSE(test.wait().has_value());
  World cancelled;
  cancelled.candidate.call.cancel_requested = true;
  CHECK_FALSE(cancelled.wait().has_value());
  CHECK(cancelled.reason() == "nobody answered");
  // What is never retried is said without a word about retries, also when they are switched off.
  off.ends(Outcome::completed);
  CHECK(off.reason() == "it ended");
}

TEST_CASE("a campaign's policy stands for the usual one") {
  World world;
  world.candidate.campaign = Campaign{};
  CampaignSettings& settings = world.candidate.campaign->settings;
  settings.retry.no_answer = {.delay = hours{2}, .factor = 3, .tries = 2};
  settings.retry.busy = {.tries = 0};
  CHECK(world.wait() == hours{2});
  CHECK(world.after(1).wait() == hours{6});
  CHECK_FALSE(world.after(2).wait().has_value());
  CHECK_FALSE(world.after(0).ends(Outcome::busy).wait().has_value());

  // Its answer to a machine may be to ring again, as if nobody had been there.
  world.ends(Outcome::voicemail);
  CHECK_FALSE(world.wait().has_value());
  settings.voicemail = VoicemailPolicy::retry;
  CHECK(world.wait() == hours{2});
  CHECK_FALSE(world.ends(Outcome::voicemail_left).wait().has_value());

  world.candidate.campaign->status = CampaignStatus::cancelled;
  CHECK_FALSE(world.ends(Outcome::no_answer).wait().has_value());
}

TEST_CASE("waits stop growing at a week") {
  const RetryRule rule{.delay = hours{24}, .factor = 10, .tries = 20};
  CHECK(backoff(rule, 1) == hours{24});
  CHECK(backoff(rule, 2) == std::chrono::days{7});
  CHECK(backoff(rule, 20) == std::chrono::days{7});
}

TEST_CASE("rules are written as people write them and read back") {
  struct Row {
    const char* text;
    RetryRule rule;
    const char* written;
  };
  for (const Row& row :
       {Row{"5m x2, 3 tries", {.delay = minutes{5}, .factor = 2, .tries = 3}, "5m x2, 3 tries"},
        Row{"90s x1, 1 try", {.delay = seconds{90}, .factor = 1, .tries = 1}, "90s x1, 1 try"},
        Row{"120m", {.delay = hours{2}}, "2h x2, 3 tries"},
        Row{"1d x3", {.delay = hours{24}, .factor = 3}, "1d x3, 3 tries"},
        Row{"30m 2", {.delay = minutes{30}, .tries = 2}, "30m x2, 2 tries"}, Row{"never", {.tries = 0}, "never"}}) {
    CAPTURE(row.text);
    const auto rule = parse_retry_rule(row.text);
    REQUIRE(rule);
    CHECK(*rule == row.rule);
    CHECK(to_string(*rule) == row.written);
  }
  for (const char* text : {"", "5", "m", "0s", "8d", "-1m", "5m x", "5m x0", "5m x11", "5m x2 3", "5m x2, 21 tries",
                           "5m x2, -1 tries", "5m x2, many tries", "5w", "99999999999999999999m", "5m,x2", "5m x2,"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_retry_rule(text).has_value());
  }
}
