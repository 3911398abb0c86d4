// What machines cannot see: bugs, complaints, security issues, tickets, satisfaction, labels. Known by kind and
// external id, booked to the phase of their call, never deleted: a change is a row of their history.
#include <fmt/format.h>

#include "adapters/sql/campaign_rows.hpp"
#include "adapters/sql/rollout_spans.hpp"
#include "adapters/sql/rollout_store.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

constexpr std::string_view item_columns =
    "kind, external_id, severity, status, value, critical, call_id, evidence_items.at, evidence_items.system, phase, "
    "rollout, run, note, reported_by, reported_at";
constexpr std::string_view item_tables =
    "evidence_items left join rollout_spans on rollout_spans.id = evidence_items.span_id";
constexpr std::string_view item_kinds = "ttttrntntntnttn";

ItemRecord read_item(Row& row) {
  ItemRecord record;
  record.item = {.kind = row.text(),
                 .external_id = row.text(),
                 .severity = row.text(),
                 .status = row.text(),
                 .value = row.real(),
                 .critical = row.flag(),
                 .call_id = row.maybe(&Row::text).value_or(""),
                 .at = row.instant()};
  record.item.system = row.text();
  record.item.phase = row.maybe(&Row::integer).value_or(-1);
  record.rollout = row.maybe(&Row::text).value_or("");
  record.run = row.maybe(&Row::integer).value_or(0);
  record.note = row.text();
  record.reported_by = row.text();
  record.reported_at = row.instant();
  return record;
}

ItemChange read_change(Row& row) {
  return ItemChange{.at = row.instant(), .by = row.text(), .status = row.text(), .reason = row.text()};
}

std::optional<ItemRecord> find_item(Db& db, const std::string& kind, const std::string& external_id) {
  static const std::string sql = select(item_columns, item_tables, "where kind = :kind and external_id = :id");
  return db.one(sql, item_kinds, {kind, external_id}, read_item);
}

void read_history(Db& db, ItemRecord& record) {
  record.history = db.all(
      "select at, by_whom, status, reason from evidence_item_changes where kind = :kind and external_id = :id order by "
      "position",
      "nttt", {record.item.kind, record.item.external_id}, read_change);
}

void append_change(Db& db, const std::string& kind, const std::string& external_id, const ItemChange& change) {
  const auto next =
      db.number("select max(position) + 1 from evidence_item_changes where kind = :kind and external_id = :id",
                {kind, external_id});
  db.run(
      "insert into evidence_item_changes (kind, external_id, position, at, by_whom, status, reason) values (:kind, "
      ":id, :position, :at, :by, :status, :reason)",
      {kind, external_id, next.value_or(0), change.at, change.by, change.status, change.reason});
}

// What a sender would send again. The status is not: it may have changed here since.
bool same(const rollout::EvidenceItem& a, const rollout::EvidenceItem& b) {
  return a.severity == b.severity && a.value == b.value && a.critical == b.critical && a.call_id == b.call_id &&
         a.at == b.at;
}

Result<bool> add(Db& db, const ItemReport& report) {
  rollout::EvidenceItem item = report.item;
  if (const auto known = find_item(db, item.kind, item.external_id)) {
    if (same(known->item, item)) return false;
    return fail(ErrorCode::conflict,
                fmt::format("{} '{}' was reported before with other content, which stands; change its status, or "
                            "report another externalId",
                            item.kind, item.external_id),
                "externalId");
  }
  SpanMark span;
  if (item.call_id.empty()) {
    span = span_at(db, item.at);
  } else {
    const auto call = find_call(db, CallId{item.call_id});
    if (!call) return fail(ErrorCode::not_found, "there is no call '" + item.call_id + "'", "callId");
    span = span_of_call(db, call->id);
    if (call->system) item.system = metric_label(*call->system);
    // Whoever says that the call was unwanted speaks for the rest of the list (definitions.md §1).
    if (item.kind == "complaint" && (item.severity == "unwanted" || item.severity == "privacy") && call->campaign)
      pause_by_system(db, *call->campaign,
                      fmt::format("complaint '{}' ({}) about call '{}'", item.external_id, item.severity, item.call_id),
                      report.now);
  }
  if (item.status.empty()) item.status = "open";
  db.run(
      "insert into evidence_items (kind, external_id, severity, status, value, critical, call_id, at, system, span_id, "
      "note, reported_by, reported_at) values (:kind, :id, :severity, :status, :value, :critical, :call, :at, :system, "
      ":span, :note, :by, :now)",
      {item.kind, item.external_id, item.severity, item.status, item.value, item.critical, unless_empty(item.call_id),
       item.at, item.system, id_or_null(span), report.note, report.by, report.now});
  append_change(db, item.kind, item.external_id,
                {.at = report.now, .by = report.by, .status = item.status, .reason = report.note});
  append_audit(db, {.at = report.now,
                    .actor = report.by,
                    .action = "evidence.add",
                    .subject = item.kind + " " + item.external_id,
                    .reason = report.note});
  return true;
}

