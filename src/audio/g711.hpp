// G.711: the two 8-bit companding laws of the telephone network, both ways, by table.
//
// Some carriers' media is linear, others' is µ-law, and European trunks and many recordings are A-law. The
// tables are computed at compile time from ITU-T G.711 as G.191 (software tools) words it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "audio/pcm.hpp"

namespace callramp::audio {

enum class Law { mu, a };

std::uint8_t encode(Law law, Sample sample) noexcept;
Sample decode(Law law, std::uint8_t code) noexcept;

/// One byte a sample.
std::string encode(Law law, PcmView samples);
Pcm decode(Law law, std::string_view codes);

}  // namespace callramp::audio
