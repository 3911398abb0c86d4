// A world with the stand-ins of Deepgram and OpenAI behind real sockets, and what the tests of both need.
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "async/clock.hpp"
#include "net/net_fixture.hpp"
#include "sandbox/deepgram.hpp"
#include "sandbox/openai.hpp"

namespace callramp::test {

namespace json = boost::json;

inline sandbox::World world_of(const std::string& yaml) {
  auto world = sandbox::parse_world(yaml);
  REQUIRE_MESSAGE(world.has_value(), (world ? "" : world.error().message));
  return *world;
}

template <class Service>
class Provider {
 public:
  explicit Provider(const std::string& yaml = "")
      : world(world_of(yaml)),
        voices({}, log),
        service({world, faults, voices, index, stamps, clock, log}),
        net([this](net::Request& request) { return service.handle(request); }) {
    voices.on_phrase([this](const sandbox::PhrasePtr& phrase) { index.add(phrase); });
  }

  NullLog log;
  async::SystemClock clock;
  sandbox::LiveWorld world;
  sandbox::Faults faults{world};
  sandbox::Voices voices;
  sandbox::PhraseIndex index;
  sandbox::Stamps stamps;
  Service service;
  net::Net net;

  net::HttpClient::Whole fetch(const std::string& method, const std::string& path, const std::string& body,
                               net::Headers headers) {
    auto answer = try_fetch(method, path, body, std::move(headers));
    REQUIRE_MESSAGE(answer.has_value(), (answer ? "" : answer.error().message));
    return std::move(*answer);
  }
  Result<net::HttpClient::Whole> try_fetch(const std::string& method, const std::string& path, const std::string& body,
                                           net::Headers headers) {
    Result<net::HttpClient::Whole> answer;
    net.with_client([&](net::HttpClient& client) -> Awaitable<void> {
      answer =
          co_await client.fetch({.method = method, .url = net.url(path), .headers = std::move(headers), .body = body},
                                net::in(seconds{20}), std::size_t{16} * 1024 * 1024);
    });
    return answer;
  }
};

/// The keys of a message and of everything in it, as paths with kinds; arrays by their first element.
inline void add_shape(const json::value& value, const std::string& path, std::set<std::string>& out) {
  if (const auto* object = value.if_object()) {
    for (const auto& [name, child] : *object) add_shape(child, path + "." + std::string(name), out);
  } else if (const auto* array = value.if_array()) {
    out.insert(path + "[]");
    if (!array->empty()) add_shape((*array)[0], path + "[]", out);
  } else {
    const char* kind = value.is_bool() ? "bool" : value.is_string() ? "text" : value.is_number() ? "number" : "null";
    out.insert(path + " " + kind);
  }
}
inline std::set<std::string> shape(const json::value& value) {
  std::set<std::string> out;
  add_shape(value, "", out);
  return out;
}

}  // namespace callramp::test
