#include "adapters/sql/uptime_minutes.hpp"

#include <algorithm>

namespace callramp::sql {
namespace {

struct Interval {
  Instant from;
  Instant to;
};

bool is_up(BeatSpan::Kind kind) { return kind == BeatSpan::Kind::up || kind == BeatSpan::Kind::impaired; }

/// The times without any node's `up`, each longer than beat_gap.
std::vector<Interval> gaps_of(const std::vector<BeatSpan>& spans, Instant end) {
  std::vector<Interval> gaps;
  std::optional<Instant> up_until;
  const auto look = [&](Instant next) {
    if (up_until && next - *up_until > beat_gap) gaps.push_back({*up_until, next});
  };
  for (const BeatSpan& span : spans) {
    if (!is_up(span.kind)) continue;
    look(span.from);
    up_until = std::max(up_until.value_or(span.to), span.to);
  }
  look(end);
  return gaps;
}

/// Up to when a gap is planned: from a clean stop until somebody is back, failing or not. Its start if it is not.
Instant planned_until(const Interval& gap, const std::vector<BeatSpan>& spans) {
  const auto stop = std::ranges::find_if(spans, [&](const BeatSpan& span) {
    return span.kind == BeatSpan::Kind::stopped && span.from >= gap.from && span.from <= gap.from + beat_gap;
  });
  if (stop == spans.end()) return gap.from;
  Instant until = gap.to;
  for (const BeatSpan& span : spans)
    if (span.kind == BeatSpan::Kind::failed && span.from >= stop->from && span.from < gap.to)
      until = std::min(until, span.from);
  return until;
}

bool touches(const std::vector<Interval>& intervals, Instant from, Instant to) {
  return std::ranges::any_of(intervals, [&](const Interval& one) { return one.from < to && one.to > from; });
}

std::vector<Interval> of_kind(const std::vector<BeatSpan>& spans, BeatSpan::Kind kind) {
  std::vector<Interval> intervals;
  for (const BeatSpan& span : spans)
    if (span.kind == kind) intervals.push_back({span.from, span.to});
  return intervals;
}

}  // namespace

UptimeMinutes count_minutes(std::vector<BeatSpan> spans, std::optional<Instant> first_beat, Instant from, Instant to) {
  UptimeMinutes counts;
  if (!first_beat) return counts;
  std::ranges::sort(spans, {}, &BeatSpan::from);
  std::vector<Interval> down;
  std::vector<Interval> planned;
  for (const Interval& gap : gaps_of(spans, to)) {
    const Instant until = planned_until(gap, spans);
    if (until > gap.from) planned.push_back({gap.from, until});
    if (until < gap.to) down.push_back({until, gap.to});
  }
  const std::vector<Interval> unknown = of_kind(spans, BeatSpan::Kind::unknown);
  const std::vector<Interval> impaired = of_kind(spans, BeatSpan::Kind::impaired);
  for (Instant minute = std::chrono::floor<minutes>(std::max(from, *first_beat)); minute + minutes{1} <= to;
       minute += minutes{1}) {
    const Instant end = minute + minutes{1};
    ++counts.minutes;
    if (touches(unknown, minute, end)) {
      ++counts.unknown;
    } else if (touches(down, minute, end)) {
      ++counts.down;
    } else if (touches(planned, minute, end)) {
      ++counts.planned;
    } else {
      ++counts.up;
      if (touches(impaired, minute, end)) ++counts.impaired;
    }
  }
  return counts;
}

}  // namespace callramp::sql
