// WAV files: read to line audio (8 kHz mono), written as linear 16 bit or µ-law.
//
// Recordings and the sandbox's voices arrive in every shape that libsndfile knows (8 to 32 bit, float, A-law,
// µ-law, ADPCM, GSM, several channels, any rate); what comes out is always the one shape that the rest of the
// program speaks.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "audio/pcm.hpp"
#include "base/result.hpp"

namespace callramp::audio {

/// Longest recording that is read: a carrier's longest stream is 60 minutes.
inline constexpr minutes longest_wav{60};

/// Channels are averaged, the rate is converted. not_found for a missing file; invalid_request, with the file
/// and the reason, for what is no WAV, is empty, damaged or longer than longest_wav.
Result<Pcm> read_wav(const std::filesystem::path& file);
/// The same from memory; `name` stands in messages.
Result<Pcm> parse_wav(std::string_view bytes, std::string_view name = "WAV data");

enum class WavFormat { linear16, mu_law };
/// A whole file in memory, 8 kHz mono unless `rate_hz` says otherwise.
std::string wav_bytes(PcmView samples, WavFormat format = WavFormat::linear16, int rate_hz = line_rate_hz);
/// Replaces the file. internal with the system's reason if it cannot be written.
Status write_wav(const std::filesystem::path& file, PcmView samples, WavFormat format = WavFormat::linear16);

}  // namespace callramp::audio
