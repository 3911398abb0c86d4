#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>

#include "audio/tone.hpp"
#include "boosting.hpp"
#include "controls.hpp"
#include "training.hpp"
#include "voice/answer_detector/answer_detector.hpp"

namespace callramp::tools {

namespace {

using voice::Answer;
using Line = std::function<audio::Pcm(audio::PcmView, Random&)>;

struct Condition {
  const char* name;
  Line line;
};

audio::Pcm ringing(Random& random) {
  const audio::ToneCountry countries[] = {audio::ToneCountry::india, audio::ToneCountry::us, audio::ToneCountry::eu};
  const milliseconds length{3000 + static_cast<int>(random.below(5000))};
  return with_noise(audio::play_cadence(audio::ringback(countries[random.below(3)]), length), 35, 0, random);
}

std::vector<Condition> conditions() {
  return {{"as recorded", [](audio::PcmView s, Random&) { return audio::Pcm(s.begin(), s.end()); }},
          {"SNR 20 dB", [](audio::PcmView s, Random& r) { return with_noise(s, 20, 0, r); }},
          {"SNR 15 dB", [](audio::PcmView s, Random& r) { return with_noise(s, 15, 0, r); }},
          {"SNR 10 dB", [](audio::PcmView s, Random& r) { return with_noise(s, 10, 0, r); }},
          {"ring-back in front", [](audio::PcmView s, Random& r) { return joined(ringing(r), s); }},
          {"GSM", [](audio::PcmView s, Random&) { return through_gsm(s); }},
          {"A-law, GSM, A-law, GSM",
           [](audio::PcmView s, Random&) { return through_gsm(through_a_law(through_gsm(through_a_law(s)))); }},
          {"5 % loss", [](audio::PcmView s, Random& r) { return with_loss(s, 0.05, r); }},
          {"-15 dB", [](audio::PcmView s, Random&) { return with_gain(s, -15); }},
          {"+18 dB, clipped", [](audio::PcmView s, Random&) { return with_gain(s, 18); }}};
}

struct Count {
  int wrong = 0;
  int all = 0;
  void add(bool is_wrong) { ++all, wrong += is_wrong; }
  double share() const { return all == 0 ? 0 : static_cast<double>(wrong) / all; }
  std::string text() const {
    char written[48];
    std::snprintf(written, sizeof written, "%5.1f%% (%d/%d)", 100 * share(), wrong, all);
    return written;
  }
};

voice::Verdict verdict_on(audio::PcmView sound, const voice::Trees& model) {
  voice::AnswerDetector detector(model);
  detector.feed(sound);
  return detector.finish();
}

void print_speech(const std::vector<Clip>& clips, const std::vector<voice::Trees>& models) {
  std::printf(
      "Person or recording, sound alone, by models that have not heard the speaker. Wrong, by kind; unknown counts as "
      "a person.\n");
  std::printf("%-24s %8s | %-17s %-17s %-17s | %-17s | %-17s %-17s | median | voiced-seconds quietest-frames\n", "line",
              "balanced", "words", "names", "sentences", "mic words", "menus+announcem.", "greetings");
  for (const auto& condition : conditions()) {
    SeededRandom random(17);
    std::map<std::string, Count> count;
    Count humans, machines;
    std::vector<double> times;
    struct Seen {
      int fold;
      bool recorded;
      double voiced;
      Quietest quietest;
    };
    std::vector<Seen> seen;
    for (const auto& clip : clips) {
      if (!clip.is_human() && !clip.is_machine()) continue;
      const int fold = fold_of(clips, clip);
      const audio::Pcm sound = condition.line(clip.sound, random);
      const voice::Verdict verdict = verdict_on(sound, models[static_cast<std::size_t>(fold)]);
      const bool recorded = is_recorded(verdict.answer);
      count[clip.sublabel].add(recorded != clip.is_machine());
      if (!clip.headline) continue;
      (clip.is_human() ? humans : machines).add(recorded != clip.is_machine());
      if (clip.is_human())
        times.push_back(
            static_cast<double>(
                (verdict.decided_at - milliseconds{static_cast<int>((sound.size() - clip.sound.size()) / 8)}).count()) /
            1000);
      seen.push_back({fold, clip.is_machine(), voiced_seconds(sound), quietest_frames(sound)});
    }
    Count simple[2][2];
    for (int fold = 0; fold < folds; ++fold) {
      std::vector<double> voiced;
      std::vector<Quietest> quietest;
      std::vector<bool> recorded;
      for (const auto& s : seen)
        if (s.fold != fold) voiced.push_back(s.voiced), quietest.push_back(s.quietest), recorded.push_back(s.recorded);
      const double threshold = best_threshold(voiced, recorded);
      const Probe probe = fit_probe(quietest, recorded);
      for (const auto& s : seen) {
        if (s.fold != fold) continue;
        simple[0][s.recorded].add((s.voiced >= threshold) != s.recorded);
        simple[1][s.recorded].add(probe.recorded(s.quietest) != s.recorded);
      }
    }
    const auto balanced = [](const Count& a, const Count& b) { return 1 - (a.share() + b.share()) / 2; };
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
    Count spoken = count["menu"];
    spoken.wrong += count["announcement"].wrong, spoken.all += count["announcement"].all;
    std::printf("%-24s %8.3f | %-17s %-17s %-17s | %-17s | %-17s %-17s | %4.2f s | %14.3f %15.3f\n", condition.name,
                balanced(humans, machines), count["phone_word"].text().c_str(), count["phone_name"].text().c_str(),
                count["phone_sentence"].text().c_str(), count["mic_word"].text().c_str(), spoken.text().c_str(),
                count["pbx_default_greeting"].text().c_str(), times[times.size() / 2],
                balanced(simple[0][0], simple[0][1]), balanced(simple[1][0], simple[1][1]));
    std::fflush(stdout);
  }
}

void print_tones(const std::vector<Clip>& clips, const voice::Trees& model) {
  std::printf("\nSounds that are no speech: verdicts by kind, as recorded\n");
  std::map<std::string, std::map<std::string, int>> verdicts;
  for (const auto& clip : clips)
    if (clip.label == "ringback" || clip.label == "other" || clip.label == "beep")
      ++verdicts[clip.label + " " + clip.sublabel][std::string(voice::to_string(verdict_on(clip.sound, model).answer))];
  for (const auto& [kind, of_kind] : verdicts) {
    std::printf("  %-32s", kind.c_str());
    for (const auto& [answer, n] : of_kind) std::printf(" %s %d", answer.c_str(), n);
    std::printf("\n");
  }
}

void print_beeps(const std::vector<Clip>& clips, const voice::Trees& model) {
  Count shipped, synthetic, over_greetings, late, wrong;
  for (const auto& clip : clips) {
    voice::AnswerDetector detector(model);
    detector.feed(clip.sound);
    detector.feed(audio::Pcm(audio::samples_in(milliseconds{300}), 0));
    const bool heard = detector.beep_ended_at().has_value();
    if (clip.label == "beep") (clip.sublabel == "synthetic" ? synthetic : shipped).add(heard);
    if (clip.is_human()) wrong.add(heard);
  }
  SeededRandom random(23);
  std::vector<const Clip*> greetings;
  for (const auto& clip : clips)
    if (clip.is_machine()) greetings.push_back(&clip);
  for (int i = 0; i < 1000; ++i) {
    const Clip& clip = *greetings[random.below(greetings.size())];
    // Up to where the clip's own beep may be: greetings of the manifest's PBX end in one.
    audio::PcmView greeting =
        audio::PcmView(clip.sound).first(std::min(clip.sound.size(), audio::samples_in(seconds{6})));
    const milliseconds length{150 + static_cast<int>(random.below(1350))};
    const double hz = 400 + 1700 * random.uniform();
    audio::Pcm tone = audio::beep(length, hz, -30 + 20 * random.uniform());
    if (random.uniform() < 0.2) {
      const audio::Pcm second = audio::beep(length, hz * (1.15 + 0.4 * random.uniform()), -24);
      for (std::size_t k = 0; k < std::min(tone.size(), second.size()); ++k)
        tone[k] = static_cast<audio::Sample>(std::clamp(tone[k] / 2 + second[k] / 2, -32768, 32767));
    }
    audio::Pcm before =
        joined(greeting, audio::Pcm(audio::samples_in(milliseconds{static_cast<int>(random.below(900))}), 0));
    const milliseconds ends = std::chrono::duration_cast<milliseconds>(audio::duration_of(before.size() + tone.size()));
    audio::Pcm sound = joined(joined(before, tone), audio::Pcm(audio::samples_in(milliseconds{1200}), 0));
    sound = with_noise(sound, 15 + 25 * random.uniform(), random.uniform() < 0.5 ? 0 : 0.8, random);
    const double codec = random.uniform();
    sound = codec < 0.3 ? through_gsm(sound) : codec < 0.6 ? through_a_law(sound) : through_mu_law(sound);
    voice::AnswerDetector detector(model);
    bool at_time = false;
    bool early = false;
    for (std::size_t at = 0; at + audio::frame_samples <= sound.size(); at += audio::frame_samples) {
      detector.feed(audio::PcmView(sound).subspan(at, audio::frame_samples));
      const auto beep = detector.beep_ended_at();
      if (!beep) continue;
      if (*beep < ends - length) early = true;  // something in the greeting was taken for it
      if (*beep >= ends - length && *beep <= ends + milliseconds{300}) at_time = true;
    }
    over_greetings.add(at_time);
    late.add(early);
  }
  std::printf(
      "\nBeeps heard: shipped %s, synthetic of the set %s, 1,000 over greetings within 300 ms of their end %s\n",
      shipped.text().c_str(), synthetic.text().c_str(), over_greetings.text().c_str());
  std::printf("Beeps heard where there is none: people %s, within greetings %s\n", wrong.text().c_str(),
              late.text().c_str());
}

// No recogniser runs here and no transcript may be printed, so words are invented: what people say to a caller and what
// recordings say, revealed at 2.5 words a second from the first word on, 500 ms late.
void print_with_text(const std::vector<Clip>& clips, const std::vector<voice::Trees>& models) {
  const std::vector<std::string> people{
      "yes I am at home this afternoon come after four",   "we would like to know when the delivery comes please",
      "I am driving at the moment call me a little later", "hello yes tell me what is it about",
      "haan boliye kya baat hai main abhi bahar hoon",     "no thank you we do not need anything today",
      "the weather has been very nice here this week",     "my brother will be back in the evening at six"};
  const std::vector<std::string> recordings{
      "thank you for calling please listen as our menu options have changed",
      "the number you have dialed is not in service",
      "the person at extension is unavailable please leave your message after the tone",
      "to reach the operator press zero now",
      "please enter your password followed by the pound key",
      "your call is important to us please hold",
      "good day the office is closed on public holidays",
      "you may now choose a department from the list"};
  std::map<std::string, Count> count;
  SeededRandom random(29);
  for (const auto& clip : clips) {
    if (!clip.headline) continue;
    const auto& sentences = clip.is_human() ? people : recordings;
    const std::string& sentence = sentences[random.below(sentences.size())];
    voice::AnswerDetector detector(models[static_cast<std::size_t>(fold_of(clips, clip))]);
    for (std::size_t at = 0; at + audio::frame_samples <= clip.sound.size() && !detector.verdict();
         at += audio::frame_samples) {
      detector.feed(audio::PcmView(clip.sound).subspan(at, audio::frame_samples));
      const milliseconds heard = detector.hearing().speech().speech();
      if (detector.hearing().now() % milliseconds{400} != milliseconds{0} ||
          detector.hearing().speech().since_onset() < milliseconds{900})
        continue;
      std::size_t end = 0;
      for (auto words = heard.count() / 400; words > 0 && end != std::string::npos; --words)
        end = sentence.find(' ', end + 1);
      detector.text(std::string_view(sentence).substr(0, end));
    }
    count[clip.sublabel].add(is_recorded(detector.finish().answer) != clip.is_machine());
  }
  std::printf(
      "\nWith interim text (invented, see docs): words %s names %s sentences %s; menus %s announcements %s greetings "
      "%s\n",
      count["phone_word"].text().c_str(), count["phone_name"].text().c_str(), count["phone_sentence"].text().c_str(),
      count["menu"].text().c_str(), count["announcement"].text().c_str(), count["pbx_default_greeting"].text().c_str());
}

}  // namespace

void print_report(const std::vector<Clip>& clips, const std::vector<std::string>& texts) {
  std::vector<voice::Trees> models;
  for (const auto& text : texts) models.push_back(voice::Trees::parse(text).value());
  print_speech(clips, models);
  print_tones(clips, models[0]);
  print_beeps(clips, models[0]);
  print_with_text(clips, models);
}

void calibrate(const std::vector<Clip>& clips, const std::vector<std::string>& texts, double& scale, double& shift) {
  std::vector<voice::Trees> models;
  for (const auto& text : texts) models.push_back(voice::Trees::parse(text).value());
  std::vector<Example> examples;
  std::vector<float> scores;
  SeededRandom random(31);
  for (const auto& clip : clips) {
    if (!clip.headline || !clip.may_train) continue;
    const audio::Pcm sound = by_some_line(clip.sound, random);
    voice::Hearing hearing;
    const std::size_t first = examples.size();
    for (std::size_t at = 0; at + audio::frame_samples <= sound.size(); at += audio::frame_samples) {
      hearing.frame(audio::PcmView(sound).subspan(at, audio::frame_samples));
      const auto& speech = hearing.speech();
      if (!speech.begun() || hearing.now() % milliseconds{100} != milliseconds{0} || speech.since_onset() > seconds{6})
        continue;
      if (speech.silence() > milliseconds{1500}) continue;
      examples.push_back(
          {.values = {}, .label = clip.is_machine() ? 1.0F : 0.0F, .weight = clip.is_machine() ? 455.0F / 145 : 1});
      scores.push_back(models[static_cast<std::size_t>(fold_of(clips, clip))].score(speech.values()));
    }
    for (std::size_t i = first; i < examples.size(); ++i)
      examples[i].weight /= static_cast<float>(examples.size() - first);
  }
  const Calibration c = calibrated(scores, examples);
  scale = c.scale;
  shift = c.shift;
}

}  // namespace callramp::tools
