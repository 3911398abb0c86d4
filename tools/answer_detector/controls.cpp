#include "controls.hpp"

#include <algorithm>
#include <cmath>

#include "voice/answer_detector/hearing.hpp"

namespace callramp::tools {

double voiced_seconds(audio::PcmView sound) {
  voice::Hearing hearing;
  for (std::size_t at = 0; at + audio::frame_samples <= sound.size() && hearing.speech().since_onset() < seconds{6};
       at += audio::frame_samples)
    hearing.frame(sound.subspan(at, audio::frame_samples));
  return std::chrono::duration<double>(hearing.speech().speech()).count();
}

Quietest quietest_frames(audio::PcmView sound) {
  std::vector<std::pair<double, std::size_t>> frames;
  for (std::size_t at = 0; at + audio::frame_samples <= sound.size() && at < audio::samples_in(seconds{6});
       at += audio::frame_samples)
    frames.emplace_back(audio::dbov(sound.subspan(at, audio::frame_samples)), at);
  std::sort(frames.begin(), frames.end());
  frames.resize(std::max<std::size_t>(1, frames.size() / 5));
  double sum = 0, squares = 0, crossings = 0, tilt = 0;
  for (const auto& [level, at] : frames) {
    sum += level, squares += level * level;
    const auto frame = sound.subspan(at, audio::frame_samples);
    double product = 0, power = 1;
    for (std::size_t i = 1; i < frame.size(); ++i) {
      crossings += (frame[i] < 0) != (frame[i - 1] < 0);
      product += static_cast<double>(frame[i]) * frame[i - 1], power += static_cast<double>(frame[i]) * frame[i];
    }
    tilt += product / power;
  }
  const double n = static_cast<double>(frames.size());
  return {sum / n, std::sqrt(std::max(0.0, squares / n - sum / n * sum / n)), crossings / n, tilt / n};
}

double best_threshold(const std::vector<double>& values, const std::vector<bool>& recorded) {
  double best = 0;
  double threshold = 0;
  const double machines = static_cast<double>(std::count(recorded.begin(), recorded.end(), true));
  const double humans = static_cast<double>(recorded.size()) - machines;
  for (double candidate = 0.1; candidate < 6; candidate += 0.05) {
    double hits = 0, rejected = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      (recorded[i] ? hits : rejected) += (values[i] >= candidate) == recorded[i];
    const double accuracy = (hits / machines + rejected / humans) / 2;
    if (accuracy > best) best = accuracy, threshold = candidate;
  }
  return threshold;
}

bool Probe::recorded(const Quietest& values) const {
  double sum = weights[4];
  for (std::size_t k = 0; k < values.size(); ++k) sum += weights[k] * (values[k] - mean[k]) / spread[k];
  return sum > 0;
}

Probe fit_probe(const std::vector<Quietest>& values, const std::vector<bool>& recorded) {
  Probe probe;
  const double n = static_cast<double>(values.size());
  for (std::size_t k = 0; k < 4; ++k) {
    for (const auto& v : values) probe.mean[k] += v[k] / n;
    for (const auto& v : values) probe.spread[k] += std::pow(v[k] - probe.mean[k], 2) / n;
    probe.spread[k] = std::sqrt(probe.spread[k]) + 1e-9;
  }
  const double machines = static_cast<double>(std::count(recorded.begin(), recorded.end(), true));
  for (int step = 0; step < 400; ++step) {
    std::array<double, 5> gradient{};
    for (std::size_t i = 0; i < values.size(); ++i) {
      double sum = probe.weights[4];
      std::array<double, 5> x{0, 0, 0, 0, 1};
      for (std::size_t k = 0; k < 4; ++k)
        x[k] = (values[i][k] - probe.mean[k]) / probe.spread[k], sum += probe.weights[k] * x[k];
      const double error = 1 / (1 + std::exp(-sum)) - (recorded[i] ? 1.0 : 0.0);
      const double weight = recorded[i] ? 0.5 / machines : 0.5 / (n - machines);
      for (std::size_t k = 0; k < 5; ++k) gradient[k] += weight * error * x[k];
    }
    for (std::size_t k = 0; k < 5; ++k) probe.weights[k] -= 2 * gradient[k];
  }
  return probe;
}

}  // namespace callramp::tools
