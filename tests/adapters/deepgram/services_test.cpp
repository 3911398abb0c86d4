#include <mutex>

#include "adapters/deepgram/deepgram_speech_to_text.hpp"
#include "adapters/deepgram/deepgram_text_to_speech.hpp"
#include "adapters/golden.hpp"
#include "adapters/vendor_fixture.hpp"
#include "async/task_scope.hpp"
#include "audio/pcm.hpp"

using namespace callramp;
using namespace callramp::deepgram;
using namespace callramp::adapters;

namespace {

DeepgramConfig config_for(const std::string& url) { return {.base_url = url, .api_key = "dg-key"}; }

/// A /v1/listen that answers each text message with what `script` says, and remembers everything.
struct Listener {
  using Reply = std::vector<std::string>;
  std::function<Reply(const std::string& text)> script = [](const std::string&) { return Reply{}; };
  std::uint16_t close_with = 1000;
  std::string close_reason;
  std::mutex mutex;
  std::vector<std::string> texts;
  std::size_t audio_bytes = 0;
  std::string query;
  std::string authorization;

  static Awaitable<void> serve(std::unique_ptr<net::WebSocket> socket, Listener* self) {
    while (true) {
      auto message = co_await socket->receive();
      if (!message || !*message) co_return;
      if ((*message)->binary) {
        const std::lock_guard lock(self->mutex);
        self->audio_bytes += (*message)->data.size();
        continue;
      }
      {
        const std::lock_guard lock(self->mutex);
        self->texts.push_back((*message)->data);
      }
      for (const std::string& reply : self->script((*message)->data)) {
        if (reply == "close") {
          co_await socket->close(self->close_with, self->close_reason);
          co_return;
        }
        if (reply == "drop") co_return;
        (void)co_await socket->send_text(reply);
      }
    }
  }
  net::Response upgrade(const Seen& seen) {
    query = seen.query;
    authorization = seen.header("Authorization");
    net::Response response;
    response.upgrade = [this](std::unique_ptr<net::WebSocket> socket) { return serve(std::move(socket), this); };
    return response;
  }
};

bool is(const std::string& text, const char* type) { return boost::json::parse(text).at("type") == type; }

}  // namespace

TEST_CASE("a stream sends audio, gives events and ends after finish") {
  Listener listener;
  listener.script = [](const std::string& text) -> Listener::Reply {
    if (is(text, "Finalize"))
      return {golden("deepgram/listen_results_interim.json"), golden("deepgram/listen_results_final.json"), "{nonsense",
              golden("deepgram/listen_utterance_end.json")};
    if (is(text, "CloseStream")) return {golden("deepgram/listen_metadata.json"), "close"};
    return {};
  };
  Vendor vendor([&](const Seen& seen) { return listener.upgrade(seen); });
  vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
    NullLog log;
    DeepgramSpeechToText stt(config_for(vendor.url()), pool, clock, log);
    auto stream =
        co_await stt.open({.model = "nova-3", .language = "en-IN", .attempt = AttemptId{"a1"}}, net::in(seconds{5}));
    REQUIRE_MESSAGE(stream.has_value(), (stream ? "" : stream.error().message));
    CHECK(co_await (*stream)->send(audio::Pcm(800)));
    CHECK(co_await (*stream)->send({}));  // an empty frame would close it
    CHECK(co_await (*stream)->finish());
    CHECK(co_await (*stream)->finish());
    CHECK_FALSE(co_await (*stream)->send(audio::Pcm(160)));
    std::vector<std::string> texts;
    int ended = 0;
    while (true) {
      auto event = co_await (*stream)->receive();
      REQUIRE_MESSAGE(event.has_value(), (event ? "" : event.error().message));
      if (!*event) break;
      if (const auto* transcript = std::get_if<Transcript>(&**event)) texts.push_back(transcript->text);
      ended += std::holds_alternative<UtteranceEnded>(**event) ? 1 : 0;
    }
    CHECK(texts == std::vector<std::string>{"yes please", "yes please tell me more"});
    CHECK(ended == 1);
  });
  CHECK(listener.audio_bytes == 1600);
  CHECK(listener.authorization == "Token dg-key");
  CHECK(listener.query.find("&tag=a1") != std::string::npos);
  REQUIRE(listener.texts.size() == 2);
  CHECK(boost::json::parse(listener.texts[0]) == boost::json::parse(golden("deepgram/listen_out_finalize.json")));
  CHECK(boost::json::parse(listener.texts[1]) == boost::json::parse(golden("deepgram/listen_out_close_stream.json")));
}

