// What the stand-ins of Deepgram and OpenAI share: the world they act in, draws by its seed, and the faults that look
// the same everywhere.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "async/clock.hpp"
#include "base/log.hpp"
#include "net/http.hpp"
#include "sandbox/faults.hpp"
#include "sandbox/phrase_index.hpp"
#include "sandbox/stamps.hpp"
#include "sandbox/voices.hpp"
#include "sandbox/world.hpp"

namespace callramp::sandbox {

/// All of it outlives the stand-ins, and is thread-safe.
struct ProviderContext {
  const LiveWorld& world;
  Faults& faults;
  Voices& voices;
  const PhraseIndex& phrases;
  Stamps& stamps;
  async::Clock& clock;
  Log& log;
};

/// Draws delays by the world's seed, each purpose in a sequence of its own. Thread-safe.
class Draws {
 public:
  explicit Draws(const LiveWorld& world) : world_(&world) {}
  Duration draw(std::string_view purpose, const Span& span);

 private:
  const LiveWorld* world_;
  std::mutex mutex_;
  std::map<std::string, std::uint64_t, std::less<>> counts_;
};

/// A random UUID (version 4), for request ids.
std::string make_uuid();

/// "Token abc" and "Bearer abc" → "abc"; nothing if there is no such header.
std::optional<std::string> credential(const net::Headers& headers, std::string_view scheme);
/// Every key opens the sandbox but these, so that a wrong key can be tried: "bad", "invalid" and what begins with
/// "bad-".
bool is_bad_key(std::string_view key);

/// How long a stall of unlimited length lasts: longer than any client of ours waits, and still not for ever.
inline constexpr Duration longest_stall = minutes{2};
Duration stall_of(const Fault& fault);

/// Text as sound at `rate_hz`, rendered off the io thread.
Awaitable<Result<audio::Pcm>> speech_at(Voices& voices, std::string text, std::string voice, int rate_hz);

/// The answer of a text-to-speech request: audio in pieces, faster than it plays.
struct SpeechAnswer {
  std::string_view door;  ///< for the faults; a literal
  std::string attempt;    ///< for the stamps
  std::string text;
  Instant requested{};
  std::string bytes;
  std::size_t piece = 0;  ///< bytes
};
/// Writes it from now on, the first piece at once; stalls, breaks and halves samples as the world says.
Awaitable<Status> stream_speech(ProviderContext context, net::BodyWriter& writer, SpeechAnswer answer);
/// How long a piece plays; and how long it takes, a tenth of that.
inline constexpr Duration piece_plays = milliseconds{400};
inline constexpr Duration piece_takes = milliseconds{40};

}  // namespace callramp::sandbox
