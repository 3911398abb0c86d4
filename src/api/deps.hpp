// Deps: everything that the HTTP API needs, filled in once by the composition root. All of it outlives the Api.
#pragma once

#include <functional>
#include <string>

#include "api/live_feed.hpp"
#include "async/clock.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "engine/call_metrics.hpp"
#include "engine/call_service.hpp"
#include "engine/campaign_service.hpp"
#include "engine/flag_service.hpp"
#include "engine/import_service.hpp"
#include "engine/rollout_service.hpp"
#include "ports/admin_store.hpp"
#include "ports/metrics.hpp"
#include "ports/phone_directory.hpp"

namespace callramp::api {

struct Deps {
  engine::FlagService& flags;
  engine::CallService& calls;
  engine::CampaignService& campaigns;
  engine::LiveCalls& live_calls;
  engine::CallMetrics& call_metrics;
  AgentStore& agents;
  DoNotCallStore& do_not_call;
  TokenStore& tokens;
  AuditStore& audit;
  OutcomeStore& outcomes;
  engine::RolloutService& rollouts;
  const PhoneDirectory& phones;
  LiveFeed& feed;
  Metrics& metrics;
  async::Clock& clock;
  Random& random;  ///< thread-safe; makes secrets, so the system's
  Log& log;
  std::function<std::string()> exposition;   ///< the text that GET /metrics answers
  std::function<Awaitable<Status>()> ready;  ///< an error: GET /ready answers 503 with its message
  std::string webhook_secret;                ///< of paths that foreign programs post to; empty: no such path
  std::string default_region = "IN";         ///< of numbers without a country code
  bool open_metrics = true;                  ///< false: /metrics asks for a viewer's token
  /// Lets whoever asks from this machine, by a loopback name, read without a token: what a viewer may GET, and the live
  /// feed. For the demo; never behind a proxy, where everybody comes from this machine.
  bool open_page = false;
  engine::ImportService& imports;
};

}  // namespace callramp::api
