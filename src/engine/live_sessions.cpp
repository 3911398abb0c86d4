#include "engine/live_sessions.hpp"

#include <boost/asio/post.hpp>
#include <vector>

#include "base/ensure.hpp"

namespace callramp::engine {

void LiveSessions::enter(const AttemptId& attempt, SessionHandle handle) {
  const std::scoped_lock lock(mutex_);
  ENSURE(sessions_.emplace(attempt, std::move(handle)).second, "an attempt has one media session at most");
}

void LiveSessions::leave(const AttemptId& attempt) {
  const std::scoped_lock lock(mutex_);
  sessions_.erase(attempt);
}

bool LiveSessions::live(const AttemptId& attempt) const {
  const std::scoped_lock lock(mutex_);
  return sessions_.contains(attempt);
}

std::size_t LiveSessions::size() const {
  const std::scoped_lock lock(mutex_);
  return sessions_.size();
}

void LiveSessions::post(const AttemptId& attempt, const Executor& executor, Action action) {
  asio::post(executor, [this, attempt, action = std::move(action)] {
    std::optional<SessionHandle> handle;
    {
      const std::scoped_lock lock(mutex_);
      if (const auto found = sessions_.find(attempt); found != sessions_.end()) handle = found->second;
    }
    // A session enters and leaves on this very thread, so it cannot go while the action runs.
    if (handle) action(*handle);
  });
}

template <class Wanted>
void LiveSessions::hang_up_where(Wanted wanted, Parting parting) {
  std::vector<std::pair<AttemptId, Executor>> found;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [attempt, handle] : sessions_)
      if (wanted(attempt, handle)) found.emplace_back(attempt, handle.executor);
  }
  for (const auto& [attempt, executor] : found)
    post(attempt, executor, [parting](const SessionHandle& handle) { handle.hang_up(parting); });
}

void LiveSessions::hang_up(const CallId& call, Parting parting) {
  hang_up_where([&](const AttemptId&, const SessionHandle& handle) { return handle.call == call; }, parting);
}

void LiveSessions::hang_up_all(Parting parting) {
  hang_up_where([](const AttemptId&, const SessionHandle&) { return true; }, parting);
}

void LiveSessions::hang_up(const AttemptId& attempt) {
  hang_up_where([&](const AttemptId& id, const SessionHandle&) { return id == attempt; }, Parting::goodbye);
}

bool LiveSessions::carrier_ended(const AttemptId& attempt, CarrierCall call) {
  std::optional<Executor> executor;
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = sessions_.find(attempt); found != sessions_.end()) executor = found->second.executor;
  }
  if (!executor) return false;
  post(attempt, *executor, [call = std::move(call)](const SessionHandle& handle) { handle.carrier_ended(call); });
  return true;
}

}  // namespace callramp::engine
