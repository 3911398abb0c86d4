// The groups of client commands, one file each; every function adds its commands to the root.
#pragma once

#include "app/command.hpp"

namespace callramp::app {

void add_route_command(Command root);
void add_flag_commands(Command root);      ///< flags …, pin, unpin
void add_call_commands(Command root);      ///< calls …
void add_agent_commands(Command root);     ///< agents …
void add_campaign_commands(Command root);  ///< campaigns …
void add_record_commands(Command root);    ///< do-not-call …, outcomes …, stats, audit
void add_rollout_commands(Command root);   ///< rollout …; rollout.cpp lists who hangs what in
void add_rollout_validate(Command rollout);
void add_rollout_simulate(Command rollout);
void add_evidence_commands(Command root);  ///< evidence …
void add_token_commands(Command root);     ///< token …
void add_doctor_command(Command root);
void add_detect_command(Command root);
void add_server_commands(Command root);  ///< serve, sandbox, demo
void add_demo_command(Command root);

}  // namespace callramp::app
