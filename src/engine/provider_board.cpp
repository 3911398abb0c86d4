#include "engine/provider_board.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace callramp::engine {
namespace {

using providers::Candidate;
using providers::Capability;
using providers::Circuit;
using providers::Order;
using providers::Outage;
using providers::Verdict;

constexpr seconds probe_look{1};
constexpr seconds probe_deadline{5};
const std::vector<double> latency_bounds{0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8};

std::string setting_of(const std::string& name) { return "provider:" + name; }

std::string_view noun(Capability capability) {
  switch (capability) {
    case Capability::telephony: return "carrier";
    case Capability::stt: return "speech recognition";
    case Capability::llm: return "language model";
    case Capability::tts: return "voice";
  }
  ENSURE(false, "a Capability outside its enumeration");
}

double gauge_of(Circuit circuit) { return circuit == Circuit::open ? 2 : circuit == Circuit::half_open ? 1 : 0; }

std::string_view kind_of(ErrorCode code) { return code == ErrorCode::timeout ? "timeout" : to_string(code); }

}  // namespace

ProviderBoard::ProviderBoard(async::Clock& clock, Log& log, Metrics& metrics)
    : clock_(clock), log_(log), metrics_(metrics) {}

ProviderId ProviderBoard::add(Capability capability, std::string name, Probe probe,
                              providers::BreakerSettings settings) {
  const Labels labels{{"provider", name}, {"capability", std::string(to_string(capability))}};
  providers_.push_back(
      {.capability = capability,
       .candidate = {.name = std::move(name), .breaker = providers::Breaker(settings), .order = std::nullopt},
       .level = providers::ServiceLevel(),
       .probe = std::move(probe),
       .requests = metrics_.counter("callramp_provider_requests_total", "Requests to providers.", labels),
       .latency = metrics_.histogram("callramp_provider_latency_seconds",
                                     "Request to a provider's first useful answer, of those that had one.",
                                     latency_bounds, labels),
       .state = metrics_.gauge("callramp_provider_breaker_state",
                               "Circuit of a provider: 0 closed, 1 half-open, 2 open.", labels)});
  return providers_.size() - 1;
}

std::vector<ProviderId> ProviderBoard::of(Capability capability) const {
  std::vector<ProviderId> ids;
  for (ProviderId id = 0; id < providers_.size(); ++id)
    if (providers_[id].capability == capability) ids.push_back(id);
  return ids;
}

std::vector<Candidate> ProviderBoard::candidates(const std::vector<ProviderId>& ids) const {
  std::vector<Candidate> list;
  for (const ProviderId id : ids) list.push_back(providers_[id].candidate);
  return list;
}

std::vector<ProviderId> ProviderBoard::ranking(Capability capability) const {
  const std::scoped_lock lock(mutex_);
  const std::vector<ProviderId> ids = of(capability);
  std::vector<ProviderId> ranked;
  for (const std::size_t i : providers::ranking(candidates(ids), clock_.now())) ranked.push_back(ids[i]);
  return ranked;
}

std::optional<ProviderId> ProviderBoard::take(Capability capability) {
  const Instant now = clock_.now();
  const std::scoped_lock lock(mutex_);
  const std::vector<ProviderId> ids = of(capability);
  const auto chosen = providers::choose(candidates(ids), now);
  if (!chosen) return std::nullopt;
  (void)providers_[ids[*chosen]].candidate.breaker.admit(now);
  return ids[*chosen];
}

Status ProviderBoard::admit(ProviderId id) {
  const Instant now = clock_.now();
  const std::scoped_lock lock(mutex_);
  Candidate& candidate = providers_[id].candidate;
  if (!candidate.disabled(now) && candidate.breaker.admit(now)) return {};
  return fail(ErrorCode::unavailable, candidate.disabled(now)
                                          ? candidate.name + " is disabled by " + candidate.order->actor
                                          : candidate.name + " is not asked: " + candidate.breaker.why());
}

Status ProviderBoard::may_dial(ProviderId id) const {
  {
    const std::scoped_lock lock(mutex_);
    const Candidate& candidate = providers_[id].candidate;
    if (candidate.disabled(clock_.now()))
      return fail(ErrorCode::unavailable, candidate.name + " is disabled by " + candidate.order->actor);
  }
  return joins(id);
}

Status ProviderBoard::joins(ProviderId id) const {
  const Instant now = clock_.now();
  const std::scoped_lock lock(mutex_);
  const Candidate& candidate = providers_[id].candidate;
  if (candidate.breaker.circuit() != Circuit::open) return {};
  return fail(ErrorCode::unavailable, candidate.name + " is not asked since " +
                                          to_iso(candidate.breaker.since().value_or(now)) + ": " +
                                          candidate.breaker.why());
}

