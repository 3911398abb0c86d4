#include "corpus.hpp"

#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <numbers>

#include "audio/g711.hpp"
#include "audio/wav.hpp"

namespace callramp::tools {

namespace {

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> row(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      row.emplace_back();
    } else if (c != '\r') {
      row.back() += c;
    }
  }
  return row;
}

audio::Sample clipped(double value) {
  return static_cast<audio::Sample>(std::lround(std::clamp(value, -32768.0, 32767.0)));
}

double gaussian(Random& random) {
  const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
  return radius * std::cos(2 * std::numbers::pi * random.uniform());
}
double between(Random& random, double low, double high) { return low + (high - low) * random.uniform(); }

// Second-order sections after R. Bristow-Johnson's cookbook formulas.
enum class Section { high_pass, low_pass, peak };
void filter(std::vector<double>& sound, Section kind, double hz, double q, double gain_db) {
  const double w = 2 * std::numbers::pi * hz / audio::line_rate_hz;
  const double alpha = std::sin(w) / (2 * q);
  const double c = std::cos(w);
  const double a = std::pow(10, gain_db / 40);
  double b0 = 0, b1 = 0, b2 = 0, a0 = 1 + alpha, a1 = -2 * c, a2 = 1 - alpha;
  if (kind == Section::high_pass) {
    b0 = (1 + c) / 2, b1 = -(1 + c), b2 = b0;
  } else if (kind == Section::low_pass) {
    b0 = (1 - c) / 2, b1 = 1 - c, b2 = b0;
  } else {
    b0 = 1 + alpha * a, b1 = -2 * c, b2 = 1 - alpha * a;
    a0 = 1 + alpha / a, a2 = 1 - alpha / a;
  }
  double x1 = 0, x2 = 0, y1 = 0, y2 = 0;
  for (double& sample : sound) {
    const double y = (b0 * sample + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2) / a0;
    x2 = x1, x1 = sample, y2 = y1, y1 = y;
    sample = y;
  }
}

double speech_level(audio::PcmView sound) {
  double loudest = -127;
  for (std::size_t at = 0; at + audio::frame_samples <= sound.size(); at += audio::frame_samples)
    loudest = std::max(loudest, audio::dbov(sound.subspan(at, audio::frame_samples)));
  double power = 0;
  int frames = 0;
  for (std::size_t at = 0; at + audio::frame_samples <= sound.size(); at += audio::frame_samples) {
    const double level = audio::dbov(sound.subspan(at, audio::frame_samples));
    if (level < loudest - 20) continue;
    power += std::pow(10, level / 10);
    ++frames;
  }
  return frames == 0 ? -40 : 10 * std::log10(power / frames);
}

// A file in memory, as libsndfile wants it.
struct Memory {
  std::string bytes;
  sf_count_t at = 0;
};
SF_VIRTUAL_IO memory_io() {
  return {.get_filelen = [](void* user) { return static_cast<sf_count_t>(static_cast<Memory*>(user)->bytes.size()); },
          .seek =
              [](sf_count_t offset, int whence, void* user) {
                auto* memory = static_cast<Memory*>(user);
                const auto size = static_cast<sf_count_t>(memory->bytes.size());
                memory->at = whence == SEEK_SET ? offset : whence == SEEK_CUR ? memory->at + offset : size + offset;
                return memory->at;
              },
          .read =
              [](void* to, sf_count_t count, void* user) {
                auto* memory = static_cast<Memory*>(user);
                const auto size = static_cast<sf_count_t>(memory->bytes.size());
                const sf_count_t given = std::clamp<sf_count_t>(size - memory->at, 0, count);
                std::memcpy(to, memory->bytes.data() + memory->at, static_cast<std::size_t>(given));
                memory->at += given;
                return given;
              },
          .write =
              [](const void* from, sf_count_t count, void* user) {
                auto* memory = static_cast<Memory*>(user);
                memory->bytes.resize(std::max(memory->bytes.size(), static_cast<std::size_t>(memory->at + count)));
                std::memcpy(memory->bytes.data() + memory->at, from, static_cast<std::size_t>(count));
                memory->at += count;
                return count;
              },
          .tell = [](void* user) { return static_cast<Memory*>(user)->at; }};
}

}  // namespace

Result<std::vector<Clip>> read_corpus(const std::filesystem::path& folder) {
  std::ifstream manifest(folder / "manifest.csv");
  if (!manifest) return fail(ErrorCode::not_found, "no manifest.csv in " + folder.string());
  std::string line;
  std::getline(manifest, line);
  const auto header = cells(line);
  std::vector<Clip> clips;
  while (std::getline(manifest, line)) {
    const auto row = cells(line);
    if (row.size() != header.size()) return fail(ErrorCode::invalid_request, "manifest.csv: " + line);
    std::map<std::string, std::string> named;
    for (std::size_t i = 0; i < row.size(); ++i) named[header[i]] = row[i];
    TRY(sound, audio::read_wav(folder / named["file"]));
    clips.push_back({.file = named["file"],
                     .label = named["label"],
                     .sublabel = named["sublabel"],
                     .speaker = named["speaker"],
                     .language = named["language"],
                     .licence = named["licence"],
                     .headline = named["headline"] == "yes",
                     .may_train = named["may_train"] == "yes",
                     .sound = std::move(sound)});
  }
  return clips;
}

