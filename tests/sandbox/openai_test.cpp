#include "sandbox/openai.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "audio/resample.hpp"
#include "audio/wav.hpp"
#include "golden.hpp"
#include "net/sse.hpp"
#include "provider_fixture.hpp"

using namespace callramp;
using namespace callramp::sandbox;
using namespace callramp::test;

namespace {

using Standin = Provider<OpenAi>;
const net::Headers good_key = {{"Authorization", "Bearer sk-sandbox"}, {"X-Client-Request-Id", "attempt-1"}};
const std::string quick = "delays: {llm_first_token_ms: 10, llm_token_ms: 0, tts_first_byte_ms: 10}\n";

std::string chat(const std::string& said, const std::string& more) {
  return R"({"model":"gpt-4.1-mini","messages":[{"role":"system","content":"You are Asha."},{"role":"user","content":")" +
         said + R"("}])" + more + "}";
}
const std::string streamed = R"(,"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false})";
const std::string end_call =
    R"(,"tools":[{"type":"function","function":{"name":"end_call","parameters":{"type":"object"}}}])";

std::vector<std::string> events(const std::string& body) {
  std::vector<std::string> data;
  net::SseParser parser;
  const auto parsed = parser.feed(body);
  REQUIRE(parsed);
  for (const net::SseEvent& event : *parsed) data.push_back(event.data);
  return data;
}

struct Heard {
  std::string text;
  std::string tool;
  std::string arguments;
  std::string finish;
  int pieces = 0;
  int argument_pieces = 0;
  std::optional<json::object> usage;
};

Heard heard(const std::vector<std::string>& data) {
  Heard all;
  for (std::size_t i = 0; i + 1 < data.size(); ++i) {
    const json::object chunk = json::parse(data[i]).as_object();
    if (chunk.at("choices").as_array().empty()) {
      all.usage = chunk.at("usage").as_object();
      continue;
    }
    const auto& choice = chunk.at("choices").at(0).as_object();
    const auto& delta = choice.at("delta").as_object();
    if (const auto* content = delta.if_contains("content"); content != nullptr && content->is_string()) {
      all.text += content->as_string();
      ++all.pieces;
    }
    if (const auto* calls = delta.if_contains("tool_calls")) {
      const auto& function = calls->at(0).at("function").as_object();
      if (const auto* name = function.if_contains("name")) all.tool = name->as_string();
      all.arguments += function.at("arguments").as_string();
      ++all.argument_pieces;
    }
    if (choice.at("finish_reason").is_string()) all.finish = choice.at("finish_reason").as_string();
  }
  return all;
}

}  // namespace

TEST_CASE("a reply is streamed token by token with usage and an end") {
  Standin standin(quick);
  const auto answer = standin.fetch("POST", "/v1/chat/completions", chat("yes please", streamed), good_key);
  CHECK(answer.status == 200);
  CHECK(answer.headers.find("content-type") == "text/event-stream; charset=utf-8");
  CHECK(answer.headers.find("x-request-id").value_or("").starts_with("req_"));
  const auto data = events(answer.body);
  REQUIRE(data.size() > 5);
  CHECK(data.back() == "[DONE]");
  const Heard reply = heard(data);
  CHECK(reply.text.ends_with("?"));
  CHECK(reply.pieces > 5);
  CHECK(reply.finish == "stop");
  REQUIRE(reply.usage);
  CHECK(reply.usage->at("total_tokens").as_int64() ==
        reply.usage->at("prompt_tokens").as_int64() + reply.usage->at("completion_tokens").as_int64());
  // Chunk by chunk as the golden stream has them: role, words, end, usage.
  const auto model = events(golden("openai/chat_text.sse"));
  CHECK(shape(json::parse(data[0])) == shape(json::parse(model[0])));
  CHECK(shape(json::parse(data[1])) == shape(json::parse(model[1])));
  CHECK(shape(json::parse(data[data.size() - 3])) == shape(json::parse(model[model.size() - 3])));
  CHECK(shape(json::parse(data[data.size() - 2])) == shape(json::parse(model[model.size() - 2])));
  // By default chunks are padded and nobody counts.
  const auto plain =
      events(standin.fetch("POST", "/v1/chat/completions", chat("yes", R"(,"stream":true)"), good_key).body);
  CHECK(json::parse(plain[1]).as_object().contains("obfuscation"));
  CHECK(!heard(plain).usage);
}

