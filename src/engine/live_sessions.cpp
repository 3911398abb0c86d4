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

void LiveSessions::hang_up(const CallId& call) {
  std::vector<std::pair<AttemptId, Executor>> found;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [attempt, handle] : sessions_)
      if (handle.call == call) found.emplace_back(attempt, handle.executor);
  }
  for (const auto& [attempt, executor] : found) post(attempt, executor, [](const SessionHandle& handle) { handle.hang_up(); });
}

void LiveSessions::hang_up(const AttemptId& attempt) {
  std::optional<Executor> executor;
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = sessions_.find(attempt); found != sessions_.end()) executor = found->second.executor;
  }
  if (executor) post(attempt, *executor, [](const SessionHandle& handle) { handle.hang_up(); });
}

void LiveSessions::hang_up_all() {
  std::vector<std::pair<AttemptId, Executor>> all;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [attempt, handle] : sessions_) all.emplace_back(attempt, handle.executor);
  }
  for (const auto& [attempt, executor] : all) post(attempt, executor, [](const SessionHandle& handle) { handle.hang_up(); });
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
