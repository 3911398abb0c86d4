// In a file of its own: the identity changes with every edit of the sources, and nothing else shall be compiled for it.
#include "app/program_version.hpp"

#include "embedded/build_identity.hpp"

namespace callramp::app {

std::string program_version() { return CALLRAMP_VERSION "+" CALLRAMP_BUILD_IDENTITY; }

}  // namespace callramp::app
