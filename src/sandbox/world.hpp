// World: what the sandbox's people, providers and lines do, read from one YAML or JSON text.
//
// It is data without behaviour, immutable once parsed: a live swap replaces the whole (see LiveWorld). Every
// key has a default, so an empty text is a friendly world in which everybody answers and nothing fails.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace callramp::sandbox {

/// A duration drawn evenly from [low, high]; written as a number or [low, high].
struct Span {
  Duration low{};
  Duration high{};
  Duration draw(Random& random) const;
  bool operator==(const Span&) const = default;
};

/// What happens at the called number.
enum class Answers {
  person,
  machine,  ///< a greeting, a beep, then silence
  busy,
  no_answer,
  announcement,  ///< the operator's recorded sentence; the carrier charges it like an answer
  reject,
  screening,  ///< an assistant asks who calls, then hands over to the person
};
std::string_view to_string(Answers answers) noexcept;

/// One step of what a callee does when it is their turn.
struct Line {
  enum class Kind {
    speech,   ///< `text` is spoken by the callee's voice
    file,     ///< "file:NAME": a WAV of the world's folder
    keys,     ///< "dtmf:12#": presses keys
    hang_up,  ///< "hangup"
  };
  Kind kind = Kind::speech;
  std::string text;
  bool operator==(const Line&) const = default;
};

struct Callee {
  /// A glob ('*', '?') over the E.164 number; without either, a prefix of it.
  std::string match = "*";
  /// The rules that match a number are tried in order, each taking this share of all its calls (0 … 1); what
  /// no rule takes is answered by a person.
  double share = 1.0;
  Answers answers = Answers::person;
  Span ring{seconds{1}, seconds{2}};  ///< ring_s
  /// Spoken in turn, one line for each thing the agent says; the first at once on answering. Empty: the
  /// kind's usual words.
  std::vector<Line> says;
  std::optional<Span> hangs_up_after;  ///< hangs_up_after_s, from the answer; nothing: after the last line
  /// waits_s: between the agent's last word and the reply.
  Span waits{milliseconds{300}, milliseconds{800}};
  /// turn_gap_s: silence after which the agent is thought to have finished.
  Duration turn_gap = milliseconds{600};
  double interrupts = 0;  ///< chance, per thing the agent says, that the reply starts while the agent still speaks
  std::string voice;      ///< a name known to the voices; empty: drawn by seed
};

enum class FaultKind {
  latency,       ///< `ms` before the answer
  rate_limit,    ///< 429
  server_error,  ///< 503
  auth_error,    ///< 401
  stall,         ///< the head of an answer, then nothing for `ms` (0: until the peer gives up)
  drop_socket,   ///< a WebSocket breaks without a close frame, `ms` after it opened
  drop_answer,   ///< the request is carried out, but the connection breaks inside the answer
  bad_json,
  bad_base64,
  odd_bytes,  ///< audio whose length is no whole number of samples
  callback_lost,
  callback_late,  ///< by `ms`
  callback_duplicate,
  late_price,      ///< by `ms` more
  handshake_fail,  ///< the carrier cannot open the media socket
  no_media,        ///< the media socket opens and stays mute
};
std::string_view to_string(FaultKind kind) noexcept;

struct Fault {
  /// "exotel", "deepgram", "openai", "old", "slack", "pagerduty", "webhook", or one door of theirs:
  /// "exotel.rest", "exotel.media", "exotel.callback", the same of "twilio", "deepgram.listen", "deepgram.speak",
  /// "openai.chat", "openai.speech", "old.rest", "old.callback".
  std::string provider;
  FaultKind kind = FaultKind::latency;
  double share = 1.0;  ///< 0 … 1, of the requests, sockets, callbacks or messages that can have it
  Duration delay{};    ///< ms
};

/// What the language model's stand-in answers; the first entry that fits the last user message speaks.
struct Reply {
  std::optional<int> turn;  ///< `when: 2`: the n-th user message, from 1
  std::string when;  ///< otherwise a regular expression (ECMAScript, any case), found anywhere; empty fits always
  std::string say;
  std::string tool;              ///< name of the function to call; empty: none
  std::string arguments = "{}";  ///< JSON
};

