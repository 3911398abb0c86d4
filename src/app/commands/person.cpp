// `callramp person …`: what somebody may ask about themselves.
#include <fstream>
#include <ostream>

#include "app/client.hpp"
#include "app/commands/groups.hpp"
#include "app/json_print.hpp"

namespace callramp::app {
namespace {

json::object asked(const Arguments& arguments) {
  return {{"phoneNumber", arguments.required("NUMBER")}, {"reason", arguments.required("--reason")}};
}

Ran show(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", "/api/v1/person/show", json::object{{"phoneNumber", arguments.required("NUMBER")}}));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_record(out, answer.body); });
}

Ran export_all(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", "/api/v1/person/export", asked(arguments)));
  const auto file = arguments.text("--out");
  if (!file) {
    terminal.out << answer.text << '\n';
    return {};
  }
  std::ofstream out(*file, std::ios::binary | std::ios::trunc);
  out << answer.text << '\n';
  if (!out.flush()) return refused("cannot write '" + *file + "'; name a file in a folder that you may write");
  terminal.err << "Everything that is kept is in " << *file << ".\n";
  return {};
}

Ran stop(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", "/api/v1/person/stop", asked(arguments)));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << "They will not be called any more; calls that waited and are ended: " << shown(answer.body, "callsEnded")
        << ".\n";
  });
}

Ran erase(const Arguments& arguments, Terminal& terminal) {
  if (!arguments.has("--yes"))
    return bad_usage(
        "an erasure cannot be taken back; `callramp person show` says what is kept; add --yes to erase it");
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", "/api/v1/person/erase", asked(arguments)));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << "Erased, and not called any more:\n";
    print_record(out, answer.body);
  });
}

}  // namespace

void add_person_commands(Command root) {
  Command person = root.add("person", "What is kept about somebody: show it, hand it over, stop it, erase it");
  person.add("show", "How much is kept, and where")
      .argument("NUMBER", "Their number, in any usual spelling")
      .json()
      .example("callramp person show +919876543210")
      .runs(show);
  person.add("export", "Everything that is kept, as JSON, for them to have")
      .argument("NUMBER", "Their number, in any usual spelling")
      .option("--reason", "TEXT", "Why; stands in the audit", true)
      .option("--out", "FILE", "Write it there and not to standard output")
      .example("callramp person export +919876543210 --reason 'asked by letter, 3 March' --out export.json")
      .runs(export_all);
  person.add("stop", "Never call them again; calls that wait are ended")
      .argument("NUMBER", "Their number, in any usual spelling")
      .option("--reason", "TEXT", "Why; stands in the audit", true)
      .json()
      .example("callramp person stop +919876543210 --reason 'asked on the phone'")
      .runs(stop);
  person.add("erase", "Take them out of everything for good, and never call them again")
      .argument("NUMBER", "Their number, in any usual spelling")
      .option("--reason", "TEXT", "Why; stands in the audit", true)
      .flag("--yes", "Yes: it cannot be taken back")
      .json()
      .example("callramp person erase +919876543210 --reason 'asked by letter, 3 March' --yes")
      .runs(erase);
}

}  // namespace callramp::app
