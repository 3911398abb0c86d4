#include "net/server_connection.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/beast_web_socket.hpp"
#include "net/response_head.hpp"

namespace callramp::net {
namespace {

// A body that a handler did not want: read past it if it is short, else a new connection is cheaper.
constexpr std::size_t max_skipped_body = 64 * 1024;
// Up to this a body is copied behind its head, so that both leave in one segment and one system call.
constexpr std::size_t max_joined_body = 16 * 1024;
// After a last response, how much and how long we read on, so that the client sees the response and not a reset.
constexpr std::size_t linger_bytes = 1024 * 1024;
constexpr Duration linger_limit = seconds{2};

Instant now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

Response plain(int status, const std::string& message) {
  return {.status = status, .headers = {{"Content-Type", "text/plain; charset=utf-8"}}, .body = message + "\n"};
}

}  // namespace

std::string what_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "not a std::exception";
  }
}

class ServerConnection::RequestBody final : public BodyReader {
 public:
  RequestBody(std::shared_ptr<ServerConnection> connection, Request& request)
      : connection_(std::move(connection)), request_(request), exchange_(connection_->exchange_) {}
  Awaitable<Result<std::string>> read_some() override { return connection_->read_body(request_, exchange_); }

 private:
  std::shared_ptr<ServerConnection> connection_;  // shared: a handler may keep the body longer than allowed
  Request& request_;                              // touched only while exchange_ is current
  std::uint64_t exchange_;
};

class ServerConnection::ResponseStream final : public BodyWriter {
 public:
  ResponseStream(ServerConnection& connection, bool chunked) : connection_(connection), chunked_(chunked) {}

  Awaitable<Status> write(std::string_view bytes) override {
    if (bytes.empty()) co_return Status{};  // an empty chunk would end the body
    auto& frame = connection_.out_;
    frame.clear();
    bool written = false;
    if (!chunked_) {
      written = co_await connection_.write(bytes);
    } else if (bytes.size() <= max_joined_body) {
      append_chunk_head(frame, bytes.size());
      frame.append(bytes).append("\r\n");
      written = co_await connection_.write(frame);
    } else {
      append_chunk_head(frame, bytes.size());
      written = co_await connection_.write(frame, bytes) && co_await connection_.write("\r\n");
    }
    if (!written) co_return fail(ErrorCode::cancelled, "the client is gone or too slow; stop writing");
    co_return Status{};
  }

 private:
  ServerConnection& connection_;
  bool chunked_;  // HTTP/1.0 has no chunks: there the end of the connection ends the body
};

ServerConnection::ServerConnection(std::shared_ptr<ServerShared> shared, Tcp::socket socket, std::string remote_address)
    : shared_(std::move(shared)),
      stream_(Transport(std::move(socket)), shared_->options.max_header_bytes),
      remote_address_(std::move(remote_address)) {}

Awaitable<void> ServerConnection::run() {
  if (shared_->tls) {
    stream_.transport.expires_after(shared_->options.read_timeout);
    if (const auto error = co_await stream_.transport.accept_tls(*shared_->tls)) {
      if (stream_.transport.expired()) ++shared_->timed_out;
      shared_->log.debug("tls_handshake_failed", {{"remote", remote_address_}, {"error", error.message()}});
      co_return;
    }
  }
  const Executor executor = co_await asio::this_coro::executor;
  // Behind whatever is ready: a client that sends many requests at once does not hold up the others, and one that waits
  // for its answer has mostly sent the next request by then, which saves asking the kernel in vain.
  while (co_await exchange()) co_await asio::post(executor, asio::use_awaitable);
}

void ServerConnection::finish() noexcept {
  finishing_ = true;
  if (between_requests_) stream_.transport.cancel();
}

Awaitable<bool> ServerConnection::exchange() {
  auto& transport = stream_.transport;
  between_requests_ = true;
  if (finishing_) co_return false;
  const bool first = exchange_++ == 0;
  transport.expires_after(first ? shared_->options.read_timeout : shared_->options.idle_timeout);
  if (co_await stream_.start(MessageParser::Kind::request) != StreamFault::none) co_return false;

  between_requests_ = false;
  body_fault_ = StreamFault::none;
  transport.expires_after(shared_->options.read_timeout);
  const auto fault = co_await stream_.read_head();
  transport.never_expires();
  if (fault != StreamFault::none) {
    if (auto refusal = refusal_for(fault)) co_await refuse(std::move(*refusal));
    co_return false;
  }
  ++shared_->requests;

  Request request;
  if (auto refusal = take_head(request)) {
    ++shared_->malformed;
    co_await refuse(std::move(*refusal));
    co_return false;
  }
  Response response = co_await handled(request);
  if (body_fault_ != StreamFault::none) {
    // The handler cannot know what its client did wrong.
    if (auto refusal = refusal_for(body_fault_)) co_await refuse(std::move(*refusal));
    co_return false;
  }
  if (response.upgrade) {
    co_await upgrade(request, response);
    co_return false;
  }
  co_return co_await respond(request, response);
}

