#include "sandbox/playout.hpp"

#include <algorithm>

namespace callramp::sandbox {
namespace {

/// About -45 dBov: line noise and dither lie below, speech at telephone level far above.
constexpr double kLoudRms = 180;
/// See Playout::Counts.
constexpr auto kPauseWithoutMarks = seconds{2};

}  // namespace

bool Playout::begins_utterance(Duration gap) const {
  if (turn_over_ || !any_) return true;
  if (uses_marks_) return last_mark_ == end_;
  return gap >= kPauseWithoutMarks;
}

bool Playout::media(Instant now, audio::PcmView pcm) {
  if (pcm.empty()) return false;
  const Duration gap = now - end_;
  if (gap > Duration::zero() || !any_) {
    if (begins_utterance(gap)) {
      ++counts_.utterances;
      turn_over_ = false;
      dry_counted_ = false;
    } else {
      ++counts_.gaps;
      counts_.longest_gap = std::max(counts_.longest_gap, gap);
      if (!dry_counted_) ++counts_.ran_dry;
      dry_counted_ = true;
    }
    end_ = now;
  }
  any_ = true;
  bool loud = false;
  const std::size_t frame = audio::samples_in(milliseconds{20}, rate_hz_);
  for (std::size_t at = 0; at < pcm.size(); at += frame) {
    const auto part = pcm.subspan(at, std::min(frame, pcm.size() - at));
    const bool frame_loud = audio::rms(part) > kLoudRms;
    loud = loud || frame_loud;
    end_ += audio::duration_of(part.size(), rate_hz_);
    frames_.push_back({end_, frame_loud});
  }
  counts_.played += audio::duration_of(pcm.size(), rate_hz_);
  counts_.most_ahead = std::max(counts_.most_ahead, end_ - now);
  return loud;
}

void Playout::mark(Instant now, std::string name) {
  uses_marks_ = true;
  if (!any_) end_ = now;
  last_mark_ = end_;
  marks_.push_back({std::max(end_, now), std::move(name)});
}

std::vector<std::string> Playout::clear(Instant now) {
  while (!frames_.empty() && frames_.back().end > now) frames_.pop_back();
  if (end_ > now) end_ = now;
  turn_over_ = true;
  std::vector<std::string> overtaken;
  while (!marks_.empty() && marks_.back().due > now) {
    overtaken.insert(overtaken.begin(), std::move(marks_.back().name));
    marks_.pop_back();
  }
  return overtaken;
}

std::vector<std::string> Playout::due_marks(Instant now) {
  std::vector<std::string> names;
  for (; !marks_.empty() && marks_.front().due <= now; marks_.pop_front())
    names.push_back(std::move(marks_.front().name));
  return names;
}

std::optional<Instant> Playout::next_mark() const {
  if (marks_.empty()) return std::nullopt;
  return marks_.front().due;
}

bool Playout::heard_until(Instant now) {
  bool heard = false;
  for (; !frames_.empty() && frames_.front().end <= now; frames_.pop_front()) heard = heard || frames_.front().loud;
  return heard;
}

}  // namespace callramp::sandbox
