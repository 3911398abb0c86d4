// Doctor: looks at everything that a start depends on and that goes wrong in practice, and says what to do about it. It
// changes nothing: no file is made, no schema moved, nobody called.
#pragma once

#include <string>
#include <vector>

#include "app/config.hpp"

namespace callramp::app {

struct Finding {
  enum class Level { ok, warn, fail } level = Level::ok;
  std::string check;    ///< "database", "exotel", …
  std::string message;  ///< what was seen
  std::string next;     ///< what to do; empty if ok
};
std::string_view to_string(Finding::Level level) noexcept;

/// The data folder, its token file and the database, each without touching it.
std::vector<Finding> examine_storage(const Config& config);
/// Keys, providers by their adapters' own probes, the clock against their Date headers, and PUBLIC_URL from outside:
/// health, the way of the WebSocket. Blocks for 10 s a question at most.
std::vector<Finding> examine_network(const Config& config);

/// The clock's distance from what an HTTP Date header says; the header has whole seconds.
Finding judge_clock(const std::string& host, std::string_view date_header, Instant sent, Instant received);

}  // namespace callramp::app
