#include "adapters/sql/import_store.hpp"

#include "adapters/sql/campaign_rows.hpp"
#include "adapters/sql/do_not_call.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

constexpr std::string_view batch_columns =
    "id, campaign_id, agent_id, region, file_name, spool_file, state, dry_run, bytes_total, bytes_done, good, "
    "rejected, "
    "duplicates, do_not_call, checkpoint, error, created_at, created_by, finished_at";
constexpr std::string_view batch_kinds =
    "ttttttt"
    "nnnnnnn"
    "ttntn";

Batch read_batch(Row& row) {
  Batch batch{
      .id = row.id<BatchId>(),
      .campaign = row.maybe(&Row::id<CampaignId>),
      .agent = row.maybe(&Row::id<AgentId>),
      .region = row.text(),
      .file_name = row.text(),
      .spool_file = row.text(),
      .state = row.word(parse_batch_state),
      .dry_run = row.flag(),
      .bytes_total = row.number(),
      .bytes_done = row.number(),
      .counts = {
          .good = row.number(), .rejected = row.number(), .duplicates = row.number(), .do_not_call = row.number()}};
  auto checkpoint = import::parse_checkpoint(row.text());
  if (!checkpoint) throw DbFailure(checkpoint.error());
  batch.checkpoint = std::move(*checkpoint);
  batch.error = row.text();
  batch.created_at = row.instant();
  batch.created_by = row.text();
  batch.finished_at = row.maybe(&Row::instant);
  return batch;
}

Result<Batch> required_batch(Db& db, const BatchId& id) {
  static const std::string by_id = select(batch_columns, "batches", "where id = :id");
  auto batch = db.one(by_id, batch_kinds, {id}, read_batch);
  if (!batch) return fail(ErrorCode::not_found, "there is no batch '" + id.str() + "'; list them to find its id");
  return *std::move(batch);
}

std::string over_text(const Campaign& campaign) {
  return "campaign '" + campaign.name + "' is " + std::string(to_string(campaign.status)) + " and takes no contacts";
}

Result<Batch> accept_batch(Db& db, const Batch& batch, bool start) {
  if (batch.agent && !db.exists("select 1 from agents where id = :id", {*batch.agent}))
    return fail(ErrorCode::agent_not_found, "there is no agent '" + batch.agent->str() + "'", "agentId");
  if (batch.campaign) {
    TRY(campaign, required_campaign(db, *batch.campaign));
    if (is_over(campaign.status))
      return fail(ErrorCode::conflict, over_text(campaign) + "; import into a new one", "campaignId");
    if (start) set_status(db, campaign.id, CampaignStatus::active, "", batch.created_at);
  }
  db.run(
      "insert into batches (id, campaign_id, agent_id, region, file_name, spool_file, state, dry_run, bytes_total, "
      "created_at, created_by) values (:id, :campaign, :agent, :region, :file, :spool, 'importing', :dry, :bytes, "
      ":created, :by)",
      {batch.id, batch.campaign, batch.agent, batch.region, batch.file_name, batch.spool_file, batch.dry_run,
       batch.bytes_total, batch.created_at, batch.created_by});
  append_audit(db, {.at = batch.created_at,
                    .actor = batch.created_by,
                    .action = batch.dry_run ? "import.dry_run" : "import.accept",
                    .subject = batch.id.str(),
                    .reason = batch.file_name});
  return required_batch(db, batch.id);
}

Result<Batch> end_batch(Db& db, const BatchId& id, BatchState state, const std::string& error, Instant now) {
  db.run("update batches set state = :state, error = :error, finished_at = :now where id = :id",
         {to_string(state), error, now, id});
  return required_batch(db, id);
}

Result<Batch> cancel_batch(Db& db, const BatchId& id, const std::string& actor, Instant now) {
  TRY(batch, required_batch(db, id));
  if (batch.state != BatchState::importing)
    return fail(ErrorCode::conflict, "batch '" + id.str() + "' is over: " + std::string(to_string(batch.state)) +
                                         "; cancel its campaign to call none of its contacts");
  append_audit(db,
               {.at = now, .actor = actor, .action = "import.cancel", .subject = id.str(), .reason = batch.file_name});
  return end_batch(db, id, BatchState::cancelled, "", now);
}

