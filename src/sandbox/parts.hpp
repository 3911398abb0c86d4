// Parts: what the stand-ins of the carriers share.
#pragma once

#include "async/clock.hpp"
#include "base/log.hpp"
#include "sandbox/faults.hpp"
#include "sandbox/ledger.hpp"
#include "sandbox/stamps.hpp"
#include "sandbox/voices.hpp"
#include "sandbox/world.hpp"

namespace callramp::sandbox {

/// The owner outlives the stand-ins.
struct Parts {
  async::Clock& clock;
  const LiveWorld& world;
  Faults& faults;
  Ledger& ledger;
  Stamps& stamps;
  Voices& voices;
  Log& log;
};

}  // namespace callramp::sandbox
