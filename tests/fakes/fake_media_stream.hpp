// FakeLine and FakeMediaStream: one answered call on the test's clock. The line is the callee and the carrier's playout
// buffer, shared with the test; the stream is what the product holds.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "fakes/spoken.hpp"
#include "fakes/waiting.hpp"
#include "ports/telephony.hpp"

namespace callramp::fakes {

/// Times of knobs count from the stream's start, which is the first receive().
class FakeLine {
 public:
  FakeLine(const Executor& executor, async::Clock& clock) : clock_(clock), changed_(executor) {}

  // --- The world ---
  FakeLine& provider_call_id(std::string id) { return id_ = std::move(id), *this; }
  /// Audio comes in frames of this length, silence included. 100 ms, as Exotel sends it.
  FakeLine& frames_of(milliseconds length) { return frame_ = length, *this; }
  FakeLine& says(Duration after, std::string_view text) { return plays(after, spoken(text)); }
  FakeLine& plays(Duration after, audio::Pcm samples) {
    speech_.emplace(after, std::move(samples));
    return *this;
  }
  /// A polite callee: says `text` once the agent has spoken and then been quiet for `pause`. In order of the calls.
  FakeLine& replies(std::string_view text, Duration pause = milliseconds{500}) {
    replies_.emplace_back(spoken(text), pause);
    return *this;
  }
  FakeLine& presses(Duration after, char digit) { return happens(after, MediaEvent{MediaDtmf{digit}}); }
  FakeLine& hangs_up_after(Duration after) { return happens(after, HangUp{}); }
  FakeLine& breaks_after(Duration after) { return happens(after, Break{}); }
  /// The connection stays, and nothing comes any more.
  FakeLine& goes_quiet_after(Duration after) { return quiet_after_ = after, *this; }
  FakeLine& returns_no_marks() { return marks_return_ = false, *this; }
  /// What unsent_bytes() answers: a peer that does not read.
  FakeLine& stuck_at(std::size_t bytes) { return unsent_ = bytes, *this; }
  FakeLine& refuses_audio() { return refuses_audio_ = true, *this; }

  // --- What happened ---
  struct Chunk {
    Instant sent_at{};
    Instant plays_at{};
    audio::Pcm samples;
    Instant ends_at() const { return plays_at + audio::duration_of(samples.size()); }
  };
  /// What reached the callee's ear or will, cleared audio left out.
  const std::vector<Chunk>& chunks() const { return chunks_; }
  /// The words that the callee heard until now.
  std::string heard() const {
    SpokenReader reader;
    std::string text;
    const audio::Sample silence[1] = {0};
    for (const Chunk& chunk : chunks_) {
      const Instant until = ended_at_.value_or(clock_.now());
      if (chunk.plays_at >= until) break;
      const std::size_t played = std::min(chunk.samples.size(), audio::samples_in(until - chunk.plays_at));
      text += reader.feed({chunk.samples.data(), played});
    }
    return text + reader.feed(silence);
  }
  /// Farthest that the product sent ahead of the playout.
  Duration largest_lead() const { return largest_lead_; }
  /// How often the playout ran dry for less than `within`, that is in the middle of an utterance.
  int dry_runs(Duration within = milliseconds{300}) const {
    int count = 0;
    for (std::size_t i = 1; i < chunks_.size(); ++i) {
      const Duration gap = chunks_[i].plays_at - chunks_[i - 1].ends_at();
      count += gap > Duration::zero() && gap < within ? 1 : 0;
    }
    return count;
  }
  std::optional<Instant> started_at() const { return start_; }
  std::optional<Instant> ended_at() const { return ended_at_; }
  bool hung_up_by_product() const { return hung_up_by_product_; }
  int clears() const { return clears_; }
  const std::vector<std::string>& marks_sent() const { return marks_sent_; }

 private:
  friend class FakeMediaStream;
  struct HangUp {};
  struct Break {};
  using Happening = std::variant<MediaEvent, HangUp, Break>;

  FakeLine& happens(Duration after, Happening what) {
    happenings_.emplace(after, std::move(what));
    changed_.notify();
    return *this;
  }

  Awaitable<Result<std::optional<MediaEvent>>> receive() {
    if (ended_at_) co_return broken_ ? broken() : Result<std::optional<MediaEvent>>(std::nullopt);
    if (!start_) {
      start_ = clock_.now();
      co_return MediaEvent{MediaStart{.provider_call_id = id_}};
    }
    while (!ended_at_) {
      const Duration next_frame = frame_ * (frames_ + 1);
      const bool quiet = quiet_after_ && next_frame > *quiet_after_;
      Duration due = quiet ? hours{24 * 365} : next_frame;
      const bool happening = !happenings_.empty() && happenings_.begin()->first <= due;
      if (happening) due = happenings_.begin()->first;
      if (*start_ + due > clock_.now()) {
        co_await sleep_or_notified(clock_, *start_ + due, changed_);
        continue;
      }
      if (!happening) co_return MediaEvent{next_audio()};
      Happening what = std::move(happenings_.begin()->second);
      happenings_.erase(happenings_.begin());
      if (auto* event = std::get_if<MediaEvent>(&what)) co_return std::move(*event);
      end();
      if (std::holds_alternative<HangUp>(what)) co_return MediaEvent{MediaStop{.callee_hung_up = true}};
      broken_ = true;
      co_return broken();
    }
    co_return std::nullopt;
  }

