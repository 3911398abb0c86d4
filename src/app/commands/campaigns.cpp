// `callramp campaigns …`: make them, start and stop them, and ask what they do and why not.
#include <charconv>
#include <fstream>
#include <ostream>
#include <sstream>

#include "app/client.hpp"
#include "app/commands/groups.hpp"
#include "app/json_print.hpp"
#include "app/text_file.hpp"
#include "core/calls/campaign.hpp"

namespace callramp::app {
namespace {

const std::string campaigns_path = "/api/v1/campaigns";

std::string path_of(const Arguments& arguments, const std::string& rest = {}) {
  return campaigns_path + "/" + net::percent_encode(arguments.required("ID")) + rest;
}

Done<std::int64_t> whole_number(const std::string& option, const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0)
    return bad_usage(option + " is '" + text + "'; it is a whole number from 0");
  return number;
}

// "2026-12-25" a line; empty lines and what follows a '#' are for people.
Done<json::array> read_holidays(const std::string& file) {
  TRY(text, read_text_file(file));
  json::array dates;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    line = line.substr(0, line.find('#'));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r' || line.back() == '\t')) line.pop_back();
    if (!line.empty()) dates.emplace_back(line);
  }
  return dates;
}

// What create and set have in common.
Done<json::object> read_body(const Arguments& arguments) {
  json::object body;
  const auto copy = [&](const std::string& option, std::string_view name) {
    if (const auto value = arguments.text(option)) body[name] = *value;
  };
  copy("--agent", "agentId");
  copy("--kind", "kind");
  copy("--priority", "priority");
  copy("--region", "region");
  copy("--start-at", "startAt");
  copy("--window", "window");
  copy("--voicemail", "voicemail");
  copy("--old-script", "oldScript");
  for (const auto& [option, name] :
       {std::pair{"--max-concurrent", "maxConcurrent"}, std::pair{"--calls-per-minute", "callsPerMinute"},
        std::pair{"--max-attempts-per-day", "maxAttemptsPerDay"}})
    if (const auto text = arguments.text(option)) {
      TRY(number, whole_number(option, *text));
      body[name] = number;
    }
  json::object budget;
  if (const auto total = arguments.text("--budget")) budget["total"] = *total;
  if (const auto per_day = arguments.text("--day-budget")) budget["perDay"] = *per_day;
  if (!budget.empty()) body["budget"] = std::move(budget);
  if (const auto file = arguments.text("--holidays")) {
    TRY(dates, read_holidays(*file));
    body["holidays"] = std::move(dates);
  }
  if (const auto policy = arguments.text("--retry-policy")) {
    boost::system::error_code malformed;
    json::value value = json::parse(*policy, malformed);
    if (malformed || !value.is_object())
      return bad_usage(
          R"(--retry-policy is no JSON object; write it like '{"noAnswer": {"delay": "15m", "tries": 2}}')");
    body["retryPolicy"] = std::move(value);
  }
  return body;
}

Ran create(const Arguments& arguments, Terminal& terminal) {
  TRY(body, read_body(arguments));
  body["name"] = arguments.required("NAME");
  if (arguments.has("--start")) body["start"] = true;
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", campaigns_path, body));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    const std::string id = shown(answer.body, "id");
    out << "Campaign " << id << " is " << shown(answer.body, "status") << ".\n"
        << "Give it contacts with `callramp import FILE --campaign " << id << "`"
        << (shown(answer.body, "status") == "draft" ? ", then `callramp campaigns start " + id + "`.\n" : ".\n");
  });
}

Ran set(const Arguments& arguments, Terminal& terminal) {
  TRY(body, read_body(arguments));
  if (const auto name = arguments.text("--name")) body["name"] = *name;
  if (body.empty()) return bad_usage("nothing to change; name an option, `callramp campaigns set --help` lists them");
  net::Headers headers;
  if (const auto version = arguments.text("--if-version")) headers.add("If-Match", "\"" + *version + "\"");
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("PATCH", path_of(arguments), body, std::move(headers)));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << "Campaign " << shown(answer.body, "id") << " is at version " << shown(answer.body, "version") << ".\n";
  });
}