TEST_CASE("a tool is called in pieces after the words") {
  Standin standin(quick);
  const auto data =
      events(standin.fetch("POST", "/v1/chat/completions", chat("Good bye!", streamed + end_call), good_key).body);
  const Heard reply = heard(data);
  CHECK(reply.text == "Thank you for your time. Good bye.");
  CHECK(reply.tool == "end_call");
  CHECK(reply.argument_pieces > 2);
  CHECK(json::parse(reply.arguments).at("reason").as_string() == "said good bye");
  CHECK(reply.finish == "tool_calls");
}

TEST_CASE("a whole reply has the shape of the golden one") {
  Standin standin(quick);
  const auto answer = standin.fetch("POST", "/v1/chat/completions", chat("yes please", ""), good_key);
  CHECK(answer.status == 200);
  CHECK(shape(json::parse(answer.body)) == shape(golden_json("openai/chat_completion.json")));
  const auto called = standin.fetch("POST", "/v1/chat/completions", chat("bye", end_call), good_key);
  const json::value choice = json::parse(called.body).at("choices").at(0);
  CHECK(choice.at("finish_reason").as_string() == "tool_calls");
  CHECK(choice.at("message").at("tool_calls").at(0).at("function").at("name").as_string() == "end_call");
  const auto cut =
      standin.fetch("POST", "/v1/chat/completions", chat("yes", R"(,"max_completion_tokens":3)"), good_key);
  const json::value body = json::parse(cut.body);
  CHECK(body.at("choices").at(0).at("finish_reason").as_string() == "length");
  CHECK(body.at("usage").at("completion_tokens").as_int64() == 3);
}

TEST_CASE("tokens come when the world says and are stamped") {
  Standin standin(
      "{delays: {llm_first_token_ms: 100, llm_token_ms: 10}, llm: [{when: '', say: 'One two. Three four.'}]}");
  const Instant before = standin.clock.now();
  standin.stamps.speech_ended("attempt-1", before);
  standin.stamps.stt_final("attempt-1", before, before + microseconds{1});
  standin.fetch("POST", "/v1/chat/completions", chat("go", streamed), good_key);
  const Instant after = standin.clock.now();
  CHECK(after - before >= milliseconds{100 + 5 * 10});
  standin.stamps.tts_first_audio("attempt-1", "One two.", after, after + microseconds{1});
  standin.stamps.agent_audio("attempt-1", after + milliseconds{1});
  REQUIRE(standin.stamps.turns().size() == 1);
  // "One", " two", "." and the token that shows the sentence's end.
  CHECK(standin.stamps.turns()[0].llm >= milliseconds{129});
  CHECK(standin.stamps.turns()[0].llm < after - before);
}

TEST_CASE("speech is 24 kHz PCM or WAV") {
  Standin standin(quick);
  const auto speak = [&](const std::string& more) {
    return standin.fetch(
        "POST", "/v1/audio/speech",
        R"({"model":"gpt-4o-mini-tts","input":"Good morning, Asha speaking.","voice":"coral")" + more + "}", good_key);
  };
  const auto pcm = speak(R"(,"response_format":"pcm")");
  CHECK(pcm.status == 200);
  CHECK(pcm.headers.find("content-type") == "audio/pcm");
  CHECK(pcm.body.size() % 2 == 0);
  CHECK(pcm.body.size() > 24000 * 2);
  const auto wav = speak(R"(,"response_format":"wav")");
  const auto read = audio::parse_wav(wav.body);
  REQUIRE(read);
  CHECK(static_cast<double>(read->size() * 3 * 2) ==
        doctest::Approx(static_cast<double>(pcm.body.size())).epsilon(0.01));
  const auto fast = speak(R"(,"response_format":"pcm","speed":2)");
  CHECK(fast.body.size() < pcm.body.size() * 3 / 4);
}

