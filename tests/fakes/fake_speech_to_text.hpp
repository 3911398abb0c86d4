// FakeSpeechToText: recognises spoken() from the samples that it was sent, and nothing else; a stream of silence has no
// transcript.
#pragma once

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/channel.hpp"
#include "fakes/spoken.hpp"
#include "fakes/waiting.hpp"
#include "ports/speech_to_text.hpp"

namespace callramp::fakes {

class FakeSpeechToText final : public SpeechToText {
 public:
  FakeSpeechToText(const Executor& executor, async::Clock& clock) : executor_(executor), clock_(clock) {}

  /// How long after the audio its events come.
  void answers_after(Duration span) { latency_ = span; }
  void opens_after(Duration span) { open_latency_ = span; }
  /// The next stream opens, takes audio and says nothing.
  void stalls_next() { next_.push_back({.stalls = true}); }
  void breaks_next_after(Duration span) { next_.push_back({.breaks_after = span}); }
  /// Reading it is cancelled, though nobody asked for that.
  void cancels_next_after(Duration span) { next_.push_back({.cancels_after = span}); }
  void refuses_next(Error error) { next_.push_back({.refusal = std::move(error)}); }
  void refuses_all(std::optional<Error> error) { refusal_ = std::move(error); }
  void sends_no_speech_final() { speech_final_ = false; }

  const std::vector<SttOptions>& opened() const { return opened_; }
  Duration audio_received() const { return audio::duration_of(samples_); }

  std::string name() const override { return "fake"; }
  Awaitable<Result<std::unique_ptr<SttStream>>> open(SttOptions options, Instant deadline) override;
  Awaitable<Status> probe(Instant) override {
    if (refusal_) co_return std::unexpected(*refusal_);
    co_return Status{};
  }

 private:
  struct Next {
    bool stalls = false;
    std::optional<Duration> breaks_after;
    std::optional<Duration> cancels_after;
    std::optional<Error> refusal;
  };
  class Stream;

  Executor executor_;
  async::Clock& clock_;
  Duration latency_ = milliseconds{100};
  Duration open_latency_ = milliseconds{50};
  bool speech_final_ = true;
  std::optional<Error> refusal_;
  std::deque<Next> next_;
  std::vector<SttOptions> opened_;
  std::size_t samples_ = 0;
};

class FakeSpeechToText::Stream final : public SttStream {
 public:
  Stream(FakeSpeechToText& owner, SttOptions options, Next next)
      : owner_(owner), options_(std::move(options)), next_(std::move(next)), changed_(owner.executor_) {
    if (next_.breaks_after) breaks_at_ = owner_.clock_.now() + *next_.breaks_after;
    if (next_.cancels_after) cancels_at_ = owner_.clock_.now() + *next_.cancels_after;
  }

  Awaitable<Status> send(std::span<const std::int16_t> samples) override {
    if (broken() || finished_) co_return fail(ErrorCode::unavailable, "the fake STT stream is closed");
    owner_.samples_ += samples.size();
    if (next_.stalls) co_return Status{};
    constexpr std::size_t step = 80;  // 10 ms: how exactly silence is timed
    while (!samples.empty()) {
      const auto part = samples.first(std::min(step, samples.size()));
      samples = samples.subspan(part.size());
      hear(part);
    }
    co_return Status{};
  }
  Awaitable<Result<std::optional<SttEvent>>> receive() override {
    while (true) {
      if (broken()) co_return fail(ErrorCode::unavailable, "the fake STT connection broke");
      if (cancels_at_ && owner_.clock_.now() >= *cancels_at_)
        throw boost::system::system_error(asio::error::operation_aborted);
      Instant due = owner_.clock_.now() + hours{24 * 365};
      if (!events_.empty()) {
        due = events_.begin()->first;
        if (due <= owner_.clock_.now()) {
          SttEvent event = std::move(events_.begin()->second);
          events_.erase(events_.begin());
          co_return event;
        }
      } else if (finished_) {
        co_return std::nullopt;
      }
      for (const auto& at : {breaks_at_, cancels_at_})
        if (at) due = std::min(due, *at);
      co_await sleep_or_notified(owner_.clock_, due, changed_);
    }
  }
  Awaitable<Status> finish() override {
    if (!text_.empty()) say(Transcript{.text = std::exchange(text_, {}), .is_final = true, .from = from_, .to = now()});
    finished_ = true;
    changed_.notify();
    co_return Status{};
  }

 private:
  void hear(std::span<const std::int16_t> samples) {
    heard_ += samples.size();
    const std::string characters = reader_.feed(samples);
    if (reader_.silent_samples() == 0 && !speaking_) {
      speaking_ = true;
      from_ = now();
      say(SpeechStarted{from_});
    }
    text_ += characters;
    if (characters.find(' ') != std::string::npos)
      say(Transcript{.text = text_, .from = from_, .to = now(), .confidence = 0.9});
    const auto silence = std::chrono::floor<milliseconds>(audio::duration_of(reader_.silent_samples()));
    if (speaking_ && silence >= options_.endpointing) {
      speaking_ = false;
      last_word_end_ = now() - silence;
      if (!text_.empty())
        say(Transcript{.text = std::exchange(text_, {}),
                       .is_final = true,
                       .speech_final = owner_.speech_final_,
                       .from = from_,
                       .to = last_word_end_,
                       .confidence = 0.98});
      utterance_open_ = true;
    }
    if (utterance_open_ && silence >= options_.utterance_end) {
      utterance_open_ = false;
      say(UtteranceEnded{last_word_end_});
    }
  }
  void say(SttEvent event) {
    events_.emplace(owner_.clock_.now() + owner_.latency_, std::move(event));
    changed_.notify();
  }
  milliseconds now() const { return std::chrono::floor<milliseconds>(audio::duration_of(heard_)); }
  bool broken() const { return breaks_at_ && owner_.clock_.now() >= *breaks_at_; }

  FakeSpeechToText& owner_;
  SttOptions options_;
  Next next_;
  async::Signal changed_;
  std::optional<Instant> breaks_at_;
  std::optional<Instant> cancels_at_;
  SpokenReader reader_;
  std::size_t heard_ = 0;
  bool speaking_ = false;
  bool utterance_open_ = false;
  bool finished_ = false;
  milliseconds from_{};
  milliseconds last_word_end_{};
  std::string text_;
  std::multimap<Instant, SttEvent> events_;
};

inline Awaitable<Result<std::unique_ptr<SttStream>>> FakeSpeechToText::open(SttOptions options, Instant) {
  Next next;
  if (!next_.empty()) {
    next = std::move(next_.front());
    next_.pop_front();
  }
  co_await clock_.sleep_for(open_latency_);
  if (refusal_) co_return std::unexpected(*refusal_);
  if (next.refusal) co_return std::unexpected(*next.refusal);
  opened_.push_back(options);
  co_return std::make_unique<Stream>(*this, std::move(options), std::move(next));
}

}  // namespace callramp::fakes
