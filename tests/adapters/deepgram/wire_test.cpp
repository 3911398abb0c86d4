#include "adapters/deepgram/wire.hpp"

#include <doctest/doctest.h>

#include "adapters/golden.hpp"

using namespace callramp;
using namespace callramp::deepgram;
using callramp::adapters::damaged;
using callramp::adapters::golden;
using callramp::adapters::variants;

namespace {

template <class Event>
Event event_of(const std::string& text) {
  const auto parsed = parse_listen_message(text);
  REQUIRE_MESSAGE(parsed.has_value(), (parsed ? "" : parsed.error().message));
  REQUIRE(parsed->has_value());
  REQUIRE(std::holds_alternative<Event>(**parsed));
  return std::get<Event>(**parsed);
}

}  // namespace

TEST_CASE("Deepgram's results become transcripts in every spelling") {
  struct Row {
    const char* name;
    Transcript expected;
  };
  const Row rows[] = {
      {"listen_results_interim", {"yes please", false, false, milliseconds{0}, milliseconds{1100}, 0.93}},
      {"listen_results_final", {"yes please tell me more", true, false, milliseconds{0}, milliseconds{2200}, 0.98}},
      {"listen_results_speech_final", {"haan boliye", true, true, milliseconds{5990}, milliseconds{7970}, 0.98}},
      {"listen_results_empty", {"", false, false, milliseconds{2200}, milliseconds{3200}, 0}},
      {"listen_results_from_finalize", {"", true, false, milliseconds{4100}, milliseconds{4100}, 0}},
      {"listen_results_sparse", {"ok", true, true, milliseconds{1000}, milliseconds{2000}, 1}},
  };
  for (const Row& row : rows)
    for (const std::string& text : variants(golden("deepgram/" + std::string(row.name) + ".json"))) {
      CAPTURE(text);
      const auto transcript = event_of<Transcript>(text);
      CHECK(transcript.text == row.expected.text);
      CHECK(transcript.is_final == row.expected.is_final);
      CHECK(transcript.speech_final == row.expected.speech_final);
      CHECK(transcript.from == row.expected.from);
      CHECK(transcript.to == row.expected.to);
      CHECK(transcript.confidence == doctest::Approx(row.expected.confidence));
    }
}

TEST_CASE("Deepgram's other messages become events or nothing") {
  for (const std::string& text : variants(golden("deepgram/listen_speech_started.json")))
    CHECK(event_of<SpeechStarted>(text).at == milliseconds{9540});
  for (const std::string& text : variants(golden("deepgram/listen_utterance_end.json")))
    CHECK(event_of<UtteranceEnded>(text).last_word_end == milliseconds{3100});
  // -1 means that there was no word.
  CHECK(event_of<UtteranceEnded>(golden("deepgram/listen_utterance_end_empty.json")).last_word_end == milliseconds{0});
  for (const std::string& text :
       {golden("deepgram/listen_metadata.json"), std::string(R"({"type":"Invention","x":1})")}) {
    const auto nothing = parse_listen_message(text);
    REQUIRE(nothing);
    CHECK_FALSE(nothing->has_value());
  }
  const auto error = parse_listen_message(R"({"type":"Error","description":"model crashed"})");
  REQUIRE_FALSE(error);
  CHECK(error.error().code == ErrorCode::unavailable);
  CHECK(error.error().message.find("model crashed") != std::string::npos);
}

TEST_CASE("what is no message of Deepgram's is refused, and damage never crashes") {
  for (const char* text : {"", "null", "[]", "{}", R"({"type":7})", R"({"type":"Results"})",
                           R"({"type":"Results","channel":{"alternatives":{}}})"})
    if (const auto parsed = parse_listen_message(text); parsed) CHECK_FALSE(parsed->has_value());
  for (const char* name : {"deepgram/listen_results_speech_final.json", "deepgram/listen_utterance_end.json"})
    for (const std::string& text : damaged(golden(name)))
      if (const auto parsed = parse_listen_message(text); parsed && *parsed)
        if (const auto* transcript = std::get_if<Transcript>(&**parsed)) {
          CHECK(transcript->to >= transcript->from);
          CHECK(transcript->to <= std::chrono::days{2});
        }
  const auto huge = event_of<Transcript>(
      R"({"type":"Results","start":1e300,"duration":-5,"channel":{"alternatives":[{"confidence":9}]}})");
  CHECK(huge.from == std::chrono::days{1});
  CHECK(huge.confidence == 1);
}

TEST_CASE("the query asks for the line's audio and tags it with the attempt") {
  DeepgramConfig config;
  config.listen_extra = {{"keyterm", "call ramp"}};
  const SttOptions options{.model = "nova-3",
                           .language = "en-IN",
                           .endpointing = milliseconds{250},
                           .utterance_end = milliseconds{400},
                           .attempt = AttemptId{"a1"}};
  CHECK(listen_query(options, config) ==
        "model=nova-3&language=en-IN&encoding=linear16&sample_rate=8000&channels=1&interim_results=true&endpointing="
        "250&utterance_end_ms=1000&"
        "vad_events=true&smart_format=true&tag=a1&keyterm=call%20ramp");
}

TEST_CASE("Deepgram's refusals keep their meaning, in both shapes") {
  struct Row {
    int status;
    const char* name;
    ErrorCode expected;
    const char* words;
  };
  const Row rows[] = {
      {401, "error_bad_key", ErrorCode::unauthorized, "INVALID_AUTH"},
      {403, "error_bad_key", ErrorCode::unauthorized, "DEEPGRAM_API_KEY"},
      {402, "error_out_of_credit", ErrorCode::unavailable, "recharge"},
      {429, "error_too_many_requests", ErrorCode::rate_limited, "TOO_MANY_REQUESTS"},
      {400, "error_bad_request", ErrorCode::invalid_request, "corrupt or unsupported data"},
      {400, "error_invalid_json", ErrorCode::invalid_request, "INVALID_JSON"},
      {413, "error_bad_request", ErrorCode::payload_too_large, "413"},
      {504, "error_bad_request", ErrorCode::unavailable, "504"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    const Error error =
        parse_refusal(row.status, {{"dg-request-id", "7f8d"}}, golden("deepgram/" + std::string(row.name) + ".json"));
    CHECK(error.code == row.expected);
    CHECK(error.message.find(row.words) != std::string::npos);
    CHECK(error.message.find("request 7f8d") != std::string::npos);
  }
  CHECK(parse_refusal(500, {{"dg-error", "overloaded"}}, "").message.find("overloaded") != std::string::npos);
}
