// The breaker, the figures and the choice, on instants that the test names.
#include <doctest/doctest.h>

#include "core/providers/breaker.hpp"
#include "core/providers/outage_gauges.hpp"
#include "core/providers/selection.hpp"
#include "core/providers/service_level.hpp"

using namespace callramp;
using namespace callramp::providers;

namespace {

const Instant start = parse_iso("2026-11-24T14:02:00Z").value();

void fails(Breaker& breaker, int times, Instant at = start) {
  for (int i = 0; i < times; ++i) breaker.answered(Verdict::fails, "503", at);
}

Breaker opened(Instant at = start) {
  Breaker breaker;
  fails(breaker, 5, at);
  return breaker;
}

Candidate candidate(std::string name, Breaker breaker = Breaker{}, std::optional<Order> order = std::nullopt) {
  return {.name = std::move(name), .breaker = std::move(breaker), .order = std::move(order)};
}

Order disabled(std::optional<Instant> until = std::nullopt) {
  return {.kind = Order::Kind::disabled, .until = until, .at = start, .actor = "asha", .reason = "maintenance"};
}

}  // namespace

TEST_CASE("a breaker opens at the fifth failure in a row and not before") {
  struct Row {
    const char* what;
    std::vector<Verdict> answers;
    Circuit circuit;
  };
  using enum Verdict;
  const Row rows[] = {
      {"nothing happened", {}, Circuit::closed},
      {"four failures", {fails, fails, fails, fails}, Circuit::closed},
      {"five failures", {fails, fails, fails, fails, fails}, Circuit::open},
      {"a success between", {fails, fails, fails, fails, works, fails}, Circuit::closed},
      {"silence between is no success", {fails, fails, nothing, fails, fails, nothing, fails}, Circuit::open},
      {"refused credentials open it at once", {denies}, Circuit::open},
      {"a refused request is an answer", {works, works, works, works, works, works}, Circuit::closed},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Breaker breaker;
    for (const Verdict verdict : row.answers) breaker.answered(verdict, "503", start);
    CHECK(breaker.circuit() == row.circuit);
    CHECK(breaker.admits(start) == (row.circuit == Circuit::closed));
  }
}

TEST_CASE("an open breaker is probed after a minute and again a minute after each failed probe") {
  Breaker breaker = opened();
  CHECK(breaker.since() == start);
  CHECK(breaker.why() == "503");
  REQUIRE(breaker.probe_at());
  CHECK(*breaker.probe_at() == start + seconds{60});
  CHECK_FALSE(breaker.admit(start + seconds{61}));  // nobody but the probe

  breaker.probed(Verdict::fails, "still 503", start + seconds{60});
  CHECK(breaker.circuit() == Circuit::open);
  CHECK(*breaker.probe_at() == start + seconds{120});
  CHECK(breaker.since() == start);  // one outage, not two
  CHECK(breaker.why() == "still 503");
}

TEST_CASE("after a good probe one request at a time is let through until one succeeds") {
  Breaker breaker = opened();
  const Instant later = start + seconds{60};
  breaker.probed(Verdict::works, "", later);
  CHECK(breaker.circuit() == Circuit::half_open);
  CHECK_FALSE(breaker.probe_at());
  CHECK(breaker.admit(later));
  CHECK_FALSE(breaker.admit(later + seconds{1}));
  breaker.answered(Verdict::works, "", later + seconds{2});
  CHECK(breaker.circuit() == Circuit::closed);
  CHECK_FALSE(breaker.since());
  CHECK(breaker.failures_in_a_row() == 0);
  CHECK(breaker.admit(later + seconds{2}));
  CHECK(breaker.admit(later + seconds{2}));
}

TEST_CASE("a trial that fails opens the breaker again at once") {
  Breaker breaker = opened();
  const Instant later = start + seconds{60};
  breaker.probed(Verdict::works, "", later);
  CHECK(breaker.admit(later));
  breaker.answered(Verdict::fails, "503", later + seconds{1});
  CHECK(breaker.circuit() == Circuit::open);
  CHECK(breaker.since() == start);
  CHECK(*breaker.probe_at() == later + seconds{61});
}

