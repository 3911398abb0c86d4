// What Twilio calls: the signed status webhook and the media WebSocket. The composition root mounts both.
#pragma once

#include <string>

#include "adapters/twilio/config.hpp"
#include "adapters/twilio/twilio_media_stream.hpp"
#include "net/http.hpp"
#include "ports/telephony.hpp"

namespace callramp::twilio {

/// What the routes need; everything outlives the server.
struct TwilioRoutes {
  const TwilioConfig& config;
  CarrierEvents& events;
  MediaSessions& sessions;
  adapters::MediaCounters& counters;
  Log& log;
};

/// POST /webhooks/twilio/call-status?attempt=ID. 200 once the event is stored, 403 for a wrong or missing signature,
/// 404 where Twilio is not configured, 400 for a body that says nothing, 413 for too long a one, 503 if it could not be
/// stored.
Awaitable<net::Response> twilio_webhook(net::Request& request, const TwilioRoutes& routes);

/// GET /ws/twilio/voice/{streamToken}. 404 for a token that is unknown, spent or dead, 426 for what is no upgrade.
Awaitable<net::Response> twilio_media(net::Request& request, std::string stream_token, const TwilioRoutes& routes);

}  // namespace callramp::twilio
