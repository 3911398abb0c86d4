#include "voice/answer_detector/frame_analysis.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/ensure.hpp"

namespace callramp::voice {

namespace {

constexpr float quietest_dbov = -127;
// Speech stands this far above the line's noise; at 10 dB of signal to noise the syllables still do.
constexpr float above_noise_db = 6;
// What lies further below the loudest sound so far is breath, echo and room.
constexpr float below_peak_db = 30;
constexpr float quietest_speech_dbov = -66;
// Peak and noise are forgotten slowly: a handset that is put down must not deafen the rest of the call.
constexpr float peak_decay_db = 0.02F;

// Pitch in lags of 4 kHz: 70 to 400 Hz.
constexpr std::size_t shortest_lag = 10;
constexpr std::size_t longest_lag = 57;
constexpr float least_voicing = 0.55F;
// A shorter lag nearly as good as the best one is the pitch, the best one then its multiple.
constexpr float octave_preference = 0.88F;

constexpr std::size_t first_bin = 13;  // 203 Hz
constexpr std::size_t last_bin = 226;  // 3531 Hz
constexpr float tone_share = 0.86F;
constexpr float loud_dbov = -45;
constexpr float quietest_tone_dbov = -58;
constexpr std::uint8_t steady_frames = 10;
// Sum of Hann-windowed power over all bins for a mean square of 1: 512/2 · 512 · 3/8.
constexpr float power_of_unit_level = 49152;

template <std::size_t Count>
float dot(const float* a, const float* b) {
  static_assert(Count % 8 == 0);
  std::array<float, 8> sums{};
  for (std::size_t i = 0; i < Count; i += 8)
    for (std::size_t k = 0; k < 8; ++k) sums[k] += a[i + k] * b[i + k];
  float sum = 0;
  for (const float part : sums) sum += part;
  return sum;
}

}  // namespace

Spectrum::Spectrum() {
  const float turn = 2 * std::numbers::pi_v<float> / window;
  for (std::size_t i = 0; i < window; ++i) hann_[i] = 0.5F - 0.5F * std::cos(turn * static_cast<float>(i));
  for (std::size_t k = 0; k < bins; ++k) {
    cosine_[k] = std::cos(turn * static_cast<float>(k));
    sine_[k] = std::sin(turn * static_cast<float>(k));
    std::size_t reversed = 0;
    for (std::size_t bit = 0; bit < 8; ++bit) reversed |= (k >> bit & 1U) << (7 - bit);
    reversed_[k] = static_cast<std::uint16_t>(reversed);
  }
}

// Even samples as real, odd ones as imaginary parts of a complex transform of half the length, separated afterwards.
void Spectrum::of(const float* samples, std::array<float, bins>& power) {
  for (std::size_t k = 0; k < bins; ++k) {
    real_[reversed_[k]] = samples[2 * k] * hann_[2 * k];
    imaginary_[reversed_[k]] = samples[2 * k + 1] * hann_[2 * k + 1];
  }
  for (std::size_t half = 1; half < bins; half *= 2) {
    const std::size_t stride = bins / half;  // of the twiddle table, which is for twice the length
    for (std::size_t start = 0; start < bins; start += 2 * half) {
      for (std::size_t k = 0; k < half; ++k) {
        const float c = cosine_[k * stride];
        const float s = -sine_[k * stride];
        const std::size_t a = start + k;
        const std::size_t b = a + half;
        const float real = real_[b] * c - imaginary_[b] * s;
        const float imaginary = real_[b] * s + imaginary_[b] * c;
        real_[b] = real_[a] - real;
        imaginary_[b] = imaginary_[a] - imaginary;
        real_[a] += real;
        imaginary_[a] += imaginary;
      }
    }
  }
  power[0] = 0;
  for (std::size_t k = 1; k < bins; ++k) {
    const std::size_t mirror = bins - k;
    const float even_real = (real_[k] + real_[mirror]) / 2;
    const float even_imaginary = (imaginary_[k] - imaginary_[mirror]) / 2;
    const float odd_real = (imaginary_[k] + imaginary_[mirror]) / 2;
    const float odd_imaginary = (real_[mirror] - real_[k]) / 2;
    const float real = even_real + cosine_[k] * odd_real + sine_[k] * odd_imaginary;
    const float imaginary = even_imaginary + cosine_[k] * odd_imaginary - sine_[k] * odd_real;
    power[k] = real * real + imaginary * imaginary;
  }
}

FrameAnalyzer::FrameAnalyzer() { block_minima_.fill(0); }

AnalyzedFrame FrameAnalyzer::frame(audio::PcmView samples) {
  ENSURE(samples.size() == audio::frame_samples, "the answer detector judges whole frames");
  std::copy(recent_.begin() + audio::frame_samples, recent_.end(), recent_.begin());
  std::copy(halved_.begin() + audio::frame_samples / 2, halved_.end(), halved_.begin());
  float* in = recent_.data() + (Spectrum::window - audio::frame_samples);
  float* half = halved_.data() + (pitch_window - audio::frame_samples / 2);
  float energy = 0;
  for (std::size_t i = 0; i < audio::frame_samples; ++i) {
    // First order high pass at 150 Hz: mains hum and offsets are no speech.
    const float sample = static_cast<float>(samples[i]) / 32768;
    last_out_ = 0.89F * (last_out_ + sample - last_in_);
    last_in_ = sample;
    in[i] = last_out_;
    energy += last_out_ * last_out_;
  }
  for (std::size_t i = 0; i < audio::frame_samples / 2; ++i) half[i] = in[2 * i] + in[2 * i + 1];

  AnalyzedFrame result;
  const float mean = energy / static_cast<float>(audio::frame_samples);
  result.level_dbov = mean > 0 ? std::max(quietest_dbov, 10 * std::log10(mean)) : quietest_dbov;
  learn_noise(result.level_dbov);
  noise_ = *std::min_element(block_minima_.begin(), block_minima_.end());
  peak_ = std::max(peak_ - peak_decay_db, result.level_dbov);
  ++frames_;
  result.active = result.level_dbov >= quietest_speech_dbov && result.level_dbov >= noise_ + above_noise_db &&
                  result.level_dbov >= peak_ - below_peak_db;
  find_tones(result);
  // In the first half second nobody knows the line's noise yet; what is loud may be a tone already.
  if (result.active || (frames_ < 25 && result.level_dbov > loud_dbov)) find_pitch(result);
  return result;
}

void FrameAnalyzer::learn_noise(float level) {
  // Digital silence (a gap in the stream, comfort noise switched off) says nothing about the line's noise.
  const float heard = std::max(level, -75.0F);
  smoothed_ = frames_ == 0 ? heard : smoothed_ + 0.4F * (heard - smoothed_);
  if (frames_in_block_ == block_frames) {
    frames_in_block_ = 0;
    block_ = (block_ + 1) % block_minima_.size();
    block_minima_[block_] = smoothed_;
  }
  ++frames_in_block_;
  block_minima_[block_] = std::min(block_minima_[block_], smoothed_);
}

void FrameAnalyzer::find_tones(AnalyzedFrame& result) {
  if (result.level_dbov < quietest_tone_dbov) {
    peak_age_.fill(0);
    last_power_.fill(0);
    return;
  }
  spectrum_.of(recent_.data(), power_);
  float total = 1e-12F;
  for (std::size_t k = first_bin; k <= last_bin; ++k) total += power_[k];

  // Noise of the line is taken off the total, as much as both the line's floor and this spectrum's median bear out: a
  // beep at 7 dB over the noise is still a beep.
  std::array<float, last_bin - first_bin + 1> sorted;
  std::copy_n(power_.begin() + first_bin, sorted.size(), sorted.begin());
  std::nth_element(sorted.begin(), sorted.begin() + sorted.size() / 2, sorted.end());
  const float by_median = sorted[sorted.size() / 2] / 0.69F * static_cast<float>(sorted.size());
  const float by_floor = std::pow(10.0F, noise_ / 10) * power_of_unit_level * 1.3F;
  const float noise = std::min({by_median, by_floor, 0.7F * total});
  const float noise_per_bin = noise / static_cast<float>(sorted.size());
  const float clean = total - noise;
  const auto around = [&](std::size_t peak, std::size_t reach) {
    const std::size_t from = std::max<std::size_t>(peak, reach + 1) - reach;
    float sum = 0;
    for (std::size_t k = from; k <= peak + reach; ++k) sum += power_[k] - noise_per_bin;
    return sum / clean;
  };
  std::size_t first = first_bin;
  std::size_t second = 0;
  for (std::size_t k = first_bin; k <= last_bin; ++k)
    if (power_[k] > power_[first]) first = k;
  for (std::size_t k = first_bin; k <= last_bin; ++k) {
    if (k + 5 >= first && k <= first + 5) continue;
    if (power_[k] < power_[k - 1] || power_[k] < power_[k + 1]) continue;
    if (second == 0 || power_[k] > power_[second]) second = k;
  }
  const auto interpolated = [&](std::size_t peak) {
    // Hann window: the logarithm of power around a peak is nearly a parabola.
    const float left = std::log(power_[peak - 1] + 1e-20F);
    const float middle = std::log(power_[peak] + 1e-20F);
    const float right = std::log(power_[peak + 1] + 1e-20F);
    const float curve = left - 2 * middle + right;
    const float offset = curve < 0 ? std::clamp(0.5F * (left - right) / curve, -0.5F, 0.5F) : 0;
    return (static_cast<float>(peak) + offset) * Spectrum::bin_hz;
  };
  // A partial is a peak and the three bins on either side of it, which is where a Hann window puts a steady one.
  const float first_share = around(first, 3);
  const float second_share = second == 0 ? 0 : around(second, 3);
  if (first_share >= tone_share) {
    result.tone_low_hz = interpolated(first);
    result.tone_purity = first_share;
  } else if (first_share + second_share >= tone_share + 0.04F && second_share >= 0.12F) {
    result.tone_low_hz = interpolated(std::min(first, second));
    result.tone_high_hz = interpolated(std::max(first, second));
    result.tone_purity = first_share + second_share;
  } else {
    // Two that beat (400 and 450 Hz) or one that is modulated (400 Hz by 25): within 100 Hz either way of their middle.
    float weight = 0;
    float moment = 0;
    for (std::size_t k = std::max<std::size_t>(first, 7) - 6; k <= first + 6; ++k) {
      weight += power_[k];
      moment += power_[k] * static_cast<float>(k);
    }
    const float middle = weight > 0 ? moment / weight : 0;
    const float share = around(static_cast<std::size_t>(middle + 0.5F), 6);
    if (share >= tone_share + 0.06F) {
      result.tone_low_hz = middle * Spectrum::bin_hz;
      result.tone_purity = share;
    }
  }

  float steady = 0;
  float moved = 0;
  std::array<std::uint8_t, Spectrum::bins> age{};
  for (std::size_t k = first_bin; k <= last_bin; ++k) {
    const float share = power_[k] / total;
    moved += std::abs(share - last_power_[k]);
    last_power_[k] = share;
    if (share < 0.01F || power_[k] < power_[k - 1] || power_[k] < power_[k + 1]) continue;
    const std::uint8_t before = std::max(peak_age_[k], std::max(peak_age_[k - 1], peak_age_[k + 1]));
    age[k] = static_cast<std::uint8_t>(std::min(250, before + 1));
    if (age[k] >= steady_frames) steady += (power_[k - 1] + power_[k] + power_[k + 1]) / total;
  }
  peak_age_ = age;
  result.steady_share = std::min(1.0F, steady);
  result.flux = moved / 2;
}

void FrameAnalyzer::find_pitch(AnalyzedFrame& result) {
  constexpr std::size_t compared = 176;
  static_assert(compared + longest_lag + 2 <= pitch_window);
  const float* now = halved_.data() + (pitch_window - compared);
  const float own = dot<compared>(now, now);
  if (own <= 1e-9F) return;
  std::array<float, longest_lag + 2> likeness{};
  float earlier = dot<compared>(now - (shortest_lag - 1), now - (shortest_lag - 1));
  float best = 0;
  for (std::size_t lag = shortest_lag - 1; lag <= longest_lag + 1; ++lag) {
    likeness[lag] = dot<compared>(now, now - lag) / std::sqrt(own * std::max(earlier, 0.0F) + 1e-12F);
    if (lag >= shortest_lag && lag <= longest_lag) best = std::max(best, likeness[lag]);
    const float entering = *(now - lag - 1);
    const float leaving = *(now - lag + compared - 1);
    earlier += entering * entering - leaving * leaving;
  }
  if (best < least_voicing) return;
  for (std::size_t lag = shortest_lag; lag <= longest_lag; ++lag) {
    const float left = likeness[lag - 1];
    const float middle = likeness[lag];
    const float right = likeness[lag + 1];
    if (middle < octave_preference * best || middle < left || middle < right) continue;
    const float curve = left - 2 * middle + right;
    const float offset = curve < 0 ? std::clamp(0.5F * (left - right) / curve, -0.5F, 0.5F) : 0;
    result.voiced = true;
    result.pitch_semitones = 12 * std::log2(4000 / (static_cast<float>(lag) + offset));
    return;
  }
}

}  // namespace callramp::voice