std::optional<ServerConnection::Refusal> ServerConnection::refusal_for(StreamFault fault) {
  switch (fault) {
    case StreamFault::timed_out:
      ++shared_->timed_out;
      return Refusal{408, "The request did not arrive within " + to_words(shared_->options.read_timeout) + "."};
    case StreamFault::malformed:
      ++shared_->malformed;
      return Refusal{400, "This is not HTTP/1.1: " + stream_.parser.detail() + "."};
    case StreamFault::head_too_large:
      ++shared_->head_too_large;
      return Refusal{
          431, "The request's head is longer than " + std::to_string(shared_->options.max_header_bytes) + " bytes."};
    case StreamFault::none:
    case StreamFault::closed:
    case StreamFault::cancelled: break;
  }
  return std::nullopt;
}

std::optional<ServerConnection::Refusal> ServerConnection::take_head(Request& request) {
  auto& head = stream_.parser.head();
  request.received_at = request.body_end = now();
  request.method = std::move(head.method);
  request.target = std::move(head.target);
  request.headers = std::move(head.headers);
  request.remote_address = remote_address_;
  request.tls = stream_.transport.tls();
  request.body = std::make_unique<RequestBody>(shared_from_this(), request);
  for (char& c : request.method)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);

  std::string_view target = request.target;
  // The absolute form, which a server must accept (RFC 9112 §3.2.2): its path counts, its host is the Host field's
  // matter.
  if (!target.starts_with('/'))
    if (const auto authority = target.find("://"); authority != std::string_view::npos) {
      const auto path = target.find('/', authority + 3);
      target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
    }
  const auto question = std::min(target.find('?'), target.size());
  request.path = target.substr(0, question);
  request.query = target.substr(std::min(question + 1, target.size()));

  if (!head.http_1_0 && !request.headers.find("Host")) return Refusal{400, "The Host field is missing."};
  if (request.headers.find("Transfer-Encoding") && !stream_.parser.chunked())
    return Refusal{501, "The only transfer coding that this server knows is chunked."};
  wants_continue_ = !head.http_1_0 && !stream_.parser.done() && !stream_.parser.has_body() &&
                    has_token(request.headers, "Expect", "100-continue");
  return std::nullopt;
}

Awaitable<Response> ServerConnection::handled(Request& request) {
  std::exception_ptr thrown;
  try {
    co_return co_await shared_->handler(request);
  } catch (...) {
    thrown = std::current_exception();
  }
  if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
    std::rethrow_exception(thrown);
  ++shared_->failed;
  shared_->log.error("handler_threw", {{"method", request.method}, {"error", what_of(thrown)}});
  co_return plain(500, "Something went wrong on our side; it is logged.");
}

Awaitable<void> ServerConnection::refuse(Refusal refusal) {
  shared_->log.debug("request_refused",
                     {{"remote", remote_address_}, {"status", refusal.status}, {"reason", refusal.message}});
  begin_response(plain(refusal.status, refusal.message), false, false);
  out_.append(refusal.message).push_back('\n');
  if (!co_await write(out_)) co_return;
  stream_.transport.shutdown_send();
  stream_.transport.expires_after(linger_limit);
  co_await stream_.discard(linger_bytes);
}

Awaitable<bool> ServerConnection::respond(Request& request, Response& response) {
  const bool head_only = request.method == "HEAD";
  const auto wanted = response.headers.find("Connection");
  const bool keep =
      stream_.parser.keep_alive() && !finishing_ && body_may_be_skipped() && !(wanted && same_name(*wanted, "close"));
  if (response.stream && !head_only) {
    if (!co_await stream_response(request, response, keep)) co_return false;
  } else {
    begin_response(response, keep, head_only);
    const std::string_view body = head_only || response.stream || response.status == 204 || response.status == 304
                                      ? std::string_view{}
                                      : std::string_view(response.body);
    const bool joined = body.size() <= max_joined_body;
    if (joined) out_.append(body);
    if (!co_await write(out_, joined ? std::string_view{} : body)) co_return false;
  }
  ++exchange_;  // the body is closed to the handler from here on
  if (keep && (stream_.parser.done() || co_await skip_rest_of_body())) co_return true;
  if (!stream_.parser.done()) {
    stream_.transport.shutdown_send();
    stream_.transport.expires_after(linger_limit);
    co_await stream_.discard(linger_bytes);
  }
  co_return false;
}

