// Deepgram's /v1/speak over a WebSocket: text gathers until Flush, its sound goes out faster than it plays, Clear stops
// it.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <deque>

#include "async/channel.hpp"
#include "async/deadline.hpp"
#include "async/task_scope.hpp"
#include "sandbox/deepgram.hpp"

namespace callramp::sandbox {
namespace {

namespace json = boost::json;

/// Deepgram's limit: more flushes than this in a minute are answered with a Warning and do nothing.
constexpr std::size_t flushes_a_minute = 20;
constexpr std::size_t jobs_limit = 100;
constexpr std::size_t longest_buffer = 2000;
constexpr Duration frame_plays = milliseconds{200};
constexpr Duration frame_takes = milliseconds{20};

}  // namespace

struct Deepgram::SpeakSocket {
  struct Job {
    std::string text;
    Instant flushed{};
    std::uint64_t sequence = 0;
    std::uint64_t generation = 0;
    bool last = false;
  };

  ProviderContext& context;
  Draws& draws;
  net::WebSocket& socket;
  SpeakOptions options;
  std::string request_id;
  async::Channel<Job> jobs;
  std::string buffer;
  std::deque<Instant> flushes;
  std::uint64_t flush_sequence = 0;
  std::uint64_t clear_sequence = 0;
  std::uint64_t generation = 0;  ///< Clear makes everything older worthless
  bool closing = false;

  Awaitable<bool> say(json::object message) {
    co_return (co_await socket.send_text(json::serialize(message))).has_value();
  }

  Awaitable<bool> warn(std::string_view code, std::string description) {
    return say({{"type", "Warning"}, {"description", std::move(description)}, {"code", code}});
  }

  Awaitable<void> flush() {
    const Instant now = context.clock.now();
    while (!flushes.empty() && flushes.front() + minutes{1} <= now) flushes.pop_front();
    if (flushes.size() >= flushes_a_minute) {
      co_await warn("EXCESSIVE_FLUSH", "Exceeded 20 flushes in 60 seconds: this flush is ignored.");
      co_return;
    }
    flushes.push_back(now);
    co_await jobs.send(
        {.text = std::exchange(buffer, {}), .flushed = now, .sequence = flush_sequence++, .generation = generation});
  }

  Awaitable<void> take(const std::string& text) {
    boost::system::error_code error;
    const json::value parsed = json::parse(text, error);
    const json::object* object = error ? nullptr : parsed.if_object();
    const json::value* type = object == nullptr ? nullptr : object->if_contains("type");
    if (type == nullptr || !type->is_string()) {
      closing = true;
      co_await socket.close(1008, "DATA-0000: a text message is no JSON with a type");
    } else if (type->as_string() == "Speak") {
      const json::value* more = object->if_contains("text");
      if (more == nullptr || !more->is_string()) {
        co_await warn("INVALID_MESSAGE", "Speak needs a text.");
      } else if (buffer.size() + more->as_string().size() > longest_buffer) {
        co_await warn("DATA-0001", "The text exceeds 2000 characters: this Speak is ignored.");
      } else {
        buffer += more->as_string();
      }
    } else if (type->as_string() == "Flush") {
      co_await flush();
    } else if (type->as_string() == "Clear") {
      buffer.clear();
      ++generation;
      co_await say({{"type", "Cleared"}, {"sequence_id", clear_sequence++}});
    } else if (type->as_string() == "Close") {
      closing = true;
      if (!buffer.empty())
        co_await jobs.send({.text = std::exchange(buffer, {}),
                            .flushed = context.clock.now(),
                            .sequence = flush_sequence++,
                            .generation = generation});
      co_await jobs.send({.last = true});
    } else {
      co_await warn("UNKNOWN_MESSAGE", "Unknown message type.");
    }
  }

  Awaitable<void> read() {
    while (true) {
      auto message = co_await socket.receive();
      if (!message || !*message) break;
      if (closing) continue;
      if ((*message)->binary) {
        closing = true;
        co_await socket.close(1008, "DATA-0000: /v1/speak takes text messages");
      } else {
        co_await take((*message)->data);
      }
    }
  }

  /// False once the peer is gone.
  Awaitable<bool> speak(Job job) {
    if (split_empty(job.text)) co_return true;
    auto sound = co_await synthesise(context.voices, job.text, options);
    if (!sound) co_return co_await warn("UNSPEAKABLE", sound.error().message);
    if (context.faults.draw("deepgram.speak", FaultKind::odd_bytes)) sound->push_back('\x7f');
    Instant next = job.flushed + draws.draw("tts_first_byte", context.world.get()->delays.tts_first_byte);
    const std::size_t size = options.bytes_in(frame_plays);
    for (std::size_t at = 0; at < sound->size(); at += size) {
      if (next > context.clock.now()) co_await context.clock.sleep_until(next);
      if (job.generation != generation) co_return true;
      if (at == 0) context.stamps.tts_first_audio(options.tag, job.text, job.flushed, context.clock.now());
      if (!co_await socket.send_binary(sound->substr(at, size))) co_return false;
      next = context.clock.now() + frame_takes;
    }
    co_return true;
  }

  static bool split_empty(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

  Awaitable<void> send() {
    while (auto job = co_await jobs.receive()) {
      if (job->last) {
        co_await socket.close(1000);
        co_return;
      }
      if (job->generation != generation) continue;
      const std::uint64_t sequence = job->sequence;
      const std::uint64_t of_generation = job->generation;
      if (!co_await speak(std::move(*job))) co_return;
      if (of_generation != generation) continue;
      if (!co_await say({{"type", "Flushed"}, {"sequence_id", sequence}})) co_return;
    }
  }

  Awaitable<Status> serve() {
    const bool open = co_await say({{"type", "Metadata"},
                                    {"request_id", request_id},
                                    {"model_name", options.model},
                                    {"model_version", "2025-04-07.0"},
                                    {"model_uuid", "ecb76e9d-f2db-4127-8060-79b05590d22f"},
                                    {"additional_model_uuids", json::array{}}});
    if (!open) co_return Status{};
    co_await async::with_scope([this](async::TaskScope& scope) -> Awaitable<void> {
      scope.spawn(send());
      co_await read();
    });
    co_return Status{};
  }
};

Awaitable<void> Deepgram::serve_speak(std::unique_ptr<net::WebSocket> socket, SpeakOptions options,
                                      std::string request_id) {
  SpeakSocket connection{.context = context_,
                         .draws = draws_,
                         .socket = *socket,
                         .options = std::move(options),
                         .request_id = std::move(request_id),
                         .jobs = async::Channel<SpeakSocket::Job>(co_await asio::this_coro::executor, jobs_limit)};
  if (const auto stall = context_.faults.draw("deepgram.speak", FaultKind::stall)) {
    co_await context_.clock.sleep_for(stall_of(*stall));
    co_return;
  }
  if (const auto drop = context_.faults.draw("deepgram.speak", FaultKind::drop_socket)) {
    co_await async::by_deadline(context_.clock, context_.clock.now() + drop->delay, "the world", connection.serve());
    co_return;
  }
  co_await connection.serve();
}

}  // namespace callramp::sandbox