BatchError read_error(Row& row) {
  return BatchError{.line = row.number(), .why = {.field = row.text(), .value = row.text(), .reason = row.text()}};
}

// One step of one batch: what it stores and what it counts.
class Taking {
 public:
  Taking(Db& db, const Batch& batch)
      : db_(db),
        batch_(batch),
        has_do_not_call_(db.exists("select 1 from do_not_call limit 1", {}) ||
                         db.exists("select 1 from do_not_call_hashes limit 1", {})) {}

  void take(const Contact& contact) {
    const bool unwanted = has_do_not_call_ && on_do_not_call(db_, contact.phone);
    if (batch_.dry_run) {
      if (batch_.campaign && known(contact)) return;
    } else if (!insert(contact, unwanted)) {
      if (!known(contact)) throw DbFailure({ErrorCode::internal, "a contact was neither stored nor there before"});
      return;
    }
    ++(unwanted ? counts.do_not_call : counts.good);
  }

  void refuse(const BatchError& error) {
    db_.run(
        "insert into batch_errors (batch_id, line, field, value, reason) values (:batch, :line, :field, :value, "
        ":reason) on conflict (batch_id, line) do nothing",
        {batch_.id, error.line, error.why.field, error.why.value, error.why.reason});
  }

  import::Counts counts;

 private:
  bool insert(const Contact& contact, bool unwanted) {
    static constexpr std::string_view nothing;
    return db_.run(
               "insert into contacts (campaign_id, batch_id, line, phone, user_id, name, agent_id, timezone, zones, "
               "metadata, consent, state, reason) values (:campaign, :batch, :line, :phone, :user, :name, :agent, "
               ":timezone, :zones, :metadata, :consent, :state, :reason) on conflict (campaign_id, phone) do nothing",
               {*batch_.campaign, batch_.id, contact.line, contact.phone, contact.user, contact.name,
                contact.agent ? contact.agent : batch_.agent, contact.timezone, contact.zones, contact.metadata_json,
                contact.consent, static_cast<int>(unwanted ? ContactState::removed : ContactState::waiting),
                unwanted ? std::string_view("do-not-call") : nothing}) > 0;
  }

  // True if the campaign has the number; counted, unless it is this very row.
  bool known(const Contact& contact) {
    bool found = false;
    db_.select("select batch_id, line from contacts where campaign_id = :campaign and phone = :phone", "tn",
               {*batch_.campaign, contact.phone}, [&](Row& row) {
                 found = true;
                 const auto batch = row.maybe(&Row::id<BatchId>);
                 first_line_ = batch == batch_.id ? row.number() : 0;
               });
    if (!found || first_line_ == contact.line) return found;
    ++counts.duplicates;
    refuse({.line = contact.line,
            .why = {.field = {},
                    .value = contact.phone.e164(),
                    .reason = first_line_ > 0 ? "the number of line " + std::to_string(first_line_) + " again"
                                              : "the campaign has this number already"}});
    return true;
  }

  Db& db_;
  const Batch& batch_;
  bool has_do_not_call_;
  std::int64_t first_line_ = 0;
};

Result<BatchStepResult> take_step(Db& db, const BatchStep& step) {
  TRY(batch, required_batch(db, step.batch));
  if (batch.state != BatchState::importing) return BatchStepResult{.batch = std::move(batch), .stopped = true};
  if (batch.campaign) {
    TRY(campaign, required_campaign(db, *batch.campaign));
    if (is_over(campaign.status)) {
      TRY(ended, end_batch(db, batch.id, BatchState::cancelled, over_text(campaign), step.now));
      return BatchStepResult{.batch = std::move(ended), .stopped = true};
    }
  }
  Taking taking(db, batch);
  for (const Contact& contact : step.contacts) taking.take(contact);
  for (const BatchError& error : step.errors) taking.refuse(error);
  const import::Counts& counts = taking.counts;
  const auto refused = static_cast<std::int64_t>(step.errors.size());
  db.run(
      "update batches set good = good + :good, rejected = rejected + :rejected, duplicates = duplicates + :duplicates, "
      "do_not_call = do_not_call + :unwanted, bytes_done = :bytes, checkpoint = :checkpoint, state = :state, "
      "finished_at = :finished where id = :id",
      {counts.good, refused - step.duplicates, counts.duplicates + step.duplicates, counts.do_not_call, step.bytes_done,
       import::to_text(step.reached), to_string(step.last ? BatchState::done : BatchState::importing),
       step.last ? std::optional(step.now) : std::nullopt, batch.id});
  TRY(after, required_batch(db, batch.id));
  return BatchStepResult{.batch = std::move(after)};
}

