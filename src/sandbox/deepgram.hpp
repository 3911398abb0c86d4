// Deepgram: the sandbox's stand-in for speech to text and text to speech (reference/wire-protocols part B).
//
// GET /v1/listen and /v1/speak as WebSockets, POST /v1/listen for recordings, POST /v1/speak for one text, and the few
// GETs that clients use to try a key. It hears what the phrases' index holds (recognizer.hpp) and speaks with the
// sandbox's voices.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.hpp"
#include "net/web_socket.hpp"
#include "sandbox/listen_session.hpp"
#include "sandbox/provider.hpp"
#include "sandbox/speak_options.hpp"

namespace callramp::sandbox {

class Deepgram {
 public:
  explicit Deepgram(ProviderContext context) : context_(context), draws_(context.world) {}

  /// For net::HttpServer; outlives the server.
  Awaitable<net::Response> handle(net::Request& request);

 private:
  using Query = std::vector<std::pair<std::string, std::string>>;
  struct ListenSocket;
  struct SpeakSocket;

  Awaitable<net::Response> listen(net::Request& request, Query query, std::string request_id);
  Awaitable<net::Response> transcribe(net::Request& request, ListenOptions options, std::string request_id);
  Awaitable<net::Response> speak(net::Request& request, SpeakOptions options, std::string request_id);
  Awaitable<void> serve_listen(std::unique_ptr<net::WebSocket> socket, ListenOptions options, std::string request_id);
  Awaitable<void> serve_speak(std::unique_ptr<net::WebSocket> socket, SpeakOptions options, std::string request_id);

  ProviderContext context_;
  Draws draws_;
  // Recognition works in bursts of milliseconds. On a thread of its own it holds up no other call, whose waiting the
  // stamps would book as the product's.
  asio::thread_pool ears_{1};
};

/// The text's sound as `options` ask for it, without a container. Rendered off the io thread.
Awaitable<Result<std::string>> synthesise(Voices& voices, std::string text, SpeakOptions options);

}  // namespace callramp::sandbox
