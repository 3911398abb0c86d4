#include "adapters/openai/wire.hpp"

#include <doctest/doctest.h>

#include "adapters/golden.hpp"
#include "adapters/openai/openai_text_to_speech.hpp"
#include "net/sse.hpp"

using namespace callramp;
using namespace callramp::openai;
using callramp::adapters::damaged;
using callramp::adapters::golden;

namespace {

const OpenAiConfig config{};

struct Reply {
  std::string text;
  std::vector<std::pair<std::string, std::string>> tools;
  std::optional<ReplyDone> done;
  std::optional<Error> error;
};

/// Feeds a whole body in pieces of `step` bytes.
Reply read(const std::string& body, std::size_t step, const OpenAiConfig& with = config) {
  net::SseParser events(with.max_event_bytes);
  ChatStreamParser parser(with);
  Reply reply;
  const auto take = [&](const Result<std::vector<ReplyEvent>>& parsed) {
    if (!parsed) {
      reply.error = parsed.error();
      return false;
    }
    for (const ReplyEvent& event : *parsed) {
      CHECK_FALSE(reply.done);  // nothing comes after it
      if (const auto* text = std::get_if<ReplyText>(&event)) reply.text += text->delta;
      if (const auto* tool = std::get_if<ReplyToolCall>(&event))
        reply.tools.emplace_back(tool->name, tool->arguments_json);
      if (const auto* done = std::get_if<ReplyDone>(&event)) reply.done = *done;
    }
    return true;
  };
  for (std::size_t at = 0; at < body.size(); at += step) {
    const auto fed = events.feed(std::string_view(body).substr(at, step));
    if (!fed) {
      reply.error = fed.error();
      return reply;
    }
    for (const auto& event : *fed)
      if (!take(parser.feed(event.data))) return reply;
  }
  take(parser.end());
  return reply;
}

ReplyRequest golden_request() {
  return {.model = "gpt-4.1-mini",
          .messages = {{ChatMessage::Role::system, "You are Asha."},
                       {ChatMessage::Role::assistant, "Hello, this is Asha."},
                       {ChatMessage::Role::user, "yes please"}},
          .tools = {{"end_call", "Ends the call.",
                     R"({"type":"object","properties":{"reason":{"type":"string"}},"required":[]})"}},
          .cache_key = "agent-7"};
}

}  // namespace

TEST_CASE("a request is what the documents show") {
  CHECK(boost::json::parse(*chat_request(golden_request(), config)) ==
        boost::json::parse(golden("openai/chat_request.json")));
  auto plain = golden_request();
  plain.tools.clear();
  plain.cache_key.clear();
  const auto body = boost::json::parse(*chat_request(plain, config)).as_object();
  for (const char* key : {"tools", "tool_choice", "prompt_cache_key"}) CHECK_FALSE(body.contains(key));
  auto reasoning = golden_request();
  reasoning.model = "gpt-5-mini";
  CHECK_FALSE(boost::json::parse(*chat_request(reasoning, config)).as_object().contains("temperature"));
  for (const char* parameters : {"", "[]", "{", "3"}) {
    auto broken = golden_request();
    broken.tools[0].parameters_json = parameters;
    const auto refused = chat_request(broken, config);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("end_call") != std::string::npos);
  }
  CHECK(boost::json::parse(speech_request({.text = "Hello, this is Asha from the clinic.", .voice = "coral"},
                                          config)) == boost::json::parse(golden("openai/speech_request.json")));
  // A voice of another vendor is spoken in ours.
  CHECK(boost::json::parse(speech_request({.text = "x", .voice = "aura-2-thalia-en"}, config)).at("voice") == "coral");
}

TEST_CASE("a streamed reply is read whole however it is cut") {
  for (const std::size_t step : {1, 2, 7, 64, 1000, 1'000'000}) {
    CAPTURE(step);
    const Reply text = read(golden("openai/chat_text.sse"), step);
    CHECK(text.text.starts_with("Namaste! I am Asha"));
    REQUIRE(text.done);
    CHECK(text.done->finish_reason == "stop");
    CHECK(text.done->input_tokens.has_value());
    CHECK(text.done->output_tokens.has_value());
    CHECK(text.done->cached_tokens.has_value());

    const Reply tool = read(golden("openai/chat_tool_call.sse"), step);
    REQUIRE(tool.tools.size() == 1);
    CHECK(tool.tools[0].first == "end_call");
    CHECK(boost::json::parse(tool.tools[0].second).is_object());
    CHECK(tool.done->finish_reason == "tool_calls");

    const Reply two = read(golden("openai/chat_text_and_two_tools.sse"), step);
    CHECK(two.text == "Good bye.");
    REQUIRE(two.tools.size() == 2);
    CHECK(two.tools[0].first == "note");
    CHECK(two.tools[1].first == "end_call");
    for (const auto& [name, arguments] : two.tools) CHECK(boost::json::parse(arguments).is_object());

    const Reply hindi = read(golden("openai/chat_comments_and_crlf.sse"), step);
    CHECK(hindi.text == "नमस्ते");
    CHECK(hindi.done->finish_reason == "stop");
    CHECK_FALSE(hindi.done->input_tokens);

    CHECK(read(golden("openai/chat_length.sse"), step).done->finish_reason == "length");

    const Reply broken = read(golden("openai/chat_error_midway.sse"), step);
    CHECK(broken.text == "Well");
    REQUIRE(broken.error);
    CHECK(broken.error->code == ErrorCode::unavailable);
    CHECK(broken.error->message.find("had an error while processing") != std::string::npos);
  }
}

