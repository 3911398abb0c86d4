#include "voice/vad.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "audio/g711.hpp"
#include "audio/tone.hpp"

using namespace callramp;
using namespace callramp::audio;
using namespace callramp::voice;

namespace {

// Stands in for a voice: a buzz of 140 Hz with harmonics whose strength swings with the syllables, four a second.
Pcm babble(Duration length, double level_dbov) {
  Pcm out(samples_in(length));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double t = static_cast<double>(i) / line_rate_hz;
    const double syllable = 0.05 + std::pow(std::sin(std::numbers::pi * 4 * t), 2);
    double value = 0;
    for (int harmonic = 1; harmonic <= 10; ++harmonic)
      value += std::sin(2 * std::numbers::pi * 140 * harmonic * t) / harmonic;
    out[i] = saturate(8000 * syllable * value);
  }
  apply_gain(out, amplitude(level_dbov - dbov(out)));
  return out;
}

Pcm operator+(Pcm left, const Pcm& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

struct Heard {
  Duration longest_speech{0};
  Duration voiced{0};
  Duration first_200ms{-1};  // when 200 ms of speech had been heard
};

Heard listen(const Pcm& sound, VadSettings settings = {}) {
  Vad vad(settings);
  Heard heard;
  Duration now{0};
  vad.feed(sound, [&](const VadFrame& frame) {
    now += Vad::frame_length;
    if (frame.voiced) heard.voiced += Vad::frame_length;
    heard.longest_speech = std::max(heard.longest_speech, frame.speech);
    if (heard.first_200ms < Duration{0} && frame.speech >= milliseconds{200}) heard.first_200ms = now;
  });
  return heard;
}

Pcm hiss(Duration length, double level_dbov, std::uint64_t seed = 3) {
  SeededRandom random(seed);
  return noise(length, level_dbov, random);
}

// Noise whose level goes up and down by 4 dB, five times a second.
Pcm swinging(Duration length, double level_dbov) {
  Pcm out;
  while (out.size() < samples_in(length))
    out = out + hiss(milliseconds{100}, level_dbov - 2) + hiss(milliseconds{100}, level_dbov + 2);
  return out;
}

Pcm mixed(Pcm sound, const Pcm& other) {
  mix_into(sound, other);
  return sound;
}

}  // namespace

TEST_CASE("speech is heard within half a second and other sounds of the line are not speech") {
  struct Row {
    std::string name;
    Pcm sound;
    bool speech;
  };
  const Pcm quiet = hiss(seconds{1}, -65);
  const std::vector<Row> table{
      {"digital silence", silence(seconds{5}), false},
      {"faint hiss", hiss(seconds{5}, -60), false},
      {"loud hiss from the beginning", hiss(seconds{5}, -40), false},
      {"loud hiss that sets in", quiet + hiss(seconds{5}, -35), false},
      {"hiss that sets in within a frame", Pcm(8080) + hiss(seconds{5}, -30), false},
      {"hiss that becomes louder", hiss(seconds{3}, -60) + hiss(seconds{3}, -50) + hiss(seconds{3}, -42), false},
      {"a beep", quiet + beep(milliseconds{400}) + quiet, false},
      {"a long tone", quiet + beep(seconds{3}) + quiet, false},
      {"ringback US", quiet + play_cadence(ringback(ToneCountry::us), seconds{12}), false},
      {"ringback EU", quiet + play_cadence(ringback(ToneCountry::eu), seconds{12}), false},
      {"a click", quiet + hiss(milliseconds{20}, -15) + quiet, false},
      {"clicks now and then", quiet + hiss(milliseconds{20}, -15) + quiet + hiss(milliseconds{20}, -15) + quiet, false},
      {"a fan that has been learned and swings", hiss(seconds{3}, -44) + swinging(seconds{3}, -42), false},
      {"somebody far away on another line", silence(seconds{3}) + babble(seconds{2}, -58), false},
      {"speech at once", babble(seconds{2}, -20), true},
      {"loud speech", quiet + babble(seconds{2}, -10), true},
      {"quiet speech", quiet + babble(seconds{2}, -38), true},
      {"speech over hiss", mixed(hiss(seconds{4}, -45), silence(seconds{3}) + babble(seconds{1}, -25)), true},
      {"speech after ten minutes of hiss", hiss(minutes{10}, -48) + babble(seconds{2}, -25), true}};
  for (const Row& row : table) {
    CAPTURE(row.name);
    CHECK((listen(row.sound).longest_speech >= milliseconds{200}) == row.speech);
    // The same through µ-law, as most of the world's lines are.
    CHECK((listen(decode(Law::mu, encode(Law::mu, row.sound))).longest_speech >= milliseconds{200}) == row.speech);
  }
}

TEST_CASE("200 ms of speech are known within 400 ms of its beginning") {
  const Heard heard = listen(hiss(seconds{1}, -60) + babble(seconds{1}, -22));
  CHECK(heard.first_200ms >= milliseconds{1200});
  CHECK(heard.first_200ms <= milliseconds{1400});
}

TEST_CASE("pauses within speech do not end it and longer ones do") {
  Vad vad;
  const auto speech_after = [&](const Pcm& sound) {
    VadFrame last;
    vad.feed(sound, [&](const VadFrame& frame) { last = frame; });
    return last;
  };
  const VadFrame talking = speech_after(hiss(seconds{1}, -65) + babble(milliseconds{600}, -20));
  CHECK(talking.speech > milliseconds{300});
  const VadFrame pause = speech_after(hiss(milliseconds{160}, -65, 4));
  CHECK(pause.speech >= talking.speech);
  CHECK(pause.silence >= milliseconds{100});
  CHECK_FALSE(pause.voiced);
  const VadFrame over = speech_after(hiss(milliseconds{300}, -65, 5));
  CHECK(over.speech == Duration{0});
  CHECK(over.silence >= milliseconds{400});
}

TEST_CASE("chunks of any size give the same frames") {
  const Pcm sound = hiss(milliseconds{500}, -60) + babble(seconds{1}, -20);
  const Duration whole = listen(sound).voiced;
  for (std::size_t chunk : {1u, 33u, 159u, 161u, 800u}) {
    Vad vad;
    Duration voiced{0};
    std::size_t frames = 0;
    for (std::size_t at = 0; at < sound.size(); at += chunk)
      vad.feed(PcmView(sound).subspan(at, std::min(chunk, sound.size() - at)), [&](const VadFrame& frame) {
        ++frames;
        if (frame.voiced) voiced += Vad::frame_length;
      });
    CAPTURE(chunk);
    CHECK(frames == sound.size() / frame_samples);
    CHECK(voiced == whole);
  }
}
