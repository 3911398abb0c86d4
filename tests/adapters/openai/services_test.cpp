#include "adapters/golden.hpp"
#include "adapters/openai/openai_language_model.hpp"
#include "adapters/openai/openai_text_to_speech.hpp"
#include "adapters/vendor_fixture.hpp"
#include "audio/resample.hpp"
#include "audio/tone.hpp"

using namespace callramp;
using namespace callramp::openai;
using namespace callramp::adapters;

namespace {

OpenAiConfig config_for(const Vendor& vendor) {
  OpenAiConfig config;
  config.base_url = vendor.url() + "/v1";
  config.api_key = "sk-test";
  return config;
}

}  // namespace

TEST_CASE("a reply streams from the model, and its connection is used again") {
  Vendor vendor(
      [](const Seen&) { return streamed({golden("openai/chat_text.sse")}, {{"Content-Type", "text/event-stream"}}); });
  vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
    NullLog log;
    OpenAiLanguageModel model(config_for(vendor), pool, clock, log);
    co_await model.get_ready(net::in(seconds{5}));
    CHECK(pool.counts().opened == 1);
    for (int round = 0; round < 3; ++round) {
      auto reply = co_await model.open(
          {.model = "gpt-4.1-mini", .messages = {{.text = "hello"}}, .attempt = AttemptId{"a1"}}, net::in(seconds{5}));
      REQUIRE(reply);
      std::string text;
      bool done = false;
      while (true) {
        auto event = co_await (*reply)->receive();
        REQUIRE(event);
        if (!*event) break;
        CHECK_FALSE(done);
        if (const auto* part = std::get_if<ReplyText>(&**event)) text += part->delta;
        done = std::holds_alternative<ReplyDone>(**event);
      }
      CHECK(done);
      CHECK(text.starts_with("Namaste! I am Asha"));
    }
    CHECK(pool.counts().opened == 1);
    CHECK(pool.counts().reused == 3);
  });
  const auto seen = vendor.seen();
  CHECK(seen[0].path == "/v1/chat/completions");
  CHECK(seen[0].header("Authorization") == "Bearer sk-test");
  CHECK(seen[0].header("X-Client-Request-Id") == "a1");
  CHECK(seen[0].header("Content-Type") == "application/json");
}

TEST_CASE("a reply that breaks off or is refused is an error") {
  struct Row {
    Vendor::Answer answer;
    bool opens;
    ErrorCode expected;
  };
  const std::string start = golden("openai/chat_text.sse").substr(0, 400);
  const Row rows[] = {
      {[](const Seen&) { return json_response(401, golden("openai/error_invalid_api_key.json")); }, false,
       ErrorCode::unauthorized},
      {[](const Seen&) { return json_response(429, golden("openai/error_insufficient_quota.json")); }, false,
       ErrorCode::unavailable},
      {[&](const Seen&) { return streamed({start}); }, true, ErrorCode::unavailable},
      {[&](const Seen&) { return streamed({start}, {}, true); }, true, ErrorCode::timeout},
      {[](const Seen&) { return streamed({golden("openai/chat_error_midway.sse")}); }, true, ErrorCode::unavailable},
  };
  for (const Row& row : rows) {
    Vendor vendor(row.answer);
    vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
      NullLog log;
      OpenAiLanguageModel model(config_for(vendor), pool, clock, log);
      auto reply = co_await model.open({.model = "gpt-4.1-mini"}, net::in(seconds{5}));
      REQUIRE(reply.has_value() == row.opens);
      if (!row.opens) {
        CHECK(reply.error().code == row.expected);
        co_return;
      }
      auto event = co_await (*reply)->receive();
      while (event && *event) event = co_await (*reply)->receive();
      REQUIRE_FALSE(event);
    });
  }
}

TEST_CASE("24 kHz speech arrives at 8 kHz and as long as it was") {
  const audio::Pcm tone = audio::beep(milliseconds{500}, 1000);
  const std::string bytes = audio::to_bytes(*audio::resample(tone, 8000, 24000));
  Vendor vendor(
      [&](const Seen&) { return streamed({bytes.substr(0, 4801), bytes.substr(4801, 3), bytes.substr(4804)}); });
  vendor.run([&](net::ClientPool& pool, async::Clock&) -> Awaitable<void> {
    NullLog log;
    OpenAiTextToSpeech tts(config_for(vendor), pool, log);
    auto speech = co_await tts.open({.text = "नमस्ते", .voice = "nova", .attempt = AttemptId{"a1"}}, net::in(seconds{5}));
    REQUIRE(speech);
    audio::Pcm heard;
    while (true) {
      auto chunk = co_await (*speech)->receive();
      REQUIRE(chunk);
      if (!*chunk) break;
      heard.insert(heard.end(), (*chunk)->begin(), (*chunk)->end());
    }
    CHECK(heard.size() == tone.size());
    CHECK(audio::dbov(heard) == doctest::Approx(audio::dbov(tone)).epsilon(0.02));
    CHECK((*speech)->billed_characters() == 6);
    for (const std::string& text : {std::string(), std::string(4097, 'x')})
      CHECK_FALSE(co_await tts.open({.text = text}, net::in(seconds{5})));
  });
  CHECK(vendor.seen().size() == 1);
  CHECK(vendor.seen()[0].path == "/v1/audio/speech");
  CHECK(boost::json::parse(vendor.seen()[0].body).at("voice") == "nova");
}

TEST_CASE("a probe of OpenAI asks for the models") {
  Vendor vendor([](const Seen& seen) {
    return seen.header("Authorization") == "Bearer sk-test"
               ? json_response(200, golden("openai/models.json"))
               : json_response(401, golden("openai/error_invalid_api_key.json"));
  });
  vendor.run([&](net::ClientPool& pool, async::Clock& clock) -> Awaitable<void> {
    NullLog log;
    CHECK(co_await OpenAiLanguageModel(config_for(vendor), pool, clock, log).probe(net::in(seconds{5})));
    OpenAiConfig config = config_for(vendor);
    config.api_key = "bad";
    const auto refused = co_await OpenAiTextToSpeech(config, pool, log).probe(net::in(seconds{5}));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::unauthorized);
  });
  CHECK(vendor.seen()[0].target == "/v1/models");
}
