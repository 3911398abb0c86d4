// `callramp rollout start · advance · hold · extend · resume · rollback · …` and what people sign: approve, check,
// confirm, waive. Every one gives its reason and prints the decision that it made.
#include <fmt/format.h>

#include <charconv>
#include <istream>
#include <ostream>

#include "app/commands/rollout_group.hpp"
#include "app/json_print.hpp"
#include "app/rollout_print.hpp"
#include "base/time.hpp"

namespace callramp::app {
namespace {

/// Whether an order may go out. One that moves users is shown first to whoever sits there: what it would do, and whom
/// it moves. A script is not asked.
Ran confirm_move(const Arguments& arguments, Terminal& terminal, const Client& client, const std::string& target,
                 json::object body) {
  if (!terminal.asks || arguments.has("--yes")) return {};
  body["dryRun"] = true;
  TRY(answer, client.send("POST", target, body));
  const std::string whom = shown(answer.body, "switches/sentence");
  if (whom == "-") return {};
  terminal.err << shown(answer.body, "from") << " % becomes " << shown(answer.body, "to") << " %: " << whom
               << ". Go on? [y/N] " << std::flush;
  std::string said;
  std::getline(terminal.in, said);
  if (said == "y" || said == "yes") return {};
  return refused("nothing was ordered");
}

/// POST …/`verb`, and the decision that came of it.
Ran order(const Arguments& arguments, Terminal& terminal, const std::string& verb, json::object body) {
  body["reason"] = arguments.required("--reason");
  TRY(client, Client::create(terminal));
  TRY(path, rollout_path(arguments, client));
  TRY_VOID(confirm_move(arguments, terminal, client, path + "/" + verb, body));
  TRY(answer, client.send("POST", path + "/" + verb, body));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_decision(out, answer.body); });
}

// With a plan file: the plan first, and then its start.
Ran start(const Arguments& arguments, Terminal& terminal) {
  if (const auto file = arguments.text("PLAN")) {
    TRY(client, Client::create(terminal));
    TRY_VOID(upload_plan(client, *file, arguments.text("--reason"), false));
  }
  return order(arguments, terminal, "start", {});
}

Handler plain_order(const std::string& verb) {
  return [verb](const Arguments& arguments, Terminal& terminal) { return order(arguments, terminal, verb, {}); };
}

Ran advance(const Arguments& arguments, Terminal& terminal) {
  json::object body;
  if (arguments.has("--despite-evidence")) body["despiteEvidence"] = true;
  return order(arguments, terminal, "advance", std::move(body));
}

Ran extend(const Arguments& arguments, Terminal& terminal) {
  std::string text = arguments.required("DAYS");
  if (text.ends_with('d')) text.pop_back();
  int days = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), days);
  if (error != std::errc{} || end != text.data() + text.size() || days < 3 || days > 7)
    return bad_usage("'" + arguments.required("DAYS") + "': a phase is extended by 3d to 7d");
  return order(arguments, terminal, "extend", {{"days", days}});
}

Ran rollback(const Arguments& arguments, Terminal& terminal) {
  return order(arguments, terminal, "rollback", {{"target", arguments.has("--to-zero") ? "zero" : "previous_phase"}});
}

Ran drill(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(path, rollout_path(arguments, client));
  TRY(answer, client.send("POST", path + "/drill", json::object{{"reason", arguments.required("--reason")}}));
  return print_answer(arguments, terminal, answer,
                      [&](std::ostream& out) { out << shown(answer.body, "sentence") << '\n'; });
}

Ran pin(const Arguments& arguments, Terminal& terminal) {
  const std::string system = arguments.required("SYSTEM");
  if (system != "old" && system != "new") return bad_usage("the system is '" + system + "'; it is old or new");
  json::object body{{"userId", arguments.required("USER")},
                    {"system", system + "-system"},
                    {"reason", arguments.required("--reason")}};
  if (const auto until = arguments.text("--until")) {
    TRY(at, typed(parse_iso(*until)));
    body["until"] = to_iso(at);
  }
  TRY(client, Client::create(terminal));
  TRY(path, rollout_path(arguments, client));
  TRY(answer, client.send("POST", path + "/pin", body));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_record(out, answer.body); });
}

