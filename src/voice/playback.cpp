#include "voice/playback.hpp"

#include <algorithm>
#include <utility>

#include "base/ensure.hpp"
#include "voice/text.hpp"

namespace callramp::voice {

namespace {

constexpr std::size_t grain_bytes = 320;
constexpr std::size_t largest_chunk_bytes = 32000;
// With less than this ahead, an unfinished chunk goes out rather than let the line fall silent. Three frames: one may
// be late, one is being sent, one sounds.
constexpr Duration nearly_dry = milliseconds{60};
// How much too early a mark may come back and still be believed: rounding and drift of two clocks, not more.
constexpr Duration early_mark_tolerance = milliseconds{60};
// A measured delay above this is a stuck mark, not a delay.
constexpr Duration longest_delay = milliseconds{2000};
// Speech takes about 15 letters a second; needed only while a segment's sound is not complete.
constexpr std::size_t samples_per_letter = audio::line_rate_hz / 15;

std::size_t whole_frames(std::size_t samples) { return samples / audio::frame_samples * audio::frame_samples; }
std::size_t padded(std::size_t samples) { return whole_frames(samples + audio::frame_samples - 1); }

// Which words of `text` have sounded completely after `played` of `total` samples.
std::size_t words_heard(const std::vector<std::string_view>& words, std::size_t played, std::size_t total) {
  if (played >= total) return total == 0 ? 0 : words.size();
  std::size_t letters = 0;
  for (std::string_view word : words) letters += code_points(word) + 1;
  std::size_t passed = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    passed += code_points(words[i]) + 1;
    if (passed * total > played * letters) return i;
  }
  return words.size();
}

}  // namespace

Status PlaybackSettings::check() const {
  if (chunk_bytes < grain_bytes || chunk_bytes > largest_chunk_bytes || chunk_bytes % grain_bytes != 0)
    return fail(ErrorCode::invalid_request,
                "chunk_bytes " + std::to_string(chunk_bytes) + " must be a multiple of 320 between 320 and 32000",
                "chunk_bytes");
  if (lead < milliseconds{40} || lead > seconds{5})
    return fail(ErrorCode::invalid_request, "lead " + to_words(lead) + " must be between 40 ms and 5 s", "lead");
  return {};
}

Playback::Playback(PlaybackSettings settings)
    : settings_(settings),
      chunk_samples_(settings.chunk_bytes / audio::bytes_per_sample),
      delay_(settings.assumed_delay) {
  ENSURE(settings.check().has_value(), "playback settings are checked where they are read");
}

UtteranceId Playback::begin_utterance() {
  utterances_.emplace_back().id = UtteranceId{++last_id_};
  return utterances_.back().id;
}

SegmentId Playback::open_segment(UtteranceId utterance, std::string text) {
  const SegmentId id{++last_id_};
  if (Utterance* owner = find(utterance); owner && !owner->ended) {
    Segment& segment = owner->segments.emplace_back();
    segment.id = id;
    segment.text = std::move(text);
  }
  return id;
}

Appended Playback::append(SegmentId id, audio::PcmView samples) {
  Segment* segment = find(id);
  if (!segment || segment->closed) return Appended::forgotten;
  if (waiting_samples_ + samples.size() > audio::samples_in(settings_.longest_queue)) return Appended::full;
  segment->pending.insert(segment->pending.end(), samples.begin(), samples.end());
  segment->received += samples.size();
  waiting_samples_ += samples.size();
  return Appended::queued;
}

void Playback::close_segment(SegmentId id) {
  if (Segment* segment = find(id)) segment->closed = true;
}

void Playback::cut_segment(SegmentId id) {
  if (Segment* segment = find(id); segment && !segment->closed) segment->closed = segment->cut = true;
}

void Playback::end_utterance(UtteranceId id) {
  if (Utterance* utterance = find(id)) utterance->ended = true;
}

std::optional<Instant> Playback::next_send_at() const {
  const auto next = plan();
  return next ? std::optional(next->due) : std::nullopt;
}

std::optional<Outgoing> Playback::next(Instant now) {
  const auto next = plan();
  if (!next || next->due > now) return std::nullopt;
  if (next->samples > 0) return take_audio(*next, now);
  Segment& segment = utterances_[next->utterance].segments[next->segment];
  segment.mark_sent = true;
  return PlaybackMark{mark_name(segment.id)};
}

