// Files of contacts over HTTP: uploaded in pieces, followed, read back, cancelled; and bulks of calls.
#include "api_world.hpp"

namespace callramp::api {
namespace {

constexpr const char* agent = R"({"name":"Sales","greeting":"Hello.","disclosure":"I am an AI.","prompt":"Sell."})";

std::string part(const std::string& name, const std::string& value) {
  return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
}
std::string file(const std::string& text, const std::string& name = "list.csv") {
  return "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\n\r\n" + text + "\r\n";
}

struct ImportApi : ApiWorld {
  ImportApi() { REQUIRE(ask("PUT", "/api/v1/agents/sales", {.token = "cr_admin", .body = agent}).status < 300); }
  Answer upload(const std::string& parts, const std::string& end = "--b--\r\n",
                const std::string& token = "cr_operator") {
    return ask("POST", "/api/v1/calls/outbound/import",
               {.token = token, .body = parts + end, .content_type = "multipart/form-data; boundary=b"});
  }
  std::string text_of(const json::value& value, std::string_view name) {
    return std::string(value.at(name).as_string());
  }
  std::string stream(const Answer& answer) {
    CollectingWriter writer(1'000'000);
    CHECK(run(answer.response.stream(writer)));
    return writer.text;
  }
};

TEST_CASE("a list is uploaded, imported, followed and its refusals are read back") {
  ImportApi world;
  std::string rows;
  for (int i = 0; i < 2000; ++i) rows += "+91987654" + std::to_string(1000 + i) + ",\"A, " + std::to_string(i) + "\"\n";
  const Answer accepted =
      world.upload(part("agentId", "sales") + file("phone,name\n12,Short\n" + rows + "+919876541000,Again\n"));
  REQUIRE(accepted.status == 202);
  const std::string id = world.text_of(accepted.body(), "batchId");
  const Answer waiting = world.get("/api/v1/calls/outbound/batches/" + id);
  CHECK(world.text_of(waiting.body(), "state") == "importing");
  world.import_all();
  const json::value done = world.get("/api/v1/calls/outbound/batches/" + id).body();
  CHECK(world.text_of(done, "state") == "done");
  CHECK(done.at("good") == 2000);
  CHECK(done.at("rejected") == 1);
  CHECK(done.at("duplicates") == 1);
  CHECK(done.at("campaignId") == accepted.body().at("campaignId"));
  const Answer errors = world.get("/api/v1/calls/outbound/batches/" + id + "/errors.csv", "cr_operator");
  const std::string csv = world.stream(errors);
  CHECK(csv.starts_with("line,field,value,reason\r\n2,phone,12,"));
  CHECK(csv.ends_with("2003,,+919876541000,the number of line 3 again\r\n"));
  CHECK(world.get("/api/v1/calls/outbound/batches").body().at("total") == 1);
  CHECK(world.post("/api/v1/calls/outbound/batches/" + id + "/cancel", "").code() == "CONFLICT");
  const Answer campaign = world.get("/api/v1/campaigns/" + world.text_of(accepted.body(), "campaignId"));
  CHECK(world.text_of(campaign.body(), "name") == "list");
  CHECK(campaign.body().at("progress").at("waiting") == 2000);
}

TEST_CASE("a dry run and a region are asked for in the form, in any order of the parts") {
  ImportApi world;
  const Answer accepted = world.upload(file("phone\n+919876543210\n") + part("region", "GB") + part("dryRun", "true"));
  REQUIRE(accepted.status == 202);
  CHECK(accepted.body().at("dryRun") == true);
  CHECK(accepted.body().at("campaignId").is_null());
  world.import_all();
  const json::value batch =
      world.get("/api/v1/calls/outbound/batches/" + world.text_of(accepted.body(), "batchId")).body();
  CHECK(world.text_of(batch, "region") == "GB");
  CHECK(batch.at("good") == 1);
  CHECK(world.get("/api/v1/campaigns").body().at("total") == 0);
}

TEST_CASE("what is wrong with an upload is said, and nothing of it stays") {
  ImportApi world;
  const std::string good = file("phone\n+919876543210\n");
  struct {
    std::string parts;
    std::string end;
    std::string code;
    std::string field;
  } const rows[] = {
      {part("agentId", "sales"), "--b--\r\n", "INVALID_REQUEST", "file"},
      {good, "--b--\r\n", "INVALID_REQUEST", "agentId"},
      {good + part("agentId", "nobody"), "--b--\r\n", "AGENT_NOT_FOUND", "agentId"},
      {good + part("campaignId", "nobody"), "--b--\r\n", "NOT_FOUND", "campaignId"},
      {good + good + part("agentId", "sales"), "--b--\r\n", "INVALID_REQUEST", "file"},
      {good + part("agentId", "sales") + part("agentId", "sales"), "--b--\r\n", "INVALID_REQUEST", "agentId"},
      {good + part("agentId", "sales") + part("colour", "red"), "--b--\r\n", "INVALID_REQUEST", "colour"},
      {good + part("agentId", "sales") + part("region", "india"), "--b--\r\n", "INVALID_REQUEST", "region"},
      {good + part("agentId", "sales") + part("dryRun", "maybe"), "--b--\r\n", "INVALID_REQUEST", "dryRun"},
      {good + part("agentId", std::string(2000, 'x')), "--b--\r\n", "INVALID_REQUEST", "agentId"},
      {good + part("agentId", "sales"), "", "INVALID_REQUEST", ""},
      {file("name\nAsha\n") + part("agentId", "sales"), "--b--\r\n", "INVALID_REQUEST", ""},
      {"nothing", "", "INVALID_REQUEST", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.parts.substr(0, 300));
    const Answer answer = world.upload(row.parts, row.end);
    CHECK(answer.code() == row.code);
    if (!row.field.empty()) CHECK(answer.field() == row.field);
    CHECK(world.import_files.names().empty());
  }
  CHECK(world.post("/api/v1/calls/outbound/import", "{}").status == 415);
  CHECK(world.upload(good, "--b--\r\n", "cr_viewer").status == 403);
  world.patch_flags(R"({"enableBulkImport":false})");
  CHECK(world.upload(good + part("agentId", "sales")).code() == "CONFLICT");
  CHECK(world.get("/api/v1/calls/outbound/batches/nobody").status == 404);
  CHECK(world.get("/api/v1/calls/outbound/batches/nobody/errors.csv", "cr_operator").status == 404);
}

TEST_CASE("a bulk places all of its calls, spaced and limited, or none") {
  ImportApi world;
  const Answer plain = world.post(
      "/api/v1/calls/outbound/bulk",
      R"({"calls":[{"phoneNumber":"+919876543210","agentId":"sales"},{"phoneNumber":"+919876543211","agentId":"sales"}]})");
  REQUIRE(plain.status == 202);
  CHECK(plain.body().at("callLogIds").as_array().size() == 2);
  CHECK(plain.body().at("campaignId").is_null());
  CHECK(world.get("/api/v1/calls?batchId=" + world.text_of(plain.body(), "batchId")).body().at("total") == 2);

  const std::string body =
      R"({"calls":[{"phoneNumber":"+919876543212","agentId":"sales"},{"phoneNumber":"+919876543213","agentId":"sales"}],
          "throttle":{"maxConcurrent":3,"delayBetweenCalls":1500}})";
  const Ask keyed{.token = "cr_operator", .body = body, .headers = {{"Idempotency-Key", "k1"}}};
  const Answer limited = world.ask("POST", "/api/v1/calls/outbound/bulk", keyed);
  REQUIRE(limited.status == 202);
  const json::value campaign = world.get("/api/v1/campaigns/" + world.text_of(limited.body(), "campaignId")).body();
  CHECK(campaign.at("maxConcurrent") == 3);
  CHECK(world.text_of(campaign, "status") == "active");
  const json::value second =
      world.get("/api/v1/calls/" + std::string(limited.body().at("callLogIds").at(1).as_string())).body();
  CHECK(world.text_of(second, "status") == "scheduled");
  CHECK(parse_iso(world.text_of(second, "dueAt")).value() - parse_iso(world.text_of(second, "createdAt")).value() ==
        milliseconds{1500});
  // The same again: the same calls, and no second campaign.
  CHECK(world.ask("POST", "/api/v1/calls/outbound/bulk", keyed).body() == limited.body());
  CHECK(world.get("/api/v1/campaigns").body().at("total") == 1);

