// Deepgram's /v1/listen over a WebSocket: a reader that feeds the session, a sender that waits as long as the world
// says, and a watch for clients that fall silent.
#include <boost/json.hpp>

#include "async/channel.hpp"
#include "async/deadline.hpp"
#include "async/task_scope.hpp"
#include "sandbox/deepgram.hpp"

namespace callramp::sandbox {
namespace {

namespace json = boost::json;

/// NET-0001: no audio and no text for this long.
constexpr Duration silent_client = seconds{10};
/// Messages between session and socket; at it the reader waits, so a client that does not read slows itself.
constexpr std::size_t outbox_limit = 1000;

/// Run where there is time for it. The session is shared, so that it outlives a connection that is dropped meanwhile.
Awaitable<Result<std::vector<ListenMessage>>> listen_to(std::shared_ptr<ListenSession> session, std::string audio,
                                                        Instant came_at) {
  co_return session->audio(audio, came_at);
}

}  // namespace

struct Deepgram::ListenSocket {
  struct Outgoing {
    std::string json;
    Instant due{};
    std::optional<Instant> answers;
    bool last = false;  ///< then the connection closes
  };

  ProviderContext& context;
  Draws& draws;
  net::WebSocket& socket;
  std::shared_ptr<ListenSession> session;
  Executor ears;  // where the session listens, while the reader waits: never both at once
  async::Channel<Outgoing> outbox;
  Instant last_received;
  Instant last_due{};
  Instant mute_until{};
  bool closing = false;

  ListenSocket(ProviderContext& context, Draws& draws, net::WebSocket& socket, std::shared_ptr<ListenSession> session,
               Executor ears, const Executor& executor)
      : context(context),
        draws(draws),
        socket(socket),
        session(std::move(session)),
        ears(std::move(ears)),
        outbox(executor, outbox_limit),
        last_received(context.clock.now()) {
    if (const auto stall = context.faults.draw("deepgram.listen", FaultKind::stall))
      mute_until = last_received + stall_of(*stall);
  }

  Awaitable<void> queue(std::vector<ListenMessage> messages) {
    for (ListenMessage& message : messages) {
      const Instant now = context.clock.now();
      if (now < mute_until) continue;
      Instant due = now;
      if (message.is_final) due += draws.draw("stt_final", context.world.get()->delays.stt_final);
      last_due = std::max(last_due, due);
      if (context.faults.draw("deepgram.listen", FaultKind::bad_json)) message.json.resize(message.json.size() / 2);
      co_await outbox.send({.json = std::move(message.json), .due = last_due, .answers = message.answers});
    }
  }

  /// Ends the stream as the client asked: the rest, Metadata, close 1000.
  Awaitable<void> finish() {
    if (closing) co_return;
    closing = true;
    co_await queue(session->close(context.clock.now()));
    co_await outbox.send({.due = last_due, .last = true});
  }

  Awaitable<void> refuse_data(std::string why) {
    closing = true;
    context.log.info("sandbox_listen_refused", {{"reason", why}});
    co_await socket.close(1008, "DATA-0000: " + why);
  }

  Awaitable<void> take(net::WebSocket::Message message) {
    if (message.binary) {
      if (message.data.empty()) {
        co_await finish();
        co_return;
      }
      auto heard = co_await async::run_on(ears, listen_to(session, std::move(message.data), last_received));
      if (!heard)
        co_await refuse_data(heard.error().message.substr(0, 100));
      else
        co_await queue(std::move(*heard));
      co_return;
    }
    boost::system::error_code error;
    const json::value parsed = json::parse(message.data, error);
    const json::object* object = error ? nullptr : parsed.if_object();
    const json::value* type = object == nullptr ? nullptr : object->if_contains("type");
    if (type == nullptr || !type->is_string()) {
      co_await refuse_data("a text message is no JSON with a type");
    } else if (type->as_string() == "Finalize") {
      co_await queue(session->finalize());
    } else if (type->as_string() == "CloseStream") {
      co_await finish();
    } else if (type->as_string() != "KeepAlive") {
      co_await refuse_data("unknown message type");
    }
  }

  Awaitable<void> read() {
    while (true) {
      auto message = co_await socket.receive();
      if (!message || !*message) break;
      last_received = context.clock.now();
      if (!closing) co_await take(std::move(**message));
    }
  }

  Awaitable<void> send() {
    while (auto next = co_await outbox.receive()) {
      if (next->due > context.clock.now()) co_await context.clock.sleep_until(next->due);
      if (next->last) {
        co_await socket.close(1000);
        co_return;
      }
      if (next->answers) context.stamps.stt_final(session->options().tag, *next->answers, context.clock.now());
      if (!co_await socket.send_text(std::move(next->json))) co_return;
    }
  }

  Awaitable<void> watch() {
    while (context.clock.now() < last_received + silent_client)
      co_await context.clock.sleep_until(last_received + silent_client);
    if (closing) co_return;
    closing = true;
    co_await socket.close(1011, "NET-0001: no audio and no text message within 10 s");
  }

  Awaitable<Status> serve() {
    co_await async::with_scope([this](async::TaskScope& scope) -> Awaitable<void> {
      scope.spawn(send());
      scope.spawn(watch());
      co_await read();
    });
    co_return Status{};
  }
};

Awaitable<void> Deepgram::serve_listen(std::unique_ptr<net::WebSocket> socket, ListenOptions options,
                                       std::string request_id) {
  ListenSocket connection(context_, draws_, *socket,
                          std::make_shared<ListenSession>(context_.phrases, std::move(options), request_id),
                          ears_.get_executor(), co_await asio::this_coro::executor);
  if (const auto drop = context_.faults.draw("deepgram.listen", FaultKind::drop_socket)) {
    co_await async::by_deadline(context_.clock, context_.clock.now() + drop->delay, "the world", connection.serve());
    co_return;
  }
  co_await connection.serve();
}

}  // namespace callramp::sandbox
