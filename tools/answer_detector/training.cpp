#include "training.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>

#include "voice/answer_detector/hearing.hpp"
#include "voice/answer_detector/trees.hpp"

namespace callramp::tools {

namespace {

// A tick every 100 ms from the first word on; a person's silence is looked at for 1.5 s only, as long as anybody waits.
constexpr milliseconds tick{100};
constexpr milliseconds longest_look{8000};
constexpr milliseconds longest_silence{1500};

void add_examples(audio::PcmView sound, float label, float weight, std::uint32_t clip, std::vector<Example>& to) {
  voice::Hearing hearing;
  const std::size_t first = to.size();
  for (std::size_t at = 0; at + audio::frame_samples <= sound.size(); at += audio::frame_samples) {
    hearing.frame(sound.subspan(at, audio::frame_samples));
    const auto& speech = hearing.speech();
    if (!speech.begun() || hearing.now() % tick != milliseconds{0}) continue;
    if (speech.since_onset() > longest_look || speech.silence() > longest_silence) continue;
    to.push_back({.values = speech.values(), .label = label, .weight = weight, .clip = clip});
  }
  for (std::size_t i = first; i < to.size(); ++i) to[i].weight /= static_cast<float>(to.size() - first);
}

/// The sound between its first and last 40 ms above `floor_db` under its loudest frame.
audio::PcmView trimmed(audio::PcmView sound) {
  double loudest = -127;
  const std::size_t frames = sound.size() / audio::frame_samples;
  const auto level = [&](std::size_t i) {
    return audio::dbov(sound.subspan(i * audio::frame_samples, audio::frame_samples));
  };
  for (std::size_t i = 0; i < frames; ++i) loudest = std::max(loudest, level(i));
  std::size_t first = 0;
  std::size_t last = frames;
  while (first < frames && level(first) < loudest - 25) ++first;
  while (last > first && level(last - 1) < loudest - 25) --last;
  return sound.subspan(first * audio::frame_samples, (last - first) * audio::frame_samples);
}

// A greeting from its middle: streams start late, and a voice says more than one first sentence. Starts after a pause.
audio::PcmView from_some_pause(audio::PcmView sound, Random& random) {
  const std::size_t frames = sound.size() / audio::frame_samples;
  double loudest = -127;
  std::vector<double> levels(frames);
  for (std::size_t i = 0; i < frames; ++i) {
    levels[i] = audio::dbov(sound.subspan(i * audio::frame_samples, audio::frame_samples));
    loudest = std::max(loudest, levels[i]);
  }
  std::vector<std::size_t> starts{0};
  int quiet = 0;
  for (std::size_t i = 0; i + 100 < frames; ++i) {
    quiet = levels[i] < loudest - 28 ? quiet + 1 : 0;
    if (quiet == 8) starts.push_back(i - 4);
  }
  return sound.subspan(starts[random.below(starts.size())] * audio::frame_samples);
}

float human_weight(const Clip& clip) {
  if (clip.sublabel == "phone_sentence") return 2.5F;
  if (clip.sublabel == "mic_word") return 0.3F;
  return 1;
}

}  // namespace

int fold_of(const std::vector<Clip>& clips, const Clip& clip) {
  std::vector<std::string> voices;
  for (const auto& other : clips)
    if (other.label == "machine" && std::find(voices.begin(), voices.end(), other.speaker) == voices.end())
      voices.push_back(other.speaker);
  std::sort(voices.begin(), voices.end());
  const auto voice = std::find(voices.begin(), voices.end(), clip.speaker);
  if (voice != voices.end()) return static_cast<int>(voice - voices.begin()) % folds;
  return static_cast<int>(std::hash<std::string>{}(clip.speaker) % folds);
}

std::string train(const std::vector<Clip>& clips, int without_fold, int copies) {
  SeededRandom random(7);
  std::vector<Example> examples;
  std::uint32_t count = 0;
  std::map<std::string, int> machines;  // clips per voice: every voice weighs the same, not every clip
  double humans = 0;
  const auto trains = [&](const Clip& clip) {
    return clip.may_train && (clip.is_human() || clip.is_machine()) &&
           (without_fold < 0 || fold_of(clips, clip) != without_fold);
  };
  std::map<std::string, std::vector<const Clip*>> of_speaker;
  for (const auto& clip : clips) {
    if (!trains(clip)) continue;
    if (clip.is_machine()) ++machines[clip.speaker];
    if (clip.is_human()) {
      humans += human_weight(clip);
      if (clip.sublabel.starts_with("phone")) of_speaker[clip.speaker].push_back(&clip);
    }
  }
  const auto recorded = [](const Clip& clip) { return clip.sublabel != "announcement_tts_indian"; };
  double machine_weight = 0;
  for (const auto& [voice, of_voice] : machines) {
    const auto& clip = *std::find_if(clips.begin(), clips.end(), [&](const Clip& c) { return c.speaker == voice; });
    machine_weight += recorded(clip) ? 1 : 0.1;
  }
  constexpr double total = 300;  // of each class: with it, least_leaf_weight counts in clips
  constexpr double of_spliced = 0.15;
  for (int copy = 0; copy < copies; ++copy) {
    for (const auto& clip : clips) {
      if (!trains(clip)) continue;
      if (clip.is_human()) {
        add_examples(by_some_line(clip.sound, random), 0,
                     static_cast<float>(human_weight(clip) / humans * total / copies), count++, examples);
        continue;
      }
      const double weight =
          (recorded(clip) ? 1 : 0.1) / machine_weight / machines[clip.speaker] * total * (1 - of_spliced) / copies;
      for (int more = 0; more < 2; ++more) {
        const audio::PcmView part = more == 0 ? audio::PcmView(clip.sound) : from_some_pause(clip.sound, random);
        add_examples(by_some_line(part, random), 1, static_cast<float>(weight / 2), count++, examples);
      }
    }
    // A greeting that somebody recorded over a phone: this set has none, so a telephone speaker's clips in one breath
    // stand in for it. Without them the model may learn that telephone voices are people.
    for (const auto& [speaker, own] : of_speaker) {
      if (own.size() < 2) continue;
      audio::Pcm greeting(audio::samples_in(milliseconds{200 + static_cast<int>(random.below(600))}), 0);
      const std::size_t turn = random.below(own.size());
      for (int part = 0; part < 5 && audio::duration_of(greeting.size()) < seconds{9}; ++part) {
        greeting = joined(greeting, trimmed(own[(turn + static_cast<std::size_t>(part)) % own.size()]->sound));
        greeting =
            joined(greeting, audio::Pcm(audio::samples_in(milliseconds{120 + static_cast<int>(random.below(450))}), 0));
      }
      add_examples(by_some_line(with_noise(greeting, 45, 0.5, random), random), 1,
                   static_cast<float>(total * of_spliced / static_cast<double>(of_speaker.size()) / copies), count++,
                   examples);
    }
  }
  std::fprintf(stderr, "  %zu examples of %u clips\n", examples.size(), count);
  return boosted(examples, count, {}, random);
}

}  // namespace callramp::tools