  std::string many = R"({"calls":[)";
  for (int i = 0; i < 1001; ++i)
    many += (i > 0 ? "," : "") + std::string(R"({"phoneNumber":"+919876543210","agentId":"sales"})");
  struct {
    std::string body;
    std::string code;
    std::string field;
  } const rows[] = {
      {R"({"calls":[]})", "INVALID_REQUEST", "calls"},
      {R"({})", "INVALID_REQUEST", "calls"},
      {many + "]}", "INVALID_REQUEST", "calls"},
      {R"({"calls":[7]})", "INVALID_REQUEST", "calls[0]"},
      {R"({"calls":[{"phoneNumber":"+919876543210","agentId":"sales"},{"phoneNumber":"12","agentId":"sales"}]})",
       "INVALID_PHONE_NUMBER", "calls[1].phoneNumber"},
      {R"({"calls":[{"agentId":"sales"}]})", "INVALID_REQUEST", "calls[0].phoneNumber"},
      {R"({"calls":[{"phoneNumber":"+919876543219","agentId":"nobody"}],"throttle":{"maxConcurrent":1}})",
       "AGENT_NOT_FOUND", "agentId"},
      {R"({"calls":[{"phoneNumber":"+919876543219","agentId":"sales"}],"throttle":{"maxConcurrent":0}})",
       "INVALID_REQUEST", "throttle.maxConcurrent"},
      {R"({"calls":[{"phoneNumber":"+919876543219","agentId":"sales"}],"x":1})", "INVALID_REQUEST", "x"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body.substr(0, 200));
    const Answer answer = world.post("/api/v1/calls/outbound/bulk", row.body);
    CHECK(answer.code() == row.code);
    CHECK(answer.field() == row.field);
  }
  CHECK(world.get("/api/v1/calls").body().at("total") == 4);
}

}  // namespace
}  // namespace callramp::api
