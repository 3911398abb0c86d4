// `callramp calls …`: place, list, show, cancel, and watch them live.
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

const std::string calls_path = "/api/v1/calls";

Ran place(const Arguments& arguments, Terminal& terminal) {
  json::object body{{"phoneNumber", arguments.required("NUMBER")}, {"agentId", arguments.required("--agent")}};
  if (const auto user = arguments.text("--user")) body["userId"] = *user;
  if (const auto priority = arguments.text("--priority")) {
    TRY_VOID(typed(parse_priority(*priority)));
    body["priority"] = *priority;
  }
  if (const auto metadata = arguments.text("--metadata")) {
    boost::system::error_code malformed;
    json::value value = json::parse(*metadata, malformed);
    if (malformed || !value.is_object())
      return bad_usage("--metadata is no JSON object; write it like '{\"name\": \"Asha\"}'");
    body["metadata"] = std::move(value);
  }
  net::Headers headers;
  if (const auto key = arguments.text("--idempotency-key")) headers.add("Idempotency-Key", *key);
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", calls_path + "/outbound", body, std::move(headers)));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    print_record(out, answer.body);
    if (shown(answer.body, "status") == "handed_back")
      out << "The old system's user, and no OLD_SYSTEM_URL: dial it yourself, then `callramp outcomes report`.\n";
    else
      out << "Follow it with `callramp calls show " << shown(answer.body, "callLogId") << "`.\n";
  });
}

// A word that one of core's parsers must know; what it does not know is bad usage.
template <class Parse>
Ran check_word(const Arguments& arguments, const std::string& option, Parse parse) {
  if (const auto word = arguments.text(option)) TRY_VOID(typed(parse(std::string_view(*word))));
  return {};
}

Done<std::int64_t> whole_number(const std::string& option, const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 1)
    return bad_usage(option + " is '" + text + "'; it is a whole number from 1");
  return number;
}

Ran list(const Arguments& arguments, Terminal& terminal) {
  TRY_VOID(check_word(arguments, "--status", parse_call_status));
  TRY_VOID(check_word(arguments, "--outcome", parse_outcome));
  TRY_VOID(check_word(arguments, "--from", parse_iso));
  TRY_VOID(check_word(arguments, "--to", parse_iso));
  auto system = arguments.text("--system");
  if (system && *system != "old" && *system != "new")
    return bad_usage("--system is '" + *system + "'; it is old or new");
  if (system) *system += "-system";
  for (const std::string option : {"--page", "--limit"})
    if (const auto text = arguments.text(option)) TRY_VOID(whole_number(option, *text));
  const std::vector<std::pair<std::string, std::optional<std::string>>> filters{
      {"status", arguments.text("--status")},
      {"outcome", arguments.text("--outcome")},
      {"system", system},
      {"agentId", arguments.text("--agent")},
      {"userId", arguments.text("--user")},
      {"from", arguments.text("--from")},
      {"to", arguments.text("--to")},
      {"page", arguments.text("--page")},
      {"limit", arguments.text("--limit")}};
  TRY(client, Client::create(terminal));
  ApiAnswer answer;
  if (const auto phone = arguments.text("--phone")) {
    // No phone number belongs in a URL, so this search has a body.
    json::object body{{"phoneNumber", *phone}};
    for (const auto& [name, value] : filters) {
      if (!value) continue;
      if (name != "page" && name != "limit") return bad_usage("--phone does not go with other filters");
      TRY(number, whole_number("--" + name, *value));
      body[name] = number;
    }
    TRY(found, client.send("POST", calls_path + "/search", body));
    answer = std::move(found);
  } else {
    TRY(page, client.get(calls_path + query_of(filters)));
    answer = std::move(page);
  }
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    const json::array& rows = list_at(answer.body, "calls");
    print_rows(out, rows,
               {{"ID", "id"},
                {"CREATED", "createdAt"},
                {"PHONE", "phoneNumber"},
                {"SYSTEM", "system"},
                {"STATUS", "status"},
                {"OUTCOME", "outcome"},
                {"REASON", "reason"}},
               "No calls.");
    if (const std::string total = shown(answer.body, "total"); total != "-" && !rows.empty())
      out << rows.size() << " of " << total << " calls.\n";
  });
}

