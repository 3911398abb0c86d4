#include "net/http_client.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/ssl/context.hpp>
#include <unordered_map>

#include "base/base64.hpp"
#include "net/beast_web_socket.hpp"
#include "net/dial.hpp"
#include "net/message_stream.hpp"
#include "net/response_head.hpp"

namespace callramp::net {
namespace {

using Moment = Transport::Moment;

Moment steady_now() { return std::chrono::steady_clock::now(); }

// Deadlines come as wall-clock instants; from here on a step of that clock moves nothing.
Moment to_moment(Instant deadline) { return steady_now() + (deadline - std::chrono::system_clock::now()); }

bool may_be_repeated(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE";
}

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

struct Connection {
  Connection(Transport transport, std::size_t max_header_bytes) : stream(std::move(transport), max_header_bytes) {}
  MessageStream stream;
  Moment idle_since{};
};

}  // namespace

struct HttpClient::State : std::enable_shared_from_this<State> {
  State(const Executor& client_executor, ClientOptions client_options, Log& client_log)
      : executor(client_executor), options(std::move(client_options)), log(client_log) {}

  Result<asio::ssl::context*> trust();
  Awaitable<Result<Transport>> connect(const Url& url, Moment deadline);
  Awaitable<Result<std::unique_ptr<Connection>>> open(const Url& url, Moment deadline);
  std::unique_ptr<Connection> take_idle(const std::string& origin);
  void give_back(const std::string& origin, std::unique_ptr<Connection> connection);
  void drop_stale();
  Result<std::string> head_of(const ClientRequest& request, const Url& url) const;

  Executor executor;
  ClientOptions options;
  Log& log;
  std::optional<asio::ssl::context> tls;  // made when first needed: reading the system's CAs takes tens of milliseconds
  std::unordered_map<std::string, std::vector<std::unique_ptr<Connection>>> idle;
  Moment stale_dropped_at{};
  bool closed = false;
  // Atomic: a metrics page may ask from another thread.
  std::atomic<std::uint64_t> opened = 0;
  std::atomic<std::uint64_t> reused = 0;
};

namespace {

/// One try to send a request and get the head of its response.
struct Attempt {
  std::unique_ptr<Connection> connection;  // null if it failed
  Error error{};
  bool nothing_sent = false;       // the kernel took not a byte
  bool closed_unanswered = false;  // the peer closed and not a byte of a response arrived
};

std::string lost(const Url& url, const char* when) { return "the connection to " + url.origin() + " was lost " + when; }

Awaitable<Attempt> attempt(std::unique_ptr<Connection> connection, const Url& url, std::string_view method,
                           std::string_view head, std::string_view body,
                           const std::function<Result<std::string>()>& more_body, Moment deadline) {
  auto& stream = connection->stream;
  auto& transport = stream.transport;
  const auto failed = [&](ErrorCode code, std::string message) { return Attempt{.error = {code, std::move(message)}}; };
  const auto late = [&] {
    return failed(ErrorCode::timeout, url.origin() + " did not answer " + std::string(method) + " by the deadline");
  };
  transport.expires_at(deadline);
  NetError error;
  const std::size_t written = co_await transport.write_all(head, body, Duration::max(), error);
  // Somebody who answers before the end has read enough, and is about to close.
  while (more_body && !error && !transport.has_input()) {
    auto more = more_body();
    if (!more) co_return failed(more.error().code, std::move(more.error().message));
    std::string frame;
    if (more->empty()) {
      co_await transport.write_all("0\r\n\r\n", {}, Duration::max(), error);
      break;
    }
    append_chunk_head(frame, more->size());
    frame.append(*more).append("\r\n");
    co_await transport.write_all(frame, {}, Duration::max(), error);
  }
  if (error) {
    auto result = transport.expired() ? late() : failed(ErrorCode::timeout, lost(url, "while the request was sent"));
    // TLS counts records, not bytes of ours, so only TCP can say that nothing left.
    result.nothing_sent = written == 0 && !transport.tls();
    result.closed_unanswered = !transport.expired();
    co_return result;
  }
  for (;;) {
    auto fault =
        co_await stream.start(method == "HEAD" ? MessageParser::Kind::response_to_head : MessageParser::Kind::response);
    const bool answered = fault == StreamFault::none;
    if (answered) fault = co_await stream.read_head();
    switch (fault) {
      case StreamFault::none: break;
      case StreamFault::timed_out: co_return late();
      case StreamFault::closed: {
        auto result = failed(ErrorCode::timeout, lost(url, "before the response's head was complete"));
        result.closed_unanswered = !answered;
        co_return result;
      }
      case StreamFault::malformed:
      case StreamFault::head_too_large:
        co_return failed(ErrorCode::timeout,
                         url.origin() + " sent a response that is not HTTP/1.1: " + stream.parser.detail());
      case StreamFault::cancelled: co_return failed(ErrorCode::cancelled, "the request was given up");
    }
    const int status = stream.parser.head().status;
    // 100 and 103 announce the real response; 101 answers a question that we did not ask.
    if (status == 101)
      co_return failed(ErrorCode::timeout, url.origin() + " answered with an upgrade that nobody asked for");
    if (status >= 200) break;
  }
  transport.never_expires();
  co_return Attempt{.connection = std::move(connection)};
}

/// Holds the connection until the body's end, then gives it back.
class ResponseBody final : public BodyReader {
 public:
  using GiveBack = std::function<void(std::unique_ptr<Connection>)>;
  ResponseBody(std::unique_ptr<Connection> connection, std::string origin, Duration step_limit, Moment whole_by,
               GiveBack give_back)
      : connection_(std::move(connection)),
        origin_(std::move(origin)),
        step_limit_(step_limit),
        whole_by_(whole_by),
        give_back_(std::move(give_back)) {
    finish_if_done();
  }

