#include "base/ids.hpp"

namespace callramp {

std::string make_ulid(Instant at, Random& random) {
  static constexpr char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
  auto millis =
      static_cast<std::uint64_t>(std::chrono::floor<std::chrono::milliseconds>(at).time_since_epoch().count());
  std::string text(26, '0');
  for (int i = 9; i >= 0; --i, millis >>= 5) text[static_cast<std::size_t>(i)] = alphabet[millis & 31];
  std::uint64_t high = random.next();
  std::uint64_t low = random.next();
  for (std::size_t i = 10; i < 18; ++i, high >>= 5) text[i] = alphabet[high & 31];
  for (std::size_t i = 18; i < 26; ++i, low >>= 5) text[i] = alphabet[low & 31];
  return text;
}

}  // namespace callramp
