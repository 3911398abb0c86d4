// DbLoad: how long transactions took since somebody last looked, their waiting for a turn included.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>

#include "base/time.hpp"
#include "ports/machine.hpp"

namespace callramp::sql {

class DbLoad {
 public:
  void add(Duration taken);
  DatabaseReading take();

 private:
  // Spans of time that grow by a tenth, from 10 µs to more than an hour: a percentile is right to a tenth.
  static constexpr std::size_t steps = 208;
  std::mutex mutex_;  // guards the rest
  std::array<std::int64_t, steps> counts_{};
  DatabaseReading reading_;
};

}  // namespace callramp::sql
