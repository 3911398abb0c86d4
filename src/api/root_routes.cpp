// What lives outside the resources: health, metrics, the live feed, the API's own description and the page.
#include "api/answers.hpp"
#include "api/page.hpp"
#include "api/routes.hpp"
#include "embedded/openapi_json.hpp"
#include "net/sse.hpp"

namespace callramp::api {
namespace {

Awaitable<Result<net::Response>> health(const Deps&, Exchange&) { co_return json_text(200, R"({"status":"ok"})"); }

Awaitable<Result<net::Response>> ready(const Deps& deps, Exchange&) {
  CO_TRY_VOID(co_await deps.ready());
  co_return json_text(200, R"({"status":"ready"})");
}

Awaitable<Result<net::Response>> metrics(const Deps& deps, Exchange&) {
  co_return net::Response{.status = 200,
                          .headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
                          .body = deps.exposition()};
}

Awaitable<Result<net::Response>> description(const Deps&, Exchange&) {
  co_return json_text(200, std::string(embedded::openapi_json));
}

Awaitable<Result<net::Response>> page(const Deps& deps, Exchange&) {
  const Dashboard page = dashboard(deps.random.hex(16), deps.open_page);
  co_return net::Response{.status = 200,
                          .headers = {{"Content-Type", "text/html; charset=utf-8"},
                                      {"Cache-Control", "no-store"},
                                      {"Content-Security-Policy", page.content_security_policy},
                                      {"X-Content-Type-Options", "nosniff"},
                                      {"Referrer-Policy", "no-referrer"}},
                          .body = page.html};
}

Awaitable<Result<net::Response>> events(const Deps& deps, const TokenGuard& guard, Exchange& exchange) {
  CO_TRY(watcher, deps.feed.watch(co_await asio::this_coro::executor, deps.clock));
  co_return event_stream(
      std::move(watcher), deps.clock, ": the live feed\n\n",
      [](const LiveFeed::Seen& seen) -> std::optional<std::string> {
        return net::format_sse(
            {.event = seen.event.kind, .data = seen.event.data_json, .id = std::to_string(seen.seq)});
      },
      still_allowed(exchange, guard));
}

}  // namespace

void add_root_routes(Router& router, const Deps& deps, const TokenGuard& guard) {
  const auto with = bound_to(deps);
  router.add({"GET", "/health", std::nullopt, false, with(health)});
  router.add({"GET", "/api/v1/health", std::nullopt, false, with(health)});
  router.add({"GET", "/ready", std::nullopt, false, with(ready)});
  router.add({"GET", "/metrics", deps.open_metrics ? std::nullopt : std::optional(Role::viewer), false, with(metrics)});
  router.add({"GET", "/api/openapi.json", std::nullopt, false, with(description)});
  router.add({"GET", "/", std::nullopt, false, with(page)});
  router.add({"GET", "/api/v1/events", Role::viewer, false,
              [&deps, &guard](Exchange& exchange) { return events(deps, guard, exchange); }});
}

}  // namespace callramp::api
