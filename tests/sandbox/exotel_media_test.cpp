#include "sandbox/exotel_media.hpp"

#include <doctest/doctest.h>

#include "audio/tone.hpp"
#include "base/base64.hpp"
#include "golden.hpp"
#include "sandbox/playout.hpp"

using namespace callramp;
using namespace callramp::sandbox;
using namespace callramp::sandbox::exotel;
using callramp::test::golden;
using callramp::test::golden_json;

namespace {

const std::string stream = "MZ6f0d1c2b3a4958677685948372615041";

StreamIdentity golden_identity() {
  return {.stream_sid = stream,
          .call_sid = "c5797dcbaaeed7678c4062a4a3ed2f8a",
          .account = "acct1",
          .from = "+919876530240",
          .to = "+918040264890",
          .custom_parameters = {{"key1", "value1"}}};
}

/// 0 to 159, twice, as bytes of 160 samples.
audio::Pcm golden_pcm() {
  std::string bytes;
  for (int i = 0; i < 320; ++i) bytes += static_cast<char>(i % 160);
  return audio::from_bytes(bytes);
}

void same(const std::string& text, const char* file) {
  CAPTURE(file);
  CHECK(boost::json::serialize(boost::json::parse(text)) == boost::json::serialize(golden_json(file)));
}

constexpr Instant start_time{seconds{1'000'000}};
Instant after(int ms) { return start_time + milliseconds{ms}; }
const audio::Pcm loud_100ms = audio::beep(milliseconds{100});
const audio::Pcm quiet_100ms(800, 0);

}  // namespace

TEST_CASE("the carrier's media messages are the golden ones") {
  MediaWriter writer(golden_identity(), {});
  same(writer.connected(), "exotel/ws_connected.json");
  same(writer.start(), "exotel/ws_start.json");
  MediaWriter second(golden_identity(), {});
  second.start();
  second.media_text("", 1440);
  same(second.media(golden_pcm()), "exotel/ws_media.json");
  for (int i = 0; i < 3; ++i) second.media(quiet_100ms);
  same(second.dtmf('5'), "exotel/ws_dtmf.json");
  for (int i = 0; i < 7; ++i) second.media(quiet_100ms);
  same(second.mark("turn-3-end"), "exotel/ws_mark.json");
  for (int i = 0; i < 4; ++i) second.media(quiet_100ms);
  MediaWriter third = second;
  same(second.stop("callended"), "exotel/ws_stop_callended.json");
  same(third.stop("stopped"), "exotel/ws_stop_stopped.json");
}

TEST_CASE("keys and numbers are written in the world's habit") {
  MediaWriter numbers(golden_identity(), {.numbers_as_strings = false, .encoding = "raw", .bit_rate = "128"});
  same(numbers.start(), "exotel/ws_start_numbers.json");
  numbers.media_text("", 1440);
  same(numbers.media(golden_pcm()), "exotel/ws_media_numbers.json");
  MediaWriter camel(golden_identity(), {.camel_case = true});
  same(camel.start(), "exotel/ws_start_camel.json");
  camel.media_text("", 1440);
  same(camel.media(golden_pcm()), "exotel/ws_media_camel.json");
}

TEST_CASE("what the agent sends is understood from the golden messages") {
  const AgentMessage media = parse_agent_message(golden("exotel/out_media.json"), stream);
  CHECK(media.kind == AgentMessage::Kind::media);
  CHECK(media.violation.empty());
  CHECK(media.pcm == golden_pcm());
  const AgentMessage mark = parse_agent_message(golden("exotel/out_mark.json"), stream);
  CHECK(mark.kind == AgentMessage::Kind::mark);
  CHECK(mark.name == "turn-3-end");
  CHECK(parse_agent_message(golden("exotel/out_clear.json"), stream).kind == AgentMessage::Kind::clear);
}

