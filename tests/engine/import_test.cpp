// Imports from the upload to the last row, on the real store in memory: what goes in, what does not and why, and that a
// process that dies anywhere leaves no row out and none in twice.
#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <set>

#include "adapters/sql/stores.hpp"
#include "async/run.hpp"
#include "async/task_scope.hpp"
#include "engine/import_service.hpp"
#include "fakes/fake_import_files.hpp"
#include "fakes/fake_metrics.hpp"
#include "fakes/fake_phone_directory.hpp"

namespace callramp::engine {
namespace {

const Instant start = parse_iso("2026-11-24T06:30:00Z").value();

struct QuietFeed final : EventFeed {
  void publish(FeedEvent event) override { events.push_back(std::move(event)); }
  std::vector<FeedEvent> events;
};

struct Died {};

// The store of a process that dies at one of its steps, before or after the commit.
class MortalStore final : public ImportStore {
 public:
  explicit MortalStore(ImportStore& store) : store_(store) {}
  int steps = 0;
  int dies_at = -1;  // the step, from 0
  bool after_commit = false;

  Awaitable<Result<BatchStepResult>> take(BatchStep step) override {
    const bool dies = steps++ == dies_at;
    if (dies && !after_commit) throw Died{};
    auto taken = co_await store_.take(std::move(step));
    if (dies) throw Died{};
    co_return taken;
  }
  Awaitable<Result<Batch>> accept(Batch batch, bool begin) override { return store_.accept(std::move(batch), begin); }
  Awaitable<Result<Batch>> get(BatchId id) override { return store_.get(std::move(id)); }
  Awaitable<Result<BatchPage>> list(int page, int limit) override { return store_.list(page, limit); }
  Awaitable<Result<std::vector<Batch>>> open() override { return store_.open(); }
  Awaitable<Result<Batch>> cancel(BatchId id, std::string actor, Instant now) override {
    return store_.cancel(std::move(id), std::move(actor), now);
  }
  Awaitable<Result<Batch>> fail_batch(BatchId id, std::string error, Instant now) override {
    return store_.fail_batch(std::move(id), std::move(error), now);
  }
  Awaitable<Result<bool>> restart(BatchId id, int limit) override { return store_.restart(std::move(id), limit); }
  Awaitable<Result<std::vector<BatchError>>> errors(BatchId id, std::int64_t after, int limit) override {
    return store_.errors(std::move(id), after, limit);
  }

 private:
  ImportStore& store_;
};

struct ImportWorld {
  asio::io_context context{1};
  async::VirtualClock clock{start};
  SeededRandom random{42};
  NullLog log;
  QuietFeed feed;
  fakes::FakeMetrics metrics;
  fakes::FakePhoneDirectory phones;
  fakes::FakeImportFiles files;
  async::Workers workers{0};
  std::unique_ptr<sql::SqlStores> stores =
      sql::SqlStores::open({.url = "sqlite::memory:", .now = start, .run_inline = true}).value();
  MortalStore store{stores->imports()};
  RoutingBoard board{{context.get_executor()}, RoutingState{}};
  FlagService flags{NodeId{"node-1"}, stores->flags(), board, clock, log, metrics, feed};
  ImportServiceConfig config{
      .limits = {.rows = 7, .text_bytes = 1'000'000, .in_file_order = 3}, .first_rows = 2, .most_rows = 3};
  std::unique_ptr<ImportService> service;
  Actor asha{"asha", Role::operator_};
  int woken = 0;

  ImportWorld() {
    begin_process();
    run(stores->agents().put({.id = AgentId{"sales"},
                              .name = "Sales",
                              .greeting = "Hello.",
                              .disclosure = "I am an AI.",
                              .prompt = "Sell.",
                              .created_at = start,
                              .updated_at = start},
                             "test"));
  }

  void begin_process() {
    service = std::make_unique<ImportService>(context.get_executor(), config,
                                              ImportService::Outside{.store = store,
                                                                     .campaigns = stores->campaigns(),
                                                                     .agents = stores->agents(),
                                                                     .files = files,
                                                                     .flags = flags,
                                                                     .phones = phones,
                                                                     .workers = workers,
                                                                     .clock = clock,
                                                                     .random = random,
                                                                     .log = log,
                                                                     .feed = feed});
    service->set_waker([this] { ++woken; });
  }