  MediaAudio next_audio() {
    const Duration from = frame_ * frames_++;
    MediaAudio frame{audio::Pcm(audio::samples_in(frame_), 0)};
    if (!replies_.empty() && agent_spoke_ && *start_ + from >= play_end_ + replies_.front().second) {
      speech_.emplace(from, std::move(replies_.front().first));
      replies_.pop_front();
      agent_spoke_ = false;
    }
    for (const auto& [at, samples] : speech_) {
      const auto offset = static_cast<std::ptrdiff_t>((from - at).count() * audio::line_rate_hz / 1'000'000);
      for (std::size_t i = 0; i < frame.samples.size(); ++i) {
        const std::ptrdiff_t place = offset + static_cast<std::ptrdiff_t>(i);
        if (place >= 0 && place < static_cast<std::ptrdiff_t>(samples.size()))
          frame.samples[i] = samples[static_cast<std::size_t>(place)];
      }
    }
    return frame;
  }

  Status send_audio(audio::PcmView samples) {
    if (ended_at_ || refuses_audio_) return fail(ErrorCode::unavailable, "the fake line takes no audio");
    const Instant now = clock_.now();
    Chunk chunk{now, std::max(now, play_end_), {samples.begin(), samples.end()}};
    play_end_ = chunk.ends_at();
    largest_lead_ = std::max(largest_lead_, play_end_ - now);
    agent_spoke_ = true;
    chunks_.push_back(std::move(chunk));
    return {};
  }
  Status send_mark(std::string name) {
    if (ended_at_) return fail(ErrorCode::unavailable, "the fake line has ended");
    marks_sent_.push_back(name);
    if (marks_return_ && start_)
      happens(std::max(play_end_, clock_.now()) - *start_, MediaEvent{MediaMark{std::move(name)}});
    return {};
  }
  /// Audio that has not started is dropped; what plays goes on; outstanding marks never come back.
  Status clear() {
    if (ended_at_) return fail(ErrorCode::unavailable, "the fake line has ended");
    ++clears_;
    const Instant now = clock_.now();
    std::erase_if(chunks_, [&](const Chunk& chunk) { return chunk.plays_at > now; });
    play_end_ = chunks_.empty() ? now : std::min(play_end_, chunks_.back().ends_at());
    std::erase_if(happenings_, [](const auto& entry) {
      const auto* event = std::get_if<MediaEvent>(&entry.second);
      return event && std::holds_alternative<MediaMark>(*event);
    });
    return {};
  }
  void end() {
    if (ended_at_) return;
    ended_at_ = clock_.now();
    changed_.notify();
  }
  Result<std::optional<MediaEvent>> broken() const { return fail(ErrorCode::unavailable, "the fake line broke"); }

  async::Clock& clock_;
  async::Signal changed_;
  std::string id_ = "fake-call";
  milliseconds frame_{100};
  std::multimap<Duration, audio::Pcm> speech_;
  std::deque<std::pair<audio::Pcm, Duration>> replies_;
  std::multimap<Duration, Happening> happenings_;
  std::optional<Duration> quiet_after_;
  bool marks_return_ = true;
  bool refuses_audio_ = false;
  std::size_t unsent_ = 0;

  std::optional<Instant> start_;
  std::optional<Instant> ended_at_;
  bool broken_ = false;
  bool hung_up_by_product_ = false;
  bool agent_spoke_ = false;
  int frames_ = 0;
  int clears_ = 0;
  Instant play_end_{};
  Duration largest_lead_{};
  std::vector<Chunk> chunks_;
  std::vector<std::string> marks_sent_;
};

/// The product's end of a FakeLine.
class FakeMediaStream final : public MediaStream {
 public:
  explicit FakeMediaStream(std::shared_ptr<FakeLine> line) : line_(std::move(line)) {}
  ~FakeMediaStream() override { line_->end(); }  // a dropped stream is a closed socket

  Awaitable<Result<std::optional<MediaEvent>>> receive() override { return line_->receive(); }
  Awaitable<Status> send_audio(std::span<const std::int16_t> samples) override { co_return line_->send_audio(samples); }
  Awaitable<Status> send_mark(std::string name) override { co_return line_->send_mark(std::move(name)); }
  Awaitable<Status> clear() override { co_return line_->clear(); }
  Awaitable<void> hang_up() override {
    if (!line_->ended_at_) line_->hung_up_by_product_ = true;
    line_->end();
    co_return;
  }
  std::size_t unsent_bytes() const override { return line_->unsent_; }

 private:
  std::shared_ptr<FakeLine> line_;  // the test looks at it after the product has dropped its end
};

}  // namespace callramp::fakes
