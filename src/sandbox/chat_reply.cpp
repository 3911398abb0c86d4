#include "sandbox/chat_reply.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <regex>

namespace callramp::sandbox {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 7> model_families = {"gpt-3.5", "gpt-4", "gpt-5", "o1", "o3", "o4", "chatgpt-"};
constexpr std::array<std::string_view, 6> roles = {"system", "developer", "user", "assistant", "tool", "function"};

OpenAiError missing(const std::string& name) {
  return {
      .code = "missing_required_parameter", .param = name, .message = "Missing required parameter: '" + name + "'."};
}

OpenAiError wrong_type(const std::string& name, std::string_view wanted) {
  return {.code = "invalid_type",
          .param = name,
          .message = "Invalid type for '" + name + "': expected " + std::string(wanted) + "."};
}

/// A message's content: a text, parts of type text, or nothing (an assistant that only calls tools).
std::expected<std::string, OpenAiError> content_of(const json::value* content, const std::string& name) {
  if (content == nullptr || content->is_null()) return std::string();
  if (content->is_string()) return std::string(content->as_string());
  if (!content->is_array()) return std::unexpected(wrong_type(name, "a string or an array of parts"));
  std::string text;
  for (const json::value& part : content->as_array()) {
    const json::object* object = part.if_object();
    const json::value* words = object == nullptr ? nullptr : object->if_contains("text");
    if (words != nullptr && words->is_string()) text += words->as_string();
  }
  return text;
}

bool flag(const json::object& object, std::string_view name, bool otherwise) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_bool() ? value->as_bool() : otherwise;
}

std::expected<std::vector<ChatRequest::Message>, OpenAiError> messages_of(const json::object& body) {
  const json::value* list = body.if_contains("messages");
  if (list == nullptr) return std::unexpected(missing("messages"));
  if (!list->is_array()) return std::unexpected(wrong_type("messages", "an array of objects"));
  if (list->as_array().empty())
    return std::unexpected(
        OpenAiError{.code = "empty_array",
                    .param = "messages",
                    .message = "Invalid 'messages': empty array. Expected an array with minimum length 1."});
  std::vector<ChatRequest::Message> messages;
  for (const json::value& entry : list->as_array()) {
    const std::string name = "messages[" + std::to_string(messages.size()) + "]";
    const json::object* message = entry.if_object();
    if (message == nullptr) return std::unexpected(wrong_type(name, "an object"));
    const json::value* role = message->if_contains("role");
    if (role == nullptr) return std::unexpected(missing(name + ".role"));
    if (!role->is_string() || std::ranges::find(roles, std::string_view(role->as_string())) == roles.end())
      return std::unexpected(OpenAiError{.code = "invalid_value",
                                         .param = name + ".role",
                                         .message = "Invalid value for '" + name + ".role': it is not a role."});
    auto text = content_of(message->if_contains("content"), name + ".content");
    if (!text) return std::unexpected(text.error());
    messages.push_back({std::string(role->as_string()), std::move(*text)});
  }
  return messages;
}

std::expected<std::vector<std::string>, OpenAiError> tools_of(const json::object& body) {
  std::vector<std::string> names;
  const json::value* list = body.if_contains("tools");
  if (list == nullptr || list->is_null()) return names;
  if (!list->is_array()) return std::unexpected(wrong_type("tools", "an array of objects"));
  for (const json::value& entry : list->as_array()) {
    const std::string name = "tools[" + std::to_string(names.size()) + "].function.name";
    const json::object* tool = entry.if_object();
    const json::value* function = tool == nullptr ? nullptr : tool->if_contains("function");
    const json::value* called =
        function == nullptr || !function->is_object() ? nullptr : function->as_object().if_contains("name");
    if (called == nullptr || !called->is_string()) return std::unexpected(missing(name));
    names.emplace_back(called->as_string());
  }
  return names;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// The tool that ends a call, by its name; empty if none is offered.
std::string ending_tool(const std::vector<std::string>& tools) {
  for (const std::string_view word : {"end_call", "end", "hang"})
    for (const std::string& tool : tools)
      if (lower(tool).find(word) != std::string::npos) return tool;
  return {};
}

ChatReply own_words(const std::string& said, std::size_t turn, const ChatRequest& request) {
  const auto ending = [&](std::string say, std::string_view reason) {
    return ChatReply{.say = std::move(say),
                     .tool = ending_tool(request.tools),
                     .arguments = json::serialize(json::object{{"reason", reason}})};
  };
  const std::string words = lower(said);
  const auto contains = [&](std::string_view text) { return words.find(text) != std::string::npos; };
  if (contains("not interested") || contains("not call me") || contains("do not call") || contains("don't call") ||
      contains("stop calling"))
    return ending("I understand. I will take you off the list. Good bye.", "not interested");
  if (contains("bye")) return ending("Thank you for your time. Good bye.", "said good bye");
  switch (turn) {
    case 0: return {.say = "Hello! How may I help you?"};
    case 1:
      return {.say =
                  "Thank you. It is quickly told. We moved your appointment to Tuesday morning. Does that suit you?"};
    case 2: return {.say = "Understood, I have noted that. Is there anything else that you would like to know?"};
    default: return ending("Thank you for your time. Have a nice day. Good bye.", "done");
  }
}

}  // namespace

