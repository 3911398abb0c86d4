#include "adapters/webhook/webhook_courier.hpp"

#include "adapters/common/json_read.hpp"
#include "net/dial.hpp"
#include "net/digest.hpp"

namespace callramp::webhook {
namespace {

constexpr std::size_t max_url_bytes = 2000;
constexpr std::size_t max_answer_bytes = 16 * 1024;
constexpr seconds resolve_patience{5};

Result<net::Url> parse_receiver(const std::string& url, const WebhookConfig& config) {
  TRY(parsed, net::parse_url(url));
  if (parsed.scheme != "https" && !(config.allow_private && parsed.scheme == "http"))
    return fail(ErrorCode::invalid_request,
                "a webhook's URL starts with https://, so that nobody on the way reads what is sent", "url");
  if (!parsed.user_info.empty())
    return fail(ErrorCode::invalid_request,
                "a webhook's URL has no user and password in it; check the signature instead", "url");
  return parsed;
}

}  // namespace

std::string signature(std::string_view secret, Instant at, std::string_view body) {
  const std::string stamp = std::to_string(std::chrono::floor<seconds>(at).time_since_epoch().count());
  return "t=" + stamp + ",v1=" + net::hmac_sha256_hex(secret, stamp + "." + std::string(body));
}

Awaitable<Status> check_url(std::string url, WebhookConfig config) {
  if (url.size() > max_url_bytes)
    co_return fail(ErrorCode::invalid_request,
                   "a webhook's URL has " + std::to_string(max_url_bytes) + " bytes at most", "url");
  auto parsed = parse_receiver(url, config);
  if (!parsed) co_return fail(parsed.error().code, parsed.error().message, "url");
  if (config.allow_private) co_return Status{};
  auto reachable = co_await net::check_public(*std::move(parsed), resolve_patience);
  // A name that does not resolve is the giver's mistake, too.
  if (!reachable)
    co_return fail(reachable.error().code == ErrorCode::forbidden ? ErrorCode::forbidden : ErrorCode::invalid_request,
                   reachable.error().message, "url");
  co_return Status{};
}

WebhookCourier::WebhookCourier(WebhookConfig config, net::ClientPool& clients, OutboxStore& store, async::Clock& clock)
    : config_(config), clients_(clients), store_(store), clock_(clock) {}

Awaitable<Status> WebhookCourier::deliver(Parcel parcel, Instant deadline) {
  CO_TRY(webhook, co_await store_.webhook(WebhookId{parcel.target}));
  // What was allowed when it was subscribed may not be any more.
  CO_TRY(receiver, parse_receiver(webhook.url, config_));
  net::ClientRequest request{.method = "POST", .url = webhook.url};
  request.headers.set("Content-Type", "application/json");
  request.headers.set("X-Callramp-Event", parcel.event);
  request.headers.set("X-Callramp-Event-Id", parcel.event_id);
  request.headers.set("X-Callramp-Try", std::to_string(parcel.tries));
  request.headers.set("X-Callramp-Signature", signature(webhook.secret, clock_.now(), parcel.body));
  request.body = std::move(parcel.body);
  net::HttpClient* const client = co_await clients_.here();
  CO_TRY(answer, co_await client->send(std::move(request), deadline));
  if (answer.status / 100 == 2) {
    // Read, so that the connection serves the next one; what it says is nobody's concern.
    (void)co_await net::read_all(*answer.body, max_answer_bytes);
    co_return Status{};
  }
  const auto said = co_await net::read_all(*answer.body, max_answer_bytes);
  const std::string why = receiver.host + " answered " + std::to_string(answer.status) +
                          (said && !said->empty() ? ": " + adapters::excerpt(*said) : "");
  co_return fail(answer.status == 410 ? ErrorCode::not_found : ErrorCode::unavailable, why);
}

}  // namespace callramp::webhook
