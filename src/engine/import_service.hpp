// ImportService: files of contacts, from the upload to the last row. A file that was answered with 202 is on the disk;
// it is worked through in steps, each of which is one transaction with the checkpoint that it reached, so that a
// process that dies goes on where it was. One batch at a time: two would only share the same disk.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "async/alarm.hpp"
#include "async/channel.hpp"
#include "async/workers.hpp"
#include "base/log.hpp"
#include "core/import/stretch.hpp"
#include "engine/flag_service.hpp"
#include "ports/campaign_store.hpp"
#include "ports/import_files.hpp"
#include "ports/import_store.hpp"
#include "ports/phone_directory.hpp"

namespace callramp::engine {

struct ImportServiceConfig {
  std::string default_region = "IN";  ///< of numbers without a country code, where no campaign says another
  import::StretchLimits limits = {};
  /// What one transaction should take: a dial that waits for the database waits that long.
  Duration step = milliseconds{40};
  std::size_t first_rows = 500;   ///< of the first step; later ones follow what that took
  std::size_t most_rows = 5'000;  ///< of any
  Duration retry = seconds{1};    ///< after the database refused a step
};

/// What somebody says of a file that they upload.
struct NewImport {
  std::string file_name;
  std::optional<CampaignId> campaign;  ///< unset: a new one, active at once
  std::optional<AgentId> agent;        ///< of rows that name none; needed for a new campaign
  std::optional<std::string> region;   ///< ISO 3166; unset: the campaign's
  bool dry_run = false;                ///< validates and counts, stores no contact
};

/// A file on its way in; gone with this object unless it was accepted.
class Upload {
 public:
  Upload(std::string name, std::unique_ptr<SpoolWriter> writer, async::Workers& workers);
  /// Slows its caller to the disk's speed.
  Awaitable<Status> write(std::string bytes);

 private:
  friend class ImportService;
  Awaitable<Status> flush();

  std::string name_;
  std::unique_ptr<SpoolWriter> writer_;
  async::Workers& workers_;
  std::string waiting_;
};

class ImportService {
 public:
  struct Outside {
    ImportStore& store;
    CampaignStore& campaigns;
    AgentStore& agents;
    ImportFiles& files;
    FlagService& flags;
    const PhoneDirectory& phones;
    async::Workers& workers;
    async::Clock& clock;
    Random& random;
    Log& log;
    EventFeed& feed;
  };
  ImportService(const Executor& executor, ImportServiceConfig config, const Outside& outside);
  /// Called when a campaign has got contacts, so that its runner looks at once.
  void set_waker(std::function<void()> wake) { wake_runner_ = std::move(wake); }

  /// conflict while the flag enableBulkImport is off. Any io thread.
  Awaitable<Result<std::unique_ptr<Upload>>> begin();
  /// The upload is complete: its header is read, the file made safe, the batch stored. Errors of the file (no phone
  /// column, empty, …) are invalid_request. Any io thread.
  Awaitable<Result<Batch>> accept(std::unique_ptr<Upload> upload, NewImport wanted, Actor actor);
  Awaitable<Result<Batch>> get(BatchId id) { return outside_.store.get(std::move(id)); }
  Awaitable<Result<BatchPage>> list(int page, int limit) { return outside_.store.list(page, limit); }
  Awaitable<Result<std::vector<BatchError>>> errors(BatchId id, std::int64_t after, int limit) {
    return outside_.store.errors(std::move(id), after, limit);
  }
  Awaitable<Result<Batch>> cancel(BatchId id, Actor actor);

  /// Works through what was accepted, until cancelled. On the executor.
  Awaitable<void> run();

 private:
  struct Reading;
  struct Work;
  Awaitable<Status> clean_up();
  Awaitable<Status> work_through(Batch batch);
  Awaitable<Result<std::shared_ptr<Reading>>> start_reading(const Batch& batch);
  Awaitable<void> produce(std::shared_ptr<Reading> reading,
                          std::shared_ptr<async::Channel<Result<import::Stretch>>> out);
  Awaitable<Status> store_stretch(Work& work, std::shared_ptr<const import::Stretch> stretch);
  Awaitable<void> finish(Batch batch);
  Awaitable<Result<Campaign>> campaign_for(const NewImport& wanted, const Actor& actor);
  import::RowRules rules(std::string region, std::vector<Agent> agents) const;

  Executor executor_;
  ImportServiceConfig config_;
  Outside outside_;
  std::function<void()> wake_runner_;
  async::Alarm alarm_;
  std::size_t step_rows_;
};

/// Of the live feed: how far a batch is.
FeedEvent batch_event(const Batch& batch);

}  // namespace callramp::engine
