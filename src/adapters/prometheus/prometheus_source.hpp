// PrometheusSource: PromQL expressions read from a real Prometheus by its HTTP API, GET /api/v1/query.
#pragma once

#include <string>
#include <string_view>

#include "net/client_pool.hpp"
#include "ports/metric_source.hpp"

namespace callramp::prometheus_adapter {

struct PrometheusSourceConfig {
  std::string base_url;  ///< PROMETHEUS_URL; a path before /api/v1 is kept
  std::string token;     ///< PROMETHEUS_TOKEN, sent as Bearer; no header without one
  std::size_t max_answer_bytes = 256 * 1024;
};

class PrometheusSource final : public MetricSource {
 public:
  PrometheusSource(PrometheusSourceConfig config, net::ClientPool& clients);
  Awaitable<Result<double>> read(std::string expression, Instant deadline) override;

 private:
  PrometheusSourceConfig config_;
  net::ClientPool& clients_;
};

/// The one value in the answer to an instant query. Prometheus itself drops a series that was not scraped for five
/// minutes, so what is stale is absent.
Result<double> parse_instant_value(std::string_view body);

}  // namespace callramp::prometheus_adapter
