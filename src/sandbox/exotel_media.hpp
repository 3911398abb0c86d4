// Exotel's media socket without the socket: what the carrier writes, how it reads what the agent sends, and the buffer
// from which the agent's audio is played to the callee.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audio/pcm.hpp"
#include "base/time.hpp"
#include "sandbox/world.hpp"

namespace callramp::sandbox::exotel {

struct StreamIdentity {
  std::string stream_sid;
  std::string call_sid;
  std::string account;
  std::string from;  ///< the customer, E.164
  std::string to;    ///< the caller id, E.164
  std::vector<std::pair<std::string, std::string>> custom_parameters;
  int sample_rate_hz = 8000;
};

/// Writes the carrier's messages of one stream and numbers them from 1; in the world's habits of keys and numbers.
class MediaWriter {
 public:
  MediaWriter(StreamIdentity identity, const ExotelHabits& habits);

  std::string connected() const;
  std::string start();
  /// `chunk` at the stream's rate; the timestamp is the end of the chunk in milliseconds since the start.
  std::string media(audio::PcmView chunk);
  /// A media message that carries `payload` as it is: for faults.
  std::string media_text(std::string_view payload, std::size_t samples);
  std::string dtmf(char digit);
  std::string mark(std::string_view name);
  std::string stop(std::string_view reason);

 private:
  std::string number(std::uint64_t value) const;
  std::string head(std::string_view event);
  std::string_view key(std::string_view snake, std::string_view camel) const;

  StreamIdentity identity_;
  bool strings_;
  bool camel_;
  std::string encoding_;
  std::string bit_rate_;
  std::uint64_t sequence_ = 0;
  std::uint64_t chunk_ = 0;
  std::uint64_t samples_ = 0;
};

/// What the agent sent, and what was wrong with it.
struct AgentMessage {
  enum class Kind { media, mark, clear, none };
  Kind kind = Kind::none;
  audio::Pcm pcm;
  std::string name;  ///< of a mark
  /// Empty, or the rule that it breaks: "not_json", "unknown_event", "wrong_stream", "bad_base64", "odd_bytes",
  /// "not_320", "too_long", "empty_media", "no_mark_name". Audio whose length is merely no multiple of 320 is played
  /// all the same.
  std::string_view violation;
};
AgentMessage parse_agent_message(std::string_view text, std::string_view stream_sid);

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

}  // namespace callramp::sandbox::exotel
