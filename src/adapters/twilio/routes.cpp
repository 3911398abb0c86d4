#include "adapters/twilio/routes.hpp"

#include "adapters/common/media_route.hpp"
#include "adapters/twilio/wire.hpp"
#include "net/digest.hpp"

namespace callramp::twilio {
namespace {

using adapters::plain;

std::optional<AttemptId> attempt_of(const std::string& query) {
  const auto fields = net::parse_query(query);
  if (!fields) return std::nullopt;
  for (const auto& [name, value] : *fields)
    if (name == "attempt" && !value.empty()) return AttemptId{value};
  return std::nullopt;
}

}  // namespace

Awaitable<net::Response> twilio_webhook(net::Request& request, const TwilioRoutes& routes) {
  const TwilioConfig& config = routes.config;
  if (config.auth_token.empty()) co_return plain(404);
  auto body = co_await net::read_all(*request.body, config.max_callback_bytes);
  if (!body) co_return plain(body.error().code == ErrorCode::payload_too_large ? 413 : 400, body.error().message);
  const auto fields = net::parse_query(*body);
  if (!fields) co_return plain(400, fields.error().message);
  // Over the URL as Twilio was told it: what stands before us may have rewritten host and scheme, not the target.
  const std::string expected = signature(config.auth_token, config.public_url + request.target, *fields);
  if (!net::constant_time_equal(request.headers.find("X-Twilio-Signature").value_or(""), expected)) {
    routes.log.warn("twilio_bad_signature", {{"from", request.remote_address}, {"bytes", body->size()}});
    co_return plain(403, "the signature is wrong: check TWILIO_AUTH_TOKEN and PUBLIC_URL");
  }
  auto call = parse_status_callback(*fields, attempt_of(request.query));
  if (!call) {
    routes.log.warn("twilio_bad_callback", {{"reason", call.error().message}, {"bytes", body->size()}});
    co_return plain(400, call.error().message);
  }
  const std::string call_sid = call->provider_call_id;
  const auto stored = co_await routes.events.on_carrier_event("twilio", *std::move(call));
  if (stored) co_return plain(200);
  routes.log.error("twilio_callback_not_stored", {{"call_sid", call_sid}, {"reason", stored.error().message}});
  co_return plain(503);
}

Awaitable<net::Response> twilio_media(net::Request& request, std::string stream_token, const TwilioRoutes& routes) {
  co_return co_await adapters::media_route(
      request, std::move(stream_token), routes.sessions,
      [&routes](std::unique_ptr<net::WebSocket> socket) -> std::unique_ptr<MediaStream> {
        return std::make_unique<TwilioMediaStream>(std::move(socket), routes.config, routes.counters, routes.log);
      },
      routes.log);
}

}  // namespace callramp::twilio