  template <class T>
  T run(Awaitable<T> task) {
    std::optional<T> result;
    context.restart();
    async::run(context, clock, [&]() -> Awaitable<void> { result.emplace(co_await std::move(task)); });
    return *std::move(result);
  }

  Awaitable<Result<Batch>> upload(std::string text, NewImport wanted) {
    CO_TRY(file, co_await service->begin());
    for (std::size_t at = 0; at < text.size(); at += 50) CO_TRY_VOID(co_await file->write(text.substr(at, 50)));
    co_return co_await service->accept(std::move(file), std::move(wanted), asha);
  }
  Result<Batch> accept(std::string text, NewImport wanted) { return run(upload(std::move(text), std::move(wanted))); }
  Batch accepted(std::string text, NewImport wanted = {.file_name = "list.csv", .agent = AgentId{"sales"}}) {
    auto batch = accept(std::move(text), std::move(wanted));
    REQUIRE_MESSAGE(batch, (batch ? "" : batch.error().message));
    return *batch;
  }

  // The service at work for a while; false if its process died.
  bool work(Duration span = seconds{30}) {
    bool died = false;
    context.restart();
    async::run(context, clock, [&]() -> Awaitable<void> {
      async::TaskScope scope(context.get_executor());
      scope.spawn([](ImportService& working, bool& dead) -> Awaitable<void> {
        try {
          co_await working.run();
        } catch (const Died&) {
          dead = true;
        }
      }(*service, died));
      co_await clock.sleep_for(span);
      co_await scope.stop();
    });
    return !died;
  }
  Batch get(const BatchId& id) { return run(service->get(id)).value(); }

