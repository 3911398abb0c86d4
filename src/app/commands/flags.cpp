// `callramp flags …`, `pin` and `unpin`: the five flags, their history, and users held on one system.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ostream>

#include "app/client.hpp"
#include "app/commands/groups.hpp"
#include "app/json_print.hpp"
#include "core/flags/flags.hpp"

namespace callramp::app {
namespace {

const std::string flags_path = "/api/v1/admin/feature-flags";
const std::string pins_path = "/api/v1/admin/pins";

constexpr std::array flag_names{"outboundCallsEnabled", "outboundCallsPercentage", "enableRetryLogic",
                                "enableVoicemailDetection", "enableBulkImport"};

Done<json::object> parse_assignments(const std::vector<std::string>& assignments) {
  json::object patch;
  for (const std::string& assignment : assignments) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos)
      return bad_usage("'" + assignment + "' is not KEY=VALUE, like outboundCallsPercentage=10");
    const std::string key = assignment.substr(0, equals);
    const std::string value = assignment.substr(equals + 1);
    if (std::ranges::find(flag_names, key) == flag_names.end())
      return bad_usage(fmt::format("there is no flag '{}'; the five are {}", key, fmt::join(flag_names, ", ")));
    if (patch.contains(key)) return bad_usage("'" + key + "' stands there twice");
    if (key == "outboundCallsPercentage") {
      TRY(percentage, typed(Percent::parse(value)));
      patch[key] = percentage.number();
    } else if (value == "true" || value == "false") {
      patch[key] = value == "true";
    } else {
      return bad_usage("'" + assignment + "': " + key + " is true or false");
    }
  }
  return patch;
}

void print_flags(std::ostream& out, const json::value& body) {
  print_record(out, body);
  for (const json::value& node : list_at(body, "unconfirmedNodes"))
    out << "Not confirmed by node " << json::serialize(node) << ": ask it with `callramp flags get`, or stop it.\n";
}

Ran change(const Arguments& arguments, Terminal& terminal, const std::string& method, const std::string& path,
           json::object body) {
  net::Headers headers;
  if (const auto version = arguments.text("--if-version")) {
    if (version->empty() || version->find_first_not_of("0123456789") != std::string::npos)
      return bad_usage("--if-version is '" + *version + "'; it is the version that `callramp flags get` shows");
    headers.add("If-Match", "\"" + *version + "\"");
  }
  if (const auto reason = arguments.text("--reason")) body["reason"] = *reason;
  TRY(client, Client::create(terminal));
  TRY(answer, client.send(method, path, body, std::move(headers)));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_flags(out, answer.body); });
}

Ran set_flags(const Arguments& arguments, Terminal& terminal) {
  TRY(patch, parse_assignments(arguments.all("KEY=VALUE")));
  return change(arguments, terminal, "PATCH", flags_path, std::move(patch));
}

Ran kill(const Arguments& arguments, Terminal& terminal) {
  json::object body{{"outboundCallsEnabled", false}};
  if (arguments.has("--hang-up-active")) body["hangUpActive"] = true;
  return change(arguments, terminal, "PATCH", flags_path, std::move(body));
}

Ran enable(const Arguments& arguments, Terminal& terminal) {
  return change(arguments, terminal, "PATCH", flags_path, {{"outboundCallsEnabled", true}});
}

Ran undo(const Arguments& arguments, Terminal& terminal) {
  return change(arguments, terminal, "POST", flags_path + "/undo", {});
}

Ran get_flags(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(flags_path));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_flags(out, answer.body); });
}

// "outboundCallsPercentage 5 → 10" of all that changed.
std::string what_changed(const json::value& change) {
  std::string text;
  for (const std::string name : flag_names)
    if (shown(change, "from/" + name) != shown(change, "to/" + name))
      text += fmt::format("{}{} {} → {}", text.empty() ? "" : ", ", name, shown(change, "from/" + name),
                          shown(change, "to/" + name));
  return text.empty() ? "nothing" : text;
}

Ran history(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(flags_path + "/history"));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    json::array rows = list_at(answer.body, "changes");
    for (json::value& row : rows) row.as_object()["change"] = what_changed(row);
    print_rows(out, rows,
               {{"VERSION", "version"}, {"AT", "at"}, {"BY", "actor"}, {"CHANGE", "change"}, {"REASON", "reason"}},
               "The flags have never been changed.");
  });
}

