#include "sandbox/speak_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "sandbox/world.hpp"

namespace callramp::sandbox {
namespace {

/// Deepgram's male names; all others sound female.
constexpr std::array<std::string_view, 19> male_names = {
    "angus", "apollo",  "arcas",    "aries", "atlas",   "draco",   "helios", "hermes", "hyperion", "jupiter",
    "mars",  "neptune", "odysseus", "orion", "orpheus", "perseus", "pluto",  "saturn", "zeus"};

template <class List>
bool is_one_of(const List& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

}  // namespace

Result<SpeakOptions> parse_speak_options(const std::vector<std::pair<std::string, std::string>>& query, bool socket) {
  SpeakOptions options;
  std::string encoding = socket ? "linear16" : "mp3";
  std::string container;
  std::string rate;
  for (const auto& [name, value] : query) {
    if (name == "model") options.model = value;
    if (name == "encoding") encoding = value;
    if (name == "container") container = value;
    if (name == "sample_rate") rate = value;
    if (name == "tag" && options.tag.empty()) options.tag = value;
  }
  if (!options.model.starts_with("aura-"))
    return fail(ErrorCode::invalid_request,
                fmt::format("model={} is no voice; use one like aura-2-thalia-en", options.model));
  if (encoding == "linear16")
    options.encoding = SpeakOptions::Encoding::linear16;
  else if (encoding == "mulaw")
    options.encoding = SpeakOptions::Encoding::mulaw;
  else if (encoding == "alaw")
    options.encoding = SpeakOptions::Encoding::alaw;
  else
    return fail(ErrorCode::invalid_request,
                fmt::format("encoding={} cannot be made by the sandbox; use linear16, mulaw or alaw", encoding));
  const bool linear = options.encoding == SpeakOptions::Encoding::linear16;
  options.sample_rate_hz = linear ? 24000 : 8000;
  if (!rate.empty()) {
    const std::vector<std::string_view> rates =
        linear ? std::vector<std::string_view>{"8000", "16000", "24000", "32000", "48000"}
               : std::vector<std::string_view>{"8000", "16000"};
    if (!is_one_of(rates, rate))
      return fail(ErrorCode::invalid_request, fmt::format("sample_rate={} does not go with encoding={}; use {}", rate,
                                                          encoding, fmt::join(rates, ", ")));
    options.sample_rate_hz = std::stoi(rate);
  }
  if (!container.empty() && container != "none" && container != "wav")
    return fail(ErrorCode::invalid_request,
                fmt::format("container={} does not go with encoding={}; use wav or none", container, encoding));
  options.wav = !socket && container != "none";
  return options;
}

std::string voice_of_model(const std::string& model) {
  const std::size_t last = model.rfind('-');
  const std::string language = model.substr(last + 1);
  const std::size_t before = model.rfind('-', last - 1);
  const std::string name = model.substr(before + 1, last - before - 1);
  const std::uint64_t number = derive_seed(0, name);
  const bool male = is_one_of(male_names, name);
  const bool known_language = is_one_of(std::array<std::string_view, 6>{"es", "de", "fr", "nl", "it", "ja"}, language);
  return fmt::format("{}+{}{}@{}", known_language ? language : "en-us", male ? 'm' : 'f', 1 + number % (male ? 7 : 5),
                     160 + number / 8 % 5 * 6);
}

}  // namespace callramp::sandbox
