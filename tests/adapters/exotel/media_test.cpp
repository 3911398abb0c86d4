#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <deque>

#include "adapters/exotel/exotel_media_stream.hpp"
#include "adapters/golden.hpp"
#include "async/run.hpp"
#include "audio/tone.hpp"
#include "base/base64.hpp"
#include "fakes/fake_metrics.hpp"

using namespace callramp;
using namespace callramp::exotel;
using callramp::adapters::damaged;
using callramp::adapters::golden;
using callramp::adapters::variants;

namespace {

template <class Message>
Message body_of(const std::string& text) {
  const auto parsed = parse_media_message(text);
  REQUIRE_MESSAGE(parsed.has_value(), (parsed ? "" : parsed.error().message + " in " + text));
  REQUIRE(std::holds_alternative<Message>(parsed->body));
  return std::get<Message>(parsed->body);
}

/// The 320 bytes of the golden files: 0 to 159, twice.
std::string golden_bytes() {
  std::string bytes;
  for (int i = 0; i < 320; ++i) bytes += static_cast<char>(i % 160);
  return bytes;
}

/// The carrier's end: gives what it was told, remembers what it gets.
struct FakeSocket final : net::WebSocket {
  std::deque<std::string> incoming;
  std::vector<std::string>& sent;
  bool breaks = false;
  std::size_t stuck = 0;
  std::optional<std::uint16_t> code;
  explicit FakeSocket(std::vector<std::string>& out) : sent(out) {}
  Awaitable<Result<std::optional<Message>>> receive() override {
    if (incoming.empty() && breaks) co_return fail(ErrorCode::unavailable, "reset by peer");
    if (incoming.empty()) co_return std::nullopt;
    Message message{std::move(incoming.front())};
    incoming.pop_front();
    co_return message;
  }
  Awaitable<Status> send_text(std::string text) override {
    sent.push_back(std::move(text));
    co_return Status{};
  }
  Awaitable<Status> send_binary(std::string) override { co_return fail(ErrorCode::internal, "Exotel takes text only"); }
  Awaitable<Status> ping() override { co_return Status{}; }
  Awaitable<void> close(std::uint16_t with, std::string) override {
    code = with;
    sent.push_back("closed " + std::to_string(with));
    co_return;
  }
  std::optional<std::uint16_t> close_code() const override { return code; }
  std::string close_reason() const override { return {}; }
  std::size_t unsent_bytes() const override { return stuck; }
};

struct Stage {
  asio::io_context context;
  async::VirtualClock clock{from_micros(0)};
  fakes::FakeMetrics metrics;
  MediaCounters counters{metrics, "exotel"};
  NullLog log;
  ExotelConfig config;
  std::vector<std::string> sent;
  std::unique_ptr<FakeSocket> socket = std::make_unique<FakeSocket>(sent);

  std::unique_ptr<ExotelMediaStream> stream() {
    return std::make_unique<ExotelMediaStream>(std::move(socket), config, counters, log);
  }
  double bad() const { return metrics.value("callramp_media_bad_messages_total", {{"provider", "exotel"}}); }
  double gaps() const { return metrics.value("callramp_media_sequence_gaps_total", {{"provider", "exotel"}}); }
  template <class Body>
  void run(Body body) {
    async::run(context, clock, std::move(body));
  }
};

std::string start_at(int rate) {
  std::string start = golden("exotel/ws_start.json");
  start.replace(start.find("\"8000\""), 6, std::to_string(rate));
  return start;
}

std::string media_message(int sequence, const std::string& bytes) {
  return R"({"event":"media","sequence_number":)" + std::to_string(sequence) +
         R"(,"stream_sid":"MZ","media":{"payload":")" + base64_encode(bytes) + R"("}})";
}

}  // namespace

