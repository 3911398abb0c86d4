#include "sandbox/voices.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <deque>
#include <fstream>
#include <mutex>
#include <sstream>
#include <unordered_map>

#include "async/task_scope.hpp"
#include "audio/wav.hpp"
#include "sandbox/speech.hpp"

namespace callramp::sandbox {
namespace {

/// First line of a cached phrase; a new number when the rendering changes, so that old files are rendered
/// again.
constexpr std::string_view cache_magic = "callramp phrase 1";

std::string key_of(const std::string& text, const std::string& voice) { return voice + '\n' + text; }

/// In memory a service's phrase is another one than a person's: it is forgotten sooner. On disk they are the same.
std::string memory_key(const std::string& text, const std::string& voice, Speaker speaker) {
  return (speaker == Speaker::person ? "person\n" : "service\n") + key_of(text, voice);
}

/// Header (magic, key length, words, samples), key, one "start end" line a word, samples.
std::string to_file(const Phrase& phrase) {
  const std::string key = key_of(phrase.text, phrase.voice);
  std::string file =
      fmt::format("{}\n{} {} {}\n{}\n", cache_magic, key.size(), phrase.words.size(), phrase.pcm->size(), key);
  for (const SpokenWord& word : phrase.words) file += fmt::format("{} {}\n", word.start, word.end);
  audio::append_bytes(*phrase.pcm, file);
  return file;
}

/// Nothing for a file that is damaged, of another version or of another phrase.
PhrasePtr from_file(const std::filesystem::path& path, const std::string& text, const std::string& voice,
                    Speaker speaker) {
  std::ifstream file(path, std::ios::binary);
  std::string magic;
  std::size_t key_size = 0;
  std::size_t word_count = 0;
  std::size_t samples = 0;
  if (!std::getline(file, magic) || magic != cache_magic) return nullptr;
  if (!(file >> key_size >> word_count >> samples) || file.get() != '\n') return nullptr;
  const std::string wanted = key_of(text, voice);
  const std::vector<std::string> words = split_words(text);
  if (key_size != wanted.size() || word_count > words.size()) return nullptr;
  std::string key(key_size, '\0');
  if (!file.read(key.data(), static_cast<std::streamsize>(key_size)) || key != wanted || file.get() != '\n')
    return nullptr;
  auto phrase = std::make_shared<Phrase>(Phrase{.text = text, .voice = voice, .speaker = speaker});
  for (std::size_t i = 0; i < word_count; ++i) {
    SpokenWord word{.text = words[i]};
    if (!(file >> word.start >> word.end) || file.get() != '\n') return nullptr;
    if (word.start > word.end || word.end > samples) return nullptr;
    phrase->words.push_back(std::move(word));
  }
  std::ostringstream rest;
  rest << file.rdbuf();
  auto pcm = audio::from_bytes(rest.view());
  if (pcm.size() != samples) return nullptr;
  phrase->pcm = std::make_shared<const audio::Pcm>(std::move(pcm));
  return phrase;
}

/// Under another name first, so that a reader never sees half a file.
void store(const std::filesystem::path& path, const Phrase& phrase, Log& log) {
  static std::atomic<unsigned> number{0};
  std::filesystem::path temporary = path;
  temporary += fmt::format(".{}-{}", ::getpid(), number++);
  {
    std::ofstream file(temporary, std::ios::binary);
    file << to_file(phrase);
    if (!file.flush()) {
      log.warn("phrase_not_cached", {{"file", path.string()}});
      return;
    }
  }
  std::error_code error;
  std::filesystem::rename(temporary, path, error);
  if (error) log.warn("phrase_not_cached", {{"file", path.string()}, {"reason", error.message()}});
}

std::string words_beside(const std::filesystem::path& wav) {
  std::filesystem::path path = wav;
  std::ifstream file(path.replace_extension(".txt"));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

struct Voices::State {
  VoicesOptions options;
  Log& log;
  std::function<void(const PhrasePtr&)> listener;
  mutable std::mutex mutex;
  std::unordered_map<std::string, PhrasePtr> phrases;  // by key_of
  std::deque<std::string> order;                       // keys, oldest first
  asio::thread_pool worker{1};                         // one: rendering must not take the cores from the calls

  State(VoicesOptions given, Log& log) : options(std::move(given)), log(log) {}

  PhrasePtr find(const std::string& key) const {
    const std::lock_guard lock(mutex);
    const auto found = phrases.find(key);
    return found == phrases.end() ? nullptr : found->second;
  }
  /// The first of two that rendered the same at once wins, so that a phrase has one address.
  PhrasePtr keep(const std::string& key, PhrasePtr phrase) {
    if (listener) listener(phrase);
    const std::lock_guard lock(mutex);
    const auto [at, added] = phrases.emplace(key, std::move(phrase));
    PhrasePtr kept = at->second;
    if (added) order.push_back(key);
    while (order.size() > options.max_phrases) {
      phrases.erase(order.front());
      order.pop_front();
    }
    return kept;
  }
};

Voices::Voices(VoicesOptions options, Log& log) : state_(std::make_unique<State>(std::move(options), log)) {
  if (state_->options.cache_folder.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(state_->options.cache_folder, error);
  if (!error) return;
  log.warn("voice_cache_unusable", {{"folder", state_->options.cache_folder.string()}, {"reason", error.message()}});
  state_->options.cache_folder.clear();
}

Voices::~Voices() { state_->worker.join(); }

void Voices::on_phrase(std::function<void(const PhrasePtr&)> listener) { state_->listener = std::move(listener); }

Result<PhrasePtr> Voices::phrase(const std::string& text, const std::string& voice, Speaker speaker) {
  const std::string key = memory_key(text, voice, speaker);
  if (PhrasePtr known = state_->find(key)) return known;
  std::filesystem::path file;
  if (!state_->options.cache_folder.empty()) {
    file = state_->options.cache_folder / fmt::format("{:016x}.phrase", std::hash<std::string>{}(key_of(text, voice)));
    if (PhrasePtr stored = from_file(file, text, voice, speaker)) return state_->keep(key, std::move(stored));
  }
  TRY(spoken, speak_text(state_->options.program, text, voice));
  auto phrase = std::make_shared<const Phrase>(Phrase{.text = text,
                                                      .voice = voice,
                                                      .pcm = std::make_shared<const audio::Pcm>(std::move(spoken.pcm)),
                                                      .words = std::move(spoken.words),
                                                      .speaker = speaker});
  if (!file.empty()) store(file, *phrase, state_->log);
  return state_->keep(key, std::move(phrase));
}

Result<std::shared_ptr<const audio::Pcm>> Voices::say(const std::string& text, const std::string& voice) {
  TRY(made, phrase(text, voice));
  return made->pcm;
}

Awaitable<Result<PhrasePtr>> Voices::phrase_async(std::string text, std::string voice, Speaker speaker) {
  if (PhrasePtr known = find(text, voice, speaker)) co_return known;
  auto render = [](Voices& voices, std::string text, std::string voice,
                   Speaker speaker) -> Awaitable<Result<PhrasePtr>> { co_return voices.phrase(text, voice, speaker); };
  co_return co_await async::run_on(state_->worker.get_executor(),
                                   render(*this, std::move(text), std::move(voice), speaker));
}

PhrasePtr Voices::find(const std::string& text, const std::string& voice, Speaker speaker) const {
  return state_->find(memory_key(text, voice, speaker));
}

Status Voices::prepare(const std::vector<Line>& lines) {
  for (const Line& line : lines) {
    TRY_VOID(phrase(line.text, line.voice));
  }
  return {};
}

Result<std::vector<Voices::Recording>> Voices::load_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (entry.path().extension() == ".wav") files.push_back(entry.path());
  if (error) return fail(ErrorCode::not_found, "voices folder " + folder.string() + ": " + error.message());
  std::ranges::sort(files);
  std::vector<Recording> recordings;
  for (const std::filesystem::path& file : files) {
    TRY(pcm, audio::read_wav(file));
    const std::vector<std::string> spoken = split_words(words_beside(file));
    // Recordings hold room noise: sound is what rises above a tenth of the loudest.
    const double loudest = audio::rms(pcm) * 2;
    const auto threshold = audio::saturate(std::max(60.0, loudest * 0.1));
    auto phrase = std::make_shared<Phrase>(Phrase{.voice = "file"});
    phrase->words = place_words(spoken, find_sound(pcm, milliseconds{120}, threshold));
    for (const SpokenWord& word : phrase->words) phrase->text += (phrase->text.empty() ? "" : " ") + word.text;
    phrase->pcm = std::make_shared<const audio::Pcm>(std::move(pcm));
    recordings.push_back({file.filename().string(),
                          state_->keep(memory_key(file.string(), "file", Speaker::person), std::move(phrase))});
  }
  return recordings;
}

}  // namespace callramp::sandbox
