// The language model that decides what to say, streaming.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "async/executor.hpp"
#include "core/calls/types.hpp"

namespace callramp {

struct ChatMessage {
  enum class Role { system, user, assistant } role = Role::user;
  std::string text;
};

struct ToolSpec {
  std::string name;
  std::string description;
  std::string parameters_json;  ///< JSON schema of an object
};

struct ReplyRequest {
  std::string model;
  std::vector<ChatMessage> messages;
  std::vector<ToolSpec> tools;
  int max_tokens = 200;
  double temperature = 0.3;
  AttemptId attempt;  ///< passed as the vendor's request id
  std::string cache_key;
};

struct ReplyText {
  std::string delta;
};
struct ReplyToolCall {
  std::string name;
  std::string arguments_json;  ///< may be invalid JSON: models err
};
struct ReplyDone {
  std::string finish_reason;
  std::optional<std::int64_t> input_tokens;
  std::optional<std::int64_t> cached_tokens;
  std::optional<std::int64_t> output_tokens;
};
using ReplyEvent = std::variant<ReplyText, ReplyToolCall, ReplyDone>;

/// Destroy it to cancel.
class ReplyStream {
 public:
  virtual ~ReplyStream() = default;
  /// Nothing after ReplyDone; an error if the stream broke or reported one.
  virtual Awaitable<Result<std::optional<ReplyEvent>>> receive() = 0;
};

class LanguageModel {
 public:
  virtual ~LanguageModel() = default;
  virtual std::string name() const = 0;
  virtual Awaitable<Result<std::unique_ptr<ReplyStream>>> open(ReplyRequest request, Instant deadline) = 0;
  /// Sees to it that the next open() finds a connection instead of waiting for one: for latency, never for correctness.
  /// Errors are open()'s to tell.
  virtual Awaitable<void> get_ready(Instant deadline) = 0;
  virtual Awaitable<Status> probe(Instant deadline) = 0;
};

}  // namespace callramp