Ran show(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(calls_path + "/" + net::percent_encode(arguments.required("ID"))));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_record(out, answer.body); });
}

Ran cancel(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", calls_path + "/" + net::percent_encode(arguments.required("ID")) + "/cancel",
                          json::object{}));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << "Call " << arguments.required("ID") << ": " << shown(answer.body, "status") << ", outcome "
        << shown(answer.body, "outcome") << ".\n";
  });
}

Ran retries(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  const std::string path = calls_path + "/" + net::percent_encode(arguments.required("ID")) + "/retries";
  if (arguments.has("--cancel")) {
    TRY(answer, client.send("DELETE", path));
    return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
      out << "Call " << arguments.required("ID") << ": " << shown(answer.body, "status") << ", outcome "
          << shown(answer.body, "outcome") << ".\n";
    });
  }
  TRY(answer, client.get(path));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    print_rows(out, list_at(answer.body, "attempts"),
               {{"#", "number"},
                {"STARTED", "startedAt"},
                {"SYSTEM", "system"},
                {"BY HAND", "manual"},
                {"OUTCOME", "outcome"},
                {"REASON", "reason"}},
               "Not dialed yet.");
    out << shown(answer.body, "status") << ": " << shown(answer.body, "reason") << "\n";
  });
}

Ran retry(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer,
      client.send("POST", calls_path + "/" + net::percent_encode(arguments.required("ID")) + "/retry", json::object{}));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << "Call " << shown(answer.body, "id") << " is " << shown(answer.body, "status") << ".\n";
  });
}

Ran schedule(const Arguments& arguments, Terminal& terminal) {
  json::object body{{"phoneNumber", arguments.required("NUMBER")},
                    {"agentId", arguments.required("--agent")},
                    {"scheduledFor", arguments.required("--at")}};
  if (const auto zone = arguments.text("--timezone")) body["timezone"] = *zone;
  if (const auto user = arguments.text("--user")) body["userId"] = *user;
  if (arguments.has("--business-hours")) body["respectBusinessHours"] = true;
  if (const auto every = arguments.text("--every")) {
    json::object recurring{{"frequency", *every}};
    if (const auto times = arguments.text("--times")) {
      TRY(count, whole_number("--times", *times));
      recurring["maxOccurrences"] = count;
    }
    body["recurring"] = std::move(recurring);
  } else if (arguments.text("--times")) {
    return bad_usage("--times needs --every daily, weekly or monthly");
  }
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", calls_path + "/outbound/schedule", body));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_record(out, answer.body); });
}

Ran permission(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(calls_path + "/" + net::percent_encode(arguments.required("ID")) + "/permission"));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_record(out, answer.body); });
}

// "12:03:55  call     01J9…  in_progress  new-system  -  +********3210"
std::string event_line(const net::SseEvent& event) {
  boost::system::error_code malformed;
  const json::value data = json::parse(event.data, malformed);
  const std::string kind = event.event.empty() ? "message" : event.event;
  if (malformed || !data.is_object()) return fmt::format("{:<8}  {}", kind, event.data);
  std::string line = fmt::format("{:<8}", kind);
  for (const auto& member : data.get_object()) {
    const std::string value = shown(data, member.key());
    if (value == "-") continue;
    // Of a time the clock's part is what a person follows.
    if (member.key() == "at" && value.size() >= 19)
      line = value.substr(11, 8) + "  " + line;
    else
      line += "  " + (kind == "call" ? value : std::string(member.key()) + "=" + value);
  }
  return line;
}

Ran tail(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  return client.events("/api/v1/events", [&](const net::SseEvent& event) {
    if (event.data.empty()) return true;
    terminal.out << (arguments.has("--json") ? event.data : printable(event_line(event))) << std::endl;
    return terminal.out.good();
  });
}

}  // namespace

