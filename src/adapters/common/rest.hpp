// What the carriers' REST clients share: forms, origins, and the silence that a 429 asks for.
#pragma once

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "net/http.hpp"

namespace callramp::adapters {

inline std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

/// https → wss, http → ws.
inline std::string web_socket_origin(const std::string& url) {
  return url.starts_with("http") ? "ws" + url.substr(4) : url;
}

/// application/x-www-form-urlencoded, in the order given.
inline std::string form_of(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string form;
  for (const auto& [name, value] : fields)
    form += (form.empty() ? "" : "&") + net::percent_encode(name) + "=" + net::percent_encode(value);
  return form;
}

/// Until when nothing may be sent. Thread-safe.
class Silence {
 public:
  void until(Instant when) { micros_.store(to_micros(when), std::memory_order_relaxed); }
  /// What is left of it; zero or less: speak.
  Duration left(Instant now) const { return from_micros(micros_.load(std::memory_order_relaxed)) - now; }

 private:
  std::atomic<std::int64_t> micros_ = 0;
};

}  // namespace callramp::adapters