  void whole_by(Moment deadline) { whole_by_ = deadline; }

  Awaitable<Result<std::string>> read_some() override {
    if (failure_) co_return std::unexpected(*failure_);
    if (!connection_) co_return std::exchange(last_, {});
    auto& stream = connection_->stream;
    if (!stream.parser.has_body()) {
      stream.transport.expires_at(std::min(whole_by_, steady_now() + step_limit_));
      const auto fault = co_await stream.read_body();
      if (fault != StreamFault::none) {
        failure_ = to_error(fault);
        connection_.reset();
        co_return std::unexpected(*failure_);
      }
      stream.transport.never_expires();
    }
    finish_if_done();
    if (!connection_) co_return std::exchange(last_, {});
    co_return stream.parser.take_body();
  }

 private:
  void finish_if_done() {
    if (!connection_->stream.parser.done()) return;
    last_ = connection_->stream.parser.take_body();
    const bool reusable = connection_->stream.parser.keep_alive() && !connection_->stream.has_bytes();
    auto connection = std::move(connection_);
    if (reusable) give_back_(std::move(connection));
  }

  Error to_error(StreamFault fault) const {
    switch (fault) {
      case StreamFault::timed_out: return {ErrorCode::timeout, origin_ + " stopped in the middle of a response"};
      case StreamFault::cancelled: return {ErrorCode::cancelled, "the response was given up"};
      case StreamFault::malformed:
      case StreamFault::head_too_large:
        return {ErrorCode::timeout,
                origin_ + " sent a body that is not HTTP/1.1: " + connection_->stream.parser.detail()};
      case StreamFault::none:
      case StreamFault::closed: break;
    }
    return {ErrorCode::timeout, "the connection to " + origin_ + " was lost in the middle of a response"};
  }