Ran waive(const Arguments& arguments, Terminal& terminal) {
  TRY(until, typed(parse_iso(arguments.required("--until"))));
  TRY(client, Client::create(terminal));
  TRY(path, rollout_path(arguments, client));
  TRY(answer, client.send("POST", path + "/waive",
                          json::object{{"criterion", arguments.required("CRITERION")},
                                       {"reason", arguments.required("--reason")},
                                       {"until", to_iso(until)}}));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << "Waived until " << shown(answer.body, "until") << ": " << shown(answer.body, "criterion")
        << ". It gates nothing until then, and every report says so.\n";
  });
}

json::object signature_body(const Arguments& arguments) {
  json::object body;
  if (const auto note = arguments.text("--note")) body["note"] = *note;
  if (const auto link = arguments.text("--link")) body["link"] = *link;
  return body;
}

Ran approve(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(path, rollout_path(arguments, client));
  json::object body = signature_body(arguments);
  body["criterion"] = arguments.required("CRITERION");
  const std::string text = arguments.required("--decision");
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size() || id < 1)
    return bad_usage("--decision is '" + text + "'; it is the id that `callramp rollout decisions` shows");
  body["decisionId"] = id;
  TRY(answer, client.send("POST", path + "/approvals", body));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << shown(answer.body, "by") << " has approved: " << shown(answer.body, "subject")
        << ". It goes stale when what was seen changes, or after 72 hours.\n";
  });
}

Ran check(const Arguments& arguments, Terminal& terminal) {
  const std::string list = arguments.required("LIST");
  const std::string item = arguments.required("ITEM");
  json::object body = signature_body(arguments);
  const bool of_incident = list == "incident";
  if (of_incident && !body.contains("note"))
    return bad_usage("an incident's item is closed with --note: what was done, found or decided");
  if (of_incident && arguments.has("--undo")) return bad_usage("an incident's item is not opened again");
  if (arguments.has("--undo")) body["done"] = false;
  TRY(client, Client::create(terminal));
  TRY(path, rollout_path(arguments, client));
  const std::string where = of_incident ? "/incident/" : "/checklists/" + net::percent_encode(list) + "/";
  TRY(answer, client.send("POST", path + where + net::percent_encode(item), body));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    if (of_incident) {
      for (const json::value& one : list_at(answer.body, "items"))
        out << (shown(one, "done") == "true" ? "■ " : "□ ") << shown(one, "name") << '\n';
    } else {
      out << (shown(answer.body, "done") == "true" ? "■ " : "□ ") << shown(answer.body, "text") << '\n';
    }
  });
}

Ran confirm(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(path, rollout_path(arguments, client));
  TRY(answer, client.send("POST", path + "/confirmations/" + net::percent_encode(arguments.required("NAME")),
                          signature_body(arguments)));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << shown(answer.body, "by") << " has confirmed: " << shown(answer.body, "subject") << '\n';
  });
}

Command with_yes(Command command) {
  return command.flag("--yes", "Do not ask before users are moved; without a terminal nobody is asked");
}

Command with_reason(Command command) {
  return with_rollout(command.option("--reason", "TEXT", "Why; stands in the decision", true)).json();
}

Command with_signature(Command command) {
  return with_rollout(command.option("--note", "TEXT", "What was seen or done")
                          .option("--link", "URL", "Where it is written down"))
      .json();
}