void ProviderBoard::settle(ProviderId id, Verdict verdict, const std::string& why, bool is_probe) {
  const Instant now = clock_.now();
  Circuit before{};
  Circuit after{};
  std::string name;
  Capability capability{};
  {
    const std::scoped_lock lock(mutex_);
    Provider& provider = providers_[id];
    providers::Breaker& breaker = provider.candidate.breaker;
    before = breaker.circuit();
    if (is_probe)
      breaker.probed(verdict, why, now);
    else
      breaker.answered(verdict, why, now);
    after = breaker.circuit();
    provider.state.set(gauge_of(after));
    name = provider.candidate.name;
    capability = provider.capability;
  }
  if (before == after) return;
  if (after == Circuit::open)
    log_.error("provider_circuit_open", {{"provider", name}, {"capability", to_string(capability)}, {"why", why}});
  else
    log_.info(after == Circuit::closed ? "provider_back" : "provider_on_trial",
              {{"provider", name}, {"capability", to_string(capability)}});
  if (changed_) changed_();
}

void ProviderBoard::succeeded(ProviderId id, Duration latency) {
  {
    const std::scoped_lock lock(mutex_);
    Provider& provider = providers_[id];
    provider.level.succeeded(clock_.now(), latency);
    provider.requests.add();
    provider.latency.observe(std::chrono::duration<double>(latency).count());
  }
  settle(id, Verdict::works, "", false);
}

void ProviderBoard::failed(ProviderId id, const Error& error) {
  const Verdict verdict = providers::verdict_of(error.code);
  std::string name;
  {
    const std::scoped_lock lock(mutex_);
    Provider& provider = providers_[id];
    if (verdict == Verdict::fails || verdict == Verdict::denies) provider.level.failed(clock_.now());
    provider.requests.add();
    name = provider.candidate.name;
  }
  metrics_
      .counter("callramp_provider_errors_total", "Errors of providers.",
               {{"provider", name}, {"kind", std::string(kind_of(error.code))}})
      .add();
  settle(id, verdict, error.message, false);
}

void ProviderBoard::given_up(ProviderId id) { settle(id, Verdict::nothing, "", false); }

std::string ProviderBoard::name(ProviderId id) const { return providers_[id].candidate.name; }

std::optional<Outage> ProviderBoard::outage(Capability capability) const {
  const std::scoped_lock lock(mutex_);
  const std::vector<ProviderId> ids = of(capability);
  if (ids.empty()) return std::nullopt;
  return providers::outage(noun(capability), candidates(ids), clock_.now());
}

bool ProviderBoard::is_down(Capability capability) const {
  const std::scoped_lock lock(mutex_);
  return providers::all_open(candidates(of(capability)), clock_.now());
}

bool ProviderBoard::on_trial(Capability capability) const {
  const Instant now = clock_.now();
  const std::scoped_lock lock(mutex_);
  return std::ranges::any_of(candidates(of(capability)), [&](const Candidate& candidate) {
    return !candidate.disabled(now) && candidate.breaker.circuit() == Circuit::half_open;
  });
}

Awaitable<void> ProviderBoard::run() {
  co_await async::with_scope([this](async::TaskScope& probes) -> Awaitable<void> {
    for (;;) {
      std::vector<ProviderId> due;
      {
        const Instant now = clock_.now();
        const std::scoped_lock lock(mutex_);
        for (ProviderId id = 0; id < providers_.size(); ++id) {
          Provider& provider = providers_[id];
          const auto at = provider.candidate.breaker.probe_at();
          if (!at || *at > now || provider.probing || !provider.probe) continue;
          provider.probing = true;
          due.push_back(id);
        }
      }
      for (const ProviderId id : due) probes.spawn(probe(id));
      co_await clock_.sleep_for(probe_look);
    }
  });
}

Awaitable<void> ProviderBoard::probe(ProviderId id) {
  struct Done {
    ProviderBoard& board;
    ProviderId id;
    ~Done() {
      const std::scoped_lock lock(board.mutex_);
      board.providers_[id].probing = false;
    }
  } done{*this, id};
  const Status answered = co_await providers_[id].probe(clock_.now() + probe_deadline);
  // A probe that is answered at all, with whatever words, has found somebody at home.
  settle(id, answered ? Verdict::works : providers::verdict_of(answered.error().code),
         answered ? "" : answered.error().message, true);
}

Awaitable<Status> ProviderBoard::load(SettingStore& settings) {
  for (Provider& provider : providers_) {
    CO_TRY(line, co_await settings.get(setting_of(provider.candidate.name)));
    if (!line || line->empty()) continue;
    auto order = providers::parse_order(*line);
    if (!order) {
      log_.warn("provider_order_unreadable", {{"provider", provider.candidate.name}, {"error", order.error().message}});
      continue;
    }
    const std::scoped_lock lock(mutex_);
    provider.candidate.order = *std::move(order);
  }
  co_return Status{};
}

