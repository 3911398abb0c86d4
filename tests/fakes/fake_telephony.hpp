// FakeTelephony: a carrier on the test's clock. It dials, rings, opens the media stream and tells us, or fails to, as
// the knobs say; its ledger is the witness of every dial.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task_scope.hpp"
#include "fakes/fake_media_stream.hpp"
#include "ports/telephony.hpp"

namespace callramp::fakes {

/// What happens to one dial.
struct FakeCallee {
  Duration ring = seconds{2};
  CarrierState end = CarrierState::completed;  ///< completed: it is answered
  std::function<void(FakeLine&)> behaves;      ///< sets up the line when it is answered
  bool opens_media = true;                     ///< false: answered, and the stream never comes
  std::optional<Error> refusal;                ///< place() fails with it, nothing is dialed
  bool times_out = false;                      ///< place() returns `timeout` at its deadline …
  bool dialed_anyway = false;                  ///< … and the call is made all the same
  Duration place_takes = milliseconds{100};
  bool loses_callbacks = false;
  int callback_copies = 1;
  Duration callback_delay{};
  std::optional<Money> price;
  Duration price_delay = minutes{2};

  FakeCallee& answers_after(Duration span) { return ring = span, end = CarrierState::completed, *this; }
  FakeCallee& answers(std::function<void(FakeLine&)> how) { return behaves = std::move(how), *this; }
  FakeCallee& does_not_answer() { return ring = hours{1}, *this; }
  FakeCallee& is_busy() { return end = CarrierState::busy, *this; }
  FakeCallee& rejects() { return end = CarrierState::rejected, *this; }
  FakeCallee& fails() { return end = CarrierState::failed, *this; }
  FakeCallee& is_refused(Error error) { return refusal = std::move(error), *this; }
  FakeCallee& times_out_but_dials() { return times_out = true, dialed_anyway = true, *this; }
  FakeCallee& times_out_undialed() { return times_out = true, dialed_anyway = false, *this; }
  FakeCallee& opens_no_media() { return opens_media = false, *this; }
  FakeCallee& callbacks_get_lost() { return loses_callbacks = true, *this; }
  FakeCallee& callbacks_come_twice() { return callback_copies = 2, *this; }
  FakeCallee& callbacks_late_by(Duration span) { return callback_delay = span, *this; }
  FakeCallee& costs(Money money, Duration after_end = minutes{2}) {
    return price = money, price_delay = after_end, *this;
  }
};

/// `co_await stop()` (or idle()) before it dies.
class FakeTelephony final : public Telephony {
 public:
  struct Dial {
    DialRequest request;
    FakeCallee callee;
    std::string provider_call_id;
    Instant at{};
    CarrierState state = CarrierState::queued;
    std::optional<Instant> answered_at;
    std::optional<Instant> ended_at;
    std::shared_ptr<FakeLine> line;  ///< once answered; the test looks at it
  };

  FakeTelephony(const Executor& executor, async::Clock& clock, std::string name = "fake")
      : name_(std::move(name)), executor_(executor), clock_(clock), calls_(executor) {}

  /// Who hears of calls. Both may be left out.
  void reports_to(CarrierEvents* events, MediaSessions* sessions) {
    events_ = events;
    sessions_ = sessions;
  }
  /// How calls go that have no script of their own.
  FakeCallee& every_call() { return every_call_; }
  FakeCallee& answers_after(Duration span) { return every_call_.answers_after(span); }
  /// Scripts the next dial that has none yet; a copy of every_call() to start from.
  FakeCallee& next_call() { return next_calls_.emplace_back(every_call_); }
  /// lookup, find and probe fail with it while set.
  void cannot_be_asked(std::optional<Error> error) { silence_ = std::move(error); }

  /// Nothing of it answers, dials and questions alike, until given nothing; what was dialed goes on. Dials are refused
  /// at once, or, if `silent`, time out unmade.
  void goes_dark(std::optional<Error> error, bool silent = false) {
    silence_ = error;
    dark_ = std::move(error);
    silent_ = silent;
  }
  /// How often it was asked to dial, taken or not.
  int asked_to_dial() const { return asked_; }

  const std::deque<Dial>& dials() const { return dials_; }
  int active() const {
    int count = 0;
    for (const Dial& dial : dials_) count += dial.ended_at ? 0 : 1;
    return count;
  }
  Awaitable<void> idle() { return calls_.join(); }
  Awaitable<void> stop() { return calls_.stop(); }

  std::string name() const override { return name_; }
  std::string caller_id() const override { return "08000000000"; }

