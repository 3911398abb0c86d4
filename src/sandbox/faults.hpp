// Faults: decides which request, socket or callback goes wrong, by the world's rules and seed.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sandbox/world.hpp"

namespace callramp::sandbox {

/// Thread-safe. The n-th draw of one door and kind has the same answer for the same seed, whatever other
/// doors do meanwhile.
class Faults {
 public:
  explicit Faults(const LiveWorld& world) : world_(&world) {}

  /// The fault that this event has, if any. `door` is "deepgram.listen" and the like: rules for it and for
  /// its provider
  /// ("deepgram") apply, in the world's order; the first drawn wins.
  std::optional<Fault> draw(std::string_view door, FaultKind kind);
  /// Faults dealt so far, by "door kind", for GET /stats.
  std::map<std::string, std::uint64_t> dealt() const;
  /// Starts all sequences again; a new world in force begins at its own first draw.
  void reset();

 private:
  const LiveWorld* world_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, FaultKind>, std::uint64_t> draws_;
  std::map<std::string, std::uint64_t> dealt_;
};

}  // namespace callramp::sandbox
