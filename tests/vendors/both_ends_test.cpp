// Both ends of each vendor's protocol: our adapters against the sandbox's stand-ins, over real sockets. Each end is
// held by the golden files by itself; here they must understand each other.
#include <doctest/doctest.h>

#include <mutex>

#include "adapters/deepgram/deepgram_speech_to_text.hpp"
#include "adapters/deepgram/deepgram_text_to_speech.hpp"
#include "adapters/exotel/exotel_telephony.hpp"
#include "adapters/exotel/routes.hpp"
#include "adapters/legacy_http/legacy_http_dialer.hpp"
#include "adapters/openai/openai_language_model.hpp"
#include "adapters/openai/openai_text_to_speech.hpp"
#include "adapters/twilio/routes.hpp"
#include "adapters/twilio/twilio_telephony.hpp"
#include "async/io_threads.hpp"
#include "async/task_scope.hpp"
#include "fakes/fake_metrics.hpp"
#include "net/http_server.hpp"
#include "sandbox/sandbox.hpp"

using namespace callramp;
using sandbox::Door;

namespace {

/// The product in small: routes, and a conversation that greets and listens.
class Product final : public CarrierEvents, public MediaSessions, public LegacyEvents {
 public:
  Awaitable<Status> on_carrier_event(std::string, CarrierCall call) override {
    events.push_back(std::move(call));
    co_return Status{};
  }
  Awaitable<Status> on_legacy_report(LegacyReport report) override {
    reports.push_back(std::move(report));
    co_return Status{};
  }
  Awaitable<Status> admit(std::string token) override {
    if (token != "0123456789abcdef0123456789abcdef") co_return fail(ErrorCode::not_found, "no such token");
    co_return Status{};
  }
  Awaitable<void> serve(std::string, std::unique_ptr<MediaStream> stream) override {
    auto recognition =
        co_await stt->open({.model = "nova-3", .language = "en", .attempt = AttemptId{"a1"}}, deadline());
    REQUIRE_MESSAGE(recognition.has_value(), (recognition ? "" : recognition.error().message));
    co_await async::with_scope([&](async::TaskScope& scope) -> Awaitable<void> {
      scope.spawn(listen(**recognition));
      co_await converse(*stream, **recognition);
      CHECK(co_await (*recognition)->finish());
      co_await scope.join();
    });
  }

  SpeechToText* stt = nullptr;
  TextToSpeech* tts = nullptr;
  std::vector<CarrierCall> events;
  std::vector<LegacyReport> reports;
  std::string heard;
  std::vector<std::string> marks;
  std::string media_call_id;
  bool stopped = false;

  Instant deadline() const { return async::SystemClock().now() + seconds{10}; }

 private:
  Awaitable<void> listen(SttStream& recognition) {
    while (true) {
      auto event = co_await recognition.receive();
      REQUIRE_MESSAGE(event.has_value(), (event ? "" : event.error().message));
      if (!*event) co_return;
      if (const auto* transcript = std::get_if<Transcript>(&**event);
          transcript && transcript->is_final && !transcript->text.empty())
        heard += transcript->text + "|";
    }
  }
  Awaitable<void> converse(MediaStream& stream, SttStream& recognition) {
    while (true) {
      auto event = co_await stream.receive();
      REQUIRE_MESSAGE(event.has_value(), (event ? "" : event.error().message));
      if (!*event) co_return;
      if (const auto* start = std::get_if<MediaStart>(&**event)) {
        media_call_id = start->provider_call_id;
        CHECK(co_await say(stream, "Good morning."));
      }
      if (const auto* media = std::get_if<MediaAudio>(&**event)) CHECK(co_await recognition.send(media->samples));
      if (const auto* mark = std::get_if<MediaMark>(&**event)) marks.push_back(mark->name);
      stopped = stopped || std::holds_alternative<MediaStop>(**event);
    }
  }
  Awaitable<Status> say(MediaStream& stream, std::string text) {
    CO_TRY(speech, co_await tts->open({.text = std::move(text), .voice = "aura-2-thalia-en"}, deadline()));
    audio::Pcm samples;
    while (true) {
      CO_TRY(chunk, co_await speech->receive());
      if (!chunk) break;
      samples.insert(samples.end(), chunk->begin(), chunk->end());
    }
    samples.resize((samples.size() + 159) / 160 * 160, 0);
    CO_TRY_VOID(co_await stream.send_audio(samples));
    co_return co_await stream.send_mark("greeting-end");
  }
};

class Stage {
 public:
  explicit Stage(const std::string& world)
      : sandbox_({threads_.executor(0)}, {.base_port = 0}, sandbox::parse_world(world).value(), clock, log),
        server_({threads_.executor(1)}, {}, [this](net::Request& request) { return route(request); }, log) {
    const auto started = sandbox_.start();
    REQUIRE_MESSAGE(started.has_value(), (started ? "" : started.error().message));
    REQUIRE(server_.start().has_value());
    carrier = {.base_url = sandbox_.url(Door::exotel),
               .api_key = "key",
               .api_token = "token",
               .account_sid = "acct1",
               .caller_id = "08040264890",
               .public_url = "http://127.0.0.1:" + std::to_string(server_.port()),
               .webhook_secret = "s3cret"};
    twilio = {.base_url = sandbox_.url(Door::twilio),
              .account_sid = "AC1",
              .auth_token = "token",
              .caller_id = "+14155550100",
              .public_url = carrier.public_url};
    deepgram = {.base_url = sandbox_.url(Door::deepgram), .api_key = "key"};
    openai.base_url = sandbox_.url(Door::openai) + "/v1";
    openai.api_key = "key";
    old = {.base_url = sandbox_.url(Door::old_dialer),
           .token = "token",
           .public_url = carrier.public_url,
           .webhook_secret = "s3cret"};
  }
  ~Stage() {
    async::run_blocking(threads_.executor(1), server_.stop(Duration{}));
    async::run_blocking(threads_.executor(0), sandbox_.stop());
  }

