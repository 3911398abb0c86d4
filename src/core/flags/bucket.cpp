// The plan's hash and the position that follows from it.
#include <cstring>

#include "base/utf8.hpp"
#include "core/flags/flags.hpp"

namespace callramp {
namespace {

// hash = hash * 31 + unit, as the plan's ((hash << 5) - hash) + char does, kept in 32 bits by wrap-around.
constexpr std::uint32_t step(std::uint32_t hash, std::uint32_t unit) noexcept { return hash * 31 + unit; }

constexpr std::uint32_t power_of_31(int exponent) noexcept {
  return exponent == 0 ? 1 : 31 * power_of_31(exponent - 1);
}

// Eight steps at once: a sum of products that do not wait for each other, where single steps are a chain of
// multiplications.
std::uint32_t step_8(std::uint32_t hash, const char* units) noexcept {
  const auto term = [units](int i) { return static_cast<unsigned char>(units[i]) * power_of_31(7 - i); };
  return hash * power_of_31(8) +
         ((term(0) + term(1)) + (term(2) + term(3)) + ((term(4) + term(5)) + (term(6) + term(7))));
}

bool all_ascii_8(const char* bytes) noexcept {
  std::uint64_t word;
  std::memcpy(&word, bytes, 8);
  return (word & 0x8080808080808080U) == 0;
}

std::uint32_t hash_units(std::string_view text) noexcept {
  std::uint32_t hash = 0;
  while (text.size() >= 8 && all_ascii_8(text.data())) {
    hash = step_8(hash, text.data());
    text.remove_prefix(8);
  }
  while (!text.empty()) {
    const auto front = static_cast<unsigned char>(text.front());
    if (front < 0x80) {
      hash = step(hash, front);
      text.remove_prefix(1);
      continue;
    }
    const DecodedChar decoded = decode_utf8(text);
    text.remove_prefix(decoded.length);
    if (decoded.value < 0x10000) {
      hash = step(hash, decoded.value);
    } else {  // a surrogate pair, as charCodeAt sees it
      const std::uint32_t above = decoded.value - 0x10000;
      hash = step(step(hash, 0xD800 + (above >> 10)), 0xDC00 + (above & 0x3FF));
    }
  }
  return hash;
}

}  // namespace

std::int64_t plan_hash(std::string_view user_utf8) noexcept {
  // In 64 bits, because the smallest 32-bit integer has no absolute value in 32.
  const std::int64_t hash = static_cast<std::int32_t>(hash_units(user_utf8));
  return hash < 0 ? -hash : hash;
}

int bucket(std::string_view user_utf8) noexcept {
  return static_cast<int>(static_cast<std::uint32_t>(plan_hash(user_utf8)) % 100);
}

int position_hundredths(std::string_view user_utf8) noexcept {
  return bucket(user_utf8) * 100 + static_cast<int>(murmur3_32(user_utf8) % 100);
}

}  // namespace callramp
