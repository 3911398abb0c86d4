// Heartbeats, kept as spans: a row a day where nothing happens.
#include "adapters/sql/rollout_store.hpp"
#include "adapters/sql/uptime_minutes.hpp"
#include "base/ensure.hpp"

namespace callramp::sql {
namespace {

std::string_view name(BeatKind kind) {
  switch (kind) {
    case BeatKind::up: return "up";
    case BeatKind::impaired: return "impaired";
    case BeatKind::failed: return "failed";
    case BeatKind::stopped: return "stopped";
  }
  ENSURE(false, "a BeatKind outside its enumeration");
}

BeatSpan::Kind parse_kind(const std::string& text) {
  using Kind = BeatSpan::Kind;
  if (text == "up") return Kind::up;
  if (text == "impaired") return Kind::impaired;
  if (text == "failed") return Kind::failed;
  if (text == "stopped") return Kind::stopped;
  return Kind::unknown;
}

BeatSpan read_span(Row& row) {
  return BeatSpan{.kind = parse_kind(row.text()), .from = row.instant(), .to = row.instant()};
}

void insert(Db& db, const std::string& node, std::string_view kind, Instant from, Instant to, const std::string& why) {
  db.run("insert into beat_spans (node_id, kind, from_at, to_at, why) values (:node, :kind, :from, :to, :why)",
         {node, kind, from, to, why});
}

void store_beat(Db& db, const Beat& beat) {
  // A kind goes on, or a new span begins. A beat that comes late, after a newer one, says nothing new.
  if (db.exists("select 1 from beat_spans where node_id = :node and to_at >= :at limit 1", {beat.node, beat.at}))
    return;
  if (beat.kind != BeatKind::stopped &&
      db.run("update beat_spans set to_at = :at where id = (select max(id) from beat_spans where node_id = :node) and "
             "kind = :kind and to_at >= :recent",
             {beat.at, beat.node, name(beat.kind), beat.at - beat_gap}) > 0)
    return;
  insert(db, beat.node.str(), name(beat.kind), beat.at, beat.at, "");
}

UptimeMinutes minutes_of(Db& db, Instant from, Instant to) {
  const auto first = db.number("select min(from_at) from beat_spans where kind in ('up', 'impaired')");
  if (!first) return {};
  // The last sign of life before the window: the gap that it ends may reach into it.
  const Instant since = from_micros(
      db.number("select max(to_at) from beat_spans where kind in ('up', 'impaired') and to_at <= :from", {from})
          .value_or(to_micros(from)));
  return count_minutes(db.all("select kind, from_at, to_at from beat_spans where to_at >= :since and from_at < :to",
                              "tnn", {since, to}, read_span),
                       from_micros(*first), from, to);
}

}  // namespace

Awaitable<Status> SqlRolloutStore::beat(Beat beat) {
  return executor_.write<void>([beat = std::move(beat)](Db& db) -> Status {
    store_beat(db, beat);
    return {};
  });
}

Awaitable<Result<UptimeMinutes>> SqlRolloutStore::uptime(Instant from, Instant to) {
  return executor_.read<UptimeMinutes>([=](Db& db) -> Result<UptimeMinutes> { return minutes_of(db, from, to); });
}

Awaitable<Status> SqlRolloutStore::mark_unknown(Instant from, Instant to, std::string why) {
  return executor_.write<void>([=, why = std::move(why)](Db& db) -> Status {
    if (to <= from)
      return fail(ErrorCode::invalid_request, "unknown minutes end at " + to_iso(to) + ", before they begin", "to");
    insert(db, "", "unknown", from, to, why);
    return {};
  });
}

}  // namespace callramp::sql
