// `callramp agents …`: who speaks.
#include <ostream>

#include "app/agent_file.hpp"
#include "app/client.hpp"
#include "app/commands/groups.hpp"
#include "app/json_print.hpp"
#include "wire/agent_json.hpp"

namespace callramp::app {
namespace {

const std::string agents_path = "/api/v1/agents";

std::string path_of(const std::string& id) { return agents_path + "/" + net::percent_encode(id); }

Ran list(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(agents_path));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    print_rows(out, list_at(answer.body, "agents"),
               {{"ID", "id"}, {"NAME", "name"}, {"LANGUAGE", "language"}, {"VOICE", "voice"}, {"UPDATED", "updatedAt"}},
               "No agents; make one with `callramp agents put FILE.yaml`.");
  });
}

Ran show(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(path_of(arguments.required("ID"))));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_record(out, answer.body); });
}

Ran put(const Arguments& arguments, Terminal& terminal) {
  TRY(agent, typed(load_agent(arguments.required("FILE"))));
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("PUT", path_of(agent.id.str()), wire::agent_body(agent)));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << "Agent " << agent.id.str() << " is stored; new calls speak with it.\n";
  });
}

Ran remove(const Arguments& arguments, Terminal& terminal) {
  const std::string id = arguments.required("ID");
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("DELETE", path_of(id)));
  return print_answer(arguments, terminal, answer,
                      [&](std::ostream& out) { out << "Agent " << id << " is removed.\n"; });
}

}  // namespace

void add_agent_commands(Command root) {
  Command agents = root.add("agents", "The AI personas that speak");
  agents.add("list", "All agents").json().example("callramp agents list").runs(list);
  agents.add("show", "One agent whole")
      .argument("ID", "Agent id")
      .json()
      .example("callramp agents show order-confirmation")
      .runs(show);
  agents.add("put", "Create an agent, or replace it")
      .argument("FILE", "YAML; examples/agent.yaml shows every key")
      .json()
      .example("callramp agents put examples/agent.yaml")
      .runs(put);
  agents.add("remove", "Remove an agent that no open call uses")
      .argument("ID", "Agent id")
      .json()
      .example("callramp agents remove order-confirmation")
      .runs(remove);
}

}  // namespace callramp::app
