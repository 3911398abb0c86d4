// Stamps: how long the product itself made a callee wait, from the outside.
//
// A turn lasts from the end of the callee's speech (sent by the carrier's stand-in) to the first audio of the reply
// (received by it). Inside it the stand-ins for speech, language and voice hold things up on purpose; they stamp when
// what they needed had arrived and when they really let go, so that their own lateness is not the product's fault. What
// is left of the turn when those spans are taken out is the product's: added = total - union(spans).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace callramp::sandbox {

/// Thread-safe. An empty attempt id is nobody's and is left out everywhere.
class Stamps {
 public:
  struct Turn {
    std::string attempt;
    Instant at{};  ///< the speech's end
    Duration total{};
    Duration stt{};    ///< last speech audio received → final sent, as far as inside the turn
    Duration llm{};    ///< request received → the words of the first spoken sentence written
    Duration tts{};    ///< first request received → its first audio written
    Duration added{};  ///< total without the union of the three
  };
  struct Percentiles {
    Duration p50{};
    Duration p95{};
    Duration p99{};
    Duration max{};
  };
  struct Report {
    std::size_t turns = 0;
    std::size_t unmatched = 0;  ///< audio after speech without an STT result in between: greetings, barge-in
    Percentiles added;
    Percentiles total;
    Percentiles stt;
    Percentiles llm;
    Percentiles tts;
  };

  // The stand-ins. Stamp just before the bytes are handed to the kernel.

  /// A final with words went out at `sent`; the chunk with the last sound of the speech had come at `heard`.
  void stt_final(const std::string& attempt, Instant heard, Instant sent);
  /// A chat request whose last byte came at `requested`. Returns its number for llm_text.
  std::uint64_t llm_request(const std::string& attempt, Instant requested);
  void llm_text(const std::string& attempt, std::uint64_t request, Instant written, std::string_view text);
  void tts_first_audio(const std::string& attempt, std::string_view text, Instant requested, Instant written);

  // The carrier.

  /// The last sample of something the callee said was sent. Saying more before the reply begins starts the turn anew.
  void speech_ended(const std::string& attempt, Instant at);
  /// Audible audio of the agent was received; only the first after a speech's end matters.
  void agent_audio(const std::string& attempt, Instant at);
  /// The call is over; what was open is forgotten.
  void call_ended(const std::string& attempt);

  Report report() const;
  /// The latest turns, oldest first, at most 100,000.
  std::vector<Turn> turns() const;
  void reset();

 private:
  struct Stretch {
    Instant from{};
    Instant to{};
  };
  struct Completion {
    std::uint64_t number = 0;
    Instant requested{};
    std::string text;
    std::vector<std::pair<Instant, std::size_t>> writes;  ///< when, and the text's length after it
  };
  struct Synthesis {
    std::string text;
    Stretch stretch;
  };
  struct Open {
    bool waiting = false;
    Instant speech_end{};
    std::vector<Stretch> finals;
    std::vector<Completion> completions;
    std::vector<Synthesis> syntheses;
    void forget_before(Instant at);
  };
  static Stretch thinking(const Completion& completion, const std::vector<Synthesis>& syntheses);
  Open& open(const std::string& attempt);

  static constexpr std::size_t max_open = 10'000;
  static constexpr std::size_t max_turns = 100'000;
  mutable std::mutex mutex_;
  std::map<std::string, Open> open_;
  std::deque<Turn> turns_;
  std::size_t unmatched_ = 0;
  std::uint64_t next_number_ = 1;
};

}  // namespace callramp::sandbox
