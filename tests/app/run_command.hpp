// Runs a client command without a process: what it was given, what it said, how it ended.
#pragma once

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "app/cli.hpp"

namespace callramp::app {

struct Said {
  int exit_code = 0;
  std::string out;
  std::string err;
};

inline Said run(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {},
                const std::string& input = "", bool asks = false) {
  environment.try_emplace("CALLRAMP_DATA_DIR", "/nowhere");
  environment.try_emplace("CALLRAMP_URL", "http://127.0.0.1:1");  // port 1: nobody listens
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal{.in = in,
                    .out = out,
                    .err = err,
                    .environment =
                        [&](const std::string& name) {
                          const auto found = environment.find(name);
                          return found == environment.end() ? std::nullopt : std::optional(found->second);
                        },
                    .asks = asks};
  CommandLine line;
  add_client_commands(line.root());
  const int exit_code = line.run(std::move(arguments), terminal);
  return {exit_code, out.str(), err.str()};
}

}  // namespace callramp::app
