#include "base/ensure.hpp"

#include <cstdio>
#include <cstdlib>

namespace callramp {

void ensure_failed(std::string_view what, std::source_location where) {
  std::fprintf(stderr, "%s:%u: invariant broken: %.*s\n", where.file_name(), static_cast<unsigned>(where.line()),
               static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace callramp
