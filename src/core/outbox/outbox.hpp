// Outbox: what is told to other systems, and when a telling that failed is tried again. Values and decisions; the store
// keeps them, the courier carries them out.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace callramp {

using WebhookId = Id<struct WebhookTag>;

/// What others can be told. The words are the API's and never change their meaning.
enum class EventKind { call_final, batch_done, campaign_completed, decision_taken };
inline constexpr std::array every_event{EventKind::call_final, EventKind::batch_done, EventKind::campaign_completed,
                                        EventKind::decision_taken};
std::string_view to_string(EventKind kind) noexcept;  ///< "call.final", "batch.done", …
Result<EventKind> parse_event_kind(std::string_view text);

/// pending: to be delivered, or to be tried again. dead: given up; a person may send it again.
enum class DeliveryState { pending, delivered, dead };
std::string_view to_string(DeliveryState state) noexcept;
Result<DeliveryState> parse_delivery_state(std::string_view text);

/// How long a receiver may be away before it loses something: a night's outage must not, a week's may.
struct DeliveryRetry {
  Duration first = seconds{15};
  double factor = 2;
  Duration most = hours{2};
  double jitter = 0.2;  ///< either way, so that a receiver that comes back is not hit by everything at once
  Duration patience = hours{24};
};

/// When to try again after `tries` failures; the last try is at `give_up_at` itself. Nothing: it is dead. `uniform` is
/// random in [0, 1).
std::optional<Instant> next_delivery(const DeliveryRetry& rule, int tries, Instant give_up_at, Instant now,
                                     double uniform);

}  // namespace callramp
