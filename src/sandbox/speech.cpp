#include "sandbox/speech.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstring>
#include <limits>
#include <system_error>

#include "audio/wav.hpp"
#include "sandbox/voices.hpp"

namespace callramp::sandbox {
namespace {

/// Words a minute of a voice that says nothing else; unhurried telephone speech.
constexpr int default_speed = 165;
/// Longest run of the program: it makes a minute of speech in well under a second.
constexpr int program_timeout_ms = 20'000;
constexpr std::size_t longest_output = std::size_t{64} * 1024 * 1024;
/// espeak-ng's `-g`, units of 10 ms: gaps come out at 360 ms and more, no closure inside a word is half as
/// long.
constexpr const char* word_gap = "30";
constexpr milliseconds gap_between_words{160};
constexpr audio::Sample sound_threshold = 60;
constexpr double speech_level_dbov = -20.0;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() { reset(); }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

std::string system_reason(int error) { return std::generic_category().message(error); }

/// The text as a file without a name: unlike a pipe it never blocks us and never raises SIGPIPE.
Result<int> memory_file(const std::string& text) {
  const int fd = ::memfd_create("callramp-text", MFD_CLOEXEC);
  if (fd < 0) return fail(ErrorCode::unavailable, "no memory file for a text to speak: " + system_reason(errno));
  if (::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()) || ::lseek(fd, 0, SEEK_SET) != 0) {
    const int error = errno;
    ::close(fd);
    return fail(ErrorCode::unavailable, "a text to speak could not be stored: " + system_reason(error));
  }
  return fd;
}

Result<std::string> read_all_output(int fd, const std::string& program) {
  std::string output;
  char buffer[64 * 1024];
  while (true) {
    pollfd waiting{fd, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, program_timeout_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return fail(ErrorCode::unavailable, program + " said nothing for 20 s and was ended");
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(ErrorCode::unavailable, "reading from " + program + ": " + system_reason(errno));
    if (count == 0) return output;
    output.append(buffer, static_cast<std::size_t>(count));
    if (output.size() > longest_output) return fail(ErrorCode::unavailable, program + " gave more than 64 MB");
  }
}

/// Standard output of `arguments`, whose standard input is `text`. No shell is involved.
Result<std::string> run_program(const std::vector<std::string>& arguments, const std::string& text) {
  TRY(input_fd, memory_file(text));
  const FileDescriptor input(input_fd);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return fail(ErrorCode::unavailable, "no pipe to " + arguments[0] + ": " + system_reason(errno));
  const FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);

  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    return fail(ErrorCode::unavailable,
                fmt::format("cannot run {}: {}; install the package espeak-ng", arguments[0], system_reason(error)));
  writing.reset();
  Result<std::string> output = read_all_output(reading.get(), arguments[0]);
  if (!output) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!output) return output;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) output->clear();
  return output;
}

struct Voice {
  std::string name;
  int speed = default_speed;
};

Result<Voice> parse_voice(const std::string& text) {
  const auto refuse = [&](std::string_view why) {
    return fail(
        ErrorCode::invalid_request,
        fmt::format("voice '{}' {}; write one of `espeak-ng --voices`, e.g. en-us+f3 or en-us+f3@190", text, why));
  };
  Voice voice;
  const std::size_t at = text.find('@');
  voice.name = text.substr(0, at);
  const bool plain = std::ranges::all_of(
      voice.name, [](unsigned char c) { return std::isalnum(c) || c == '+' || c == '-' || c == '_'; });
  if (voice.name.empty() || voice.name.size() > 64 || voice.name[0] == '-' || !plain)
    return refuse("is no voice's name");
  if (at == std::string::npos) return voice;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data() + at + 1, end, voice.speed);
  if (error != std::errc{} || stopped != end || voice.speed < 80 || voice.speed > 450)
    return refuse("has no speed of 80 to 450 words a minute after '@'");
  return voice;
}

/// espeak-ng writes a WAV header before it knows how long it will speak; this puts the length in.
void repair_wav_header(std::string& wav) {
  const auto put = [&](std::size_t at, std::size_t value) {
    for (std::size_t i = 0; i < 4; ++i) wav[at + i] = static_cast<char>((value >> (8 * i)) & 0xff);
  };
  put(4, wav.size() - 8);
  put(40, wav.size() - 44);
}

