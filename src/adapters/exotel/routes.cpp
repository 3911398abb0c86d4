#include "adapters/exotel/routes.hpp"

#include "adapters/common/media_route.hpp"
#include "adapters/exotel/wire.hpp"
#include "net/digest.hpp"

namespace callramp::exotel {
namespace {

using adapters::plain;

}  // namespace

Awaitable<net::Response> exotel_webhook(net::Request& request, std::string secret, const ExotelRoutes& routes) {
  const std::string& expected = routes.config.webhook_secret;
  if (expected.empty() || !net::constant_time_equal(secret, expected)) co_return plain(404);
  auto body = co_await net::read_all(*request.body, routes.config.max_callback_bytes);
  if (!body) co_return plain(body.error().code == ErrorCode::payload_too_large ? 413 : 400, body.error().message);
  const std::string content_type(request.headers.find("Content-Type").value_or(""));
  auto call = parse_status_callback(content_type, *body, routes.config);
  if (!call) {
    routes.log.warn("exotel_bad_callback", {{"reason", call.error().message}, {"bytes", body->size()}});
    co_return plain(400, call.error().message);
  }
  const std::string call_sid = call->provider_call_id;
  const auto stored = co_await routes.events.on_carrier_event("exotel", *std::move(call));
  if (stored) co_return plain(200);
  routes.log.error("exotel_callback_not_stored", {{"call_sid", call_sid}, {"reason", stored.error().message}});
  co_return plain(503);
}

Awaitable<net::Response> exotel_media(net::Request& request, std::string stream_token, const ExotelRoutes& routes) {
  co_return co_await adapters::media_route(
      request, std::move(stream_token), routes.sessions,
      [&routes](std::unique_ptr<net::WebSocket> socket) -> std::unique_ptr<MediaStream> {
        return std::make_unique<ExotelMediaStream>(std::move(socket), routes.config, routes.counters, routes.log);
      },
      routes.log);
}

}  // namespace callramp::exotel
