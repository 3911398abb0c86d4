#include "net/beast_web_socket.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <deque>

#include "async/signal.hpp"

namespace callramp::net {

// How Beast ends a connection below a WebSocket; it finds these two by the argument's namespace.
template <class Handler>
void async_teardown(boost::beast::role_type role, Transport& transport, Handler&& handler) {
  if (transport.tls())
    transport.async_shutdown_tls(std::forward<Handler>(handler));
  else
    boost::beast::websocket::async_teardown(role, transport.socket(), std::forward<Handler>(handler));
}
inline void beast_close_socket(Transport& transport) { transport.close(); }

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using Stream = websocket::stream<Transport, false>;  // nobody who talks to us compresses

// A consumer that is behind: above these the socket is not read, so that TCP slows the peer down.
constexpr std::size_t max_waiting_messages = 256;
constexpr std::size_t max_waiting_bytes = 1024 * 1024;
// Above this a send waits: three quarters of a minute of 16-bit telephone audio as base 64 in JSON.
constexpr std::size_t max_unsent_bytes = 1024 * 1024;
constexpr std::size_t keep_buffer_bytes = 64 * 1024;
constexpr Duration close_limit = seconds{2};

websocket::close_reason reason_of(std::uint16_t code, std::string_view text) {
  websocket::close_reason reason;
  reason.code = code;
  const auto room = text.substr(0, reason.reason.max_size());
  reason.reason.assign(room.data(), room.size());
  return reason;
}

// Beast's operations end here as plain handlers that share ownership: reading goes on and the queue drains while no
// coroutine waits, so pings are answered, and a cancelled receive() leaves the connection whole.
class Core : public std::enable_shared_from_this<Core> {
 public:
  explicit Core(Transport transport)
      : stream(std::move(transport)), received_(stream.get_executor()), sent_(stream.get_executor()) {}

  Stream stream;

  /// `handshake` is also Beast's limit for a closing that the peer began.
  void set_timeouts(std::chrono::steady_clock::duration handshake, Duration idle) {
    idle_timeout_ = idle;
    websocket::stream_base::timeout timeout{};
    timeout.handshake_timeout = handshake;
    timeout.idle_timeout = idle;
    timeout.keep_alive_pings = true;
    stream.set_option(timeout);
  }

  void start() {
    stream.next_layer().never_expires();
    set_timeouts(close_limit, idle_timeout_);
    open_ = true;
    read();
  }

  Awaitable<Result<std::optional<WebSocket::Message>>> receive() {
    const auto self = shared_from_this();
    while (inbox_.empty() && !ended_) co_await received_.wait();
    if (inbox_.empty()) {
      if (failure_) co_return std::unexpected(*failure_);
      co_return std::nullopt;
    }
    auto message = std::move(inbox_.front());
    inbox_.pop_front();
    waiting_bytes_ -= message.data.size();
    read();
    co_return message;
  }

  Awaitable<Status> send(std::string data, bool binary) {
    const auto self = shared_from_this();
    if (!open_ || closing_) co_return gone();
    unsent_ += data.size();
    outbox_.push_back({std::move(data), binary});
    write();
    while (open_ && unsent_ > max_unsent_bytes) co_await wait_sent();
    if (!open_) co_return gone();
    co_return Status{};
  }

  Awaitable<Status> ping() {
    if (!open_ || closing_) co_return gone();
    if (!std::exchange(pinging_, true))
      stream.async_ping({}, [self = shared_from_this()](NetError) { self->pinging_ = false; });
    co_return Status{};
  }

  Awaitable<void> close(std::uint16_t code, std::string reason) {
    const auto self = shared_from_this();
    if (!closing_ && open_) {
      closing_ = true;
      stream.next_layer().expires_after(close_limit);
      while (open_ && !outbox_.empty()) co_await wait_sent();
      if (open_) {
        stream.async_close(reason_of(code, reason), [self](NetError error) {
          if (!error) self->note_close();
          self->end();
        });
      }
    }
    while (!gone_) co_await received_.wait();
  }

  /// The owner is gone: nothing is owed any more.
  void abandon() {
    abandoned_ = true;
    end();
  }

  std::optional<std::uint16_t> close_code() const { return close_code_; }
  std::string close_reason() const { return close_reason_; }
  std::size_t unsent_bytes() const { return unsent_; }