audio::Pcm with_gain(audio::PcmView sound, double db) {
  audio::Pcm out(sound.begin(), sound.end());
  for (auto& sample : out) sample = clipped(sample * std::pow(10, db / 20));
  return out;
}

audio::Pcm with_noise(audio::PcmView sound, double snr_db, double tilt, Random& random) {
  std::vector<double> noise(sound.size());
  double last = 0;
  double power = 0;
  for (double& sample : noise) {
    last = tilt * last + gaussian(random);
    sample = last;
    power += sample * sample;
  }
  const double wanted = std::pow(10, (speech_level(sound) - snr_db) / 10) * 32768 * 32768;
  const double factor = power > 0 ? std::sqrt(wanted * static_cast<double>(noise.size()) / power) : 0;
  audio::Pcm out(sound.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = clipped(sound[i] + factor * noise[i]);
  return out;
}

audio::Pcm through_handset(audio::PcmView sound, Random& random) {
  std::vector<double> samples(sound.begin(), sound.end());
  filter(samples, Section::high_pass, between(random, 120, 480), 0.7, 0);
  filter(samples, Section::low_pass, between(random, 2500, 3700), 0.7, 0);
  for (int i = 0; i < 2; ++i)
    filter(samples, Section::peak, between(random, 350, 3000), between(random, 0.6, 2.5), between(random, -8, 8));
  audio::Pcm out(samples.size());
  std::transform(samples.begin(), samples.end(), out.begin(), clipped);
  return out;
}

audio::Pcm through_mu_law(audio::PcmView sound) {
  return audio::decode(audio::Law::mu, audio::encode(audio::Law::mu, sound));
}
audio::Pcm through_a_law(audio::PcmView sound) {
  return audio::decode(audio::Law::a, audio::encode(audio::Law::a, sound));
}

audio::Pcm through_gsm(audio::PcmView sound) {
  Memory memory;
  SF_VIRTUAL_IO io = memory_io();
  SF_INFO info{.frames = 0,
               .samplerate = audio::line_rate_hz,
               .channels = 1,
               .format = SF_FORMAT_WAV | SF_FORMAT_GSM610,
               .sections = 0,
               .seekable = 0};
  SNDFILE* writer = sf_open_virtual(&io, SFM_WRITE, &info, &memory);
  if (writer == nullptr) return audio::Pcm(sound.begin(), sound.end());
  sf_write_short(writer, sound.data(), static_cast<sf_count_t>(sound.size()));
  sf_close(writer);
  auto back = audio::parse_wav(memory.bytes, "GSM");
  if (!back) return audio::Pcm(sound.begin(), sound.end());
  back->resize(sound.size());
  return *std::move(back);
}

audio::Pcm with_loss(audio::PcmView sound, double share, Random& random) {
  audio::Pcm out(sound.begin(), sound.end());
  bool losing = false;
  for (std::size_t at = 0; at < out.size(); at += audio::frame_samples) {
    losing = random.uniform() < (losing ? 0.5 : share / 2 / (1 - share));
    if (losing)
      std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(at), std::min(audio::frame_samples, out.size() - at),
                  audio::Sample{0});
  }
  return out;
}

audio::Pcm at_speed(audio::PcmView sound, double speed) {
  audio::Pcm out(static_cast<std::size_t>(static_cast<double>(sound.size()) / speed));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double at = static_cast<double>(i) * speed;
    const auto left = static_cast<std::size_t>(at);
    const double part = at - static_cast<double>(left);
    const double right = left + 1 < sound.size() ? sound[left + 1] : 0;
    out[i] = clipped(left < sound.size() ? sound[left] * (1 - part) + right * part : 0);
  }
  return out;
}

audio::Pcm joined(audio::PcmView a, audio::PcmView b) {
  audio::Pcm out(a.begin(), a.end());
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

audio::Pcm by_some_line(audio::PcmView sound, Random& random) {
  audio::Pcm out = at_speed(sound, between(random, 0.93, 1.07));
  out = through_handset(out, random);
  // Half of all calls are quiet, the others anything down to 8 dB.
  const double snr = random.uniform() < 0.5 ? between(random, 25, 45) : between(random, 8, 25);
  out = with_noise(out, snr, random.uniform() < 0.5 ? 0 : between(random, 0.5, 0.97), random);
  const double gain = random.uniform() < 0.1 ? 18 : between(random, -15, 6);
  out = with_gain(out, gain);
  const double codec = random.uniform();
  if (codec < 0.25)
    out = through_gsm(out);
  else if (codec < 0.5)
    out = through_a_law(out);
  if (random.uniform() < 0.25) out = with_loss(out, between(random, 0.01, 0.07), random);
  return through_mu_law(out);
}

}  // namespace callramp::tools