Ran pin(const Arguments& arguments, Terminal& terminal) {
  const auto user = arguments.text("USER");
  const auto system = arguments.text("SYSTEM");
  const auto reason = arguments.text("--reason");
  if (!user || !system || !reason)
    return bad_usage("pin needs a user, a system and a reason: callramp pin user-17 old --reason \"asked for it\"");
  TRY(checked_user, typed(parse_user_id(*user)));
  if (*system != "old" && *system != "new") return bad_usage("the system is '" + *system + "'; it is old or new");
  json::object body{{"userId", checked_user.str()}, {"system", *system + "-system"}, {"reason", *reason}};
  if (const auto until = arguments.text("--until")) {
    TRY(at, typed(parse_iso(*until)));
    body["until"] = to_iso(at);
  }
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", pins_path, body));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_record(out, answer.body); });
}

Ran list_pins(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(pins_path));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    print_rows(out, list_at(answer.body, "pins"),
               {{"USER", "userId"}, {"SYSTEM", "system"}, {"UNTIL", "until"}, {"BY", "pinnedBy"}, {"REASON", "reason"}},
               "Nobody is pinned.");
  });
}

Ran unpin(const Arguments& arguments, Terminal& terminal) {
  const std::string user = arguments.required("USER");
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", pins_path + "/remove",
                          json::object{{"userId", user}, {"reason", arguments.required("--reason")}}));
  return print_answer(arguments, terminal, answer,
                      [&](std::ostream& out) { out << user << " follows the percentage again.\n"; });
}

Command with_change_options(Command command, const std::string& reason_help) {
  return command.option("--reason", "TEXT", reason_help)
      .option("--if-version", "N", "Only if the flags still have this version")
      .json();
}

}  // namespace

void add_flag_commands(Command root) {
  Command flags = root.add("flags", "The feature flags: who gets the new system, and whether it dials at all");
  flags.add("get", "Show the flags in force").json().example("callramp flags get").runs(get_flags);
  with_change_options(flags.add("set", "Change flags; all of them or none")
                          .arguments("KEY=VALUE", fmt::format("Of {}", fmt::join(flag_names, ", "))),
                      "Why; stands in the history")
      .example("callramp flags set outboundCallsPercentage=10 --reason \"week 2\"")
      .example("callramp flags set enableRetryLogic=false enableBulkImport=false --if-version 7")
      .runs(set_flags);
  with_change_options(flags.add("kill", "The kill switch: no new dial on the new system from the moment this returns")
                          .flag("--hang-up-active", "End calls in progress as well, with one spoken apology"),
                      "Why; stands in the history")
      .example("callramp flags kill --reason \"callers hear silence\"")
      .example("callramp flags kill --hang-up-active --reason \"wrong script\"")
      .runs(kill);
  with_change_options(flags.add("enable", "Undo the kill switch; the percentage is what it was"),
                      "Why; stands in the history")
      .example("callramp flags enable --reason \"fixed in 1.4.2\"")
      .runs(enable);
  with_change_options(flags.add("undo", "Take back the last change"), "Why; stands in the history")
      .example("callramp flags undo --reason \"typo\"")
      .runs(undo);
  flags.add("history", "Who changed what, when and why").json().example("callramp flags history").runs(history);

  Command pins = root.add("pin", "Hold a user on one system, outside the evidence");
  pins.add("list", "Who is pinned").json().example("callramp pin list").runs(list_pins);
  pins.argument("USER", "User id", false)
      .argument("SYSTEM", "old or new", false)
      .option("--reason", "TEXT", "Why (required)")
      .option("--until", "TIME", "When it ends by itself, like 2026-12-24T18:00:00Z")
      .json()
      .example("callramp pin user-17 old --reason \"asked for it\" --until 2026-12-24T18:00:00Z")
      .runs(pin);
  root.add("unpin", "Let a pinned user follow the percentage again")
      .argument("USER", "User id")
      .option("--reason", "TEXT", "Why", true)
      .json()
      .example("callramp unpin user-17 --reason \"tried it and liked it\"")
      .runs(unpin);
}

}  // namespace callramp::app
