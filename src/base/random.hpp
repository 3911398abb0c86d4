// Randomness as an argument: the system's for tokens and ids, a seeded one for tests, the sandbox and simulations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace callramp {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;

  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// Uniform in [0, bound); bound > 0. Multiply-shift: bias below bound / 2^64.
  std::uint64_t below(std::uint64_t bound);
  /// `bytes` random bytes as lower-case hex, e.g. 16 for a 128-bit secret.
  std::string hex(std::size_t bytes);
};

/// The kernel's generator (getrandom). Thread-safe. The only source for secrets.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;
};

/// SplitMix64: the same seed gives the same sequence on every machine. Never for secrets. Not thread-safe.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) noexcept : state_(seed) {}
  std::uint64_t next() override;

 private:
  std::uint64_t state_;
};

}  // namespace callramp