void add_signature_commands(Command rollout) {
  with_signature(rollout.add("approve", "Approve a criterion, as one of its approvers, on the decision that was seen")
                     .argument("CRITERION", "Like \"approved_by(stakeholder)\"")
                     .option("--decision", "ID", "The decision that was seen", true))
      .example("callramp rollout approve \"approved_by(stakeholder)\" --decision 41 --note \"go\"")
      .runs(approve);
  with_signature(rollout.add("check", "Tick an item of a checklist, or close one of the incident")
                     .argument("LIST", "Name of the checklist, or incident")
                     .argument("ITEM", "Id of the item")
                     .flag("--undo", "Take the tick back"))
      .example("callramp rollout check phase-end metrics-reviewed")
      .example("callramp rollout check incident root-cause --note \"stale DNS\" --link https://tracker/7")
      .runs(check);
  with_signature(
      rollout.add("confirm", "Confirm by name what no machine sees").argument("NAME", "As in confirmed(NAME)"))
      .example("callramp rollout confirm failover-tested --link https://wiki/failover")
      .runs(confirm);
  with_rollout(rollout.add("waive", "Let a criterion gate nothing for a while; never a trigger (admin)")
                   .argument("CRITERION", "Its text, as `status` shows it")
                   .option("--reason", "TEXT", "Why; stands in every report", true)
                   .option("--until", "TIME", "Like 2026-12-24T18:00:00Z", true))
      .json()
      .example(
          "callramp rollout waive \"voicemail_accuracy > 80%\" --until 2026-12-24T18:00:00Z --reason \"no labels\"")
      .runs(waive);
}

}  // namespace

void add_rollout_order_commands(Command rollout) {
  with_yes(with_reason(rollout.add("start", "Start the planned rollout: its first phase, run 1")
                           .argument("PLAN", "Plan file (YAML) to give first, where it was not put yet", false)))
      .example("callramp rollout start --reason \"go of 24 November\"")
      .example("callramp rollout start examples/rollout.yaml --reason \"go of 24 November\"")
      .runs(start);
  with_yes(with_reason(rollout.add("advance", "Go to the next phase; refused while its gate is closed")))
      .flag("--despite-evidence", "Although the gate is not open: admin, named in every report")
      .example("callramp rollout advance --reason \"week 1 approved in the meeting\"")
      .runs(advance);
  with_reason(rollout.add("hold", "Do not grow, whatever the evidence says"))
      .example("callramp rollout hold --reason \"festival week\"")
      .runs(plain_order("hold"));
  with_reason(rollout.add("extend", "Make this phase longer, by 3d to 7d").argument("DAYS", "3d to 7d"))
      .example("callramp rollout extend 3d --reason \"too few retries\"")
      .runs(extend);
  with_yes(with_reason(rollout.add("resume",
                                   "Go on after a hold or a freeze; after a rollback as a new run with zero evidence")))
      .example("callramp rollout resume --reason \"fixed in 1.4.2, re-tested\"")
      .runs(plain_order("resume"));
  with_yes(with_reason(rollout.add("rollback", "Back to the last phase that passed, or to zero")))
      .flag("--to-zero", "Everything back to the old system")
      .example("callramp rollout rollback --reason \"callers hear silence\"")
      .example("callramp rollout rollback --to-zero --reason \"wrong script\"")
      .runs(rollback);
  with_reason(rollout.add("complete", "Close the last phase and begin to watch")).runs(plain_order("complete"));
  with_reason(rollout.add("declare", "Declare success after the watch")).runs(plain_order("declare"));
  with_reason(rollout.add("decommission-old", "There is no old system any more; says which ways back it removes"))
      .runs(plain_order("decommission-old"));
  with_reason(rollout.add("drill", "Practise the way back: 0 %, and back again when the last dial is over"))
      .example("callramp rollout drill --reason \"monthly\"")
      .runs(drill);
  with_reason(rollout.add("pin", "Hold a user on one system, outside the evidence")
                  .argument("USER", "User id")
                  .argument("SYSTEM", "old or new")
                  .option("--until", "TIME", "When it ends by itself"))
      .example("callramp rollout pin user-17 old --reason \"asked for it\"")
      .runs(pin);
  add_signature_commands(rollout);
}

}  // namespace callramp::app