  Awaitable<Result<std::string>> place(DialRequest request, Instant deadline) override {
    FakeCallee callee = every_call_;
    if (!next_calls_.empty()) {
      callee = std::move(next_calls_.front());
      next_calls_.pop_front();
    }
    ++asked_;
    co_await clock_.sleep_for(callee.place_takes);
    if (dark_ && silent_) co_await clock_.sleep_until(deadline);
    if (dark_ && silent_) co_return fail(ErrorCode::timeout, "the dark carrier gave no answer");
    if (dark_) co_return std::unexpected(*dark_);
    if (callee.refusal) co_return std::unexpected(*callee.refusal);
    const bool times_out = callee.times_out;
    std::string id = name_ + "-" + std::to_string(dials_.size() + 1);
    if (!times_out || callee.dialed_anyway) {
      dials_.push_back(
          {.request = std::move(request), .callee = std::move(callee), .provider_call_id = id, .at = clock_.now()});
      calls_.spawn(go(dials_.back()));
    }
    if (!times_out) co_return id;
    co_await clock_.sleep_until(deadline);
    co_return fail(ErrorCode::timeout, "the fake carrier gave no answer; it may have dialed");
  }
  Awaitable<Result<CarrierCall>> lookup(std::string provider_call_id, Instant) override {
    if (silence_) co_return std::unexpected(*silence_);
    for (const Dial& dial : dials_)
      if (dial.provider_call_id == provider_call_id) co_return describe(dial);
    co_return fail(ErrorCode::not_found, "the fake carrier knows no call " + provider_call_id);
  }
  Awaitable<Result<std::vector<CarrierCall>>> find(PhoneNumber to, Instant from, Instant until, Instant) override {
    if (silence_) co_return std::unexpected(*silence_);
    std::vector<CarrierCall> found;
    for (const Dial& dial : dials_)
      if (dial.request.to == to && dial.at >= from && dial.at <= until) found.push_back(describe(dial));
    co_return found;
  }
  Awaitable<Status> probe(Instant) override {
    if (silence_) co_return std::unexpected(*silence_);
    co_return Status{};
  }

 private:
  Awaitable<void> go(Dial& dial) {  // a deque never moves its elements
    dial.state = CarrierState::ringing;
    const FakeCallee& callee = dial.callee;
    co_await clock_.sleep_for(std::min<Duration>(callee.ring, dial.request.ring_timeout));
    if (callee.ring > dial.request.ring_timeout) co_return ended(dial, CarrierState::no_answer);
    if (callee.end != CarrierState::completed) co_return ended(dial, callee.end);
    dial.answered_at = clock_.now();
    dial.state = CarrierState::in_progress;
    tell(dial);
    if (callee.opens_media && sessions_) {
      if (!co_await sessions_->admit(dial.request.stream_token)) co_return ended(dial, CarrierState::failed);
      dial.line = std::make_shared<FakeLine>(executor_, clock_);
      dial.line->provider_call_id(dial.provider_call_id).hangs_up_after(dial.request.time_limit);
      if (callee.behaves) callee.behaves(*dial.line);
      co_await sessions_->serve(dial.request.stream_token, std::make_unique<FakeMediaStream>(dial.line));
    } else {
      co_await clock_.sleep_for(dial.request.time_limit);
    }
    ended(dial, CarrierState::completed);
  }
  void ended(Dial& dial, CarrierState state) {
    dial.state = state;
    dial.ended_at = clock_.now();
    tell(dial);
  }
  void tell(const Dial& dial) {
    if (events_ && !dial.callee.loses_callbacks)
      for (int copy = 0; copy < dial.callee.callback_copies; ++copy)
        calls_.spawn(deliver(describe(dial), dial.callee.callback_delay));
  }
  Awaitable<void> deliver(CarrierCall call, Duration delay) {
    co_await clock_.sleep_for(delay);
    for (int attempt = 0; attempt < 5; ++attempt) {  // as long as we answer 5xx, and not for ever
      if (co_await events_->on_carrier_event(name(), call)) co_return;
      co_await clock_.sleep_for(seconds{1});
    }
  }
  CarrierCall describe(const Dial& dial) const {
    CarrierCall call{.provider_call_id = dial.provider_call_id,
                     .state = dial.state,
                     .to = dial.request.to,
                     .started_at = dial.at,
                     .ended_at = dial.ended_at};
    if (!dial.ended_at) return call;
    call.attempt = dial.request.attempt;  // comes back in the last callback only
    call.duration = dial.answered_at ? std::chrono::ceil<seconds>(*dial.ended_at - *dial.answered_at) : seconds{0};
    if (dial.callee.price && clock_.now() >= *dial.ended_at + dial.callee.price_delay) call.price = dial.callee.price;
    return call;
  }

  std::string name_;
  Executor executor_;
  async::Clock& clock_;
  CarrierEvents* events_ = nullptr;
  MediaSessions* sessions_ = nullptr;
  FakeCallee every_call_;
  std::deque<FakeCallee> next_calls_;
  std::deque<Dial> dials_;
  std::optional<Error> silence_;
  std::optional<Error> dark_;
  bool silent_ = false;
  int asked_ = 0;
  async::TaskScope calls_;
};

}  // namespace callramp::fakes
