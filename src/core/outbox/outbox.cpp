#include "core/outbox/outbox.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace callramp {
namespace {

template <class Enum, std::size_t Count>
Result<Enum> parse_word(std::string_view text, const std::array<Enum, Count>& words, std::string_view noun) {
  std::string known;
  for (const Enum word : words) {
    if (to_string(word) == text) return word;
    known += (known.empty() ? "" : ", ") + std::string(to_string(word));
  }
  return fail(ErrorCode::invalid_request,
              "'" + std::string(text.substr(0, 40)) + "' is no " + std::string(noun) + "; there are " + known);
}

}  // namespace

std::string_view to_string(EventKind kind) noexcept {
  switch (kind) {
    case EventKind::call_final: return "call.final";
    case EventKind::batch_done: return "batch.done";
    case EventKind::campaign_completed: return "campaign.completed";
    case EventKind::decision_taken: return "decision.taken";
  }
  return "";
}

Result<EventKind> parse_event_kind(std::string_view text) { return parse_word(text, every_event, "event"); }

std::string_view to_string(DeliveryState state) noexcept {
  switch (state) {
    case DeliveryState::pending: return "pending";
    case DeliveryState::delivered: return "delivered";
    case DeliveryState::dead: return "dead";
  }
  return "";
}

Result<DeliveryState> parse_delivery_state(std::string_view text) {
  return parse_word(text, std::array{DeliveryState::pending, DeliveryState::delivered, DeliveryState::dead},
                    "state of a delivery");
}

std::optional<Instant> next_delivery(const DeliveryRetry& rule, int tries, Instant give_up_at, Instant now,
                                     double uniform) {
  if (now >= give_up_at) return std::nullopt;
  const double steps = std::pow(rule.factor, std::max(tries - 1, 0));
  const double span = std::min(static_cast<double>(rule.first.count()) * steps, static_cast<double>(rule.most.count()));
  const double jittered = span * (1 + rule.jitter * (2 * uniform - 1));
  return std::min(now + Duration{static_cast<Duration::rep>(jittered)}, give_up_at);
}

}  // namespace callramp
