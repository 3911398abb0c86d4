#include "carrier_rig.hpp"
#include "golden.hpp"

using namespace callramp;
using namespace callramp::sandbox;
namespace json = boost::json;

namespace {

/// Everything the carrier sent over one media socket, until it closed.
struct Heard {
  std::vector<json::value> messages;
  std::optional<std::uint16_t> close_code;

  const json::value* find(std::string_view event) const {
    for (const json::value& message : messages)
      if (message.at("event") == json::value(event)) return &message;
    return nullptr;
  }
  std::size_t count(std::string_view event) const {
    return static_cast<std::size_t>(std::count_if(messages.begin(), messages.end(), [&](const json::value& message) {
      return message.at("event") == json::value(event);
    }));
  }
  std::string stream() const { return std::string(find("start")->at("stream_sid").as_string()); }
  audio::Pcm pcm() const {
    audio::Pcm all;
    for (const json::value& message : messages) {
      if (message.at("event") != json::value("media")) continue;
      const auto bytes = base64_decode(message.at("media").at("payload").as_string()).value();
      const audio::Pcm chunk = audio::from_bytes(bytes);
      all.insert(all.end(), chunk.begin(), chunk.end());
    }
    return all;
  }
};

Awaitable<bool> listen_once(net::WebSocket& socket, Heard& heard) {
  auto message = co_await socket.receive();
  if (!message || !*message) {
    heard.close_code = socket.close_code();
    co_return false;
  }
  heard.messages.push_back(json::parse((*message)->data));
  co_return true;
}

/// Listens until the carrier ends it.
AgentTask listens(Heard& heard) {
  return [&heard](net::WebSocket& socket) -> Awaitable<void> {
    while (co_await listen_once(socket, heard)) {
    }
  };
}

std::string to_carrier(const json::object& message) { return json::serialize(message); }

json::object media(const std::string& stream, const std::string& bytes) {
  return {{"event", "media"}, {"stream_sid", stream}, {"media", {{"payload", base64_encode(bytes)}}}};
}

json::object mark(const std::string& stream, const std::string& name) {
  return {{"event", "mark"}, {"stream_sid", stream}, {"mark", {{"name", name}}}};
}

/// Everybody answers at once and says one recorded word.
const std::string quick = R"(
callees: [{ring_s: 0, says: ["file:hello.wav"], waits_s: 0.1}]
exotel: {price_after_s: 0.5}
)";

std::string sid_of(const net::HttpClient::Whole& answered) {
  return std::string(json::parse(answered.body).at("Call").at("Sid").as_string());
}

}  // namespace

