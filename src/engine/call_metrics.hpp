// CallMetrics: the numbers about calls that Prometheus scrapes, made once and counted from any thread.
//
// calls_total and its two companions carry the label `system` alone, and both systems' series exist from the start, or
// the rollout plan's own PromQL would not divide.
#pragma once

#include <array>

#include "core/calls/types.hpp"
#include "engine/time_recorder.hpp"
#include "ports/metrics.hpp"

namespace callramp::engine {

class CallMetrics {
 public:
  explicit CallMetrics(Metrics& metrics);
  /// Until it is set, times are scraped and no rollout counts them.
  void set_times(TimeRecorder& times) { times_ = &times; }

  /// A call has its outcome; test calls are not counted.
  void call_final(const Call& call) noexcept;
  /// From the last byte of an outbound-call request to the first of our answer.
  void response_time(System system, Duration span);
  /// Of a campaign's call and of a retry nobody waits for an answer: from its claim to its attempt stored.
  void claim_time(Duration span) { count("response_time", span); }
  /// From admitted (due, window open, not held) to dialed.
  void queue_wait(Duration span) { count("queue_wait", span); }
  /// `provider`: "telephony", "stt", "llm", "tts". From the request to its first answer.
  void provider_latency(std::string_view provider, Duration span) {
    count("provider_latency(" + std::string(provider) + ")", span);
  }
  void dialed(System system, std::string_view result);
  /// An attempt that ended with `outcome` is followed by another.
  void retry_scheduled(System system, Outcome outcome);
  void open_attempts(int count) noexcept { open_attempts_.set(count); }
  void session_started() noexcept { active_.add(1); }
  void session_ended() noexcept { active_.add(-1); }
  /// End of the callee's speech → first audio of the reply handed to the line.
  void reply_delay(Duration span);
  /// Stream's start → first audio of the greeting handed to the line.
  void answer_to_voice(Duration span);
  void underrun() noexcept { underruns_.add(); }
  void utterance() noexcept { utterances_.add(); }
  void spent(const std::string& provider, const Money& cost);
  void reconciled(std::string_view what);
  void provider_failed(std::string_view provider, std::string_view kind);

 private:
  struct PerSystem {
    Counter& total;
    Counter& successful;
    Counter& failed;
    Histogram& duration;
  };
  void count(const std::string& metric, Duration span) {
    if (times_ != nullptr) times_->add(metric, span);
  }
  PerSystem& of(System system) noexcept { return system == System::new_system ? new_ : old_; }

  Metrics& metrics_;
  TimeRecorder* times_ = nullptr;
  PerSystem new_;
  PerSystem old_;
  Gauge& open_attempts_;
  Gauge& active_;
  Histogram& reply_delay_;
  Histogram& answer_to_voice_;
  Counter& underruns_;
  Counter& utterances_;
};

}  // namespace callramp::engine
