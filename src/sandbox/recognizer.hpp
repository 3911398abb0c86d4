// Recognizer: which words of the known phrases a stream of samples contains, and when somebody speaks in it.
//
// It knows nothing but the samples: half a phrase gives half its words, silence gives none, and so does speech that no
// phrase index holds. Candidates found by search (phrase_index.hpp) are followed frame by frame, several at a time
// where phrases begin alike; a word counts once most of it was heard.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "audio/pcm.hpp"
#include "sandbox/phrase_index.hpp"

namespace callramp::sandbox {

/// A word and the samples of the stream in which it was heard.
struct HeardWord {
  std::string text;  ///< as written in the phrase, punctuation included
  std::size_t start = 0;
  std::size_t end = 0;
  double confidence = 0;  ///< 0 to 1
};

/// One stream of 8 kHz mono. Not thread-safe.
class Recognizer {
 public:
  /// One frame, the unit in which it listens: 10 ms.
  static constexpr std::size_t frame = KnownPhrase::frame;

  explicit Recognizer(const PhraseIndex& index) : index_(&index) {}

  /// Samples in pieces of any size; what does not fill a frame waits.
  void feed(audio::PcmView samples);

  /// Samples listened to (whole frames).
  std::size_t position() const noexcept { return position_; }
  /// Somebody speaks: sound above the line's noise for 50 ms, until 50 ms without.
  bool speaking() const noexcept { return speaking_; }
  /// Where the latest speech began and ended (the end moves while it goes on); 0 before any.
  std::size_t speech_start() const noexcept { return speech_start_; }
  std::size_t speech_end() const noexcept { return speech_end_; }
  /// The words heard since the last take_words(), as it looks now: later samples may show that another phrase was
  /// meant.
  std::vector<HeardWord> words() const;
  /// The same for good; they are not told again.
  std::vector<HeardWord> take_words();

 private:
  /// A phrase that the stream may be playing.
  struct Trail {
    KnownPhrasePtr known;
    std::ptrdiff_t begin = 0;            ///< the stream's position of the phrase's first sample
    std::vector<std::uint32_t> matched;  ///< frames of each word that were heard
    std::uint32_t matched_frames = 0;
    std::uint32_t missed_frames = 0;
    std::uint32_t missed_in_a_row = 0;
    std::size_t last_match = 0;  ///< the stream's position
  };
  enum class Fit { match, miss, pause, over };

  void listen(std::size_t at);
  void hear_level(audio::PcmView samples);
  void search();
  void follow_back(Trail& trail) const;
  Fit fit(const Trail& trail, std::size_t frame_start) const;
  void note_match(Trail& trail, std::size_t frame_start) const;
  void retire(std::size_t which);
  void collect(const Trail& trail, std::vector<HeardWord>& words) const;
  static bool believed(const Trail& trail);
  const Trail* best() const;
  audio::PcmView history(std::size_t start, std::size_t count) const;

  const PhraseIndex* index_;
  audio::Pcm samples_;     ///< the latest seconds of the stream
  std::size_t first_ = 0;  ///< the stream's position of samples_[0]
  std::size_t position_ = 0;
  std::vector<Trail> trails_;
  std::vector<HeardWord> told_later_;  ///< words of trails that ended, not taken yet
  std::size_t told_until_ = 0;         ///< words that begin before it were taken or belong to an ended trail

  std::size_t failed_searches_ = 0;  ///< in a row, since somebody began to speak

  double noise_rms_ = 0;
  bool noise_known_ = false;
  bool speaking_ = false;
  std::size_t sound_frames_ = 0;
  std::size_t silent_frames_ = 0;
  std::size_t sound_start_ = 0;
  std::size_t speech_start_ = 0;
  std::size_t speech_end_ = 0;
};

}  // namespace callramp::sandbox
