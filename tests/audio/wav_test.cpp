#include "audio/wav.hpp"

#include <doctest/doctest.h>
#include <sndfile.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "audio/g711.hpp"
#include "audio/tone.hpp"

using namespace callramp;
using namespace callramp::audio;

namespace {

// A folder that goes away with the test.
struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("callramp-wav-test-" + std::to_string(getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

// Writes what our own writer cannot: the second, independent opinion on the format.
void write_with_libsndfile(const std::filesystem::path& file, int format, int rate, const std::vector<Pcm>& channels) {
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = static_cast<int>(channels.size());
  info.format = format;
  SNDFILE* handle = sf_open(file.c_str(), SFM_WRITE, &info);
  REQUIRE(handle != nullptr);
  // Without it a float file would hold 32767.0 where full scale is 1.0.
  sf_command(handle, SFC_SET_SCALE_INT_FLOAT_WRITE, nullptr, SF_TRUE);
  Pcm interleaved;
  for (std::size_t i = 0; i < channels[0].size(); ++i)
    for (const Pcm& channel : channels) interleaved.push_back(channel[i]);
  sf_writef_short(handle, interleaved.data(), static_cast<sf_count_t>(channels[0].size()));
  sf_close(handle);
}

}  // namespace

TEST_CASE("a linear file comes back sample for sample") {
  const Folder folder;
  const Pcm samples{0, 1, -1, 32767, -32768, 12345, -54};
  REQUIRE(write_wav(folder.path / "a.wav", samples));
  CHECK(read_wav(folder.path / "a.wav").value() == samples);
  CHECK(parse_wav(wav_bytes(samples)).value() == samples);
}

TEST_CASE("a µ-law file of odd length reads as its code words say") {
  const Pcm samples{0, 1000, -1000, 32767, -5};
  const Pcm expected = decode(Law::mu, encode(Law::mu, samples));
  CHECK(parse_wav(wav_bytes(samples, WavFormat::mu_law)).value() == expected);
  CHECK(wav_bytes(samples, WavFormat::mu_law).size() % 2 == 0);
}

TEST_CASE("every kind of WAV becomes line audio") {
  const Folder folder;
  const Pcm tone = play_cadence({{.frequencies_hz = {1000}, .length = seconds{1}}}, seconds{1});
  struct Row {
    std::string name;
    int format;
    double tolerance_db;
  };
  const std::vector<Row> table{{"16 bit", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 0.05},
                               {"unsigned 8 bit", SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 0.2},
                               {"24 bit", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 0.05},
                               {"float", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 0.05},
                               {"A-law", SF_FORMAT_WAV | SF_FORMAT_ALAW, 0.2},
                               {"µ-law", SF_FORMAT_WAV | SF_FORMAT_ULAW, 0.2},
                               {"extensible", SF_FORMAT_WAVEX | SF_FORMAT_PCM_16, 0.05},
                               {"RF64", SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 0.05},
                               {"GSM", SF_FORMAT_WAV | SF_FORMAT_GSM610, 1.5},
                               {"IMA ADPCM", SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, 0.5}};
  for (const Row& row : table) {
    CAPTURE(row.name);
    write_with_libsndfile(folder.path / "in.wav", row.format, 8000, {tone});
    const auto read = read_wav(folder.path / "in.wav");
    REQUIRE(read);
    // Block codecs pad the last block.
    CHECK(read->size() >= tone.size());
    CHECK(read->size() < tone.size() + 2048);
    CHECK(dbov(PcmView(*read).first(tone.size())) == doctest::Approx(dbov(tone)).epsilon(row.tolerance_db / 19));
  }
}

TEST_CASE("channels are averaged and other rates converted") {
  const Folder folder;
  write_with_libsndfile(folder.path / "stereo.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000,
                        {Pcm{1000, 2000, -300}, Pcm{3000, 2000, 300}});
  CHECK(read_wav(folder.path / "stereo.wav").value() == Pcm{2000, 2000, 0});

  write_with_libsndfile(folder.path / "fast.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 44100, {Pcm(44100, 1000)});
  const Pcm line = read_wav(folder.path / "fast.wav").value();
  CHECK(line.size() == 8000);
  CHECK(line[4000] == doctest::Approx(1000).epsilon(0.01));
}

TEST_CASE("the writer's other rates are what their header says") {
  CHECK(parse_wav(wav_bytes(Pcm(24000, 500), WavFormat::linear16, 24000)).value().size() == 8000);
}

TEST_CASE("what cannot be read is refused with the file and the reason") {
  const Folder folder;
  const std::string good = wav_bytes(Pcm(100, 7));
  std::ofstream(folder.path / "text.wav") << "this is no sound";
  std::ofstream(folder.path / "empty.wav").flush();
  std::ofstream(folder.path / "silent.wav", std::ios::binary) << wav_bytes({});
  std::ofstream(folder.path / "header.wav", std::ios::binary) << good.substr(0, 20);
  write_with_libsndfile(folder.path / "aiff.wav", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 8000, {Pcm(100, 7)});
  struct Row {
    std::string file;
    ErrorCode code;
    std::string reason;
  };
  const std::vector<Row> table{{"missing.wav", ErrorCode::not_found, "not a file"},
                               {"", ErrorCode::not_found, "not a file"},
                               {"text.wav", ErrorCode::invalid_request, "not a WAV"},
                               {"empty.wav", ErrorCode::invalid_request, "not a WAV"},
                               {"header.wav", ErrorCode::invalid_request, "not a WAV"},
                               {"silent.wav", ErrorCode::invalid_request, "holds no sound"},
                               {"aiff.wav", ErrorCode::invalid_request, "not WAV"}};
  for (const Row& row : table) {
    CAPTURE(row.file);
    const auto read = read_wav(folder.path / row.file);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == row.code);
    CHECK(read.error().message.find(row.reason) != std::string::npos);
    CHECK(read.error().message.find(row.file) != std::string::npos);
  }
}

TEST_CASE("a header that promises more than the data holds gives what is there") {
  // espeak-ng writing to a pipe cannot know the length and writes a huge one.
  std::string bytes = wav_bytes(Pcm(800, 1234));
  for (std::size_t at : {std::size_t{4}, std::size_t{40}}) {
    bytes[at] = bytes[at + 1] = '\xff';
    bytes[at + 2] = '\xff';
    bytes[at + 3] = '\x7f';
  }
  CHECK(parse_wav(bytes).value() == Pcm(800, 1234));
}

TEST_CASE("damaged bytes never crash the reader") {
  const std::string good = wav_bytes(Pcm(200, 99), WavFormat::mu_law);
  for (std::size_t at = 0; at < 60; ++at)
    for (int value : {0x00, 0x01, 0x7f, 0xff}) {
      std::string bad = good;
      bad[at] = static_cast<char>(value);
      const auto read = parse_wav(bad);
      CHECK((read.has_value() || !read.error().message.empty()));
    }
  for (std::size_t length = 0; length < good.size(); length += 3) {
    const auto read = parse_wav(std::string_view(good).substr(0, length));
    CHECK((read.has_value() || read.error().code == ErrorCode::invalid_request));
  }
}

TEST_CASE("a recording above the limit is refused") {
  // 61 minutes at the lowest rate, so that the test stays small.
  const std::string bytes = wav_bytes(Pcm(4000 * 60 * 61, 1), WavFormat::mu_law, 4000);
  const auto read = parse_wav(bytes, "long.wav");
  REQUIRE_FALSE(read);
  CHECK(read.error().message.find("longer than 60 minutes") != std::string::npos);
}

TEST_CASE("a file that cannot be written says why") {
  const auto written = write_wav("/nonexistent-folder/a.wav", Pcm(10));
  REQUIRE_FALSE(written);
  CHECK(written.error().message.find("/nonexistent-folder/a.wav") != std::string::npos);
  CHECK(written.error().message.find("No such file") != std::string::npos);
}
