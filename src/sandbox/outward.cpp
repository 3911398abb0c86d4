#include "sandbox/outward.hpp"

#include "base/base64.hpp"

namespace callramp::sandbox::outward {
namespace {

constexpr auto kHandshakeLimit = seconds{10};
constexpr int kHandshakeTries = 2;
constexpr auto kCallbackLimit = seconds{10};

/// The URL without user and password; those go into a header, as the carriers' own clients send them.
std::string split_credentials(const std::string& text, net::Headers& headers) {
  const auto url = net::parse_url(text);
  if (!url || url->user_info.empty()) return text;
  headers.set("Authorization", "Basic " + base64_encode(url->user_info));
  const std::string host = url->host.find(':') == std::string::npos ? url->host : "[" + url->host + "]";
  return url->scheme + "://" + host + ":" + std::to_string(url->port) + url->target;
}

}  // namespace

Awaitable<std::unique_ptr<net::WebSocket>> open_media(net::HttpClient& client, Parts parts, std::string url) {
  for (int i = 0; i < kHandshakeTries; ++i) {
    net::Headers headers;
    std::string bare = split_credentials(url, headers);
    auto opened = co_await client.websocket(std::move(bare), std::move(headers), parts.clock.now() + kHandshakeLimit);
    if (opened) co_return *std::move(opened);
    parts.log.warn("sandbox_media_handshake_failed", {{"reason", opened.error().message}});
  }
  co_return nullptr;
}

Awaitable<bool> post(net::HttpClient& client, Parts parts, std::string url, net::Headers headers, std::string body) {
  std::string bare = split_credentials(url, headers);
  net::ClientRequest request{
      .method = "POST", .url = std::move(bare), .headers = std::move(headers), .body = std::move(body)};
  const auto answered = co_await client.fetch(std::move(request), parts.clock.now() + kCallbackLimit);
  if (answered && answered->status / 100 == 2) co_return true;
  parts.log.warn("sandbox_callback_refused",
                 {{"reason", answered ? "status " + std::to_string(answered->status) : answered.error().message}});
  co_return false;
}

}  // namespace callramp::sandbox::outward