TEST_CASE("a call is answered and heard and ends when the agent closes the socket") {
  CarrierRig rig(quick);
  Heard heard;
  Instant marked{};
  Instant returned{};
  rig.agent = [&](net::WebSocket& socket) -> Awaitable<void> {
    while (heard.count("media") < 5 && co_await listen_once(socket, heard)) {
    }
    // Half a second of speech, then a mark.
    const std::string speech = audio::to_bytes(audio::beep(milliseconds{500}));
    co_await socket.send_text(to_carrier(media(heard.stream(), speech)));
    co_await socket.send_text(to_carrier(mark(heard.stream(), "turn-1-end")));
    marked = rig.clock().now();
    while (heard.count("mark") < 1 && co_await listen_once(socket, heard)) {
    }
    returned = rig.clock().now();
    co_await socket.close(1000);
  };
  rig.run([&]() -> Awaitable<void> {
    const auto answered = co_await rig.connect();
    CHECK(answered.status == 200);
    const json::value call = json::parse(answered.body).at("Call");
    CHECK(call.at("Status") == "in-progress");
    CHECK(call.at("From") == "09876530240");
    const auto first = co_await rig.callback("answered");
    CHECK(first.at("Status") == "in-progress");
    CHECK(first.as_object().if_contains("CustomField") == nullptr);
    const auto last = co_await rig.callback("terminal");
    CHECK(last.at("Status") == "completed");
    CHECK(last.at("CustomField") == "attempt-1");
    CHECK(last.at("CallSid") == call.at("Sid"));

    const std::string details = "Calls/" + sid_of(answered) + ".json?details=true";
    CHECK((co_await rig.get(details)).at("Call").at("Price").is_null());
    co_await rig.clock().sleep_for(milliseconds{600});
    const json::value settled = (co_await rig.get(details)).at("Call");
    CHECK(settled.at("Price") == "0.500");
    CHECK(settled.at("Details").at("Leg1Status") == "completed");
    const json::value list = co_await rig.get("Calls.json?From=09876530240");
    CHECK(list.at("Metadata").at("Total") == 1);
  });
  REQUIRE(heard.messages.size() > 3);
  CHECK(heard.messages[0] == callramp::test::golden_json("exotel/ws_connected.json"));
  const json::value& start = heard.messages[1].at("start");
  CHECK(start.at("from") == "+919876530240");
  CHECK(start.at("to") == "+918040264890");
  CHECK(start.at("custom_parameters") == json::value{{"key1", "value1"}});
  CHECK(start.at("media_format").at("sample_rate") == "8000");
  int expected = 1;
  for (const json::value& message : heard.messages)
    if (message.as_object().contains("sequence_number"))
      CHECK(message.at("sequence_number") == json::value(std::to_string(expected++)));
  CHECK(audio::rms(heard.pcm()) > 100);
  // Not before the half second has been played, and not much later than the next chunk.
  CHECK(returned - marked >= milliseconds{480});
  CHECK(returned - marked < milliseconds{800});
  const auto entries = rig.ledger().entries();
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].to == "+919876530240");
  CHECK(entries[0].custom_field == "attempt-1");
  CHECK(entries[0].answer == "person");
  CHECK(entries[0].ended_at.has_value());
  CHECK(rig.carrier().counts().lines.violations.empty());
  CHECK(rig.carrier().counts().lines.playout.utterances == 1);
}

TEST_CASE("a callee who hangs up ends the stream with stop and a close frame") {
  CarrierRig rig("callees: [{ring_s: 0, says: [\"file:hello.wav\", \"dtmf:5\"], waits_s: 0, hangs_up_after_s: 0.8}]");
  Heard heard;
  rig.agent = listens(heard);
  rig.run([&]() -> Awaitable<void> {
    co_await rig.connect();
    CHECK((co_await rig.callback("terminal")).at("Status") == "completed");
  });
  REQUIRE(heard.find("stop") != nullptr);
  CHECK(heard.messages.back().at("event") == "stop");
  CHECK(heard.messages.back().at("stop").at("reason") == "callended");
  CHECK(heard.close_code == 1000);
}

TEST_CASE("calls that nobody answers open no stream and say why") {
  struct Row {
    const char* answers;
    const char* status;
    const char* leg;
    const char* ledger;
  };
  const Row rows[] = {{"busy", "busy", "busy", "busy"},
                      {"reject", "busy", "canceled", "reject"},
                      {"no_answer", "no-answer", "no-answer", "no_answer"}};
  for (const Row& row : rows) {
    CAPTURE(row.answers);
    CarrierRig rig(std::string("callees: [{ring_s: 0.1, answers: ") + row.answers + "}]");
    Heard heard;
    rig.agent = listens(heard);
    rig.run([&]() -> Awaitable<void> {
      co_await rig.connect({{"TimeOut", "1"}});
      const auto last = co_await rig.callback("terminal");
      CHECK(last.at("Status") == json::value(row.status));
      CHECK(last.at("Legs").at(0).at("Status") == json::value(row.leg));
    });
    CHECK(rig.handshakes == 0);
    CHECK(rig.callbacks.size() == 1);
    CHECK(rig.ledger().entries()[0].answer == row.ledger);
  }
}

TEST_CASE("a person who is slower than the time-out has not answered") {
  CarrierRig rig("callees: [{ring_s: 5}]");
  rig.run([&]() -> Awaitable<void> {
    co_await rig.connect({{"TimeOut", "1"}});
    CHECK((co_await rig.callback("terminal")).at("Status") == "no-answer");
  });
  CHECK(rig.ledger().entries()[0].answer == "no_answer");
}

