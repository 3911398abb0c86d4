#include "engine/provider_gauges.hpp"

#include <algorithm>

#include "core/providers/outage_gauges.hpp"

namespace callramp::engine {
namespace {

using providers::Capability;

// Old's calls are final minutes after their first dial, and it may place few: half an hour shows whether it works.
constexpr minutes old_window{30};
// Where a provider answers, but badly: one request in ten, of enough to tell.
constexpr double degraded_errors = 0.10;
constexpr int degraded_least = 20;

bool is_degraded(const ProviderState& state) {
  if (state.order && state.order->kind == providers::Order::Kind::disabled) return false;
  if (state.circuit != providers::Circuit::closed) return true;
  return state.figures.requests >= degraded_least && state.figures.error_share().value_or(0) >= degraded_errors;
}

}  // namespace

Awaitable<std::vector<GaugeReport>> ProviderGauges::read(Instant now) {
  std::vector<GaugeReport> readings;
  providers::OldRecord old;
  // The store that cannot be read is told about by whoever stores these readings; nobody can tell is an answer here.
  if (const auto counts = co_await outcomes_.counts(now - old_window, now))
    for (const OutcomeCount& count : *counts) {
      if (count.system != System::old_system) continue;
      old.calls += static_cast<int>(count.calls);
      if (count.outcome == Outcome::failed) old.failed += static_cast<int>(count.calls);
    }
  for (const Capability capability : {Capability::telephony, Capability::stt, Capability::llm, Capability::tts}) {
    const auto judged = providers::judge_outage(capability, board_.is_down(capability), old);
    const std::string argument = "(" + std::string(to_string(capability)) + ")";
    readings.push_back({.name = "provider_down" + argument, .at = now, .value = judged.down ? 1 : 0});
    readings.push_back({.name = "provider_outage" + argument, .at = now, .value = judged.shared ? 1 : 0});
  }
  readings.push_back(
      {.name = "degraded", .at = now, .value = std::ranges::any_of(board_.states(), is_degraded) ? 1 : 0});
  co_return readings;
}

}  // namespace callramp::engine
