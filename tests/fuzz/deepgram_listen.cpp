// Deepgram's messages: every accepted event has times and confidences in their ranges.
#include <cstdint>

#include "adapters/deepgram/wire.hpp"
#include "base/ensure.hpp"

using namespace callramp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto event = deepgram::parse_listen_message(text); event && *event) {
    if (const auto* transcript = std::get_if<Transcript>(&**event)) {
      ENSURE(transcript->from >= milliseconds{0} && transcript->to >= transcript->from,
             "a transcript's time goes forward");
      ENSURE(transcript->confidence >= 0 && transcript->confidence <= 1, "a confidence is a share");
    }
    if (const auto* started = std::get_if<SpeechStarted>(&**event))
      ENSURE(started->at >= milliseconds{0}, "speech starts in the stream");
    if (const auto* ended = std::get_if<UtteranceEnded>(&**event))
      ENSURE(ended->last_word_end >= milliseconds{0}, "a word ends in the stream");
  }
  for (const int status : {400, 401, 429, 500})
    ENSURE(deepgram::parse_refusal(status, {}, text).message.size() < 700, "a refusal's words are short");
  return 0;
}