  /// Runs `body(pool)` on the product's thread.
  template <class Body>
  void run(Body body) {
    async::run_blocking(threads_.executor(1), with_pool(*this, std::move(body)));
  }
  Instant deadline() const { return clock.now() + seconds{10}; }
  template <class Condition>
  Awaitable<bool> soon(Condition condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) co_await clock.sleep_for(milliseconds{10});
    co_return condition();
  }

  NullLog log;
  async::SystemClock clock;
  Product product;
  exotel::ExotelConfig carrier;
  twilio::TwilioConfig twilio;
  deepgram::DeepgramConfig deepgram;
  openai::OpenAiConfig openai;
  legacy_http::LegacyHttpConfig old;

 private:
  template <class Body>
  static Awaitable<void> with_pool(Stage& stage, Body body) {
    net::ClientPool pool({stage.threads_.executor(1)}, {}, stage.log);
    deepgram::DeepgramSpeechToText stt(stage.deepgram, pool, stage.clock, stage.log);
    deepgram::DeepgramTextToSpeech tts(stage.deepgram, pool, stage.log);
    stage.product.stt = &stt;
    stage.product.tts = &tts;
    co_await body(pool);
  }
  Awaitable<net::Response> route(net::Request& request) {
    if (request.path == "/webhooks/exotel/s3cret/call-status")
      return exotel::exotel_webhook(request, "s3cret", routes_);
    if (request.path == "/webhooks/twilio/call-status") return twilio::twilio_webhook(request, twilio_routes_);
    if (request.path.starts_with("/ws/twilio/"))
      return twilio::twilio_media(request, request.path.substr(request.path.rfind('/') + 1), twilio_routes_);
    if (request.path == "/webhooks/old-system/s3cret/call-status")
      return legacy_http::legacy_webhook(request, "s3cret", old, product, log);
    return exotel::exotel_media(request, request.path.substr(request.path.rfind('/') + 1), routes_);
  }

  async::IoThreads threads_{2};
  sandbox::Sandbox sandbox_;
  fakes::FakeMetrics metrics_;
  adapters::MediaCounters counters_{metrics_, "exotel"};
  exotel::ExotelRoutes routes_{carrier, product, product, counters_, log};
  adapters::MediaCounters twilio_counters_{metrics_, "twilio"};
  twilio::TwilioRoutes twilio_routes_{twilio, product, product, twilio_counters_, log};
  net::HttpServer server_;
};

DialRequest dial(const char* number) {
  return {.attempt = AttemptId{"01jdq4q8w5e2t8m9n0p1r2s3t4"},
          .to = *PhoneNumber::parse(number),
          .stream_token = "0123456789abcdef0123456789abcdef",
          .ring_timeout = seconds{5},
          .time_limit = seconds{60}};
}

}  // namespace

