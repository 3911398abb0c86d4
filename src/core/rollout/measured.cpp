#include "core/rollout/measured.hpp"

#include <algorithm>
#include <array>

#include "core/rollout/evidence.hpp"
#include "core/rollout/metric.hpp"

namespace callramp::rollout {
namespace {

constexpr std::array<std::string_view, 20> levels{"active_calls",
                                                  "at_limit",
                                                  "cpu_used",
                                                  "db",
                                                  "db_pool_exhausted",
                                                  "db_pool_waits(>1s)",
                                                  "db_slow_queries(>100ms)",
                                                  "db_slow_queries(>1s)",
                                                  "db_slow_share",
                                                  "degraded",
                                                  "flag_applied",
                                                  "memory_trend",
                                                  "memory_used",
                                                  "peak_concurrent_calls",
                                                  "provider_down(llm)",
                                                  "provider_down(stt)",
                                                  "provider_down(telephony)",
                                                  "provider_down(tts)",
                                                  "queue_backlog",
                                                  "way_back_ready"};
constexpr std::array<std::string_view, 8> times{"response_time",
                                                "queue_wait",
                                                "reply_delay",
                                                "answer_to_voice",
                                                "provider_latency(telephony)",
                                                "provider_latency(stt)",
                                                "provider_latency(llm)",
                                                "provider_latency(tts)"};
constexpr std::array<std::string_view, 3> acts{"drill:kill_switch", "drill:rollback", "contacts_confirmed"};
// Read from the rollout's own state and figures, not from a level that somebody reports.
constexpr std::array<std::string_view, 3> own_levels{"feature_adoption", "criteria_met", "targets_met"};

bool is_among(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

std::span<const std::string_view> measured_levels() noexcept { return levels; }
std::span<const std::string_view> measured_times() noexcept { return times; }
std::span<const std::string_view> measured_acts() noexcept { return acts; }

bool is_measured(const Plan& plan, const Condition& condition) {
  const Kind kind = kind_of(plan, condition);
  if (kind == Kind::rate && condition.percentile) return is_among(times, source_key(condition));
  if (kind == Kind::proof) return condition.metric == "old_decommissioned" || is_among(acts, act_name(condition));
  if (kind != Kind::gauge || is_among(own_levels, condition.metric)) return true;
  const bool custom = std::ranges::find(plan.metrics, condition.metric, &CustomMetric::name) != plan.metrics.end();
  return custom || is_among(levels, source_key(condition));
}

}  // namespace callramp::rollout
