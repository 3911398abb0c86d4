// `callramp token …`: who may do what.
#include <ostream>

#include "app/client.hpp"
#include "app/commands/groups.hpp"
#include "app/json_print.hpp"
#include "ports/admin_store.hpp"

namespace callramp::app {
namespace {

const std::string tokens_path = "/api/v1/tokens";

Ran create(const Arguments& arguments, Terminal& terminal) {
  TRY(role, typed(parse_role(arguments.required("--role"))));
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", tokens_path,
                          json::object{{"role", to_string(role)}, {"name", arguments.required("--name")}}));
  // The secret alone on standard output, so that `TOKEN=$(callramp token create …)` works.
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << shown(answer.body, "token") << '\n' << std::flush;
    terminal.err << "Token " << shown(answer.body, "id") << " (" << shown(answer.body, "role")
                 << ") is shown this once: keep it, or set CALLRAMP_TOKEN to it.\n";
  });
}

Ran list(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(tokens_path));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    print_rows(out, list_at(answer.body, "tokens"),
               {{"ID", "id"}, {"NAME", "name"}, {"ROLE", "role"}, {"CREATED", "createdAt"}, {"REVOKED", "revokedAt"}},
               "No tokens.");
  });
}

Ran revoke(const Arguments& arguments, Terminal& terminal) {
  const std::string id = arguments.required("ID");
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("DELETE", tokens_path + "/" + net::percent_encode(id)));
  return print_answer(arguments, terminal, answer,
                      [&](std::ostream& out) { out << "Token " << id << " opens nothing any more.\n"; });
}

}  // namespace

void add_token_commands(Command root) {
  Command token = root.add("token", "Access tokens and their roles");
  token.add("create", "Make a token; its secret is shown this once")
      .option("--role", "WORD", "viewer, operator, approver or admin", true)
      .option("--name", "NAME", "Who or what uses it; stands in the audit", true)
      .json()
      .example("callramp token create --role viewer --name grafana")
      .example("callramp token create --role operator --name crm --json")
      .runs(create);
  token.add("list", "All tokens, without their secrets").json().example("callramp token list").runs(list);
  token.add("revoke", "End a token, at once")
      .argument("ID", "Token id")
      .json()
      .example("callramp token revoke 01j9zq3w5y7d2m8x4k6v0p1abc")
      .runs(revoke);
}

}  // namespace callramp::app
