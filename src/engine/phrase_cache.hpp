// PhraseCache: speech of sentences that are known before they are needed, so that the greeting is heard at once.
//
// Disclosure, greeting, goodbye and apology of a call are rendered while its phone still rings. Bounded: the least
// recently used phrase goes first.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "async/clock.hpp"
#include "async/task_scope.hpp"
#include "base/log.hpp"
#include "core/calls/types.hpp"
#include "engine/script.hpp"
#include "ports/text_to_speech.hpp"

namespace callramp::engine {

using Speech = std::shared_ptr<const std::vector<std::int16_t>>;  ///< 8 kHz mono; shared by the calls that play it

class PhraseCache {
 public:
  struct Rendered {
    Speech speech;
    std::int64_t billed_characters = 0;  ///< 0 when it was in the cache
  };

  PhraseCache(const Executor& executor, TextToSpeech& speech, ReadFields read_fields, async::Clock& clock, Log& log,
              std::size_t max_bytes = 64 * 1024 * 1024);

  /// Renders the call's phrases in the background; failures are logged, and get() tries again. Any thread.
  void prefetch(const Agent& agent, const Call& call);
  /// From the cache, or rendered by `deadline`. Any thread.
  Awaitable<Result<Rendered>> get(std::string text, std::string voice, std::string language, AttemptId attempt,
                                  Instant deadline);
  /// In the cache or not at all.
  Speech peek(const std::string& text, const std::string& voice);
  /// Waits for what is rendered in the background.
  Awaitable<void> stop();

 private:
  struct Entry {
    std::string key;
    Speech speech;
  };
  Speech find(const std::string& key);
  void keep(std::string key, Speech speech);
  Awaitable<void> render(std::string text, std::string voice, std::string language);

  Executor executor_;
  TextToSpeech& speech_;
  ReadFields read_fields_;
  async::Clock& clock_;
  Log& log_;
  const std::size_t max_bytes_;
  std::mutex mutex_;          // guards what follows; held for a look-up only
  std::list<Entry> entries_;  // most recently used first
  std::map<std::string, std::list<Entry>::iterator> by_key_;
  std::size_t bytes_ = 0;
  async::TaskScope background_;
};

}  // namespace callramp::engine
