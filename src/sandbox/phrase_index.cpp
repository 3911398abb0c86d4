#include "sandbox/phrase_index.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <mutex>
#include <numbers>
#include <optional>

namespace callramp::sandbox {
namespace {

constexpr std::size_t spectrum_samples = 256;  // 32 ms: harmonics of a low voice stand apart
constexpr std::size_t step = 16;               // 2 ms between indexed windows
constexpr std::size_t first_bin = 8;           // 250 Hz: below it telephone lines differ most
constexpr std::size_t bins_per_band = 4;
constexpr std::size_t bands = 25;  // up to 3375 Hz
/// A window is worth indexing if it is at most 20 dB below the phrase's own level.
constexpr double indexed_share_of_rms = 0.1;
/// Correlation over `window` samples that proves a place. Line noise 6 dB below the speech still gives 0.89; different
/// vowels of one voice stay below 0.7 nearly always, and what slips through is lost again while being followed.
constexpr double proof = 0.8;
constexpr std::size_t max_proofs = 1000;  // per search, 1 µs each

/// In-place radix-2 FFT of 256 points.
class Fourier {
 public:
  Fourier() {
    for (std::size_t i = 0; i < spectrum_samples; ++i) {
      const double turn = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(spectrum_samples);
      window_[i] = static_cast<float>(0.5 - 0.5 * std::cos(turn));
      twiddle_[i] = {static_cast<float>(std::cos(turn)), static_cast<float>(-std::sin(turn))};
      std::size_t reversed = 0;
      for (std::size_t bit = 1, mirror = spectrum_samples / 2; bit < spectrum_samples; bit <<= 1, mirror >>= 1)
        if ((i & bit) != 0) reversed |= mirror;
      reversed_[i] = reversed;
    }
  }
  /// Energy of each band of 256 samples.
  std::array<float, bands> band_energies(audio::PcmView samples) const {
    std::array<float, spectrum_samples> re;
    std::array<float, spectrum_samples> im{};
    for (std::size_t i = 0; i < spectrum_samples; ++i) re[reversed_[i]] = window_[i] * static_cast<float>(samples[i]);
    for (std::size_t half = 1; half < spectrum_samples; half *= 2) {
      const std::size_t stride = spectrum_samples / (2 * half);
      for (std::size_t block = 0; block < spectrum_samples; block += 2 * half)
        for (std::size_t k = 0; k < half; ++k) {
          const auto& [wr, wi] = twiddle_[k * stride];
          const std::size_t a = block + k;
          const std::size_t b = a + half;
          const float tr = re[b] * wr - im[b] * wi;
          const float ti = re[b] * wi + im[b] * wr;
          re[b] = re[a] - tr;
          im[b] = im[a] - ti;
          re[a] += tr;
          im[a] += ti;
        }
    }
    std::array<float, bands> energies{};
    for (std::size_t band = 0; band < bands; ++band)
      for (std::size_t i = 0; i < bins_per_band; ++i) {
        const std::size_t bin = first_bin + band * bins_per_band + i;
        energies[band] += re[bin] * re[bin] + im[bin] * im[bin];
      }
    return energies;
  }