Result<ItemRecord> change(Db& db, const std::string& kind, const std::string& external_id, const ItemChange& change) {
  if (db.run("update evidence_items set status = :status where kind = :kind and external_id = :id",
             {change.status, kind, external_id}) == 0)
    return fail(ErrorCode::not_found, fmt::format("there is no {} '{}'", kind, external_id), "externalId");
  append_change(db, kind, external_id, change);
  append_audit(db, {.at = change.at,
                    .actor = change.by,
                    .action = "evidence.change",
                    .subject = fmt::format("{} {}: {}", kind, external_id, change.status),
                    .reason = change.reason});
  ItemRecord record = *find_item(db, kind, external_id);
  read_history(db, record);
  return record;
}

std::vector<ItemRecord> list(Db& db, const ItemFilter& filter) {
  std::string where;
  std::vector<Param> params;
  const auto require = [&](std::string_view condition, const std::string& value) {
    where += (where.empty() ? "where " : " and ");
    where += condition;
    params.emplace_back(value);
  };
  if (filter.kind) require("kind = :kind", *filter.kind);
  if (filter.status) require("status = :status", *filter.status);
  if (filter.rollout) require("rollout = :rollout", *filter.rollout);
  params.emplace_back(filter.limit);
  params.emplace_back(std::int64_t{filter.limit} * (filter.page - 1));
  std::vector<ItemRecord> records =
      db.all(select(item_columns, item_tables,
                    where + " order by evidence_items.at desc, kind, external_id limit :limit offset :offset"),
             item_kinds, params, read_item);
  for (ItemRecord& record : records) read_history(db, record);
  return records;
}

std::vector<rollout::EvidenceItem> for_decisions(Db& db, const std::string& rollout, int run) {
  static const std::string sql = select(
      item_columns, item_tables,
      "where (rollout = :rollout and run = :run) or status in ('open', 'confirmed') order by evidence_items.at, kind, "
      "external_id");
  std::vector<rollout::EvidenceItem> items;
  for (ItemRecord& record : db.all(sql, item_kinds, {rollout, run}, read_item)) {
    if (record.rollout != rollout || record.run != run) record.item.phase = -1;
    items.push_back(std::move(record.item));
  }
  return items;
}

}  // namespace

Awaitable<Result<bool>> SqlRolloutStore::add_item(ItemReport report) {
  return executor_.write<bool>([report = std::move(report)](Db& db) { return add(db, report); });
}

Awaitable<Result<ItemRecord>> SqlRolloutStore::change_item(std::string kind, std::string external_id, ItemChange news) {
  return executor_.write<ItemRecord>([=](Db& db) { return change(db, kind, external_id, news); });
}

Awaitable<Result<std::vector<ItemRecord>>> SqlRolloutStore::items(ItemFilter filter) {
  using Records = std::vector<ItemRecord>;
  return executor_.read<Records>([filter = std::move(filter)](Db& db) -> Result<Records> { return list(db, filter); });
}

Awaitable<Result<std::vector<rollout::EvidenceItem>>> SqlRolloutStore::evidence_items(std::string rollout, int run) {
  using Items = std::vector<rollout::EvidenceItem>;
  return executor_.read<Items>([=](Db& db) -> Result<Items> { return for_decisions(db, rollout, run); });
}

}  // namespace callramp::sql
