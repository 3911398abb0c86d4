// OpenAi: the sandbox's stand-in for chat completions and speech (reference/wire-protocols part C).
//
// POST /v1/chat/completions streamed and whole, POST /v1/audio/speech, GET /v1/models. What it says is chosen by the
// world's script (chat_reply.hpp), when it says it by the world's delays.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/http.hpp"
#include "sandbox/chat_reply.hpp"
#include "sandbox/provider.hpp"

namespace callramp::sandbox {

class OpenAi {
 public:
  explicit OpenAi(ProviderContext context) : context_(context), draws_(context.world) {}

  /// For net::HttpServer; outlives the server.
  Awaitable<net::Response> handle(net::Request& request);

 private:
  /// One request of one caller.
  struct Asked {
    std::string request_id;
    std::string attempt;  ///< X-Client-Request-Id: our product puts its attempt id there
    Instant received{};   ///< its last byte
  };
  struct Answer;

  Awaitable<net::Response> chat(net::Request& request, Asked asked);
  Awaitable<net::Response> speech(net::Request& request, Asked asked);
  Awaitable<Status> stream_chat(net::BodyWriter& writer, Answer answer, Asked asked);

  ProviderContext context_;
  Draws draws_;
};

}  // namespace callramp::sandbox
