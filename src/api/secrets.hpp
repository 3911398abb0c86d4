// How a token's secret looks and how it is kept.
#pragma once

#include <string>
#include <string_view>

#include "base/random.hpp"
#include "net/digest.hpp"

namespace callramp::api {

/// "cr_" and 128 random bits in hex: the prefix lets secret scanners find a leaked one.
inline std::string make_secret(Random& random) { return "cr_" + random.hex(16); }
inline std::string hash_secret(std::string_view secret) { return net::sha256_hex(secret); }

}  // namespace callramp::api
