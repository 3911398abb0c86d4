// LiveSessions: which attempts have a conversation on this node right now, and how to reach it from any thread.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "async/executor.hpp"
#include "core/calls/transition.hpp"
#include "engine/call_service.hpp"
#include "ports/telephony.hpp"

namespace callramp::engine {

/// What a session lets others do to it; called on its own executor.
struct SessionHandle {
  CallId call;
  Executor executor;
  std::function<void(Parting)> hang_up;            ///< an operator or a limit ends it, politely
  std::function<void(CarrierCall)> carrier_ended;  ///< the carrier says that it is over
};

/// Thread-safe. A handle's functions are posted to the session's executor and do nothing once it has left.
class LiveSessions final : public LiveCalls {
 public:
  void enter(const AttemptId& attempt, SessionHandle handle);
  void leave(const AttemptId& attempt);
  bool live(const AttemptId& attempt) const;
  std::size_t size() const;
  void hang_up(const CallId& call, Parting parting) override;
  void hang_up_all(Parting parting) override;
  void hang_up(const AttemptId& attempt);
  /// False if there is no session to tell.
  bool carrier_ended(const AttemptId& attempt, CarrierCall call);

 private:
  using Action = std::function<void(const SessionHandle&)>;
  template <class Wanted>
  void hang_up_where(Wanted wanted, Parting parting);
  // Posts `action` to the session's thread, which looks again whether the session is still there.
  void post(const AttemptId& attempt, const Executor& executor, Action action);

  mutable std::mutex mutex_;  // guards sessions_; held for a look-up, never across an action
  std::map<AttemptId, SessionHandle> sessions_;
};

}  // namespace callramp::engine
