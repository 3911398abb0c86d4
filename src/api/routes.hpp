// The resources of the API, one function each that adds its routes.
#pragma once

#include "api/deps.hpp"
#include "api/router.hpp"
#include "api/token_guard.hpp"

namespace callramp::api {

// `deps` and `guard` outlive the router.
void add_flag_routes(Router& router, const Deps& deps);
void add_call_routes(Router& router, const Deps& deps);
void add_import_routes(Router& router, const Deps& deps);  ///< files of contacts
void add_agent_routes(Router& router, const Deps& deps);
void add_campaign_routes(Router& router, const Deps& deps);
void add_campaign_contact_routes(Router& router, const Deps& deps);  ///< contacts, results, test calls
void add_record_routes(Router& router, const Deps& deps);   ///< do-not-call, reported outcomes, statistics, audit
void add_rollout_routes(Router& router, const Deps& deps);  ///< plans, what stands, decisions
void add_rollout_command_routes(Router& router, const Deps& deps);  ///< what people order and sign
void add_evidence_routes(Router& router, const Deps& deps);
void add_alert_routes(Router& router, const Deps& deps);  ///< Alertmanager's webhook
void add_token_routes(Router& router, const Deps& deps, TokenGuard& guard);
void add_ofrep_routes(Router& router, const Deps& deps, const TokenGuard& guard);
void add_root_routes(Router& router, const Deps& deps,
                     const TokenGuard& guard);  ///< health, metrics, page, events, OpenAPI

/// Makes a handler of a function that takes `deps` first.
inline auto bound_to(const Deps& deps) {
  return [&deps](auto handler) { return [&deps, handler](Exchange& exchange) { return handler(deps, exchange); }; };
}

/// Whether the token that a stream was opened with still exists; for a stream without one always.
std::function<bool()> still_allowed(const Exchange& exchange, const TokenGuard& guard);

}  // namespace callramp::api
