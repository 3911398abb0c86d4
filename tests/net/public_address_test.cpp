#include "net/public_address.hpp"

#include "net/dial.hpp"
#include "net_fixture.hpp"

namespace callramp::net {
namespace {

TEST_CASE("only addresses of the open internet are public") {
  struct {
    const char* address;
    bool is_public;
  } const rows[] = {
      {"8.8.8.8", true},
      {"1.1.1.1", true},
      {"172.15.255.255", true},
      {"172.32.0.0", true},
      {"100.63.255.255", true},
      {"100.128.0.0", true},
      {"223.255.255.255", true},
      {"0.0.0.0", false},
      {"10.1.2.3", false},
      {"100.64.0.1", false},
      {"127.0.0.1", false},
      {"127.255.255.254", false},
      {"169.254.169.254", false},
      {"172.16.0.1", false},
      {"172.31.255.255", false},
      {"192.0.0.8", false},
      {"192.0.2.1", false},
      {"192.168.1.1", false},
      {"198.19.0.1", false},
      {"203.0.113.7", false},
      {"224.0.0.1", false},
      {"255.255.255.255", false},
      {"2606:4700:4700::1111", true},
      {"2a00:1450:4001::200e", true},
      {"::ffff:8.8.8.8", true},
      {"64:ff9b::8.8.8.8", true},
      {"::", false},
      {"::1", false},
      {"::127.0.0.1", false},
      {"::ffff:127.0.0.1", false},
      {"::ffff:10.0.0.1", false},
      {"64:ff9b::169.254.169.254", false},
      {"64:ff9b:1::1", false},
      {"fc00::1", false},
      {"fd00:ec2::254", false},
      {"fe80::1", false},
      {"fec0::1", false},
      {"ff02::1", false},
      {"2001::1", false},
      {"2001:db8::1", false},
      {"2002:7f00:1::1", false},
      {"3fff::1", false},
      {"100::1", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.address);
    CHECK(is_public(asio::ip::make_address(row.address)) == row.is_public);
  }
}

TEST_CASE("a client for foreign URLs does not connect to a private address whatever its name is") {
  int served = 0;
  Net net([&](Request&) -> Awaitable<Response> {
    ++served;
    co_return Response{.body = "secret"};
  });
  net.with_client(
      [&](HttpClient& client) -> Awaitable<void> {
        for (const char* host : {"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"}) {
          const std::string url = net.url("/", "http", host);
          CAPTURE(url);
          const auto answer = co_await client.fetch({.url = url}, in(seconds{5}));
          REQUIRE_FALSE(answer);
          CHECK(answer.error().code == ErrorCode::unavailable);
          CHECK(answer.error().message.find("not on the open internet") != std::string::npos);
          const Status checked = co_await check_public(*parse_url(url), seconds{5});
          REQUIRE_FALSE(checked);
          CHECK(checked.error().code == ErrorCode::forbidden);
        }
        CHECK(co_await check_public(*parse_url("https://8.8.8.8/"), seconds{5}));
      },
      {.public_only = true});
  CHECK(served == 0);
}

}  // namespace
}  // namespace callramp::net
