// How busy the machine is that this process runs on.
#pragma once

#include <cstdint>

#include "base/result.hpp"

namespace callramp {

struct MachineReading {
  double cpu_used = 0;     ///< share of all cores since the last reading, of everything on the machine
  double cpu_process = 0;  ///< of this process
  double memory_used = 0;  ///< share: of the machine's memory or of this process's limit, whichever is nearer its end
  double memory_process = 0;  ///< bytes in RAM
  double memory_limit = 0;    ///< bytes: the smaller of the machine's memory and this process's limit
};

class Machine {
 public:
  virtual ~Machine() = default;
  /// Fast, no waiting. Shares of time are since the reading before; the first one is since the start.
  virtual Result<MachineReading> read() = 0;
};

/// Work of the database since the reading before.
struct DatabaseReading {
  std::int64_t queries = 0;    ///< transactions, waiting for their turn included
  std::int64_t slow = 0;       ///< over 100 ms
  std::int64_t very_slow = 0;  ///< over 1 s
  double p95 = 0;              ///< seconds, to a tenth of its value
};

}  // namespace callramp
