// Control: the sandbox's own door (+9): the ledger, the world in force and its replacement, and the figures.
#pragma once

#include <string>

#include "net/http.hpp"
#include "sandbox/exotel.hpp"
#include "sandbox/legacy.hpp"
#include "sandbox/sinks.hpp"
#include "sandbox/twilio.hpp"

namespace callramp::sandbox {

/// On the executor of the stand-ins that it shows.
class Control {
 public:
  struct Shown {
    LiveWorld& world;
    exotel::Carrier& exotel;
    twilio::Carrier& twilio;
    OldDialer& old_dialer;
    Sinks& sinks;
  };
  Control(Parts parts, Shown shown) : parts_(parts), shown_(shown) {}

  /// GET /ledger, /world, /stats, /health; PUT /world; POST /reset.
  Awaitable<net::Response> handle(net::Request& request);
  /// Puts a world in force: recordings first, so that an unreadable folder leaves the old world as it was.
  Status use_world(World world);

 private:
  std::string stats() const;
  void reset();

  Parts parts_;
  Shown shown_;
};

}  // namespace callramp::sandbox
