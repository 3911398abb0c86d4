// What the flag store and the stores of administration do.
#pragma once

#include <algorithm>

#include "contract/store_world.hpp"

namespace callramp::contract {

TEST_CASE_TEMPLATE("a new database has the plan's flags at version 1", Database, CALLRAMP_STORES) {
  Database db;
  const FlagState state = db.get(db.ports().flags.current());
  CHECK(state.version == 1);
  CHECK(state.flags.outbound_calls_enabled);
  CHECK(state.flags.outbound_calls_percentage == *Percent::from_basis_points(500));
  CHECK(state.flags.enable_retry_logic);
  CHECK(state.flags.enable_voicemail_detection);
  CHECK(state.flags.enable_bulk_import);
  CHECK(db.get(db.ports().flags.history(10)).empty());
}

TEST_CASE_TEMPLATE("a change of flags is a version with history and audit", Database, CALLRAMP_STORES) {
  Database db;
  FlagStore& flags = db.ports().flags;
  const FlagState changed =
      db.get(flags.write({.patch = {.outbound_calls_percentage = *Percent::parse("12.5"), .enable_bulk_import = false},
                          .if_version = 1,
                          .actor = "asha",
                          .source = "api",
                          .reason = "week 2",
                          .now = start}));
  CHECK(changed.version == 2);
  CHECK(changed.changed_by == "asha");
  const FlagState read = db.get(flags.current());
  CHECK(read.version == 2);
  CHECK(read.flags == changed.flags);
  CHECK(read.changed_at == start);

  const auto same =
      db.get(flags.write({.patch = {.enable_bulk_import = false}, .actor = "asha", .source = "api", .now = start}));
  CHECK(same.version == 2);
  CHECK(
      db.error(flags.write({.patch = {.enable_bulk_import = true}, .if_version = 1, .actor = "x", .source = "api"})) ==
      ErrorCode::precondition_failed);
  FlagWrite refused{.patch = {.enable_bulk_import = true}, .actor = "op", .source = "api"};
  refused.allowed = [](const FeatureFlags& from, const FlagPatch& patch) -> Status {
    CHECK_FALSE(from.enable_bulk_import);
    CHECK(patch.enable_bulk_import == true);
    return fail(ErrorCode::forbidden, "operators only lower");
  };
  CHECK(db.error(flags.write(refused)) == ErrorCode::forbidden);
  CHECK(db.get(flags.current()).version == 2);

  db.get(flags.write({.patch = {.outbound_calls_enabled = false},
                      .actor = "op",
                      .source = "api",
                      .reason = "kill",
                      .now = start + seconds{1}}));
  const auto history = db.get(flags.history(10));
  REQUIRE(history.size() == 2);
  CHECK(history[0].version == 3);
  CHECK(history[0].reason == "kill");
  CHECK(history[1].from == FeatureFlags{.outbound_calls_percentage = *Percent::parse("5")});
  CHECK(history[1].to == changed.flags);
  CHECK(history[1].source == "api");
  CHECK(db.get(flags.history(1)).size() == 1);
  const auto audit = db.get(db.ports().audit.list(std::nullopt, 10));
  REQUIRE(audit.size() == 2);
  CHECK(audit[1].action == "flags.change");
  CHECK(audit[1].details_json.find(R"("to":{"outboundCallsPercentage":12.5,"enableBulkImport":false})") !=
        std::string::npos);
}

TEST_CASE_TEMPLATE("a pin is put and replaced and removed under audit", Database, CALLRAMP_STORES) {
  Database db;
  FlagStore& flags = db.ports().flags;
  db.ok(flags.put_pin(
      {.user = UserId{"u2"}, .reason = "vip", .actor = "op", .created_at = start, .until = start + hours{1}}));
  db.ok(flags.put_pin({.user = UserId{"+919876543210"}, .reason = "vip", .actor = "op", .created_at = start}));
  db.ok(flags.put_pin(
      {.user = UserId{"u2"}, .system = System::new_system, .reason = "beta", .actor = "op", .created_at = start}));
  const auto pins = db.get(flags.pins());
  REQUIRE(pins.size() == 2);
  CHECK(pins[0].user == UserId{"+919876543210"});
  CHECK(pins[1].system == System::new_system);
  CHECK(pins[1].reason == "beta");
  CHECK_FALSE(pins[1].until.has_value());
  db.ok(flags.remove_pin(UserId{"u2"}, "op", "over", start));
  CHECK(db.error(flags.remove_pin(UserId{"u2"}, "op", "over", start)) == ErrorCode::not_found);
  CHECK(db.get(flags.pins()).size() == 1);
  const auto audit = db.get(db.ports().audit.list(std::nullopt, 10));
  REQUIRE(audit.size() == 4);
  CHECK(audit[0].action == "pin.remove");
  CHECK(audit[2].subject == "+********3210");
}

TEST_CASE_TEMPLATE("the environment of the last start is kept whole", Database, CALLRAMP_STORES) {
  Database db;
  FlagStore& flags = db.ports().flags;
  using Seen = std::map<std::string, std::string>;
  CHECK(db.get(flags.seen_environment()).empty());
  db.ok(flags.store_seen_environment({{"OUTBOUND_CALLS_PERCENTAGE", "5"}, {"OUTBOUND_CALLS_ENABLED", ""}}));
  db.ok(flags.store_seen_environment({{"OUTBOUND_CALLS_PERCENTAGE", "10"}}));
  CHECK(db.get(flags.seen_environment()) == Seen{{"OUTBOUND_CALLS_PERCENTAGE", "10"}});
}

TEST_CASE_TEMPLATE("a token is named once while it lives and the last admin cannot go", Database, CALLRAMP_STORES) {
  Database db;
  TokenStore& tokens = db.ports().tokens;
  const auto token = [](const char* id, const char* name, Role role) {
    return Token{.id = TokenId{id}, .name = name, .role = role, .hash = std::string("hash-") + id, .created_at = start};
  };
  db.ok(tokens.add(token("1", "root", Role::admin), "system"));
  CHECK(db.error(tokens.add(token("2", "root", Role::viewer), "root")) == ErrorCode::conflict);
  CHECK(db.error(tokens.revoke(TokenId{"1"}, "root", start)) == ErrorCode::conflict);
  db.ok(tokens.add(token("3", "viewer", Role::viewer), "root"));
  db.ok(tokens.revoke(TokenId{"3"}, "root", start + seconds{1}));
  CHECK(db.error(tokens.revoke(TokenId{"3"}, "root", start)) == ErrorCode::not_found);
  db.ok(tokens.add(token("4", "viewer", Role::admin), "root"));
  db.ok(tokens.revoke(TokenId{"1"}, "viewer", start + seconds{2}));
  const auto all = db.get(tokens.list());
  REQUIRE(all.size() == 3);
  CHECK(all[0].revoked_at == start + seconds{2});
  CHECK(all[2].role == Role::admin);
  CHECK(all[2].hash == "hash-4");
  for (const AuditEntry& entry : db.get(db.ports().audit.list(std::nullopt, 10)))
    CHECK(entry.details_json.find("hash") == std::string::npos);
}

TEST_CASE_TEMPLATE("audit entries are counted up and listed newest first", Database, CALLRAMP_STORES) {
  Database db;
  AuditStore& audit = db.ports().audit;
  for (int n = 1; n <= 3; ++n)
    db.ok(audit.append({.at = start + seconds{n},
                        .actor = "asha",
                        .action = "test.act",
                        .subject = std::to_string(n),
                        .reason = "why",
                        .details_json = R"({"n":1})"}));
  const auto all = db.get(audit.list(std::nullopt, 10));
  REQUIRE(all.size() == 3);
  CHECK(all[0].subject == "3");
  CHECK(all[0].seq > all[1].seq);
  CHECK(all[0].at == start + seconds{3});
  CHECK(all[0].details_json == R"({"n":1})");
  const auto older = db.get(audit.list(all[1].seq, 10));
  REQUIRE(older.size() == 1);
  CHECK(older[0].subject == "1");
  CHECK(db.get(audit.list(std::nullopt, 2)).size() == 2);
}

TEST_CASE_TEMPLATE("an agent is replaced whole and kept while calls need it", Database, CALLRAMP_STORES) {
  Database db;
  AgentStore& agents = db.ports().agents;
  CHECK(db.error(agents.get(AgentId{"asha"})) == ErrorCode::agent_not_found);
  Agent agent = db.agent();
  agent.max_duration = seconds{90};
  agent.max_turns = 7;
  db.ok(agents.put(agent, "op"));
  agent.prompt = "Be brief.";
  agent.updated_at = start + seconds{1};
  db.ok(agents.put(agent, "op"));
  const Agent read = db.get(agents.get(AgentId{"asha"}));
  CHECK(read.prompt == "Be brief.");
  CHECK(read.disclosure == agent.disclosure);
  CHECK(read.stt_model == agent.stt_model);
  CHECK(read.max_duration == seconds{90});
  CHECK(read.max_turns == 7);
  CHECK(read.updated_at == start + seconds{1});
  db.ok(agents.put(db.agent("ravi"), "op"));
  CHECK(db.get(agents.list()).size() == 2);

  db.create(db.call("c1", 1));
  CHECK(db.error(agents.remove(AgentId{"asha"}, "op", start)) == ErrorCode::conflict);
  db.get(db.ports().calls.request_cancel(CallId{"c1"}, "op", start));
  db.ok(agents.remove(AgentId{"asha"}, "op", start));
  CHECK(db.error(agents.remove(AgentId{"asha"}, "op", start)) == ErrorCode::agent_not_found);
}

TEST_CASE_TEMPLATE("do-not-call ends what was not dialed and leaves what was", Database, CALLRAMP_STORES) {
  Database db;
  db.with_agent();
  DoNotCallStore& list = db.ports().do_not_call;
  db.dialed("dialed", 1);
  db.create(db.call("waiting", 1));
  db.create(db.call("other", 2));
  CHECK(db.get(list.add({.phone = db.phone(1), .reason = "asked", .actor = "op", .created_at = start + seconds{1}})) ==
        1);
  const Call ended = db.get(db.ports().calls.get(CallId{"waiting"})).call;
  CHECK(ended.outcome == Outcome::cancelled);
  CHECK(ended.final_at == start + seconds{1});
  CHECK(db.get(db.ports().calls.get(CallId{"dialed"})).call.status == CallStatus::dialing);
  CHECK(db.get(db.ports().calls.get(CallId{"other"})).call.status == CallStatus::queued);
  CHECK(db.get(list.add({.phone = db.phone(1), .reason = "again", .actor = "op", .created_at = start})) == 0);

  const auto found = db.get(list.find(db.phone(1)));
  REQUIRE(found.has_value());
  CHECK(found->reason == "again");
  db.get(list.add({.phone = db.phone(0), .reason = "asked", .actor = "op", .created_at = start}));
  CHECK(db.get(list.list(1, 1)).at(0).phone == db.phone(0));
  CHECK(db.get(list.list(2, 1)).at(0).phone == db.phone(1));
  db.ok(list.remove(db.phone(1), "op", "changed mind", start));
  CHECK(db.error(list.remove(db.phone(1), "op", "", start)) == ErrorCode::not_found);
  CHECK_FALSE(db.get(list.find(db.phone(1))).has_value());
  for (const AuditEntry& entry : db.get(db.ports().audit.list(std::nullopt, 10)))
    CHECK(entry.subject.find(db.phone(1).e164()) == std::string::npos);
}

TEST_CASE_TEMPLATE("a setting is put and replaced", Database, CALLRAMP_STORES) {
  Database db;
  CHECK_FALSE(db.get(db.ports().settings.get("secret")).has_value());
  db.ok(db.ports().settings.put("secret", "a"));
  db.ok(db.ports().settings.put("secret", ""));
  CHECK(db.get(db.ports().settings.get("secret")) == "");
}

TEST_CASE_TEMPLATE("a reported outcome is counted once", Database, CALLRAMP_STORES) {
  Database db;
  OutcomeStore& outcomes = db.ports().outcomes;
  ReportedOutcome report{.external_id = "x1",
                         .user = UserId{"u"},
                         .phone = db.phone(1),
                         .started_at = start,
                         .outcome = Outcome::completed,
                         .duration = seconds{30}};
  CHECK(db.get(outcomes.report(report, start + minutes{1})));
  CHECK_FALSE(db.get(outcomes.report(report, start + minutes{2})));
  ReportedOutcome changed = report;
  changed.outcome = Outcome::busy;
  CHECK(db.error(outcomes.report(changed, start)) == ErrorCode::conflict);
  CHECK(db.get(outcomes.report(
      {.external_id = "x2", .user = UserId{"u"}, .started_at = start, .outcome = Outcome::completed}, start)));
  CHECK(db.get(outcomes.report(
      {.external_id = "x3", .user = UserId{"u"}, .started_at = start, .outcome = Outcome::cancelled}, start)));
  CHECK(db.get(outcomes.report({.external_id = "x4",
                                .user = UserId{"u"},
                                .started_at = start,
                                .outcome = Outcome::no_answer,
                                .duration = seconds{25}},
                               start)));
  const auto counts = db.get(outcomes.counts(start, start + minutes{5}));
  REQUIRE(counts.size() == 2);
  CHECK(counts[0].system == System::old_system);
  CHECK(counts[0].outcome == Outcome::completed);
  CHECK(counts[0].calls == 2);
  CHECK(counts[0].connected == 1);  // no duration: nobody is claimed to have been connected
  CHECK(counts[1].outcome == Outcome::no_answer);
  CHECK(counts[1].connected == 0);  // it rang for 25 s
}

}  // namespace callramp::contract
