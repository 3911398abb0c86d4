#include "adapters/openai/wire.hpp"

#include <algorithm>

#include "adapters/common/json_read.hpp"

namespace callramp::openai {
namespace {

namespace json = boost::json;
using adapters::excerpt;
using adapters::find;
using adapters::integer;
using adapters::text;

const char* role_name(ChatMessage::Role role) {
  switch (role) {
    case ChatMessage::Role::system: return "system";
    case ChatMessage::Role::user: return "user";
    case ChatMessage::Role::assistant: return "assistant";
  }
  return "user";
}

bool reasons(const std::string& model, const OpenAiConfig& config) {
  return std::ranges::any_of(config.reasoning_models,
                             [&](const std::string& prefix) { return model.starts_with(prefix); });
}

/// What an error object means; `status` is 0 inside a stream.
Error from_error_object(const json::value& error, int status, std::string said) {
  const std::string code = text(error, "code").value_or("");
  const std::string type = text(error, "type").value_or("");
  const auto is = [&](std::string_view word) { return code == word || type == word; };
  if (const auto message = text(error, "message")) said += " (" + excerpt(*message) + ")";
  // Out of money looks like a rate limit and lasts longer than any retry.
  if (is("insufficient_quota") || is("billing_hard_limit_reached"))
    return {ErrorCode::unavailable, said + ": the account has no quota left; check its billing"};
  if (status == 401 || status == 403 || is("invalid_api_key"))
    return {ErrorCode::unauthorized, said + ": check OPENAI_API_KEY and its project"};
  if (status == 429 || is("rate_limit_exceeded") || is("slow_down")) return {ErrorCode::rate_limited, said};
  if (status == 404 || is("model_not_found")) return {ErrorCode::not_found, said};
  if (status == 0 || status >= 500 || status == 408 || status == 409) return {ErrorCode::unavailable, said};
  return {ErrorCode::invalid_request, said};
}

}  // namespace

Result<std::string> chat_request(const ReplyRequest& request, const OpenAiConfig& config) {
  json::array messages;
  for (const ChatMessage& message : request.messages)
    messages.push_back(json::object{{"role", role_name(message.role)}, {"content", message.text}});
  json::object body{{"model", request.model},
                    {"stream", true},
                    {"stream_options", {{"include_usage", true}, {"include_obfuscation", false}}},
                    {"messages", std::move(messages)}};
  if (!request.tools.empty()) {
    json::array tools;
    for (const ToolSpec& tool : request.tools) {
      auto parameters = adapters::parse_json(tool.parameters_json, "the parameters of tool '" + tool.name + "'");
      if (!parameters) return std::unexpected(std::move(parameters).error());
      if (!parameters->is_object())
        return fail(ErrorCode::invalid_request, "the parameters of tool '" + tool.name + "' are no object");
      tools.push_back(json::object{{"type", "function"},
                                   {"function", json::object{{"name", tool.name},
                                                             {"description", tool.description},
                                                             {"parameters", *std::move(parameters)}}}});
    }
    body["tools"] = std::move(tools);
    body["tool_choice"] = "auto";
  }
  if (!reasons(request.model, config)) body["temperature"] = request.temperature;
  body["max_completion_tokens"] = request.max_tokens;
  if (!request.cache_key.empty()) body["prompt_cache_key"] = request.cache_key;
  body["store"] = false;
  return json::serialize(body);
}

Status ChatStreamParser::count(std::size_t bytes) {
  bytes_ += bytes;
  if (bytes_ <= config_.max_reply_bytes) return {};
  return fail(ErrorCode::unavailable, "the model's reply is longer than " + std::to_string(config_.max_reply_bytes) +
                                          " bytes; it does not end");
}

Status ChatStreamParser::add_tool_calls(const json::value& delta) {
  const json::value* list = find(delta, "tool_calls");
  if (!list || !list->is_array()) return {};
  for (const json::value& part : list->get_array()) {
    const std::int64_t index = integer(part, "index").value_or(0);
    if (!tool_calls_.contains(index) && tool_calls_.size() >= static_cast<std::size_t>(config_.max_tool_calls))
      return fail(ErrorCode::unavailable,
                  "the model asks for more than " + std::to_string(config_.max_tool_calls) + " tools at once");
    ToolCall& call = tool_calls_[index];
    const json::value* function = find(part, "function");
    if (!function) continue;
    if (auto name = text(*function, "name"); name && call.name.empty()) call.name = *std::move(name);
    if (const auto arguments = text(*function, "arguments")) {
      TRY_VOID(count(arguments->size()));
      call.arguments += *arguments;
    }
  }
  return {};
}

Result<std::vector<ReplyEvent>> ChatStreamParser::feed(std::string_view data) {
  if (done_ || data.empty()) return std::vector<ReplyEvent>{};
  if (data == "[DONE]") {
    if (end_.finish_reason.empty()) return fail(ErrorCode::unavailable, "the model's reply ended without a reason");
    return finish();
  }
  TRY(chunk, adapters::parse_json(data, "the model's chunk"));
  if (const json::value* error = find(chunk, "error"))
    return std::unexpected(from_error_object(*error, 0, "OpenAI broke off its reply"));
  std::vector<ReplyEvent> events;
  const json::value* choices = find(chunk, "choices");
  if (choices && choices->is_array() && !choices->get_array().empty()) {
    const json::value& choice = choices->get_array().front();
    if (const json::value* delta = find(choice, "delta")) {
      for (const char* key : {"content", "refusal"}) {
        auto words = text(*delta, key);
        if (!words || words->empty()) continue;
        TRY_VOID(count(words->size()));
        events.push_back(ReplyText{*std::move(words)});
      }
      TRY_VOID(add_tool_calls(*delta));
    }
    if (auto reason = text(choice, "finish_reason"); reason && !reason->empty())
      end_.finish_reason = *std::move(reason);
  }
  if (const json::value* usage = find(chunk, "usage")) {
    end_.input_tokens = integer(*usage, "prompt_tokens");
    end_.output_tokens = integer(*usage, "completion_tokens");
    if (const json::value* details = find(*usage, "prompt_tokens_details"))
      end_.cached_tokens = integer(*details, "cached_tokens");
  }
  return events;
}

Result<std::vector<ReplyEvent>> ChatStreamParser::end() {
  if (done_) return std::vector<ReplyEvent>{};
  // Some gateways leave the [DONE] out; a reply with its reason is complete all the same.
  if (!end_.finish_reason.empty()) return finish();
  done_ = true;
  return fail(ErrorCode::unavailable, "the model's reply broke off");
}

std::vector<ReplyEvent> ChatStreamParser::finish() {
  done_ = true;
  std::vector<ReplyEvent> events;
  for (auto& [index, call] : tool_calls_)
    if (!call.name.empty()) events.push_back(ReplyToolCall{std::move(call.name), std::move(call.arguments)});
  events.push_back(std::move(end_));
  return events;
}

Error parse_refusal(int status, const net::Headers& headers, std::string_view body) {
  std::string said = "OpenAI answered " + std::to_string(status);
  if (const auto id = headers.find("x-request-id")) said += ", request " + excerpt(*id, 64);
  for (const char* name : {"retry-after-ms", "retry-after"})
    if (const auto after = headers.find(name)) {
      said += ", " + std::string(name) + " " + excerpt(*after, 40);
      break;
    }
  const auto value = adapters::parse_json(body, "answer");
  const json::value* error = value ? find(*value, "error") : nullptr;
  if (error) return from_error_object(*error, status, std::move(said));
  if (!body.empty()) said += " (" + excerpt(body) + ")";
  return from_error_object(json::value(), status, std::move(said));
}

}  // namespace callramp::openai
