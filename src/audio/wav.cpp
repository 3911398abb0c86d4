#include "audio/wav.hpp"

#include <sndfile.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "audio/g711.hpp"
#include "audio/resample.hpp"

namespace callramp::audio {

namespace {

struct Close {
  void operator()(SNDFILE* file) const noexcept { sf_close(file); }
};
using Handle = std::unique_ptr<SNDFILE, Close>;

std::unexpected<Error> refuse(std::string_view name, std::string_view reason) {
  return fail(ErrorCode::invalid_request, "'" + std::string(name) + "' " + std::string(reason));
}

bool is_wav(int format) noexcept {
  const int kind = format & SF_FORMAT_TYPEMASK;
  return kind == SF_FORMAT_WAV || kind == SF_FORMAT_WAVEX || kind == SF_FORMAT_RF64;
}

// Bytes in memory as libsndfile's virtual file.
struct MemoryFile {
  std::string_view bytes;
  sf_count_t at = 0;

  static MemoryFile& of(void* self) noexcept { return *static_cast<MemoryFile*>(self); }
  static sf_count_t length(void* self) { return static_cast<sf_count_t>(of(self).bytes.size()); }
  static sf_count_t seek(sf_count_t offset, int whence, void* self) {
    const sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? of(self).at : length(self);
    return of(self).at = std::clamp<sf_count_t>(base + offset, 0, length(self));
  }
  static sf_count_t read(void* to, sf_count_t count, void* self) {
    const sf_count_t given = std::clamp<sf_count_t>(count, 0, length(self) - of(self).at);
    std::memcpy(to, of(self).bytes.data() + of(self).at, static_cast<std::size_t>(given));
    of(self).at += given;
    return given;
  }
  static sf_count_t write(const void*, sf_count_t, void*) { return 0; }
  static sf_count_t tell(void* self) { return of(self).at; }
};

Result<Pcm> decode(SNDFILE* file, const SF_INFO& info, std::string_view name) {
  if (!is_wav(info.format)) return refuse(name, "is audio, but not WAV; convert it to WAV");
  const auto channels = static_cast<std::size_t>(info.channels);
  const sf_count_t most = std::chrono::seconds(longest_wav).count() * sf_count_t{info.samplerate};
  // Read floats: they hold every 16-bit value exactly, and keep 24 and 32 bit sources from wrapping.
  constexpr std::size_t block_frames = 4096;
  std::vector<float> block(block_frames * channels);
  Pcm mono;
  while (true) {
    const sf_count_t got = sf_readf_float(file, block.data(), block_frames);
    if (got <= 0) break;
    for (std::size_t frame = 0; frame < static_cast<std::size_t>(got); ++frame) {
      double sum = 0;
      for (std::size_t channel = 0; channel < channels; ++channel) sum += block[frame * channels + channel];
      mono.push_back(saturate(sum / info.channels * 32768.0));
    }
    if (static_cast<sf_count_t>(mono.size()) > most)
      return refuse(name, "is longer than " + std::to_string(longest_wav.count()) + " minutes; cut it");
  }
  if (sf_error(file) != SF_ERR_NO_ERROR) return refuse(name, std::string("is damaged: ") + sf_strerror(file));
  if (mono.empty()) return refuse(name, "holds no sound");
  auto line = resample(mono, info.samplerate, line_rate_hz);
  if (!line) return refuse(name, "cannot be brought to 8 kHz: " + line.error().message);
  return line;
}

void append_le(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

}  // namespace

Result<Pcm> read_wav(const std::filesystem::path& file) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(file, code))
    return fail(ErrorCode::not_found, "'" + file.string() + "' is not a file; name an existing WAV file");
  SF_INFO info{};
  const Handle handle(sf_open(file.c_str(), SFM_READ, &info));
  if (!handle) return refuse(file.string(), std::string("is not a WAV file: ") + sf_strerror(nullptr));
  return decode(handle.get(), info, file.string());
}

Result<Pcm> parse_wav(std::string_view bytes, std::string_view name) {
  MemoryFile memory{.bytes = bytes};
  SF_VIRTUAL_IO io{.get_filelen = MemoryFile::length,
                   .seek = MemoryFile::seek,
                   .read = MemoryFile::read,
                   .write = MemoryFile::write,
                   .tell = MemoryFile::tell};
  SF_INFO info{};
  const Handle handle(sf_open_virtual(&io, SFM_READ, &info, &memory));
  if (!handle) return refuse(name, std::string("is not a WAV file: ") + sf_strerror(nullptr));
  return decode(handle.get(), info, name);
}

std::string wav_bytes(PcmView samples, WavFormat format, int rate_hz) {
  const bool linear = format == WavFormat::linear16;
  const std::string data = linear ? to_bytes(samples) : encode(Law::mu, samples);
  const std::uint32_t width = linear ? 2 : 1;
  const std::uint32_t odd = data.size() % 2;
  // WAVE_FORMAT_PCM is 1 and has a 16-byte description, WAVE_FORMAT_MULAW is 7 and has two more bytes and a
  // 'fact'.
  std::string out = "RIFF";
  append_le(out, static_cast<std::uint32_t>(4 + (linear ? 24 : 26 + 12) + 8 + data.size() + odd), 4);
  out += "WAVEfmt ";
  append_le(out, linear ? 16 : 18, 4);
  append_le(out, linear ? 1 : 7, 2);
  append_le(out, 1, 2);
  append_le(out, static_cast<std::uint32_t>(rate_hz), 4);
  append_le(out, static_cast<std::uint32_t>(rate_hz) * width, 4);
  append_le(out, width, 2);
  append_le(out, 8 * width, 2);
  if (!linear) {
    append_le(out, 0, 2);
    out += "fact";
    append_le(out, 4, 4);
    append_le(out, static_cast<std::uint32_t>(samples.size()), 4);
  }
  out += "data";
  append_le(out, static_cast<std::uint32_t>(data.size()), 4);
  out += data;
  out.append(odd, '\0');
  return out;
}

Status write_wav(const std::filesystem::path& file, PcmView samples, WavFormat format) {
  const std::string bytes = wav_bytes(samples, format);
  errno = 0;
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out)
    return fail(ErrorCode::internal, "cannot write '" + file.string() + "': " + std::strerror(errno) +
                                         "; check the folder and the space left");
  return {};
}

}  // namespace callramp::audio
