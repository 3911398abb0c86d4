#include "voice/answer_detector/tones.hpp"

#include <algorithm>
#include <cmath>

namespace callramp::voice {

namespace {

bool near(float value, float wanted, float tolerance) { return std::abs(value - wanted) <= tolerance; }

// Frames of one tone differ by less than this; G.711, GSM and noise included.
constexpr float step_within_run = 0.02F;
// What tells a beep from a held vowel, whose one strong harmonic may look like a tone for 200 ms: nothing else sounds,
// and its frequency stands still from frame to frame. Measured on recorded speech: 3 of 889 clips reach both.
constexpr float least_purity = 0.985F;
constexpr float largest_step = 0.0045F;
constexpr float noisy_step = 0.006F;  // allowed at the lowest frequencies and to the shortest runs
constexpr float below_loudest_db = 26;
constexpr milliseconds shortest_beep{120};
constexpr milliseconds longest_beep{4500};
// After that much of one steady tone behind speech nobody waits for its end to know what it is.
constexpr milliseconds long_beep{1000};
// A click or key tone left over from dialling lies in the first moments of a call; nothing was greeted before it.
constexpr milliseconds first_moments{300};
constexpr milliseconds long_enough_at_once{280};
// A chime has harmonics as a voice has, but its pitch does not move by a tenth of a semitone in 140 ms.
constexpr int chime_frames = 7;
constexpr float chime_step_st = 0.12F;
constexpr float chime_drift_st = 0.3F;
constexpr float lowest_chime_st = 98.8F;  // 301 Hz
// Less speech than that before a tone is no greeting.
constexpr milliseconds shortest_greeting{300};
constexpr float frame_weight = 0.01F;  // forgets with two seconds
constexpr float quietest_music_dbov = -52;
constexpr float least_music = 0.06F;
constexpr float least_sounding = 0.45F;

}  // namespace

std::string_view to_string(Tone tone) noexcept {
  switch (tone) {
    case Tone::none: return "none";
    case Tone::network: return "network";
    case Tone::busy: return "busy";
    case Tone::special_information: return "special_information";
    case Tone::fax: return "fax";
    case Tone::beep: return "beep";
    case Tone::music: return "music";
  }
  return "none";
}

void ToneStage::frame(const AnalyzedFrame& frame, milliseconds speech) {
  now_ += frame_length;
  loudest_dbov_ = std::max(loudest_dbov_, frame.level_dbov);
  const bool tone = frame.tone_low_hz > 0;
  const bool fits = run_.frames > 0 && tone && near(frame.tone_low_hz / run_.last_hz, 1, step_within_run) &&
                    (frame.tone_high_hz > 0) == (run_.high_hz > 0);
  if (fits) {
    // The newest step counts only once another frame follows: the last one straddles the tone's end.
    if (run_.frames >= 3) {
      run_.squared_steps += run_.last_step_hz * run_.last_step_hz;
      run_.purity += std::min(1.0F, run_.last_purity);
      ++run_.steps;
    }
    ++run_.frames;
    run_.last_step_hz = missed_ > 0 ? 0 : frame.tone_low_hz - run_.last_hz;
    run_.last_purity = frame.tone_purity;
    run_.last_hz = frame.tone_low_hz;
    run_.low_hz += (frame.tone_low_hz - run_.low_hz) / static_cast<float>(run_.frames);
    if (run_.high_hz > 0) run_.high_hz += (frame.tone_high_hz - run_.high_hz) / static_cast<float>(run_.frames);
    run_.loudest_dbov = std::max(run_.loudest_dbov, frame.level_dbov);
    missed_ = 0;
    judge_running(speech);
  } else if (sounding() && missed_ == 0) {
    missed_ = 1;  // one frame lost or clicked is no end
    ++run_.frames;
  } else {
    if (run_.frames > 0) end_run(speech);
    missed_ = 0;
    run_ = {};
    if (tone)
      run_ = {.frames = 1,
              .low_hz = frame.tone_low_hz,
              .high_hz = frame.tone_high_hz,
              .last_hz = frame.tone_low_hz,
              .last_purity = frame.tone_purity,
              .loudest_dbov = frame.level_dbov,
              .started = now_ - frame_length};
  }
  judge_chime(frame, speech);
  judge_music(frame);
}

bool ToneStage::is_network(const Run& run) const {
  // Dial, ring-back, busy and congestion tones of E.180: 350 to 480 Hz, or 480 with 620.
  return run.low_hz >= 340 && run.low_hz <= 500 &&
         (run.high_hz == 0 || run.high_hz <= 500 || near(run.high_hz, 620, 15));
}

void ToneStage::judge_running(milliseconds speech) {
  if (heard_ == Tone::none || heard_ == Tone::network) {
    // CED: 2100 Hz for 2.6 to 4 s; no greeting is before it.
    if (run_.high_hz == 0 && near(run_.low_hz, 2100, 30) && run_.length() >= milliseconds{1200} &&
        speech < shortest_greeting)
      heard_ = Tone::fax;
  }
  if (sounding() && is_network(run_) && run_.length() >= milliseconds{160} && speech < shortest_greeting) {
    if (heard_ == Tone::none) heard_ = Tone::network;
    network_ += frame_length;
    network_end_ = now_;
  }
  if (run_.length() == long_beep && speech >= shortest_greeting && is_beep(run_, speech)) note_beep(run_.low_hz);
}

bool ToneStage::is_beep(const Run& run, milliseconds speech) const {
  if (heard_ == Tone::fax || heard_ == Tone::special_information || heard_ == Tone::busy) return false;
  if (run.length() < shortest_beep - frame_length || run.length() > longest_beep || run.steps == 0) return false;
  const bool short_run = run.frames < 6;
  if (short_run && run.low_hz < 600) return false;
  const float step = std::sqrt(run.squared_steps / static_cast<float>(run.steps)) / run.low_hz;
  if (run.purity < least_purity * static_cast<float>(run.steps)) return false;
  if (step > (run.low_hz < 480 || run.frames < 8 ? noisy_step : largest_step)) return false;
  if (run.loudest_dbov < loudest_dbov_ - below_loudest_db) return false;
  if (run.low_hz > 680 && run.low_hz < 960 && run.high_hz > 1190 && run.high_hz < 1500) return false;  // a key (DTMF)
  // Two neighbouring harmonics of a voice.
  if (run.low_hz < 400 && (near(run.high_hz / run.low_hz, 1.5F, 0.03F) || near(run.high_hz / run.low_hz, 2, 0.04F)))
    return false;
  if (speech >= shortest_greeting) return true;
  if (is_network(run) || run_count_ > 1) return false;
  return run.started > first_moments || run.length() >= long_enough_at_once;
}

void ToneStage::note_beep(float hz) {
  if (heard_ != Tone::beep) beep_hz_ = hz;
  heard_ = Tone::beep;
  beep_ended_ = now_;
}

void ToneStage::judge_chime(const AnalyzedFrame& frame, milliseconds speech) {
  const bool still = frame.voiced && chime_frames_ > 0 && near(frame.pitch_semitones, chime_last_st_, chime_step_st) &&
                     near(frame.pitch_semitones, chime_first_st_, chime_drift_st);
  if (still) {
    ++chime_frames_;
  } else {
    chime_frames_ = frame.voiced && frame.pitch_semitones >= lowest_chime_st ? 1 : 0;
    chime_first_st_ = frame.pitch_semitones;
  }
  chime_last_st_ = frame.pitch_semitones;
  const bool free = heard_ == Tone::none && musical_ < least_music && speech < shortest_greeting;
  if (chime_frames_ == chime_frames && free && run_.frames < 3) note_beep(std::exp2(frame.pitch_semitones / 12));
}

void ToneStage::end_run(milliseconds speech) {
  if (missed_ > 0) --run_.frames;
  if (run_.frames < certain_frames) return;
  std::rotate(runs_.begin(), runs_.begin() + 1, runs_.end());
  runs_.back() = run_;
  run_count_ = std::min(run_count_ + 1, runs_.size());

  // SIT: the second and third tone (1370/1428 and 1777 Hz) or the first and second (914/985) in a row.
  if (run_count_ >= 2) {
    const Run& before = runs_[runs_.size() - 2];
    const auto in_step = [&] { return run_.started - before.started <= milliseconds{480}; };
    const bool first_two = near(before.low_hz, 950, 60) && near(run_.low_hz, 1400, 60);
    const bool last_two = near(before.low_hz, 1400, 60) && near(run_.low_hz, 1777, 50);
    if ((first_two || last_two) && in_step() && heard_ != Tone::fax) {
      heard_ = Tone::special_information;
      return;
    }
  }
  const bool cng = run_.high_hz == 0 && near(run_.low_hz, 1100, 38) && run_.length() >= milliseconds{420} &&
                   run_.length() <= milliseconds{600};
  if (cng && speech < shortest_greeting) {
    heard_ = Tone::fax;
    return;
  }
  judge_cadence();
  const bool first_of_sit = near(run_.low_hz, 950, 40) && run_.length() >= milliseconds{240} &&
                            run_.length() <= milliseconds{400} && speech < shortest_greeting;
  if (!first_of_sit && is_beep(run_, speech)) note_beep(run_.low_hz);
}

void ToneStage::judge_cadence() {
  if (run_count_ < 4 || heard_ == Tone::beep || heard_ == Tone::fax) return;
  // Busy and congestion: even bursts, on and off for 750 ms at most. Ring-back's pauses are seconds.
  for (std::size_t i = runs_.size() - 3; i < runs_.size(); ++i) {
    const auto period = runs_[i].started - runs_[i - 1].started;
    const auto off = period - runs_[i - 1].length();
    if (!is_network(runs_[i]) || off > milliseconds{800} || runs_[i].length() > milliseconds{850}) return;
    if (std::abs((runs_[i].length() - runs_[i - 1].length()).count()) > 60) return;
  }
  heard_ = Tone::busy;
}

void ToneStage::judge_music(const AnalyzedFrame& frame) {
  // Loud enough to be heard, active or not: music that never pauses is the line's noise to the activity detector.
  // A network's tone stands still, too, and is no music.
  const bool ringing = run_.frames > 0 && is_network(run_);
  const bool sounds = frame.level_dbov > quietest_music_dbov && !ringing;
  sounding_ += frame_weight * ((sounds ? 1.0F : 0.0F) - sounding_);
  if (sounds) musical_ += frame_weight * (frame.steady_share - 1.5F * frame.flux - musical_);
  const bool free = heard_ == Tone::none || heard_ == Tone::network || heard_ == Tone::beep;
  if (free && !sounding() && now_ >= seconds{3} && sounding_ >= least_sounding && musical_ >= least_music)
    heard_ = Tone::music;
}

}  // namespace callramp::voice
