// What the language model's stand-in says: a request read, a reply chosen by the world's script, cut into tokens. No
// sockets and no time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sandbox/world.hpp"

namespace callramp::sandbox {

struct ChatRequest {
  struct Message {
    std::string role;
    std::string text;
  };
  std::string model;
  std::vector<Message> messages;
  std::vector<std::string> tools;  ///< names of the functions on offer
  bool stream = false;
  bool include_usage = false;
  bool include_obfuscation = true;
  std::optional<std::int64_t> max_tokens;
};

/// An error as OpenAI words it; `param` and `code` are JSON null where empty.
struct OpenAiError {
  int status = 400;
  std::string type = "invalid_request_error";
  std::string code;
  std::string param;
  std::string message;
};
std::string to_json(const OpenAiError& error);

std::expected<ChatRequest, OpenAiError> parse_chat_request(std::string_view body);

struct ChatReply {
  std::string say;
  std::string tool;  ///< empty: none
  std::string arguments;
};
/// The first of the world's replies that fits the last user message; without one, the stand-in's own persona: it
/// answers, asks a question, and after the third user message thanks and ends the call by a tool named like end_call,
/// if the request offers one. A tool that is not on offer is never called.
ChatReply choose_reply(const std::vector<Reply>& script, const ChatRequest& request);

/// Pieces of about a word, as a model's tokens: " word", "." apart. Joined they are the text. UTF-8 is never cut.
std::vector<std::string> tokens_of(std::string_view text);

}  // namespace callramp::sandbox