/// How long a word takes, in letters: a digit is a word of its own, and each word has its edges.
double weight(const std::string& word) {
  double letters = 2;
  for (const unsigned char c : word) {
    if (std::isdigit(c))
      letters += 4;
    else if (c >= 0xc0 || std::isalpha(c))
      letters += 1;
  }
  return letters;
}

milliseconds pause_after(const std::string& word) {
  switch (word.back()) {
    case '.':
    case '?':
    case '!': return milliseconds{320};
    case ',':
    case ';':
    case ':': return milliseconds{170};
    default: return milliseconds{25};
  }
}

/// Divides [start, end) among words first..last by their weights.
void divide(const std::vector<std::string>& words, std::size_t first, std::size_t last, Stretch whole,
            std::vector<SpokenWord>& out) {
  double total = 0;
  for (std::size_t i = first; i < last; ++i) total += weight(words[i]);
  double before = 0;
  const auto length = static_cast<double>(whole.end - whole.start);
  for (std::size_t i = first; i < last; ++i) {
    const double after = before + weight(words[i]);
    out.push_back({words[i], whole.start + static_cast<std::size_t>(length * before / total),
                   whole.start + static_cast<std::size_t>(length * after / total)});
    before = after;
  }
}

void normalise(audio::Pcm& pcm, const std::vector<Stretch>& stretches) {
  double energy = 0;
  std::size_t count = 0;
  int peak = 1;
  for (const Stretch& stretch : stretches)
    for (std::size_t i = stretch.start; i < stretch.end; ++i, ++count) {
      energy += static_cast<double>(pcm[i]) * pcm[i];
      peak = std::max(peak, std::abs(static_cast<int>(pcm[i])));
    }
  if (count == 0) return;
  const double wanted = 32768.0 * audio::amplitude(speech_level_dbov) / std::sqrt(energy / static_cast<double>(count));
  audio::apply_gain(pcm, std::min(wanted, 32000.0 / peak));
}

}  // namespace

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t start = text.find_first_not_of(" \t\r\n", at);
    if (start == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" \t\r\n", start), text.size());
    const std::string_view word = text.substr(start, end - start);
    const bool sounds = std::ranges::any_of(word, [](unsigned char c) { return std::isalnum(c) || c >= 0x80; });
    if (sounds)
      words.emplace_back(word);
    else if (!words.empty())
      words.back().append(word);
    at = end;
  }
  return words;
}

std::vector<Stretch> find_sound(audio::PcmView pcm, Duration gap, audio::Sample threshold) {
  constexpr std::size_t step = 40;  // 5 ms: the resolution of a boundary
  const std::size_t longest_gap = audio::samples_in(gap);
  std::vector<Stretch> found;
  for (std::size_t at = 0; at < pcm.size(); at += step) {
    const auto piece = pcm.subspan(at, std::min(step, pcm.size() - at));
    if (std::ranges::none_of(piece, [&](int sample) { return std::abs(sample) > threshold; })) continue;
    if (found.empty() || at - found.back().end >= longest_gap)
      found.push_back({at, at + piece.size()});
    else
      found.back().end = at + piece.size();
  }
  return found;
}

