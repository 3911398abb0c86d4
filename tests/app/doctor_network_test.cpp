// PUBLIC_URL as the doctor sees it, through proxies that do it right and wrong.
#include <doctest/doctest.h>

#include "app/doctor.hpp"
#include "net/net_fixture.hpp"

using namespace callramp;
using app::Finding;

namespace {

enum class Proxy { passes_all, drops_the_upgrade, knows_no_ws, is_somebody_else };

Awaitable<net::Response> answer(net::Request& request, Proxy proxy) {
  const auto plain = [](int status, std::string body) {
    return net::Response{.status = status, .body = std::move(body)};
  };
  if (proxy == Proxy::is_somebody_else) co_return plain(200, "<html>a shop</html>");
  if (request.path == "/health") co_return plain(200, R"({"status":"ok"})");
  if (!request.path.starts_with("/ws/") || proxy == Proxy::knows_no_ws) co_return plain(404, "");
  // As the media endpoint does: an unknown token's upgrade is 404, anything else 426.
  const bool upgrade = request.headers.find("Upgrade").has_value() && proxy != Proxy::drops_the_upgrade;
  co_return plain(upgrade ? 404 : 426, "");
}

}  // namespace

TEST_CASE("tells a proxy that drops the upgrade from one that knows no way and from one that works") {
  struct {
    Proxy proxy;
    std::string_view check;
    Finding::Level level;
    std::string_view says;
  } const rows[] = {
      {Proxy::passes_all, "media path", Finding::Level::ok, "would reach us"},
      {Proxy::drops_the_upgrade, "media path", Finding::Level::fail, "upgrade does not get through"},
      {Proxy::knows_no_ws, "media path", Finding::Level::fail, "status 404 instead of 426"},
      {Proxy::is_somebody_else, "server", Finding::Level::warn, "nothing answers on port 1"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.says);
    net::Net net([proxy = row.proxy](net::Request& request) { return answer(request, proxy); });
    app::Config config;
    config.public_url = net.url("");
    config.port = 1;  // nobody listens there
    config.exotel_base_url = config.deepgram_base_url = config.openai_base_url = "http://127.0.0.1:1";
    const Finding* found = nullptr;
    const auto findings = app::examine_network(config);
    for (const Finding& finding : findings)
      if (finding.check == row.check) found = &finding;
    REQUIRE(found != nullptr);
    CHECK(found->level == row.level);
    CHECK_MESSAGE(found->message.find(row.says) != std::string::npos, found->message);
    CHECK(found->next.empty() == (row.level == Finding::Level::ok));
  }
}

TEST_CASE("a PUBLIC_URL that leads elsewhere fails while the server itself answers") {
  net::Net shop([](net::Request& request) { return answer(request, Proxy::is_somebody_else); });
  net::Net server([](net::Request& request) { return answer(request, Proxy::passes_all); });
  app::Config config;
  config.public_url = shop.url("");
  config.port = server.port();
  config.exotel_base_url = config.deepgram_base_url = config.openai_base_url = "http://127.0.0.1:1";
  bool failed = false;
  for (const Finding& finding : app::examine_network(config))
    failed = failed || (finding.check == "public url" && finding.level == Finding::Level::fail);
  CHECK(failed);
}