std::optional<Playback::Plan> Playback::plan() const {
  for (std::size_t u = 0; u < utterances_.size(); ++u) {
    const Utterance& utterance = utterances_[u];
    for (std::size_t s = 0; s < utterance.segments.size(); ++s) {
      const Segment& segment = utterance.segments[s];
      if (!segment.sent()) return plan_audio(u, s);
      // A mark goes right behind the last sample. Where there was no sound there is nothing to confirm.
      if (!segment.mark_sent && segment.received > 0) return Plan{.due = Instant{}, .utterance = u, .segment = s};
    }
    if (!utterance.ended) return std::nullopt;  // the next utterance must not overtake this one's next sentence
  }
  return std::nullopt;
}

std::optional<Playback::Plan> Playback::plan_audio(std::size_t u, std::size_t first) const {
  const Utterance& utterance = utterances_[u];
  std::size_t available = 0;
  bool all_closed = true;
  for (std::size_t s = first; s < utterance.segments.size() && all_closed; ++s) {
    available += utterance.segments[s].waiting();
    all_closed = utterance.segments[s].closed;
  }
  Plan plan{.utterance = u, .segment = first};
  const auto due_at_lead = [&](std::size_t samples) {
    const Duration length = audio::duration_of(samples);
    return line_free_at_ + length - std::max(settings_.lead, length + nearly_dry);
  };
  if (available >= chunk_samples_) {
    plan.samples = chunk_samples_;
    plan.due = due_at_lead(plan.samples);
  } else if (all_closed && (utterance.ended || !utterance.started)) {
    plan.samples = padded(available);
    plan.due = due_at_lead(plan.samples);
  } else if (utterance.started) {
    plan.samples = all_closed ? padded(available) : whole_frames(available);
    plan.due = line_free_at_ - nearly_dry;
  }
  if (plan.samples == 0) return std::nullopt;
  return plan;
}

AudioChunk Playback::take_audio(const Plan& plan, Instant now) {
  count_underrun(plan, now);
  Utterance& utterance = utterances_[plan.utterance];
  utterance.started = true;
  Instant at = std::max(now, line_free_at_);
  AudioChunk chunk;
  chunk.samples.reserve(plan.samples);
  for (std::size_t s = plan.segment; s < utterance.segments.size() && chunk.samples.size() < plan.samples; ++s) {
    Segment& segment = utterance.segments[s];
    const std::size_t count = std::min(segment.waiting(), plan.samples - chunk.samples.size());
    if (count == 0) continue;
    const auto from = segment.pending.begin() + static_cast<std::ptrdiff_t>(segment.front);
    chunk.samples.insert(chunk.samples.end(), from, from + static_cast<std::ptrdiff_t>(count));
    segment.front += count;
    waiting_samples_ -= count;
    if (segment.waiting() == 0) {
      audio::Pcm().swap(segment.pending);  // gives the memory back: calls are many and replies long
      segment.front = 0;
    }
    if (!spans_.empty() && spans_.back().segment == segment.id && spans_.back().ends_at() == at)
      spans_.back().samples += count;
    else
      spans_.push_back({.segment = segment.id, .samples = count, .starts_at = at});
    at += audio::duration_of(count);
  }
  chunk.samples.resize(plan.samples);  // silence to the end of the frame
  line_free_at_ = std::max(now, line_free_at_) + audio::duration_of(plan.samples);
  return chunk;
}

void Playback::count_underrun(const Plan& plan, Instant now) {
  const Utterance& utterance = utterances_[plan.utterance];
  if (!utterance.started || now <= line_free_at_) return;
  const Segment& segment = utterance.segments[plan.segment];
  const bool inside = std::ranges::any_of(spans_, [&](const Span& span) { return span.segment == segment.id; });
  ++(inside ? underruns_.within_segment : underruns_.between_segments);
  underruns_.longest = std::max(underruns_.longest, now - line_free_at_);
}

