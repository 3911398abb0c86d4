#include "sandbox/deepgram.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "audio/g711.hpp"
#include "audio/wav.hpp"
#include "golden.hpp"
#include "provider_fixture.hpp"

using namespace callramp;
using namespace callramp::sandbox;
using namespace callramp::test;

namespace {

using Standin = Provider<Deepgram>;
const net::Headers good_key = {{"Authorization", "Token sandbox-key"}};
const std::string quick = "delays: {stt_final_ms: 30, tts_first_byte_ms: 20}\n";
const std::string raw = "?encoding=linear16&sample_rate=8000";
const std::string listening = "/v1/listen" + raw + "&interim_results=true&endpointing=200&tag=attempt-1";

/// What a client of a WebSocket saw until the end.
struct Seen {
  Status opened;
  std::vector<json::object> texts;
  std::string audio;
  std::vector<std::size_t> audio_before;  ///< bytes of audio that had come before each text
  std::optional<std::uint16_t> close_code;
  std::string close_reason;
  std::string transcript;  ///< of all finals

  std::vector<std::string> types() const {
    std::vector<std::string> all;
    for (const json::object& text : texts) all.emplace_back(text.at("type").as_string());
    return all;
  }
};

struct Say {
  std::string data;
  bool binary = false;
};
Say text(std::string json) { return {std::move(json), false}; }
Say bytes(std::string data) { return {std::move(data), true}; }

Awaitable<Seen> converse(net::HttpClient& client, std::string url, net::Headers headers, std::vector<Say> says) {
  Seen seen;
  auto socket = co_await client.websocket(std::move(url), std::move(headers), net::in(seconds{10}));
  if (!socket) {
    seen.opened = std::unexpected(socket.error());
    co_return seen;
  }
  for (Say& say : says) {
    if (say.binary)
      (void)co_await (*socket)->send_binary(std::move(say.data));
    else
      (void)co_await (*socket)->send_text(std::move(say.data));
  }
  while (true) {
    auto message = co_await (*socket)->receive();
    if (!message || !*message) break;
    if ((*message)->binary) {
      seen.audio += (*message)->data;
      continue;
    }
    boost::system::error_code error;
    json::value parsed = json::parse((*message)->data, error);
    if (error) parsed = json::object{{"type", "garbled"}};
    seen.texts.push_back(parsed.as_object());
    seen.audio_before.push_back(seen.audio.size());
    const auto& object = seen.texts.back();
    if (object.contains("is_final") && object.at("is_final").as_bool()) {
      const auto& words = object.at("channel").at("alternatives").at(0).at("transcript").as_string();
      if (!seen.transcript.empty() && !words.empty()) seen.transcript += " ";
      seen.transcript += words;
    }
  }
  seen.close_code = (*socket)->close_code();
  seen.close_reason = (*socket)->close_reason();
  co_return seen;
}

Seen talk(Standin& standin, const std::string& path, std::vector<Say> says, net::Headers headers = good_key) {
  Seen seen;
  standin.net.with_client([&](net::HttpClient& client) -> Awaitable<void> {
    seen = co_await converse(client, standin.net.url(path, "ws"), std::move(headers), std::move(says));
  });
  return seen;
}

std::string spoken(Standin& standin, const std::string& words) {
  audio::Pcm pcm = *standin.voices.phrase(words).value()->pcm;
  pcm.insert(pcm.begin(), 2000, 0);
  pcm.resize(pcm.size() + 4000, 0);
  return audio::to_bytes(pcm);
}

const std::string close_stream = R"({"type":"CloseStream"})";

}  // namespace

TEST_CASE("what was said is heard over a socket and the stream ends with Metadata and 1000") {
  Standin standin(quick);
  const Seen seen =
      talk(standin, listening,
           {bytes(spoken(standin, "Yes please, tell me more.")), text(R"({"type":"KeepAlive"})"), text(close_stream)});
  REQUIRE(seen.opened);
  CHECK(seen.transcript == "yes please tell me more");
  REQUIRE(!seen.texts.empty());
  CHECK(seen.texts.back().at("type").as_string() == "Metadata");
  CHECK(seen.close_code == 1000);
}

TEST_CASE("an empty binary message closes the stream") {
  Standin standin(quick);
  const Seen seen = talk(standin, listening, {bytes(spoken(standin, "What does it cost?")), bytes("")});
  CHECK(seen.transcript == "what does it cost");
  CHECK(seen.close_code == 1000);
}