TEST_CASE("the time limit ends a call that goes on") {
  CarrierRig rig(quick);
  Heard heard;
  rig.agent = listens(heard);
  rig.run([&]() -> Awaitable<void> {
    co_await rig.connect({{"TimeLimit", "1"}});
    CHECK((co_await rig.callback("terminal")).at("ConversationDuration") == 1);
  });
  CHECK(heard.messages.back().at("event") == "stop");
  CHECK(heard.count("media") == 9);
}

TEST_CASE("a media socket that cannot be opened is tried twice and the call fails") {
  CarrierRig rig(quick);
  rig.run([&]() -> Awaitable<void> {
    co_await rig.connect();
    CHECK((co_await rig.callback("terminal")).at("Status") == "failed");
  });
  CHECK(rig.handshakes == 2);
  CHECK(rig.carrier().counts().lines.handshakes_failed == 1);
}

TEST_CASE("user and password of the stream URL arrive as Basic authorization") {
  CarrierRig rig(quick);
  rig.run([&]() -> Awaitable<void> {
    std::string url = rig.agent_url("ws", "/media");
    url.insert(5, "agent:s3cret@");
    co_await rig.connect({{"StreamUrl", url}});
    co_await rig.callback("terminal");
  });
  CHECK(rig.agent_authorizations[0] == "Basic " + base64_encode("agent:s3cret"));
}

TEST_CASE("a dropped socket breaks without a close frame and completes the call") {
  CarrierRig rig(quick + "faults: [{provider: exotel, kind: drop_socket, ms: 300}]");
  Heard heard;
  rig.agent = listens(heard);
  rig.run([&]() -> Awaitable<void> {
    co_await rig.connect();
    CHECK((co_await rig.callback("terminal")).at("Status") == "completed");
  });
  CHECK(heard.find("stop") == nullptr);
  CHECK(heard.close_code.value_or(1006) == 1006);
  CHECK(rig.carrier().counts().lines.dropped_by_fault == 1);
}

TEST_CASE("the stream runs at the rate that its URL asks for") {
  CarrierRig rig(quick);
  Heard heard;
  rig.agent = listens(heard);
  rig.run([&]() -> Awaitable<void> {
    co_await rig.connect({{"StreamUrl", rig.agent_url("ws", "/media?sample-rate=16000")}, {"TimeLimit", "1"}});
    co_await rig.callback("terminal");
  });
  CHECK(heard.find("start")->at("start").at("media_format").at("sample_rate") == "16000");
  CHECK(heard.pcm().size() == doctest::Approx(9 * 1600).epsilon(0.02));
}

TEST_CASE("what an agent must not send is counted and does not end the call") {
  CarrierRig rig(quick);
  Heard heard;
  rig.agent = [&](net::WebSocket& socket) -> Awaitable<void> {
    while (heard.count("media") < 2 && co_await listen_once(socket, heard)) {
    }
    co_await socket.send_text("{broken");
    co_await socket.send_binary(std::string(320, '\0'));
    co_await socket.send_text(to_carrier(media("another", std::string(320, 'x'))));
    co_await socket.send_text(to_carrier(media(heard.stream(), std::string(322, 'x'))));
    co_await socket.send_text(to_carrier({{"event", "clear"}, {"stream_sid", heard.stream()}}));
    co_await socket.send_text(to_carrier(mark(heard.stream(), "after")));
    while (heard.count("mark") < 1 && co_await listen_once(socket, heard)) {
    }
    co_await socket.close(1000);
  };
  rig.run([&]() -> Awaitable<void> {
    co_await rig.connect();
    co_await rig.callback("terminal");
  });
  CHECK(heard.count("mark") == 1);
  const std::map<std::string, std::uint64_t, std::less<>> expected = {
      {"binary", 1}, {"not_320", 1}, {"not_json", 1}, {"wrong_stream", 1}};
  CHECK(rig.carrier().counts().lines.violations == expected);
}

