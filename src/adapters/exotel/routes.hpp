// What Exotel calls: the status webhook and the media WebSocket. The composition root mounts both.
#pragma once

#include <string>

#include "adapters/exotel/config.hpp"
#include "adapters/exotel/exotel_media_stream.hpp"
#include "base/log.hpp"
#include "net/http.hpp"
#include "ports/telephony.hpp"

namespace callramp::exotel {

/// What the routes need; everything outlives the server.
struct ExotelRoutes {
  const ExotelConfig& config;
  CarrierEvents& events;
  MediaSessions& sessions;
  MediaCounters& counters;
  Log& log;
};

/// POST /webhooks/exotel/{secret}/call-status. 200 once the event is stored, 404 for a wrong secret, 400 for a body
/// that says nothing, 413 for too long a one, 503 if it could not be stored, so that it comes again.
Awaitable<net::Response> exotel_webhook(net::Request& request, std::string secret, const ExotelRoutes& routes);

/// GET /ws/exotel/voice/{streamToken}. 404 for a token that is unknown, spent or dead, 426 for what is no upgrade.
Awaitable<net::Response> exotel_media(net::Request& request, std::string stream_token, const ExotelRoutes& routes);

}  // namespace callramp::exotel
