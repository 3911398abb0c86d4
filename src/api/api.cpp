#include "api/api.hpp"

#include <algorithm>
#include <exception>

#include "api/answers.hpp"
#include "api/routes.hpp"
#include "api/token_guard.hpp"

namespace callramp::api {
namespace {

constexpr std::size_t max_request_id_bytes = 64;

// What a client may choose as its request's id: it comes back in a header and goes into the log.
bool is_sane_id(std::string_view id) {
  return !id.empty() && id.size() <= max_request_id_bytes && std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.';
  });
}

std::string_view bearer(const net::Request& request) {
  const auto header = request.headers.find("Authorization");
  constexpr std::string_view scheme = "Bearer ";
  if (!header || header->size() < scheme.size() || !net::same_name(header->substr(0, scheme.size()), scheme)) return {};
  return header->substr(scheme.size());
}

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

// Asked for under a name of this machine: a page elsewhere whose name points here has a name of its own.
bool has_loopback_host(const net::Request& request) {
  std::string_view host = request.headers.find("Host").value_or("");
  if (!host.ends_with(']')) host = host.substr(0, std::min(host.rfind(':'), host.size()));
  return net::same_name(host, "localhost") || host == "127.0.0.1" || host == "[::1]";
}

// What broke on our side, in the one shape of this API; an OpenFeature client finds its own two fields beside it,
// without which it can only guess (OFREP 0.3).
net::Response failure(const Error& error, const Route& route, const Exchange& exchange) {
  json::object body = error_body(error, exchange.request_id);
  if (http_status(error.code) >= 500 && route.pattern.starts_with("/ofrep/v1/evaluate/")) {
    body["errorCode"] = "GENERAL";
    body["errorDetails"] = body.at("error").at("message");
    if (!exchange.params.empty()) body["key"] = exchange.param("key");
  }
  return error_response(error, std::move(body));
}

}  // namespace

Api::Api(Deps deps)
    : deps_(std::move(deps)),
      guard_(std::make_unique<TokenGuard>(deps_.tokens, deps_.metrics, deps_.clock)),
      router_(deps_.metrics),
      id_prefix_(deps_.random.hex(4) + "-") {
  add_flag_routes(router_, deps_);
  add_call_routes(router_, deps_);
  add_agent_routes(router_, deps_);
  add_campaign_routes(router_, deps_);
  add_campaign_contact_routes(router_, deps_);
  add_import_routes(router_, deps_);
  add_record_routes(router_, deps_);
  add_rollout_routes(router_, deps_);
  add_rollout_command_routes(router_, deps_);
  add_evidence_routes(router_, deps_);
  add_alert_routes(router_, deps_);
  add_token_routes(router_, deps_, *guard_);
  add_ofrep_routes(router_, deps_, *guard_);
  add_root_routes(router_, deps_, *guard_);
}

Api::~Api() = default;

Awaitable<Status> Api::load_tokens() { return guard_->load(); }

Awaitable<net::Response> Api::handle(net::Request& request) {
  const Instant began = deps_.clock.now();
  Router::Found found = router_.find(request.method, request.path);
  Exchange exchange{.request = request, .actor = {}, .request_id = {}, .token = {}, .params = std::move(found.params)};
  const auto id = request.headers.find("X-Request-Id");
  exchange.request_id = id && is_sane_id(*id) ? std::string(*id) : id_prefix_ + std::to_string(++requests_);

  net::Response response;
  if (found.route == nullptr) {
    response = not_routed(exchange, found.allowed);
  } else if (auto admitted = admit(*found.route, exchange); !admitted) {
    response = error_response(admitted.error(), exchange.request_id);
  } else {
    response = co_await run(*found.route, exchange);
  }
  response.headers.add("X-Request-Id", std::move(exchange.request_id));
  if (found.route != nullptr) count(*found.route, response.status, began);
  co_return response;
}

net::Response Api::not_routed(const Exchange& exchange, const std::vector<std::string>& allowed) {
  const std::string& method = exchange.request.method;
  if (allowed.empty())
    return error_response({.code = ErrorCode::not_found,
                           .message = "there is nothing at this path; GET /api/openapi.json lists what there is"},
                          exchange.request_id);
  std::string methods;
  for (const std::string& name : allowed) methods += (methods.empty() ? "" : ", ") + name;
  net::Response response = error_response({.code = ErrorCode::method_not_allowed,
                                           .message = "this path takes " + methods + ", not " + method.substr(0, 20)},
                                          exchange.request_id);
  response.headers.add("Allow", std::move(methods));
  return response;
}

Status Api::admit(const Route& route, Exchange& exchange) {
  if (!route.role) return {};
  const net::Request& request = exchange.request;
  const std::string_view secret = bearer(request);
  if (!secret.empty()) {
    exchange.token = guard_->admit(secret);
    if (!exchange.token) return std::unexpected(guard_->refuse(request.remote_address));
    exchange.actor = exchange.token->actor;
  } else if (deps_.open_page && route.role == Role::viewer && route.method == "GET" &&
             is_loopback(request.remote_address) && has_loopback_host(request)) {
    exchange.actor = {.name = "page", .role = Role::viewer};
  } else {
    return std::unexpected(guard_->refuse(request.remote_address));
  }
  if (exchange.actor.role >= *route.role) return {};
  return fail(ErrorCode::forbidden, "token '" + exchange.actor.name + "' is " +
                                        std::string(to_string(exchange.actor.role)) + "; this needs " +
                                        std::string(to_string(*route.role)));
}

Awaitable<net::Response> Api::run(const Route& route, Exchange& exchange) {
  std::exception_ptr thrown;
  std::string what = "not a std::exception";
  try {
    auto result = co_await route.handler(exchange);
    if (result) co_return *std::move(result);
    if (http_status(result.error().code) >= 500)
      deps_.log.error("request_failed", {{"request_id", exchange.request_id},
                                         {"route", route.method + " " + route.pattern},
                                         {"code", to_string(result.error().code)},
                                         {"error", result.error().message}});
    co_return failure(result.error(), route, exchange);
  } catch (const std::exception& exception) {
    what = exception.what();
    thrown = std::current_exception();
  } catch (...) {
    thrown = std::current_exception();
  }
  // A cancelled request has nobody to answer to.
  if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
    std::rethrow_exception(thrown);
  deps_.log.error(
      "request_threw",
      {{"request_id", exchange.request_id}, {"route", route.method + " " + route.pattern}, {"error", what}});
  co_return failure({.code = ErrorCode::internal, .message = std::move(what)}, route, exchange);
}

void Api::count(const Route& route, int status, Instant began) {
  if (status >= 200 && status < 300)
    route.succeeded->add();
  else
    deps_.metrics
        .counter("callramp_http_requests_total", "Requests by route and class of status.",
                 {{"route", route.method + " " + route.pattern}, {"status", std::to_string(status / 100) + "xx"}})
        .add();
  route.seconds->observe(std::chrono::duration<double>(deps_.clock.now() - began).count());
}

std::function<bool()> still_allowed(const Exchange& exchange, const TokenGuard& guard) {
  if (!exchange.token) return [] { return true; };
  return [token = exchange.token, &guard] { return guard.knows(*token); };
}

}  // namespace callramp::api
