// `callramp do-not-call …`, `outcomes`, `stats` and `audit`: what is kept about calls and about who did what.
#include <fmt/format.h>

#include <charconv>
#include <ostream>

#include "app/client.hpp"
#include "app/commands/groups.hpp"
#include "app/json_print.hpp"
#include "app/table.hpp"
#include "core/calls/types.hpp"

namespace callramp::app {
namespace {

const std::string do_not_call_path = "/api/v1/do-not-call";

Ran add_number(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", do_not_call_path,
                          json::object{{"phoneNumber", arguments.required("NUMBER")},
                                       {"reason", arguments.required("--reason")}}));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << shown(answer.body, "phoneNumber")
        << " will not be called any more; calls that waited and are ended: " << shown(answer.body, "callsEnded")
        << ".\n";
  });
}

Ran remove_number(const Arguments& arguments, Terminal& terminal) {
  const std::string number = arguments.required("NUMBER");
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", do_not_call_path + "/remove",
                          json::object{{"phoneNumber", number}, {"reason", arguments.required("--reason")}}));
  return print_answer(arguments, terminal, answer,
                      [&](std::ostream& out) { out << number << " may be called again.\n"; });
}

Ran check_number(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer,
      client.send("POST", do_not_call_path + "/check", json::object{{"phoneNumber", arguments.required("NUMBER")}}));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    if (shown(answer.body, "listed") == "true")
      out << "listed by " << shown(answer.body, "entry/addedBy") << " at " << shown(answer.body, "entry/createdAt")
          << ": " << shown(answer.body, "entry/reason") << '\n';
    else
      out << "not listed\n";
  });
}

Ran list_numbers(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(do_not_call_path +
                         query_of({{"page", arguments.text("--page")}, {"limit", arguments.text("--limit")}})));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    print_rows(out, list_at(answer.body, "entries"),
               {{"PHONE", "phoneNumber"}, {"ADDED", "createdAt"}, {"BY", "addedBy"}, {"REASON", "reason"}},
               "The list is empty.");
  });
}

Ran report_outcome(const Arguments& arguments, Terminal& terminal) {
  const std::string system = arguments.required("--system");
  if (system != "old" && system != "new") return bad_usage("--system is '" + system + "'; it is old or new");
  TRY(started_at, typed(parse_iso(arguments.required("--started-at"))));
  TRY(outcome, typed(parse_outcome(arguments.required("--outcome"))));
  json::object body{{"externalId", arguments.required("--external-id")},
                    {"userId", arguments.required("--user")},
                    {"system", system + "-system"},
                    {"startedAt", to_iso(started_at)},
                    {"outcome", to_string(outcome)}};
  if (const auto phone = arguments.text("--phone")) body["phoneNumber"] = *phone;
  if (const auto text = arguments.text("--duration")) {
    int span = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), span);
    if (error != std::errc{} || end != text->data() + text->size() || span < 0)
      return bad_usage("--duration is '" + *text + "'; it is whole seconds");
    body["durationSeconds"] = span;
  }
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", "/api/v1/outcomes", body));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << (shown(answer.body, "recorded") == "true" ? "recorded\n" : "known already, nothing changed\n");
  });
}

// "71.0 %", or "-" where there were no calls: no evidence is never success.
std::string rate(const json::value& sums, std::string_view name) {
  boost::system::error_code none;
  const json::value* value = sums.find_pointer("/" + std::string(name), none);
  if (value == nullptr || !value->is_number()) return "-";
  return fmt::format("{:.1f} %", value->to_number<double>() * 100);
}