TEST_CASE("media messages are read in every spelling") {
  for (const char* name : {"exotel/ws_start.json", "exotel/ws_start_camel.json", "exotel/ws_start_numbers.json"})
    for (const std::string& text : variants(golden(name))) {
      CAPTURE(text);
      const auto start = body_of<StartMessage>(text);
      CHECK(start.call_sid == "c5797dcbaaeed7678c4062a4a3ed2f8a");
      CHECK(start.sample_rate_hz == 8000);
      CHECK(parse_media_message(text)->stream_sid == "MZ6f0d1c2b3a4958677685948372615041");
      CHECK(parse_media_message(text)->sequence == 1);
    }
  for (const char* name : {"exotel/ws_media.json", "exotel/ws_media_camel.json", "exotel/ws_media_numbers.json"})
    for (const std::string& text : variants(golden(name))) CHECK(body_of<MediaMessage>(text).bytes == golden_bytes());
  for (const std::string& text : variants(golden("exotel/ws_dtmf.json")))
    CHECK(body_of<DtmfMessage>(text).digit == '5');
  for (const std::string& text : variants(golden("exotel/ws_mark.json")))
    CHECK(body_of<MarkMessage>(text).name == "turn-3-end");
  for (const std::string& text : variants(golden("exotel/ws_stop_callended.json")))
    CHECK(body_of<StopMessage>(text).reason == "callended");
  body_of<ConnectedMessage>(golden("exotel/ws_connected.json"));
  CHECK(body_of<UnknownMessage>(R"({"event":"party"})").event == "party");
}

TEST_CASE("a media message that makes no sense is refused with a reason") {
  const char* const rows[] = {
      "",
      "{",
      "[]",
      R"({})",
      R"({"event":null})",
      R"({"event":{}})",
      R"({"event":"media"})",
      R"({"event":"media","media":[]})",
      R"({"event":"media","media":{"payload":12}})",
      R"({"event":"media","media":{"payload":"%%%%"}})",
      R"({"event":"media","media":{"payload":"AAA"}})",
      R"({"event":"media","media":{"payload":"AA=A"}})",
      R"({"event":"media","media":{"payload":"AAAA"}})",
      R"({"event":"start","start":{}})",
      R"({"event":"mark"})",
      R"({"event":"mark","mark":{}})",
      R"({"event":"dtmf","dtmf":{"digit":"55"}})",
      R"({"event":"dtmf","dtmf":{"digit":""}})",
  };
  for (const char* text : rows) {
    CAPTURE(text);
    const auto parsed = parse_media_message(text);
    // "AAA" is three characters without padding: two bytes, one sample.
    if (std::string(text).find("\"AAA\"") != std::string::npos) {
      CHECK(parsed.has_value());
      continue;
    }
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message.starts_with("a media message"));
  }
  for (const char* name : {"exotel/ws_media.json", "exotel/ws_start.json"})
    for (const std::string& text : damaged(golden(name)))
      if (const auto parsed = parse_media_message(text); parsed)
        if (const auto* media = std::get_if<MediaMessage>(&parsed->body)) CHECK(media->bytes.size() % 2 == 0);
}

TEST_CASE("what we send is what the documents show") {
  const MediaMessageWriter writer("MZ6f0d1c2b3a4958677685948372615041");
  const auto same = [](const std::string& written, const char* name) {
    return boost::json::parse(written) == boost::json::parse(golden(name));
  };
  CHECK(same(writer.media(golden_bytes()), "exotel/out_media.json"));
  CHECK(same(writer.mark("turn-3-end"), "exotel/out_mark.json"));
  CHECK(same(writer.clear(), "exotel/out_clear.json"));
  // A stream id with quotes is still one string.
  CHECK(boost::json::parse(MediaMessageWriter("a\"b\\").clear()).at("stream_sid") == "a\"b\\");
}

