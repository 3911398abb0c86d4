#include "sandbox/stamps.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

namespace callramp::sandbox {
namespace {

Stamps::Percentiles percentiles(std::vector<Duration> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  // Nearest rank: the value that at least this share does not exceed.
  const auto at = [&](std::size_t percent) { return values[(values.size() * percent + 99) / 100 - 1]; };
  return {.p50 = at(50), .p95 = at(95), .p99 = at(99), .max = values.back()};
}

bool blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

/// How much of `text` has to be there before `spoken` can be said, white space aside; nothing if it says something
/// else.
std::optional<std::size_t> length_covering(std::string_view text, std::string_view spoken) {
  std::size_t at = 0;
  for (const char c : spoken) {
    if (blank(c)) continue;
    while (at < text.size() && blank(text[at])) ++at;
    if (at >= text.size() || text[at] != c) return std::nullopt;
    ++at;
  }
  return at;
}

}  // namespace

void Stamps::Open::forget_before(Instant at) {
  std::erase_if(finals, [&](const Stretch& final) { return final.to < at; });
  std::erase_if(syntheses, [&](const Synthesis& synthesis) { return synthesis.stretch.to < at; });
  // A completion may still be writing; one that began before the speech's end belongs to an earlier turn.
  std::erase_if(completions, [&](const Completion& completion) { return completion.requested < at; });
}

Stamps::Open& Stamps::open(const std::string& attempt) {
  // Attempts whose call_ended never came (a carrier that lost its socket) must not pile up.
  if (open_.size() >= max_open && !open_.contains(attempt)) open_.erase(open_.begin());
  return open_[attempt];
}

void Stamps::stt_final(const std::string& attempt, Instant heard, Instant sent) {
  if (attempt.empty()) return;
  const std::lock_guard lock(mutex_);
  open(attempt).finals.push_back({heard, sent});
}

std::uint64_t Stamps::llm_request(const std::string& attempt, Instant requested) {
  if (attempt.empty()) return 0;
  const std::lock_guard lock(mutex_);
  open(attempt).completions.push_back({.number = next_number_, .requested = requested});
  return next_number_++;
}

void Stamps::llm_text(const std::string& attempt, std::uint64_t request, Instant written, std::string_view text) {
  if (attempt.empty()) return;
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(attempt);
  if (found == open_.end()) return;
  for (Completion& completion : found->second.completions) {
    if (completion.number != request) continue;
    completion.text += text;
    completion.writes.emplace_back(written, completion.text.size());
  }
}

void Stamps::tts_first_audio(const std::string& attempt, std::string_view text, Instant requested, Instant written) {
  if (attempt.empty()) return;
  const std::lock_guard lock(mutex_);
  open(attempt).syntheses.push_back({std::string(text), {requested, written}});
}

/// From the request to the write that completed what was spoken first. That a sentence is over may show only with the
/// token after it ("it costs 3." may go on), so one more write counts if the voice was asked for after it.
Stamps::Stretch Stamps::thinking(const Completion& completion, const std::vector<Synthesis>& syntheses) {
  if (completion.writes.empty()) return {completion.requested, completion.requested};
  Instant until = completion.writes.front().first;
  for (const Synthesis& synthesis : syntheses) {
    if (synthesis.stretch.from < completion.requested) continue;
    const auto length = length_covering(completion.text, synthesis.text);
    if (!length) continue;
    auto write = std::ranges::find_if(completion.writes, [&](const auto& entry) { return entry.second >= *length; });
    if (write == completion.writes.end()) continue;
    until = write->first;
    if (++write != completion.writes.end() && write->first <= synthesis.stretch.from) until = write->first;
    break;
  }
  return {completion.requested, until};
}

void Stamps::speech_ended(const std::string& attempt, Instant at) {
  if (attempt.empty()) return;
  const std::lock_guard lock(mutex_);
  Open& call = open(attempt);
  call.waiting = true;
  call.speech_end = at;
  call.forget_before(at);
}

void Stamps::agent_audio(const std::string& attempt, Instant at) {
  if (attempt.empty()) return;
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(attempt);
  if (found == open_.end() || !found->second.waiting) return;
  Open& call = found->second;
  const Instant begin = call.speech_end;
  // Without a final the reply to *this* speech has not begun: what sounds was under way, or comes from a time-out.
  const bool answered = std::ranges::any_of(call.finals, [&](const Stretch& final) { return final.to <= at; });
  call.waiting = false;
  if (!answered) {
    ++unmatched_;
    return;
  }
  Turn turn{.attempt = attempt, .at = begin, .total = at - begin};
  std::vector<Stretch> held;
  const auto hold = [&](Stretch stretch) {
    stretch.from = std::max(stretch.from, begin);
    stretch.to = std::min(stretch.to, at);
    if (stretch.to <= stretch.from) return Duration{};
    held.push_back(stretch);
    return stretch.to - stretch.from;
  };
  for (const Stretch& final : call.finals) turn.stt = std::max(turn.stt, hold(final));
  for (const Completion& completion : call.completions)
    turn.llm = std::max(turn.llm, hold(thinking(completion, call.syntheses)));
  if (!call.syntheses.empty()) turn.tts = hold(call.syntheses.front().stretch);
  // What overlaps (a model that was asked before the speech was final) is taken out once.
  std::ranges::sort(held, {}, &Stretch::from);
  Duration injected{};
  Instant counted = begin;
  for (const Stretch& stretch : held) {
    const Instant from = std::max(stretch.from, counted);
    if (stretch.to <= from) continue;
    injected += stretch.to - from;
    counted = stretch.to;
  }
  turn.added = turn.total - injected;
  turns_.push_back(std::move(turn));
  if (turns_.size() > max_turns) turns_.pop_front();
}

void Stamps::call_ended(const std::string& attempt) {
  const std::lock_guard lock(mutex_);
  open_.erase(attempt);
}

Stamps::Report Stamps::report() const {
  const std::lock_guard lock(mutex_);
  const auto of = [&](Duration Turn::* stage) {
    std::vector<Duration> values;
    values.reserve(turns_.size());
    for (const Turn& turn : turns_) values.push_back(turn.*stage);
    return percentiles(std::move(values));
  };
  return {.turns = turns_.size(),
          .unmatched = unmatched_,
          .added = of(&Turn::added),
          .total = of(&Turn::total),
          .stt = of(&Turn::stt),
          .llm = of(&Turn::llm),
          .tts = of(&Turn::tts)};
}

std::vector<Stamps::Turn> Stamps::turns() const {
  const std::lock_guard lock(mutex_);
  return {turns_.begin(), turns_.end()};
}

void Stamps::reset() {
  const std::lock_guard lock(mutex_);
  turns_.clear();
  unmatched_ = 0;
}

}  // namespace callramp::sandbox
