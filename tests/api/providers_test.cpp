// The board over HTTP, and the orders that people give.
#include "api_world.hpp"

namespace callramp::api {
namespace {

using providers::Capability;

struct ProviderWorld : ApiWorld {
  ProviderWorld() {
    providers.add(Capability::telephony, "exotel", {});
    providers.add(Capability::telephony, "twilio", {});
    providers.add(Capability::llm, "openai", {});
    providers.add(Capability::tts, "openai", {});
  }
  json::value row(const json::value& board, std::string_view name, std::string_view capability) {
    for (const json::value& each : board.at("providers").as_array())
      if (each.at("name").as_string() == name && each.at("capability").as_string() == capability) return each;
    FAIL("no such provider");
    return nullptr;
  }
};

TEST_CASE("the board shows who works, who is asked first and what was measured") {
  ProviderWorld world;
  world.providers.succeeded(0, milliseconds{120});
  world.providers.spent("exotel", {500'000, {}});
  for (int i = 0; i < 5; ++i) world.providers.failed(2, {.code = ErrorCode::timeout, .message = "silent"});
  const json::value board = world.get("/api/v1/providers").body();
  REQUIRE(board.at("providers").as_array().size() == 4);
  const json::value exotel = world.row(board, "exotel", "telephony");
  CHECK(exotel.at("state").as_string() == "up");
  CHECK(exotel.at("order").as_int64() == 1);
  CHECK(exotel.at("latencyP50Ms").to_number<double>() == 120);
  CHECK(exotel.at("spent").at(0).at("amount").as_string() == "0.50");
  CHECK(world.row(board, "twilio", "telephony").at("errorShare").is_null());
  const json::value model = world.row(board, "openai", "llm");
  CHECK(model.at("state").as_string() == "down");
  CHECK(model.at("breaker").as_string() == "open");
  CHECK(model.at("why").as_string() == "silent");
  CHECK(model.at("errors").as_int64() == 5);
  CHECK_FALSE(model.at("since").is_null());
}

TEST_CASE("orders about providers are obeyed, shown, audited and taken back") {
  ProviderWorld world;
  json::value board = world.post("/api/v1/providers/exotel/disable", R"({"for":"30m","reason":"incident"})").body();
  json::value exotel = world.row(board, "exotel", "telephony");
  CHECK(exotel.at("state").as_string() == "disabled");
  CHECK(exotel.at("order").is_null());
  CHECK(exotel.at("command").at("by").as_string() == "operator");
  CHECK(exotel.at("command").at("reason").as_string() == "incident");
  CHECK(world.row(board, "twilio", "telephony").at("order").as_int64() == 1);
  CHECK_FALSE(world.providers.admit(0));
  CHECK(world.providers.take(Capability::telephony) == 1);

  board = world.post("/api/v1/providers/exotel/enable", "{}").body();
  CHECK(world.row(board, "exotel", "telephony").at("command").is_null());
  board = world.post("/api/v1/providers/twilio/prefer", "{}").body();
  CHECK(world.row(board, "twilio", "telephony").at("order").as_int64() == 1);
  CHECK(world.row(board, "exotel", "telephony").at("order").as_int64() == 2);
  board = world.post("/api/v1/providers/exotel/prefer", R"({"for":"2h"})").body();
  CHECK(world.row(board, "exotel", "telephony").at("order").as_int64() == 1);
  CHECK(world.row(board, "twilio", "telephony").at("command").is_null());  // one favourite at a time
  board = world.post("/api/v1/providers/openai/disable", "{}").body();
  CHECK(world.row(board, "openai", "llm").at("state").as_string() == "disabled");
  CHECK(world.row(board, "openai", "tts").at("state").as_string() == "disabled");

  const json::value audit = world.get("/api/v1/audit").body();
  int orders = 0;
  for (const json::value& entry : audit.at("entries").as_array())
    orders += entry.at("action").as_string().starts_with("provider.") ? 1 : 0;
  CHECK(orders == 5);
}

TEST_CASE("orders that make no sense are refused and change nothing") {
  ProviderWorld world;
  struct {
    std::string path;
    std::string body;
    int status;
  } const rows[] = {
      {"nobody/disable", "{}", 404},
      {"exotel/disable", R"({"for":"soon"})", 400},
      {"exotel/disable", R"({"for":"0m"})", 400},
      {"exotel/disable", R"({"for":"-5m"})", 400},
      {"exotel/disable", R"({"for":"32d"})", 400},
      {"exotel/disable", R"({"for":"99999999999999999999h"})", 400},
      {"exotel/disable", R"({"for":30})", 400},
      {"exotel/disable", R"({"until":"tomorrow"})", 400},
      {"exotel/enable", R"({"for":"30m"})", 400},
      {"exotel/prefer", R"({"reason":7})", 400},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    CAPTURE(row.body);
    CHECK(world.post("/api/v1/providers/" + row.path, row.body).status == row.status);
  }
  CHECK(world.providers.admit(0));
}

}  // namespace
}  // namespace callramp::api