TEST_CASE("requests without a key or above the limit or with bad parameters are refused in the carrier's form") {
  CarrierRig rig(quick + "limits: {exotel_per_minute: 2}");
  rig.run([&]() -> Awaitable<void> {
    const auto nobody = co_await rig.fetch({.url = rig.account_url() + "Calls.json"});
    CHECK(nobody.status == 401);
    CHECK(json::parse(nobody.body) == callramp::test::golden_json("exotel/error_without_code.json"));
    const auto wrong = co_await rig.connect({{"TimeLimit", "20000"}});
    CHECK(wrong.status == 400);
    CHECK(json::parse(wrong.body) == callramp::test::golden_json("exotel/error_bad_parameter.json"));
    const auto xml = co_await rig.connect({{"TimeLimit", "0"}}, "Calls/connect");
    CHECK(xml.body.find("<Message>TimeLimit must be") != std::string::npos);
    const auto third = co_await rig.connect();
    CHECK(third.status == 429);
    CHECK(json::parse(third.body).at("RestException").at("Code") == "RATE_LIMIT_EXCEEDED");
    REQUIRE(third.headers.find("Retry-After").has_value());
    CHECK(std::stoi(std::string(*third.headers.find("Retry-After"))) > 50);
  });
  CHECK(rig.ledger().entries().empty());
}

TEST_CASE("an answer that stalls or breaks has dialled all the same") {
  for (const char* kind : {"stall", "drop_answer"}) {
    CAPTURE(kind);
    CarrierRig rig(quick + "faults: [{provider: exotel.rest, kind: " + kind + ", ms: 200}]");
    rig.run([&]() -> Awaitable<void> {
      net::ClientRequest request{
          .method = "POST", .url = rig.account_url() + "Calls/connect.json", .headers = rig.key()};
      request.headers.set("Content-Type", "application/x-www-form-urlencoded");
      request.body = "From=%2B919876530240&CallerId=08040264890&StreamType=bidirectional&StreamUrl=" +
                     net::percent_encode(rig.agent_url("ws", "/media"));
      const auto answered = co_await rig.client().fetch(std::move(request), rig.clock().now() + seconds{2});
      CHECK_FALSE(answered.has_value());
    });
    CHECK(rig.ledger().entries().size() == 1);
  }
}

TEST_CASE("callbacks are lost and doubled as the world says") {
  CarrierRig rig(
      "{callees: [{ring_s: 0.1, answers: busy}], faults: [{provider: exotel, kind: callback_duplicate, ms: 60}]}");
  rig.run([&]() -> Awaitable<void> {
    co_await rig.connect();
    co_await rig.callback("terminal");
    co_await rig.clock().sleep_for(milliseconds{300});
  });
  REQUIRE(rig.callbacks.size() == 2);
  CHECK(rig.callbacks[0] == rig.callbacks[1]);

  CarrierRig silent("{callees: [{ring_s: 0.1, answers: busy}], faults: [{provider: exotel, kind: callback_lost}]}");
  silent.run([&]() -> Awaitable<void> {
    const auto answered = co_await silent.connect();
    co_await silent.clock().sleep_for(milliseconds{500});
    const auto details = co_await silent.get("Calls/" + sid_of(answered) + ".json");
    CHECK(details.at("Call").at("Status") == "busy");
  });
  CHECK(silent.raw_callbacks.empty());
}

TEST_CASE("without asking for more a bare multipart callback comes at the end") {
  CarrierRig rig(quick);
  rig.run([&]() -> Awaitable<void> {
    co_await rig.connect(
        {{"StatusCallbackEvents[0]", ""}, {"StatusCallbackEvents[1]", ""}, {"StatusCallbackContentType", ""}});
    for (int i = 0; i < 300 && rig.raw_callbacks.empty(); ++i) co_await rig.clock().sleep_for(milliseconds{10});
  });
  REQUIRE(rig.raw_callbacks.size() == 1);
  const auto fields =
      net::parse_multipart("multipart/form-data; boundary=----callramp-sandbox-boundary", rig.raw_callbacks[0]);
  REQUIRE(fields.has_value());
  CHECK(fields->size() == 4);
}