void add_call_commands(Command root) {
  Command calls = root.add("calls", "Place calls, look at them, cancel them");
  calls.add("place", "Ask for one call")
      .argument("NUMBER", "Phone number, in any usual spelling")
      .option("--agent", "ID", "Who speaks; `callramp agents list` shows them", true)
      .option("--user", "USER", "Routing key; the number if not given")
      .option("--metadata", "JSON", "What the agent may say of this contact, an object")
      .option("--priority", "WORD", "low, medium or high")
      .option("--idempotency-key", "KEY", "The same key again gives the same call")
      .json()
      .example("callramp calls place +919876543210 --agent order-confirmation")
      .example(
          "callramp calls place \"98765 43210\" --agent order-confirmation --user user-17 --metadata '{\"name\": "
          "\"Asha\"}'")
      .runs(place);
  calls.add("list", "Calls, newest first")
      .option("--status", "WORD", "scheduled, queued, dialing, ringing, in_progress, final or handed_back")
      .option("--outcome", "WORD", "completed, no_answer, busy, failed, …")
      .option("--system", "WORD", "old or new")
      .option("--agent", "ID", "Of one agent")
      .option("--user", "USER", "Of one user")
      .option("--phone", "NUMBER", "Of one number")
      .option("--from", "TIME", "Created at or after, like 2026-11-24T09:00:00Z")
      .option("--to", "TIME", "Created before")
      .pages()
      .json()
      .example("callramp calls list --system new --outcome failed")
      .example("callramp calls list --phone +919876543210 --json")
      .runs(list);
  calls.add("show", "One call whole: attempts, transcript, latency, cost")
      .argument("ID", "Call id")
      .json()
      .example("callramp calls show 01j9zq3w5y7d2m8x4k6v0p1abc")
      .runs(show);
  calls.add("cancel", "End a call: before it is dialed at once, else as soon as can be")
      .argument("ID", "Call id")
      .json()
      .example("callramp calls cancel 01j9zq3w5y7d2m8x4k6v0p1abc")
      .runs(cancel);
  calls.add("schedule", "Ask for a call at a time, or again and again")
      .argument("NUMBER", "Phone number, in any usual spelling")
      .option("--agent", "ID", "Who speaks", true)
      .option("--at", "TIME", "2026-12-01T09:00 by the clock of --timezone, or an instant with a zone", true)
      .option("--timezone", "ZONE", "IANA name; the number's own if not given")
      .option("--every", "WORD", "daily, weekly or monthly")
      .option("--times", "N", "Calls in all")
      .flag("--business-hours", "Only 09:00-18:00 on Mon-Fri")
      .option("--user", "USER", "Routing key; the number if not given")
      .json()
      .example("callramp calls schedule +919876543210 --agent reminder --at 2026-12-01T09:00 --every monthly")
      .runs(schedule);
  calls.add("retries", "What was tried, and when it is tried again")
      .argument("ID", "Call id")
      .flag("--cancel", "Give the waiting retry up: the call is over with its last outcome")
      .json()
      .example("callramp calls retries 01j9zq3w5y7d2m8x4k6v0p1abc")
      .runs(retries);
  calls.add("retry", "Dial again by hand: a waiting retry at once, a call that came to nothing as a new one")
      .argument("ID", "Call id")
      .json()
      .example("callramp calls retry 01j9zq3w5y7d2m8x4k6v0p1abc")
      .runs(retry);
  calls.add("permission", "Why each attempt was allowed, and what was heard first")
      .argument("ID", "Call id")
      .json()
      .example("callramp calls permission 01j9zq3w5y7d2m8x4k6v0p1abc")
      .runs(permission);
  calls.add("tail", "Watch live what happens, one line each, until Ctrl-C")
      .flag("--json", "The data of each event, one JSON object a line")
      .example("callramp calls tail")
      .runs(tail);
}

}  // namespace callramp::app