TEST_CASE("every rule that an agent's message can break has a name") {
  const auto media = [](const std::string& payload) {
    return R"({"event":"media","stream_sid":")" + stream + R"(","media":{"payload":")" + payload + "\"}}";
  };
  const auto bytes = [&](std::size_t size) { return media(base64_encode(std::string(size, 'x'))); };
  struct Row {
    std::string text;
    const char* violation;
  };
  const Row rows[] = {
      {"", "not_json"},
      {"{\"event\":\"media\"", "not_json"},
      {"[]", "not_json"},
      {"{}", "unknown_event"},
      {R"({"event":7})", "unknown_event"},
      {R"({"event":"media","media":{"payload":"AAAA"}})", "wrong_stream"},
      {R"({"event":"media","stream_sid":"other","media":{"payload":"AAAA"}})", "wrong_stream"},
      {R"({"event":"media","stream_sid":")" + stream + "\"}", "empty_media"},
      {R"({"event":"media","stream_sid":")" + stream + R"(","media":[]})", "empty_media"},
      {media(""), "empty_media"},
      {media("*not base 64*"), "bad_base64"},
      {bytes(321), "odd_bytes"},
      {bytes(322), "not_320"},
      {bytes(320), ""},
      {bytes(99'840), ""},
      {bytes(100'160), "too_long"},
      {R"({"event":"dance","stream_sid":")" + stream + "\"}", "unknown_event"},
      {R"({"event":"mark","stream_sid":")" + stream + "\"}", "no_mark_name"},
      {R"({"event":"mark","stream_sid":")" + stream + R"(","mark":{"name":""}})", "no_mark_name"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text.substr(0, 100));
    CHECK(parse_agent_message(row.text, stream).violation == row.violation);
  }
}

TEST_CASE("a mark comes back when everything before it has been played") {
  Playout playout(8000);
  CHECK(playout.media(after(0), loud_100ms));
  CHECK(playout.media(after(10), loud_100ms));
  playout.mark(after(11), "end");
  CHECK(playout.next_mark() == after(200));
  CHECK(playout.due_marks(after(199)).empty());
  CHECK(playout.due_marks(after(200)) == std::vector<std::string>{"end"});
  playout.mark(after(300), "at once");
  CHECK(playout.due_marks(after(300)) == std::vector<std::string>{"at once"});
}

TEST_CASE("a clear drops what was not played and its marks") {
  Playout playout(8000);
  playout.media(after(0), loud_100ms);
  playout.mark(after(1), "first");
  for (int i = 0; i < 5; ++i) playout.media(after(1), loud_100ms);
  playout.mark(after(1), "second");
  CHECK(playout.buffered(after(150)) == milliseconds{450});
  CHECK(playout.clear(after(150)) == std::vector<std::string>{"second"});
  CHECK(playout.buffered(after(150)) == Duration::zero());
  CHECK(playout.due_marks(after(150)) == std::vector<std::string>{"first"});
  CHECK(playout.heard_until(after(160)));
  CHECK_FALSE(playout.heard_until(after(1000)));
}

TEST_CASE("the callee hears the agent when the audio is played and not when it arrives") {
  Playout playout(8000);
  CHECK_FALSE(playout.media(after(0), quiet_100ms));
  playout.media(after(0), loud_100ms);
  CHECK_FALSE(playout.heard_until(after(100)));
  CHECK(playout.heard_until(after(150)));
  CHECK(playout.heard_until(after(200)));
  CHECK_FALSE(playout.heard_until(after(300)));
}

TEST_CASE("a buffer that runs dry within an utterance is counted and a pause between two is not") {
  Playout playout(8000);
  playout.media(after(0), loud_100ms);
  playout.media(after(90), loud_100ms);
  CHECK(playout.counts().gaps == 0);
  playout.media(after(230), loud_100ms);  // 30 ms late
  playout.media(after(340), loud_100ms);  // 10 ms late: the same utterance
  playout.mark(after(341), "end");
  CHECK(playout.counts().utterances == 1);
  CHECK(playout.counts().ran_dry == 1);
  CHECK(playout.counts().gaps == 2);
  CHECK(playout.counts().longest_gap == milliseconds{30});

  playout.media(after(1000), loud_100ms);  // after the mark: another utterance
  CHECK(playout.counts().utterances == 2);
  playout.clear(after(1010));
  playout.media(after(1500), loud_100ms);  // after a clear: another
  playout.callee_spoke(after(2000));
  playout.media(after(2500), loud_100ms);  // after the callee's turn: another
  CHECK(playout.counts().utterances == 4);
  CHECK(playout.counts().ran_dry == 1);
  CHECK(playout.counts().most_ahead == milliseconds{110});
  CHECK(playout.counts().played == milliseconds{700});

  playout.media(after(9000), loud_100ms);  // no mark since: a gap, however long
  CHECK(playout.counts().ran_dry == 2);
}

TEST_CASE("an agent without marks begins another utterance after two seconds") {
  Playout playout(16000);
  const audio::Pcm loud_at_16k(1600, 5000);
  playout.media(after(0), loud_at_16k);
  playout.media(after(2050), loud_at_16k);
  CHECK(playout.counts().ran_dry == 1);
  playout.media(after(4150), loud_at_16k);
  CHECK(playout.counts().utterances == 2);
  CHECK(playout.counts().ran_dry == 1);
}
