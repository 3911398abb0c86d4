// What Twilio sends us: signed callbacks and the media socket, over real connections.
#include "adapters/twilio/routes.hpp"

#include "adapters/golden.hpp"
#include "adapters/twilio/wire.hpp"
#include "adapters/vendor_fixture.hpp"
#include "audio/g711.hpp"
#include "base/base64.hpp"
#include "fakes/fake_metrics.hpp"

using namespace callramp;
using namespace callramp::twilio;
using namespace callramp::adapters;

namespace {

struct TwilioProduct final : CarrierEvents, MediaSessions {
  std::vector<CarrierCall> calls;
  bool can_store = true;
  std::vector<MediaEvent> events;

  Awaitable<Status> on_carrier_event(std::string provider, CarrierCall call) override {
    CHECK(provider == "twilio");
    if (!can_store) co_return fail(ErrorCode::unavailable, "the disk is full");
    calls.push_back(std::move(call));
    co_return Status{};
  }
  Awaitable<Status> admit(std::string token) override {
    if (token != "good") co_return fail(ErrorCode::not_found, "no such token");
    co_return Status{};
  }
  Awaitable<void> serve(std::string, std::unique_ptr<MediaStream> stream) override {
    while (true) {
      auto event = co_await stream->receive();
      if (!event || !*event) break;
      if (std::holds_alternative<MediaStart>(**event)) {
        CHECK(co_await stream->send_audio(audio::decode(audio::Law::mu, payload())));
        CHECK(co_await stream->send_mark("turn-1-end"));
        CHECK(co_await stream->clear());
        CHECK_FALSE(co_await stream->send_audio({}));
      }
      events.push_back(std::move(**event));
    }
    co_await stream->hang_up();
  }
  static std::string payload() {
    std::string bytes;
    for (int i = 0; i < 160; ++i) bytes += static_cast<char>(i);
    return bytes;
  }
};

struct TwilioMounted {
  TwilioConfig config{.auth_token = "12345", .public_url = "https://calls.example.com", .max_callback_bytes = 2000};
  TwilioProduct product;
  fakes::FakeMetrics metrics;
  MediaCounters counters{metrics, "twilio"};
  NullLog log;
  TwilioRoutes routes{config, product, product, counters, log};
  net::Net net{[this](net::Request& request) {
    return request.method == "POST" ? twilio_webhook(request, routes)
                                    : twilio_media(request, request.path.substr(request.path.rfind('/') + 1), routes);
  }};

  int post(const std::string& target, std::string body, std::optional<std::string> signed_as = std::nullopt) {
    while (body.ends_with('\n')) body.pop_back();
    const auto fields = net::parse_query(body);
    if (!signed_as) signed_as = signature("12345", config.public_url + target, fields ? *fields : net::FormFields{});
    int status = 0;
    net.with_client([&](net::HttpClient& client) -> Awaitable<void> {
      net::ClientRequest request{
          .method = "POST",
          .url = net.url(target),
          .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"X-Twilio-Signature", *signed_as}},
          .body = body};
      const auto answer = co_await client.fetch(std::move(request), net::in(seconds{5}));
      status = answer ? answer->status : 0;
    });
    return status;
  }
};

const std::string target = "/webhooks/twilio/call-status?attempt=01jdq4q8w5e2t8m9n0p1r2s3t4";

}  // namespace

TEST_CASE("a signed callback of Twilio's is stored before it is answered, with the attempt of its URL") {
  TwilioMounted mounted;
  CHECK(mounted.post(target, golden("twilio/callback_completed.form")) == 200);
  REQUIRE(mounted.product.calls.size() == 1);
  CHECK(mounted.product.calls[0].attempt->str() == "01jdq4q8w5e2t8m9n0p1r2s3t4");
  CHECK(mounted.product.calls[0].duration == seconds{21});
}

