// `callramp rollout …`: the group. Each of its commands lives in a file of its own and hangs itself in here.
#include "app/commands/groups.hpp"
#include "app/commands/rollout_group.hpp"

namespace callramp::app {

void add_rollout_commands(Command root) {
  Command rollout = root.add("rollout", "The rollout: check its plan, start it, see and steer what it decides");
  add_rollout_validate(rollout);
  add_rollout_simulate(rollout);
  add_rollout_show_commands(rollout);
  add_rollout_order_commands(rollout);
  add_rollout_what_if_command(rollout);
}

}  // namespace callramp::app