 private:
  struct Outgoing {
    std::string data;
    bool binary = false;
  };

  void read() {
    if (reading_ || ended_ || abandoned_) return;
    if (!closing_ && (inbox_.size() >= max_waiting_messages || waiting_bytes_ >= max_waiting_bytes)) return;
    reading_ = true;
    stream.async_read(buffer_, [self = shared_from_this()](NetError error, std::size_t) { self->on_read(error); });
  }

  void on_read(NetError error) {
    reading_ = false;
    if (abandoned_) return;
    if (error) {
      if (error == websocket::error::closed)
        note_close();
      else if (!closing_)
        failure_ = to_failure(error);
      ended_ = true;
      // With a close of our own under way, its handler ends the connection.
      if (closing_ && open_ && error != websocket::error::closed && !stream.next_layer().expired())
        received_.notify();
      else
        end();
      return;
    }
    if (!closing_) {
      const auto data = buffer_.data();
      inbox_.push_back({{static_cast<const char*>(data.data()), data.size()}, stream.got_binary()});
      waiting_bytes_ += data.size();
      received_.notify();
    }
    buffer_.clear();
    if (buffer_.capacity() > keep_buffer_bytes) buffer_.shrink_to_fit();
    read();
  }

  void write() {
    if (writing_ || outbox_.empty() || !open_) return;
    writing_ = true;
    const auto& next = outbox_.front();
    stream.binary(next.binary);
    stream.async_write(asio::buffer(next.data),
                       [self = shared_from_this()](NetError error, std::size_t) { self->on_written(error); });
  }

  void on_written(NetError error) {
    writing_ = false;
    if (outbox_.empty()) return;  // ended meanwhile
    if (!error) {
      unsent_ -= outbox_.front().data.size();
      outbox_.pop_front();
      write();
    } else {
      open_ = false;
      unsent_ = 0;
      // Aborted: Beast is answering the peer's close frame, and the read under way will tell what it said.
      if (error != asio::error::operation_aborted || !reading_) {
        if (!ended_) failure_ = to_failure(error);
        end();
      }
    }
    if (send_waiters_ > 0) sent_.notify();
  }

  Awaitable<void> wait_sent() {
    struct Count {
      std::size_t& waiters;
      explicit Count(std::size_t& count) : waiters(count) { ++waiters; }
      ~Count() { --waiters; }
    } count(send_waiters_);
    co_await sent_.wait();
  }

  void note_close() {
    // 1005: RFC 6455's name for a close frame that gives no code.
    close_code_ = stream.reason().code == 0 ? std::uint16_t{1005} : stream.reason().code;
    close_reason_.assign(stream.reason().reason.data(), stream.reason().reason.size());
  }

  void end() {
    if (gone_) return;
    gone_ = ended_ = true;
    open_ = false;
    if (!close_code_) close_code_ = 1006;
    stream.next_layer().close();
    // The front may still be in the kernel's or Beast's hands; it goes with its handler.
    unsent_ = 0;
    received_.notify();
    sent_.notify();
  }

  std::unexpected<Error> gone() const {
    return fail(ErrorCode::unavailable,
                "the WebSocket is closed" + (close_code_ ? " (" + std::to_string(*close_code_) + ")" : std::string()));
  }

  Error to_failure(const NetError& error) const {
    if (error == beast::error::timeout || stream.next_layer().expired())
      return {ErrorCode::timeout, "the WebSocket's peer was silent for " + to_words(idle_timeout_)};
    if (error == websocket::error::message_too_big)
      return {ErrorCode::payload_too_large,
              "a WebSocket message is longer than " + std::to_string(stream.read_message_max()) + " bytes"};
    if (error == websocket::condition::protocol_violation)
      return {ErrorCode::invalid_request, "the WebSocket's peer broke the protocol: " + error.message()};
    return {ErrorCode::unavailable, "the WebSocket broke: " + error.message()};
  }