TEST_CASE("a call is dialled, heard, spoken to, ended and found, in every habit of the carrier") {
  for (const char* habits :
       {"{}", "{numbers_as_strings: false, camel_case: true, lower_case_body: true, status: queued}"}) {
    CAPTURE(habits);
    Stage stage("{callees: [{ring_s: 0.1, says: ['yes please tell me more'], hangs_up_after_s: 4}], exotel: " +
                std::string(habits) + "}");
    stage.run([&](net::ClientPool& pool) -> Awaitable<void> {
      exotel::ExotelTelephony telephony(stage.carrier, pool, stage.clock, stage.log);
      const Instant before = stage.clock.now();
      const auto placed = co_await telephony.place(dial("+919876530240"), stage.deadline());
      REQUIRE_MESSAGE(placed.has_value(), (placed ? "" : placed.error().message));
      Product& product = stage.product;
      CHECK(co_await stage.soon([&] { return !product.events.empty() && is_terminal(product.events.back().state); }));
      CHECK(co_await stage.soon([&] { return product.heard.find("more") != std::string::npos; }));
      CHECK(product.heard == "yes please tell me more|");
      CHECK(product.marks == std::vector<std::string>{"greeting-end"});
      CHECK(product.media_call_id == *placed);
      CHECK(product.stopped);
      const CarrierCall& last = product.events.back();
      CHECK(last.provider_call_id == *placed);
      CHECK(last.state == CarrierState::completed);
      CHECK(last.attempt == AttemptId{"01jdq4q8w5e2t8m9n0p1r2s3t4"});
      CHECK(last.to == dial("+919876530240").to);
      CHECK(last.duration >= seconds{3});
      REQUIRE(product.events.size() >= 3);
      CHECK(product.events[0].state == CarrierState::ringing);
      CHECK(product.events[1].state == CarrierState::in_progress);

      const auto details = co_await telephony.lookup(*placed, stage.deadline());
      REQUIRE_MESSAGE(details.has_value(), (details ? "" : details.error().message));
      CHECK(details->state == CarrierState::completed);
      const auto found =
          co_await telephony.find(dial("+919876530240").to, before - seconds{1}, stage.clock.now(), stage.deadline());
      REQUIRE_MESSAGE(found.has_value(), (found ? "" : found.error().message));
      REQUIRE(found->size() == 1);
      CHECK(found->front().provider_call_id == *placed);
      CHECK(
          (co_await telephony.find(dial("+919876530241").to, before - seconds{1}, stage.clock.now(), stage.deadline()))
              ->empty());
      CHECK((co_await telephony.find(dial("+919876530240").to, before - hours{2}, before - hours{1}, stage.deadline()))
                ->empty());
      CHECK(co_await telephony.probe(stage.deadline()));
    });
  }
}

TEST_CASE("the ends of unanswered calls mean the same on both sides") {
  struct Row {
    const char* answers;
    CarrierState expected;
  };
  for (const Row& row : {Row{"busy", CarrierState::busy}, Row{"reject", CarrierState::rejected},
                         Row{"no_answer", CarrierState::no_answer}}) {
    CAPTURE(row.answers);
    Stage stage("callees: [{ring_s: 0.1, answers: " + std::string(row.answers) + "}]");
    stage.run([&](net::ClientPool& pool) -> Awaitable<void> {
      exotel::ExotelTelephony telephony(stage.carrier, pool, stage.clock, stage.log);
      DialRequest request = dial("+919876530240");
      request.ring_timeout = seconds{1};
      REQUIRE(co_await telephony.place(request, stage.deadline()));
      const auto& events = stage.product.events;
      CHECK(co_await stage.soon([&] { return !events.empty() && is_terminal(events.back().state); }));
      CHECK(events.front().state == CarrierState::ringing);
      CHECK(events.back().state == row.expected);
    });
  }
}

TEST_CASE("the carrier's refusals and lost answers keep their meaning") {
  struct Row {
    const char* world;
    const char* number;
    ErrorCode expected;
  };
  for (const Row& row :
       {Row{"faults: [{provider: exotel.rest, kind: rate_limit}]", "+919876530240", ErrorCode::rate_limited},
        Row{"faults: [{provider: exotel.rest, kind: auth_error}]", "+919876530240", ErrorCode::unauthorized},
        Row{"faults: [{provider: exotel.rest, kind: server_error}]", "+919876530240", ErrorCode::unavailable},
        Row{"faults: [{provider: exotel.rest, kind: drop_answer}]", "+919876530240", ErrorCode::timeout},
        Row{"exotel: {api_key: other, api_token: other}", "+919876530240", ErrorCode::unauthorized}}) {
    CAPTURE(row.world);
    Stage stage(row.world);
    stage.run([&](net::ClientPool& pool) -> Awaitable<void> {
      exotel::ExotelTelephony telephony(stage.carrier, pool, stage.clock, stage.log);
      const auto refused = co_await telephony.place(dial(row.number), stage.deadline());
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == row.expected);
    });
  }
}