Ran list(const Arguments& arguments, Terminal& terminal) {
  if (const auto status = arguments.text("--status")) TRY_VOID(typed(parse_campaign_status(*status)));
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(campaigns_path + query_of({{"status", arguments.text("--status")},
                                                    {"page", arguments.text("--page")},
                                                    {"limit", arguments.text("--limit")}})));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    print_rows(out, list_at(answer.body, "campaigns"),
               {{"ID", "id"},
                {"NAME", "name"},
                {"STATUS", "status"},
                {"AGENT", "agentId"},
                {"CREATED", "createdAt"},
                {"WHY", "statusReason"}},
               "No campaigns; make one with `callramp campaigns create NAME --agent ID`.");
  });
}

Ran show(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(path_of(arguments)));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_record(out, answer.body); });
}

Handler ordering(const std::string& order) {
  return [order](const Arguments& arguments, Terminal& terminal) -> Ran {
    json::object body;
    if (const auto reason = arguments.text("--reason")) body["reason"] = *reason;
    TRY(client, Client::create(terminal));
    TRY(answer, client.send("POST", path_of(arguments, "/" + order), body));
    return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
      out << "Campaign " << shown(answer.body, "name") << " is " << shown(answer.body, "status") << ".\n";
    });
  };
}

Ran why(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(path_of(arguments, "/why")));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << shown(answer.body, "sentence") << '\n';
    const json::array& reasons = list_at(answer.body, "reasons");
    if (!reasons.empty()) print_rows(out, reasons, {{"REASON", "reason"}, {"COUNT", "count"}, {"UNTIL", "until"}}, "");
  });
}

Ran contacts(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(path_of(arguments, "/contacts") + query_of({{"state", arguments.text("--state")},
                                                                     {"after", arguments.text("--after")},
                                                                     {"limit", arguments.text("--limit")}})));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    print_rows(out, list_at(answer.body, "contacts"),
               {{"SEQ", "seq"},
                {"PHONE", "phoneNumber"},
                {"NAME", "name"},
                {"ZONES", "zones"},
                {"STATE", "state"},
                {"REASON", "reason"},
                {"CALL", "callId"}},
               "No contacts.");
    if (const std::string next = shown(answer.body, "next"); next != "-") out << "More with --after " << next << ".\n";
  });
}

Ran results(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  std::ofstream file;
  if (const auto name = arguments.text("--output")) {
    file.open(*name, std::ios::binary | std::ios::trunc);
    if (!file) return refused("cannot write '" + *name + "'; choose another file");
  }
  std::ostream& out = file.is_open() ? file : terminal.out;
  TRY_VOID(client.download(path_of(arguments, "/results.csv"), [&](std::string_view bytes) {
    out << bytes;
    return out.good();
  }));
  out.flush();
  if (!out.good()) return refused("the results could not be written whole; is the disk full?");
  return {};
}

Ran test_call(const Arguments& arguments, Terminal& terminal) {
  json::object body{{"phoneNumber", arguments.required("NUMBER")}};
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", path_of(arguments, "/test-call"), body));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << "Your phone rings soon: call " << shown(answer.body, "callLogId") << " on " << shown(answer.body, "system")
        << ", in no count.\n";
  });
}

Ran remove(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("DELETE", path_of(arguments)));
  return print_answer(arguments, terminal, answer,
                      [&](std::ostream& out) { out << "Campaign " << arguments.required("ID") << " is removed.\n"; });
}

Command& with_settings(Command& command) {
  return command.option("--kind", "WORD", "promotional (as if not given), transactional or service")
      .option("--priority", "WORD", "low, medium or high")
      .option("--region", "CC", "Of numbers without a country code, such as IN")
      .option("--start-at", "TIME", "Starts by itself then, like 2026-12-01T04:00:00Z")
      .option("--max-concurrent", "N", "Calls at once; 0 is the program's limit alone")
      .option("--calls-per-minute", "N", "First dials; 0 is as fast as the limits let it")
      .option("--window", "HOURS", "In the contact's zone, like '10:00-20:00 Mon-Sat'")
      .option("--holidays", "FILE", "Dates on which nobody is called, one a line, like 2026-12-25")
      .option("--max-attempts-per-day", "N", "To one number, of all campaigns")
      .option("--retry-policy", "JSON",
              "By outcome, like '{\"busy\": {\"delay\": \"10m\", \"factor\": 2, \"tries\": 3}}'")
      .option("--budget", "MONEY", "Stops the campaign when it is spent, like '5000 INR'")
      .option("--day-budget", "MONEY", "Stops it until the next day (UTC)")
      .option("--voicemail", "WORD", "hang_up, leave_message or retry")
      .option("--old-script", "NAME", "The old system's name for what is said");
}

