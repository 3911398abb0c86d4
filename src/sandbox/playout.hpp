// Playout: the carrier's buffer from which the agent's audio is played to the callee.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "audio/pcm.hpp"
#include "base/time.hpp"

namespace callramp::sandbox {

/// The carrier's buffer of agent audio. It plays in real time from the arrival of the first sample; what it says
/// follows from the arrival times alone, so nobody has to tick it.
class Playout {
 public:
  explicit Playout(int sample_rate_hz) : rate_hz_(sample_rate_hz) {}

  /// Appends. True if any of it is loud enough to be heard.
  bool media(Instant now, audio::PcmView pcm);
  /// Comes back from due_marks once everything before it has been played.
  void mark(Instant now, std::string name);
  /// Drops what has not been played. Returns the marks overtaken, in order.
  std::vector<std::string> clear(Instant now);
  /// Names of the marks reached by `now`, in order.
  std::vector<std::string> due_marks(Instant now);
  std::optional<Instant> next_mark() const;
  /// Whether anything loud was played since the last call; call it with rising times.
  bool heard_until(Instant now);
  /// The callee has spoken: what comes next from the agent is another utterance.
  void callee_spoke(Instant now) { turn_over_ = turn_over_ || end_ <= now; }
  Duration buffered(Instant now) const { return end_ > now ? end_ - now : Duration::zero(); }

  /// An utterance lasts from its first sample to a mark with nothing behind it, a clear, or the callee's turn (for an
  /// agent that sends no marks, to a pause of 2 s). It ran dry if the buffer was empty somewhere in between.
  struct Counts {
    std::uint64_t utterances = 0;
    std::uint64_t ran_dry = 0;  ///< utterances with at least one gap
    std::uint64_t gaps = 0;
    Duration longest_gap{};
    Duration most_ahead{};  ///< the fullest that the buffer was
    Duration played{};      ///< audio accepted, silence included
  };
  const Counts& counts() const noexcept { return counts_; }

 private:
  struct Frame {
    Instant end;
    bool loud;
  };
  struct Mark {
    Instant due;
    std::string name;
  };
  bool begins_utterance(Duration gap) const;

  int rate_hz_;
  Instant end_{};  // when the buffer will be empty
  bool any_ = false;
  bool turn_over_ = true;
  bool dry_counted_ = false;
  bool uses_marks_ = false;
  Instant last_mark_{};  // position of the last mark
  std::deque<Frame> frames_;
  std::deque<Mark> marks_;
  Counts counts_;
};

}  // namespace callramp::sandbox
