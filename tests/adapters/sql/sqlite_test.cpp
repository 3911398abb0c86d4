// What is SQLite's own: the setting, the file, the schema's history, the plans, and the constraints behind the stores.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <array>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "adapters/sql/dialect.hpp"
#include "adapters/sql/migrations.hpp"
#include "adapters/sql/sqlite_world.hpp"

// Only their destructors' sake: a session is owned here.
#include <soci/session.h>

namespace callramp::sql {
namespace {

using contract::start;

std::unique_ptr<Db> connection(const std::string& file, Access access) {
  auto session = open_session(DatabaseUrl{file}, access);
  if (!session) FAIL(session.error().message);
  return std::make_unique<Db>(*std::move(session));
}

std::string text_of(Db& db, std::string_view sql) {
  std::string text;
  db.select(sql, "t", {}, [&](Row& row) { text += row.text() + "\n"; });
  return text;
}

TEST_CASE("DATABASE_URL is read or refused with what to write") {
  struct Line {
    std::string url;
    std::string file;  // empty: refused
    std::string says;  // in the refusal
  };
  const std::vector<Line> lines{
      {"sqlite:callramp.db", "callramp.db", ""},
      {"sqlite:/var/lib/callramp/a b.db", "/var/lib/callramp/a b.db", ""},
      {"sqlite:///var/lib/callramp.db", "/var/lib/callramp.db", ""},
      {"sqlite::memory:", ":memory:", ""},
      {"sqlite:", "", "write sqlite:FILE"},
      {"", "", "write sqlite:FILE"},
      {"callramp.db", "", "write sqlite:FILE"},
      {"mysql://root:secret@host/db", "", "'mysql…'"},
      {"postgresql://user:secret@host/db", "", "does not speak yet"},
      {"postgres://user:secret@host/db", "", "does not speak yet"},
      {"sqlite:a\"b", "", "quote"},
      {std::string("sqlite:a\0b", 10), "", "quote"},
  };
  for (const Line& line : lines) {
    CAPTURE(line.url);
    const auto url = parse_database_url(line.url);
    REQUIRE(url.has_value() == !line.file.empty());
    if (url) {
      CHECK(url->file == line.file);
    } else {
      CHECK(url.error().field == "DATABASE_URL");
      CHECK(url.error().message.find(line.says) != std::string::npos);
      CHECK(url.error().message.find("secret") == std::string::npos);
    }
  }
}

TEST_CASE("the database and its log are readable by their owner only") {
  const TemporaryFolder folder;
  // A file that was made too open is narrowed, and a name with a space works.
  const std::string file = folder.file("call ramp.db");
  std::ofstream(file).close();
  REQUIRE(::chmod(file.c_str(), 0644) == 0);
  SqliteWorld world({.url = "sqlite:" + file});
  world.with_agent();
  for (const char* end : {"", "-wal", "-shm"}) {
    struct stat status{};
    REQUIRE(::stat((file + end).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
}

TEST_CASE("a connection has the settings that make a commit durable and a reader harmless") {
  const TemporaryFolder folder;
  const auto writer = connection(folder.file(), Access::write);
  CHECK(text_of(*writer, "pragma journal_mode") == "wal\n");
  CHECK(writer->number("pragma synchronous") == 2);  // FULL
  CHECK(writer->number("pragma foreign_keys") == 1);
  CHECK(writer->number("pragma busy_timeout") == 5000);
  writer->run("create table t (x bigint)");
  const auto reader = connection(folder.file(), Access::read);
  CHECK(reader->number("select count(*) from t") == 0);
  CHECK_THROWS_AS(reader->run("insert into t (x) values (1)"), DbFailure);
}

TEST_CASE("what cannot be opened is refused in one sentence") {
  const TemporaryFolder folder;
  std::ofstream(folder.file("text")) << std::string(4096, 'x');
  for (const std::string& file : {folder.file("no/such/folder.db"), folder.file("text"), folder.file("")}) {
    CAPTURE(file);
    const auto stores = SqlStores::open({.url = "sqlite:" + file, .now = start});
    REQUIRE_FALSE(stores.has_value());
    CHECK(stores.error().field == "DATABASE_URL");
    CHECK(stores.error().message.find(file) != std::string::npos);
  }
}

TEST_CASE("a schema that is newer or of another past is refused and left alone") {
  const TemporaryFolder folder;
  {
    SqliteWorld world({.url = "sqlite:" + folder.file()});
  }
  const auto db = connection(folder.file(), Access::write);
  const auto opened = [&] { return SqlStores::open({.url = "sqlite:" + folder.file(), .now = start}); };
  CHECK(opened().has_value());

  db->run("insert into migrations (number, name, checksum, applied_at) values (99, 'future', 'x', 0)");
  const auto newer = opened();
  REQUIRE_FALSE(newer.has_value());
  CHECK(newer.error().message.find("has schema 99") != std::string::npos);
  CHECK(newer.error().message.find("start the newer callramp") != std::string::npos);
  db->run("delete from migrations where number = 99");

  db->run("update migrations set checksum = 'edited' where number = 1");
  const auto edited = opened();
  REQUIRE_FALSE(edited.has_value());
  CHECK(edited.error().message.find("step 1 ('calls and flags')") != std::string::npos);
}

TEST_CASE("migrations apply what is missing in one transaction or nothing") {
  const TemporaryFolder folder;
  const auto db = connection(folder.file(), Access::write);
  const Migration one{.name = "one", .script = "create table a (x $KEY);\ncreate table b (x bigint);\n"};
  const Migration broken{.name = "broken", .script = "create table c (x bigint);\ncreate tible d;\n"};
  const Migration two{.name = "two", .script = "create table c (x bigint);\n"};
  const auto tables = [&] {
    return text_of(*db,
                   "select name from sqlite_master where type = 'table' and name not like 'sqlite%' order by name");
  };
  CHECK_FALSE(migrate(*db, std::array{one, broken}, start).has_value());
  db->run("rollback");
  CHECK(tables().empty());
  CHECK(migrate(*db, std::array{one}, start).has_value());
  CHECK(tables() == "a\nb\nmigrations\n");
  CHECK(migrate(*db, std::array{one, two}, start).has_value());
  CHECK(migrate(*db, std::array{one, two}, start).has_value());
  CHECK(tables() == "a\nb\nc\nmigrations\n");
  CHECK(db->number("select count(*) from migrations") == 2);
  CHECK_FALSE(migrate(*db, std::array{one}, start).has_value());
}

TEST_CASE("a database from before the rollouts keeps what it counted") {
  const TemporaryFolder folder;
  {
    const auto db = connection(folder.file(), Access::write);
    REQUIRE(migrate(*db, migrations().first(1), start).has_value());
    for (const char* stream : {"call", "first_attempt"})
      for (const int minute : {0, 5})
        db->run(
            "insert into evidence_counts (bucket_start, stream, system, outcome, connected, calls) values (:bucket, "
            ":stream, 'new-system', 'completed', 1, 3)",
            {start + minutes{minute}, stream});
    db->run(
        "insert into agents (id, name, greeting, disclosure, prompt, goodbye, apology, language, voice, model, "
        "stt_model, max_duration_s, max_turns, created_at, updated_at) values ('asha', '', '', '', '', '', '', '', '', "
        "'', '', 60, 5, 0, 0)");
  }
  SqliteWorld world({.url = "sqlite:" + folder.file()});
  CHECK(world.counted(Outcome::completed) == 6);
  // A call that is made now goes on in the same counts, in no phase.
  world.end(world.dialed("c1", 1).attempt, Outcome::completed, start + minutes{1});
  CHECK(world.counted(Outcome::completed) == 7);
  const auto rows = world.get(world.stores().executor().read<std::int64_t>([](Db& db) -> Result<std::int64_t> {
    return db.number("select count(*) from evidence_counts where span_id = 0 and retried = 0").value_or(0);
  }));
  CHECK(rows == 6);
}

TEST_CASE("neither the claim nor a list scans all calls") {
  InlineInMemory world;
  const auto plan = [&](std::string sql, std::vector<Param> params) {
    return world.get(world.stores().executor().read<std::string>([=](Db& db) -> Result<std::string> {
      std::string plan;
      db.select("explain query plan " + sql, "nnnt", params, [&](Row& row) {
        row.number();
        row.number();
        row.number();
        plan += row.text() + "\n";
      });
      return plan;
    }));
  };
  const auto listed = [&](const CallFilter& filter) {
    ListSql sql = list_sql(filter);
    sql.params.emplace_back(20);
    sql.params.emplace_back(0);
    return plan(sql.page, sql.params);
  };
  struct Line {
    std::string plan;
    std::string uses;
  };
  const std::vector<Line> lines{
      {plan(due_calls_sql(), {1, start, 10}), "SEARCH calls USING INDEX calls_due (priority=? AND look_at<?)"},
      {plan(next_due_sql(), {1}), "SEARCH calls USING INDEX calls_due (priority=?)"},
      {listed({}), "SCAN calls USING INDEX calls_by_creation"},
      {listed({.from = start}), "SEARCH calls USING INDEX calls_by_creation"},
      {listed({.status = CallStatus::queued}), "SEARCH calls USING INDEX calls_by_status (status=?)"},
      {listed({.status = CallStatus::queued, .from = start, .to = start}),
       "SEARCH calls USING INDEX calls_by_status (status=? AND created_at>? AND created_at<?)"},
      {listed({.outcome = Outcome::busy}), "SEARCH calls USING INDEX calls_by_outcome (outcome=?)"},
      {listed({.agent = AgentId{"a"}}), "SEARCH calls USING INDEX calls_by_agent (agent_id=?)"},
      {listed({.batch = BatchId{"b"}}), "SEARCH calls USING INDEX calls_by_batch (batch_id=?)"},
      {listed({.user = "u"}), "SEARCH calls USING INDEX calls_by_user (user_id=?)"},
      {listed({.phone = world.phone(1)}), "SEARCH calls USING INDEX calls_by_phone (phone=?)"},
      {plan("select 1 from attempts where phone = :phone and outcome is null", {world.phone(1)}),
       "SEARCH attempts USING INDEX attempts_one_open_per_phone (phone=?)"},
      {plan("select count(*) from attempts where outcome is null", {}), "INDEX attempts_one_open_per"},
      {plan("select count(*) from calls where span_id in (select id from rollout_spans where rollout = :r and run = "
            ":run) and final_at is null",
            {"r", 1}),
       "SEARCH calls USING INDEX calls_open_by_span (span_id=?)"},
      {plan("select max(started_at) from attempts where system = 'new-system'", {}), "INDEX attempts_on_new"},
  };
  for (const Line& line : lines) {
    CAPTURE(line.plan);
    CHECK(line.plan.find(line.uses) != std::string::npos);
    // A page comes in the index's order: nothing is sorted after the fact.
    CHECK(line.plan.find("TEMP B-TREE") == std::string::npos);
  }
}

TEST_CASE("the tables themselves refuse a second dial and a second owner") {
  InlineInMemory world;
  world.with_agent();
  world.dialed("c1", 1);
  world.create(world.call("c2", 1));
  const auto insert = [&](const char* id, const char* call, int number, const std::string& phone,
                          const char* provider_id, const char* token) {
    return world.run(world.stores().executor().write<void>([=](Db& db) -> Status {
      db.run(
          "insert into attempts (id, call_id, number, first_dial, system, provider, provider_call_id, phone, "
          "caller_id, "
          "status, reason, stream_token, node_id, lease_until, started_at, permission, route_bucket, route_position, "
          "route_percentage, route_reason, route_flag_version) values (:id, :call, :number, 1, 'new-system', "
          "'carrier', "
          ":provider_id, :phone, '', 'dialing', '', :token, 'n', 0, 0, '{}', 0, 0, 0, 'pinned', 1)",
          {id, call, number, provider_id, phone, token});
      return {};
    }));
  };
  world.get(world.ports().calls.mark_placed(AttemptId{"c1-1"}, "p1", start));
  const std::string other = world.phone(2).e164();
  const auto refusal = [&](const char* call, int number, const std::string& phone, const char* provider_id,
                           const char* token) {
    const Status stored = insert("x", call, number, phone, provider_id, token);
    return stored ? "stored" : std::string(to_string(stored.error().code)) + " " + stored.error().message;
  };
  struct Line {
    std::string refusal;
    std::string names;
  };
  const std::vector<Line> lines{
      {refusal("c2", 1, world.phone(1).e164(), "p2", "t2"), "attempts.phone"},  // the number rings
      {refusal("c1", 2, other, "p2", "t2"), "attempts.call_id"},                // the call rings
      {refusal("c2", 1, other, "p1", "t2"), "attempts.provider_call_id"},       // that is another's
      {refusal("c2", 1, other, "p2", "token-c1-1"), "attempts.stream_token"},
      {refusal("nobody", 1, other, "p2", "t2"), "FOREIGN KEY"},
  };
  for (const Line& line : lines) {
    CHECK(line.refusal.starts_with("CONFLICT "));
    CHECK(line.refusal.find(line.names) != std::string::npos);
  }
  CHECK(refusal("c2", 1, other, "p2", "t2") == "stored");
}

TEST_CASE("what an error says never holds the statement's values") {
  InlineInMemory world;
  world.with_agent();
  world.create(world.call("c1", 1));
  const auto twice = world.run(world.ports().calls.create(world.call("c1", 1), std::nullopt));
  REQUIRE_FALSE(twice.has_value());
  CHECK(twice.error().code == ErrorCode::conflict);
  CHECK(twice.error().message.find(world.phone(1).e164()) == std::string::npos);
  CHECK(twice.error().message.find("calls.id") != std::string::npos);
}

}  // namespace
}  // namespace callramp::sql
