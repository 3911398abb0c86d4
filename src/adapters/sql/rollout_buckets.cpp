// Closing buckets: the moment from which a bucket may be read, and never changes. What is read is written down, so that
// a restart, another node or an explanation a year later adds up the same numbers in the same order.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "adapters/sql/evidence.hpp"
#include "adapters/sql/figure_sums.hpp"
#include "adapters/sql/rollout_store.hpp"

namespace callramp::sql {
namespace {

using rollout::Bucket;
using rollout::bucket_start;
using rollout::Tally;

struct Pipeline {
  Instant first_until;  ///< first attempts: every bucket that starts before it is closed
  Instant calls_from;   ///< whole calls: no bucket that starts before it can still close
  Instant closed_at;
};

Pipeline read_pipeline(Row& row) {
  return Pipeline{.first_until = row.instant(), .calls_from = row.instant(), .closed_at = row.instant()};
}

std::optional<Pipeline> find_pipeline(Db& db, const std::string& rollout, int run) {
  return db.one(
      "select first_until, calls_from, closed_at from evidence_pipelines where rollout = :rollout and run = :run",
      "nnn", {rollout, run}, read_pipeline);
}

void store_pipeline(Db& db, const std::string& rollout, int run, const Pipeline& pipeline) {
  db.run(
      "insert into evidence_pipelines (rollout, run, first_until, calls_from, closed_at) values (:rollout, :run, "
      ":first, :calls, :at) on conflict (rollout, run) do update set first_until = excluded.first_until, calls_from = "
      "excluded.calls_from, closed_at = excluded.closed_at",
      {rollout, run, pipeline.first_until, pipeline.calls_from, pipeline.closed_at});
}

Stream parse_stream(const std::string& text) { return text == "call" ? Stream::call : Stream::first_attempt; }

void add(Tally& tally, Stream stream, System system, Outcome outcome, bool connected, bool retried,
         std::int64_t calls) {
  if (outcome == Outcome::unknown && system == System::old_system) {
    tally.unknown += calls;
    return;
  }
  tally.total += calls;
  if (outcome == Outcome::completed) tally.completed += calls;
  if (outcome == Outcome::voicemail_left) tally.voicemail_left += calls;
  // A first attempt of ours that the carrier cannot account for is a failure; the call's own outcome says so already.
  if (outcome == Outcome::failed || outcome == Outcome::unknown) tally.failed += calls;
  if (connected) tally.connected += calls;
  if (retried && stream == Stream::call) {
    tally.retried += calls;
    if (is_success(outcome)) tally.retried_successful += calls;
  }
}

/// A bucket of one span: on the day of a phase change one bucket may hold calls of two.
using Key = std::pair<Instant, std::int64_t>;
using Buckets = std::map<Key, Bucket>;

class Closing {
 public:
  Closing(Db& db, const CloseRequest& request, std::vector<PhaseSpan> spans)
      : db_(db), request_(request), spans_(std::move(spans)), length_(spans_.front().bucket) {}

  ClosedBuckets run() {
    const Instant began = bucket_start(spans_.front().started_at, length_);
    Pipeline pipeline = find_pipeline(db_, request_.rollout, request_.run)
                            .value_or(Pipeline{.first_until = began, .calls_from = began, .closed_at = request_.now});
    ClosedBuckets closed;
    close_first(pipeline, closed);
    close_calls(pipeline, closed);
    pipeline.closed_at = request_.now;
    store_pipeline(db_, request_.rollout, request_.run, pipeline);
    closed.first_until = pipeline.first_until;
    closed.closed_at = pipeline.closed_at;
    return closed;
  }

 private:
  /// Every bucket that starts before it began at least `age` ago.
  Instant began_before(Duration age) const { return bucket_start(request_.now - age, length_) + length_; }

  const PhaseSpan* find_span(std::int64_t id) const {
    const auto found = std::ranges::find(spans_, id, &PhaseSpan::id);
    return found == spans_.end() ? nullptr : &*found;
  }

  Buckets counted(Stream stream, Instant from, Instant to) const {
    Buckets buckets;
    db_.select(
        "select bucket_start, span_id, system, outcome, connected, retried, calls from evidence_counts where stream = "
        ":stream and bucket_start >= :from and bucket_start < :to and span_id > 0 and calls > 0",
        "nnttnnn", {to_string(stream), from, to}, [&](Row& row) {
          const Instant start = row.instant();
          const std::int64_t id = row.number();
          const PhaseSpan* span = find_span(id);
          if (span == nullptr) return;
          const System system = row.word(parse_system);
          const Outcome outcome = row.word(parse_outcome);
          const bool connected = row.flag();
          const bool retried = row.flag();
          Bucket& bucket = buckets[{start, id}];
          bucket.start = start;
          bucket.phase = span->phase;
          add(system == System::new_system ? bucket.fresh : bucket.old, stream, system, outcome, connected, retried,
              row.number());
        });
    return buckets;
  }

