#include "adapters/exotel/routes.hpp"

#include "adapters/exotel/wire.hpp"
#include "net/digest.hpp"
#include "net/web_socket.hpp"

namespace callramp::exotel {
namespace {

net::Response plain(int status, std::string body = {}) {
  return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(body)};
}

Awaitable<void> serve(std::unique_ptr<net::WebSocket> socket, std::string stream_token, const ExotelRoutes* routes) {
  auto stream = std::make_unique<ExotelMediaStream>(std::move(socket), routes->config, routes->counters, routes->log);
  co_await routes->sessions.serve(std::move(stream_token), std::move(stream));
}

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
  const auto upgrade = request.headers.find("Upgrade");
  if (!upgrade || !net::same_name(*upgrade, "websocket")) {
    net::Response response = plain(426, "this is a WebSocket");
    response.headers.set("Upgrade", "websocket");
    co_return response;
  }
  if (const auto admitted = co_await routes.sessions.admit(stream_token); !admitted) {
    routes.log.warn("media_refused", {{"reason", admitted.error().message}, {"from", request.remote_address}});
    co_return plain(admitted.error().code == ErrorCode::not_found ? 404 : 503);
  }
  net::Response response;
  response.upgrade = [stream_token = std::move(stream_token), &routes](std::unique_ptr<net::WebSocket> socket) {
    return serve(std::move(socket), stream_token, &routes);
  };
  co_return response;
}

}  // namespace callramp::exotel
