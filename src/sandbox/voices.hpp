// Voices: the speech of the sandbox, made once and then known: what callees say, what the speech stand-in
// answers, and what the recogniser may hear.
//
// A phrase is spoken by the espeak-ng program (GPL-3, so it is run and never linked) or read from a folder of
// WAV files. Where each word lies is part of the phrase: a recogniser that got half of it has to return half
// of its words.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/executor.hpp"
#include "audio/pcm.hpp"
#include "base/log.hpp"
#include "base/result.hpp"

namespace callramp::sandbox {

/// A word as it was written, punctuation included, and the samples in which it sounds: [start, end).
struct SpokenWord {
  std::string text;
  std::size_t start = 0;
  std::size_t end = 0;
};

/// Who says a phrase. People of a world say a limited number of things; services say something new for every contact,
/// so their phrases are understood only while they are recent (PhraseIndex).
enum class Speaker { person, service };

struct Phrase {
  std::string text;   ///< empty for a recording without a transcript: it can be played, but nobody understands it
  std::string voice;  ///< "file" for a recording
  std::shared_ptr<const audio::Pcm> pcm;  ///< 8 kHz mono; shared with callers that play it
  std::vector<SpokenWord> words;          ///< in order; empty where the text is
  Speaker speaker = Speaker::person;
};
using PhrasePtr = std::shared_ptr<const Phrase>;  // shared by callees, services and the recogniser; never changes

struct VoicesOptions {
  /// Where rendered phrases are kept between runs; created if missing. Empty: in memory only.
  std::filesystem::path cache_folder;
  std::string program = "espeak-ng";
  /// Phrases held in memory; above it the oldest are forgotten (not their files).
  std::size_t max_phrases = 4000;
};

/// Voice of a callee for whom nothing else was said.
inline constexpr std::string_view default_voice = "en-us+m3";
/// Longest text of one phrase, bytes: OpenAI's limit for speech is 4096 characters.
inline constexpr std::size_t longest_phrase_bytes = 16 * 1024;

/// Thread-safe.
class Voices {
 public:
  Voices(VoicesOptions options, Log& log);
  ~Voices();
  Voices(const Voices&) = delete;
  Voices& operator=(const Voices&) = delete;

  /// Called with every phrase that becomes known, in the thread that made it and before anybody can play it.
  /// Set it before the first phrase. It must be thread-safe.
  void on_phrase(std::function<void(const PhrasePtr&)> listener);

  /// `text` spoken by `voice`: a name of `espeak-ng --voices`, optionally with a variant and a speed in words
  /// a minute, "en-us+f3@190" (80 to 450, 165 if unsaid). Blocks about 50 ms the first time, so an io thread
  /// uses phrase_async or relies on prepare. invalid_request for an empty or too long text or a voice that
  /// does not exist; unavailable if the program cannot be run.
  Result<PhrasePtr> phrase(const std::string& text, const std::string& voice = std::string(default_voice),
                           Speaker speaker = Speaker::person);
  /// The samples of phrase().
  Result<std::shared_ptr<const audio::Pcm>> say(const std::string& text,
                                                const std::string& voice = std::string(default_voice));
  /// phrase() made on a thread of its own; resumes on the caller's executor, at once if the phrase is in
  /// memory.
  Awaitable<Result<PhrasePtr>> phrase_async(std::string text, std::string voice = std::string(default_voice),
                                            Speaker speaker = Speaker::person);
  /// The phrase if it is in memory.
  PhrasePtr find(const std::string& text, const std::string& voice = std::string(default_voice),
                 Speaker speaker = Speaker::person) const;
  /// Renders all of them in the caller's thread: for the start. The first error ends it.
  struct Line {
    std::string text;
    std::string voice = std::string(default_voice);
  };
  Status prepare(const std::vector<Line>& lines);

  struct Recording {
    std::string name;  ///< "greeting.wav"
    PhrasePtr phrase;
  };
  /// Every *.wav of the folder, sorted by name; NAME.txt beside NAME.wav is what is said in it. An unreadable file is
  /// an error that names it.
  Result<std::vector<Recording>> load_folder(const std::filesystem::path& folder);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace callramp::sandbox