TEST_CASE("a stream without audio keeps itself alive, and one with audio does not") {
  for (const bool with_audio : {false, true}) {
    CAPTURE(with_audio);
    Listener listener;
    listener.script = [](const std::string& text) -> Listener::Reply {
      return is(text, "CloseStream") ? Listener::Reply{"close"} : Listener::Reply{};
    };
    Vendor vendor([&](const Seen& seen) { return listener.upgrade(seen); });
    vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
      NullLog log;
      DeepgramConfig config = config_for(vendor.url());
      config.keep_alive = milliseconds{100};
      DeepgramSpeechToText stt(std::move(config), pool, clock, log);
      auto stream = co_await stt.open({.model = "nova-3"}, net::in(seconds{5}));
      REQUIRE(stream);
      co_await async::with_scope([&](async::TaskScope& scope) -> Awaitable<void> {
        scope.spawn([](SttStream& speech, async::Clock& time, bool talks) -> Awaitable<void> {
          for (int i = 0; i < 25; ++i) {
            co_await time.sleep_for(milliseconds{20});
            if (talks) CHECK(co_await speech.send(audio::Pcm(160)));
          }
          CHECK(co_await speech.finish());
        }(**stream, clock, with_audio));
        CHECK_FALSE((co_await (*stream)->receive())->has_value());
        co_await scope.join();
      });
    });
    int alive = 0;
    for (const std::string& text : listener.texts)
      alive += boost::json::parse(text) == boost::json::parse(golden("deepgram/listen_out_keep_alive.json"));
    CHECK((alive > 0) == !with_audio);
  }
}

TEST_CASE("a server that never closes is left after the time to finish") {
  Listener listener;
  Vendor vendor([&](const Seen& seen) { return listener.upgrade(seen); });
  vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
    NullLog log;
    DeepgramConfig config = config_for(vendor.url());
    config.finish_timeout = milliseconds{100};
    DeepgramSpeechToText stt(std::move(config), pool, clock, log);
    auto stream = co_await stt.open({.model = "nova-3"}, net::in(seconds{5}));
    REQUIRE(stream);
    CHECK(co_await (*stream)->finish());
    const auto end = co_await (*stream)->receive();
    REQUIRE_MESSAGE(end.has_value(), (end ? "" : end.error().message));
    CHECK_FALSE(end->has_value());
  });
}

TEST_CASE("closing codes and broken connections are told in Deepgram's words") {
  struct Row {
    const char* how;
    std::uint16_t code;
    const char* reason;
    const char* said;
  };
  for (const Row& row : {Row{"close", 1008, "DATA-0000", "1008 (DATA-0000)"},
                         Row{"close", 1011, "NET-0001", "1011 (NET-0001)"}, Row{"drop", 0, "", "Deepgram"},
                         Row{R"({"type":"Error","description":"out of order"})", 0, "", "out of order"}}) {
    CAPTURE(row.said);
    Listener listener;
    listener.script = [&](const std::string&) { return Listener::Reply{row.how}; };
    listener.close_with = row.code;
    listener.close_reason = row.reason;
    Vendor vendor([&](const Seen& seen) { return listener.upgrade(seen); });
    vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
      NullLog log;
      DeepgramConfig config = config_for(vendor.url());
      config.keep_alive = milliseconds{50};  // the first one is answered by the script
      DeepgramSpeechToText stt(std::move(config), pool, clock, log);
      auto stream = co_await stt.open({.model = "nova-3"}, net::in(seconds{5}));
      REQUIRE(stream);
      const auto broken = co_await (*stream)->receive();
      REQUIRE_FALSE(broken);
      CHECK(broken.error().message.find(row.said) != std::string::npos);
    });
  }
}

TEST_CASE("nonsense without end ends the stream") {
  Listener listener;
  listener.script = [](const std::string&) { return Listener::Reply(30, "{nonsense"); };
  Vendor vendor([&](const Seen& seen) { return listener.upgrade(seen); });
  vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
    NullLog log;
    DeepgramConfig config = config_for(vendor.url());
    config.keep_alive = milliseconds{20};
    DeepgramSpeechToText stt(std::move(config), pool, clock, log);
    auto stream = co_await stt.open({.model = "nova-3"}, net::in(seconds{5}));
    REQUIRE(stream);
    const auto broken = co_await (*stream)->receive();
    REQUIRE_FALSE(broken);
    CHECK(broken.error().message.find("20 messages in a row") != std::string::npos);
  });
}