TEST_CASE("requests are refused as OpenAI refuses them") {
  Standin standin(quick);
  const std::string speech = R"({"model":"tts-1","input":"x","voice":"alloy")";
  struct Row {
    std::string method;
    std::string path;
    std::string body;
    net::Headers headers;
    int status;
    std::string says;
  };
  const std::vector<Row> rows = {
      {"POST", "/v1/chat/completions", chat("x", ""), {}, 401, "API key"},
      {"POST", "/v1/chat/completions", chat("x", ""), {{"Authorization", "Bearer bad"}}, 401, "invalid_api_key"},
      {"GET", "/v1/models", "", {{"Authorization", "Basic eA=="}}, 401, "API key"},
      {"POST", "/v1/chat/completions", "{", good_key, 400, "JSON"},
      {"POST", "/v1/chat/completions", R"({"model":"gpt-4o"})", good_key, 400, "messages"},
      {"GET", "/v1/chat/completions", "", good_key, 404, "unknown_url"},
      {"POST", "/v1/responses", "{}", good_key, 404, "unknown_url"},
      {"POST", "/v1/audio/speech", speech + "}", good_key, 400, "mp3"},
      {"POST", "/v1/audio/speech", speech + R"(,"response_format":"opus"})", good_key, 400, "opus"},
      {"POST", "/v1/audio/speech", speech + R"(,"response_format":"pcm","speed":9})", good_key, 400, "0.25"},
      {"POST", "/v1/audio/speech", R"({"model":"tts-1","input":"x"})", good_key, 400, "voice"},
      {"POST", "/v1/audio/speech", R"({"model":"tts-1","input":"x","voice":"me"})", good_key, 400, "me"},
      {"POST", "/v1/audio/speech", R"({"model":"tts-1","input":"","voice":"alloy","response_format":"pcm"})", good_key,
       400, "word"},
      {"POST", "/v1/audio/speech", R"({"model":"tts-1","voice":"alloy","input":")" + std::string(4097, 'a') + R"("})",
       good_key, 400, "4096"},
      {"POST", "/v1/audio/speech", "[]", good_key, 400, "JSON"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CAPTURE(row.body.substr(0, 60));
    const auto answer = standin.fetch(row.method, row.path, row.body, row.headers);
    CHECK(answer.status == row.status);
    CHECK(answer.headers.find("x-request-id").has_value());
    const json::value body = json::parse(answer.body);
    CHECK(body.at("error").as_object().size() == 4);
    CHECK(answer.body.find(row.says) != std::string::npos);
  }
  const auto models = standin.fetch("GET", "/v1/models", "", good_key);
  CHECK(shape(json::parse(models.body)) == shape(golden_json("openai/models.json")));
}

TEST_CASE("the model's faults happen where the world says") {
  const auto with = [](const std::string& fault) {
    return quick + "faults: [{provider: openai.chat, " + fault + "}]\n";
  };
  const auto ask = [](Standin& standin) {
    return standin.try_fetch("POST", "/v1/chat/completions", chat("yes please", streamed), good_key);
  };
  {
    Standin standin(with("kind: rate_limit"));
    const auto answer = ask(standin);
    REQUIRE(answer);
    CHECK(answer->status == 429);
    CHECK(answer->headers.find("retry-after") == "1");
    CHECK(json::parse(answer->body).at("error").at("code").as_string() == "rate_limit_exceeded");
  }
  {
    Standin standin(with("kind: server_error"));
    CHECK(ask(standin)->status == 503);
    CHECK(standin.fetch("GET", "/v1/models", "", good_key).status == 200);
  }
  {
    Standin standin(with("kind: auth_error"));
    CHECK(ask(standin)->status == 401);
  }
  {
    Standin standin(with("kind: drop_answer"));
    CHECK(!ask(standin));
  }
  {
    Standin standin(with("kind: stall, ms: 80"));
    const Instant before = standin.clock.now();
    CHECK(!ask(standin));
    CHECK(standin.clock.now() - before >= milliseconds{80});
  }
  {
    Standin standin(with("kind: bad_json"));
    const auto answer = ask(standin);
    REQUIRE(answer);
    const auto data = events(answer->body);
    CHECK(std::ranges::count_if(data, [](const std::string& event) {
            boost::system::error_code error;
            json::parse(event, error);
            return event != "[DONE]" && error;
          }) == 1);
  }
}