TEST_CASE("a trial that never tells is followed by another") {
  Breaker breaker = opened();
  const Instant later = start + seconds{60};
  breaker.probed(Verdict::works, "", later);
  CHECK(breaker.admit(later));
  CHECK_FALSE(breaker.admit(later + seconds{14}));
  CHECK(breaker.admit(later + seconds{15}));

  breaker.answered(Verdict::nothing, "", later + seconds{16});  // given up by us: the next may go
  CHECK(breaker.admit(later + seconds{16}));
}

TEST_CASE("an answer to a request from before does not close an open breaker") {
  Breaker breaker = opened();
  breaker.answered(Verdict::works, "", start + seconds{1});
  CHECK(breaker.circuit() == Circuit::open);
  fails(breaker, 3, start + seconds{30});
  CHECK(*breaker.probe_at() == start + seconds{60});  // nor does it put the probe off
}

TEST_CASE("a probe that says nothing is repeated and one that nobody asked for is ignored") {
  Breaker breaker = opened();
  breaker.probed(Verdict::nothing, "", start + seconds{60});
  CHECK(breaker.circuit() == Circuit::open);
  CHECK(*breaker.probe_at() == start + seconds{120});
  Breaker closed;
  closed.probed(Verdict::fails, "late", start);
  CHECK(closed.circuit() == Circuit::closed);
}

TEST_CASE("error codes tell whether the provider or the request is at fault") {
  const std::pair<ErrorCode, Verdict> rows[] = {
      {ErrorCode::timeout, Verdict::fails},
      {ErrorCode::unavailable, Verdict::fails},
      {ErrorCode::internal, Verdict::fails},
      {ErrorCode::unauthorized, Verdict::denies},
      {ErrorCode::forbidden, Verdict::denies},
      {ErrorCode::rate_limited, Verdict::nothing},
      {ErrorCode::concurrent_limit_reached, Verdict::nothing},
      {ErrorCode::cancelled, Verdict::nothing},
      {ErrorCode::invalid_phone_number, Verdict::works},
      {ErrorCode::invalid_request, Verdict::works},
      {ErrorCode::not_found, Verdict::works},
  };
  for (const auto& [code, verdict] : rows) {
    CAPTURE(to_string(code));
    CHECK(verdict_of(code) == verdict);
  }
}

TEST_CASE("the service level counts a window and no more than it holds") {
  ServiceLevel level(minutes{15}, 100);
  CHECK_FALSE(level.figures(start).error_share());
  for (int i = 1; i <= 20; ++i) level.succeeded(start, milliseconds{i * 10});
  for (int i = 0; i < 5; ++i) level.failed(start + minutes{1});
  const ServiceFigures now = level.figures(start + minutes{2});
  CHECK(now.requests == 25);
  CHECK(now.errors == 5);
  CHECK(now.error_share() == doctest::Approx(0.2));
  REQUIRE(now.p50);
  CHECK(*now.p50 == milliseconds{110});
  CHECK(*now.p95 == milliseconds{190});
  const ServiceFigures later = level.figures(start + minutes{15} + seconds{30});
  CHECK(later.requests == 5);
  CHECK_FALSE(later.p50);
  for (int i = 0; i < 1000; ++i) level.succeeded(start + minutes{20}, seconds{1});
  CHECK(level.figures(start + minutes{20}).requests == 100);
}

