// `callramp rollout …`: the group. Each of its commands lives in a file of its own and hangs itself in here.
#include "app/commands/groups.hpp"

namespace callramp::app {

void add_rollout_commands(Command root) {
  Command rollout = root.add("rollout", "The rollout: check its plan, start it, see and steer what it decides");
  add_rollout_validate(rollout);
  add_rollout_simulate(rollout);
}

}  // namespace callramp::app