TEST_CASE("Twilio's call is dialled, heard, spoken to, ended, priced and found, and its callbacks are signed") {
  Stage stage(
      "{callees: [{ring_s: 0.1, says: ['yes please tell me more'], hangs_up_after_s: 4}], twilio: {auth_token: token, "
      "price_after_s: 0.5}}");
  stage.run([&](net::ClientPool& pool) -> Awaitable<void> {
    twilio::TwilioTelephony telephony(stage.twilio, pool, stage.clock, stage.log);
    const Instant before = stage.clock.now();
    const auto placed = co_await telephony.place(dial("+919876530240"), stage.deadline());
    REQUIRE_MESSAGE(placed.has_value(), (placed ? "" : placed.error().message));
    Product& product = stage.product;
    CHECK(co_await stage.soon([&] { return !product.events.empty() && is_terminal(product.events.back().state); }));
    CHECK(co_await stage.soon([&] { return product.heard.find("more") != std::string::npos; }));
    CHECK(product.heard == "yes please tell me more|");
    CHECK(product.marks == std::vector<std::string>{"greeting-end"});
    CHECK(product.media_call_id == *placed);
    CHECK(product.stopped);
    REQUIRE(product.events.size() == 4);
    const CarrierState states[] = {CarrierState::queued, CarrierState::ringing, CarrierState::in_progress,
                                   CarrierState::completed};
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(product.events[i].state == states[i]);
      CHECK(product.events[i].attempt == AttemptId{"01jdq4q8w5e2t8m9n0p1r2s3t4"});
      CHECK(product.events[i].provider_call_id == *placed);
    }
    CHECK(product.events[3].duration >= seconds{3});

    co_await stage.clock.sleep_for(milliseconds{700});
    const auto details = co_await telephony.lookup(*placed, stage.deadline());
    REQUIRE_MESSAGE(details.has_value(), (details ? "" : details.error().message));
    CHECK(details->state == CarrierState::completed);
    REQUIRE(details->price);
    CHECK(to_string(*details->price) == "0.0496 USD");
    const auto found =
        co_await telephony.find(dial("+919876530240").to, before - seconds{1}, stage.clock.now(), stage.deadline());
    REQUIRE_MESSAGE(found.has_value(), (found ? "" : found.error().message));
    REQUIRE(found->size() == 1);
    CHECK(found->front().provider_call_id == *placed);
    CHECK((co_await telephony.find(dial("+919876530241").to, before - seconds{1}, stage.clock.now(), stage.deadline()))
              ->empty());
    CHECK(co_await telephony.probe(stage.deadline()));
  });
}

TEST_CASE("Twilio's unanswered calls and refusals mean the same on both sides") {
  struct Row {
    const char* world;
    std::optional<CarrierState> ends;
    ErrorCode refused = ErrorCode::internal;
  };
  for (const Row& row :
       {Row{"callees: [{ring_s: 0.1, answers: busy}]", CarrierState::busy},
        Row{"callees: [{ring_s: 0.1, answers: reject}]", CarrierState::rejected},
        Row{"callees: [{ring_s: 9, answers: no_answer}]", CarrierState::no_answer},
        Row{"faults: [{provider: twilio, kind: rate_limit}]", std::nullopt, ErrorCode::rate_limited},
        Row{"faults: [{provider: twilio.rest, kind: auth_error}]", std::nullopt, ErrorCode::unauthorized},
        Row{"faults: [{provider: twilio.rest, kind: server_error}]", std::nullopt, ErrorCode::unavailable},
        Row{"faults: [{provider: twilio.rest, kind: drop_answer}]", std::nullopt, ErrorCode::timeout},
        Row{"twilio: {auth_token: other}", std::nullopt, ErrorCode::unauthorized}}) {
    CAPTURE(row.world);
    Stage stage(row.world);
    stage.run([&](net::ClientPool& pool) -> Awaitable<void> {
      twilio::TwilioTelephony telephony(stage.twilio, pool, stage.clock, stage.log);
      const auto placed = co_await telephony.place(dial("+919876530240"), stage.deadline());
      CHECK(placed.has_value() == row.ends.has_value());
      if (!placed) CHECK(placed.error().code == row.refused);
      if (!placed) co_return;
      const auto& events = stage.product.events;
      CHECK(co_await stage.soon([&] { return !events.empty() && is_terminal(events.back().state); }));
      CHECK(events.back().state == *row.ends);
    });
  }
}