std::string to_json(const OpenAiError& error) {
  const auto or_null = [](const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); };
  return json::serialize(json::object{{"error",
                                       {{"message", error.message},
                                        {"type", error.type},
                                        {"param", or_null(error.param)},
                                        {"code", or_null(error.code)}}}});
}

std::expected<ChatRequest, OpenAiError> parse_chat_request(std::string_view text) {
  boost::system::error_code failed;
  const json::value parsed = json::parse(text, failed);
  const json::object* body = failed ? nullptr : parsed.if_object();
  if (body == nullptr)
    return std::unexpected(OpenAiError{.message =
                                           "We could not parse the JSON body of your request. It must be one JSON "
                                           "object; send it with Content-Type: application/json."});
  ChatRequest request;
  const json::value* model = body->if_contains("model");
  if (model == nullptr) return std::unexpected(OpenAiError{.message = "you must provide a model parameter"});
  if (!model->is_string()) return std::unexpected(wrong_type("model", "a string"));
  request.model = model->as_string();
  const bool exists =
      std::ranges::any_of(model_families, [&](std::string_view family) { return request.model.starts_with(family); });
  if (!exists)
    return std::unexpected(
        OpenAiError{.status = 404,
                    .code = "model_not_found",
                    .message = "The model `" + request.model + "` does not exist or you do not have access to it."});
  auto messages = messages_of(*body);
  if (!messages) return std::unexpected(messages.error());
  request.messages = std::move(*messages);
  auto tools = tools_of(*body);
  if (!tools) return std::unexpected(tools.error());
  request.tools = std::move(*tools);
  request.stream = flag(*body, "stream", false);
  if (const json::value* options = body->if_contains("stream_options"); options != nullptr && !options->is_null()) {
    if (!options->is_object()) return std::unexpected(wrong_type("stream_options", "an object"));
    if (!request.stream)
      return std::unexpected(
          OpenAiError{.param = "stream_options",
                      .message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."});
    request.include_usage = flag(options->as_object(), "include_usage", false);
    request.include_obfuscation = flag(options->as_object(), "include_obfuscation", true);
  }
  for (const std::string name : {"max_tokens", "max_completion_tokens"}) {
    const json::value* limit = body->if_contains(name);
    if (limit == nullptr || limit->is_null()) continue;
    if (!limit->is_int64() || limit->as_int64() < 1) return std::unexpected(wrong_type(name, "an integer above 0"));
    request.max_tokens = limit->as_int64();
  }
  if (const json::value* n = body->if_contains("n"); n != nullptr && !n->is_null() && *n != json::value(1))
    return std::unexpected(OpenAiError{.param = "n", .message = "The sandbox gives one choice: leave 'n' out."});
  return request;
}

ChatReply choose_reply(const std::vector<Reply>& script, const ChatRequest& request) {
  if (request.messages.back().role == "tool") return {.say = "All right."};
  std::size_t turn = 0;
  std::string said;
  for (const ChatRequest::Message& message : request.messages) {
    if (message.role != "user") continue;
    ++turn;
    said = message.text;
  }
  for (const Reply& reply : script) {
    if (reply.turn ? static_cast<std::size_t>(*reply.turn) != turn
                   : !reply.when.empty() &&
                         !std::regex_search(said, std::regex(reply.when, std::regex::ECMAScript | std::regex::icase)))
      continue;
    const bool offered = std::ranges::find(request.tools, reply.tool) != request.tools.end();
    return {.say = reply.say, .tool = offered ? reply.tool : "", .arguments = reply.arguments};
  }
  return own_words(said, turn, request);
}

std::vector<std::string> tokens_of(std::string_view text) {
  constexpr std::size_t longest = 8;
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (static_cast<unsigned char>(c) & 0x80) != 0;
  };
  std::vector<std::string> tokens;
  bool after_letter = false;
  for (const char c : text) {
    const bool letter = is_letter(c);
    const bool joins =
        !tokens.empty() &&
        (continues(c) || (letter && tokens.back().size() < longest && (after_letter || tokens.back() == " ")));
    if (joins)
      tokens.back().push_back(c);
    else
      tokens.emplace_back(1, c);
    after_letter = letter;
  }
  return tokens;
}

}  // namespace callramp::sandbox