 private:
  struct Twiddle {
    float re;
    float im;
  };
  std::array<float, spectrum_samples> window_;
  std::array<Twiddle, spectrum_samples> twiddle_;
  std::array<std::size_t, spectrum_samples> reversed_;
};

const Fourier& fourier() {
  static const Fourier table;
  return table;
}

/// The two loudest bands of 256 samples, as a number below 625; their order does not matter.
std::uint32_t loudest_bands(audio::PcmView samples) {
  const auto energies = fourier().band_energies(samples);
  std::size_t first = 0;
  for (std::size_t i = 1; i < bands; ++i)
    if (energies[i] > energies[first]) first = i;
  std::size_t second = first == 0 ? 1 : 0;
  for (std::size_t i = 0; i < bands; ++i)
    if (i != first && energies[i] > energies[second]) second = i;
  const auto [low, high] = std::minmax(first, second);
  return static_cast<std::uint32_t>(low * bands + high);
}

std::uint32_t key_of(std::uint32_t earlier, std::uint32_t later) { return earlier * bands * bands + later; }

struct Sums {
  std::int64_t xy = 0;
  std::int64_t xx = 0;
  std::int64_t yy = 0;
};

/// In blocks whose 32-bit sums cannot overflow once the samples have lost three bits; compilers vectorise that.
Sums products(audio::PcmView a, audio::PcmView b) noexcept {
  Sums sums;
  for (std::size_t at = 0; at < a.size(); at += 64) {
    const std::size_t end = std::min(at + 64, a.size());
    std::int32_t xy = 0;
    std::int32_t xx = 0;
    std::int32_t yy = 0;
    for (std::size_t i = at; i < end; ++i) {
      const std::int32_t x = a[i] >> 3;
      const std::int32_t y = b[i] >> 3;
      xy += x * y;
      xx += x * x;
      yy += y * y;
    }
    sums.xy += xy;
    sums.xx += xx;
    sums.yy += yy;
  }
  return sums;
}

/// Where `heard` lies in `pcm` near `at`, if it does: coarsely every four samples (the voice's energy lies below 1
/// kHz), then to the sample.
std::optional<std::ptrdiff_t> prove(audio::PcmView heard, audio::PcmView pcm, std::ptrdiff_t at) {
  const auto correlation_at = [&](std::ptrdiff_t place) {
    if (place < 0 || place + static_cast<std::ptrdiff_t>(heard.size()) > static_cast<std::ptrdiff_t>(pcm.size()))
      return -1.0;
    return correlation(heard, pcm.subspan(static_cast<std::size_t>(place), heard.size()));
  };
  double best = 0.2;
  std::optional<std::ptrdiff_t> place;
  const auto look = [&](std::ptrdiff_t candidate) {
    const double value = correlation_at(candidate);
    if (value <= best) return;
    best = value;
    place = candidate;
  };
  for (const std::ptrdiff_t lag : {0, -4, 4, -8, 8}) look(at + lag);
  if (!place) return std::nullopt;
  const std::ptrdiff_t coarse = *place;
  for (const std::ptrdiff_t lag : {-3, -2, -1, 1, 2, 3}) look(coarse + lag);
  if (best < proof) return std::nullopt;
  return place;
}

}  // namespace

double correlation(audio::PcmView a, audio::PcmView b) noexcept {
  const Sums sums = products(a, b);
  if (sums.xx == 0 || sums.yy == 0) return 0;
  return static_cast<double>(sums.xy) / std::sqrt(static_cast<double>(sums.xx) * static_cast<double>(sums.yy));
}

void PhraseIndex::add(const PhrasePtr& phrase) {
  const audio::PcmView pcm = *phrase->pcm;
  if (phrase->words.empty() || pcm.size() < window) return;
  auto known = std::make_shared<KnownPhrase>(KnownPhrase{.phrase = phrase});
  const double level = audio::rms(pcm);
  known->quiet_rms = level * 0.05;
  constexpr std::size_t frame = KnownPhrase::frame;
  for (const SpokenWord& word : phrase->words) {
    std::uint32_t sounding = 0;
    for (std::size_t at = word.start; at + frame <= word.end; at += frame)
      if (audio::rms(pcm.subspan(at, frame)) >= known->quiet_rms) ++sounding;
    known->sounding_frames.push_back(std::max(sounding, 1U));
  }
  // Outside of the lock: spectra of all windows, then keys of all pairs of neighbours that sound.
  constexpr std::uint32_t quiet = ~0U;
  std::vector<std::uint32_t> spectra;
  for (std::size_t at = 0; at + spectrum_samples <= pcm.size(); at += step) {
    const auto samples = pcm.subspan(at, spectrum_samples);
    spectra.push_back(audio::rms(samples) < level * indexed_share_of_rms ? quiet : loudest_bands(samples));
  }
  std::vector<std::pair<std::uint32_t, std::uint32_t>> keys;
  constexpr std::size_t ahead = spectrum_samples / step;
  for (std::size_t i = 0; i + ahead < spectra.size(); ++i)
    if (spectra[i] != quiet && spectra[i + ahead] != quiet)
      keys.emplace_back(key_of(spectra[i], spectra[i + ahead]), static_cast<std::uint32_t>(i * step));

  const std::unique_lock lock(mutex_);
  const bool there = std::ranges::any_of(phrases_, [&](const auto& entry) {
    const PhrasePtr& other = entry.second->phrase;
    return other == phrase || (other->text == phrase->text && *other->pcm == *phrase->pcm);
  });
  if (there || phrases_.size() >= max_phrases + max_of_services) return;
  const std::uint32_t number = next_number_++;
  phrases_[number] = std::move(known);
  for (const auto& [key, sample] : keys) places_[key].push_back({number, sample});
  if (phrase->speaker == Speaker::person) return;
  Passing passing{.number = number, .keys = {}};
  for (const auto& [key, sample] : keys) passing.keys.push_back(key);
  passing_.push_back(std::move(passing));
  if (passing_.size() <= max_of_services) return;
  for (const Key key : passing_.front().keys)
    std::erase_if(places_[key], [&](const Place& place) { return place.phrase == passing_.front().number; });
  phrases_.erase(passing_.front().number);
  passing_.pop_front();
}

std::size_t PhraseIndex::size() const {
  const std::shared_lock lock(mutex_);
  return phrases_.size();
}

std::vector<PhraseIndex::Hit> PhraseIndex::search(audio::PcmView heard) const {
  std::vector<Hit> hits;
  const std::uint32_t key =
      key_of(loudest_bands(heard.first(spectrum_samples)), loudest_bands(heard.subspan(spectrum_samples)));
  const std::shared_lock lock(mutex_);
  const auto found = places_.find(key);
  if (found == places_.end()) return hits;
  std::size_t proofs = 0;
  for (const Place& place : found->second) {
    const KnownPhrasePtr& phrase = phrases_.at(place.phrase);
    const auto at = static_cast<std::ptrdiff_t>(place.sample);
    // Neighbouring windows often share a key: what a proven place explains needs no proof of its own.
    const bool explained =
        std::ranges::any_of(hits, [&](const Hit& hit) { return hit.phrase == phrase && std::abs(hit.at - at) <= 32; });
    if (explained) continue;
    if (++proofs > max_proofs) break;
    if (const auto proven = prove(heard, *phrase->phrase->pcm, at)) hits.push_back({phrase, *proven});
  }
  return hits;
}

}  // namespace callramp::sandbox
