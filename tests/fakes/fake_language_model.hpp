// FakeLanguageModel: says what the test wrote, word by word, on the test's clock.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fakes/waiting.hpp"
#include "ports/language_model.hpp"

namespace callramp::fakes {

class FakeLanguageModel final : public LanguageModel {
 public:
  explicit FakeLanguageModel(async::Clock& clock) : clock_(clock) {}

  /// From the request to the answer's head.
  void opens_after(Duration span) { open_ = span; }
  void first_token_after(Duration span) { first_token_ = span; }
  void between_tokens(Duration span) { between_ = span; }
  /// What every reply without a script of its own says.
  void answers(std::string text) { text_ = std::move(text); }
  /// Called with each request instead, if set.
  void answers_with(std::function<std::string(const ReplyRequest&)> reply) { reply_ = std::move(reply); }
  void answers_next(std::string text) { next_.push_back({.text = std::move(text)}); }
  /// Says `text`, if any, and calls the tool.
  void calls_tool_next(std::string name, std::string arguments_json, std::string text = {}) {
    next_.push_back({.text = std::move(text), .tool = ReplyToolCall{std::move(name), std::move(arguments_json)}});
  }
  /// Opens, and no token ever comes.
  void stalls_next() { next_.push_back({.stalls = true}); }
  void refuses_next(Error error) { next_.push_back({.refusal = std::move(error)}); }
  void refuses_all(std::optional<Error> error) { refusal_ = std::move(error); }
  /// Breaks after `text`.
  void breaks_next_after(std::string text) { next_.push_back({.text = std::move(text), .breaks = true}); }

  const std::vector<ReplyRequest>& requests() const { return requests_; }
  /// Streams that were destroyed before their end.
  int cancelled() const { return cancelled_; }

  /// How often it was told that it will be needed.
  int got_ready() const { return got_ready_; }

  std::string name() const override { return "fake"; }
  Awaitable<Result<std::unique_ptr<ReplyStream>>> open(ReplyRequest request, Instant deadline) override;
  Awaitable<void> get_ready(Instant) override {
    ++got_ready_;
    co_return;
  }
  Awaitable<Status> probe(Instant) override {
    if (refusal_) co_return std::unexpected(*refusal_);
    co_return Status{};
  }

 private:
  struct Script {
    std::string text;
    std::optional<ReplyToolCall> tool;
    bool stalls = false;
    bool breaks = false;
    std::optional<Error> refusal;
  };
  class Stream;

  async::Clock& clock_;
  int got_ready_ = 0;
  Duration open_ = milliseconds{20};
  Duration first_token_ = milliseconds{200};
  Duration between_ = milliseconds{10};
  std::string text_ = "Yes.";
  std::function<std::string(const ReplyRequest&)> reply_;
  std::optional<Error> refusal_;
  std::deque<Script> next_;
  std::vector<ReplyRequest> requests_;
  int cancelled_ = 0;
};

class FakeLanguageModel::Stream final : public ReplyStream {
 public:
  Stream(FakeLanguageModel& owner, Script script) : owner_(owner), script_(std::move(script)) {}
  ~Stream() override { owner_.cancelled_ += ended_ ? 0 : 1; }

  Awaitable<Result<std::optional<ReplyEvent>>> receive() override {
    if (ended_) co_return std::nullopt;
    if (script_.stalls) co_await stall();
    co_await owner_.clock_.sleep_for(tokens_ == 0 ? owner_.first_token_ : owner_.between_);
    ++tokens_;
    if (said_ < script_.text.size()) {
      const std::size_t end = std::min(script_.text.find(' ', said_), script_.text.size() - 1) + 1;
      const std::size_t from = std::exchange(said_, end);
      co_return ReplyEvent{ReplyText{script_.text.substr(from, end - from)}};
    }
    if (script_.breaks) {
      ended_ = true;
      co_return fail(ErrorCode::unavailable, "the fake model's stream broke");
    }
    if (script_.tool) {
      ReplyEvent event = std::move(*script_.tool);
      script_.tool.reset();
      called_tool_ = true;
      co_return event;
    }
    ended_ = true;
    co_return ReplyEvent{ReplyDone{.finish_reason = called_tool_ ? "tool_calls" : "stop",
                                   .input_tokens = 100,
                                   .cached_tokens = 50,
                                   .output_tokens = tokens_}};
  }

 private:
  FakeLanguageModel& owner_;
  Script script_;
  std::size_t said_ = 0;
  std::int64_t tokens_ = 0;
  bool called_tool_ = false;
  bool ended_ = false;
};

inline Awaitable<Result<std::unique_ptr<ReplyStream>>> FakeLanguageModel::open(ReplyRequest request, Instant) {
  Script script;
  if (!next_.empty()) {
    script = std::move(next_.front());
    next_.pop_front();
  } else {
    script.text = reply_ ? reply_(request) : text_;
  }
  requests_.push_back(std::move(request));
  co_await clock_.sleep_for(open_);
  if (refusal_) co_return std::unexpected(*refusal_);
  if (script.refusal) co_return std::unexpected(*script.refusal);
  co_return std::make_unique<Stream>(*this, std::move(script));
}

}  // namespace callramp::fakes
