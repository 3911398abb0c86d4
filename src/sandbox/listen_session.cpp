#include "sandbox/listen_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <charconv>
#include <cmath>

#include "audio/g711.hpp"
#include "net/digest.hpp"

namespace callramp::sandbox {
namespace {

namespace json = boost::json;

constexpr std::size_t rate = audio::line_rate_hz;
/// How often a change of the interim is looked for; Deepgram tells one every 100 ms or less often.
constexpr std::size_t interim_step = rate / 20;
/// Without a change, interims repeat once a second.
constexpr std::size_t interim_pause = rate;
/// Speech without an end is finalised in pieces, and so is silence, so that the client sees the stream move.
constexpr std::size_t longest_segment = 5 * rate;

double seconds_of(std::size_t samples) { return std::round(static_cast<double>(samples) / rate * 1000) / 1000; }

std::size_t samples_of(milliseconds span) { return audio::samples_in(span); }

/// "Yes," → "yes": lower case, without the punctuation around it.
std::string bare(const std::string& word) {
  const auto sounds = [](unsigned char c) { return std::isalnum(c) != 0 || c >= 0x80; };
  const auto first = std::ranges::find_if(word, sounds);
  auto last = word.end();
  while (last != first && !sounds(static_cast<unsigned char>(*(last - 1)))) --last;
  std::string plain(first, last);
  for (char& c : plain) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return plain;
}

Result<int> whole_number(const std::string& name, const std::string& text, int low, int high) {
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end || value < low || value > high)
    return fail(ErrorCode::invalid_request,
                fmt::format("{}={} is no whole number from {} to {}", name, text, low, high));
  return value;
}

Result<bool> truth(const std::string& name, const std::string& text) {
  if (text == "true" || text == "1" || text.empty()) return true;
  if (text == "false" || text == "0") return false;
  return fail(ErrorCode::invalid_request, fmt::format("{}={} is neither true nor false", name, text));
}

Result<ListenOptions::Encoding> encoding_named(const std::string& name) {
  if (name == "linear16") return ListenOptions::Encoding::linear16;
  if (name == "mulaw") return ListenOptions::Encoding::mulaw;
  if (name == "alaw") return ListenOptions::Encoding::alaw;
  return fail(ErrorCode::invalid_request,
              fmt::format("encoding={} is not known to the sandbox; use linear16, mulaw or alaw", name));
}

std::uint32_t little_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

}  // namespace