TEST_CASE("a reply that stops short is an error, one without its last line is not") {
  const std::string whole = golden("openai/chat_text.sse");
  const Reply short_of_done = read(whole.substr(0, whole.find("data: [DONE]")), 64);
  CHECK(short_of_done.done);
  const Reply cut = read(whole.substr(0, whole.find("Asha")), 64);
  CHECK(cut.error);
  CHECK(read("", 1).error);
  CHECK(read("data: [DONE]\n\n", 4).error);
  CHECK(read("data: {\n\n", 4).error);
}

TEST_CASE("a reply without end is cut off") {
  OpenAiConfig small;
  small.max_reply_bytes = 100;
  small.max_tool_calls = 2;
  std::string endless;
  for (int i = 0; i < 20; ++i) endless += "data: {\"choices\":[{\"delta\":{\"content\":\"0123456789\"}}]}\n\n";
  CHECK(read(endless, 64, small).error);
  std::string arguments;
  for (int i = 0; i < 20; ++i)
    arguments +=
        "data: "
        "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"x\",\"arguments\":"
        "\"0123456789\"}}]}}]}\n\n";
  CHECK(read(arguments, 64, small).error);
  std::string tools;
  for (int i = 0; i < 5; ++i)
    tools += "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":" + std::to_string(i) +
             ",\"function\":{\"name\":\"x\"}}]}}]}\n\n";
  CHECK(read(tools, 64, small).error);
  CHECK(read("data: " + std::string(300'000, 'x'), 1000).error);
}

TEST_CASE("chunks of odd shapes are passed over") {
  for (const char* chunk : {"{}", "[]", "3", R"({"choices":null})", R"({"choices":[]})", R"({"choices":[null]})",
                            R"({"choices":[{"delta":null}]})", R"({"choices":[{"delta":{"content":{"a":1}}}]})",
                            R"({"choices":[{"delta":{"tool_calls":[{}]}}]})",
                            R"({"choices":[{"delta":{"tool_calls":[{"function":null}]}}]})",
                            R"({"usage":{"prompt_tokens":"12"}})", R"({"unheard":{"of":[1,2]}})"}) {
    CAPTURE(chunk);
    const Reply reply = read(
        "data: " + std::string(chunk) + "\n\ndata: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        16);
    CHECK_FALSE(reply.error);
    CHECK(reply.text.empty());
    CHECK(reply.tools.empty());
    CHECK(reply.done);
  }
  for (const char* name : {"openai/chat_text.sse", "openai/chat_text_and_two_tools.sse"})
    for (const std::string& body : damaged(golden(name))) {
      const Reply reply = read(body, 100);
      CHECK((reply.done.has_value() != reply.error.has_value()));
    }
}

TEST_CASE("OpenAI's refusals keep their meaning") {
  struct Row {
    int status;
    const char* name;
    ErrorCode expected;
  };
  const Row rows[] = {
      {401, "error_invalid_api_key", ErrorCode::unauthorized},
      {403, "error_invalid_request", ErrorCode::unauthorized},
      {429, "error_rate_limit", ErrorCode::rate_limited},
      {429, "error_slow_down", ErrorCode::rate_limited},
      {429, "error_insufficient_quota", ErrorCode::unavailable},
      {404, "error_model_not_found", ErrorCode::not_found},
      {400, "error_context_length", ErrorCode::invalid_request},
      {400, "error_invalid_request", ErrorCode::invalid_request},
      {500, "error_server", ErrorCode::unavailable},
      {503, "error_overloaded", ErrorCode::unavailable},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Error error = parse_refusal(row.status, {{"x-request-id", "req_1"}, {"retry-after", "2"}},
                                      golden("openai/" + std::string(row.name) + ".json"));
    CHECK(error.code == row.expected);
    CHECK(error.message.find("request req_1") != std::string::npos);
    CHECK(error.message.find("retry-after 2") != std::string::npos);
  }
  for (const char* body : {"", "<html>", "{}", R"({"error":"text"})", R"({"error":{"message":3}})"})
    CHECK(parse_refusal(502, {}, body).code == ErrorCode::unavailable);
}
