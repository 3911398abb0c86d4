// Which client commands there are, in the order of the help.
#include "app/cli.hpp"
#include "app/commands/groups.hpp"

namespace callramp::app {

void add_client_commands(Command root) {
  add_route_command(root);
  add_flag_commands(root);
  add_call_commands(root);
  add_agent_commands(root);
  add_campaign_commands(root);
  add_record_commands(root);
  add_rollout_commands(root);
  add_evidence_commands(root);
  add_token_commands(root);
  add_detect_command(root);
  add_doctor_command(root);
}

}  // namespace callramp::app