Result<bool> restart_batch(Db& db, const BatchId& id, int limit) {
  TRY(batch, required_batch(db, id));
  const std::int64_t gone = db.run(
      "delete from batch_errors where batch_id = :id and line in (select line from batch_errors where batch_id = :same "
      "order by line limit :limit)",
      {id, id, limit});
  if (gone == limit) return false;
  db.run(
      "update batches set good = 0, rejected = 0, duplicates = 0, do_not_call = 0, bytes_done = 0, checkpoint = '' "
      "where id = :id",
      {id});
  return true;
}

}  // namespace

Awaitable<Result<Batch>> SqlImportStore::accept(Batch batch, bool start) {
  return executor_.write<Batch>([batch = std::move(batch), start](Db& db) { return accept_batch(db, batch, start); });
}

Awaitable<Result<Batch>> SqlImportStore::get(BatchId id) {
  return executor_.read<Batch>([id = std::move(id)](Db& db) { return required_batch(db, id); });
}

Awaitable<Result<BatchPage>> SqlImportStore::list(int page, int limit) {
  return executor_.read<BatchPage>([page, limit](Db& db) -> Result<BatchPage> {
    static const std::string newest =
        select(batch_columns, "batches", "order by created_at desc, id desc limit :limit offset :offset");
    return BatchPage{.batches = db.all(newest, batch_kinds, {limit, std::int64_t{limit} * (page - 1)}, read_batch),
                     .total = db.number("select count(*) from batches").value_or(0)};
  });
}

Awaitable<Result<std::vector<Batch>>> SqlImportStore::open() {
  return executor_.read<std::vector<Batch>>([](Db& db) -> Result<std::vector<Batch>> {
    static const std::string oldest =
        select(batch_columns, "batches", "where finished_at is null order by created_at, id");
    return db.all(oldest, batch_kinds, {}, read_batch);
  });
}

Awaitable<Result<Batch>> SqlImportStore::cancel(BatchId id, std::string actor, Instant now) {
  return executor_.write<Batch>(
      [id = std::move(id), actor = std::move(actor), now](Db& db) { return cancel_batch(db, id, actor, now); });
}

Awaitable<Result<BatchStepResult>> SqlImportStore::take(BatchStep step) {
  return executor_.write<BatchStepResult>([step = std::move(step)](Db& db) { return take_step(db, step); });
}

Awaitable<Result<Batch>> SqlImportStore::fail_batch(BatchId id, std::string error, Instant now) {
  return executor_.write<Batch>([id = std::move(id), error = std::move(error), now](Db& db) -> Result<Batch> {
    TRY(batch, required_batch(db, id));
    if (batch.state != BatchState::importing) return batch;
    return end_batch(db, id, BatchState::failed, error, now);
  });
}

Awaitable<Result<bool>> SqlImportStore::restart(BatchId id, int limit) {
  return executor_.write<bool>([id = std::move(id), limit](Db& db) { return restart_batch(db, id, limit); });
}

Awaitable<Result<std::vector<BatchError>>> SqlImportStore::errors(BatchId id, std::int64_t after, int limit) {
  return executor_.read<std::vector<BatchError>>(
      [id = std::move(id), after, limit](Db& db) -> Result<std::vector<BatchError>> {
        TRY_VOID(required_batch(db, id));
        return db.all(
            "select line, field, value, reason from batch_errors where batch_id = :id and line > :after order by line "
            "limit :limit",
            "nttt", {id, after, limit}, read_error);
      });
}

}  // namespace callramp::sql
