// SpeakOptions: the query of Deepgram's /v1/speak, checked as Deepgram checks it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "audio/pcm.hpp"
#include "base/result.hpp"

namespace callramp::sandbox {

struct SpeakOptions {
  enum class Encoding { linear16, mulaw, alaw };
  std::string model = "aura-asteria-en";
  Encoding encoding = Encoding::linear16;
  int sample_rate_hz = 0;  ///< set by the parser to the encoding's default where nothing is said
  bool wav = false;        ///< container=wav
  std::string tag;         ///< the first one: our product puts its attempt id there

  std::size_t bytes_per_sample() const noexcept { return encoding == Encoding::linear16 ? 2 : 1; }
  /// Bytes that play for `span`.
  std::size_t bytes_in(Duration span) const noexcept {
    return audio::samples_in(span, sample_rate_hz) * bytes_per_sample();
  }
};

/// `socket`: the WebSocket knows no containers and defaults to linear16. Unknown keys are ignored. invalid_request says
/// what Deepgram would refuse, and what of Deepgram this stand-in cannot make (mp3, which is REST's default there).
Result<SpeakOptions> parse_speak_options(const std::vector<std::pair<std::string, std::string>>& query, bool socket);

/// The sandbox's voice for a model of Deepgram's: "aura-2-thalia-en" always sounds the same and unlike others.
std::string voice_of_model(const std::string& model);

}  // namespace callramp::sandbox