TEST_CASE("the model answers, calls its tool, and both voices speak") {
  Stage stage(
      "{llm: [{when: bye, say: 'Good bye.', tool: {name: end_call, arguments: {reason: done}}}, {say: 'Yes, of "
      "course.'}]}");
  stage.run([&](net::ClientPool& pool) -> Awaitable<void> {
    openai::OpenAiLanguageModel model(stage.openai, pool, stage.clock, stage.log);
    for (const bool bye : {false, true}) {
      ReplyRequest request{
          .model = "gpt-4.1-mini",
          .messages = {{ChatMessage::Role::system, "You are Asha."},
                       {ChatMessage::Role::user, bye ? "bye" : "can you help"}},
          .tools = {{"end_call", "Ends the call.", R"({"type":"object","properties":{"reason":{"type":"string"}}})"}},
          .attempt = AttemptId{"a1"}};
      auto reply = co_await model.open(std::move(request), stage.deadline());
      REQUIRE_MESSAGE(reply.has_value(), (reply ? "" : reply.error().message));
      std::string text;
      std::string tool;
      std::optional<ReplyDone> done;
      while (true) {
        auto event = co_await (*reply)->receive();
        REQUIRE_MESSAGE(event.has_value(), (event ? "" : event.error().message));
        if (!*event) break;
        if (const auto* part = std::get_if<ReplyText>(&**event)) text += part->delta;
        if (const auto* call = std::get_if<ReplyToolCall>(&**event)) tool = call->name + call->arguments_json;
        if (const auto* end = std::get_if<ReplyDone>(&**event)) done = *end;
      }
      CHECK(text == (bye ? "Good bye." : "Yes, of course."));
      CHECK(tool == (bye ? R"(end_call{"reason":"done"})" : ""));
      REQUIRE(done);
      CHECK(done->input_tokens.value_or(0) > 0);
      CHECK(done->output_tokens.value_or(0) > 0);
    }
    CHECK(co_await model.probe(stage.deadline()));
    CHECK(co_await stage.product.stt->probe(stage.deadline()));

    openai::OpenAiTextToSpeech other_voice(stage.openai, pool, stage.log);
    for (TextToSpeech* tts : {stage.product.tts, static_cast<TextToSpeech*>(&other_voice)}) {
      auto speech = co_await tts->open(
          {.text = "Good morning.", .voice = tts == stage.product.tts ? "aura-2-thalia-en" : "coral"},
          stage.deadline());
      REQUIRE_MESSAGE(speech.has_value(), (speech ? "" : speech.error().message));
      std::size_t samples = 0;
      while (true) {
        auto chunk = co_await (*speech)->receive();
        REQUIRE(chunk);
        if (!*chunk) break;
        samples += (*chunk)->size();
      }
      CHECK(samples > 3000);  // about a second of speech at 8 kHz, whichever voice
      CHECK(samples < 24000);
      CHECK((*speech)->billed_characters() == 13);
    }
  });
}

TEST_CASE("the old system dials once, reports, and is looked up") {
  Stage stage("callees: [{answers: busy, ring_s: 0.1}]");
  stage.run([&](net::ClientPool& pool) -> Awaitable<void> {
    legacy_http::LegacyHttpDialer old(stage.old, pool, stage.log);
    const LegacyDial request{.attempt = AttemptId{"a1"},
                             .call = CallId{"c1"},
                             .phone = *PhoneNumber::parse("+919876530240"),
                             .user = UserId{"u1"},
                             .metadata_json = "{}"};
    const auto first = co_await old.place(request, stage.deadline());
    const auto second = co_await old.place(request, stage.deadline());
    REQUIRE_MESSAGE(first.has_value(), (first ? "" : first.error().message));
    CHECK(second.value_or("") == *first);
    CHECK(co_await stage.soon([&] { return !stage.product.reports.empty(); }));
    CHECK(stage.product.reports.front().id == *first);
    CHECK(stage.product.reports.front().outcome == Outcome::busy);
    CHECK((co_await old.lookup(*first, stage.deadline()))->outcome == Outcome::busy);
    CHECK(co_await old.probe(stage.deadline()));
  });
}
