// The command line of the one binary: which commands there are and how they end. Exit codes: 0 done, 1 refused or
// failed, 2 bad usage.
#pragma once

#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/terminal.hpp"

namespace callramp::app {

/// main's work: client commands and the server's.
int run_cli(int argc, char** argv);

/// The commands that talk to a server or need none.
void add_client_commands(Command root);

}  // namespace callramp::app
