// The outbox as the platform puts it together: its couriers, and the one loop that uses them.
#pragma once

#include "adapters/sql/stores.hpp"
#include "adapters/webhook/webhook_courier.hpp"
#include "app/config.hpp"
#include "engine/outbox_courier.hpp"

namespace callramp::app {

struct OutboxParts {
  struct Needs {
    const Config& config;
    std::vector<Executor> executors;  ///< the loop runs on the first
    OutboxStore& store;
    async::Clock& clock;
    Random& random;
    Log& log;
    Metrics& metrics;
  };
  explicit OutboxParts(const Needs& needs)
      : webhook_config{.allow_private = needs.config.allow_private_webhooks},
        clients(needs.executors,
                {.ca_file = needs.config.provider_ca_file,
                 .max_idle_per_origin = 8,
                 .public_only = !webhook_config.allow_private},
                needs.log),
        webhooks(webhook_config, clients, needs.store, needs.clock),
        courier(needs.executors.front(), {}, needs.store, {&webhooks}, needs.clock, needs.random, needs.log,
                needs.metrics) {}

  webhook::WebhookConfig webhook_config;
  net::ClientPool clients;  ///< of its own: these go where others say
  webhook::WebhookCourier webhooks;
  engine::OutboxCourier courier;
};

}  // namespace callramp::app
