#include "core/providers/breaker.hpp"

#include "base/ensure.hpp"

namespace callramp::providers {

std::string_view to_string(Circuit circuit) noexcept {
  switch (circuit) {
    case Circuit::closed: return "closed";
    case Circuit::open: return "open";
    case Circuit::half_open: return "half_open";
  }
  ENSURE(false, "a Circuit outside its enumeration");
}

Verdict verdict_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::timeout:
    case ErrorCode::unavailable:
    case ErrorCode::internal: return Verdict::fails;
    case ErrorCode::unauthorized:
    case ErrorCode::forbidden: return Verdict::denies;
    case ErrorCode::cancelled:
    case ErrorCode::rate_limited:
    case ErrorCode::concurrent_limit_reached: return Verdict::nothing;
    default: return Verdict::works;  // it understood us, and says that the request is wrong
  }
}

bool Breaker::admits(Instant now) const noexcept {
  if (circuit_ == Circuit::closed) return true;
  if (circuit_ == Circuit::open) return false;
  return !trial_since_ || now >= *trial_since_ + settings_.trial_limit;
}

bool Breaker::admit(Instant now) noexcept {
  if (!admits(now)) return false;
  if (circuit_ == Circuit::half_open) trial_since_ = now;
  return true;
}

void Breaker::open(std::string_view why, Instant now) {
  circuit_ = Circuit::open;
  if (!since_) since_ = now;
  probe_at_ = now + settings_.open_for;
  trial_since_.reset();
  why_ = why;
}

void Breaker::answered(Verdict verdict, std::string_view why, Instant now) {
  if (circuit_ == Circuit::open) return;
  if (verdict == Verdict::nothing) {
    trial_since_.reset();
    return;
  }
  if (verdict == Verdict::works) {
    circuit_ = Circuit::closed;
    failures_ = 0;
    since_.reset();
    trial_since_.reset();
    why_.clear();
    return;
  }
  ++failures_;
  if (verdict == Verdict::denies || circuit_ == Circuit::half_open || failures_ >= settings_.failures) open(why, now);
}

std::optional<Instant> Breaker::probe_at() const noexcept {
  if (circuit_ != Circuit::open) return std::nullopt;
  return probe_at_;
}

void Breaker::probed(Verdict verdict, std::string_view why, Instant now) {
  if (circuit_ != Circuit::open) return;
  if (verdict == Verdict::works)
    circuit_ = Circuit::half_open;
  else if (verdict == Verdict::nothing)
    probe_at_ = now + settings_.open_for;
  else
    open(why, now);
}

}  // namespace callramp::providers
