// Callees: what the people and machines behind the called numbers do once they have answered.
//
// A script is planned from the world's rule and the seed, its lines are spoken by Voices beforehand, and the actor then
// needs neither clock nor sockets: the line hands it one chunk after another and it fills in what the callee says.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/executor.hpp"
#include "audio/pcm.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "sandbox/voices.hpp"
#include "sandbox/world.hpp"

namespace callramp::sandbox {

struct Step {
  enum class When {
    at_once,      ///< after the step before it
    after_agent,  ///< once the agent has spoken and been silent for the script's turn gap
  };
  When when = When::at_once;
  Duration pause{};                       ///< at least this after what it waits for
  std::string text;                       ///< spoken, by the script's voice
  std::string file;                       ///< or a recording by its name
  std::string keys;                       ///< or keys pressed, 200 ms apart
  bool hang_up = false;                   ///< or the end
  std::shared_ptr<const audio::Pcm> pcm;  ///< of text or file, once prepared; shared with the voices' cache
};

struct Script {
  std::vector<Step> steps;
  std::string voice;
  enum class End {
    stay,     ///< silent until hangs_up_after or somebody else ends the call
    hang_up,  ///< at once
    hang_up_after_agent,
  };
  End end = End::hang_up_after_agent;
  std::optional<Duration> hangs_up_after;  ///< from the answer, whatever is going on
  Duration turn_gap = milliseconds{600};
  double interrupts = 0;
  /// When nobody speaks for this long the first line is said once more, and after as long again the callee hangs up.
  std::optional<Duration> patience;
};

/// Recordings by file name.
using Recordings = std::map<std::string, PhrasePtr>;
/// Loads the folder's *.wav; blocks.
Result<Recordings> load_recordings(Voices& voices, const std::string& folder);

/// What `callee` will do; busy, no_answer and reject have an empty script.
Script plan_script(const Callee& callee, const Recordings& recordings, Random& random);
/// Has every line spoken. An error names the line or the missing recording.
Awaitable<Status> prepare_script(Script& script, Voices& voices, const Recordings& recordings);

/// Carries a prepared script out, chunk by chunk.
class CalleeActor {
 public:
  CalleeActor(Script script, Instant answered, Random& random);

  struct Tick {
    std::optional<char> key;
    bool hang_up = false;
    bool speech_began = false;  ///< the chunk holds the first sound of a line
    bool speech_ended = false;  ///< the chunk holds the last sound of a line
  };
  /// Fills `chunk` (line rate, zeroed by the caller) that ends at `now`. `agent_heard`: the agent sounded during it.
  Tick tick(Instant now, bool agent_heard, audio::PcmSpan chunk);
  bool speaking() const noexcept { return playing_ != nullptr; }

 private:
  void listen(Instant now, bool agent_heard);
  bool may_begin(const Step& step, Instant now) const;
  void begin(const Step& step, Instant now, Tick& tick);
  bool agent_finished(Instant now) const;
  bool interrupts_now(Instant now) const;
  bool out_of_patience(Instant now, Tick& tick);

  Script script_;
  Random* random_;
  std::optional<Instant> hangs_up_at_;
  std::size_t next_ = 0;
  std::shared_ptr<const audio::Pcm> playing_;  // shared with the voices' cache
  std::size_t played_ = 0;
  std::string keys_;
  Instant next_key_{};
  Instant quiet_since_;  // last sound of either side
  Instant step_ended_;
  std::optional<Instant> agent_began_;  // since the callee's last line
  Instant agent_last_heard_{};
  std::optional<Instant> interrupt_at_;
  bool nudged_ = false;
  bool hung_up_ = false;
};

}  // namespace callramp::sandbox
