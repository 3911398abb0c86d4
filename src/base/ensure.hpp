// ENSURE: a check for what cannot happen, kept in release builds.
//
// What *can* go wrong (input, network, disk) is a Result; a broken invariant of our own ends the process at once,
// because a dialer that goes on in a state nobody thought of may call people. The supervisor restarts us and the
// reconciler settles what was open.
#pragma once

#include <source_location>
#include <string_view>

namespace callramp {

/// Prints "file:line: invariant broken: what" to standard error and aborts.
[[noreturn]] void ensure_failed(std::string_view what, std::source_location where);

}  // namespace callramp

#define ENSURE(condition, what)                                                             \
  do {                                                                                      \
    if (!(condition)) [[unlikely]]                                                          \
      ::callramp::ensure_failed("(" #condition ") " what, std::source_location::current()); \
  } while (false)
