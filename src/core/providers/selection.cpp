#include "core/providers/selection.hpp"

#include <algorithm>
#include <charconv>

#include "base/ensure.hpp"

namespace callramp::providers {
namespace {

// With nothing that changes by itself: a person has to enable one, and whoever waits looks again after this.
constexpr seconds idle_look{30};
// A probe that is due takes about as long as the provider takes to answer.
constexpr seconds probing_takes{5};

// "14:02 UTC": within a day the date says nothing.
std::string clock_time(Instant at) { return to_iso(at).substr(11, 5) + " UTC"; }

std::string_view next_field(std::string_view& line) {
  const std::size_t end = std::min(line.find('|'), line.size());
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return field;
}

Result<Instant> instant_of(std::string_view field) {
  std::int64_t micros = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), micros);
  if (error != std::errc{} || end != field.data() + field.size() || field.empty())
    return fail(ErrorCode::invalid_request, "'" + std::string(field.substr(0, 40)) + "' is no time in microseconds");
  return from_micros(micros);
}

// Since when this one cannot be asked.
Instant gone_since(const Candidate& candidate, Instant now) {
  if (candidate.disabled(now)) return candidate.order->at;
  return candidate.breaker.since().value_or(now);
}

Instant back_at(const Candidate& candidate, Instant now) {
  if (candidate.disabled(now)) return candidate.order->until.value_or(now + idle_look);
  if (const auto probe = candidate.breaker.probe_at()) return std::max(*probe, now) + probing_takes;
  return now + probing_takes;  // on trial
}

std::string state_of(const Candidate& candidate, Instant now) {
  if (candidate.disabled(now))
    return candidate.name + " (disabled by " + candidate.order->actor +
           (candidate.order->until ? " until " + clock_time(*candidate.order->until) : "") + ")";
  if (candidate.breaker.circuit() == Circuit::half_open) return candidate.name + " (being tried again)";
  return candidate.name + " (" + candidate.breaker.why() + ")";
}

}  // namespace

std::string_view to_string(Capability capability) noexcept {
  switch (capability) {
    case Capability::telephony: return "telephony";
    case Capability::stt: return "stt";
    case Capability::llm: return "llm";
    case Capability::tts: return "tts";
  }
  ENSURE(false, "a Capability outside its enumeration");
}

std::string to_line(const Order& order) {
  std::string actor = order.actor;
  std::ranges::replace(actor, '|', '/');
  return std::string(order.kind == Order::Kind::disabled ? "disabled" : "preferred") + "|" +
         (order.until ? std::to_string(to_micros(*order.until)) : "") + "|" + std::to_string(to_micros(order.at)) +
         "|" + actor + "|" + order.reason;
}

Result<Order> parse_order(std::string_view line) {
  Order order;
  const std::string_view kind = next_field(line);
  if (kind != "disabled" && kind != "preferred")
    return fail(ErrorCode::invalid_request,
                "'" + std::string(kind.substr(0, 40)) + "' is no order about a provider: disabled or preferred");
  order.kind = kind == "disabled" ? Order::Kind::disabled : Order::Kind::preferred;
  if (const std::string_view until = next_field(line); !until.empty()) {
    TRY(at, instant_of(until));
    order.until = at;
  }
  TRY(at, instant_of(next_field(line)));
  order.at = at;
  order.actor = next_field(line);
  order.reason = line;
  return order;
}

std::vector<std::size_t> ranking(const std::vector<Candidate>& candidates, Instant now) {
  std::vector<std::size_t> order;
  for (const bool preferred : {true, false})
    for (std::size_t i = 0; i < candidates.size(); ++i)
      if (!candidates[i].disabled(now) && candidates[i].preferred(now) == preferred) order.push_back(i);
  return order;
}

std::optional<std::size_t> choose(const std::vector<Candidate>& candidates, Instant now) {
  for (const std::size_t i : ranking(candidates, now))
    if (candidates[i].breaker.admits(now)) return i;
  return std::nullopt;
}

bool all_open(const std::vector<Candidate>& candidates, Instant now) {
  bool any = false;
  for (const Candidate& candidate : candidates) {
    if (candidate.disabled(now)) continue;
    if (candidate.breaker.circuit() != Circuit::open) return false;
    any = true;
  }
  return any;
}

std::optional<Outage> outage(std::string_view noun, const std::vector<Candidate>& candidates, Instant now) {
  if (choose(candidates, now)) return std::nullopt;
  Outage outage{.since = candidates.empty() ? now : Instant::min(), .look_again = now + idle_look};
  std::string names;
  for (const Candidate& candidate : candidates) {
    // Nobody is left since the last of them went.
    outage.since = std::max(outage.since, gone_since(candidate, now));
    outage.look_again = std::min(outage.look_again, back_at(candidate, now));
    names += (names.empty() ? "" : ", ") + state_of(candidate, now);
  }
  outage.look_again = std::max(outage.look_again, now + seconds{1});
  outage.reason = "no " + std::string(noun) + " since " + clock_time(outage.since) + ": " +
                  (names.empty() ? "none is configured" : names);
  return outage;
}

}  // namespace callramp::providers
