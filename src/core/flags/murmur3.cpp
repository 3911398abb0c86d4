// MurmurHash3, x86, 32 bit: decimals of a position. Chosen for being the same in every language a client may check us
// in.
#include <bit>
#include <cstring>

#include "core/flags/flags.hpp"

namespace callramp {
namespace {

// Constants of Austin Appleby's MurmurHash3_x86_32.
constexpr std::uint32_t scramble(std::uint32_t block) noexcept {
  return std::rotl(block * 0xCC9E2D51U, 15) * 0x1B873593U;
}

}  // namespace

std::uint32_t murmur3_32(std::string_view bytes, std::uint32_t seed) noexcept {
  static_assert(std::endian::native == std::endian::little, "blocks are read in the machine's order");
  std::uint32_t hash = seed;
  const std::size_t blocks = bytes.size() / 4;
  for (std::size_t i = 0; i < blocks; ++i) {
    std::uint32_t block;
    std::memcpy(&block, bytes.data() + i * 4, 4);
    hash = std::rotl(hash ^ scramble(block), 13) * 5 + 0xE6546B64U;
  }
  std::uint32_t tail = 0;
  for (std::size_t i = bytes.size(); i > blocks * 4; --i) tail = tail << 8 | static_cast<unsigned char>(bytes[i - 1]);
  hash ^= scramble(tail);  // of no tail it is 0

  hash ^= static_cast<std::uint32_t>(bytes.size());
  hash = (hash ^ hash >> 16) * 0x85EBCA6BU;
  hash = (hash ^ hash >> 13) * 0xC2B2AE35U;
  return hash ^ hash >> 16;
}

}  // namespace callramp
