#include "core/outbox/outbox.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace callramp {
namespace {

const Instant start = from_micros(1'764'000'000'000'000);

TEST_CASE("a delivery that failed is tried again later and later until a day has passed") {
  const DeliveryRetry rule;
  const Instant give_up = start + rule.patience;
  Instant now = start;
  std::vector<std::int64_t> waits;
  int tries = 1;
  for (auto next = next_delivery(rule, tries, give_up, now, 0.5); next;
       next = next_delivery(rule, ++tries, give_up, now, 0.5)) {
    waits.push_back(std::chrono::duration_cast<seconds>(*next - now).count());
    now = *next;
    REQUIRE(waits.size() < 100);
  }
  CHECK(now == give_up);  // the last try is at the very end
  REQUIRE(waits.size() > 10);
  CHECK(std::vector(waits.begin(), waits.begin() + 5) == std::vector<std::int64_t>{15, 30, 60, 120, 240});
  CHECK(*std::ranges::max_element(waits) == 7200);
}

TEST_CASE("jitter moves a try by a fifth at most") {
  const DeliveryRetry rule;
  const Instant give_up = start + hours{24};
  CHECK(next_delivery(rule, 1, give_up, start, 0.0) == start + seconds{12});
  CHECK(next_delivery(rule, 1, give_up, start, 1.0) == start + seconds{18});
  CHECK(next_delivery(rule, 1000, give_up, start, 0.5) == start + hours{2});
  CHECK(next_delivery(rule, 3, start, start, 0.5) == std::nullopt);
}

TEST_CASE("events and states are read back from their words and nothing else is") {
  for (const EventKind kind : every_event) CHECK(parse_event_kind(to_string(kind)) == kind);
  for (const char* wrong : {"", "call", "call.final ", "CALL.FINAL"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_event_kind(wrong));
    CHECK_FALSE(parse_delivery_state(wrong));
  }
  CHECK(parse_event_kind("x").error().message.find("decision.taken") != std::string::npos);
  CHECK(parse_delivery_state("dead") == DeliveryState::dead);
}

}  // namespace
}  // namespace callramp
