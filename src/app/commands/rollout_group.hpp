// The commands of `callramp rollout …` that live in files of their own; each hangs itself into the group.
#pragma once

#include "app/client.hpp"
#include "app/command.hpp"

namespace callramp::app {

void add_rollout_show_commands(Command rollout);   ///< list, status, decisions, explain, plan
void add_rollout_order_commands(Command rollout);  ///< start … rollback, approve, check, confirm, waive
void add_rollout_what_if_command(Command rollout);

/// Sends a plan file. Bad usage if it cannot be read.
Done<ApiAnswer> upload_plan(const Client& client, const std::string& file, const std::optional<std::string>& reason,
                            bool dry_run);
/// "--rollout NAME": only needed where a server has more than one.
Command with_rollout(Command command);
/// "/api/v1/rollouts/NAME" of --rollout, else of the only one there is.
Done<std::string> rollout_path(const Arguments& arguments, const Client& client);

}  // namespace callramp::app
