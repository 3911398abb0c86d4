// `callramp rollout list · status · decisions · explain · plan`: how it stands, what was decided and why.
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <ostream>

#include "app/commands/rollout_group.hpp"
#include "app/json_print.hpp"
#include "app/rollout_print.hpp"

namespace callramp::app {
namespace {

Ran list_rollouts(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get("/api/v1/rollouts"));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    print_rows(out, list_at(answer.body, "rollouts"),
               {{"NAME", "name"},
                {"STATE", "state"},
                {"RUN", "run"},
                {"PHASE", "phase"},
                {"%", "percentage"},
                {"DECISION", "sentence"}},
               "There is no rollout: `callramp rollout plan put FILE` makes one of a plan.");
  });
}

Ran status(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(path, rollout_path(arguments, client));
  TRY(answer, client.get(path));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_rollout(out, answer.body); });
}

Ran decisions(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(path, rollout_path(arguments, client));
  TRY(answer, client.get(path + "/decisions" +
                         query_of({{"before", arguments.text("--before")}, {"limit", arguments.text("--limit")}})));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_decisions(out, answer.body); });
}

// The newest decision's id.
Done<std::string> newest_decision(const Client& client, const std::string& path) {
  TRY(answer, client.get(path + "/decisions?limit=1"));
  const json::array& list = list_at(answer.body, "decisions");
  if (list.empty()) return refused("there is no decision yet: the first comes when the rollout is started");
  return shown(list[0], "id");
}

Ran explain(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(path, rollout_path(arguments, client));
  std::string id = arguments.text("ID").value_or("");
  if (id.empty()) {
    TRY(newest, newest_decision(client, path));
    id = newest;
  }
  if (id.find_first_not_of("0123456789") != std::string::npos)
    return bad_usage("'" + id + "' is no decision; `callramp rollout decisions` lists their ids");
  TRY(answer, client.get(path + "/decisions/" + id + "/explain"));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_explanation(out, answer.body); });
}

Ran show_plan(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(path, rollout_path(arguments, client));
  TRY(answer, client.get(path + "/plan" + query_of({{"hash", arguments.text("--hash")}})));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    const std::string yaml = shown(answer.body, "yaml");
    out << yaml << (yaml.ends_with('\n') ? "" : "\n");
  });
}

void print_plan_reply(std::ostream& out, const json::value& reply) {
  const json::array& changes = list_at(reply, "changes");
  for (const json::value& change : changes) {
    out << "  " << shown(change, "what");
    if (shown(change, "movesUsers") == "true") out << "  (moves users)";
    if (shown(change, "changesTest") == "true") out << "  (changes a running test)";
    out << '\n';
  }
  for (const json::value& warning : list_at(reply, "warnings")) out << "  Note: " << shown(warning, "message") << '\n';
  const std::string name = shown(reply, "name");
  const std::string hash = shown(reply, "hash").substr(0, 12);
  if (shown(reply, "created") == "true")
    out << name << " is planned (plan " << hash << "); start it with `callramp rollout start --reason …`.\n";
  else if (shown(reply, "applied") == "true")
    out << "Plan " << hash << " of " << name << " is in force.\n";
  else if (changes.empty())
    out << "Plan " << hash << " of " << name << " is in force already.\n";
  else
    out << "Nothing was stored.\n";
}

Ran put_plan(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, upload_plan(client, arguments.required("FILE"), arguments.text("--reason"), arguments.has("--dry-run")));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_plan_reply(out, answer.body); });
}

}  // namespace

Done<ApiAnswer> upload_plan(const Client& client, const std::string& file, const std::optional<std::string>& reason,
                            bool dry_run) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return bad_usage("cannot read '" + file + "'; give a plan file like examples/rollout.yaml");
  const std::string yaml{std::istreambuf_iterator<char>(stream), {}};
  const std::string query = query_of({{"file", file.substr(file.rfind('/') + 1)},
                                      {"reason", reason},
                                      {"dryRun", dry_run ? std::optional<std::string>("true") : std::nullopt}});
  return client.send_text("POST", "/api/v1/rollouts" + query, yaml, "application/yaml");
}

Command with_rollout(Command command) {
  return command.option("--rollout", "NAME", "Which, where there is more than one");
}

Done<std::string> rollout_path(const Arguments& arguments, const Client& client) {
  const std::string all = "/api/v1/rollouts";
  if (const auto name = arguments.text("--rollout")) return all + "/" + net::percent_encode(*name);
  TRY(answer, client.get(all));
  const json::array& list = list_at(answer.body, "rollouts");
  if (list.empty()) return refused("there is no rollout: `callramp rollout plan put FILE` makes one of a plan");
  if (list.size() == 1) return all + "/" + net::percent_encode(shown(list[0], "name"));
  std::string names;
  for (const json::value& one : list) names += (names.empty() ? "" : ", ") + shown(one, "name");
  return bad_usage("there is more than one rollout; say --rollout NAME: " + names);
}

void add_rollout_show_commands(Command rollout) {
  rollout.add("list", "All rollouts").json().example("callramp rollout list").runs(list_rollouts);
  with_rollout(rollout.add("status", "May we go on? The decision, what the evidence says, what is owed"))
      .json()
      .example("callramp rollout status")
      .runs(status);
  with_rollout(rollout.add("decisions", "The decision log, newest first"))
      .option("--before", "ID", "Older than this one")
      .option("--limit", "N", "At most, 1 to 100")
      .json()
      .example("callramp rollout decisions --limit 50")
      .runs(decisions);
  with_rollout(rollout.add("explain", "A decision with its arithmetic, decided again from what it was decided on"))
      .argument("ID", "Decision; the newest if not given", false)
      .json()
      .example("callramp rollout explain 41")
      .runs(explain);
  Command plan = rollout.add("plan", "The plan: what is in force, and new versions of it");
  with_rollout(plan.add("show", "The plan in force, as it was given"))
      .option("--hash", "HASH", "Another version")
      .json()
      .example("callramp rollout plan show > plan.yaml")
      .runs(show_plan);
  plan.add("put", "Give a plan, or a new version of one; says what it changes")
      .argument("FILE", "Plan file (YAML)")
      .option("--reason", "TEXT", "Why; needed where it moves users or changes a running test")
      .flag("--dry-run", "Only say what would change")
      .json()
      .example("callramp rollout plan put examples/rollout.yaml")
      .example("callramp rollout plan put plan.yaml --dry-run")
      .runs(put_plan);
}

}  // namespace callramp::app
