#include "base/random.hpp"

#include <sys/random.h>

#include "base/ensure.hpp"

namespace callramp {

std::uint64_t Random::below(std::uint64_t bound) {
  ENSURE(bound > 0, "a bound of zero leaves nothing to draw");
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
}

std::string Random::hex(std::size_t bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes * 2);
  while (text.size() < bytes * 2) {
    std::uint64_t word = next();
    for (int i = 0; i < 16 && text.size() < bytes * 2; ++i, word >>= 4) text.push_back(digits[word & 15]);
  }
  return text;
}

std::uint64_t SystemRandom::next() {
  std::uint64_t word = 0;
  // Requests up to 256 bytes are never cut short once the kernel's pool is initialised (getrandom(2)).
  ENSURE(getrandom(&word, sizeof word, 0) == sizeof word, "the kernel gives no randomness");
  return word;
}

std::uint64_t SeededRandom::next() {
  // Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014.
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace callramp