TEST_CASE("a callback of Twilio's that is unsigned, wrongly signed, changed or nonsense is told so") {
  TwilioMounted mounted;
  const std::string good = golden("twilio/callback_completed.form");
  CHECK(mounted.post(target, good, "") == 403);
  CHECK(mounted.post(target, good, "RSOYDt4T1cUTdK1PDd93/VVr8B8=") == 403);
  // Signed for another attempt's URL.
  std::string body = good;
  while (body.ends_with('\n')) body.pop_back();
  const std::string other = signature("12345", mounted.config.public_url + "/webhooks/twilio/call-status?attempt=other",
                                      *net::parse_query(body));
  CHECK(mounted.post(target, good, other) == 403);
  CHECK(mounted.post(target, "") == 400);
  CHECK(mounted.post(target, "CallSid=CA1&CallStatus=dancing") == 400);
  CHECK(mounted.post(target, "a=%ZZ") == 400);
  CHECK(mounted.post(target, "a=" + std::string(3000, 'b')) == 413);
  CHECK(mounted.product.calls.empty());
  mounted.product.can_store = false;
  CHECK(mounted.post(target, good) == 503);
  mounted.config.auth_token.clear();
  CHECK(mounted.post(target, good) == 404);
}

TEST_CASE("Twilio's media socket carries mu-law both ways") {
  TwilioMounted mounted;
  std::vector<std::string> got;
  mounted.net.with_client([&](net::HttpClient& client) -> Awaitable<void> {
    CHECK_FALSE(co_await client.websocket(mounted.net.url("/ws/bad", "ws"), {}, net::in(seconds{5})));
    auto socket = co_await client.websocket(mounted.net.url("/ws/good", "ws"), {}, net::in(seconds{5}));
    REQUIRE(socket);
    for (const char* name : {"ws_connected", "ws_start", "ws_media", "ws_dtmf", "ws_mark", "ws_stop"})
      CHECK(co_await (*socket)->send_text(golden("twilio/" + std::string(name) + ".json")));
    for (;;) {
      auto message = co_await (*socket)->receive();
      if (!message || !*message) break;
      got.push_back((*message)->data);
    }
  });
  const auto& events = mounted.product.events;
  REQUIRE(events.size() == 5);
  CHECK(std::get<MediaStart>(events[0]).provider_call_id == "CA5ef8732a3c49700934481addd5ce1659");
  CHECK(std::get<MediaAudio>(events[1]).samples == audio::decode(audio::Law::mu, TwilioProduct::payload()));
  CHECK(std::get<MediaDtmf>(events[2]).digit == '1');
  CHECK(std::get<MediaMark>(events[3]).name == "turn-1-end");
  CHECK(std::get<MediaStop>(events[4]).callee_hung_up);
  REQUIRE(got.size() == 3);
  const char* names[] = {"out_media", "out_mark", "out_clear"};
  for (std::size_t i = 0; i < got.size(); ++i) {
    // 127 and 255 are both zero: what comes back has one of them.
    auto expected = boost::json::parse(golden("twilio/" + std::string(names[i]) + ".json"));
    if (i == 0)
      expected.at("media").at("payload") =
          base64_encode(audio::encode(audio::Law::mu, audio::decode(audio::Law::mu, TwilioProduct::payload())));
    CHECK(boost::json::parse(got[i]) == expected);
  }
}

TEST_CASE("a stream that is not mu-law at 8 kHz is refused") {
  TwilioMounted mounted;
  std::string start = golden("twilio/ws_start.json");
  start.replace(start.find("audio/x-mulaw"), 13, "audio/x-raw");
  mounted.net.with_client([&](net::HttpClient& client) -> Awaitable<void> {
    auto socket = co_await client.websocket(mounted.net.url("/ws/good", "ws"), {}, net::in(seconds{5}));
    REQUIRE(socket);
    CHECK(co_await (*socket)->send_text(start));
    const auto closed = co_await (*socket)->receive();
    CHECK((!closed || !*closed));
  });
  CHECK(mounted.product.events.empty());
}
