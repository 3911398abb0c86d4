// `callramp rollout …`: the group. Each of its commands lives in a file of its own and hangs itself in here.
#include "app/commands/groups.hpp"

namespace callramp::app {

void add_rollout_commands(Command root) {
  [[maybe_unused]] Command rollout =
      root.add("rollout", "The rollout: check its plan, start it, see and steer what it decides");
}

}  // namespace callramp::app
