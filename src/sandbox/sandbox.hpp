// Sandbox: all stand-ins of the outside world in one object, each on its own port, as `callramp sandbox` and
// `callramp demo` run them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "async/clock.hpp"
#include "base/log.hpp"
#include "sandbox/world.hpp"

namespace callramp::sandbox {

struct SandboxOptions {
  std::string address = "127.0.0.1";
  /// The first of ten ports; 0: a free one for each door, see Sandbox::url.
  std::uint16_t base_port = 4010;
  std::string ledger_file;    ///< empty: in memory only
  std::string voices_folder;  ///< where rendered speech is kept between runs; empty: in memory only
  /// TLS on the doors of Deepgram and OpenAI; PEM. Empty: none.
  std::string certificate_file;
  std::string private_key_file;
  /// Trusted besides the system's when a media socket or a callback goes to https; PEM.
  std::string ca_file;
};

/// The doors, by their distance from the base port.
enum class Door : std::uint16_t {
  exotel = 0,
  deepgram = 1,
  openai = 2,
  old_dialer = 3,
  sinks = 4,
  twilio = 6,
  control = 9
};

class Sandbox {
 public:
  /// The carriers, sinks and control run on the first executor, speech and language on all of them.
  Sandbox(std::vector<Executor> executors, SandboxOptions options, World world, async::Clock& clock, Log& log);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  /// Reads the ledger's file and the world's recordings and listens. After an error too, stop() must be called.
  Status start();
  /// On the first executor, before destruction. Calls end as in a power cut.
  Awaitable<void> stop();

  /// "http://127.0.0.1:4010", "https://…" where TLS is on: an origin without a path.
  std::string url(Door door) const;
  std::uint16_t port(Door door) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace callramp::sandbox