Ran stats(const Arguments& arguments, Terminal& terminal) {
  for (const std::string option : {"--from", "--to"})
    if (const auto text = arguments.text(option)) TRY_VOID(typed(parse_iso(*text)));
  TRY(client, Client::create(terminal));
  TRY(answer, client.get("/api/v1/stats/outbound" +
                         query_of({{"from", arguments.text("--from")}, {"to", arguments.text("--to")}})));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << shown(answer.body, "from") << " to " << shown(answer.body, "to") << '\n';
    Table table({"SYSTEM", "CALLS", "SUCCESSFUL", "SUCCESS", "FAILED", "ERRORS", "CONNECTED"});
    const auto add = [&](const std::string& name, const json::value& sums) {
      table.add({name, shown(sums, "calls"), shown(sums, "successful"), rate(sums, "successRate"),
                 shown(sums, "failed"), rate(sums, "errorRate"), shown(sums, "connected")});
    };
    boost::system::error_code none;
    const json::value* systems = answer.body.find_pointer("/systems", none);
    if (systems != nullptr && systems->is_object())
      for (const auto& system : systems->get_object()) add(std::string(system.key()), system.value());
    add("both", answer.body);
    table.print(out);
    if (systems == nullptr || !systems->is_object()) return;
    for (const auto& system : systems->get_object())
      if (const std::string outcomes = shown(system.value(), "outcomes"); outcomes != "-" && outcomes != "{}")
        out << std::string_view(system.key()) << ": " << outcomes << '\n';
  });
}

Ran audit(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get("/api/v1/audit" +
                         query_of({{"before", arguments.text("--before")}, {"limit", arguments.text("--limit")}})));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    print_rows(out, list_at(answer.body, "entries"),
               {{"SEQ", "seq"},
                {"AT", "at"},
                {"BY", "actor"},
                {"ACTION", "action"},
                {"SUBJECT", "subject"},
                {"REASON", "reason"}},
               "Nothing yet.");
  });
}

void add_do_not_call_commands(Command root) {
  Command list = root.add("do-not-call", "Numbers that are never dialed");
  list.add("add", "Never dial a number again; ends its calls that wait")
      .argument("NUMBER", "Phone number, in any usual spelling")
      .option("--reason", "TEXT", "Why", true)
      .json()
      .example("callramp do-not-call add +919876543210 --reason \"asked on the phone\"")
      .runs(add_number);
  list.add("remove", "Allow a number again")
      .argument("NUMBER", "Phone number")
      .option("--reason", "TEXT", "Why", true)
      .json()
      .example("callramp do-not-call remove +919876543210 --reason \"gave consent in writing\"")
      .runs(remove_number);
  list.add("check", "Whether a number is on the list, and since when")
      .argument("NUMBER", "Phone number")
      .json()
      .example("callramp do-not-call check \"98765 43210\"")
      .runs(check_number);
  list.add("list", "The list, a page at a time")
      .pages()
      .json()
      .example("callramp do-not-call list --limit 100")
      .runs(list_numbers);
}

}  // namespace

void add_record_commands(Command root) {
  add_do_not_call_commands(root);
  root.add("outcomes", "Outcomes of calls that others dialed")
      .add("report", "Report how one call ended; the same again changes nothing")
      .option("--external-id", "ID", "Your own id of the call", true)
      .option("--user", "USER", "Routing key, as it was asked for", true)
      .option("--system", "WORD", "old or new: what dialed", true)
      .option("--started-at", "TIME", "Like 2026-11-24T09:00:00Z", true)
      .option("--outcome", "WORD", "completed, voicemail, no_answer, busy, failed, …", true)
      .option("--phone", "NUMBER", "The number that was dialed")
      .option("--duration", "SECONDS", "Connected time as the carrier says")
      .json()
      .example(
          "callramp outcomes report --external-id 7731 --user user-17 --system old --started-at 2026-11-24T09:00:00Z "
          "\\\n"
          "      --outcome completed --duration 48")
      .runs(report_outcome);
  root.add("stats", "Calls, success and errors by system; 30 days if not told")
      .option("--from", "TIME", "Like 2026-11-24T00:00:00Z")
      .option("--to", "TIME", "Now if not given")
      .json()
      .example("callramp stats --from 2026-11-24T00:00:00Z")
      .runs(stats);
  root.add("audit", "Who did what and why, newest first")
      .option("--before", "SEQ", "Older than this entry")
      .option("--limit", "N", "At most, 1 to 100")
      .json()
      .example("callramp audit --limit 50")
      .runs(audit);
}

}  // namespace callramp::app