TEST_CASE("a stream gives its events in order and ends with the call") {
  Stage stage;
  stage.socket->incoming = {golden("exotel/ws_connected.json"),      golden("exotel/ws_start.json"),
                            golden("exotel/ws_media.json"),          golden("exotel/ws_dtmf.json"),
                            R"({"event":"something_new"})",          golden("exotel/ws_mark.json"),
                            golden("exotel/ws_stop_callended.json"), golden("exotel/ws_media.json")};
  auto stream = stage.stream();
  stage.run([&]() -> Awaitable<void> {
    const auto start = co_await stream->receive();
    REQUIRE(std::holds_alternative<MediaStart>(start->value()));
    CHECK(std::get<MediaStart>(start->value()).provider_call_id == "c5797dcbaaeed7678c4062a4a3ed2f8a");
    const auto media = co_await stream->receive();
    CHECK(std::get<MediaAudio>(media->value()).samples.size() == 160);
    CHECK(std::get<MediaDtmf>((co_await stream->receive())->value()).digit == '5');
    CHECK(std::get<MediaMark>((co_await stream->receive())->value()).name == "turn-3-end");
    CHECK(std::get<MediaStop>((co_await stream->receive())->value()).callee_hung_up);
    CHECK_FALSE((co_await stream->receive())->has_value());
    CHECK_FALSE(co_await stream->send_mark("late"));
  });
  CHECK(stage.bad() == 0);
  // 1, 3, 7, 15, 20: 2, 4 to 6, 8 to 14 and 16 to 19 never came.
  CHECK(stage.gaps() == 15);
}

TEST_CASE("bad messages are counted and skipped, and too many in a row end the stream") {
  Stage stage;
  stage.config.max_bad_messages = 4;
  stage.socket->incoming = {golden("exotel/ws_media.json"),
                            "{",
                            golden("exotel/ws_start.json"),
                            "x",
                            R"({"event":"media"})",
                            media_message(2, "odd"),
                            golden("exotel/ws_media.json"),
                            "1",
                            "2",
                            "3",
                            "4",
                            golden("exotel/ws_media.json")};
  auto stream = stage.stream();
  stage.run([&]() -> Awaitable<void> {
    CHECK(std::holds_alternative<MediaStart>((co_await stream->receive())->value()));
    CHECK(std::holds_alternative<MediaAudio>((co_await stream->receive())->value()));
    CHECK(stage.bad() == 5);  // among them media before start
    const auto ended = co_await stream->receive();
    REQUIRE_FALSE(ended);
    CHECK(ended.error().message.starts_with("4 media messages in a row"));
    CHECK_FALSE((co_await stream->receive())->has_value());
  });
}

TEST_CASE("a stream that breaks is an error and a closed one is an end") {
  for (const bool breaks : {true, false}) {
    Stage stage;
    stage.socket->breaks = breaks;
    auto stream = stage.stream();
    stage.run([&]() -> Awaitable<void> {
      const auto end = co_await stream->receive();
      CHECK(end.has_value() == !breaks);
    });
  }
}

TEST_CASE("a line that is not linear PCM of a known rate is refused") {
  for (const std::string& start : {start_at(44100), start_at(0), start_at(-1), [] {
                                     std::string text = golden("exotel/ws_start.json");
                                     text.replace(text.find("audio/x-raw"), 11, "audio/x-mulaw");
                                     return text;
                                   }()}) {
    Stage stage;
    stage.socket->incoming = {start};
    auto stream = stage.stream();
    stage.run([&]() -> Awaitable<void> {
      const auto refused = co_await stream->receive();
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == ErrorCode::unsupported_media_type);
    });
  }
}

