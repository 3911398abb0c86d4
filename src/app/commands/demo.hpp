// demo: serve, a sandbox, an agent and contacts in one process, and a terminal that shows what happens.
#pragma once

#include "app/config.hpp"

namespace callramp::app {

/// The settings of a demo made from those of the environment: everything outside points at the sandbox's doors. An
/// error if the environment names a provider of its own: a demo never calls anybody's phone.
struct DemoDoors {
  std::string exotel;
  std::string twilio;
  std::string deepgram;
  std::string openai;
  std::string old_dialer;
};
Result<Config> demo_config(Config from_environment, const DemoDoors& doors);

}  // namespace callramp::app