  struct OpenDial {
    Instant started_at;
    std::int64_t span = 0;
    System system = System::new_system;
  };
  std::vector<OpenDial> open_first_dials() const {
    std::vector<OpenDial> dials;
    db_.select(
        "select attempts.started_at, calls.span_id, attempts.system from attempts join calls on calls.id = call_id "
        "where attempts.outcome is null and first_dial = 1 and span_id is not null",
        "nnt", {}, [&](Row& row) {
          OpenDial dial{.started_at = row.instant(), .span = row.number(), .system = row.word(parse_system)};
          if (find_span(dial.span) != nullptr) dials.push_back(dial);
        });
    return dials;
  }

  void close_first(Pipeline& pipeline, ClosedBuckets& closed) {
    const std::vector<OpenDial> open = open_first_dials();
    Instant until = began_before(std::max(request_.first_limit, length_ + request_.grace));
    for (const OpenDial& dial : open)
      if (dial.system == System::old_system && dial.started_at + request_.unknown_after > request_.now)
        until = std::min(until, bucket_start(dial.started_at, length_));
    if (until <= pipeline.first_until) return;
    Buckets buckets = counted(Stream::first_attempt, pipeline.first_until, until);
    for (const OpenDial& dial : open) {
      const Instant start = bucket_start(dial.started_at, length_);
      if (start < pipeline.first_until || start >= until) continue;
      Bucket& bucket = buckets[{start, dial.span}];
      bucket.start = start;
      bucket.phase = find_span(dial.span)->phase;
      add(dial.system == System::new_system ? bucket.fresh : bucket.old, Stream::first_attempt, dial.system,
          Outcome::unknown, false, false, 1);
    }
    for (const auto& [key, bucket] : buckets) store(Stream::first_attempt, "both", key.second, bucket, closed);
    pipeline.first_until = until;
  }

  // The whole calls of one system in one bucket close together; a call of old that nobody ends does not keep new's
  // from being read.
  using Part = std::tuple<Instant, std::int64_t, System>;

  /// What `sql` finds of the run, with a time as its first parameter: starts, spans, systems.
  std::set<Part> parts(std::string_view sql, Instant at) const {
    std::set<Part> found;
    db_.select(sql, "nnt", {at, request_.rollout, request_.run}, [&](Row& row) {
      const Instant start = bucket_start(row.instant(), length_);
      const std::int64_t span = row.number();
      found.emplace(start, span, row.word(parse_system));
    });
    return found;
  }
  std::set<Part> open_calls(Instant until) const {
    return parts(
        "select first_attempt_at, span_id, system from calls where final_at is null and first_attempt_at < :until and "
        "crossed = 0 and span_id in (select id from rollout_spans where rollout = :rollout and run = :run)",
        until);
  }
  std::set<Part> closed_calls(Instant from) const {
    return parts(
        "select bucket_start, span_id, part from closed_buckets where stream = 'call' and bucket_start >= :from and "
        "span_id in (select id from rollout_spans where rollout = :rollout and run = :run)",
        from);
  }

  void close_calls(Pipeline& pipeline, ClosedBuckets& closed) {
    const Instant until = began_before(length_ + request_.grace);
    const std::set<Part> open = open_calls(until);
    const std::set<Part> known = closed_calls(pipeline.calls_from);
    for (const auto& [key, bucket] : counted(Stream::call, pipeline.calls_from, until)) {
      for (const System system : {System::new_system, System::old_system}) {
        const Part part{key.first, key.second, system};
        const Tally& tally = system == System::new_system ? bucket.fresh : bucket.old;
        if (tally == Tally{} || open.contains(part) || known.contains(part)) continue;
        Bucket half{.start = bucket.start, .phase = bucket.phase};
        (system == System::new_system ? half.fresh : half.old) = tally;
        store(Stream::call, to_string(system), key.second, half, closed);
        if (system == System::new_system) add_users(db_, key.second, key.first, length_);
      }
    }
    const Instant from = open.empty() ? until : std::min(until, std::get<Instant>(*open.begin()));
    pipeline.calls_from = std::max(pipeline.calls_from, from);
  }

  void store(Stream stream, std::string_view part, std::int64_t span, const Bucket& bucket, ClosedBuckets& closed) {
    const Tally& fresh = bucket.fresh;
    const Tally& old = bucket.old;
    const auto seq = db_.number(
        "insert into closed_buckets (span_id, stream, bucket_start, part, closed_at, new_total, new_completed, "
        "new_voicemail_left, new_failed, new_connected, new_unknown, new_retried, new_retried_successful, old_total, "
        "old_completed, old_voicemail_left, old_failed, old_connected, old_unknown, old_retried, "
        "old_retried_successful) values (:span, :stream, :start, :part, :at, :n1, :n2, :n3, :n4, :n5, :n6, :n7, :n8, "
        ":o1, :o2, :o3, :o4, :o5, :o6, :o7, :o8) returning seq",
        {span,
         to_string(stream),
         bucket.start,
         part,
         request_.now,
         fresh.total,
         fresh.completed,
         fresh.voicemail_left,
         fresh.failed,
         fresh.connected,
         fresh.unknown,
         fresh.retried,
         fresh.retried_successful,
         old.total,
         old.completed,
         old.voicemail_left,
         old.failed,
         old.connected,
         old.unknown,
         old.retried,
         old.retried_successful});
    closed.buckets.push_back({.seq = seq.value_or(0), .stream = stream, .bucket = bucket});
  }