TEST_CASE("the first in order that works is chosen, a preferred one before, a disabled one never") {
  const Order preferred{.kind = Order::Kind::preferred, .until = start + minutes{30}, .at = start, .actor = "asha"};
  struct Row {
    const char* what;
    std::vector<Candidate> candidates;
    std::optional<std::size_t> chosen;
  };
  const Row rows[] = {
      {"none", {}, std::nullopt},
      {"both work", {candidate("exotel"), candidate("twilio")}, 0},
      {"the first is open", {candidate("exotel", opened()), candidate("twilio")}, 1},
      {"both are open", {candidate("exotel", opened()), candidate("twilio", opened())}, std::nullopt},
      {"the first is disabled", {candidate("exotel", Breaker{}, disabled()), candidate("twilio")}, 1},
      {"disabled until before now",
       {candidate("exotel", Breaker{}, disabled(start - seconds{1})), candidate("twilio")},
       0},
      {"the second is preferred", {candidate("exotel"), candidate("twilio", Breaker{}, preferred)}, 1},
      {"the preferred one is open", {candidate("exotel"), candidate("twilio", opened(), preferred)}, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(choose(row.candidates, start) == row.chosen);
  }
}

TEST_CASE("an outage says since when and why and when it may end") {
  std::vector<Candidate> both{candidate("exotel", opened(start - minutes{5})), candidate("twilio", opened(start))};
  const auto both_open = outage("carrier", both, start + seconds{10});
  REQUIRE(both_open);
  CHECK(both_open->since == start);  // until then twilio took the dials
  CHECK(both_open->reason == "no carrier since 14:02 UTC: exotel (503), twilio (503)");
  CHECK(both_open->look_again > start + seconds{10});
  CHECK(both_open->look_again <= start + seconds{66});

  const auto by_hand =
      outage("carrier", {candidate("exotel", Breaker{}, disabled(start + minutes{30}))}, start + minutes{1});
  REQUIRE(by_hand);
  CHECK(by_hand->reason == "no carrier since 14:02 UTC: exotel (disabled by asha until 14:32 UTC)");
  CHECK(by_hand->look_again > start + minutes{1});
  CHECK(by_hand->look_again <= start + minutes{30});  // somebody may change the order before

  CHECK_FALSE(outage("carrier", {candidate("exotel", opened()), candidate("twilio")}, start));
  CHECK(outage("carrier", {}, start)->reason == "no carrier since 14:02 UTC: none is configured");
}

TEST_CASE("while one is on trial the others wait seconds, not a minute") {
  Breaker trial = opened();
  trial.probed(Verdict::works, "", start + seconds{60});
  CHECK(trial.admit(start + seconds{60}));
  const auto waiting = outage("carrier", {candidate("exotel", trial)}, start + seconds{61});
  REQUIRE(waiting);
  CHECK(waiting->look_again <= start + seconds{66});
  CHECK(waiting->reason.contains("being tried again"));
}

TEST_CASE("an order about a provider survives its line") {
  const Order rows[] = {disabled(), disabled(start + minutes{30}),
                        Order{.kind = Order::Kind::preferred, .at = start, .actor = "a|b", .reason = "x | y | z"}};
  for (const Order& order : rows) {
    const auto back = parse_order(to_line(order));
    REQUIRE(back);
    CHECK(back->kind == order.kind);
    CHECK(back->until == order.until);
    CHECK(back->at == order.at);
    CHECK(back->reason == order.reason);
  }
  CHECK(parse_order(to_line(rows[2]))->actor == "a/b");  // the separator cannot be kept in a name
  for (const char* line : {"", "open|1|2|a|b", "disabled|x|2|a|b", "disabled||y|a|b", "disabled"}) {
    CAPTURE(line);
    CHECK_FALSE(parse_order(line));
  }
}

TEST_CASE("an outage is new's alone only where the old system is seen to work") {
  using enum Capability;
  struct Row {
    const char* what;
    Capability capability;
    bool is_down;
    OldRecord old;
    bool down;
    bool shared;
  };
  const Row rows[] = {
      {"nothing is down", telephony, false, {.calls = 100, .failed = 100}, false, false},
      {"the carrier, and old works", telephony, true, {.calls = 100, .failed = 3}, true, false},
      {"the carrier, and old fails", telephony, true, {.calls = 10, .failed = 6}, false, true},
      {"the carrier, and old dials nothing", telephony, true, {}, false, true},
      {"the carrier, and old dials too little", telephony, true, {.calls = 4, .failed = 0}, false, true},
      {"the model, and old works", llm, true, {.calls = 100, .failed = 3}, true, false},
      {"the model, and old dials nothing", llm, true, {}, true, false},
      {"the model, and old fails for its own reasons", llm, true, {.calls = 10, .failed = 9}, false, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const OutageGauges judged = judge_outage(row.capability, row.is_down, row.old);
    CHECK(judged.down == row.down);
    CHECK(judged.shared == row.shared);
  }
}