struct Delays {
  Span stt_final{milliseconds{120}, milliseconds{120}};  ///< stt_final_ms: end of speech + endpointing → final result
  Span llm_first_token{milliseconds{200}, milliseconds{200}};  ///< llm_first_token_ms
  Span llm_token{milliseconds{10}, milliseconds{10}};          ///< llm_token_ms: between tokens
  Span tts_first_byte{milliseconds{80}, milliseconds{80}};     ///< tts_first_byte_ms
};

/// How this world's Exotel writes what the documentation leaves open (reference: its pages contradict each
/// other).
struct ExotelHabits {
  std::string api_key;  ///< empty: any non-empty key and token
  std::string api_token;
  bool numbers_as_strings = true;      ///< sequence_number "3" or 3
  bool camel_case = false;             ///< streamSid or stream_sid
  bool marks_after_clear = false;      ///< whether a `clear` returns the marks that it overtakes, or loses them
  bool lower_case_body = false;        ///< {"call":{"sid":…}} in REST answers
  bool streams_as_json = false;        ///< ActiveStreams as the older page shows it
  std::string status = "in-progress";  ///< or "queued": the status in the answer to connect
  std::string encoding = "audio/x-raw";
  std::string bit_rate = "16";
  Duration price_after = seconds{120};    ///< price_after_s: Price, Duration and EndTime appear this long after the end
  std::string price_per_pulse = "0.500";  ///< decimal, per started 60 s
  Duration chunk = milliseconds{100};     ///< chunk_ms of media frames
  int requests_per_minute = 200;          ///< limits.exotel_per_minute; 0: no limit
  int max_concurrent = 0;                 ///< limits.exotel_concurrent; 0: no limit
};

/// Of this world's Twilio; its documents contradict each other less.
struct TwilioHabits {
  std::string auth_token;                    ///< empty: any
  Duration price_after = seconds{60};        ///< price_after_s
  std::string price_per_minute = "0.04960";  ///< USD, decimal, per started minute; an example, not a rate card
  int dials_per_second = 0;                  ///< limits.twilio_per_second; 0: no limit
  int max_concurrent = 0;                    ///< limits.twilio_concurrent; 0: no limit
};

struct World {
  std::uint64_t seed = 1;
  std::vector<Callee> callees;
  std::vector<Fault> faults;
  /// Callees without `says` speak these WAV files; NAME.txt beside NAME.wav is what is said in it.
  std::string wav_folder;
  Delays delays;
  std::vector<Reply> replies;  ///< llm
  ExotelHabits exotel;
  TwilioHabits twilio;
  std::string old_token;  ///< Bearer token that the old dialer demands; empty: any

  /// Who answers the `nth` dial (from 0) of `number`. The same seed gives the same answer, whatever else goes
  /// on.
  Callee callee_for(std::string_view number, std::uint64_t nth) const;
};

/// An error names key, value and line: "world, line 7: callees[1].answers: 'persn' is not one of person,
/// machine, …".
Result<World> parse_world(std::string_view yaml_or_json);
/// The whole world as JSON that parse_world reads back.
std::string to_json(const World& world);

/// Whether `number` fits `pattern` as Callee::match says.
bool matches(std::string_view pattern, std::string_view number);

/// A seed for one thing among many: equal inputs give equal seeds, different ones unrelated seeds.
std::uint64_t derive_seed(std::uint64_t seed, std::string_view what, std::uint64_t nth = 0);

/// The world in force. Thread-safe: stand-ins on several executors look, one PUT replaces.
class LiveWorld {
 public:
  explicit LiveWorld(World world) : world_(std::make_shared<const World>(std::move(world))) {}
  std::shared_ptr<const World> get() const {
    const std::lock_guard lock(mutex_);
    return world_;
  }
  void replace(World world) {
    auto next = std::make_shared<const World>(std::move(world));
    const std::lock_guard lock(mutex_);
    world_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const World> world_;  // shared: readers keep the one that they started with
};

}  // namespace callramp::sandbox
