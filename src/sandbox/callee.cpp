#include "sandbox/callee.hpp"

#include <algorithm>
#include <array>

#include "audio/tone.hpp"

namespace callramp::sandbox {

namespace {

/// People who were not given a voice get one of these.
constexpr std::array kVoices = {"en-us+m3", "en-us+f2", "en-gb+m1", "en-gb+f4"};
constexpr std::string_view kRecordedVoice = "en-gb+f2";

// What callees say when the world does not: short, so that a demo call takes about half a minute.
const std::vector<std::string> kPersonWords = {"Hello?", "Yes, this is me speaking.", "Okay, please tell me more.",
                                               "That sounds good. Thank you, goodbye."};
constexpr std::string_view kGreeting =
    "Hello, you have reached my voicemail. I am sorry that I cannot take your call right now. Please leave a message "
    "after the tone and I will call you back as soon as I can.";
constexpr std::string_view kAnnouncement =
    "The number you are calling is currently switched off or not reachable. Please try again later.";
constexpr std::string_view kScreening =
    "Hi, the person you are calling is using a screening service. Please say your name and why you are calling.";

/// Machines record about this long.
constexpr auto kMachinePatience = seconds{60};
/// How long people listen to nothing before they say hello again.
constexpr auto kPersonPatience = seconds{6};
constexpr auto kKeyInterval = milliseconds{200};
/// How far into the agent's words somebody interrupts.
constexpr Span kInterruptAfter{milliseconds{800}, milliseconds{1600}};
/// The agent still speaks if it was heard this recently: longer than the gap between two words.
constexpr auto kStillSpeaking = milliseconds{300};
/// Sound of at least this amplitude is part of a line; what follows the last of it is not sent.
constexpr audio::Sample kAudible = 200;

Step step_of(const Line& line) {
  Step step;
  switch (line.kind) {
    case Line::Kind::speech: step.text = line.text; break;
    case Line::Kind::file: step.file = line.text; break;
    case Line::Kind::keys: step.keys = line.text; break;
    case Line::Kind::hang_up: step.hang_up = true; break;
  }
  return step;
}

std::vector<Line> person_lines(const Callee& callee, const Recordings& recordings, Random& random) {
  if (!callee.says.empty()) return callee.says;
  std::vector<Line> lines;
  if (recordings.empty()) {
    for (const std::string& words : kPersonWords) lines.push_back({Line::Kind::speech, words});
    return lines;
  }
  for (int i = 0; i < 4; ++i) {
    const auto nth = static_cast<std::ptrdiff_t>(random.below(recordings.size()));
    lines.push_back({Line::Kind::file, std::next(recordings.begin(), nth)->first});
  }
  return lines;
}

void add_person(Script& script, const Callee& callee, const Recordings& recordings, Random& random) {
  bool first = true;
  for (const Line& line : person_lines(callee, recordings, random)) {
    Step step = step_of(line);
    // A hang-up belongs to the line before it; nobody waits for an answer to it.
    step.when = first || step.hang_up ? Step::When::at_once : Step::When::after_agent;
    step.pause = callee.waits.draw(random);
    script.steps.push_back(std::move(step));
    first = false;
  }
  script.patience = kPersonPatience;
}

void add_words(Script& script, const Callee& callee, std::string_view usual, Duration pause) {
  if (callee.says.empty()) script.steps.push_back({.pause = pause, .text = std::string(usual)});
  for (const Line& line : callee.says) {
    Step step = step_of(line);
    step.pause = pause;
    script.steps.push_back(std::move(step));
  }
}

/// Without the silence behind the last sound.
std::shared_ptr<const audio::Pcm> trimmed(const std::shared_ptr<const audio::Pcm>& pcm) {
  const auto last =
      std::find_if(pcm->rbegin(), pcm->rend(), [](audio::Sample s) { return s >= kAudible || s <= -kAudible; });
  if (last == pcm->rbegin()) return pcm;
  return std::make_shared<const audio::Pcm>(pcm->begin(), last.base());
}

}  // namespace

Result<Recordings> load_recordings(Voices& voices, const std::string& folder) {
  Recordings recordings;
  if (folder.empty()) return recordings;
  TRY(loaded, voices.load_folder(folder));
  for (auto& recording : loaded) recordings.emplace(recording.name, recording.phrase);
  return recordings;
}

Script plan_script(const Callee& callee, const Recordings& recordings, Random& random) {
  Script script;
  script.turn_gap = callee.turn_gap;
  script.interrupts = callee.interrupts;
  script.voice = callee.voice.empty() ? kVoices.at(random.below(kVoices.size())) : callee.voice;
  if (callee.hangs_up_after) script.hangs_up_after = callee.hangs_up_after->draw(random);
  switch (callee.answers) {
    case Answers::person: add_person(script, callee, recordings, random); break;
    case Answers::machine:
      if (callee.voice.empty()) script.voice = kRecordedVoice;
      add_words(script, callee, kGreeting, milliseconds{500});
      script.steps.push_back({.pause = milliseconds{300}, .pcm = std::make_shared<const audio::Pcm>(audio::beep())});
      if (!script.hangs_up_after) script.hangs_up_after = kMachinePatience;
      break;
    case Answers::announcement:
      if (callee.voice.empty()) script.voice = kRecordedVoice;
      for (int i = 0; i < 2; ++i) add_words(script, callee, kAnnouncement, seconds{1});
      script.end = Script::End::hang_up;
      break;
    case Answers::screening: {
      script.steps.push_back({.pause = milliseconds{500}, .text = std::string(kScreening)});
      script.steps.push_back({.when = Step::When::after_agent, .pause = seconds{2}, .text = "Please hold."});
      add_person(script, callee, recordings, random);
      break;
    }
    case Answers::busy:
    case Answers::no_answer:
    case Answers::reject: return script;
  }
  if (script.hangs_up_after) script.end = script.end == Script::End::hang_up ? script.end : Script::End::stay;
  return script;
}

Awaitable<Status> prepare_script(Script& script, Voices& voices, const Recordings& recordings) {
  for (Step& step : script.steps) {
    if (!step.file.empty()) {
      const auto recording = recordings.find(step.file);
      if (recording == recordings.end())
        co_return fail(ErrorCode::not_found, "the world's wav_folder has no file '" + step.file + "'");
      step.pcm = trimmed(recording->second->pcm);
    } else if (!step.text.empty()) {
      CO_TRY(phrase, co_await voices.phrase_async(step.text, script.voice));
      step.pcm = trimmed(phrase->pcm);
    }
  }
  co_return Status{};
}

CalleeActor::CalleeActor(Script script, Instant answered, Random& random)
    : script_(std::move(script)), random_(&random), quiet_since_(answered), step_ended_(answered) {
  if (script_.hangs_up_after) hangs_up_at_ = answered + *script_.hangs_up_after;
}

void CalleeActor::listen(Instant now, bool agent_heard) {
  if (!agent_heard) return;
  quiet_since_ = now;
  const bool new_words = !agent_began_ || now - agent_last_heard_ > script_.turn_gap;
  agent_last_heard_ = now;
  if (!new_words) return;
  agent_began_ = now;
  interrupt_at_.reset();
  if (script_.interrupts > 0 && random_->uniform() < script_.interrupts)
    interrupt_at_ = now + kInterruptAfter.draw(*random_);
}

bool CalleeActor::agent_finished(Instant now) const {
  return agent_began_ && now - agent_last_heard_ >= script_.turn_gap;
}

bool CalleeActor::interrupts_now(Instant now) const {
  return interrupt_at_ && now >= *interrupt_at_ && now - agent_last_heard_ < kStillSpeaking;
}

bool CalleeActor::may_begin(const Step& step, Instant now) const {
  if (step.when == Step::When::at_once) return now - step_ended_ >= step.pause;
  return interrupts_now(now) || (agent_finished(now) && now - agent_last_heard_ >= step.pause);
}

void CalleeActor::begin(const Step& step, Instant now, Tick& tick) {
  agent_began_.reset();
  interrupt_at_.reset();
  step_ended_ = now;
  if (step.hang_up) {
    tick.hang_up = true;
  } else if (!step.keys.empty()) {
    keys_ = step.keys;
    next_key_ = now;
  } else if (step.pcm && !step.pcm->empty()) {
    playing_ = step.pcm;
    played_ = 0;
    tick.speech_began = true;
  }
}

bool CalleeActor::out_of_patience(Instant now, Tick& tick) {
  if (!script_.patience || now - quiet_since_ < *script_.patience) return false;
  quiet_since_ = now;
  const auto first = std::ranges::find_if(script_.steps, [](const Step& step) { return step.pcm != nullptr; });
  if (!nudged_ && first != script_.steps.end() && next_ < script_.steps.size()) {
    nudged_ = true;
    begin(*first, now, tick);
    return true;
  }
  tick.hang_up = script_.end != Script::End::stay;
  return tick.hang_up;
}

CalleeActor::Tick CalleeActor::tick(Instant now, bool agent_heard, audio::PcmSpan chunk) {
  Tick tick;
  if (hung_up_) return tick;
  listen(now, agent_heard);
  if (hangs_up_at_ && now >= *hangs_up_at_) tick.hang_up = true;

  if (!keys_.empty()) {
    if (now >= next_key_) {
      tick.key = keys_.front();
      keys_.erase(0, 1);
      next_key_ = now + kKeyInterval;
      quiet_since_ = step_ended_ = now;
    }
  } else if (!playing_ && !tick.hang_up) {
    if (next_ < script_.steps.size()) {
      if (may_begin(script_.steps[next_], now)) begin(script_.steps[next_++], now, tick);
    } else if (script_.end == Script::End::hang_up) {
      tick.hang_up = true;
    } else if (script_.end == Script::End::hang_up_after_agent) {
      tick.hang_up = agent_finished(now);
    }
    if (!playing_ && keys_.empty() && !tick.hang_up) out_of_patience(now, tick);
  }

  if (playing_) {
    const std::size_t count = std::min(chunk.size(), playing_->size() - played_);
    std::copy_n(playing_->begin() + static_cast<std::ptrdiff_t>(played_), count, chunk.begin());
    played_ += count;
    quiet_since_ = step_ended_ = now;
    if (played_ == playing_->size()) {
      playing_.reset();
      tick.speech_ended = true;
    }
  }
  hung_up_ = tick.hang_up;
  return tick;
}

}  // namespace callramp::sandbox