TEST_CASE("the final's delay is stamped for the attempt in the tag") {
  Standin standin("delays: {stt_final_ms: 60}\n");
  const Instant before = standin.clock.now();
  standin.stamps.speech_ended("attempt-1", before);
  talk(standin, listening, {bytes(spoken(standin, "Thank you.")), text(close_stream)});
  standin.stamps.agent_audio("attempt-1", standin.clock.now());
  const auto turns = standin.stamps.turns();
  REQUIRE(turns.size() == 1);
  CHECK(turns[0].stt >= milliseconds{60});
  CHECK(turns[0].added == turns[0].total - turns[0].stt);
}

TEST_CASE("what is not a message of the protocol closes with 1008") {
  Standin standin(quick);
  for (const std::string& wrong : {std::string("hello"), std::string("{}"), std::string("[1]"),
                                   std::string(R"({"type":7})"), std::string(R"({"type":"Speak"})")}) {
    CAPTURE(wrong);
    const Seen seen = talk(standin, listening, {text(wrong)});
    CHECK(seen.close_code == 1008);
    CHECK(seen.close_reason.starts_with("DATA-0000"));
  }
  const Seen seen = talk(standin, "/v1/listen", {bytes("these are no samples at all")});
  CHECK(seen.close_code == 1008);
}

