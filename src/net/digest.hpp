// Digests and comparison of secrets, on OpenSSL.
#pragma once

#include <string>
#include <string_view>

namespace callramp::net {

/// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);
/// Raw 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view bytes);
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);
/// Raw 20 bytes; for what a vendor signs with SHA-1.
std::string hmac_sha1(std::string_view key, std::string_view bytes);
/// Takes time that depends on the lengths only.
bool constant_time_equal(std::string_view a, std::string_view b) noexcept;

}  // namespace callramp::net
