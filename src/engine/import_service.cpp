#include "engine/import_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <unordered_map>
#include <unordered_set>

#include "async/task_scope.hpp"

namespace callramp::engine {
namespace {

constexpr std::size_t write_bytes = 1024 * 1024;
constexpr std::size_t max_name_bytes = 200;
constexpr int restart_rows = 5'000;

std::string joined(const std::vector<std::string>& zones) {
  std::string text;
  for (const std::string& zone : zones) text.append(text.empty() ? "" : ",").append(zone);
  return text;
}

// A file's name as a campaign's: without folders and endings.
std::string campaign_name(const std::string& file_name) {
  std::string name = file_name.substr(file_name.find_last_of("/\\") + 1);
  for (const std::string_view ending : {".gz", ".csv", ".txt", ".tsv"})
    if (name.size() > ending.size() && name.ends_with(ending)) name.resize(name.size() - ending.size());
  return name.empty() ? "import" : name.substr(0, max_name_bytes);
}

import::RowRules no_rules() {
  return {.number = [](std::string_view) -> Result<import::Number> { return import::Number{}; },
          .knows_zone = [](std::string_view) { return true; },
          .knows_agent = [](const AgentId&) { return true; }};
}

}  // namespace

FeedEvent batch_event(const Batch& batch) {
  // Ids, words and numbers: nothing here needs escaping.
  const import::Counts& counts = batch.counts;
  return {
      "batch",
      fmt::format(
          R"({{"id":"{}","state":"{}","good":{},"rejected":{},"duplicates":{},"doNotCall":{},"bytesDone":{},"bytesTotal":{}}})",
          batch.id.str(), to_string(batch.state), counts.good, counts.rejected, counts.duplicates, counts.do_not_call,
          batch.bytes_done, batch.bytes_total)};
}

Upload::Upload(std::string name, std::unique_ptr<SpoolWriter> writer, async::Workers& workers)
    : name_(std::move(name)), writer_(std::move(writer)), workers_(workers) {}

Awaitable<Status> Upload::write(std::string bytes) {
  waiting_ += bytes;
  if (waiting_.size() < write_bytes) co_return Status{};
  co_return co_await flush();
}

Awaitable<Status> Upload::flush() {
  if (waiting_.empty()) co_return Status{};
  co_return co_await workers_.run<Status>(
      [writer = writer_.get(), bytes = std::exchange(waiting_, {})] { return writer->write(bytes); });
}

// A file that is read: on one worker's thread at a time.
struct ImportService::Reading {
  std::unique_ptr<SpoolReader> file;
  std::unique_ptr<import::StretchReader> rows;
};

// A batch that is worked through.
struct ImportService::Work {
  Batch batch;
  std::shared_ptr<import::NumberSet> seen;  // of a dry run
  std::vector<std::int64_t> first_lines;    // of a dry run: of the stretch's contacts
  bool over = false;
};

ImportService::ImportService(const Executor& executor, ImportServiceConfig config, const Outside& outside)
    : executor_(executor),
      config_(std::move(config)),
      outside_(outside),
      alarm_(executor, outside.clock),
      step_rows_(config_.first_rows) {}

Awaitable<Result<std::unique_ptr<Upload>>> ImportService::begin() {
  if (!outside_.flags.current().flags.flags.enable_bulk_import)
    co_return fail(ErrorCode::conflict,
                   "imports are off; set the flag enableBulkImport, or add single contacts to a campaign",
                   "enableBulkImport");
  const std::string name = make_ulid(outside_.clock.now(), outside_.random);
  CO_TRY(writer, co_await outside_.workers.run<Result<std::unique_ptr<SpoolWriter>>>(
                     [files = &outside_.files, name] { return files->create(name); }));
  co_return std::make_unique<Upload>(name, std::move(writer), outside_.workers);
}

Awaitable<Result<Campaign>> ImportService::campaign_for(const NewImport& wanted, const Actor& actor) {
  if (wanted.campaign) co_return co_await outside_.campaigns.get(*wanted.campaign);
  if (!wanted.agent)
    co_return fail(ErrorCode::invalid_request,
                   "an import without campaignId makes a campaign, which needs an agent; name one as agentId",
                   "agentId");
  const Instant now = outside_.clock.now();
  // A draft until its batch is stored: a crash in between leaves nothing that calls.
  co_return co_await outside_.campaigns.create({.id = make_id<CampaignId>(now, outside_.random),
                                                .name = campaign_name(wanted.file_name),
                                                .agent = *wanted.agent,
                                                .region = wanted.region.value_or(config_.default_region),
                                                .created_at = now,
                                                .created_by = actor.name,
                                                .updated_at = now});
}

Awaitable<Result<Batch>> ImportService::accept(std::unique_ptr<Upload> upload, NewImport wanted, Actor actor) {
  CO_TRY_VOID(co_await upload->flush());
  // Worker and file outlive the request: what is captured is owned or lives as long as the service.
  CO_TRY_VOID(co_await outside_.workers.run<Status>([files = &outside_.files, name = upload->name_]() -> Status {
    TRY(file, files->open(name));
    import::StretchReader rows([&file] { return file->read(); }, no_rules());
    return rows.start();
  }));
  CO_TRY_VOID(co_await outside_.workers.run<Status>([writer = upload->writer_.get()] { return writer->keep(); }));
  const auto forget = [this, name = upload->name_] { outside_.files.remove(name); };
  Batch batch{.id = BatchId{upload->name_},
              .agent = wanted.agent,
              .file_name = wanted.file_name.substr(0, max_name_bytes),
              .spool_file = upload->name_,
              .dry_run = wanted.dry_run,
              .bytes_total = upload->writer_->bytes(),
              .created_at = outside_.clock.now(),
              .created_by = actor.name};
  batch.region = wanted.region.value_or(config_.default_region);
  if (!wanted.dry_run || wanted.campaign) {
    auto campaign = co_await campaign_for(wanted, actor);
    if (!campaign) {
      forget();
      co_return std::unexpected(std::move(campaign).error());
    }
    batch.campaign = campaign->id;
    if (!wanted.region) batch.region = campaign->region;
  }
  auto stored = co_await outside_.store.accept(std::move(batch), !wanted.campaign && !wanted.dry_run);
  if (!stored) {
    forget();
    co_return std::unexpected(std::move(stored).error());
  }
  outside_.log.info("import_accepted", {{"batch_id", stored->id},
                                        {"file", stored->file_name},
                                        {"bytes", stored->bytes_total},
                                        {"dry_run", stored->dry_run},
                                        {"actor", actor.name}});
  asio::post(executor_, [this] { alarm_.ring(); });
  co_return stored;
}

Awaitable<Result<Batch>> ImportService::cancel(BatchId id, Actor actor) {
  CO_TRY(batch, co_await outside_.store.cancel(std::move(id), actor.name, outside_.clock.now()));
  co_await finish(batch);
  co_return batch;
}

Awaitable<void> ImportService::run() {
  for (bool clean = false;;) {
    if (!clean) clean = (co_await clean_up()).has_value();
    auto open = co_await outside_.store.open();
    if (open && open->empty() && clean) {
      co_await alarm_.wait_until(Instant::max());
      continue;
    }
    Status worked{};
    if (!open)
      worked = std::unexpected(open.error());
    else if (!open->empty())
      worked = co_await work_through(std::move(open->front()));
    if (worked && clean) continue;
    if (!worked) outside_.log.warn("import_waits", {{"error", worked.error().message}});
    co_await outside_.clock.sleep_for(config_.retry);
  }
}

// What was received in part when a process died, and what was left of batches that are over.
Awaitable<Status> ImportService::clean_up() {
  CO_TRY(open, co_await outside_.store.open());
  std::vector<std::string> wanted;
  for (const Batch& batch : open) wanted.push_back(batch.spool_file);
  co_return co_await outside_.workers.run<Status>([files = &outside_.files, wanted = std::move(wanted)]() -> Status {
    files->keep_only(wanted);
    return {};
  });
}

import::RowRules ImportService::rules(std::string region, std::vector<Agent> agents) const {
  std::unordered_set<std::string> known;
  for (const Agent& agent : agents) known.insert(agent.id.str());
  return {.number = [phones = &outside_.phones,
                     region = std::move(region)](std::string_view text) -> Result<import::Number> {
            TRY(phone, phones->normalise(text, region));
            std::string zones = joined(phones->zones(phone));
            return import::Number{.phone = std::move(phone), .zones = std::move(zones)};
          },
          .knows_zone =
              [phones = &outside_.phones, now = outside_.clock.now(),
               zones = std::unordered_map<std::string, bool>()](std::string_view zone) mutable {
                constexpr std::size_t enough = 1'000;  // there are about 600; what is none comes from strangers
                if (zones.size() > enough) zones.clear();
                const auto [found, is_new] = zones.try_emplace(std::string(zone), false);
                if (is_new) found->second = phones->local_clock(zone, now).has_value();
                return found->second;
              },
          .knows_agent = [known = std::move(known)](const AgentId& agent) { return known.contains(agent.str()); }};
}

Awaitable<Result<std::shared_ptr<ImportService::Reading>>> ImportService::start_reading(const Batch& batch) {
  CO_TRY(agents, co_await outside_.agents.list());
  using Started = Result<std::shared_ptr<Reading>>;
  co_return co_await outside_.workers.run<Started>(
      [files = &outside_.files, limits = config_.limits, rules = rules(batch.region, std::move(agents)),
       name = batch.spool_file, from = batch.checkpoint.stretch]() mutable -> Started {
        auto reading = std::make_shared<Reading>();
        auto file = files->open(name);
        if (!file) return fail(ErrorCode::invalid_request, "the uploaded file is gone: " + file.error().message);
        reading->file = std::move(*file);
        reading->rows = std::make_unique<import::StretchReader>([file = reading->file.get()] { return file->read(); },
                                                                std::move(rules), limits);
        TRY_VOID(reading->rows->start(from));
        return reading;
      });
}

Awaitable<void> ImportService::produce(std::shared_ptr<Reading> reading,
                                       std::shared_ptr<async::Channel<Result<import::Stretch>>> out) {
  for (bool last = false; !last;) {
    auto stretch = co_await outside_.workers.run<Result<import::Stretch>>([reading]() -> Result<import::Stretch> {
      try {
        TRY(read, reading->rows->next());
        read.file_bytes = reading->file->bytes_read();
        return std::move(read);
      } catch (const std::exception& thrown) {
        // Whoever waits for the stretch has to hear of it: a lack of memory passes.
        return fail(ErrorCode::unavailable, std::string("a list could not be read on: ") + thrown.what());
      }
    });
    last = !stretch || stretch->last;
    if (!co_await out->send(std::move(stretch))) co_return;
  }
}

Awaitable<Status> ImportService::work_through(Batch batch) {
  if (batch.dry_run && batch.checkpoint != import::Checkpoint{}) {
    // What a dry run has seen is in memory only: it begins again.
    for (bool restarted = false; !restarted;) {
      CO_TRY(done, co_await outside_.store.restart(batch.id, restart_rows));
      restarted = done;
    }
    CO_TRY(fresh, co_await outside_.store.get(batch.id));
    batch = std::move(fresh);
  }
  auto reading = co_await start_reading(batch);
  Status result{};
  if (!reading && reading.error().code != ErrorCode::invalid_request)
    co_return std::unexpected(std::move(reading).error());
  if (reading) {
    Work work{.batch = batch};
    if (batch.dry_run) work.seen = std::make_shared<import::NumberSet>();
    // One stretch is stored, one waits, one is being read.
    auto stretches = std::make_shared<async::Channel<Result<import::Stretch>>>(executor_, 1);
    co_await async::with_scope([&](async::TaskScope& scope) -> Awaitable<void> {
      scope.spawn(produce(*reading, stretches));
      while (result && !work.over) {
        auto next = co_await stretches->receive();
        if (!next) break;
        if (!*next)
          result = std::unexpected(next->error());
        else
          result = co_await store_stretch(work, std::make_shared<const import::Stretch>(std::move(**next)));
      }
      stretches->close();
    });
    batch = work.batch;
  } else {
    result = std::unexpected(reading.error());
  }
  if (!result && result.error().code == ErrorCode::invalid_request) {
    CO_TRY(failed, co_await outside_.store.fail_batch(batch.id, result.error().message, outside_.clock.now()));
    batch = std::move(failed);
    result = {};
  }
  if (result) co_await finish(batch);
  co_return result;
}

namespace {

struct StepPlan {
  std::shared_ptr<const import::Stretch> stretch;
  std::size_t contact = 0;  // the next one
  std::size_t refusal = 0;
  std::size_t rows = 0;
  std::vector<std::int64_t> first_lines;  // empty unless the file itself has to tell duplicates
};

// The next rows of a stretch as a step, and where that leads.
BatchStep make_step(StepPlan& plan) {
  const import::Stretch& stretch = *plan.stretch;
  BatchStep step{.reached = {.stretch = stretch.begin}};
  const std::size_t contacts_end = std::min(stretch.contacts(), plan.contact + plan.rows);
  std::size_t left = plan.rows - (contacts_end - plan.contact);
  for (; plan.contact < contacts_end; ++plan.contact) {
    Contact contact = stretch.contact(plan.contact);
    const std::int64_t first = plan.first_lines.empty() ? contact.line : plan.first_lines[plan.contact];
    if (first == contact.line) {
      step.contacts.push_back(std::move(contact));
    } else {
      ++step.duplicates;
      step.errors.push_back({.line = contact.line,
                             .why = {.field = {},
                                     .value = contact.phone.e164(),
                                     .reason = "the number of line " + std::to_string(first) + " again"}});
    }
  }
  if (plan.contact > 0) {
    const Contact reached = stretch.contact(plan.contact - 1);
    step.reached.last_phone = reached.phone.e164();
    step.reached.last_line = reached.line;
  }
  for (; left > 0 && plan.refusal < stretch.refusals().size(); --left, ++plan.refusal) {
    const import::Refusal& refusal = stretch.refusals()[plan.refusal];
    step.errors.push_back({.line = refusal.line, .why = refusal.why});
    step.reached.refused_line = refusal.line;
  }
  if (step.reached.refused_line == 0 && plan.refusal > 0)
    step.reached.refused_line = stretch.refusals()[plan.refusal - 1].line;
  if (plan.contact == stretch.contacts() && plan.refusal == stretch.refusals().size()) {
    step.reached = {.stretch = stretch.end};
    step.last = stretch.last;
  }
  return step;
}

}  // namespace

Awaitable<Status> ImportService::store_stretch(Work& work, std::shared_ptr<const import::Stretch> stretch) {
  const import::Checkpoint& checkpoint = work.batch.checkpoint;
  auto plan = std::make_shared<StepPlan>(StepPlan{.stretch = stretch});
  if (work.seen)
    plan->first_lines = co_await outside_.workers.run<std::vector<std::int64_t>>(
        [seen = work.seen, stretch] { return seen->add(*stretch); });
  // What an earlier run has stored of it.
  plan->contact = stretch->stored(checkpoint);
  while (plan->refusal < stretch->refusals().size() &&
         stretch->refusals()[plan->refusal].line <= checkpoint.refused_line)
    ++plan->refusal;
  const std::int64_t bytes_before = work.batch.bytes_done;
  for (bool more = true; more;) {
    plan->rows = step_rows_;
    auto step = co_await outside_.workers.run<BatchStep>([plan] { return make_step(*plan); });
    more = plan->contact < stretch->contacts() || plan->refusal < stretch->refusals().size();
    const auto rows = static_cast<std::int64_t>(stretch->rows());
    const auto done = static_cast<std::int64_t>(plan->contact + plan->refusal);
    const std::size_t rows_now = step.contacts.size() + step.errors.size();
    step.batch = work.batch.id;
    step.bytes_done = more
                          ? bytes_before + (stretch->file_bytes - bytes_before) * done / std::max<std::int64_t>(rows, 1)
                          : stretch->file_bytes;
    step.now = outside_.clock.now();
    CO_TRY(taken, co_await outside_.store.take(std::move(step)));
    const Duration took = outside_.clock.now() - (step.now);
    if (rows_now == plan->rows) {
      // Towards the time that a step should take, at most twice as many at once.
      const double factor =
          took.count() > 0 ? static_cast<double>(config_.step.count()) / static_cast<double>(took.count()) : 2.0;
      step_rows_ = std::clamp(static_cast<std::size_t>(static_cast<double>(step_rows_) * std::clamp(factor, 0.25, 2.0)),
                              std::min<std::size_t>(100, config_.most_rows), config_.most_rows);
    }
    const bool first_contacts = work.batch.counts.good == 0 && taken.batch.counts.good > 0;
    work.batch = std::move(taken.batch);
    outside_.feed.publish(batch_event(work.batch));
    if (first_contacts && !work.batch.dry_run && wake_runner_) wake_runner_();
    work.over = taken.stopped || work.batch.state != BatchState::importing;
    if (work.over) break;
  }
  co_return Status{};
}

// Its file is not needed any more.
Awaitable<void> ImportService::finish(Batch batch) {
  if (batch.state == BatchState::importing) co_return;
  co_await outside_.workers.run<bool>([files = &outside_.files, name = batch.spool_file] {
    files->remove(name);
    return true;
  });
  outside_.feed.publish(batch_event(batch));
  if (wake_runner_) wake_runner_();
  outside_.log.info("import_over", {{"batch_id", batch.id},
                                    {"state", to_string(batch.state)},
                                    {"good", batch.counts.good},
                                    {"rejected", batch.counts.rejected},
                                    {"duplicates", batch.counts.duplicates},
                                    {"do_not_call", batch.counts.do_not_call},
                                    {"error", batch.error}});
}

}  // namespace callramp::engine
