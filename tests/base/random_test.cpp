#include "base/random.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <set>
#include <string>

namespace callramp {
namespace {

/// Gives one word for ever, to look at the edges.
class ConstantRandom final : public Random {
 public:
  explicit ConstantRandom(std::uint64_t word) : word_(word) {}
  std::uint64_t next() override { return word_; }

 private:
  std::uint64_t word_;
};

TEST_CASE("the seeded generator is SplitMix64") {
  // The first five words of Vigna's splitmix64.c for seed 1234567.
  constexpr std::array<std::uint64_t, 5> expected{6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                                  4593380528125082431u, 16408922859458223821u};
  SeededRandom random(1234567);
  for (const auto word : expected) CHECK(random.next() == word);
}

TEST_CASE("uniform stays below one and reaches both ends") {
  CHECK(ConstantRandom(0).uniform() == 0.0);
  CHECK(ConstantRandom(~std::uint64_t{0}).uniform() < 1.0);
  CHECK(ConstantRandom(~std::uint64_t{0}).uniform() > 0.9999999);
  SeededRandom random(3);
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) sum += random.uniform();
  // Six standard errors: 6 · sqrt(1/12) / sqrt(100000) = 0.0055.
  CHECK(sum / 100'000 == doctest::Approx(0.5).epsilon(0.011));
}

TEST_CASE("below draws every value under its bound and none at it") {
  SeededRandom random(4);
  std::array<int, 7> seen{};
  for (int i = 0; i < 70'000; ++i) ++seen.at(random.below(7));
  for (const int count : seen) {
    // Six standard deviations of a binomial with 70000 tries of 1/7: 556.
    CHECK(count > 10'000 - 556);
    CHECK(count < 10'000 + 556);
  }
  CHECK(random.below(1) == 0);
  CHECK(ConstantRandom(~std::uint64_t{0}).below(10) == 9);
  CHECK(ConstantRandom(~std::uint64_t{0}).below(~std::uint64_t{0}) == ~std::uint64_t{0} - 1);
}

TEST_CASE("hex is two lower-case digits a byte") {
  SystemRandom random;
  for (const std::size_t bytes : {0, 1, 7, 8, 9, 16, 33}) {
    const auto text = random.hex(bytes);
    CAPTURE(text);
    CHECK(text.size() == bytes * 2);
    CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
  }
}

TEST_CASE("secrets of the system generator do not repeat") {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(random.hex(16));
  CHECK(seen.size() == 1'000);
}

}  // namespace
}  // namespace callramp
