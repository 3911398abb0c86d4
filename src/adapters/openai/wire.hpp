// OpenAI's chat stream and refusals, read and written without sockets.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/openai/config.hpp"
#include "net/http.hpp"
#include "ports/language_model.hpp"

namespace callramp::openai {

/// The body of a streaming chat completion; invalid_request if a tool's parameters are no JSON object.
Result<std::string> chat_request(const ReplyRequest& request, const OpenAiConfig& config);

/// Turns the data of server-sent events into reply events. Tool calls come whole, before ReplyDone; ReplyDone comes
/// last, once, with the usage if it was sent.
class ChatStreamParser {
 public:
  explicit ChatStreamParser(const OpenAiConfig& config) : config_(config) {}

  /// The data of one event: a chunk, an error (becomes the error it names), or "[DONE]".
  Result<std::vector<ReplyEvent>> feed(std::string_view data);
  /// The body ended. An error if the reply was not complete.
  Result<std::vector<ReplyEvent>> end();
  bool done() const noexcept { return done_; }

 private:
  struct ToolCall {
    std::string name;
    std::string arguments;
  };
  Status add_tool_calls(const boost::json::value& delta);
  Status count(std::size_t bytes);
  std::vector<ReplyEvent> finish();

  const OpenAiConfig& config_;
  std::map<std::int64_t, ToolCall> tool_calls_;
  std::size_t bytes_ = 0;
  ReplyDone end_;
  bool done_ = false;
};

/// From the status and the error body; names x-request-id, for their support.
Error parse_refusal(int status, const net::Headers& headers, std::string_view body);

}  // namespace callramp::openai
