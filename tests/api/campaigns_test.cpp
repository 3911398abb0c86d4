// Campaigns over HTTP: what is taken, what is refused and with which words, and the results as a file.
#include "api_world.hpp"

namespace callramp::api {
namespace {

const char* const agent_body = R"({"name":"Asha","greeting":"Namaste","disclosure":"I am an AI.","prompt":"Help."})";

class CampaignApi : public ApiWorld {
 public:
  CampaignApi() {
    CHECK(ask("PUT", "/api/v1/agents/asha", {.token = "cr_operator", .body = agent_body}).status == 201);
  }
  std::string make(std::string more = {}) {
    const Answer made = post("/api/v1/campaigns", R"({"name":"Offer","agentId":"asha")" + more + "}");
    CHECK_MESSAGE(made.status == 201, made.text);
    return std::string(made.body().at("id").as_string());
  }
  Answer patch(const std::string& id, std::string body, std::string if_match = {}) {
    Ask ask{.token = "cr_operator", .body = std::move(body)};
    if (!if_match.empty()) ask.headers.emplace_back("If-Match", if_match);
    return this->ask("PATCH", "/api/v1/campaigns/" + id, std::move(ask));
  }
  Answer add(const std::string& id, const std::string& contacts) {
    return post("/api/v1/campaigns/" + id + "/contacts", R"({"contacts":)" + contacts + "}");
  }
  std::string csv(const std::string& id, std::string token = "cr_operator") {
    Answer answer = get("/api/v1/campaigns/" + id + "/results.csv", std::move(token));
    REQUIRE(answer.response.stream);
    CollectingWriter writer(1 << 20);
    const Status written = run(answer.response.stream(writer));
    CHECK(written.has_value());
    return writer.text;
  }
};

TEST_CASE("a campaign is made as it is asked for and says where it stands") {
  CampaignApi api;
  const Answer made = api.post("/api/v1/campaigns", R"({"name":"Diwali offer","agentId":"asha","kind":"service",
    "priority":"high","region":"US","maxConcurrent":20,"callsPerMinute":60,"window":"10:00-20:00 Mon-Sat",
    "holidays":["2026-12-25","2026-11-08"],"retryPolicy":{"noAnswer":{"delay":"15m","tries":2}},"maxAttemptsPerDay":4,
    "budget":{"total":"5000 INR","perDay":"1000.50 INR"},"voicemail":"retry","oldScript":"offer-2"})");
  REQUIRE(made.status == 201);
  const json::value body = made.body();
  CHECK(body.at("status") == "draft");
  CHECK(body.at("window") == "10:00-20:00 Mon-Sat");
  CHECK(body.at("holidays") == json::parse(R"(["2026-11-08","2026-12-25"])"));
  CHECK(body.at("retryPolicy").at("noAnswer") == json::parse(R"({"delay":"15m","factor":2,"tries":2})"));
  CHECK(body.at("retryPolicy").at("failed") == json::parse(R"({"delay":"1m","factor":2,"tries":5})"));
  CHECK(body.at("budget") == json::parse(R"({"total":"5000.00 INR","perDay":"1000.50 INR"})"));
  CHECK(made.header("ETag") == "\"1\"");
  const std::string id(body.at("id").as_string());
  const Answer read = api.get("/api/v1/campaigns/" + id);
  CHECK(read.body().at("progress").at("contacts") == 0);
  CHECK(read.body().at("progress").at("successRate").is_null());
  const Answer list = api.get("/api/v1/campaigns?status=draft");
  CHECK(list.body().at("total") == 1);
  CHECK(api.get("/api/v1/campaigns?status=running").code() == "INVALID_REQUEST");
  CHECK(api.get("/api/v1/campaigns/nothing").code() == "NOT_FOUND");
}

TEST_CASE("what no campaign can be is refused and the field is named") {
  CampaignApi api;
  struct Row {
    const char* more;
    const char* field;
    const char* code;
  };
  for (const Row& row : std::initializer_list<Row>{
           {R"("window":"21:00-09:00")", "window", "INVALID_REQUEST"},
           {R"("window":7)", "window", "INVALID_REQUEST"},
           {R"("holidays":["25.12.2026"])", "holidays", "INVALID_REQUEST"},
           {R"("holidays":["2026-02-30"])", "holidays", "INVALID_REQUEST"},
           {R"("holidays":"2026-12-25")", "holidays", "INVALID_REQUEST"},
           {R"("retryPolicy":{"noAnswer":{"delay":"soon"}})", "retryPolicy.noAnswer.delay", "INVALID_REQUEST"},
           {R"("retryPolicy":{"noAnswer":{"delay":"0s"}})", "retryPolicy.noAnswer.delay", "INVALID_REQUEST"},
           {R"("retryPolicy":{"noAnswer":{"tries":21}})", "retryPolicy.noAnswer.tries", "INVALID_REQUEST"},
           {R"("retryPolicy":{"no_answer":{}})", "retryPolicy.no_answer", "INVALID_REQUEST"},
           {R"("retryPolicy":{"busy":{"times":2}})", "retryPolicy.busy.times", "INVALID_REQUEST"},
           {R"("budget":{"total":"5000"})", "budget.total", "INVALID_REQUEST"},
           {R"("budget":{"total":"50 USD"})", "budget.total", "INVALID_REQUEST"},
           {R"("budget":{"perDay":"0 INR"})", "budget.perDay", "INVALID_REQUEST"},
           {R"("budget":{"perday":"1 INR"})", "budget.perday", "INVALID_REQUEST"},
           {R"("maxConcurrent":-1)", "maxConcurrent", "INVALID_REQUEST"},
           {R"("callsPerMinute":1.5)", "callsPerMinute", "INVALID_REQUEST"},
           {R"("maxAttemptsPerDay":0)", "maxAttemptsPerDay", "INVALID_REQUEST"},
           {R"("region":"India")", "region", "INVALID_REQUEST"},
           {R"("kind":"spam")", "kind", "INVALID_REQUEST"},
           {R"("voicemail":"sing")", "voicemail", "INVALID_REQUEST"},
           {R"("startAt":"tomorrow")", "startAt", "INVALID_REQUEST"},
           {R"("pace":7)", "pace", "INVALID_REQUEST"},
           {R"("agentId":"nobody")", "agentId", "AGENT_NOT_FOUND"}}) {
    CAPTURE(std::string(row.more));
    const bool names_agent = std::string_view(row.more).find("agentId") != std::string_view::npos;
    const Answer answer =
        api.post("/api/v1/campaigns",
                 std::string(R"({"name":"Offer",)") + (names_agent ? "" : R"("agentId":"asha",)") + row.more + "}");
    CHECK(answer.code() == row.code);
    CHECK(answer.field() == row.field);
  }
  CHECK(api.post("/api/v1/campaigns", R"({"agentId":"asha"})").field() == "name");
  CHECK(api.get("/api/v1/campaigns").body().at("total") == 0);
}

TEST_CASE("a change keeps what it does not name and is refused over another's") {
  CampaignApi api;
  const std::string id = api.make(R"(,"window":"10:00-20:00","maxConcurrent":5,"budget":{"total":"50 INR"})");
  const Answer changed = api.patch(id, R"({"maxConcurrent":9,"budget":{"perDay":"5 INR"},"window":null})", "\"1\"");
  REQUIRE(changed.status == 200);
  CHECK(changed.header("ETag") == "\"2\"");
  CHECK(changed.body().at("window").is_null());
  CHECK(changed.body().at("budget") == json::parse(R"({"total":"50.00 INR","perDay":"5.00 INR"})"));
  CHECK(api.patch(id, R"({"maxConcurrent":10})", "\"1\"").status == 412);
  CHECK(api.patch(id, R"({"maxConcurrent":10})", "\"new\"").status == 412);
  CHECK(api.patch(id, R"({"budget":{"total":null}})").body().at("budget").at("total").is_null());
  CHECK(api.patch(id, R"({"status":"active"})").field() == "status");
}

TEST_CASE("orders lead where they may and the refusal says what can be done instead") {
  CampaignApi api;
  const std::string id = api.make();
  const std::string path = "/api/v1/campaigns/" + id;
  CHECK(api.post(path + "/pause", "{}").message() ==
        "campaign 'Offer' is draft and cannot be told to pause; start it, or cancel it");
  CHECK(api.post(path + "/start", "{}").body().at("status") == "active");
  CHECK(api.post(path + "/pause", R"({"reason":"lunch"})").body().at("statusReason") == "lunch (operator)");
  CHECK(api.get(path + "/why").body().at("sentence") == "not dialing: campaign is paused: lunch (operator)");
  CHECK(api.post(path + "/resume", "{}").body().at("status") == "active");
  CHECK(api.get(path + "/why").body().at("sentence") == "not dialing: nobody is left to call; import contacts");
  CHECK(api.ask("DELETE", path, {.token = "cr_operator"}).code() == "CONFLICT");
  CHECK(api.ask("DELETE", "/api/v1/agents/asha", {.token = "cr_operator"}).code() == "CONFLICT");
  CHECK(api.post(path + "/cancel", "").body().at("status") == "cancelled");
  CHECK(api.post(path + "/resume", "{}").code() == "CONFLICT");
  CHECK(api.ask("DELETE", path, {.token = "cr_operator"}).status == 204);
  CHECK(api.get(path).code() == "NOT_FOUND");
  const std::string later = api.make(R"(,"start":true,"startAt":"2026-06-01T04:00:00Z")");
  CHECK(api.get("/api/v1/campaigns/" + later).body().at("status") == "scheduled");
}

TEST_CASE("contacts are added all or none and shown masked to who may not call") {
  CampaignApi api;
  const std::string id = api.make();
  const std::string path = "/api/v1/campaigns/" + id + "/contacts";
  const Answer added = api.add(
      id, R"([{"phoneNumber":"+919876543210","name":"Asha","metadata":{"order":"A-17"}},{"phoneNumber":"+919876543210"},
              {"phoneNumber":"+919876543211","timezone":"Etc/UTC","consent":"form 12","userId":"user-1"}])");
  REQUIRE(added.status == 201);
  CHECK(added.body() == json::parse(R"({"added":2,"duplicates":[1],"doNotCall":[]})"));
  CHECK(api.add(id, R"([{"phoneNumber":"+919876543219"},{"phoneNumber":"no"}])").field() == "contacts[1].phoneNumber");
  CHECK(api.add(id, R"([{"phoneNumber":"+919876543219","timezone":"Mars/Base"}])").status == 400);
  CHECK(api.add(id, R"([{"phoneNumber":"+919876543219","colour":"red"}])").field() == "contacts[0].colour");
  CHECK(api.add(id, "[]").status == 400);
  CHECK(api.add(id, "[7]").field() == "contacts[0]");
  const json::value list = api.get(path).body();
  REQUIRE(list.at("contacts").as_array().size() == 2);
  CHECK(list.at("contacts").at(0).at("phoneNumber") == "+********3210");
  CHECK(list.at("contacts").at(0).at("userId") == "+********3210");
  CHECK(list.at("contacts").at(0).at("metadata") == json::parse(R"({"order":"A-17","name":"Asha"})"));
  CHECK(list.at("contacts").at(1).at("zones") == "Etc/UTC");
  CHECK(list.at("next").is_null());
  const json::value first = api.get(path + "?limit=1", "cr_operator").body();
  CHECK(first.at("contacts").at(0).at("phoneNumber") == "+919876543210");
  const std::string after = std::to_string(first.at("next").as_int64());
  CHECK(api.get(path + "?after=" + after).body().at("contacts").as_array().size() == 1);
  CHECK(api.ask("DELETE", path + "/" + after, {.token = "cr_operator"}).body().at("state") == "removed");
  CHECK(api.get(path + "?state=removed").body().at("contacts").as_array().size() == 1);
  CHECK(api.ask("DELETE", path + "/none", {.token = "cr_operator"}).status == 400);
}