  Db& db_;
  const CloseRequest& request_;
  std::vector<PhaseSpan> spans_;  ///< of the run, not empty
  Duration length_;
};

std::int64_t last_seq(Db& db, const std::string& rollout, int run) {
  return db
      .number(
          "select max(seq) from closed_buckets where span_id in (select id from rollout_spans where rollout = :rollout "
          "and run = :run)",
          {rollout, run})
      .value_or(0);
}

Result<ClosedBuckets> close(Db& db, const CloseRequest& request) {
  TRY_VOID(required_epoch(db, request.epoch));
  std::vector<PhaseSpan> spans = read_spans(db, request.rollout);
  std::erase_if(spans, [&](const PhaseSpan& span) { return span.run != request.run; });
  if (spans.empty())
    return fail(ErrorCode::not_found, fmt::format("rollout '{}' has no run {}", request.rollout, request.run));
  ClosedBuckets closed = Closing(db, request, std::move(spans)).run();
  closed.through = last_seq(db, request.rollout, request.run);
  return closed;
}

Tally read_tally(Row& row) {
  return Tally{.total = row.number(),
               .completed = row.number(),
               .voicemail_left = row.number(),
               .failed = row.number(),
               .connected = row.number(),
               .unknown = row.number(),
               .retried = row.number(),
               .retried_successful = row.number()};
}

ClosedBucket read_closed(Row& row) {
  return ClosedBucket{
      .seq = row.number(),
      .stream = parse_stream(row.text()),
      .bucket = {.start = row.instant(), .phase = row.integer(), .fresh = read_tally(row), .old = read_tally(row)}};
}

ClosedBuckets closed_of(Db& db, const std::string& rollout, int run, std::int64_t after,
                        std::optional<std::int64_t> through) {
  ClosedBuckets closed;
  closed.through = last_seq(db, rollout, run);
  closed.buckets = db.all(
      "select seq, stream, bucket_start, phase, new_total, new_completed, new_voicemail_left, new_failed, "
      "new_connected, new_unknown, new_retried, new_retried_successful, old_total, old_completed, old_voicemail_left, "
      "old_failed, old_connected, old_unknown, old_retried, old_retried_successful from closed_buckets join "
      "rollout_spans on rollout_spans.id = span_id where rollout = :rollout and run = :run and seq > :after and seq <= "
      ":through order by seq",
      "ntnnnnnnnnnnnnnnnnnn", {rollout, run, after, through.value_or(closed.through)}, read_closed);
  if (const auto pipeline = find_pipeline(db, rollout, run)) {
    closed.first_until = pipeline->first_until;
    closed.closed_at = pipeline->closed_at;
  }
  return closed;
}

std::string read_text(Row& row) { return row.text(); }

WaitingCalls waiting(Db& db, const std::string& rollout, int run, int phase, Instant before) {
  static const std::string open =
      fmt::format("from calls where final_at is null and crossed = 0 and span_id in {}", spans_of_phase);
  static const std::string count = "select count(*) " + open;
  static const std::string late = "select count(*) " + open + " and first_attempt_at < :before";
  static const std::string names =
      "select id " + open + " and first_attempt_at < :before order by first_attempt_at, id limit 20";
  WaitingCalls calls{.open = db.number(count, {rollout, run, phase}).value_or(0),
                     .pending = db.number(late, {rollout, run, phase, before}).value_or(0)};
  for (std::string& id : db.all(names, "t", {rollout, run, phase, before}, read_text))
    calls.oldest.emplace_back(std::move(id));
  // Span by span from the newest: the index ends the search at the first call of new.
  std::vector<PhaseSpan> spans = read_spans(db, rollout);
  for (auto span = spans.rbegin(); span != spans.rend() && !calls.newest_on_new; ++span)
    if (span->run == run)
      if (const auto at =
              db.number("select first_attempt_at from calls where span_id = :span and system = 'new-system' order by "
                        "first_attempt_at desc limit 1",
                        {span->id}))
        calls.newest_on_new = from_micros(*at);
  return calls;
}

}  // namespace

Awaitable<Result<ClosedBuckets>> SqlRolloutStore::close_buckets(CloseRequest request) {
  return executor_.write<ClosedBuckets>([request = std::move(request)](Db& db) { return close(db, request); });
}

Awaitable<Result<ClosedBuckets>> SqlRolloutStore::closed_buckets(std::string rollout, int run, std::int64_t after,
                                                                 std::optional<std::int64_t> through) {
  return executor_.read<ClosedBuckets>(
      [=](Db& db) -> Result<ClosedBuckets> { return closed_of(db, rollout, run, after, through); });
}

Awaitable<Result<WaitingCalls>> SqlRolloutStore::waiting_calls(std::string rollout, int run, int phase,
                                                               Instant first_dialed_before) {
  return executor_.read<WaitingCalls>(
      [=](Db& db) -> Result<WaitingCalls> { return waiting(db, rollout, run, phase, first_dialed_before); });
}

}  // namespace callramp::sql
