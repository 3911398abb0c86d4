// Routes about providers; what they need is no other route's.
#pragma once

#include "api/router.hpp"
#include "engine/provider_board.hpp"

namespace callramp::api {

/// All outlive the router.
struct ProviderDeps {
  engine::ProviderBoard& board;
  SettingStore& settings;
  AuditStore& audit;
};

void add_provider_routes(Router& router, ProviderDeps deps);

}  // namespace callramp::api
