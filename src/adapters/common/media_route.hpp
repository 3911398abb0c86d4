// The media WebSocket's route, the same for every carrier but for the stream that it makes of the socket.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "net/http.hpp"
#include "net/web_socket.hpp"
#include "ports/telephony.hpp"

namespace callramp::adapters {

using MakeStream = std::function<std::unique_ptr<MediaStream>(std::unique_ptr<net::WebSocket>)>;

/// A text answer of a webhook.
net::Response plain(int status, std::string body = {});

/// 404 for a token that is unknown, spent or dead, 426 for what is no upgrade, 503 if that could not be told.
Awaitable<net::Response> media_route(net::Request& request, std::string stream_token, MediaSessions& sessions,
                                     MakeStream make_stream, Log& log);

}  // namespace callramp::adapters
