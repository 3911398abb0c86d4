#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "app/run_command.hpp"
#include "audio/tone.hpp"
#include "audio/wav.hpp"

namespace callramp::app {
namespace {

std::string in_a_file(const std::string& name, const audio::Pcm& sound) {
  const auto file =
      std::filesystem::temp_directory_path() / ("callramp-detect-" + std::to_string(getpid()) + "-" + name);
  REQUIRE(audio::write_wav(file, sound).has_value());
  return file.string();
}

TEST_CASE("detect prints one JSON line a file in the order given") {
  const auto fax = in_a_file("fax.wav", audio::beep(milliseconds{2500}, 2100));
  const auto nobody = in_a_file("nobody.wav", audio::silence(seconds{3}));
  const Said said = run({"detect", fax, nobody, "--json"});
  CHECK(said.exit_code == 0);
  CHECK(said.err.empty());
  const auto end = said.out.find('\n');
  REQUIRE(end != std::string::npos);
  const auto first = boost::json::parse(said.out.substr(0, end)).as_object();
  const auto second = boost::json::parse(said.out.substr(end + 1)).as_object();
  CHECK(first.at("file").as_string() == fax);
  CHECK(first.at("verdict").as_string() == "fax");
  CHECK(first.at("probability").to_number<double>() > 0.9);
  CHECK(first.at("decided_at_ms").as_int64() < 1600);
  CHECK(first.at("evidence").at("tone").as_string() == "fax");
  CHECK(second.at("verdict").as_string() == "silence");
  std::filesystem::remove(fax);
  std::filesystem::remove(nobody);
}

TEST_CASE("detect names a file that is no recording and still judges the others") {
  const auto nobody = in_a_file("silent.wav", audio::silence(seconds{1}));
  const auto text =
      std::filesystem::temp_directory_path() / ("callramp-detect-" + std::to_string(getpid()) + "-text.wav");
  std::ofstream(text) << "not a WAV file";
  const Said said = run({"detect", text.string(), "/nowhere/gone.wav", nobody});
  CHECK(said.exit_code == 1);
  CHECK(said.out.find("silence") != std::string::npos);
  CHECK(said.err.find(text.string()) != std::string::npos);
  CHECK(said.err.find("/nowhere/gone.wav") != std::string::npos);
  CHECK(said.err.find("2 of 3 files") != std::string::npos);
  std::filesystem::remove(nobody);
  std::filesystem::remove(text);
}

TEST_CASE("detect without a file is bad usage") { CHECK(run({"detect"}).exit_code == 2); }

}  // namespace
}  // namespace callramp::app
