// A vendor on a port of this machine that does what a test says, and a client pool to reach it.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "async/clock.hpp"
#include "net/client_pool.hpp"
#include "net/net_fixture.hpp"

namespace callramp::adapters {

/// What arrived at the vendor.
struct Seen {
  std::string method;
  std::string target;
  std::string path;
  std::string query;
  net::Headers headers;
  std::string body;
  std::string header(std::string_view name) const { return std::string(headers.find(name).value_or("")); }
};

/// Answers with what `answer` says of each request, and remembers them.
class Vendor {
 public:
  using Answer = std::function<net::Response(const Seen&)>;
  explicit Vendor(Answer answer)
      : net_([this, answer = std::move(answer)](net::Request& request) { return reply(*this, answer, request); }) {}

  std::vector<Seen> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  std::string url() const { return net_.url(""); }
  net::Net& net() { return net_; }

  /// Runs `body(pool, clock)` on the client's thread.
  template <class Body>
  void run(Body body, net::ClientOptions options = {}) {
    async::run_blocking(net_.client_executor(), with_pool(net_, std::move(body), std::move(options)));
  }

 private:
  static Awaitable<net::Response> reply(Vendor& vendor, const Answer& answer, net::Request& request) {
    Seen seen{request.method, request.target, request.path, request.query, request.headers, {}};
    seen.body = (co_await net::read_all(*request.body, 1024 * 1024)).value_or("");
    {
      const std::lock_guard lock(vendor.mutex_);
      vendor.seen_.push_back(seen);
    }
    co_return answer(seen);
  }
  template <class Body>
  static Awaitable<void> with_pool(net::Net& net, Body body, net::ClientOptions options) {
    net::ClientPool pool({net.client_executor()}, std::move(options), net.log());
    async::SystemClock clock;
    co_await body(pool, clock);
  }

  std::mutex mutex_;
  std::vector<Seen> seen_;
  net::Net net_;
};

inline net::Response json_response(int status, std::string body, net::Headers headers = {}) {
  net::Response response{.status = status, .headers = std::move(headers), .body = std::move(body)};
  response.headers.set("Content-Type", "application/json");
  return response;
}

/// A body of exactly these pieces, each sent by itself.
inline net::Response streamed(std::vector<std::string> pieces, net::Headers headers = {}, bool breaks = false) {
  net::Response response{.headers = std::move(headers)};
  response.stream = [pieces = std::move(pieces), breaks](net::BodyWriter& writer) {
    return [](std::vector<std::string> all, bool breaks_off, net::BodyWriter& out) -> Awaitable<Status> {
      for (const std::string& piece : all) CO_TRY_VOID(co_await out.write(piece));
      if (breaks_off) co_return fail(ErrorCode::internal, "the test breaks off here");
      co_return Status{};
    }(pieces, breaks, writer);
  };
  return response;
}

}  // namespace callramp::adapters
