// Playback: our side of the line. Holds what the agent is to say, hands it out just ahead of real time, and knows what
// the callee has really heard.
//
// Sent audio cannot be taken back with certainty and marks may never return after a `clear`, so little is sent ahead
// and the clock counts along. Only what was *played* may enter the transcript and the model's context. A state machine:
// time is an argument, nothing is sent from here.
//
// An utterance is one thing the agent says (a reply); its segments are the sentences that text-to-speech renders, maybe
// several at once; they are played in the order in which they were opened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "audio/pcm.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace callramp::voice {

struct PlaybackSettings {
  /// Bytes of 16-bit audio in one chunk: 320 to 32000, a multiple of 320 (20 ms). The carrier's pages name both 3200 as
  /// the minimum and 640 for fast barge-in.
  std::size_t chunk_bytes = 640;
  /// How far ahead of real time audio is sent at most; a chunk that is longer goes 60 ms before the line is free.
  Duration lead = milliseconds{400};
  /// From our sending to the carrier's playing, until a returned mark has measured it.
  Duration assumed_delay = milliseconds{100};
  /// How long a mark may be overdue before the clock decides that its audio has been played.
  Duration mark_patience = milliseconds{1000};
  /// Most audio that may wait unsent: longer than any reply, short enough to bound memory (16 kB a second).
  Duration longest_queue = seconds{120};

  /// invalid_request with the field, the value and its range.
  Status check() const;
};

enum class UtteranceId : std::uint64_t {};
enum class SegmentId : std::uint64_t {};

/// To be sent now: samples, a multiple of 160 of them, or a mark after all samples before it.
struct AudioChunk {
  audio::Pcm samples;
};
struct PlaybackMark {
  std::string name;
};
using Outgoing = std::variant<AudioChunk, PlaybackMark>;

/// What became of an utterance.
struct Spoken {
  UtteranceId utterance{};
  /// Whole words that were played, and those that were not. Words are placed in a segment's sound by their length.
  std::string heard;
  std::string unheard;
  /// Sound that was played.
  Duration played{0};
  bool complete() const noexcept { return unheard.empty(); }
};

/// Times at which the line ran dry although an utterance went on.
struct Underruns {
  std::uint64_t within_segment = 0;    ///< in the middle of a sentence: the callee heard a hole
  std::uint64_t between_segments = 0;  ///< the next sentence was not there yet: a pause, longer than intended
  Duration longest{0};
};

enum class Appended { queued, forgotten, full };

class Playback {
 public:
  /// `settings` must have passed check().
  explicit Playback(PlaybackSettings settings = {});

  // Filling. Ids stay valid for ever; what belongs to a finished or cleared utterance is ignored, so speech that
  // arrives late from a service does no harm.
  UtteranceId begin_utterance();
  SegmentId open_segment(UtteranceId utterance, std::string text);
  /// `forgotten` after a clear, `full` above longest_queue; the samples are dropped in both cases.
  Appended append(SegmentId segment, audio::PcmView samples);
  /// The segment's sound is complete.
  void close_segment(SegmentId segment);
  /// The service failed half-way: what is there is played, the rest of the text counts as unheard.
  void cut_segment(SegmentId segment);
  /// No more segments. Open ones may still be filled.
  void end_utterance(UtteranceId utterance);

  // Emptying.
  /// When next() will have something, as things stand; in the past if it is due. Nothing: fill more first.
  std::optional<Instant> next_send_at() const;
  std::optional<Outgoing> next(Instant now);

  // The far side.
  /// A mark came back. Unknown names, and marks that return before their audio can have been played, are ignored.
  void mark_returned(std::string_view name, Instant now);
  /// Barge-in: forgets everything unsent and takes everything sent as cancelled at the carrier, which must be told
  /// to clear. One entry for each utterance that was not finished.
  std::vector<Spoken> clear(Instant now);
  /// Utterances that have been played to their end since the last call.
  std::vector<Spoken> take_finished(Instant now);
  /// When the clock will finish the oldest utterance if no mark does; nothing while it is still being filled or sent.
  std::optional<Instant> finished_by_clock_at() const;

  /// True if something waits, or sounds at the carrier as far as we know.
  bool active(Instant now) const;
  const Underruns& underruns() const noexcept { return underruns_; }
  /// Measured from marks, else assumed.
  Duration delay() const noexcept { return delay_; }

 private:
  struct Segment {
    SegmentId id{};
    std::string text;
    audio::Pcm pending;  // received, from index `front` on not yet sent
    std::size_t front = 0;
    std::size_t received = 0;
    bool closed = false;
    bool cut = false;
    bool mark_sent = false;
    bool mark_back = false;

    std::size_t waiting() const noexcept { return pending.size() - front; }
    bool sent() const noexcept { return closed && waiting() == 0; }
  };
  struct Utterance {
    UtteranceId id{};
    std::deque<Segment> segments;
    bool ended = false;
    bool started = false;
  };
  // Samples of one segment, sent without a gap; they sound from `starts_at` on, delay not counted.
  struct Span {
    SegmentId segment{};
    std::size_t samples = 0;
    Instant starts_at{};
    Instant ends_at() const noexcept { return starts_at + audio::duration_of(samples); }
  };
  // What next() would do.
  struct Plan {
    Instant due{};
    std::size_t utterance = 0;
    std::size_t segment = 0;
    std::size_t samples = 0;  // 0: the segment's mark
  };

  std::optional<Plan> plan() const;
  std::optional<Plan> plan_audio(std::size_t utterance, std::size_t segment) const;
  AudioChunk take_audio(const Plan& plan, Instant now);
  void count_underrun(const Plan& plan, Instant now);
  Utterance* find(UtteranceId id);
  Segment* find(SegmentId id);
  Instant sound_ends(SegmentId id) const;
  std::size_t played(const Segment& segment, Instant heard_until) const;
  Spoken account(const Utterance& utterance, Instant heard_until) const;
  void forget_front();
  std::optional<Instant> clock_end(const Utterance& utterance) const;
  static std::string mark_name(SegmentId id);

  PlaybackSettings settings_;
  std::size_t chunk_samples_;
  std::deque<Utterance> utterances_;
  std::deque<Span> spans_;
  std::size_t waiting_samples_ = 0;
  std::uint64_t last_id_ = 0;
  Instant line_free_at_{Duration{std::numeric_limits<std::int64_t>::min() / 2}};
  Duration delay_;
  bool delay_measured_ = false;
  Underruns underruns_;
};

}  // namespace callramp::voice
