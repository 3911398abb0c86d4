#include "adapters/exotel/routes.hpp"

#include <atomic>

#include "adapters/golden.hpp"
#include "adapters/vendor_fixture.hpp"
#include "fakes/fake_metrics.hpp"

using namespace callramp;
using namespace callramp::exotel;
using namespace callramp::adapters;

namespace {

struct Product final : CarrierEvents, MediaSessions {
  std::vector<CarrierCall> calls;
  bool can_store = true;
  bool can_admit = true;
  std::vector<std::string> served;
  std::size_t samples = 0;

  Awaitable<Status> on_carrier_event(std::string provider, CarrierCall call) override {
    CHECK(provider == "exotel");
    if (!can_store) co_return fail(ErrorCode::unavailable, "the disk is full");
    calls.push_back(std::move(call));
    co_return Status{};
  }
  Awaitable<Status> admit(std::string token) override {
    if (!can_admit) co_return fail(ErrorCode::unavailable, "shutting down");
    if (token != "good") co_return fail(ErrorCode::not_found, "no such token");
    co_return Status{};
  }
  Awaitable<void> serve(std::string token, std::unique_ptr<MediaStream> stream) override {
    served.push_back(token);
    while (true) {
      auto event = co_await stream->receive();
      if (!event || !*event) break;
      if (std::holds_alternative<MediaStart>(**event)) CHECK(co_await stream->send_audio(audio::Pcm(160)));
      if (const auto* media = std::get_if<MediaAudio>(&**event)) samples += media->samples.size();
      if (std::holds_alternative<MediaDtmf>(**event)) co_await stream->hang_up();
    }
  }
};

/// The two routes, mounted as the composition root does.
struct Mounted {
  ExotelConfig config{.webhook_secret = "s3cret", .max_callback_bytes = 2000};
  Product product;
  fakes::FakeMetrics metrics;
  MediaCounters counters{metrics, "exotel"};
  NullLog log;
  ExotelRoutes routes{config, product, product, counters, log};
  net::Net net{[this](net::Request& request) {
    const std::string last = request.path.substr(request.path.rfind('/') + 1);
    return request.method == "POST" ? exotel_webhook(request, last, routes) : exotel_media(request, last, routes);
  }};

  int post(const std::string& secret, const std::string& body, const std::string& type = "application/json") {
    int status = 0;
    net.with_client([&](net::HttpClient& client) -> Awaitable<void> {
      net::ClientRequest request{
          .method = "POST", .url = net.url("/" + secret), .headers = {{"Content-Type", type}}, .body = body};
      const auto answer = co_await client.fetch(std::move(request), net::in(seconds{5}));
      status = answer ? answer->status : 0;
    });
    return status;
  }
};

}  // namespace

TEST_CASE("a status callback is stored before it is answered") {
  Mounted mounted;
  CHECK(mounted.post("s3cret", golden("exotel/callback_terminal_completed.json")) == 200);
  CHECK(mounted.post("s3cret", golden("exotel/callback_terminal_minimal.multipart"),
                     "multipart/form-data; boundary=----callramp-sandbox-boundary") == 200);
  REQUIRE(mounted.product.calls.size() == 2);
  CHECK(mounted.product.calls[0].attempt->str() == "01jdq4q8w5e2t8m9n0p1r2s3t4");
}

TEST_CASE("a callback with a wrong secret, nonsense or no store behind it is told so") {
  Mounted mounted;
  const std::string good = golden("exotel/callback_answered.json");
  CHECK(mounted.post("wrong", good) == 404);
  CHECK(mounted.post("", good) == 404);
  CHECK(mounted.post("s3cret", "nonsense", "text/plain") == 400);
  CHECK(mounted.post("s3cret", "{}") == 400);
  CHECK(mounted.post("s3cret", std::string(3000, ' ') + good) == 413);
  mounted.product.can_store = false;
  CHECK(mounted.post("s3cret", good) == 503);
  CHECK(mounted.product.calls.empty());
  // Without a secret of our own nothing is let in, least of all with an empty one.
  mounted.config.webhook_secret.clear();
  CHECK(mounted.post("", good) == 404);
}

TEST_CASE("the media socket is opened with a good token, and serves until it ends") {
  Mounted mounted;
  std::string first;
  mounted.net.with_client([&](net::HttpClient& client) -> Awaitable<void> {
    auto socket =
        co_await client.websocket(mounted.net.url("/voice/good?sample-rate=8000", "ws"), {}, net::in(seconds{5}));
    REQUIRE(socket);
    for (const char* name : {"ws_connected", "ws_start", "ws_media"})
      CHECK(co_await (*socket)->send_text(golden("exotel/" + std::string(name) + ".json")));
    const auto message = co_await (*socket)->receive();
    REQUIRE(message);
    REQUIRE(*message);
    first = (*message)->data;
    CHECK_FALSE((*message)->binary);
    CHECK(co_await (*socket)->send_text(golden("exotel/ws_dtmf.json")));
    const auto end = co_await (*socket)->receive();
    REQUIRE(end);
    CHECK_FALSE(end->has_value());
    CHECK((*socket)->close_code() == 1000);
  });
  CHECK(boost::json::parse(first).at("event") == "media");
  CHECK(mounted.product.served == std::vector<std::string>{"good"});
  CHECK(mounted.product.samples == 160);
}

TEST_CASE("the media socket is refused to strangers") {
  Mounted mounted;
  struct Row {
    const char* path;
    bool can_admit;
    const char* said;
  };
  for (const Row& row : {Row{"/voice/bad", true, "404"}, Row{"/voice/good", false, "503"}}) {
    mounted.product.can_admit = row.can_admit;
    mounted.net.with_client([&](net::HttpClient& client) -> Awaitable<void> {
      const auto refused = co_await client.websocket(mounted.net.url(row.path, "ws"), {}, net::in(seconds{5}));
      REQUIRE_FALSE(refused);
      CHECK(refused.error().message.find(row.said) != std::string::npos);
    });
  }
  mounted.net.with_client([&](net::HttpClient& client) -> Awaitable<void> {
    const auto plain = co_await client.fetch({.url = mounted.net.url("/voice/good")}, net::in(seconds{5}));
    REQUIRE(plain);
    CHECK(plain->status == 426);
  });
  CHECK(mounted.product.served.empty());
}
