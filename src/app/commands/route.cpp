// `callramp route`: which system a user is on, from the server, or by the percentage alone without one.
#include <fmt/format.h>

#include <istream>
#include <ostream>

#include "app/client.hpp"
#include "app/commands/groups.hpp"
#include "app/json_print.hpp"
#include "app/table.hpp"
#include "core/flags/flags.hpp"

namespace callramp::app {
namespace {

// Calls `each` with every user: those typed, or for "-" the lines of standard input, empty ones left out.
Ran for_each_user(const Arguments& arguments, Terminal& terminal, const std::function<Ran(const std::string&)>& each) {
  for (const std::string& typed_user : arguments.all("USER")) {
    if (typed_user != "-") {
      TRY_VOID(each(typed_user));
      continue;
    }
    std::string line;
    for (std::int64_t number = 1; std::getline(terminal.in, line); ++number) {
      if (line.ends_with('\r')) line.pop_back();
      if (line.empty()) continue;
      if (const Ran ran = each(line); !ran)
        return std::unexpected(
            CommandError(ran.error().exit_code, fmt::format("line {}: {}", number, ran.error().message)));
    }
  }
  return {};
}

// Appends the JSON of `text`, which parse_user_id() has let through: valid UTF-8 without control characters.
void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

// By the percentage alone: no server, no flags, no pins.
Ran route_offline(const Arguments& arguments, Terminal& terminal) {
  RoutingState state;
  TRY(percentage, typed(Percent::parse(arguments.required("--percentage"))));
  state.flags.flags.outbound_calls_percentage = percentage;
  const std::string written = to_string(percentage);
  const bool json = arguments.has("--json");
  if (!json) terminal.out << "BUCKET  SYSTEM      REASON                  USER\n";
  // A million lines: one block at a time to the stream, each line built by hand.
  std::string block;
  const Ran ran = for_each_user(arguments, terminal, [&](const std::string& text) -> Ran {
    TRY(user, typed(parse_user_id(text)));
    const RouteDecision decision = route(state, user.str(), Instant{});
    if (json) {
      block += R"({"userId":)";
      append_json_string(block, user.str());
      fmt::format_to(std::back_inserter(block), R"(,"bucket":{},"system":"{}","percentage":{},"reason":"{}"}})",
                     decision.bucket, to_string(decision.system), written, to_string(decision.reason));
      block += '\n';
    } else {
      fmt::format_to(std::back_inserter(block), "{:>6}  {:<10}  {:<22}  {}\n", decision.bucket,
                     to_string(decision.system), to_string(decision.reason), user.str());
    }
    if (block.size() > 64 * 1024) {
      terminal.out << block;
      block.clear();
    }
    return {};
  });
  terminal.out << block;  // what came before a bad line stands
  return ran;
}

Ran route_by_server(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  Table table({"BUCKET", "SYSTEM", "PERCENTAGE", "REASON", "USER"});
  const Ran ran = for_each_user(arguments, terminal, [&](const std::string& user) -> Ran {
    // In the body: a user may be a phone number, and none belongs in a URL.
    TRY(answer, client.send("POST", "/api/v1/route", json::object{{"userId", user}}));
    if (arguments.has("--json")) {
      terminal.out << answer.text << '\n';
      return {};
    }
    table.add({shown(answer.body, "bucket"), shown(answer.body, "system"), shown(answer.body, "percentage"),
               shown(answer.body, "reason"), shown(answer.body, "userId")});
    return {};
  });
  if (!table.empty()) table.print(terminal.out);
  return ran;
}

}  // namespace

void add_route_command(Command root) {
  root.add("route", "Which system a user is on, and why")
      .arguments("USER", "User ids; - reads them from standard input, one a line")
      .option("--percentage", "P", "Route by this percentage alone; needs no server")
      .flag("--json", "One JSON object a line")
      .example("callramp route user-17 user-42")
      .example("callramp route --percentage 12.5 user-17")
      .example("callramp route --percentage 5 - --json < users.txt")
      .runs([](const Arguments& arguments, Terminal& terminal) {
        return arguments.has("--percentage") ? route_offline(arguments, terminal)
                                             : route_by_server(arguments, terminal);
      });
}

}  // namespace callramp::app