void Playback::mark_returned(std::string_view name, Instant now) {
  for (std::size_t u = 0; u < utterances_.size(); ++u) {
    auto& segments = utterances_[u].segments;
    const auto segment =
        std::ranges::find_if(segments, [&](const Segment& s) { return s.mark_sent && mark_name(s.id) == name; });
    if (segment == segments.end()) continue;
    const Instant played_at = sound_ends(segment->id);
    if (segment->mark_back || now + early_mark_tolerance < played_at) return;
    const Duration measured = std::clamp(now - played_at, Duration{0}, longest_delay);
    delay_ = delay_measured_ ? (3 * delay_ + measured) / 4 : measured;
    delay_measured_ = true;
    // Marks keep their order: what was sent before this one has been played too.
    for (std::size_t earlier = 0; earlier < u; ++earlier)
      for (Segment& each : utterances_[earlier].segments) each.mark_back = true;
    for (auto each = segments.begin(); each <= segment; ++each) each->mark_back = true;
    return;
  }
}

std::vector<Spoken> Playback::clear(Instant now) {
  std::vector<Spoken> spoken;
  for (const Utterance& utterance : utterances_) spoken.push_back(account(utterance, now - delay_));
  utterances_.clear();
  spans_.clear();
  waiting_samples_ = 0;
  line_free_at_ = std::min(line_free_at_, now);
  return spoken;
}

std::vector<Spoken> Playback::take_finished(Instant now) {
  std::vector<Spoken> spoken;
  while (!utterances_.empty()) {
    const Utterance& oldest = utterances_.front();
    const auto end = clock_end(oldest);
    if (!end) break;
    const bool confirmed =
        std::ranges::all_of(oldest.segments, [](const Segment& s) { return s.mark_back || s.received == 0; });
    if (!confirmed && now < *end) break;
    spoken.push_back(account(oldest, *end));
    forget_front();
  }
  return spoken;
}

std::optional<Instant> Playback::finished_by_clock_at() const {
  return utterances_.empty() ? std::nullopt : clock_end(utterances_.front());
}

bool Playback::active(Instant now) const { return !utterances_.empty() || now < line_free_at_ + delay_; }

std::optional<Instant> Playback::clock_end(const Utterance& utterance) const {
  if (!utterance.ended) return std::nullopt;
  Instant end{Duration{0}};
  for (const Segment& segment : utterance.segments) {
    if (!segment.sent()) return std::nullopt;
    if (segment.received > 0) end = std::max(end, sound_ends(segment.id) + delay_ + settings_.mark_patience);
  }
  return end;
}

Instant Playback::sound_ends(SegmentId id) const {
  Instant end{Duration{0}};
  for (const Span& span : spans_)
    if (span.segment == id) end = std::max(end, span.ends_at());
  return end;
}

std::size_t Playback::played(const Segment& segment, Instant heard_until) const {
  if (segment.mark_back) return segment.received;
  std::size_t samples = 0;
  for (const Span& span : spans_)
    if (span.segment == segment.id) samples += std::min(span.samples, audio::samples_in(heard_until - span.starts_at));
  return samples;
}

Spoken Playback::account(const Utterance& utterance, Instant heard_until) const {
  Spoken spoken{.utterance = utterance.id};
  for (const Segment& segment : utterance.segments) {
    const std::size_t sounded = played(segment, heard_until);
    std::size_t total = segment.received;
    if (!segment.closed || segment.cut) total = std::max(total, code_points(segment.text) * samples_per_letter);
    const auto words = words_of(segment.text);
    const std::size_t heard = words_heard(words, sounded, total);
    for (std::size_t i = 0; i < words.size(); ++i) append_spaced(i < heard ? spoken.heard : spoken.unheard, words[i]);
    spoken.played += audio::duration_of(sounded);
  }
  return spoken;
}

void Playback::forget_front() {
  for (const Segment& segment : utterances_.front().segments)
    std::erase_if(spans_, [&](const Span& span) { return span.segment == segment.id; });
  utterances_.pop_front();
}

Playback::Utterance* Playback::find(UtteranceId id) {
  const auto found = std::ranges::find(utterances_, id, &Utterance::id);
  return found == utterances_.end() ? nullptr : &*found;
}

Playback::Segment* Playback::find(SegmentId id) {
  for (Utterance& utterance : utterances_)
    if (const auto found = std::ranges::find(utterance.segments, id, &Segment::id); found != utterance.segments.end())
      return &*found;
  return nullptr;
}

std::string Playback::mark_name(SegmentId id) { return "segment-" + std::to_string(std::to_underlying(id)); }

}  // namespace callramp::voice