TEST_CASE("audio goes out as one message of exactly what was given, in whole frames") {
  Stage stage;
  stage.socket->incoming = {golden("exotel/ws_start.json")};
  auto stream = stage.stream();
  stage.run([&]() -> Awaitable<void> {
    audio::Pcm samples(160);
    CHECK_FALSE(co_await stream->send_audio(samples));  // before start
    CHECK(co_await stream->receive());
    for (std::size_t i = 0; i < samples.size(); ++i)
      samples[i] = static_cast<std::int16_t>((2 * i % 160) | ((2 * i + 1) % 160) << 8);
    CHECK(co_await stream->send_audio(samples));
    CHECK(co_await stream->send_mark("turn-3-end"));
    CHECK(co_await stream->clear());
    for (const std::size_t wrong : {0, 1, 159, 161, 64'000})
      CHECK_FALSE(co_await stream->send_audio(audio::Pcm(wrong)));
    co_await stream->hang_up();
    CHECK_FALSE(co_await stream->send_audio(samples));
    co_await stream->hang_up();
  });
  REQUIRE(stage.sent.size() >= 4);
  CHECK(boost::json::parse(stage.sent[0]) == boost::json::parse(golden("exotel/out_media.json")));
  CHECK(boost::json::parse(stage.sent[1]) == boost::json::parse(golden("exotel/out_mark.json")));
  CHECK(boost::json::parse(stage.sent[2]) == boost::json::parse(golden("exotel/out_clear.json")));
  CHECK(stage.sent[3] == "closed 1000");
}

TEST_CASE("a peer that takes nothing is given up") {
  Stage stage;
  stage.socket->incoming = {golden("exotel/ws_start.json")};
  stage.socket->stuck = stage.config.max_unsent_bytes + 1;
  auto stream = stage.stream();
  stage.run([&]() -> Awaitable<void> {
    CHECK(co_await stream->receive());
    const auto stuck = co_await stream->send_audio(audio::Pcm(160));
    REQUIRE_FALSE(stuck);
    CHECK(stuck.error().code == ErrorCode::unavailable);
  });
}

TEST_CASE("lines of 16 and 24 kHz sound the same as those of 8 kHz") {
  for (const int rate : {8000, 16000, 24000}) {
    CAPTURE(rate);
    Stage stage;
    const audio::Pcm tone = audio::beep(milliseconds{400}, 1000);
    const audio::Pcm on_line = *audio::resample(tone, 8000, rate);
    stage.socket->incoming = {start_at(rate)};
    int sequence = 2;
    for (std::size_t at = 0; at < on_line.size(); at += static_cast<std::size_t>(rate / 10)) {
      const auto part =
          audio::PcmView(on_line).subspan(at, std::min(on_line.size() - at, static_cast<std::size_t>(rate / 10)));
      stage.socket->incoming.push_back(media_message(sequence++, audio::to_bytes(part)));
    }
    auto stream = stage.stream();
    audio::Pcm heard;
    stage.run([&]() -> Awaitable<void> {
      CHECK(std::get<MediaStart>((co_await stream->receive())->value()).line_sample_rate == rate);
      while (true) {
        auto event = co_await stream->receive();
        if (!event || !*event) break;
        const auto& samples = std::get<MediaAudio>(**event).samples;
        heard.insert(heard.end(), samples.begin(), samples.end());
      }
    });
    CHECK(heard.size() + 80 >= tone.size());
    CHECK(audio::dbov(heard) == doctest::Approx(audio::dbov(tone)).epsilon(0.02));
  }
}

TEST_CASE("what is sent on a line of 16 or 24 kHz arrives whole after the mark") {
  for (const int rate : {16000, 24000}) {
    CAPTURE(rate);
    Stage stage;
    stage.socket->incoming = {start_at(rate)};
    auto stream = stage.stream();
    const audio::Pcm tone = audio::beep(milliseconds{400}, 1000);
    stage.run([&]() -> Awaitable<void> {
      CHECK(co_await stream->receive());
      for (std::size_t at = 0; at < tone.size(); at += 1600)
        CHECK(co_await stream->send_audio(audio::PcmView(tone).subspan(at, 1600)));
      CHECK(co_await stream->send_mark("end"));
    });
    std::size_t bytes = 0;
    for (const std::string& message : stage.sent) {
      const auto value = boost::json::parse(message);
      if (value.at("event") != "media") continue;
      const std::string pcm = *base64_decode(std::string(value.at("media").at("payload").as_string()));
      CHECK(pcm.size() % 320 == 0);
      bytes += pcm.size();
    }
    CHECK(bytes == tone.size() * 2 * static_cast<std::size_t>(rate / 8000));
  }
}
