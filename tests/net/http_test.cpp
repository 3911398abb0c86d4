#include "net/http.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <deque>

#include "async/run.hpp"

using namespace callramp;

namespace {

class Pieces final : public net::BodyReader {
 public:
  explicit Pieces(std::deque<Result<std::string>> pieces) : pieces_(std::move(pieces)) {}
  Awaitable<Result<std::string>> read_some() override {
    if (pieces_.empty()) co_return std::string{};
    auto piece = std::move(pieces_.front());
    pieces_.pop_front();
    co_return piece;
  }

 private:
  std::deque<Result<std::string>> pieces_;
};

Result<std::string> read_all(std::deque<Result<std::string>> pieces, std::size_t limit) {
  asio::io_context context;
  async::VirtualClock clock{Instant{}};
  Pieces body(std::move(pieces));
  Result<std::string> result;
  async::run(context, clock, [&]() -> Awaitable<void> { result = co_await net::read_all(body, limit); });
  return result;
}

}  // namespace

TEST_CASE("header names compare without case and keep their order") {
  net::Headers headers{{"Accept", "a"}, {"X-Id", "1"}, {"x-id", "2"}};
  CHECK(headers.find("X-ID") == "1");
  CHECK_FALSE(headers.find("X-I").has_value());
  headers.add("Last", "l");
  headers.set("X-ID", "3");
  std::string all;
  for (const auto& [name, value] : headers) all += name + "=" + value + " ";
  CHECK(all == "Accept=a Last=l X-ID=3 ");
  headers.remove("accept");
  CHECK_FALSE(headers.find("Accept").has_value());
}

TEST_CASE("read_all joins pieces up to its limit and no further") {
  CHECK(read_all({}, 0).value() == "");
  CHECK(read_all({"ab", "cd"}, 4).value() == "abcd");
  const auto over = read_all({"ab", "cde"}, 4);
  REQUIRE_FALSE(over.has_value());
  CHECK(over.error().code == ErrorCode::payload_too_large);
  const auto broken = read_all({"ab", fail(ErrorCode::timeout, "slow")}, 4);
  REQUIRE_FALSE(broken.has_value());
  CHECK(broken.error().code == ErrorCode::timeout);
}

TEST_CASE("percent escapes decode or are refused") {
  CHECK(net::percent_decode("a%20b+c%2f").value() == "a b+c/");
  CHECK(net::percent_decode("a+b", true).value() == "a b");
  CHECK(net::percent_decode("%00").value() == std::string(1, '\0'));
  for (std::string_view text : {"%", "%2", "%zz", "ab%1", "%%20", "%-1"}) {
    CAPTURE(text);
    CHECK_FALSE(net::percent_decode(text).has_value());
  }
  std::string every;
  for (int i = 0; i < 256; ++i) every.push_back(static_cast<char>(i));
  CHECK(net::percent_decode(net::percent_encode(every)).value() == every);
  CHECK(net::percent_encode("a-b._~ /+") == "a-b._~%20%2F%2B");
}

TEST_CASE("a query splits into decoded pairs in order") {
  const auto pairs = net::parse_query("a=1&b=x%3Dy+z&&a=2&flag&=v&c==");
  REQUIRE(pairs.has_value());
  const std::vector<std::pair<std::string, std::string>> expected = {{"a", "1"},   {"b", "x=y z"}, {"a", "2"},
                                                                     {"flag", ""}, {"", "v"},      {"c", "="}};
  CHECK(*pairs == expected);
  CHECK(net::parse_query("").value().empty());
  CHECK_FALSE(net::parse_query("a=%x").has_value());
}

TEST_CASE("URLs parse into what a connection needs") {
  struct Row {
    std::string_view text, origin, target, user_info;
  };
  const Row rows[] = {
      {"http://example.com", "http://example.com:80", "/", ""},
      {"HTTPS://Example.COM/a/b?c=d#e", "https://example.com:443", "/a/b?c=d", ""},
      {"wss://h:8443?x=1", "wss://h:8443", "/?x=1", ""},
      {"ws://[::1]:80/s", "ws://[::1]:80", "/s", ""},
      {"https://[2001:db8::1]", "https://[2001:db8::1]:443", "/", ""},
      {"https://key:to%3Aken@api.example.com/v1", "https://api.example.com:443", "/v1", "key:to:ken"},
      {"http://a@b@host/", "http://host:80", "/", "a@b"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto url = net::parse_url(row.text);
    REQUIRE(url.has_value());
    CHECK(url->origin() == row.origin);
    CHECK(url->target == row.target);
    CHECK(url->user_info == row.user_info);
  }
}

TEST_CASE("URLs that lead nowhere are refused") {
  for (std::string_view text :
       {"", "example.com", "ftp://example.com", "http://", "http:///path", "http://host:0/", "http://host:65536/",
        "http://host:/", "http://host:12x/", "http://[::1/", "http://[]/", "http://[zz]/", "http://[::1]x/",
        "http://a b/", "http://host/a\r\nX: y", "http://ho%73t/", "http://u:%zz@host/", "://host"}) {
    CAPTURE(text);
    const auto url = net::parse_url(text);
    REQUIRE_FALSE(url.has_value());
    CHECK(url.error().code == ErrorCode::invalid_request);
  }
}

TEST_CASE("an error about a URL keeps its password secret") {
  const auto url = net::parse_url("https://key:password@host:99999/");
  REQUIRE_FALSE(url.has_value());
  CHECK(url.error().message.find("password") == std::string::npos);
}