Awaitable<Status> ProviderBoard::disable(Command command, SettingStore& settings, AuditStore& audit) {
  const Instant now = clock_.now();
  Order order{.kind = Order::Kind::disabled,
              .until = std::nullopt,
              .at = now,
              .actor = command.actor,
              .reason = command.reason};
  if (command.lasts) order.until = now + *command.lasts;
  co_return co_await give_order("provider.disable", std::move(command), std::move(order), settings, audit);
}

Awaitable<Status> ProviderBoard::prefer(Command command, SettingStore& settings, AuditStore& audit) {
  const Instant now = clock_.now();
  Order order{.kind = Order::Kind::preferred,
              .until = std::nullopt,
              .at = now,
              .actor = command.actor,
              .reason = command.reason};
  if (command.lasts) order.until = now + *command.lasts;
  co_return co_await give_order("provider.prefer", std::move(command), std::move(order), settings, audit);
}

Awaitable<Status> ProviderBoard::enable(Command command, SettingStore& settings, AuditStore& audit) {
  co_return co_await give_order("provider.enable", std::move(command), std::nullopt, settings, audit);
}

Awaitable<Status> ProviderBoard::give_order(std::string action, Command command, std::optional<Order> order,
                                            SettingStore& settings, AuditStore& audit) {
  std::string names;
  bool known = false;
  std::vector<std::string> no_longer_preferred;
  {
    const std::scoped_lock lock(mutex_);
    for (const Provider& provider : providers_) {
      known = known || provider.candidate.name == command.name;
      if (!names.contains(provider.candidate.name)) names += (names.empty() ? "" : ", ") + provider.candidate.name;
    }
    // There is one favourite of a capability: the latest.
    const auto same_kind = [&](const Provider& other) {
      return std::ranges::any_of(providers_, [&](const Provider& provider) {
        return provider.candidate.name == command.name && provider.capability == other.capability;
      });
    };
    if (order && order->kind == Order::Kind::preferred)
      for (const Provider& provider : providers_)
        if (provider.candidate.name != command.name && same_kind(provider) && provider.candidate.order &&
            provider.candidate.order->kind == Order::Kind::preferred)
          no_longer_preferred.push_back(provider.candidate.name);
  }
  if (!known)
    co_return fail(ErrorCode::not_found,
                   "there is no provider '" + command.name.substr(0, 40) + "'; there are " + names, "name");
  for (const std::string& name : no_longer_preferred) CO_TRY_VOID(co_await settings.put(setting_of(name), ""));
  CO_TRY_VOID(co_await settings.put(setting_of(command.name), order ? providers::to_line(*order) : ""));
  {
    const Instant now = clock_.now();
    const std::scoped_lock lock(mutex_);
    for (Provider& provider : providers_) {
      if (std::ranges::find(no_longer_preferred, provider.candidate.name) != no_longer_preferred.end())
        provider.candidate.order.reset();
      if (provider.candidate.name != command.name) continue;
      provider.candidate.order = order;
      if (!order) provider.candidate.breaker.probe_soon(now);
    }
  }
  log_.warn("provider_ordered", {{"provider", command.name},
                                 {"action", action},
                                 {"actor", command.actor},
                                 {"until", order && order->until ? to_iso(*order->until) : ""},
                                 {"reason", command.reason}});
  if (changed_) changed_();
  co_return co_await audit.append({.at = clock_.now(),
                                   .actor = command.actor,
                                   .action = std::move(action),
                                   .subject = command.name,
                                   .reason = command.reason});
}

std::vector<ProviderState> ProviderBoard::states() const {
  const Instant now = clock_.now();
  std::vector<ProviderState> states;
  for (const Capability capability : {Capability::telephony, Capability::stt, Capability::llm, Capability::tts}) {
    const std::vector<ProviderId> ranked = ranking(capability);
    const std::scoped_lock lock(mutex_);
    for (const ProviderId id : of(capability)) {
      const Candidate& candidate = providers_[id].candidate;
      ProviderState state{.name = candidate.name,
                          .capability = capability,
                          .available = !candidate.disabled(now) && candidate.breaker.admits(now),
                          .circuit = candidate.breaker.circuit(),
                          .since = candidate.breaker.since(),
                          .why = candidate.breaker.why(),
                          .probe_at = candidate.breaker.probe_at(),
                          .figures = providers_[id].level.figures(now)};
      if (const auto place = std::ranges::find(ranked, id); place != ranked.end())
        state.place = static_cast<int>(place - ranked.begin()) + 1;
      if (candidate.order && candidate.order->in_force(now)) state.order = candidate.order;
      for (const auto& [key, sum] : spent_)
        if (key.first == candidate.name) state.spent.push_back(sum);
      states.push_back(std::move(state));
    }
  }
  return states;
}

void ProviderBoard::spent(const std::string& provider, const Money& cost) {
  const std::scoped_lock lock(mutex_);
  auto& sum = spent_.try_emplace({provider, cost.currency.str()}, Money{0, cost.currency}).first->second;
  sum.micros += cost.micros;
}

}  // namespace callramp::engine
