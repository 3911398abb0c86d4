// ProviderGauges: what a rollout reads of the board, once a minute: provider_down, provider_outage, degraded.
#pragma once

#include <vector>

#include "engine/provider_board.hpp"
#include "ports/rollout_store.hpp"

namespace callramp::engine {

class ProviderGauges {
 public:
  ProviderGauges(const ProviderBoard& board, OutcomeStore& outcomes) : board_(board), outcomes_(outcomes) {}

  Awaitable<std::vector<GaugeReport>> read(Instant now);

 private:
  const ProviderBoard& board_;
  OutcomeStore& outcomes_;
};

}  // namespace callramp::engine
