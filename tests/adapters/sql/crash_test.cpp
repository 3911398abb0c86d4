// Kill -9 at random instants while calls are created, dialed and ended: what was answered is there afterwards, and the
// database is whole. The process under test is a fork that tells over a pipe what it was told.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <soci/session.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <set>
#include <sstream>
#include <string>

#include "adapters/sql/dialect.hpp"
#include "adapters/sql/invariants.hpp"
#include "adapters/sql/sqlite_world.hpp"
#include "base/random.hpp"

namespace callramp::sql {
namespace {

using contract::start;
using contract::StoreWorld;

constexpr int kills = 30;
constexpr int workers = 8;

std::unique_ptr<Db> connection(const std::string& file) {
  auto session = open_session(DatabaseUrl{file}, Access::write);
  if (!session) FAIL(session.error().message);
  return std::make_unique<Db>(*std::move(session));
}

// One line to the parent: an answer that must hold from now on. Lines are far below PIPE_BUF, so none is cut.
void tell(int pipe, char what, const std::string& id) {
  const std::string line = std::string(1, what) + " " + id + "\n";
  if (::write(pipe, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(3);
}

struct Life {
  SqlStores& stores;
  int pipe;
  int round;
  Instant now = start;
  int next_call = 0;
};

Awaitable<void> live(Life& life, int worker) {
  SeededRandom random(static_cast<std::uint64_t>(life.round * 100 + worker));
  CallStore& calls = life.stores.calls();
  constexpr Outcome endings[] = {Outcome::completed, Outcome::no_answer, Outcome::busy, Outcome::unknown,
                                 Outcome::cancelled};
  for (;;) {
    life.now += milliseconds{700};
    const Instant now = life.now;
    Call call = StoreWorld::call("r" + std::to_string(life.round) + "c" + std::to_string(life.next_call++),
                                 static_cast<int>(random.below(200)));
    call.test = random.below(10) == 0;
    call.created_at = call.due_at = call.updated_at = now;
    const CallId id = call.id;
    if (co_await calls.create(std::move(call), Idempotency{.key = id.str(), .fingerprint = "f"}))
      tell(life.pipe, 'c', id.str());

    ClaimRequest request = StoreWorld::claim_request(now, 2);
    request.limit = 8;
    request.judge = [now](const ClaimCandidate& candidate, const RoutingState& routing) -> ClaimVerdict {
      if (candidate.number_has_open_attempt) return WaitUntil{.until = now + seconds{2}, .reason = "busy"};
      return contract::dial_new(candidate, routing);
    };
    auto claim = co_await calls.claim_due(std::move(request));
    if (!claim) ::_exit(4);
    for (const ClaimedDial& dial : claim->dials) {
      const AttemptId attempt = dial.attempt.id;
      tell(life.pipe, 'd', attempt.str());  // from here on the number rings
      if (random.below(8) == 0) {
        if (co_await calls.release_attempt(attempt, "carrier down", now + seconds{1}, now))
          tell(life.pipe, 'f', attempt.str());
        continue;
      }
      if (co_await calls.mark_placed(attempt, "p" + attempt.str(), now)) tell(life.pipe, 'p', attempt.str());
      (void)co_await calls.spend_stream_token(dial.attempt.stream_token, now);
      if (random.below(10) == 0) continue;  // stays open: the reconciler's
      AttemptFinish finish = StoreWorld::finish(
          dial.attempt, {endings[random.below(std::size(endings))], std::nullopt, ""}, now + seconds{30});
      finish.transcript = {{.text = "hello"}, {.speaker = Speaker::agent, .text = "hello"}};
      finish.costs = {{.provider = "carrier", .item = "minute", .unit = "minute", .cost = {.micros = 1}}};
      if (co_await calls.finish_attempt(std::move(finish))) tell(life.pipe, 'f', attempt.str());
      (void)co_await calls.record_carrier_facts(attempt, seconds{random.below(20)}, std::nullopt, {});
    }
    (void)co_await life.stores.outcomes().report({.external_id = id.str(),
                                                  .user = UserId{"u"},
                                                  .started_at = now,
                                                  .outcome = Outcome::completed,
                                                  .duration = seconds{random.below(20)}},
                                                 now);
  }
}

// A rollout that moves to another phase and percentage as fast as it can, while calls are dialed for it.
Awaitable<void> decide(Life& life) {
  RolloutStore& store = life.stores.rollouts();
  const auto lease = co_await store.take_lease(NodeId{"node-1"}, life.now, life.now + hours{1});
  if (!lease) ::_exit(8);
  for (;;) {
    life.now += milliseconds{300};
    const auto record = co_await store.rollout("outbound-calls");
    const auto flags = co_await life.stores.flags().current();
    if (!record || !flags) ::_exit(9);
    DecisionCommit commit{.epoch = lease->epoch, .expected_revision = record->revision};
    commit.decision.at = life.now;
    commit.decision.rollout = record->name;
    commit.decision.after = record->state;
    commit.decision.after.stage = rollout::Stage::running;
    commit.decision.after.run = 1;
    commit.decision.after.phase = static_cast<int>(record->revision % 3);
    commit.decision.phase = commit.decision.after.phase;
    commit.decision.flag_version = flags->version;
    commit.flags = FlagPatch{.outbound_calls_percentage =
                                 *Percent::from_basis_points(static_cast<long>(record->revision % 100) * 100)};
    const auto done = co_await store.commit(std::move(commit));
    if (!done) ::_exit(10);
    tell(life.pipe, 'a', std::to_string(done->stored.decision.id));
  }
}

// What a reconciler does after a crash: nobody holds these any more.
Awaitable<void> settle(Life& life) {
  const auto open = co_await life.stores.calls().open_attempts();
  if (!open) ::_exit(7);
  for (const Attempt& attempt : *open)
    if (co_await life.stores.calls().finish_attempt(
            StoreWorld::finish(attempt, {Outcome::unknown, std::nullopt, "a crash"}, life.now)))
      tell(life.pipe, 'f', attempt.id.str());
}

[[noreturn]] void child(const std::string& file, int pipe, int round) {
  auto stores = SqlStores::open({.url = "sqlite:" + file, .now = start});
  if (!stores) ::_exit(2);
  asio::io_context context;
  Life life{**stores, pipe, round};
  asio::co_spawn(context, settle(life), [](std::exception_ptr thrown) {
    if (thrown) ::_exit(5);
  });
  asio::co_spawn(context, decide(life), [](std::exception_ptr) { ::_exit(5); });
  for (int worker = 0; worker < workers; ++worker)
    asio::co_spawn(context, live(life, worker), [](std::exception_ptr) { ::_exit(5); });
  context.run();
  ::_exit(6);
}

// Starts a child, kills it once it has said `lines` and a little later, and returns all that it said. Counting words
// and not time, a slow machine sees as much happen as a fast one.
std::string one_life(const std::string& file, int round, std::ptrdiff_t lines, std::chrono::microseconds later) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) child(file, ends[1], round);
  ::close(ends[1]);
  std::string said;
  std::array<char, 4096> buffer;
  const auto listen = [&] {
    const ssize_t got = ::read(ends[0], buffer.data(), buffer.size());
    if (got > 0) said.append(buffer.data(), static_cast<std::size_t>(got));
    return got > 0;
  };
  while (std::ranges::count(said, '\n') < lines && listen()) {
  }
  ::usleep(static_cast<useconds_t>(later.count()));
  ::kill(pid, SIGKILL);
  while (listen()) {
  }
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFSIGNALED(status));  // or it ended by itself, by one of its _exit codes
  return said;
}

TEST_CASE("a database that was killed at any instant is whole and has what it answered") {
  const TemporaryFolder folder;
  const std::string file = folder.file();
  {
    SqliteWorld world({.url = "sqlite:" + file});
    world.with_agent();
    world.ok(world.ports().rollouts.put_plan({.rollout = "outbound-calls", .hash = "h"}));
    rollout::RolloutState state;
    state.plan_hash = "h";
    world.get(world.ports().rollouts.create("outbound-calls", state, "test", start));
  }
  SeededRandom random(20'261'124);
  std::set<std::string> created;
  std::set<std::string> dialed;
  std::set<std::string> placed;
  std::set<std::string> finished;
  std::set<std::string> decided;
  for (int round = 0; round < kills; ++round) {
    CAPTURE(round);
    std::istringstream said(one_life(file, round, static_cast<std::ptrdiff_t>(1 + random.below(50)),
                                     std::chrono::microseconds{random.below(15'000)}));
    std::string id;
    for (char what = 0; said >> what >> id;) {
      if (what == 'c') created.insert(id);
      if (what == 'd') CHECK(dialed.insert(id).second);  // no attempt is handed out twice, in any life
      if (what == 'p') placed.insert(id);
      if (what == 'f') finished.insert(id);
      if (what == 'a') CHECK(decided.insert(id).second);
    }
    const auto db = connection(file);
    CHECK(broken_invariants(*db) == "");
    int missing = 0;
    for (const std::string& call : created) missing += !db->exists("select 1 from calls where id = :id", {call});
    CHECK(missing == 0);
    for (const std::string& attempt : dialed)
      missing += !db->exists("select 1 from attempts where id = :id", {attempt});
    CHECK(missing == 0);
    for (const std::string& attempt : placed)
      missing += !db->exists("select 1 from attempts where id = :id and provider_call_id is not null", {attempt});
    for (const std::string& attempt : finished)
      missing += !db->exists("select 1 from attempts where id = :id and outcome is not null", {attempt});
    for (const std::string& decision : decided)
      missing += !db->exists("select 1 from decisions where id = :id", {std::int64_t{std::stol(decision)}});
    CHECK(missing == 0);
  }
  // A test that saw nothing happen would prove nothing.
  CHECK(created.size() > 100);
  CHECK(dialed.size() > 100);
  CHECK(finished.size() > 100);
  CHECK(decided.size() > 30);
  MESSAGE("killed " << kills << " times: " << created.size() << " calls created, " << dialed.size() << " dialed, "
                    << finished.size() << " finished, " << decided.size() << " decisions");
}

TEST_CASE("the invariants see what they are there for") {
  const TemporaryFolder folder;
  {
    SqliteWorld world({.url = "sqlite:" + folder.file()});
    world.with_agent();
    world.end(world.dialed("c1", 1).attempt, Outcome::completed, start + seconds{30});
    world.dialed("c2", 2);
  }
  const auto db = connection(folder.file());
  CHECK(broken_invariants(*db) == "");
  struct Line {
    const char* damage;
    const char* found;
  };
  for (const Line& line :
       {Line{"update evidence_counts set calls = 2 where stream = 'call'", "no outcome stands behind"},
        Line{"delete from evidence_counts where stream = 'first_attempt'", "evidence does not have"},
        Line{"update calls set status = 'queued' where id = 'c2'", "with an open attempt"},
        Line{"update attempts set call_id = 'c1', number = 2 where id = 'c2-1'", "without exactly one"},
        Line{"update attempts set outcome = 'busy' where id = 'c1-1'", "says otherwise"},
        Line{"insert into flag_changes select 2, 0, '', 'rollout', '', 1, 0, 1, 1, 1, 1, 0, 1, 1, 1",
             "without a decision"}}) {
    db->run("begin immediate");
    db->run(line.damage);
    CHECK(broken_invariants(*db).find(line.found) != std::string::npos);
    db->run("rollback");
  }
}

}  // namespace
}  // namespace callramp::sql
