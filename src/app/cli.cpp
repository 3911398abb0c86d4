#include "app/cli.hpp"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "app/commands/groups.hpp"

namespace callramp::app {

int run_cli(int argc, char** argv) {
  std::ios::sync_with_stdio(false);  // `route -` reads and writes a million lines
  Terminal terminal{.in = std::cin,
                    .out = std::cout,
                    .err = std::cerr,
                    .environment =
                        [](const std::string& name) {
                          const char* value = std::getenv(name.c_str());
                          return value == nullptr ? std::nullopt : std::optional<std::string>(value);
                        },
                    .asks = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1};
  CommandLine line;
  add_server_commands(line.root());
  add_client_commands(line.root());
  return line.run({argv + 1, argv + argc}, terminal);
}

}  // namespace callramp::app