TEST_CASE("requests are refused as Deepgram refuses them") {
  Standin standin(quick);
  struct Row {
    std::string method;
    std::string path;
    std::string body;
    net::Headers headers;
    int status;
    std::string golden;
    std::string says;
  };
  const std::string speak = "/v1/speak" + raw + "&container=none";
  const std::vector<Row> rows = {
      {"POST", speak, R"({"text":"x"})", {}, 401, "error_bad_key.json", "INVALID_AUTH"},
      {"POST", speak, R"({"text":"x"})", {{"Authorization", "Token bad"}}, 401, "error_bad_key.json", "INVALID_AUTH"},
      {"GET", "/v1/listen", "", {{"Authorization", "Basic x"}}, 401, "error_bad_key.json", "INVALID_AUTH"},
      {"POST", speak, "{", good_key, 400, "error_invalid_json.json", "INVALID_JSON"},
      {"POST", speak, R"({"txt":"x"})", good_key, 400, "error_invalid_json.json", "text"},
      {"POST", speak, R"({"text":7})", good_key, 400, "error_invalid_json.json", "text"},
      {"POST", speak, R"({"text":" "})", good_key, 400, "error_bad_request.json", "word"},
      {"POST", speak, R"({"text":")" + std::string(2001, 'a') + R"("})", good_key, 413, "error_bad_request.json",
       "2000"},
      {"POST", "/v1/speak", R"({"text":"x"})", good_key, 400, "error_bad_request.json", "encoding=mp3"},
      {"POST", "/v1/speak?encoding=linear16&sample_rate=11025", "{}", good_key, 400, "error_bad_request.json", "11025"},
      {"POST", "/v1/speak?encoding=linear16&container=ogg", "{}", good_key, 400, "error_bad_request.json", "ogg"},
      {"POST", "/v1/speak?model=robot&encoding=linear16", "{}", good_key, 400, "error_bad_request.json", "robot"},
      {"GET", "/v1/listen?encoding=g729&sample_rate=8000", "", good_key, 400, "error_bad_request.json", "g729"},
      {"GET", "/v1/listen", "", good_key, 400, "error_bad_request.json", "upgrade"},
      {"POST", "/v1/listen", "no sound", good_key, 400, "error_bad_request.json", "corrupt"},
      {"GET", "/v1/speak", "", good_key, 400, "error_bad_request.json", ""},
      {"GET", "/v2/else", "", good_key, 404, "error_bad_request.json", "Not Found"},
      {"GET", "/v1/listen?model=%zz", "", good_key, 400, "error_bad_request.json", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CAPTURE(row.body.substr(0, 40));
    const auto answer = standin.fetch(row.method, row.path, row.body, row.headers);
    CHECK(answer.status == row.status);
    CHECK(answer.headers.find("dg-request-id").value_or("").size() == 36);
    CHECK(!answer.headers.find("dg-error").value_or("").empty());
    CHECK(shape(json::parse(answer.body)) == shape(golden_json("deepgram/" + row.golden)));
    CHECK(answer.body.find(row.says) != std::string::npos);
  }
  const Seen refused = talk(standin, listening, {}, {{"Authorization", "Token bad-key"}});
  REQUIRE(!refused.opened);
  CHECK(refused.opened.error().code == ErrorCode::unauthorized);
  CHECK(standin.fetch("GET", "/v1/projects", "", {{"Authorization", "bearer x"}}).status == 200);
}

TEST_CASE("a text is spoken in every form that was asked for") {
  Standin standin(quick);
  struct Row {
    std::string query;
    std::string type;
  };
  const std::vector<Row> rows = {
      {"?encoding=linear16&sample_rate=8000&container=none", "audio/l16;rate=8000"},
      {"?encoding=linear16&sample_rate=16000&container=none", "audio/l16;rate=16000"},
      {"?encoding=mulaw&container=none&model=aura-2-orion-en", "audio/mulaw"},
      {"?encoding=alaw&container=none", "audio/alaw"},
      {"?encoding=linear16&sample_rate=24000", "audio/wav"},
      {"?encoding=mulaw", "audio/wav"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.query);
    const auto answer =
        standin.fetch("POST", "/v1/speak" + row.query, R"({"text":"Guten Tag, wie geht's?"})", good_key);
    CHECK(answer.status == 200);
    CHECK(answer.headers.find("content-type") == row.type);
    CHECK(answer.headers.find("dg-char-count") == "22");
    CHECK(answer.headers.find("dg-model-name").has_value());
    audio::Pcm pcm;
    if (row.type == "audio/wav")
      pcm = audio::parse_wav(answer.body).value();
    else if (row.type == "audio/mulaw")
      pcm = audio::decode(audio::Law::mu, answer.body);
    else if (row.type == "audio/alaw")
      pcm = audio::decode(audio::Law::a, answer.body);
    else
      pcm = audio::resample(audio::from_bytes(answer.body), row.type.ends_with("16000") ? 16000 : 8000, 8000).value();
    CHECK(pcm.size() > 8000);
    CHECK(pcm.size() < 24000);
    CHECK(audio::dbov(pcm) > -28);
  }
}

TEST_CASE("what was spoken can be heard again in a recording") {
  Standin standin(quick);
  const auto wav = standin.fetch("POST", "/v1/speak?encoding=linear16&sample_rate=16000",
                                 R"({"text":"See you on Tuesday."})", good_key);
  const auto heard = standin.fetch("POST", "/v1/listen?smart_format=true", wav.body, good_key);
  CHECK(heard.status == 200);
  const json::value body = json::parse(heard.body);
  const auto& alternative = body.at("results").at("channels").at(0).at("alternatives").at(0);
  CHECK(alternative.at("transcript").as_string() == "See you on Tuesday.");
  CHECK(alternative.at("words").as_array().size() == 4);
  CHECK(body.at("metadata").at("duration").as_double() > 1.0);
}

TEST_CASE("the first audio comes when the world says and is stamped") {
  Standin standin("delays: {tts_first_byte_ms: 150}\n");
  standin.voices.phrase("Good day.", voice_of_model("aura-2-thalia-en"), Speaker::service).value();
  const Instant before = standin.clock.now();
  standin.stamps.speech_ended("attempt-1", before);
  standin.stamps.stt_final("attempt-1", before, before + microseconds{1});
  standin.fetch("POST", "/v1/speak?encoding=linear16&sample_rate=8000&model=aura-2-thalia-en&tag=attempt-1",
                R"({"text":"Good day."})", good_key);
  CHECK(standin.clock.now() - before >= milliseconds{150});
  standin.stamps.agent_audio("attempt-1", standin.clock.now());
  REQUIRE(standin.stamps.turns().size() == 1);
  CHECK(standin.stamps.turns()[0].tts >= milliseconds{149});
}

TEST_CASE("a speaking socket flushes and clears and closes") {
  Standin standin(quick);
  const std::string path = "/v1/speak" + raw + "&model=aura-2-thalia-en";
  const Seen seen =
      talk(standin, path,
           {text(R"({"type":"Speak","text":"Hello "})"), text(R"({"type":"Speak","text":"there."})"),
            text(R"({"type":"Flush"})"), text(R"({"type":"Speak","text":"More."})"), text(R"({"type":"Close"})")});
  REQUIRE(seen.opened);
  CHECK(seen.types() == std::vector<std::string>{"Metadata", "Flushed", "Flushed"});
  CHECK(shape(seen.texts[0]) == shape(golden_json("deepgram/speak_metadata.json")));
  CHECK(shape(seen.texts[1]) == shape(golden_json("deepgram/speak_flushed.json")));
  CHECK(seen.texts[1].at("sequence_id").to_number<int>() == 0);
  CHECK(seen.texts[2].at("sequence_id").to_number<int>() == 1);
  const auto hello = standin.voices.find("Hello there.", voice_of_model("aura-2-thalia-en"), Speaker::service);
  REQUIRE(hello);
  CHECK(seen.audio_before[1] == hello->pcm->size() * 2);
  CHECK(seen.audio.size() > seen.audio_before[1]);
  CHECK(seen.close_code == 1000);

  const Seen cleared = talk(standin, path,
                            {text(R"({"type":"Speak","text":"A long sentence that nobody wants to hear to its end."})"),
                             text(R"({"type":"Flush"})"), text(R"({"type":"Clear"})"), text(R"({"type":"Close"})")});
  CHECK(cleared.types() == std::vector<std::string>{"Metadata", "Cleared"});
  CHECK(shape(cleared.texts[1]) == shape(golden_json("deepgram/speak_cleared.json")));
  CHECK(cleared.audio.empty());
}

TEST_CASE("the 21st flush in a minute is a warning and wrong messages are too") {
  Standin standin(quick);
  std::vector<Say> says(21, text(R"({"type":"Flush"})"));
  says.push_back(text(R"({"type":"Speak"})"));
  says.push_back(text(R"({"type":"Sing"})"));
  says.push_back(text(R"({"type":"Close"})"));
  const Seen seen = talk(standin, "/v1/speak", says);
  const auto types = seen.types();
  CHECK(std::ranges::count(types, "Flushed") == 20);
  CHECK(std::ranges::count(types, "Warning") == 3);
  const auto warning = std::ranges::find(types, "Warning");
  REQUIRE(warning != types.end());
  CHECK(shape(seen.texts[static_cast<std::size_t>(warning - types.begin())]) ==
        shape(golden_json("deepgram/speak_warning.json")));
  CHECK(talk(standin, "/v1/speak", {bytes("audio")}).close_code == 1008);
  CHECK(talk(standin, "/v1/speak", {text("{")}).close_code == 1008);
}

TEST_CASE("the world's faults happen at the door that they name") {
  const auto with = [](const std::string& provider, const std::string& fault) {
    return quick + "faults: [{provider: " + provider + ", " + fault + "}]\n";
  };
  const std::string speak = "/v1/speak" + raw + "&container=none";
  const std::string body = R"({"text":"Fine."})";
  {
    Standin standin(with("deepgram.speak", "kind: rate_limit"));
    const auto answer = standin.fetch("POST", speak, body, good_key);
    CHECK(answer.status == 429);
    CHECK(shape(json::parse(answer.body)) == shape(golden_json("deepgram/error_too_many_requests.json")));
    CHECK(talk(standin, listening, {text(close_stream)}).opened);
  }
  {
    Standin standin(with("deepgram.listen", "kind: server_error"));
    CHECK(!talk(standin, listening, {}).opened);
    CHECK(standin.fetch("POST", speak, body, good_key).status == 200);
  }
  {
    Standin standin(with("deepgram", "kind: auth_error"));
    CHECK(standin.fetch("POST", speak, body, good_key).status == 401);
    const Seen seen = talk(standin, listening, {});
    REQUIRE(!seen.opened);
    CHECK(seen.opened.error().code == ErrorCode::unauthorized);
  }
  {
    Standin standin(with("deepgram.speak", "kind: odd_bytes"));
    CHECK(standin.fetch("POST", speak, body, good_key).body.size() % 2 == 1);
    const Seen seen =
        talk(standin, "/v1/speak" + raw, {text(R"({"type":"Speak","text":"Fine."})"), text(R"({"type":"Close"})")});
    CHECK(seen.audio.size() % 2 == 1);
  }
  {
    Standin standin(with("deepgram.speak", "kind: drop_answer"));
    CHECK(!standin.try_fetch("POST", speak, body, good_key));
  }
  {
    Standin standin(with("deepgram.speak", "kind: stall, ms: 100"));
    CHECK(!standin.try_fetch("POST", speak, body, good_key));
  }
  {
    Standin standin(with("deepgram.listen", "kind: drop_socket, ms: 50"));
    CHECK(talk(standin, listening, {bytes(std::string(320, '\0'))}).close_code == 1006);
  }
  {
    Standin standin(with("deepgram.listen", "kind: stall, ms: 30000"));
    const Seen seen = talk(standin, listening, {bytes(spoken(standin, "Fine.")), text(close_stream)});
    CHECK(seen.texts.empty());
  }
  {
    Standin standin(with("deepgram.listen", "kind: bad_json"));
    const Seen seen = talk(standin, listening, {bytes(spoken(standin, "Fine.")), text(close_stream)});
    CHECK(std::ranges::count(seen.types(), "garbled") > 0);
  }
  {
    Standin standin(with("deepgram.speak", "kind: latency, ms: 120"));
    const Instant before = standin.clock.now();
    standin.fetch("POST", speak, body, good_key);
    CHECK(standin.clock.now() - before >= milliseconds{120});
  }
}
