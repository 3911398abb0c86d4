#include "sandbox/chat_reply.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "golden.hpp"

using namespace callramp;
using namespace callramp::sandbox;

namespace {

ChatRequest talk(const std::vector<std::string>& said, std::vector<std::string> tools = {"book", "end_call"}) {
  ChatRequest request{.model = "gpt-4.1-mini", .messages = {{"system", "You are Asha."}}, .tools = std::move(tools)};
  for (const std::string& text : said) {
    request.messages.push_back({"assistant", "Hello."});
    request.messages.push_back({"user", text});
  }
  return request;
}

}  // namespace

TEST_CASE("a chat request is read and what is wrong in it is named") {
  const auto golden = parse_chat_request(test::golden("openai/chat_request.json"));
  REQUIRE(golden);
  CHECK(golden->stream);
  CHECK(golden->include_usage);
  CHECK(!golden->include_obfuscation);
  CHECK(golden->max_tokens == 200);
  CHECK(golden->tools == std::vector<std::string>{"end_call"});
  REQUIRE(golden->messages.size() == 3);
  CHECK(golden->messages[2].text == "yes please");

  struct Row {
    std::string body;
    int status;
    std::string code;
    std::string param;
  };
  const std::string head = R"({"model":"gpt-4o","messages":)";
  const std::vector<Row> rows = {
      {"", 400, "", ""},
      {"[]", 400, "", ""},
      {R"({"messages":[]})", 400, "", ""},
      {R"({"model":7,"messages":[]})", 400, "invalid_type", "model"},
      {R"({"model":"gpt-9","messages":[{"role":"user","content":"x"}]})", 404, "model_not_found", ""},
      {R"({"model":"gpt-4o"})", 400, "missing_required_parameter", "messages"},
      {head + "[]}", 400, "empty_array", "messages"},
      {head + "{}}", 400, "invalid_type", "messages"},
      {head + "[7]}", 400, "invalid_type", "messages[0]"},
      {head + R"([{"content":"x"}]})", 400, "missing_required_parameter", "messages[0].role"},
      {head + R"([{"role":"boss","content":"x"}]})", 400, "invalid_value", "messages[0].role"},
      {head + R"([{"role":"user","content":7}]})", 400, "invalid_type", "messages[0].content"},
      {head + R"([{"role":"user"}],"tools":{}})", 400, "invalid_type", "tools"},
      {head + R"([{"role":"user"}],"tools":[{"type":"function"}]})", 400, "missing_required_parameter",
       "tools[0].function.name"},
      {head + R"([{"role":"user"}],"max_tokens":0})", 400, "invalid_type", "max_tokens"},
      {head + R"([{"role":"user"}],"stream_options":{"include_usage":true}})", 400, "", "stream_options"},
      {head + R"([{"role":"user"}],"n":2})", 400, "", "n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    const auto request = parse_chat_request(row.body);
    REQUIRE(!request);
    CHECK(request.error().status == row.status);
    CHECK(request.error().code == row.code);
    CHECK(request.error().param == row.param);
    CHECK(request.error().type == "invalid_request_error");
  }
  const auto parts = parse_chat_request(
      head +
      R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url"},{"type":"text","text":"b"}]}]})");
  REQUIRE(parts);
  CHECK(parts->messages[0].text == "ab");
}

TEST_CASE("the script's first fitting entry speaks") {
  const std::vector<Reply> script = {
      {.turn = 2, .when = {}, .say = "second", .tool = "book", .arguments = R"({"day":"Tuesday"})"},
      {.turn = {}, .when = "price|COST", .say = "three hundred", .tool = "refund"},
      {.turn = {}, .when = "", .say = "anything"},
  };
  CHECK(choose_reply(script, talk({"what does it cost?"})).say == "three hundred");
  CHECK(choose_reply(script, talk({"what does it cost?"})).tool.empty());  // nobody offered "refund"
  CHECK(choose_reply(script, talk({"hello"})).say == "anything");
  const ChatReply second = choose_reply(script, talk({"hello", "what does it cost?"}));
  CHECK(second.say == "second");
  CHECK(second.tool == "book");
  CHECK(second.arguments == R"({"day":"Tuesday"})");
}

TEST_CASE("without a script it asks once and then ends the call by the tool on offer") {
  CHECK(choose_reply({}, talk({"yes"})).say.ends_with("?"));
  CHECK(choose_reply({}, talk({"yes"})).tool.empty());
  CHECK(choose_reply({}, talk({"yes", "fine"})).tool.empty());
  const ChatReply last = choose_reply({}, talk({"yes", "fine", "no"}));
  CHECK(last.tool == "end_call");
  CHECK(boost::json::parse(last.arguments).is_object());
  CHECK(choose_reply({}, talk({"I am not interested"})).tool == "end_call");
  CHECK(choose_reply({}, talk({"Good bye!"}, {"hang_up"})).tool == "hang_up");
  CHECK(choose_reply({}, talk({"Good bye!"}, {"book"})).tool.empty());
  ChatRequest after_tool = talk({"Good bye!"});
  after_tool.messages.push_back({"tool", "{}"});
  CHECK(choose_reply({}, after_tool).tool.empty());
}

TEST_CASE("tokens join to the text and never cut a character") {
  for (const std::string text : {"Sure, I can help. When?", "", "  two  spaces\n", "नमस्ते, आप कैसे हैं?",
                                 "extraordinarily long", "It costs 3.50 €!"}) {
    std::string joined;
    for (const std::string& token : tokens_of(text)) {
      joined += token;
      CHECK((static_cast<unsigned char>(token[0]) & 0xc0) != 0x80);
    }
    CHECK(joined == text);
  }
  CHECK(tokens_of("Sure, I can.") == std::vector<std::string>{"Sure", ",", " I", " can", "."});
}
