// Terminal: what a command may read and write, as arguments, so that tests run commands without a process.
#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

namespace callramp::app {

struct Terminal {
  std::istream& in;
  std::ostream& out;  ///< what was asked for
  std::ostream& err;  ///< what a person must know beside it
  std::function<std::optional<std::string>(const std::string& name)> environment;
  bool asks = false;  ///< somebody sits there, who may be asked before users are moved
};

}  // namespace callramp::app
