// ProviderBoard: what this process knows of every provider that a call needs: its circuit, what it was worth lately,
// and what people have ordered about it. Guards ask it before they ask a provider and tell it what came of it.
//
// Orders (`disable`, `prefer`) are kept in the settings store and hold over a restart; circuits and figures begin anew.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "async/clock.hpp"
#include "async/task_scope.hpp"
#include "base/log.hpp"
#include "core/providers/selection.hpp"
#include "core/providers/service_level.hpp"
#include "ports/admin_store.hpp"
#include "ports/metrics.hpp"

namespace callramp::engine {

/// Of one capability; valid as long as the board.
using ProviderId = std::size_t;

/// One row of GET /api/v1/providers.
struct ProviderState {
  std::string name;
  providers::Capability capability = providers::Capability::telephony;
  std::optional<int> place;  ///< in the order in which they are asked now, from 1; nothing: disabled
  bool available = false;    ///< a request would be let through
  providers::Circuit circuit = providers::Circuit::closed;
  std::optional<Instant> since;     ///< of a circuit that is not closed
  std::string why;                  ///< of a circuit that is not closed
  std::optional<Instant> probe_at;  ///< of an open one
  std::optional<providers::Order> order;
  providers::ServiceFigures figures;
  std::vector<Money> spent;  ///< since this process began, one amount a currency
};

/// Thread-safe, but for add() and run().
class ProviderBoard {
 public:
  using Probe = std::function<Awaitable<Status>(Instant deadline)>;

  ProviderBoard(async::Clock& clock, Log& log, Metrics& metrics);

  /// In the order of preference, before anything else. `probe` asks without doing anything, and costs nothing.
  ProviderId add(providers::Capability capability, std::string name, Probe probe,
                 providers::BreakerSettings settings = {});
  /// Called, on any thread, when a provider may have become available or gone.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

  /// Probes the open circuits when it is time, until cancelled.
  Awaitable<void> run();
  /// The orders of an earlier run. One that cannot be read is logged and forgotten.
  Awaitable<Status> load(SettingStore& settings);

  // What guards need.
  std::vector<ProviderId> ranking(providers::Capability capability) const;
  /// The first of the ranking that lets a request through; half-open that becomes the trial.
  std::optional<ProviderId> take(providers::Capability capability);
  /// Lets one request through, or says why not (`unavailable`).
  Status admit(ProviderId id);
  /// For a request that take() let through before: refused if it is disabled or its circuit has opened meanwhile.
  Status may_dial(ProviderId id) const;
  /// For questions that cost nothing: refused while the circuit is open.
  Status joins(ProviderId id) const;
  void succeeded(ProviderId id, Duration latency);
  void failed(ProviderId id, const Error& error);
  /// Cut short by us: it says nothing.
  void given_up(ProviderId id);
  std::string name(ProviderId id) const;

  /// Why no provider of the capability can be asked; nothing if one can, or if none was ever added.
  std::optional<providers::Outage> outage(providers::Capability capability) const;
  /// The circuits of all that people have not disabled are open: what a rollout calls down.
  bool is_down(providers::Capability capability) const;
  bool on_trial(providers::Capability capability) const;

  // What people do. Audited by their name.
  struct Command {
    std::string name;               ///< of the provider, in all its capabilities
    std::optional<Duration> lasts;  ///< nothing: until it is taken back
    std::string actor;
    std::string reason;
  };
  /// not_found for a name that no provider has.
  Awaitable<Status> disable(Command command, SettingStore& settings, AuditStore& audit);
  Awaitable<Status> prefer(Command command, SettingStore& settings, AuditStore& audit);
  /// Takes an order back, and has an open circuit probed at once.
  Awaitable<Status> enable(Command command, SettingStore& settings, AuditStore& audit);

  std::vector<ProviderState> states() const;
  void spent(const std::string& provider, const Money& cost);

 private:
  struct Provider {
    providers::Capability capability;
    providers::Candidate candidate;
    providers::ServiceLevel level;
    Probe probe;
    bool probing = false;
    Counter& requests;
    Histogram& latency;
    Gauge& state;
  };

  Awaitable<void> probe(ProviderId id);
  Awaitable<Status> give_order(std::string action, Command command, std::optional<providers::Order> order,
                               SettingStore& settings, AuditStore& audit);
  std::vector<ProviderId> of(providers::Capability capability) const;
  std::vector<providers::Candidate> candidates(const std::vector<ProviderId>& ids) const;
  void settle(ProviderId id, providers::Verdict verdict, const std::string& why, bool is_probe);

  async::Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  std::function<void()> changed_;
  mutable std::mutex mutex_;  // guards the rest; held for a look, never across a wait
  std::vector<Provider> providers_;
  std::map<std::pair<std::string, std::string>, Money> spent_;  // by provider and currency
};

/// One request to a provider: told what came of it, or given up when it is destroyed untold (a cancelled coroutine).
class Asking {
 public:
  Asking(ProviderBoard& board, ProviderId id, const async::Clock& clock)
      : board_(&board), id_(id), clock_(clock), began_(clock.now()) {}
  ~Asking() {
    if (board_) board_->given_up(id_);
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  void succeeded() {
    if (ProviderBoard* board = std::exchange(board_, nullptr)) board->succeeded(id_, clock_.now() - began_);
  }
  void failed(const Error& error) {
    if (ProviderBoard* board = std::exchange(board_, nullptr)) board->failed(id_, error);
  }
  /// By its result: a refusal of the request alone is a success of the provider's.
  template <class T>
  void ended(const Result<T>& result) {
    if (result || providers::verdict_of(result.error().code) == providers::Verdict::works)
      succeeded();
    else
      failed(result.error());
  }

 private:
  ProviderBoard* board_;
  ProviderId id_;
  const async::Clock& clock_;
  Instant began_;
};

}  // namespace callramp::engine
