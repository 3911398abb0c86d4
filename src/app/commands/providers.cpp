// `callramp providers …`: who works, and the commands for the night.
#include <ostream>

#include "app/client.hpp"
#include "app/commands/groups.hpp"
#include "app/json_print.hpp"

namespace callramp::app {
namespace {

const std::string providers_path = "/api/v1/providers";

void print_board(std::ostream& out, const json::value& body) {
  print_rows(out, list_at(body, "providers"),
             {{"CAPABILITY", "capability"},
              {"PROVIDER", "name"},
              {"STATE", "state"},
              {"ORDER", "order"},
              {"SINCE", "since"},
              {"ERRORS", "errors"},
              {"REQUESTS", "requests"},
              {"P50 MS", "latencyP50Ms"},
              {"P95 MS", "latencyP95Ms"},
              {"UNTIL", "command/until"},
              {"BY", "command/by"},
              {"WHY", "why"}},
             "No provider is configured; see docs/real-providers.md.");
}

Ran list(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(providers_path));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_board(out, answer.body); });
}

Ran order(const std::string& verb, const Arguments& arguments, Terminal& terminal) {
  const std::string name = arguments.required("NAME");
  json::object body;
  if (const auto reason = arguments.text("--reason")) body["reason"] = *reason;
  if (verb != "enable")
    if (const auto lasts = arguments.text("--for")) body["for"] = *lasts;
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", providers_path + "/" + net::percent_encode(name) + "/" + verb, body));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_board(out, answer.body); });
}

void add_order(Command& group, const std::string& verb, const std::string& help, const std::string& example) {
  Command command = group.add(verb, help);
  command.argument("NAME", "Provider, as `callramp providers` shows it");
  if (verb != "enable") command.option("--for", "30m", "How long it holds; without it until `enable`");
  command.option("--reason", "TEXT", "Why, for the audit log")
      .json()
      .example(example)
      .runs([verb](const Arguments& arguments, Terminal& terminal) { return order(verb, arguments, terminal); });
}

}  // namespace

void add_provider_commands(Command root) {
  Command group = root.add("providers", "Carriers and speech and language services: who works, who is asked first");
  add_order(group, "disable", "Ask it no more: dials and conversations go to the next",
            "callramp providers disable exotel --for 30m --reason \"their incident 4711\"");
  add_order(group, "enable", "Take an order back, and probe it at once", "callramp providers enable exotel");
  add_order(group, "prefer", "Ask it before all others of its kind", "callramp providers prefer twilio --for 2h");
  group.json().example("callramp providers").runs(list);
}

}  // namespace callramp::app
