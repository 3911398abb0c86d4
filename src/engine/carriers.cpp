#include "engine/carriers.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace callramp::engine {
namespace {

using providers::Capability;

// Where none is configured only a restart changes that.
constexpr minutes no_carrier_look{1};

}  // namespace

Telephony* Carriers::find(std::string_view name) const {
  const auto found = std::ranges::find_if(all_, [&](const Telephony* carrier) { return carrier->name() == name; });
  return found == all_.end() ? nullptr : *found;
}

Telephony& Carriers::take() const {
  ENSURE(!all_.empty(), "a dial was claimed without a carrier");
  if (board_ != nullptr)
    if (const auto id = board_->take(Capability::telephony))
      if (Telephony* const carrier = find(board_->name(*id))) return *carrier;
  return *all_.front();
}

std::optional<providers::Outage> Carriers::outage(Instant now) const {
  if (all_.empty()) return providers::Outage{.since = now, .look_again = now + no_carrier_look, .reason = none_};
  if (board_ == nullptr) return std::nullopt;
  if (auto outage = board_->outage(Capability::telephony)) return outage;
  // One that is on trial is tried by a conversation, and the conversation has to be dialed first.
  for (const Capability capability : {Capability::stt, Capability::llm, Capability::tts})
    if (auto outage = board_->outage(capability); outage && !board_->on_trial(capability)) return outage;
  return std::nullopt;
}

bool Carriers::has_another(std::string_view name) const {
  if (board_ == nullptr) return false;
  for (const ProviderState& state : board_->states())
    if (state.capability == Capability::telephony && state.available && state.name != name) return true;
  return false;
}

bool Carriers::is_out(std::string_view name) const {
  if (board_ == nullptr) return false;
  for (const ProviderState& state : board_->states())
    if (state.capability == Capability::telephony && state.name == name)
      return state.circuit == providers::Circuit::open;
  return false;
}

}  // namespace callramp::engine
