// ListenSession: what Deepgram's streaming recognition says about the audio of one connection, without the connection.
//
// Bytes go in, messages in Deepgram's JSON come out (reference/wire-protocols B.2). Everything is decided by the audio:
// its clock is the number of samples that arrived, so a client that sends faster than real time gets the same messages.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audio/pcm.hpp"
#include "audio/resample.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "sandbox/recognizer.hpp"

namespace callramp::sandbox {

/// The query of /v1/listen.
struct ListenOptions {
  enum class Encoding {
    linear16,
    mulaw,
    alaw,
    container,  ///< none was named: the audio says it itself (a WAV header)
  };
  std::string model = "general";
  std::string language = "en";
  Encoding encoding = Encoding::container;
  int sample_rate_hz = 0;
  int channels = 1;
  bool multichannel = false;
  bool interim_results = false;
  bool vad_events = false;
  bool punctuate = false;  ///< or smart_format
  /// Silence that ends an utterance; nothing: never. 10 ms is Deepgram's default.
  std::optional<milliseconds> endpointing = milliseconds{10};
  std::optional<milliseconds> utterance_end;
  std::string tag;            ///< the first one: our product puts its attempt id there
  boost::json::object extra;  ///< returned in Metadata and results
};
/// Unknown keys are ignored, as Deepgram does. invalid_request says what Deepgram would refuse (and what of Deepgram
/// this stand-in cannot decode).
Result<ListenOptions> parse_listen_options(const std::vector<std::pair<std::string, std::string>>& query);

struct ListenMessage {
  std::string json;
  /// Results that are final wait for the world's stt_final; what comes after them waits too.
  bool is_final = false;
  /// Set if this tells the client that somebody has finished saying something: when the audio's last sound arrived.
  std::optional<Instant> answers;
};

class ListenSession {
 public:
  ListenSession(const PhraseIndex& index, ListenOptions options, std::string request_id);

  /// A binary message that came at `now`. An error: nothing can be decoded from it (DATA-0000).
  Result<std::vector<ListenMessage>> audio(std::string_view bytes, Instant now);
  /// The answer to Finalize.
  std::vector<ListenMessage> finalize();
  /// The answer to CloseStream: what was not told yet, and Metadata.
  std::vector<ListenMessage> close(Instant now);
  /// Every word of channel `index` so far, as alternatives[0] of a pre-recorded answer.
  boost::json::object transcript(std::size_t index) const;
  /// Seconds of audio.
  double duration_s() const;
  const ListenOptions& options() const noexcept { return options_; }
  std::size_t channels() const noexcept { return channels_.size(); }

 private:
  struct Channel {
    Recognizer recognizer;
    std::optional<audio::Resampler> resampler;
    std::size_t segment_start = 0;  ///< where the audio begins that no final has covered
    std::size_t last_result = 0;    ///< position of the last Results
    std::string last_transcript;    ///< of the last interim
    bool spoken = false;            ///< somebody has spoken in the segment
    bool speaking = false;
    bool said_something = false;  ///< words since the last speech_final
    std::size_t last_word_end = 0;
    bool utterance_open = false;  ///< words since the last UtteranceEnd
    Instant sound_arrived{};
    std::vector<HeardWord> all;
  };

  Status open_container();
  void hear(audio::PcmView samples, Instant now, std::vector<ListenMessage>& out);
  void hear_channel(std::size_t index, audio::PcmView samples, Instant now, std::vector<ListenMessage>& out);
  void judge(std::size_t index, Instant now, std::vector<ListenMessage>& out);
  void say_interim(std::size_t index, std::vector<ListenMessage>& out);
  struct FinalKind {
    bool speech_final = false;
    bool from_finalize = false;
  };
  void say_final(std::size_t index, FinalKind kind, std::vector<ListenMessage>& out);
  std::string results(std::size_t index, const std::vector<HeardWord>& words, bool is_final, FinalKind kind) const;
  boost::json::object alternative(const std::vector<HeardWord>& words) const;

  ListenOptions options_;
  std::string request_id_;
  std::vector<Channel> channels_;
  std::string header_;  ///< a container's bytes until its format is known
  bool decoding_ = false;
  audio::PcmDecoder decoder_;
  audio::Pcm partial_;  ///< samples of an incomplete frame of several channels
  std::uint64_t samples_ = 0;
};

}  // namespace callramp::sandbox