  std::unique_ptr<Connection> connection_;  // null once the body is complete or broken
  std::string origin_;
  Duration step_limit_;
  Moment whole_by_;
  GiveBack give_back_;
  std::string last_;
  std::optional<Error> failure_;
};

}  // namespace

Result<asio::ssl::context*> HttpClient::State::trust() {
  if (tls) return &*tls;
  asio::ssl::context made(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(made.native_handle(), TLS1_2_VERSION);
  NetError error;
  made.set_default_verify_paths(error);
  if (!error && !options.ca_file.empty()) made.load_verify_file(options.ca_file, error);
  if (error) {
    log.error("ca_file_unusable", {{"file", options.ca_file}, {"error", error.message()}});
    return fail(ErrorCode::unavailable, "CA file '" + options.ca_file + "' is unusable: " + error.message());
  }
  return &tls.emplace(std::move(made));
}

Awaitable<Result<Transport>> HttpClient::State::connect(const Url& url, Moment deadline) {
  asio::ssl::context* context = nullptr;
  if (url.tls()) {
    CO_TRY(trusted, trust());
    context = trusted;
  }
  CO_TRY(transport, co_await dial(url, context, std::min(deadline, steady_now() + options.connect_timeout)));
  ++opened;
  co_return transport;
}

Awaitable<Result<std::unique_ptr<Connection>>> HttpClient::State::open(const Url& url, Moment deadline) {
  CO_TRY(transport, co_await connect(url, deadline));
  co_return std::make_unique<Connection>(std::move(transport), options.max_header_bytes);
}

std::unique_ptr<Connection> HttpClient::State::take_idle(const std::string& origin) {
  const auto found = idle.find(origin);
  if (found == idle.end()) return nullptr;
  auto& connections = found->second;
  // The one used last is the least likely to have been closed.
  while (!connections.empty()) {
    auto connection = std::move(connections.back());
    connections.pop_back();
    if (steady_now() - connection->idle_since < options.max_idle && connection->stream.transport.idle_and_alive())
      return connection;
  }
  return nullptr;
}

void HttpClient::State::give_back(const std::string& origin, std::unique_ptr<Connection> connection) {
  drop_stale();
  if (closed) return;
  auto& connections = idle[origin];
  if (connections.size() >= options.max_idle_per_origin) return;
  connection->idle_since = steady_now();
  connection->stream.transport.never_expires();
  connections.push_back(std::move(connection));
}

// Connections nobody comes back for would stay half-closed for ever.
void HttpClient::State::drop_stale() {
  const auto now = steady_now();
  if (now - stale_dropped_at < seconds{5}) return;
  stale_dropped_at = now;
  for (auto& [origin, connections] : idle)
    std::erase_if(connections,
                  [&](const auto& connection) { return now - connection->idle_since >= options.max_idle; });
  std::erase_if(idle, [](const auto& entry) { return entry.second.empty(); });
}

Result<std::string> HttpClient::State::head_of(const ClientRequest& request, const Url& url) const {
  std::string head;
  head.reserve(512);
  head.append(request.method)
      .append(" ")
      .append(url.target)
      .append(" HTTP/1.1\r\nHost: ")
      .append(url.authority())
      .append("\r\n");
  for (const auto& [name, value] : request.headers) {
    if (has_line_break(name) || has_line_break(value))
      return fail(ErrorCode::invalid_request, "header '" + name.substr(0, 40) + "' of a request to " + url.origin() +
                                                  " has a line break; remove it");
    if (same_name(name, "Host") || same_name(name, "Content-Length") || same_name(name, "Transfer-Encoding")) continue;
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (!request.headers.find("User-Agent")) head.append("User-Agent: ").append(options.user_agent).append("\r\n");
  if (!url.user_info.empty() && !request.headers.find("Authorization"))
    head.append("Authorization: Basic ").append(base64_encode(url.user_info)).append("\r\n");
  if (request.more_body)
    head.append("Transfer-Encoding: chunked\r\n");
  else if (!request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH")
    head.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  head.append("\r\n");
  return head;
}

HttpClient::HttpClient(const Executor& executor, ClientOptions options, Log& log)
    : state_(std::make_shared<State>(executor, std::move(options), log)) {}

HttpClient::~HttpClient() {
  state_->closed = true;
  state_->idle.clear();
}

Awaitable<Result<ClientResponse>> HttpClient::send(ClientRequest request, Instant by) {
  const auto state = state_;
  const auto deadline = to_moment(by);
  CO_TRY(url, parse_url(request.url));
  CO_TRY(head, state->head_of(request, url));
  const auto origin = url.origin();

  auto connection = state->take_idle(origin);
  bool pooled = connection != nullptr;
  if (pooled) ++state->reused;
  for (;;) {
    if (!connection) {
      CO_TRY(opened, co_await state->open(url, deadline));
      connection = std::move(opened);
    }
    if (steady_now() >= deadline)
      co_return fail(ErrorCode::unavailable, "the deadline passed before a request to " + origin + " was sent");
    auto result = co_await attempt(std::move(connection), url, request.method, head,
                                   request.more_body ? "" : request.body, request.more_body, deadline);
    if (result.connection) {
      auto& message = result.connection->stream.parser.head();
      ClientResponse response{.status = message.status, .headers = std::move(message.headers)};
      response.body = std::make_unique<ResponseBody>(
          std::move(result.connection), origin, state->options.body_read_timeout, Moment::max(),
          [state, origin](std::unique_ptr<Connection> done) { state->give_back(origin, std::move(done)); });
      co_return response;
    }
    const bool again = pooled && !request.more_body &&
                       (result.nothing_sent || (result.closed_unanswered && may_be_repeated(request.method)));
    if (!again) {
      if (result.nothing_sent) result.error.code = ErrorCode::unavailable;
      co_return std::unexpected(std::move(result.error));
    }
    pooled = false;
  }
}

Awaitable<Result<HttpClient::Whole>> HttpClient::fetch(ClientRequest request, Instant deadline,
                                                       std::size_t body_limit) {
  CO_TRY(response, co_await send(std::move(request), deadline));
  static_cast<ResponseBody&>(*response.body).whole_by(to_moment(deadline));
  CO_TRY(body, co_await read_all(*response.body, body_limit));
  co_return Whole{.status = response.status, .headers = std::move(response.headers), .body = std::move(body)};
}

Awaitable<Result<std::unique_ptr<WebSocket>>> HttpClient::websocket(std::string address, Headers headers, Instant by) {
  const auto state = state_;
  const auto deadline = to_moment(by);
  CO_TRY(url, parse_url(address));
  CO_TRY(transport, co_await state->connect(url, deadline));
  if (!headers.find("User-Agent")) headers.add("User-Agent", state->options.user_agent);
  if (!url.user_info.empty() && !headers.find("Authorization"))
    headers.add("Authorization", "Basic " + base64_encode(url.user_info));
  transport.expires_at(deadline);
  co_return co_await connect_web_socket(std::move(transport), std::move(url), std::move(headers),
                                        {.max_message_bytes = state->options.max_websocket_message_bytes,
                                         .idle_timeout = state->options.websocket_idle_timeout});
}

Awaitable<Status> HttpClient::warm(std::string address, std::size_t count, Instant by) {
  const auto state = state_;
  const auto deadline = to_moment(by);
  CO_TRY(url, parse_url(address));
  const auto origin = url.origin();
  std::erase_if(state->idle[origin],
                [](const auto& connection) { return !connection->stream.transport.idle_and_alive(); });
  count = std::min(count, state->options.max_idle_per_origin);
  while (!state->closed && state->idle[origin].size() < count) {
    CO_TRY(connection, co_await state->open(url, deadline));
    state->give_back(origin, std::move(connection));
  }
  co_return Status{};
}

HttpClient::Counts HttpClient::counts() const noexcept { return {.opened = state_->opened, .reused = state_->reused}; }

}  // namespace callramp::net
