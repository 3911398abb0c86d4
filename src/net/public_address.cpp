#include "net/public_address.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace callramp::net {
namespace {

struct Range4 {
  std::uint32_t first;
  int bits;
};

constexpr std::uint32_t quad(unsigned a, unsigned b, unsigned c, unsigned d) { return a << 24 | b << 16 | c << 8 | d; }

// RFC 6890 and its registry, IPv4.
constexpr std::array special4{
    Range4{quad(0, 0, 0, 0), 8},      Range4{quad(10, 0, 0, 0), 8},     Range4{quad(100, 64, 0, 0), 10},
    Range4{quad(127, 0, 0, 0), 8},    Range4{quad(169, 254, 0, 0), 16}, Range4{quad(172, 16, 0, 0), 12},
    Range4{quad(192, 0, 0, 0), 24},   Range4{quad(192, 0, 2, 0), 24},   Range4{quad(192, 88, 99, 0), 24},
    Range4{quad(192, 168, 0, 0), 16}, Range4{quad(198, 18, 0, 0), 15},  Range4{quad(198, 51, 100, 0), 24},
    Range4{quad(203, 0, 113, 0), 24}, Range4{quad(224, 0, 0, 0), 4},    Range4{quad(240, 0, 0, 0), 4},
};

bool is_public4(std::uint32_t address) noexcept {
  return std::ranges::none_of(special4,
                              [&](const Range4& range) { return (address ^ range.first) >> (32 - range.bits) == 0; });
}

using Bytes6 = boost::asio::ip::address_v6::bytes_type;

std::uint32_t last_four(const Bytes6& bytes) noexcept { return quad(bytes[12], bytes[13], bytes[14], bytes[15]); }

bool starts_with(const Bytes6& bytes, std::initializer_list<int> lead) noexcept {
  return std::ranges::equal(lead, std::span(bytes).first(lead.size()));
}

bool is_public6(const Bytes6& bytes) noexcept {
  // Mapped (::ffff:a.b.c.d) and translated (64:ff9b::a.b.c.d): as good as the IPv4 address inside.
  if (starts_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}) ||
      starts_with(bytes, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}))
    return is_public4(last_four(bytes));
  // Only 2000::/3 is handed out; within it 2001::/23 (Teredo and others), documentation and 6to4 are not the internet.
  if (bytes[0] >> 5 != 1) return false;
  if (starts_with(bytes, {0x20, 0x01}) && bytes[2] < 2) return false;
  return !starts_with(bytes, {0x20, 0x01, 0x0d, 0xb8}) && !starts_with(bytes, {0x20, 0x02}) &&
         !(starts_with(bytes, {0x3f, 0xff}) && bytes[2] < 0x10);
}

}  // namespace

bool is_public(const boost::asio::ip::address& address) noexcept {
  return address.is_v4() ? is_public4(address.to_v4().to_uint()) : is_public6(address.to_v6().to_bytes());
}

}  // namespace callramp::net
