// Corpus: the labelled recordings that the answer detector is trained and measured on, and what a telephone line may do
// to them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "audio/pcm.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

namespace callramp::tools {

struct Clip {
  std::string file;
  std::string label;
  std::string sublabel;
  std::string speaker;
  std::string language;
  std::string licence;
  bool headline = false;
  bool may_train = false;
  audio::Pcm sound;

  bool is_human() const { return label == "human"; }
  bool is_machine() const { return label == "machine" || label == "ivr"; }
};

/// Folder with manifest.csv (file,label,sublabel,headline,speaker,seconds,language,origin,licence,may_train).
Result<std::vector<Clip>> read_corpus(const std::filesystem::path& folder);

// What a line does.
audio::Pcm with_gain(audio::PcmView sound, double db);
/// Noise at `snr_db` below the speech's own level (mean of the frames within 20 dB of the loudest). `tilt` 0 is white,
/// near 1 is brown.
audio::Pcm with_noise(audio::PcmView sound, double snr_db, double tilt, Random& random);
/// A handset's and a network's band: two band edges and two resonances by chance.
audio::Pcm through_handset(audio::PcmView sound, Random& random);
audio::Pcm through_mu_law(audio::PcmView sound);
audio::Pcm through_a_law(audio::PcmView sound);
/// GSM 06.10 full rate, there and back.
audio::Pcm through_gsm(audio::PcmView sound);
/// Each 20 ms packet is lost with this probability, in bursts of two on average, and replaced by silence.
audio::Pcm with_loss(audio::PcmView sound, double share, Random& random);
/// Played faster (above 1) or slower, pitch and all.
audio::Pcm at_speed(audio::PcmView sound, double speed);
audio::Pcm joined(audio::PcmView a, audio::PcmView b);
/// One of the above each, by chance: the augmentation of training.
audio::Pcm by_some_line(audio::PcmView sound, Random& random);

}  // namespace callramp::tools