  // "LINE PHONE NAME STATE" of each, by line.
  std::multiset<std::string> contacts(const CampaignId& campaign) {
    std::multiset<std::string> rows;
    for (const Contact& contact : run(stores->campaigns().contacts({.campaign = campaign, .limit = 1000})).value())
      rows.insert(std::to_string(contact.line) + " " + contact.phone.e164() + " " + contact.name + " " +
                  std::string(to_string(contact.state)));
    return rows;
  }
  std::vector<std::string> errors(const BatchId& id) {
    std::vector<std::string> rows;
    for (const BatchError& error : run(service->errors(id, 0, 1000)).value())
      rows.push_back(std::to_string(error.line) + " " + error.why.field + " " + error.why.reason);
    return rows;
  }
};

std::string number(int i) { return "+9198765" + std::to_string(43210 + (i * 37) % 5000); }

// Thirty rows of every sort.
std::string mixed_list() {
  std::string text = "name,phone\n";
  for (int i = 0; i < 30; ++i) {
    if (i % 7 == 3)
      text += "Bad,12\n";
    else if (i % 11 == 5)
      text += "Again," + number(i - 4) + "\n";
    else
      text += "N" + std::to_string(i) + "," + number(i) + "\n";
  }
  return text;
}

TEST_CASE("a list makes a campaign of its name that is active with it") {
  ImportWorld world;
  const Batch batch = world.accepted("phone,name,city\n+919876543210,Asha,Pune\n\n+919876543211,Ravi,\n",
                                     {.file_name = "/tmp/Diwali offer.csv", .agent = AgentId{"sales"}});
  CHECK(batch.state == BatchState::importing);
  CHECK(world.files.names().size() == 1);
  CHECK(world.work());
  const Batch after = world.get(batch.id);
  CHECK(after.state == BatchState::done);
  CHECK(after.counts == import::Counts{.good = 2});
  CHECK(after.bytes_done == after.bytes_total);
  CHECK(world.files.names().empty());
  CHECK(world.woken > 0);
  CHECK(world.feed.events.back().data_json.find("\"state\":\"done\"") != std::string::npos);
  const Campaign campaign = world.run(world.stores->campaigns().get(*after.campaign)).value();
  CHECK(campaign.name == "Diwali offer");
  CHECK(campaign.status == CampaignStatus::active);
  CHECK(campaign.created_by == "asha");
  CHECK(world.contacts(*after.campaign) ==
        std::multiset<std::string>{"2 +919876543210 Asha waiting", "4 +919876543211 Ravi waiting"});
}

TEST_CASE("what is not taken says why, and what must not be called is kept as removed") {
  ImportWorld world;
  CHECK(world.run(world.stores->do_not_call().add({.phone = PhoneNumber::parse("+919876543212").value(),
                                                   .reason = "asked",
                                                   .actor = "asha",
                                                   .created_at = start})));
  const Batch first = world.accepted("phone\n+919876543299\n");
  CHECK(world.work());
  const Batch batch = world.accepted(
      "phone,agent,timezone\n+919876543210,,\n+919876543210,,\n12,,\n+919876543212,,\n+919876543299,,\n"
      "+919876543213,nobody,\n+919876543214,sales,\n+919876543215,,Mars/Base\n+919876543210,,\n+919876543216,,\n",
      {.file_name = "b.csv", .campaign = first.campaign});
  CHECK(world.work());
  const Batch after = world.get(batch.id);
  CHECK(after.counts == import::Counts{.good = 3, .rejected = 3, .duplicates = 3, .do_not_call = 1});
  CHECK(world.contacts(*after.campaign) ==
        std::multiset<std::string>{"2 +919876543299  waiting", "2 +919876543210  waiting", "5 +919876543212  removed",
                                   "8 +919876543214  waiting", "11 +919876543216  waiting"});
  const auto errors = world.errors(batch.id);
  REQUIRE(errors.size() == 6);
  CHECK(errors[0] == "3  the number of line 2 again");
  CHECK(errors[1].starts_with("4 phone "));
  CHECK(errors[2] == "6  the campaign has this number already");
  CHECK(errors[3] == "7 agent there is no such agent; `callramp agents list` shows those that there are");
  CHECK(errors[4] == "9 timezone no time zone; write an IANA name such as Asia/Kolkata");
  CHECK(errors[5] == "10  the number of line 2 again");
}

TEST_CASE("a process that dies at any step, before or after its commit, leaves out no row and takes none twice") {
  ImportWorld whole;
  const Batch expected = whole.accepted(mixed_list());
  CHECK(whole.work());
  const Batch reference = whole.get(expected.id);
  REQUIRE(reference.state == BatchState::done);
  CHECK(reference.counts == import::Counts{.good = 23, .rejected = 4, .duplicates = 3});
  const int steps = whole.store.steps;
  CHECK(steps > 10);
  int crashes = 0;
  for (int at = 0; at < steps; ++at)
    for (const bool after_commit : {false, true}) {
      CAPTURE(at);
      CAPTURE(after_commit);
      ImportWorld world;
      const Batch batch = world.accepted(mixed_list());
      world.store.dies_at = at;
      world.store.after_commit = after_commit;
      crashes += !world.work();
      // Another process, which may cut its steps otherwise.
      world.config.first_rows = 1 + static_cast<std::size_t>(at) % 5;
      world.config.most_rows = 5;
      world.begin_process();
      CHECK(world.work());
      const Batch after = world.get(batch.id);
      CHECK(after.state == BatchState::done);
      CHECK(after.counts == reference.counts);
      CHECK(world.contacts(*after.campaign) == whole.contacts(*reference.campaign));
      CHECK(world.errors(batch.id) == whole.errors(reference.id));
      CHECK(world.files.names().empty());
    }
  CHECK(crashes == 2 * steps);
}

TEST_CASE("a dry run counts the same, stores no contact, and begins again where it died") {
  ImportWorld whole;
  const Batch real = whole.accepted(mixed_list());
  CHECK(whole.work());
  for (int dies_at = -1; dies_at < 12; dies_at += 4) {
    CAPTURE(dies_at);
    ImportWorld world;
    const Batch dry = world.accepted(mixed_list(), {.file_name = "list.csv", .dry_run = true});
    CHECK_FALSE(dry.campaign);
    world.store.dies_at = dies_at;
    world.work();
    world.begin_process();
    CHECK(world.work());
    CHECK(world.get(dry.id).state == BatchState::done);
    CHECK(world.get(dry.id).counts == whole.get(real.id).counts);
    CHECK(world.errors(dry.id) == whole.errors(real.id));
    CHECK(world.run(world.stores->campaigns().list({})).value().total == 0);
  }
  // Against a campaign its contacts count, too.
  const Batch again =
      whole.accepted(mixed_list(), {.file_name = "list.csv", .campaign = real.campaign, .dry_run = true});
  CHECK(whole.work());
  CHECK(whole.get(again.id).counts == import::Counts{.rejected = 4, .duplicates = 26});
}

TEST_CASE("a cancelled batch stops and keeps what is in") {
  ImportWorld world;
  const Batch batch = world.accepted(mixed_list());
  world.store.dies_at = 3;
  world.store.after_commit = true;
  CHECK_FALSE(world.work());
  const Batch cancelled = world.run(world.service->cancel(batch.id, world.asha)).value();
  CHECK(cancelled.state == BatchState::cancelled);
  CHECK(world.files.names().empty());
  world.begin_process();
  CHECK(world.work());
  CHECK(world.get(batch.id).counts == cancelled.counts);
  CHECK(cancelled.counts.rows() > 0);
  CHECK(cancelled.counts.rows() < 30);
  CHECK(world.run(world.service->cancel(batch.id, world.asha)).error().code == ErrorCode::conflict);
  CHECK(world.run(world.service->cancel(BatchId{"nobody"}, world.asha)).error().code == ErrorCode::not_found);
}

TEST_CASE("a batch ends with its campaign") {
  ImportWorld world;
  const Batch batch = world.accepted(mixed_list());
  CHECK(world.run(world.stores->campaigns().order(*batch.campaign, CampaignOrder::cancel, "asha", "wrong list",
                                                  std::nullopt, start)));
  CHECK(world.work());
  const Batch after = world.get(batch.id);
  CHECK(after.state == BatchState::cancelled);
  CHECK(after.error == "campaign 'list' is cancelled and takes no contacts");
  CHECK(after.counts.rows() == 0);
  CHECK(world.accept("phone\n", {.file_name = "l.csv", .campaign = batch.campaign}).error().code ==
        ErrorCode::conflict);
}

TEST_CASE("what is no list is refused before it is accepted and leaves nothing behind") {
  ImportWorld world;
  const NewImport good{.file_name = "l.csv", .agent = AgentId{"sales"}};
  struct {
    std::string text;
    NewImport wanted;
    ErrorCode code;
  } const rows[] = {
      {"", good, ErrorCode::invalid_request},
      {"name,city\nAsha,Pune\n", good, ErrorCode::invalid_request},
      {"+919876543210,Asha\n", good, ErrorCode::invalid_request},
      {"phone\n", {.file_name = "l.csv"}, ErrorCode::invalid_request},
      {"phone\n", {.file_name = "l.csv", .agent = AgentId{"nobody"}}, ErrorCode::agent_not_found},
      {"phone\n", {.file_name = "l.csv", .campaign = CampaignId{"nobody"}}, ErrorCode::not_found},
      {"phone\n", {.file_name = "l.csv", .agent = AgentId{"nobody"}, .dry_run = true}, ErrorCode::agent_not_found},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto batch = world.accept(row.text, row.wanted);
    REQUIRE_FALSE(batch);
    CHECK(batch.error().code == row.code);
    CHECK(world.files.names().empty());
    CHECK(world.run(world.service->list(1, 10)).value().total == 0);
  }
  world.files.has_room(3);
  CHECK(world.accept("phone\n+919876543210\n", good).error().code == ErrorCode::unavailable);
  CHECK(world.files.names().empty());
}

TEST_CASE("a list with a header and no row is done at once") {
  ImportWorld world;
  const Batch batch = world.accepted("phone,name\n");
  CHECK(world.work());
  CHECK(world.get(batch.id).state == BatchState::done);
  CHECK(world.get(batch.id).counts == import::Counts{});
}

TEST_CASE("the flag enableBulkImport governs") {
  ImportWorld world;
  CHECK(world.run(world.flags.patch({.enable_bulk_import = false}, std::nullopt, {"asha", Role::admin}, "test", "")));
  const auto refused = world.accept("phone\n", {.file_name = "l.csv", .agent = AgentId{"sales"}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::conflict);
  CHECK(refused.error().field == "enableBulkImport");
}

TEST_CASE("lists wait for each other, oldest first, and a file that is gone fails its batch alone") {
  ImportWorld world;
  const Batch first = world.accepted("phone\n+919876543210\n");
  const Batch second = world.accepted("phone\n+919876543211\n");
  world.files.remove(first.spool_file);
  CHECK(world.work());
  CHECK(world.get(first.id).state == BatchState::failed);
  CHECK(world.get(first.id).error.starts_with("the uploaded file is gone: "));
  CHECK(world.get(second.id).state == BatchState::done);
}

}  // namespace
}  // namespace callramp::engine
