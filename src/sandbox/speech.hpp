// Speech: from a text to 8 kHz sound and the place of every word in it, by running espeak-ng.
//
// espeak-ng (run as a program) does not say where its words are: `--pho` prints timings for MBROLA voices
// only, and one run a word costs 25 ms each and loses the sentence's melody. So the sentence is spoken once
// with long gaps between its words (`-g`), cut at the gaps, and joined again with the pauses that a speaker
// makes: word boundaries are exact by construction, at the price of one run a sentence.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audio/pcm.hpp"
#include "base/result.hpp"

namespace callramp::sandbox {

struct SpokenWord;

/// The words of a text as they are written; what has neither letter nor digit belongs to the word before it.
std::vector<std::string> split_words(std::string_view text);

/// Stretches of sound in `pcm`, [start, end) in samples; silences shorter than `gap` do not divide.
struct Stretch {
  std::size_t start = 0;
  std::size_t end = 0;
};
std::vector<Stretch> find_sound(audio::PcmView pcm, Duration gap, audio::Sample threshold);

/// Where `words` lie in the stretches, which are in order and hold nothing else. One stretch a word if the
/// numbers agree; otherwise ("I am" said as one, "24" as two) the likeliest division by their lengths.
std::vector<SpokenWord> place_words(const std::vector<std::string>& words, const std::vector<Stretch>& stretches);

struct SpokenText {
  audio::Pcm pcm;
  std::vector<SpokenWord> words;
};
/// Runs `program`. `voice` as Voices::phrase says. Level: -20 dBov while somebody speaks, a usual telephone
/// level.
Result<SpokenText> speak_text(const std::string& program, const std::string& text, const std::string& voice);

}  // namespace callramp::sandbox