void add_order(Command campaigns, const std::string& order, const std::string& help) {
  campaigns.add(order, help)
      .argument("ID", "Campaign id")
      .option("--reason", "TEXT", "Why, for the audit")
      .json()
      .example("callramp campaigns " + order + " 01j9zq3w5y7d2m8x4k6v0p1abc")
      .runs(ordering(order));
}

}  // namespace

void add_campaign_commands(Command root) {
  Command campaigns = root.add("campaigns", "Call many people: make campaigns, start and stop them");
  Command making = campaigns.add("create", "Make a campaign");
  with_settings(making.argument("NAME", "What people call it").option("--agent", "ID", "Who speaks", true))
      .flag("--start", "Start it at once; contacts may come later")
      .json()
      .example("callramp campaigns create 'Diwali offer' --agent order-confirmation --budget '5000 INR'")
      .runs(create);
  Command changing = campaigns.add("set", "Change a campaign that is not over");
  with_settings(changing.argument("ID", "Campaign id")
                    .option("--name", "NAME", "What people call it")
                    .option("--agent", "ID", "Who speaks"))
      .option("--if-version", "N", "Only if it is still at this version")
      .json()
      .example("callramp campaigns set 01j9zq3w5y7d2m8x4k6v0p1abc --max-concurrent 40")
      .runs(set);
  campaigns.add("list", "Campaigns, the newest first")
      .option("--status", "WORD", "draft, scheduled, active, paused, completed or cancelled")
      .option("--page", "N", "From 1")
      .option("--limit", "N", "Rows of a page, 1 to 100")
      .json()
      .example("callramp campaigns list --status active")
      .runs(list);
  campaigns.add("show", "One campaign with its progress, rate and spending")
      .argument("ID", "Campaign id")
      .json()
      .example("callramp campaigns show 01j9zq3w5y7d2m8x4k6v0p1abc")
      .runs(show);
  add_order(campaigns, "start", "Start a draft, or a scheduled campaign now");
  add_order(campaigns, "pause", "Stop dialing; calls under way go on");
  add_order(campaigns, "resume", "Go on after a pause");
  add_order(campaigns, "cancel", "End it: nobody else is called, calls under way say goodbye");
  campaigns.add("why", "Why it dials nobody, or not everybody")
      .argument("ID", "Campaign id")
      .json()
      .example("callramp campaigns why 01j9zq3w5y7d2m8x4k6v0p1abc")
      .runs(why);
  campaigns.add("contacts", "Who is called, in order")
      .argument("ID", "Campaign id")
      .option("--state", "WORD", "waiting, called or removed")
      .option("--after", "SEQ", "Those behind it")
      .option("--limit", "N", "Rows, 1 to 100")
      .json()
      .example("callramp campaigns contacts 01j9zq3w5y7d2m8x4k6v0p1abc --state removed")
      .runs(contacts);
  campaigns.add("results", "Every contact with its own columns and what became of it, as CSV")
      .argument("ID", "Campaign id")
      .option("--output", "FILE", "Where to; the terminal if not given")
      .example("callramp campaigns results 01j9zq3w5y7d2m8x4k6v0p1abc --output results.csv")
      .runs(results);
  campaigns.add("test-call", "Call a phone of your own with the campaign's agent, in no count")
      .argument("ID", "Campaign id")
      .argument("NUMBER", "Phone number, in any usual spelling")
      .json()
      .example("callramp campaigns test-call 01j9zq3w5y7d2m8x4k6v0p1abc +919876543210")
      .runs(test_call);
  campaigns.add("remove", "Remove a draft, or a cancelled campaign that never called anybody")
      .argument("ID", "Campaign id")
      .json()
      .example("callramp campaigns remove 01j9zq3w5y7d2m8x4k6v0p1abc")
      .runs(remove);
}

}  // namespace callramp::app