Awaitable<bool> ServerConnection::stream_response(Request& request, Response& response, bool keep) {
  const bool chunked = !stream_.parser.head().http_1_0;
  begin_response(response, keep && chunked, false);
  if (!co_await write(out_)) co_return false;
  ResponseStream writer(*this, chunked);
  std::exception_ptr thrown;
  Status status;
  try {
    status = co_await response.stream(writer);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown) {
    if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
      std::rethrow_exception(thrown);
    ++shared_->failed;
    shared_->log.error("handler_threw", {{"method", request.method}, {"error", what_of(thrown)}});
    co_return false;
  }
  if (!status) {
    // Without the last chunk the client knows that the body is not whole.
    shared_->log.debug("response_stream_ended_early", {{"method", request.method}, {"error", status.error().message}});
    co_return false;
  }
  co_return chunked&& co_await write("0\r\n\r\n");
}

Awaitable<bool> ServerConnection::skip_rest_of_body() {
  std::size_t skipped = stream_.parser.take_body().size();
  stream_.transport.expires_after(shared_->options.read_timeout);
  while (!stream_.parser.done() && skipped <= max_skipped_body) {
    if (co_await stream_.read_body() != StreamFault::none) co_return false;
    skipped += stream_.parser.take_body().size();
  }
  co_return stream_.parser.done();
}

// Whether what is left of the body, if anything, is worth reading for the sake of the connection.
bool ServerConnection::body_may_be_skipped() const {
  if (stream_.parser.done()) return true;
  if (wants_continue_)
    return false;  // it may come or not: the two of us would never agree where the next request begins
  return stream_.parser.remaining().value_or(0) <= max_skipped_body;
}

void ServerConnection::begin_response(const Response& response, bool keep, bool head_only) {
  const bool http_1_0 = stream_.parser.head_done() && stream_.parser.head().http_1_0;
  out_.clear();
  append_response_head(out_, response, {.keep_alive = keep, .head_only = head_only, .http_1_0 = http_1_0});
}

Awaitable<bool> ServerConnection::write(std::string_view first, std::string_view second) {
  NetError error;
  std::size_t written = second.empty() ? stream_.transport.write_at_once(first, error) : 0;
  if (!error && written < first.size() + second.size()) {
    const auto rest = first.substr(written);
    co_await stream_.transport.write_all(rest, second, shared_->options.write_timeout, error);
  }
  if (!error) co_return true;
  if (stream_.transport.expired()) {
    ++shared_->timed_out;
    shared_->log.debug("client_too_slow", {{"remote", remote_address_}});
  }
  co_return false;
}

Awaitable<Result<std::string>> ServerConnection::read_body(Request& request, std::uint64_t number) {
  if (number != exchange_)
    co_return fail(ErrorCode::cancelled, "the request is over; its body cannot be read any more");
  auto& parser = stream_.parser;
  if (body_fault_ == StreamFault::none && !parser.has_body() && !parser.done()) {
    if (std::exchange(wants_continue_, false) && !co_await write("HTTP/1.1 100 Continue\r\n\r\n")) {
      body_fault_ = StreamFault::closed;
    } else {
      stream_.transport.expires_after(shared_->options.read_timeout);
      body_fault_ = co_await stream_.read_body();
      stream_.transport.never_expires();
    }
  }
  switch (body_fault_) {
    case StreamFault::none: break;
    case StreamFault::timed_out:
      co_return fail(ErrorCode::timeout,
                     "the client paused for more than " + to_words(shared_->options.read_timeout) + " inside the body");
    case StreamFault::malformed:
    case StreamFault::head_too_large:
      co_return fail(ErrorCode::invalid_request, "the body is not HTTP/1.1: " + parser.detail());
    case StreamFault::closed:
    case StreamFault::cancelled:
      co_return fail(ErrorCode::cancelled, "the client closed the connection inside the body");
  }
  auto bytes = parser.take_body();
  if (parser.done() && !bytes.empty()) request.body_end = now();
  co_return bytes;
}

Awaitable<void> ServerConnection::upgrade(Request& request, Response& response) {
  if (request.method != "GET" || !has_token(request.headers, "Upgrade", "websocket") || stream_.has_bytes()) {
    auto refused = plain(426, "This address speaks WebSocket only.");
    refused.headers.add("Upgrade", "websocket");
    co_await respond(request, refused);
    co_return;
  }
  ++exchange_;
  stream_.transport.expires_after(shared_->options.write_timeout);
  auto socket = co_await accept_web_socket(std::move(stream_.transport), request, std::move(response.headers),
                                           {.max_message_bytes = shared_->options.max_websocket_message_bytes,
                                            .idle_timeout = shared_->options.websocket_idle_timeout});
  if (!socket) {
    ++shared_->malformed;
    shared_->log.debug("websocket_refused", {{"remote", remote_address_}, {"error", socket.error().message}});
    co_return;
  }
  co_await response.upgrade(std::move(*socket));
}

}  // namespace callramp::net