TEST_CASE("results are a file with the contact's own columns that every spreadsheet reads") {
  CampaignApi api;
  const std::string id = api.make();
  api.add(id,
          R"([{"phoneNumber":"+919876543210","name":"Asha, \"Ash\"","metadata":{"order":"A-17","city":"Pune\nWest"}},
                  {"phoneNumber":"+919876543211","metadata":{"outcome":"won","vip":true}}])");
  const std::string text = api.csv(id);
  CHECK(
      text ==
      "phone,name,userId,timezone,consent,line,city,order,own.outcome,vip,contactState,callId,callStatus,outcome,fault,"
      "reason,system,attempts,firstAttemptAt,finalAt,durationSeconds,cost\r\n"
      "+919876543210,\"Asha, \"\"Ash\"\"\",+919876543210,,,,\"Pune\nWest\",A-17,,,waiting,,,,,,,,,,,\r\n"
      "+919876543211,,+919876543211,,,,,,won,true,waiting,,,,,,,,,,,\r\n");
  CHECK(api.csv(id, "cr_viewer").find("9876543210") == std::string::npos);
  CHECK(api.get("/api/v1/campaigns/nothing/results.csv").code() == "NOT_FOUND");
}

TEST_CASE("results of more contacts than a page come whole and in order") {
  CampaignApi api;
  const std::string id = api.make();
  for (int block = 0; block < 3; ++block) {
    std::string contacts;
    for (int n = 0; n < 700; ++n)
      contacts += (n == 0 ? "[" : ",") +
                  std::string(R"({"phoneNumber":"+9198)" + std::to_string(10'000'000 + block * 700 + n) + "\"}");
    CHECK(api.add(id, contacts + "]").status == 201);
  }
  const std::string text = api.csv(id);
  CHECK(std::ranges::count(text, '\n') == 2101);
  CHECK(text.find("+919810002099") != std::string::npos);
}

TEST_CASE("a test call is outside the evidence and needs no campaign that runs") {
  CampaignApi api;
  const std::string id = api.make();
  const Answer answer = api.post("/api/v1/campaigns/" + id + "/test-call", R"({"phoneNumber":"+919876543210"})");
  REQUIRE(answer.status == 202);
  const std::string call(answer.body().at("callLogId").as_string());
  const json::value stored = api.get("/api/v1/calls/" + call).body();
  CHECK(stored.at("test") == true);
  CHECK(stored.at("campaignId").is_null());
  CHECK(api.post("/api/v1/campaigns/nothing/test-call", R"({"phoneNumber":"+919876543210"})").code() == "NOT_FOUND");
  CHECK(api.post("/api/v1/campaigns/" + id + "/test-call", "{}").field() == "phoneNumber");
}

}  // namespace
}  // namespace callramp::api
