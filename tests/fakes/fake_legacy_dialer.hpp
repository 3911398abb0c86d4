// FakeLegacyDialer: the old system on the test's clock. Placing the same attempt twice dials once.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "async/clock.hpp"
#include "async/task_scope.hpp"
#include "ports/legacy_dialer.hpp"

namespace callramp::fakes {

/// `co_await stop()` (or idle()) before it dies.
class FakeLegacyDialer final : public LegacyDialer {
 public:
  struct Dial {
    LegacyDial request;
    LegacyReport report;
    int placed = 1;  ///< how often we were asked to
  };

  FakeLegacyDialer(const Executor& executor, async::Clock& clock) : clock_(clock), calls_(executor) {}

  void reports_to(LegacyEvents* events) { events_ = events; }
  void reports(Outcome outcome, Duration after) {
    outcome_ = outcome;
    after_ = after;
  }
  void never_reports() { silent_ = true; }
  void refuses_next(Error error) { next_.push_back({.refusal = std::move(error)}); }
  void times_out_next(bool taken) { next_.push_back({.times_out = true, .taken = taken}); }
  void is_down(std::optional<Error> error) { down_ = std::move(error); }

  const std::deque<Dial>& dials() const { return dials_; }
  Awaitable<void> idle() { return calls_.join(); }
  Awaitable<void> stop() { return calls_.stop(); }

  Awaitable<Result<std::string>> place(LegacyDial dial, Instant deadline) override {
    Next next;
    if (!next_.empty()) {
      next = std::move(next_.front());
      next_.pop_front();
    }
    co_await clock_.sleep_for(milliseconds{20});
    if (down_) co_return std::unexpected(*down_);
    if (next.refusal) co_return std::unexpected(*next.refusal);
    const std::string id = next.times_out && !next.taken ? std::string() : take(std::move(dial));
    if (!next.times_out) co_return id;
    co_await clock_.sleep_until(deadline);
    co_return fail(ErrorCode::timeout, "the fake old system gave no answer");
  }
  Awaitable<Result<LegacyReport>> lookup(std::string id, Instant) override {
    if (down_) co_return std::unexpected(*down_);
    for (const Dial& dial : dials_)
      if (dial.report.id == id) co_return dial.report;
    co_return fail(ErrorCode::not_found, "the fake old system knows no call " + id);
  }
  Awaitable<Status> probe(Instant) override {
    if (down_) co_return std::unexpected(*down_);
    co_return Status{};
  }

 private:
  struct Next {
    std::optional<Error> refusal;
    bool times_out = false;
    bool taken = false;
  };

  std::string take(LegacyDial request) {
    for (Dial& known : dials_)
      if (known.request.attempt == request.attempt) return ++known.placed, known.report.id;
    const std::string id = "old-" + std::to_string(dials_.size() + 1);
    dials_.push_back({.request = std::move(request), .report = {.id = id, .started_at = clock_.now()}});
    calls_.spawn(go(dials_.back(), outcome_, after_));
    return id;
  }
  Awaitable<void> go(Dial& dial, Outcome outcome, Duration after) {  // a deque never moves its elements
    co_await clock_.sleep_for(after);
    dial.report.outcome = outcome;
    dial.report.ended_at = clock_.now();
    if (!events_ || silent_) co_return;
    for (int attempt = 0; attempt < 5; ++attempt) {
      if (co_await events_->on_legacy_report(dial.report)) co_return;
      co_await clock_.sleep_for(seconds{1});
    }
  }

  async::Clock& clock_;
  LegacyEvents* events_ = nullptr;
  Outcome outcome_ = Outcome::completed;
  Duration after_ = seconds{30};
  bool silent_ = false;
  std::optional<Error> down_;
  std::deque<Next> next_;
  std::deque<Dial> dials_;
  async::TaskScope calls_;
};

}  // namespace callramp::fakes
