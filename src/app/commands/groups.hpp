// The groups of client commands, one file each; every function adds its commands to the root.
#pragma once

#include "app/command.hpp"

namespace callramp::app {

void add_route_command(Command root);

}  // namespace callramp::app
