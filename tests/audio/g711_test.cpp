#include "audio/g711.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <limits>
#include <vector>

using namespace callramp::audio;

TEST_CASE("code words of ITU-T G.711 expand to their values") {
  struct Row {
    Law law;
    int code;
    int sample;
  };
  const std::vector<Row> table{
      {Law::mu, 0x00, -32124}, {Law::mu, 0x80, 32124}, {Law::mu, 0xff, 0},    {Law::mu, 0x7f, 0},
      {Law::mu, 0xfe, 8},      {Law::mu, 0x7e, -8},    {Law::mu, 0xef, 132},  {Law::mu, 0x8f, 16764},
      {Law::a, 0xd5, 8},       {Law::a, 0x55, -8},     {Law::a, 0xaa, 32256}, {Law::a, 0x2a, -32256},
      {Law::a, 0x80, 5504},    {Law::a, 0x00, -5504},  {Law::a, 0xff, 848},   {Law::a, 0xc5, 264}};
  for (const Row& row : table) {
    CAPTURE(row.code);
    CHECK(decode(row.law, static_cast<std::uint8_t>(row.code)) == row.sample);
  }
}

TEST_CASE("every code word survives decoding and encoding") {
  for (Law law : {Law::mu, Law::a})
    for (int code = 0; code < 256; ++code) {
      CAPTURE(code);
      const auto byte = static_cast<std::uint8_t>(code);
      // µ-law has two zeros; the positive one, 0xff, is the canonical one.
      const int expected = law == Law::mu && code == 0x7f ? 0xff : code;
      CHECK(encode(law, decode(law, byte)) == expected);
    }
}

TEST_CASE("encoding picks a code within half a step of every sample") {
  for (Law law : {Law::mu, Law::a})
    for (int sample = std::numeric_limits<Sample>::min(); sample <= std::numeric_limits<Sample>::max(); ++sample) {
      const int back = decode(law, encode(law, static_cast<Sample>(sample)));
      const int size = std::abs(sample);
      // Steps double with each segment and are at most a sixteenth of the value; clipping costs the rest at
      // the top.
      const int allowed = size > 32124 ? 650 : size / 32 + 10;
      if (std::abs(back - sample) > allowed) {
        CAPTURE(sample);
        CAPTURE(back);
        FAIL_CHECK("too far from the sample");
        return;
      }
    }
}

TEST_CASE("encoding never reverses the order of two samples") {
  for (Law law : {Law::mu, Law::a}) {
    int last = std::numeric_limits<int>::min();
    int reversals = 0;
    for (int sample = std::numeric_limits<Sample>::min(); sample <= std::numeric_limits<Sample>::max(); ++sample) {
      const int back = decode(law, encode(law, static_cast<Sample>(sample)));
      reversals += back < last;
      last = back;
    }
    CHECK(reversals == 0);
  }
}

TEST_CASE("a block of samples is coded one byte each") {
  const Pcm samples{0, 1000, -1000, 32767};
  for (Law law : {Law::mu, Law::a}) {
    const std::string codes = encode(law, samples);
    REQUIRE(codes.size() == 4);
    CHECK(static_cast<std::uint8_t>(codes[1]) == encode(law, Sample{1000}));
    CHECK(decode(law, codes)[2] == decode(law, encode(law, Sample{-1000})));
  }
  CHECK(encode(Law::mu, PcmView{}).empty());
}
