#include "engine/phrase_cache.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace callramp::engine {
namespace {

// A phone rings for several seconds; a greeting that takes longer than this is rendered again when it is needed.
constexpr seconds render_deadline{10};

std::string key_of(const std::string& text, const std::string& voice) { return voice + '\n' + text; }

}  // namespace

PhraseCache::PhraseCache(const Executor& executor, TextToSpeech& speech, ReadFields read_fields, async::Clock& clock,
                         Log& log, std::size_t max_bytes)
    : executor_(executor),
      speech_(speech),
      read_fields_(std::move(read_fields)),
      clock_(clock),
      log_(log),
      max_bytes_(max_bytes),
      background_(executor) {}

Speech PhraseCache::find(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->speech;
}

void PhraseCache::keep(std::string key, Speech speech) {
  const std::scoped_lock lock(mutex_);
  if (by_key_.contains(key)) return;
  bytes_ += speech->size() * sizeof(std::int16_t);
  entries_.push_front({key, std::move(speech)});
  by_key_.emplace(std::move(key), entries_.begin());
  while (bytes_ > max_bytes_ && entries_.size() > 1) {
    bytes_ -= entries_.back().speech->size() * sizeof(std::int16_t);
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

Speech PhraseCache::peek(const std::string& text, const std::string& voice) { return find(key_of(text, voice)); }

Awaitable<Result<PhraseCache::Rendered>> PhraseCache::get(std::string text, std::string voice, std::string language,
                                                          AttemptId attempt, Instant deadline) {
  std::string key = key_of(text, voice);
  if (Speech cached = find(key)) co_return Rendered{.speech = std::move(cached)};
  CO_TRY(stream, co_await speech_.open({.text = std::move(text),
                                        .voice = std::move(voice),
                                        .language = std::move(language),
                                        .attempt = std::move(attempt)},
                                       deadline));
  std::vector<std::int16_t> samples;
  for (;;) {
    CO_TRY(more, co_await stream->receive());
    if (!more) break;
    samples.insert(samples.end(), more->begin(), more->end());
    if (clock_.now() >= deadline) co_return fail(ErrorCode::timeout, "speech was not complete by its deadline");
  }
  if (samples.empty()) co_return fail(ErrorCode::unavailable, speech_.name() + " sent no audio");
  auto speech = std::make_shared<const std::vector<std::int16_t>>(std::move(samples));
  keep(std::move(key), speech);
  co_return Rendered{.speech = std::move(speech), .billed_characters = stream->billed_characters()};
}

Awaitable<void> PhraseCache::render(std::string text, std::string voice, std::string language) {
  if (auto rendered = co_await get(std::move(text), std::move(voice), std::move(language), AttemptId{},
                                   clock_.now() + render_deadline);
      !rendered)
    log_.warn("phrase_not_rendered", {{"error", rendered.error().message}});
}

void PhraseCache::prefetch(const Agent& agent, const Call& call) {
  CallPhrases phrases = phrases_of(agent, read_fields_(call.metadata_json));
  for (std::string* text : {&phrases.opening, &phrases.goodbye, &phrases.apology}) {
    if (text->empty() || find(key_of(*text, agent.voice))) continue;
    asio::post(executor_, [this, text = std::move(*text), voice = agent.voice, language = agent.language]() mutable {
      background_.spawn(render(std::move(text), std::move(voice), std::move(language)));
    });
  }
}

Awaitable<void> PhraseCache::stop() { return background_.stop(); }

}  // namespace callramp::engine
