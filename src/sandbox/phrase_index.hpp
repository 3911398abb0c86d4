// PhraseIndex: every phrase that the recogniser may hear, findable by a sixteenth of a second of its sound.
//
// The sandbox's callees play known samples, so recognition is a search for a waveform, not for language. A search has
// two steps. First, candidates: the two loudest of 25 bands (125 Hz each) in two neighbouring 32 ms windows make a key,
// and an inverted index tells where in which phrase that key occurs. Loudest bands survive gain, companding and line
// noise, and windows every 2 ms make the alignment of the stream's chunks irrelevant. Second, proof: normalised
// correlation of the samples themselves, which also finds the offset to the sample. After that following a phrase costs
// one correlation a frame and no search (recognizer.hpp).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "audio/pcm.hpp"
#include "sandbox/voices.hpp"

namespace callramp::sandbox {

/// Correlation of two equally long stretches, -1 to 1, whatever their levels; 0 if one is silent.
double correlation(audio::PcmView a, audio::PcmView b) noexcept;

/// A phrase with what following it needs.
struct KnownPhrase {
  PhrasePtr phrase;
  /// Frames of each word that sound, in steps of `frame`: how much of it there is to hear.
  std::vector<std::uint32_t> sounding_frames;
  double quiet_rms = 0;                     ///< below it a frame of the phrase is a pause
  static constexpr std::size_t frame = 80;  ///< 10 ms
};
using KnownPhrasePtr = std::shared_ptr<const KnownPhrase>;  // shared with the streams that follow it

/// Thread-safe: phrases are added while streams search.
class PhraseIndex {
 public:
  /// People's phrases that can be told apart in reasonable time and memory; later ones are spoken but not understood.
  static constexpr std::size_t max_phrases = 4000;
  /// Services' phrases that are understood: the latest. More would only slow the search for what people say.
  static constexpr std::size_t max_of_services = 100;
  /// Samples that a search looks at.
  static constexpr std::size_t window = 512;

  /// A phrase without words, or with the samples of one that is known, is left out. Takes about 1.5 ms per second of
  /// speech.
  void add(const PhrasePtr& phrase);
  std::size_t size() const;

  struct Hit {
    KnownPhrasePtr phrase;
    std::ptrdiff_t at = 0;  ///< the phrase's sample that is heard at the window's first
  };
  /// Phrases that contain `heard` (exactly `window` samples). Usually one or none; more if phrases begin alike.
  std::vector<Hit> search(audio::PcmView heard) const;

 private:
  using Key = std::uint32_t;
  struct Place {
    std::uint32_t phrase;
    std::uint32_t sample;
  };
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::uint32_t, KnownPhrasePtr> phrases_;  // by number
  std::unordered_map<Key, std::vector<Place>> places_;
  struct Passing {
    std::uint32_t number;
    std::vector<Key> keys;
  };
  std::deque<Passing> passing_;  // services' phrases, oldest first
  std::uint32_t next_number_ = 0;
};

}  // namespace callramp::sandbox
