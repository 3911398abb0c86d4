// Which program this is: its version, and a hash of the sources that it was built from. Two builds of one version are
// the same program exactly if their sources are: a rollout that sees another one begins "stable" anew.
#pragma once

#include <string>

namespace callramp::app {

/// "0.1.0+1f0c…": version, and the first 12 digits of the sources' SHA-256.
std::string program_version();

}  // namespace callramp::app