  Duration idle_timeout_{};
  beast::flat_buffer buffer_;
  std::deque<WebSocket::Message> inbox_;
  std::deque<Outgoing> outbox_;
  std::size_t waiting_bytes_ = 0;
  std::size_t unsent_ = 0;
  std::size_t send_waiters_ = 0;
  bool open_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool pinging_ = false;
  bool closing_ = false;  // by us
  bool ended_ = false;    // nothing more to receive
  bool gone_ = false;     // the connection is closed
  bool abandoned_ = false;
  std::optional<Error> failure_;
  std::optional<std::uint16_t> close_code_;
  std::string close_reason_;
  async::Signal received_;
  async::Signal sent_;
};

class BeastWebSocket final : public WebSocket {
 public:
  explicit BeastWebSocket(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  ~BeastWebSocket() override { core_->abandon(); }

  Awaitable<Result<std::optional<Message>>> receive() override { return core_->receive(); }
  Awaitable<Status> send_text(std::string text) override { return core_->send(std::move(text), false); }
  Awaitable<Status> send_binary(std::string bytes) override { return core_->send(std::move(bytes), true); }
  Awaitable<Status> ping() override { return core_->ping(); }
  Awaitable<void> close(std::uint16_t code, std::string reason) override {
    return core_->close(code, std::move(reason));
  }
  std::optional<std::uint16_t> close_code() const override { return core_->close_code(); }
  std::string close_reason() const override { return core_->close_reason(); }
  std::size_t unsent_bytes() const override { return core_->unsent_bytes(); }

 private:
  std::shared_ptr<Core> core_;  // shared with the handlers of operations under way
};

std::shared_ptr<Core> make_core(Transport transport, const WebSocketLimits& limits) {
  auto core = std::make_shared<Core>(std::move(transport));
  core->stream.read_message_max(limits.max_message_bytes);
  core->stream.auto_fragment(false);
  // The transport's own deadline ends a handshake.
  core->set_timeouts(websocket::stream_base::none(), limits.idle_timeout);
  return core;
}

Error refusal(const Url& url, const websocket::response_type& response) {
  const auto status = response.result_int();
  const auto code = status == 401 || status == 403 ? ErrorCode::unauthorized
                    : status == 429                ? ErrorCode::rate_limited
                                                   : ErrorCode::unavailable;
  std::string why(response["dg-error"]);
  if (why.empty()) why = response.body().substr(0, 200);
  return {code, url.origin() + " refused the WebSocket with status " + std::to_string(status) + ": " + why};
}

}  // namespace

Awaitable<Result<std::unique_ptr<WebSocket>>> accept_web_socket(Transport transport, const Request& request,
                                                                Headers headers, WebSocketLimits limits) {
  http::request<http::empty_body> upgrade(http::verb::get, request.target, 11);
  for (const auto& [name, value] : request.headers) upgrade.insert(name, value);
  const auto core = make_core(std::move(transport), limits);
  core->stream.set_option(
      websocket::stream_base::decorator([headers = std::move(headers)](websocket::response_type& response) {
        for (const auto& [name, value] : headers) response.set(name, value);
      }));
  NetError error;
  co_await core->stream.async_accept(upgrade, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return fail(ErrorCode::invalid_request, "the WebSocket handshake failed: " + error.message());
  core->start();
  co_return std::make_unique<BeastWebSocket>(core);
}

Awaitable<Result<std::unique_ptr<WebSocket>>> connect_web_socket(Transport transport, Url url, Headers headers,
                                                                 WebSocketLimits limits) {
  const auto core = make_core(std::move(transport), limits);
  core->stream.set_option(
      websocket::stream_base::decorator([headers = std::move(headers)](websocket::request_type& request) {
        for (const auto& [name, value] : headers) request.set(name, value);
      }));
  websocket::response_type response;
  NetError error;
  const auto host = url.authority();
  co_await core->stream.async_handshake(response, host, url.target, asio::redirect_error(asio::use_awaitable, error));
  if (error == websocket::error::upgrade_declined) co_return std::unexpected(refusal(url, response));
  if (core->stream.next_layer().expired() || error == beast::error::timeout)
    co_return fail(ErrorCode::timeout, url.origin() + " did not answer the WebSocket handshake in time");
  if (error)
    co_return fail(ErrorCode::unavailable, url.origin() + " failed the WebSocket handshake: " + error.message());
  core->start();
  co_return std::make_unique<BeastWebSocket>(core);
}

}  // namespace callramp::net
