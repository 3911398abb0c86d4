#include "adapters/webhook/webhook_courier.hpp"

#include "adapters/sql/sqlite_world.hpp"
#include "adapters/vendor_fixture.hpp"

namespace callramp::webhook {
namespace {

TEST_CASE("the signature is HMAC-SHA256 of the time and the body") {
  // The vector that docs/webhooks.md's examples are tried with, from Python's hmac.
  CHECK(signature("whsec_test", from_micros(1'764'000'000'999'999), R"({"id":"evt_1"})") ==
        "t=1764000000,v1=76728ba9029660ebc0a14b80fefcffcc0ad9c7139948290090e9bb71e97d5918");
}

using adapters::Seen;
using adapters::Vendor;

Parcel parcel() {
  return {.seq = 1,
          .kind = "webhook",
          .target = "hook",
          .event_id = "evt_1",
          .event = "call.final",
          .subject = "call-1",
          .body = R"({"id":"evt_1"})",
          .tries = 3};
}

/// One delivery to a receiver that answers so.
Status delivered(Vendor& vendor, WebhookConfig config, net::ClientOptions options = {}) {
  sql::InlineInMemory db;
  db.ok(db.stores().outbox().add_webhook({.id = WebhookId{"hook"},
                                          .url = vendor.url() + "/events?from=callramp",
                                          .events = {EventKind::call_final},
                                          .secret = "whsec_test",
                                          .created_at = contract::start,
                                          .created_by = "asha"},
                                         "asha"));
  Status status;
  vendor.run(
      [&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
        WebhookCourier courier(config, pool, db.stores().outbox(), clock);
        status = co_await courier.deliver(parcel(), net::in(seconds{5}));
      },
      std::move(options));
  return status;
}

TEST_CASE("a receiver gets the body with its event and a signature that fits") {
  Vendor vendor([](const Seen&) { return net::Response{.status = 204}; });
  CHECK(delivered(vendor, {.allow_private = true}));
  REQUIRE(vendor.seen().size() == 1);
  const Seen seen = vendor.seen()[0];
  CHECK(seen.method == "POST");
  CHECK(seen.target == "/events?from=callramp");
  CHECK(seen.body == R"({"id":"evt_1"})");
  CHECK(seen.header("Content-Type") == "application/json");
  CHECK(seen.header("X-Callramp-Event") == "call.final");
  CHECK(seen.header("X-Callramp-Event-Id") == "evt_1");
  CHECK(seen.header("X-Callramp-Try") == "3");
  const std::string signed_as = seen.header("X-Callramp-Signature");
  REQUIRE(signed_as.starts_with("t="));
  const auto at = std::chrono::seconds{std::stoll(signed_as.substr(2))};
  CHECK(signed_as == signature("whsec_test", Instant{at}, seen.body));
}

TEST_CASE("anything but a 2xx is tried again and 410 never") {
  for (const auto& [status, code] : std::vector<std::pair<int, ErrorCode>>{{500, ErrorCode::unavailable},
                                                                           {404, ErrorCode::unavailable},
                                                                           {302, ErrorCode::unavailable},
                                                                           {429, ErrorCode::unavailable},
                                                                           {410, ErrorCode::not_found}}) {
    CAPTURE(status);
    Vendor vendor([answer = status](const Seen&) {
      return net::Response{.status = answer, .headers = {{"Location", "/elsewhere"}}, .body = "no\nthanks"};
    });
    const Status said = delivered(vendor, {.allow_private = true});
    REQUIRE_FALSE(said);
    CHECK(said.error().code == code);
    CHECK(said.error().message.find(std::to_string(status) + ": no thanks") != std::string::npos);
    CHECK(vendor.seen().size() == 1);
  }
}

TEST_CASE("an endless answer of a receiver does not matter") {
  Vendor vendor([](const Seen&) { return net::Response{.body = std::string(1'000'000, 'x')}; });
  CHECK(delivered(vendor, {.allow_private = true}));
}

TEST_CASE("what was subscribed when it was allowed is refused when it is not any more") {
  Vendor vendor([](const Seen&) { return net::Response{}; });
  const Status plain = delivered(vendor, {.allow_private = false});
  REQUIRE_FALSE(plain);
  CHECK(plain.error().code == ErrorCode::invalid_request);
  const Status guarded = delivered(vendor, {.allow_private = true}, {.public_only = true});
  REQUIRE_FALSE(guarded);
  CHECK(guarded.error().code == ErrorCode::unavailable);
  CHECK(vendor.seen().empty());
}

TEST_CASE("a URL is refused for what is wrong with it") {
  struct {
    std::string url;
    std::optional<ErrorCode> strict;
    std::optional<ErrorCode> lax;
  } const rows[] = {
      {"https://8.8.8.8/hook", std::nullopt, std::nullopt},
      {"http://8.8.8.8/hook", ErrorCode::invalid_request, std::nullopt},
      {"https://127.0.0.1/hook", ErrorCode::forbidden, std::nullopt},
      {"https://localhost/hook", ErrorCode::forbidden, std::nullopt},
      {"https://169.254.169.254/latest/meta-data", ErrorCode::forbidden, std::nullopt},
      {"https://[::1]/hook", ErrorCode::forbidden, std::nullopt},
      {"https://user:password@8.8.8.8/", ErrorCode::invalid_request, ErrorCode::invalid_request},
      {"https://nothing.invalid/", ErrorCode::invalid_request, std::nullopt},
      {"wss://8.8.8.8/", ErrorCode::invalid_request, ErrorCode::invalid_request},
      {"ftp://8.8.8.8/", ErrorCode::invalid_request, ErrorCode::invalid_request},
      {"https://", ErrorCode::invalid_request, ErrorCode::invalid_request},
      {"", ErrorCode::invalid_request, ErrorCode::invalid_request},
      {"https://8.8.8.8/" + std::string(2000, 'x'), ErrorCode::invalid_request, ErrorCode::invalid_request},
  };
  Vendor vendor([](const Seen&) { return net::Response{}; });
  vendor.run([&](net::ClientPool&, async::Clock&) -> Awaitable<void> {
    for (const auto& row : rows) {
      CAPTURE(row.url);
      for (const bool allow : {false, true}) {
        CAPTURE(allow);
        const Status checked = co_await check_url(row.url, {.allow_private = allow});
        const auto& wanted = allow ? row.lax : row.strict;
        CHECK((checked ? std::nullopt : std::optional(checked.error().code)) == wanted);
        if (!checked) CHECK(checked.error().field == "url");
      }
    }
  });
}

}  // namespace
}  // namespace callramp::webhook