Result<ListenOptions> parse_listen_options(const std::vector<std::pair<std::string, std::string>>& query) {
  ListenOptions options;
  bool encoded = false;
  for (const auto& [name, value] : query) {
    if (name == "model") {
      options.model = value;
    } else if (name == "language") {
      options.language = value;
    } else if (name == "encoding") {
      TRY(encoding, encoding_named(value));
      options.encoding = encoding;
      encoded = true;
    } else if (name == "sample_rate") {
      TRY(hz, whole_number(name, value, 4000, 192000));
      options.sample_rate_hz = hz;
    } else if (name == "channels") {
      TRY(count, whole_number(name, value, 1, 20));
      options.channels = count;
    } else if (name == "multichannel") {
      TRY(flag, truth(name, value));
      options.multichannel = flag;
    } else if (name == "interim_results") {
      TRY(flag, truth(name, value));
      options.interim_results = flag;
    } else if (name == "vad_events") {
      TRY(flag, truth(name, value));
      options.vad_events = flag;
    } else if (name == "punctuate" || name == "smart_format") {
      TRY(flag, truth(name, value));
      options.punctuate = options.punctuate || flag;
    } else if (name == "endpointing") {
      if (value == "false") {
        options.endpointing.reset();
      } else if (value != "true") {
        TRY(ms, whole_number(name, value, 0, 60'000));
        options.endpointing = milliseconds{ms};
      }
    } else if (name == "utterance_end_ms") {
      TRY(ms, whole_number(name, value, 1000, 60'000));
      options.utterance_end = milliseconds{ms};
    } else if (name == "tag") {
      if (options.tag.empty()) options.tag = value;
    } else if (name == "extra") {
      const std::size_t colon = value.find(':');
      if (colon == std::string::npos)
        return fail(ErrorCode::invalid_request, fmt::format("extra={} is no key:value", value));
      options.extra[value.substr(0, colon)] = value.substr(colon + 1);
    }
  }
  if (encoded && options.sample_rate_hz == 0) return fail(ErrorCode::invalid_request, "encoding needs sample_rate");
  if (options.utterance_end && !options.interim_results)
    return fail(ErrorCode::invalid_request, "utterance_end_ms needs interim_results=true");
  return options;
}

ListenSession::ListenSession(const PhraseIndex& index, ListenOptions options, std::string request_id)
    : options_(std::move(options)), request_id_(std::move(request_id)) {
  const auto count = static_cast<std::size_t>(options_.multichannel ? options_.channels : 1);
  for (std::size_t i = 0; i < count; ++i) channels_.push_back(Channel{.recognizer = Recognizer(index)});
}

/// Reads the header of a WAV stream; on success header_ holds the audio that followed it.
Status ListenSession::open_container() {
  const auto refuse = [] {
    return fail(ErrorCode::invalid_request, "the audio is no WAV file and no encoding was named");
  };
  const std::string_view bytes = header_;
  if (bytes.size() < 12) return {};
  if (bytes.substr(0, 4) != "RIFF" || bytes.substr(8, 4) != "WAVE") return refuse();
  for (std::size_t at = 12; at + 8 <= bytes.size();) {
    const std::string_view name = bytes.substr(at, 4);
    const std::size_t length = little_endian(bytes, at + 4, 4);
    at += 8;
    if (name == "data") {
      if (options_.sample_rate_hz == 0) return refuse();
      header_.erase(0, at);
      decoding_ = true;
      return {};
    }
    if (at + length > bytes.size()) break;
    if (name == "fmt " && length >= 16) {
      const std::uint32_t format = little_endian(bytes, at, 2);
      const std::uint32_t bits = little_endian(bytes, at + 14, 2);
      options_.channels = static_cast<int>(std::clamp(little_endian(bytes, at + 2, 2), 1U, 20U));
      options_.sample_rate_hz = static_cast<int>(std::min(little_endian(bytes, at + 4, 4), 192'000U));
      if (format == 1 && bits == 16)
        options_.encoding = ListenOptions::Encoding::linear16;
      else if (format == 7)
        options_.encoding = ListenOptions::Encoding::mulaw;
      else if (format == 6)
        options_.encoding = ListenOptions::Encoding::alaw;
      else
        return refuse();
      while (options_.multichannel && channels_.size() < static_cast<std::size_t>(options_.channels))
        channels_.push_back(Channel{.recognizer = channels_[0].recognizer});
    }
    at += length;
  }
  if (bytes.size() > 64 * 1024) return refuse();
  return {};
}

Result<std::vector<ListenMessage>> ListenSession::audio(std::string_view bytes, Instant now) {
  std::vector<ListenMessage> out;
  std::string unpacked;
  if (options_.encoding == ListenOptions::Encoding::container || !header_.empty()) {
    header_ += bytes;
    TRY_VOID(open_container());
    if (!decoding_) return out;
    unpacked = std::exchange(header_, {});
    bytes = unpacked;
  }
  if (!decoding_ || !channels_[0].resampler) {
    for (Channel& channel : channels_) {
      TRY(resampler, audio::Resampler::create(options_.sample_rate_hz, audio::line_rate_hz));
      channel.resampler = std::move(resampler);
    }
    decoding_ = true;
  }
  switch (options_.encoding) {
    case ListenOptions::Encoding::linear16:
    case ListenOptions::Encoding::container: hear(decoder_.feed(bytes), now, out); break;
    case ListenOptions::Encoding::mulaw: hear(audio::decode(audio::Law::mu, bytes), now, out); break;
    case ListenOptions::Encoding::alaw: hear(audio::decode(audio::Law::a, bytes), now, out); break;
  }
  return out;
}

/// Takes the channels apart, or mixes them if the client did not ask for them separately.
void ListenSession::hear(audio::PcmView samples, Instant now, std::vector<ListenMessage>& out) {
  const auto width = static_cast<std::size_t>(options_.channels);
  if (width == 1) {
    samples_ += samples.size();
    hear_channel(0, samples, now, out);
    return;
  }
  partial_.insert(partial_.end(), samples.begin(), samples.end());
  const std::size_t count = partial_.size() / width;
  samples_ += count;
  if (options_.multichannel) {
    for (std::size_t index = 0; index < channels_.size(); ++index) {
      audio::Pcm own(count);
      for (std::size_t i = 0; i < count; ++i) own[i] = partial_[i * width + index];
      hear_channel(index, own, now, out);
    }
  } else {
    audio::Pcm mixed(count);
    for (std::size_t i = 0; i < count; ++i) {
      int sum = 0;
      for (std::size_t k = 0; k < width; ++k) sum += partial_[i * width + k];
      mixed[i] = static_cast<audio::Sample>(sum / static_cast<int>(width));
    }
    hear_channel(0, mixed, now, out);
  }
  partial_.erase(partial_.begin(), partial_.begin() + static_cast<std::ptrdiff_t>(count * width));
}

void ListenSession::hear_channel(std::size_t index, audio::PcmView samples, Instant now,
                                 std::vector<ListenMessage>& out) {
  Channel& channel = channels_[index];
  const audio::Pcm line = channel.resampler->feed(samples);
  for (std::size_t at = 0; at < line.size(); at += Recognizer::frame) {
    const std::size_t before = channel.recognizer.position();
    channel.recognizer.feed(audio::PcmView(line).subspan(at, std::min(Recognizer::frame, line.size() - at)));
    if (channel.recognizer.position() != before) judge(index, now, out);
  }
}

/// One frame has been heard: is there anything to tell?
void ListenSession::judge(std::size_t index, Instant now, std::vector<ListenMessage>& out) {
  Channel& channel = channels_[index];
  const Recognizer& ear = channel.recognizer;
  const std::size_t position = ear.position();
  if (ear.speaking()) {
    if (ear.speech_end() == position) channel.sound_arrived = now;
    if (!channel.speaking && options_.vad_events)
      out.push_back({.json = json::serialize(json::object{{"type", "SpeechStarted"},
                                                          {"channel", {index, channels_.size()}},
                                                          {"timestamp", seconds_of(ear.speech_start())}})});
    channel.spoken = true;
  }
  channel.speaking = ear.speaking();
  if (options_.endpointing && channel.spoken && !ear.speaking() &&
      position - ear.speech_end() >= samples_of(*options_.endpointing)) {
    say_final(index, {.speech_final = true}, out);
  } else if (position - channel.segment_start >= longest_segment) {
    // Somebody who pauses without endpointing, or talks and talks, or nobody at all.
    say_final(index, {}, out);
  } else if (options_.interim_results && channel.spoken && position % interim_step == 0) {
    say_interim(index, out);
  }
  if (options_.utterance_end && channel.utterance_open && position > channel.last_word_end &&
      position - channel.last_word_end >= samples_of(*options_.utterance_end) && !ear.speaking()) {
    channel.utterance_open = false;
    const bool first_to_tell = channel.spoken;
    if (first_to_tell) say_final(index, {}, out);
    ListenMessage message{.json = json::serialize(json::object{{"type", "UtteranceEnd"},
                                                               {"channel", {index, channels_.size()}},
                                                               {"last_word_end", seconds_of(channel.last_word_end)}})};
    if (first_to_tell) message.answers = channel.sound_arrived;
    channel.utterance_open = false;
    out.push_back(std::move(message));
  }
}

void ListenSession::say_interim(std::size_t index, std::vector<ListenMessage>& out) {
  Channel& channel = channels_[index];
  const std::vector<HeardWord> words = channel.recognizer.words();
  std::string transcript;
  for (const HeardWord& word : words) transcript += word.text + ' ';
  const std::size_t position = channel.recognizer.position();
  if (transcript == channel.last_transcript && position - channel.last_result < interim_pause) return;
  if (!words.empty()) {
    channel.last_word_end = std::min(words.back().end, position);
    channel.utterance_open = true;
  }
  channel.last_transcript = std::move(transcript);
  channel.last_result = position;
  out.push_back({.json = results(index, words, false, {})});
}

void ListenSession::say_final(std::size_t index, FinalKind kind, std::vector<ListenMessage>& out) {
  Channel& channel = channels_[index];
  const std::vector<HeardWord> words = channel.recognizer.take_words();
  const std::size_t position = channel.recognizer.position();
  if (!words.empty()) {
    channel.last_word_end = std::min(words.back().end, position);
    channel.utterance_open = true;
    channel.all.insert(channel.all.end(), words.begin(), words.end());
  }
  channel.said_something = channel.said_something || !words.empty();
  ListenMessage message{.json = results(index, words, true, kind), .is_final = channel.said_something};
  if (kind.speech_final && channel.said_something) message.answers = channel.sound_arrived;
  out.push_back(std::move(message));
  channel.segment_start = position;
  channel.last_result = position;
  channel.last_transcript.clear();
  if (kind.speech_final) channel.said_something = false;
  // What was finalised in the middle still has its end to come, if ends are told at all.
  const bool end_to_come = channel.spoken && !kind.speech_final && options_.endpointing;
  channel.spoken = end_to_come || channel.recognizer.speaking();
}

json::object ListenSession::alternative(const std::vector<HeardWord>& words) const {
  std::string transcript;
  double confidence = 0;
  json::array list;
  for (const HeardWord& word : words) {
    const std::string plain = bare(word.text);
    transcript += (transcript.empty() ? "" : " ") + (options_.punctuate ? word.text : plain);
    confidence += word.confidence;
    json::object entry{{"word", plain},
                       {"start", seconds_of(word.start)},
                       {"end", seconds_of(word.end)},
                       {"confidence", word.confidence}};
    if (options_.punctuate) entry["punctuated_word"] = word.text;
    list.push_back(std::move(entry));
  }
  if (!words.empty()) confidence /= static_cast<double>(words.size());
  json::object alternative{{"transcript", transcript}, {"confidence", confidence}};
  if (options_.language == "multi") alternative["languages"] = json::array{"en"};
  alternative["words"] = std::move(list);
  return alternative;
}

std::string ListenSession::results(std::size_t index, const std::vector<HeardWord>& words, bool is_final,
                                   FinalKind kind) const {
  const Channel& channel = channels_[index];
  json::object metadata{
      {"request_id", request_id_},
      {"model_info", {{"name", "general-" + options_.model}, {"version", "2025-07-31.0"}, {"arch", options_.model}}},
      {"model_uuid", "30089e05-99d1-4376-b32e-c263170674af"}};
  if (!options_.extra.empty()) metadata["extra"] = options_.extra;
  json::object message{{"type", "Results"},
                       {"channel_index", {index, channels_.size()}},
                       {"duration", seconds_of(channel.recognizer.position() - channel.segment_start)},
                       {"start", seconds_of(channel.segment_start)},
                       {"is_final", is_final},
                       {"speech_final", kind.speech_final},
                       {"channel", {{"alternatives", json::array{alternative(words)}}}},
                       {"metadata", std::move(metadata)},
                       {"from_finalize", kind.from_finalize}};
  if (is_final) message["entities"] = json::array{};
  return json::serialize(message);
}

std::vector<ListenMessage> ListenSession::finalize() {
  std::vector<ListenMessage> out;
  for (std::size_t index = 0; index < channels_.size(); ++index) say_final(index, {.from_finalize = true}, out);
  return out;
}

std::vector<ListenMessage> ListenSession::close(Instant now) {
  std::vector<ListenMessage> out;
  for (std::size_t index = 0; index < channels_.size(); ++index) {
    Channel& channel = channels_[index];
    if (channel.resampler) {
      channel.recognizer.feed(channel.resampler->flush());
    }
    if (channel.recognizer.position() > channel.segment_start)
      say_final(index, {.speech_final = !channel.recognizer.words().empty()}, out);
  }
  json::object metadata{{"type", "Metadata"},
                        {"transaction_key", "deprecated"},
                        {"request_id", request_id_},
                        // Deepgram hashes the audio; nobody checks it, so it only has the right shape.
                        {"sha256", net::sha256_hex(request_id_)},
                        {"created", to_iso(now)},
                        {"duration", duration_s()},
                        {"channels", channels_.size()}};
  if (!options_.extra.empty()) metadata["extra"] = options_.extra;
  out.push_back({.json = json::serialize(metadata)});
  return out;
}

json::object ListenSession::transcript(std::size_t index) const { return alternative(channels_[index].all); }

double ListenSession::duration_s() const {
  return options_.sample_rate_hz == 0 ? 0.0 : static_cast<double>(samples_) / options_.sample_rate_hz;
}

}  // namespace callramp::sandbox