TEST_CASE("a refused key opens no stream") {
  Vendor vendor([](const Seen&) {
    return json_response(401, golden("deepgram/error_bad_key.json"), {{"dg-error", "Invalid credentials."}});
  });
  vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
    NullLog log;
    DeepgramSpeechToText stt(config_for(vendor.url()), pool, clock, log);
    const auto refused = co_await stt.open({.model = "nova-3"}, net::in(seconds{5}));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::unauthorized);
    const auto probed = co_await stt.probe(net::in(seconds{5}));
    REQUIRE_FALSE(probed);
    CHECK(probed.error().code == ErrorCode::unauthorized);
  });
  CHECK(vendor.seen().back().path == "/v1/projects");
}

TEST_CASE("speech arrives as samples, whatever the pieces") {
  const audio::Pcm samples{1, -2, 300, -400, 32767, -32768, 7};
  const std::string bytes = audio::to_bytes(samples);
  const std::vector<std::vector<std::string>> cuts{
      {bytes}, {bytes.substr(0, 1), bytes.substr(1, 4), bytes.substr(5, 2), bytes.substr(7)}, {bytes + "x"}};
  for (const auto& pieces : cuts) {
    Vendor vendor([&](const Seen&) { return streamed(pieces, {{"dg-char-count", "36"}}); });
    vendor.run([&](net::ClientPool& pool, async::Clock&) -> Awaitable<void> {
      NullLog log;
      DeepgramTextToSpeech tts(config_for(vendor.url()), pool, log);
      co_await tts.get_ready(net::in(seconds{5}));
      auto speech = co_await tts.open(
          {.text = "Hello, this is Asha from the clinic.", .voice = "aura-2-thalia-en", .attempt = AttemptId{"a 1"}},
          net::in(seconds{5}));
      REQUIRE(speech);
      audio::Pcm heard;
      while (true) {
        auto chunk = co_await (*speech)->receive();
        REQUIRE(chunk);
        if (!*chunk) break;
        CHECK_FALSE((*chunk)->empty());
        heard.insert(heard.end(), (*chunk)->begin(), (*chunk)->end());
      }
      CHECK(heard == samples);
      CHECK(pool.counts().opened == 1);
      CHECK((*speech)->billed_characters() == 36);
    });
    const auto seen = vendor.seen();
    CHECK(seen[0].target ==
          "/v1/speak?model=aura-2-thalia-en&encoding=linear16&sample_rate=8000&container=none&tag=a%201");
    CHECK(boost::json::parse(seen[0].body) == boost::json::parse(golden("deepgram/speak_request.json")));
    CHECK(seen[0].header("Authorization") == "Token dg-key");
  }
}

TEST_CASE("speech that fails says so, at once or in the middle") {
  struct Row {
    Vendor::Answer answer;
    std::string text;
    ErrorCode expected;
    bool opens;
  };
  const Row rows[] = {
      {[](const Seen&) { return json_response(429, golden("deepgram/error_too_many_requests.json")); }, "Hello",
       ErrorCode::rate_limited, false},
      {[](const Seen&) { return json_response(401, golden("deepgram/error_bad_key.json")); }, "Hello",
       ErrorCode::unauthorized, false},
      {[](const Seen&) { return streamed({"abcd"}); }, std::string(2001, 'x'), ErrorCode::invalid_request, false},
      {[](const Seen&) { return streamed({"abcd"}); }, "", ErrorCode::invalid_request, false},
      {[](const Seen&) { return streamed({"abcd"}, {}, true); }, "Hello", ErrorCode::timeout, true},
      {[](const Seen&) { return json_response(200, ""); }, "Hello", ErrorCode::unavailable, true},
  };
  for (const Row& row : rows) {
    Vendor vendor(row.answer);
    vendor.run([&](net::ClientPool& pool, async::Clock&) -> Awaitable<void> {
      NullLog log;
      DeepgramTextToSpeech tts(config_for(vendor.url()), pool, log);
      auto speech = co_await tts.open({.text = row.text, .voice = "aura-2-thalia-en"}, net::in(seconds{5}));
      REQUIRE(speech.has_value() == row.opens);
      if (!row.opens) {
        CHECK(speech.error().code == row.expected);
        co_return;
      }
      auto chunk = co_await (*speech)->receive();
      while (chunk && *chunk) chunk = co_await (*speech)->receive();
      REQUIRE_FALSE(chunk);
      CHECK(chunk.error().message.find("Deepgram") != std::string::npos);
    });
  }
}
