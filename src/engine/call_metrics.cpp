#include "engine/call_metrics.hpp"

namespace callramp::engine {
namespace {

// The plan's line is 200 ms, so 0.2 is a bound; the rest halves and doubles around it.
const std::vector<double> response_bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4};
const std::vector<double> voice_bounds{0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4, 6, 10};

double to_seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

}  // namespace

CallMetrics::CallMetrics(Metrics& metrics)
    : metrics_(metrics),
      new_{metrics.counter("calls_total", "Calls that are final.", {{"system", "new"}}),
           metrics.counter("calls_successful_total", "Final calls that were completed or left a message.",
                           {{"system", "new"}}),
           metrics.counter("calls_failed_total", "Final calls that failed.", {{"system", "new"}}),
           metrics.histogram("http_request_duration_seconds", "Response time of outbound-call requests.",
                             response_bounds, {{"system", "new"}})},
      old_{metrics.counter("calls_total", "Calls that are final.", {{"system", "old"}}),
           metrics.counter("calls_successful_total", "Final calls that were completed or left a message.",
                           {{"system", "old"}}),
           metrics.counter("calls_failed_total", "Final calls that failed.", {{"system", "old"}}),
           metrics.histogram("http_request_duration_seconds", "Response time of outbound-call requests.",
                             response_bounds, {{"system", "old"}})},
      open_attempts_(metrics.gauge("callramp_open_attempts", "Attempts without an outcome, all systems.")),
      active_(metrics.gauge("callramp_active_calls", "Conversations in progress on this node.")),
      reply_delay_(metrics.histogram("callramp_reply_delay_seconds",
                                     "End of the callee's speech to the first audio of the reply.", voice_bounds)),
      answer_to_voice_(metrics.histogram("callramp_answer_to_voice_seconds",
                                         "Start of the media stream to the first audio of the greeting.",
                                         voice_bounds)),
      underruns_(metrics.counter("callramp_playout_underruns_total", "Utterances whose audio ran dry on the line.")),
      utterances_(metrics.counter("callramp_utterances_total", "Utterances spoken to callees.")) {}

void CallMetrics::call_final(const Call& call) noexcept {
  if (call.test || !call.outcome || !call.system || !is_counted(*call.outcome)) return;
  PerSystem& system = of(*call.system);
  system.total.add();
  if (is_success(*call.outcome)) system.successful.add();
  if (*call.outcome == Outcome::failed) system.failed.add();
  metrics_
      .counter(
          "callramp_call_outcomes_total", "Final calls by outcome.",
          {{"system", std::string(metric_label(*call.system))}, {"outcome", std::string(to_string(*call.outcome))}})
      .add();
  if (call.fault)
    metrics_
        .counter("callramp_call_faults_total", "Failed calls by whose fault it was.",
                 {{"system", std::string(metric_label(*call.system))}, {"fault", std::string(to_string(*call.fault))}})
        .add();
}

void CallMetrics::response_time(System system, Duration span) {
  of(system).duration.observe(to_seconds(span));
  count("response_time", span);
}

void CallMetrics::dialed(System system, std::string_view result) {
  metrics_
      .counter("callramp_dials_total", "Dial requests by what became of them.",
               {{"system", std::string(metric_label(system))}, {"result", std::string(result)}})
      .add();
}

void CallMetrics::retry_scheduled(System system, Outcome outcome) {
  metrics_
      .counter("callramp_retries_total", "Retries scheduled, by how the attempt before them ended.",
               {{"system", std::string(metric_label(system))}, {"outcome", std::string(to_string(outcome))}})
      .add();
}

void CallMetrics::reply_delay(Duration span) {
  reply_delay_.observe(to_seconds(span));
  count("reply_delay", span);
}

void CallMetrics::answer_to_voice(Duration span) {
  answer_to_voice_.observe(to_seconds(span));
  count("answer_to_voice", span);
}

void CallMetrics::spent(const std::string& provider, const Money& cost) {
  metrics_
      .counter("callramp_cost_total", "Money spent, by provider, in units of the currency.",
               {{"provider", provider}, {"currency", cost.currency.str()}})
      .add(static_cast<double>(cost.micros) / 1e6);
}

void CallMetrics::reconciled(std::string_view what) {
  metrics_
      .counter("callramp_reconciled_total", "Attempts settled by asking the provider.", {{"what", std::string(what)}})
      .add();
}

void CallMetrics::provider_failed(std::string_view provider, std::string_view kind) {
  metrics_
      .counter("callramp_provider_errors_total", "Errors of providers.",
               {{"provider", std::string(provider)}, {"kind", std::string(kind)}})
      .add();
}

}  // namespace callramp::engine
