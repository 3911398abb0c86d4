// FakeTextToSpeech: speaks in spoken(), so that a test reads on the line what was synthesised.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "fakes/spoken.hpp"
#include "fakes/waiting.hpp"
#include "ports/text_to_speech.hpp"

namespace callramp::fakes {

class FakeTextToSpeech final : public TextToSpeech {
 public:
  explicit FakeTextToSpeech(async::Clock& clock) : clock_(clock) {}

  void first_audio_after(Duration span) { first_audio_ = span; }
  void between_chunks(Duration span) { between_ = span; }
  /// Samples of one receive(); 800 (100 ms) by default.
  void chunks_of(std::size_t samples) { chunk_ = samples; }
  void stalls_next() { next_.push_back({.stalls = true}); }
  void refuses_next(Error error) { next_.push_back({.refusal = std::move(error)}); }
  void refuses_all(std::optional<Error> error) { refusal_ = std::move(error); }
  void breaks_next_after(std::size_t samples) { next_.push_back({.breaks_after = samples}); }

  const std::vector<SpeechRequest>& requests() const { return requests_; }
  std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (const SpeechRequest& request : requests_) texts.push_back(request.text);
    return texts;
  }

  /// How often it was told that it will be needed.
  int got_ready() const { return got_ready_; }

  std::string name() const override { return "fake"; }
  Awaitable<Result<std::unique_ptr<SpeechStream>>> open(SpeechRequest request, Instant deadline) override;
  Awaitable<void> get_ready(Instant) override {
    ++got_ready_;
    co_return;
  }
  Awaitable<Status> probe(Instant) override {
    if (refusal_) co_return std::unexpected(*refusal_);
    co_return Status{};
  }

 private:
  struct Next {
    bool stalls = false;
    std::optional<std::size_t> breaks_after;
    std::optional<Error> refusal;
  };
  class Stream;

  async::Clock& clock_;
  int got_ready_ = 0;
  Duration first_audio_ = milliseconds{150};
  Duration between_ = milliseconds{10};
  std::size_t chunk_ = 800;
  std::optional<Error> refusal_;
  std::deque<Next> next_;
  std::vector<SpeechRequest> requests_;
};

class FakeTextToSpeech::Stream final : public SpeechStream {
 public:
  Stream(FakeTextToSpeech& owner, const std::string& text, Next next)
      : owner_(owner),
        next_(std::move(next)),
        samples_(spoken(text)),
        characters_(static_cast<std::int64_t>(text.size())) {}

  Awaitable<Result<std::optional<std::vector<std::int16_t>>>> receive() override {
    if (next_.stalls) co_await stall();
    if (given_ == samples_.size()) co_return std::nullopt;
    co_await owner_.clock_.sleep_for(given_ == 0 ? owner_.first_audio_ : owner_.between_);
    if (next_.breaks_after && given_ >= *next_.breaks_after)
      co_return fail(ErrorCode::unavailable, "the fake speech stream broke");
    const std::size_t end = std::min(given_ + owner_.chunk_, samples_.size());
    const std::size_t from = std::exchange(given_, end);
    co_return std::vector<std::int16_t>(samples_.begin() + static_cast<std::ptrdiff_t>(from),
                                        samples_.begin() + static_cast<std::ptrdiff_t>(end));
  }
  std::int64_t billed_characters() const override { return characters_; }

 private:
  FakeTextToSpeech& owner_;
  Next next_;
  audio::Pcm samples_;
  std::int64_t characters_;
  std::size_t given_ = 0;
};

inline Awaitable<Result<std::unique_ptr<SpeechStream>>> FakeTextToSpeech::open(SpeechRequest request, Instant) {
  Next next;
  if (!next_.empty()) {
    next = std::move(next_.front());
    next_.pop_front();
  }
  requests_.push_back(request);
  co_await clock_.sleep_for(milliseconds{20});
  if (refusal_) co_return std::unexpected(*refusal_);
  if (next.refusal) co_return std::unexpected(*next.refusal);
  co_return std::make_unique<Stream>(*this, request.text, std::move(next));
}

}  // namespace callramp::fakes