std::vector<SpokenWord> place_words(const std::vector<std::string>& words, const std::vector<Stretch>& stretches) {
  std::vector<SpokenWord> placed;
  if (words.empty() || stretches.empty()) return placed;
  // Shortest path over (words placed, stretches used): one to one, up to four words in a stretch, or one word
  // over up to twelve stretches (a long number). The cost is how far the length is from what the letters
  // promise.
  constexpr std::size_t most_words = 4;
  constexpr std::size_t most_stretches = 12;
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const std::size_t rows = words.size() + 1;
  const std::size_t columns = stretches.size() + 1;
  double total_weight = 0;
  double total_length = 0;
  for (const std::string& word : words) total_weight += weight(word);
  for (const Stretch& stretch : stretches) total_length += static_cast<double>(stretch.end - stretch.start);
  const double samples_per_letter = total_length / total_weight;
  struct Step {
    double cost = infinite;
    std::size_t words = 0;
    std::size_t stretches = 0;
  };
  std::vector<Step> best(rows * columns);
  best[0].cost = 0;
  const auto improve = [&](std::size_t i, std::size_t j, std::size_t a, std::size_t b) {
    double letters = 0;
    double length = 0;
    for (std::size_t k = i; k < i + a; ++k) letters += weight(words[k]);
    for (std::size_t k = j; k < j + b; ++k) length += static_cast<double>(stretches[k].end - stretches[k].start);
    const double cost = best[i * columns + j].cost + std::abs(std::log(length / (letters * samples_per_letter))) +
                        0.5 * static_cast<double>(a + b - 2);
    Step& step = best[(i + a) * columns + j + b];
    if (cost < step.cost) step = {cost, a, b};
  };
  for (std::size_t i = 0; i < words.size(); ++i)
    for (std::size_t j = 0; j < stretches.size(); ++j) {
      if (best[i * columns + j].cost == infinite) continue;
      for (std::size_t a = 1; a <= most_words && i + a <= words.size(); ++a) improve(i, j, a, 1);
      for (std::size_t b = 2; b <= most_stretches && j + b <= stretches.size(); ++b) improve(i, j, 1, b);
    }
  if (best.back().cost == infinite) {
    divide(words, 0, words.size(), {stretches.front().start, stretches.back().end}, placed);
    return placed;
  }
  std::vector<Step> path;
  for (std::size_t i = words.size(), j = stretches.size(); i > 0;) {
    const Step step = best[i * columns + j];
    path.push_back(step);
    i -= step.words;
    j -= step.stretches;
  }
  std::size_t word = 0;
  std::size_t stretch = 0;
  for (auto step = path.rbegin(); step != path.rend(); ++step) {
    divide(words, word, word + step->words, {stretches[stretch].start, stretches[stretch + step->stretches - 1].end},
           placed);
    word += step->words;
    stretch += step->stretches;
  }
  return placed;
}

Result<SpokenText> speak_text(const std::string& program, const std::string& text, const std::string& voice) {
  TRY(parsed, parse_voice(voice));
  const std::vector<std::string> words = split_words(text);
  if (words.empty()) return fail(ErrorCode::invalid_request, "a phrase needs a word; its text is '" + text + "'");
  if (text.size() > longest_phrase_bytes)
    return fail(ErrorCode::invalid_request,
                fmt::format("a phrase of {} bytes is above {}; split it", text.size(), longest_phrase_bytes));
  TRY(wav, run_program({program, "-v", parsed.name, "-s", std::to_string(parsed.speed), "-g", word_gap, "-b", "1",
                        "--stdin", "--stdout"},
                       text));
  if (wav.size() <= 44)
    return fail(ErrorCode::invalid_request,
                fmt::format("{} does not speak with voice '{}'; choose one of `espeak-ng --voices`", program, voice));
  repair_wav_header(wav);
  TRY(gapped, audio::parse_wav(wav, program));
  const std::vector<Stretch> stretches = find_sound(gapped, gap_between_words, sound_threshold);
  if (stretches.empty()) return fail(ErrorCode::invalid_request, "nobody can pronounce '" + text + "'");
  normalise(gapped, stretches);

  // Join: what lay between two words becomes the pause that belongs there.
  SpokenText spoken;
  const std::vector<SpokenWord> placed = place_words(words, stretches);
  std::size_t word = 0;
  for (const Stretch& stretch : stretches) {
    const std::size_t offset = spoken.pcm.size();
    spoken.pcm.insert(spoken.pcm.end(), gapped.begin() + static_cast<std::ptrdiff_t>(stretch.start),
                      gapped.begin() + static_cast<std::ptrdiff_t>(stretch.end));
    for (; word < placed.size() && placed[word].start < stretch.end; ++word) {
      SpokenWord moved = placed[word];
      moved.start = std::max(moved.start, stretch.start) - stretch.start + offset;
      moved.end = std::clamp(moved.end, stretch.start, stretch.end) - stretch.start + offset;
      spoken.words.push_back(std::move(moved));
    }
    const bool inside_a_word = word > 0 && placed[word - 1].end > stretch.end;
    if (!spoken.words.empty()) spoken.words.back().end = std::max(spoken.words.back().end, spoken.pcm.size());
    if (word == placed.size() && !inside_a_word) break;
    const milliseconds pause = inside_a_word ? milliseconds{25} : pause_after(spoken.words.back().text);
    spoken.pcm.resize(spoken.pcm.size() + audio::samples_in(pause));
  }
  return spoken;
}

}  // namespace callramp::sandbox
