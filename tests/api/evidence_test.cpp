// Evidence that machines cannot see, by report and by Alertmanager's webhook.
#include "api_world.hpp"

namespace callramp::api {
namespace {

const std::string path = "/api/v1/evidence";

TEST_CASE("evidence is recorded once whatever its kind") {
  ApiWorld world;
  for (const std::string body : {
           R"({"kind":"bug","externalId":"TRACK-7","severity":"P1","at":"2025-11-24T10:00:00Z"})",
           R"({"kind":"bug","externalId":"TRACK-8","severity":"P2","critical":true,"at":"2025-11-24T10:00:00Z"})",
           R"({"kind":"complaint","externalId":"m-1","severity":"privacy","callId":"c-1","at":"2025-11-24T10:00:00Z"})",
           R"({"kind":"security","externalId":"s-1","severity":"critical","at":"2025-11-24T10:00:00Z"})",
           R"({"kind":"satisfaction","externalId":"q-1","value":4.5,"at":"2025-11-24T10:00:00Z"})",
           R"({"kind":"ticket","externalId":"t-1","note":"asks for a person","at":"2025-11-24T10:00:00Z"})",
           R"({"kind":"label","externalId":"l-1","value":1,"callId":"c-1","at":"2025-11-24T10:00:00Z"})",
       }) {
    CAPTURE(body);
    CHECK(world.post(path, body).status == 201);
    const Answer again = world.post(path, body);
    CHECK(again.status == 200);
    CHECK_FALSE(again.body().at("recorded").as_bool());
  }
  CHECK(world.get(path).body().at("evidence").as_array().size() == 7);
  const json::value bugs = world.get(path + "?kind=bug").body();
  REQUIRE(bugs.at("evidence").as_array().size() == 2);
  CHECK(bugs.at("evidence").at(0).at("reportedBy").as_string() == "operator");
  CHECK(
      world.post(path, R"({"kind":"bug","externalId":"TRACK-7","severity":"P2","at":"2025-11-24T10:00:00Z"})").status ==
      409);
}

TEST_CASE("a report that does not fit its kind is refused and names the field") {
  struct {
    std::string body;
    std::string field;
  } const rows[] = {
      {R"({"externalId":"x","at":"2025-11-24T10:00:00Z"})", "kind"},
      {R"({"kind":"rumour","externalId":"x","at":"2025-11-24T10:00:00Z"})", "kind"},
      {R"({"kind":"bug","severity":"P1","at":"2025-11-24T10:00:00Z"})", "externalId"},
      {R"({"kind":"bug","externalId":"x","severity":"P1"})", "at"},
      {R"({"kind":"bug","externalId":"x","severity":"P1","at":"2025-11-24T17:00:00Z"})", "at"},
      {R"({"kind":"bug","externalId":"x","severity":"P1","at":"yesterday"})", "at"},
      {R"({"kind":"bug","externalId":"x","at":"2025-11-24T10:00:00Z"})", "severity"},
      {R"({"kind":"bug","externalId":"x","severity":"critical","at":"2025-11-24T10:00:00Z"})", "severity"},
      {R"({"kind":"bug","externalId":"x","severity":"P1","critical":true,"at":"2025-11-24T10:00:00Z"})", "critical"},
      {R"({"kind":"bug","externalId":"x","severity":"P1","value":1,"at":"2025-11-24T10:00:00Z"})", "value"},
      {R"({"kind":"ticket","externalId":"x","severity":"P1","at":"2025-11-24T10:00:00Z"})", "severity"},
      {R"({"kind":"satisfaction","externalId":"x","at":"2025-11-24T10:00:00Z"})", "value"},
      {R"({"kind":"satisfaction","externalId":"x","value":0,"at":"2025-11-24T10:00:00Z"})", "value"},
      {R"({"kind":"satisfaction","externalId":"x","value":8,"at":"2025-11-24T10:00:00Z"})", "value"},
      {R"({"kind":"satisfaction","externalId":"x","value":"4","at":"2025-11-24T10:00:00Z"})", "value"},
      {R"({"kind":"label","externalId":"x","value":1,"at":"2025-11-24T10:00:00Z"})", "callId"},
      {R"({"kind":"bug","externalId":"x","severity":"P1","at":"2025-11-24T10:00:00Z","who":"me"})", "who"},
  };
  ApiWorld world;
  for (const auto& row : rows) {
    CAPTURE(row.body);
    const Answer answer = world.post(path, row.body);
    CHECK(answer.status == 400);
    CHECK(answer.field() == row.field);
  }
  CHECK(world.rollouts.items.empty());
}

TEST_CASE("a status changes with its reason and rejecting needs an approver") {
  ApiWorld world;
  world.post(path, R"({"kind":"complaint","externalId":"mail/31","severity":"content","at":"2025-11-24T10:00:00Z"})");
  const std::string item = path + "/complaint/mail%2F31";
  const auto patch = [&](std::string body, std::string token) {
    return world.ask("PATCH", item, {.token = std::move(token), .body = std::move(body)});
  };
  const Answer confirmed = patch(R"({"status":"confirmed","reason":"heard it"})", "cr_operator");
  CHECK(confirmed.status == 200);
  CHECK(confirmed.body().at("history").as_array().size() == 2);
  CHECK(confirmed.body().at("history").at(1).at("reason").as_string() == "heard it");
  CHECK(patch(R"({"status":"rejected","reason":"not us"})", "cr_operator").status == 403);
  CHECK(patch(R"({"status":"rejected","reason":"not us"})", "cr_approver").status == 200);
  CHECK(patch(R"({"status":"gone","reason":"x"})", "cr_operator").status == 400);
  CHECK(patch(R"({"status":"resolved"})", "cr_operator").status == 400);
  const Answer unknown =
      world.ask("PATCH", path + "/bug/none", {.token = "cr_operator", .body = R"({"status":"resolved","reason":"x"})"});
  CHECK(unknown.status == 404);
}

// As Alertmanager 0.25 sends it.
std::string payload(const std::string& status, const std::string& labels,
                    const std::string& started = "2025-11-24T15:00:00.123Z",
                    const std::string& ended = "0001-01-01T00:00:00Z") {
  return R"({"version":"4","groupKey":"{}:{alertname=\"NoAudio\"}","truncatedAlerts":0,"status":")" + status +
         R"(","receiver":"callramp","groupLabels":{"alertname":"NoAudio"},"commonLabels":{},"commonAnnotations":{},)"
         R"("externalURL":"http://am:9093","alerts":[{"status":")" +
         status + R"(","labels":{"alertname":"NoAudio",)" + labels +
         R"("instance":"a:3000"},"annotations":{"summary":"3.7 % silent"},"startsAt":")" + started + R"(","endsAt":")" +
         ended + R"(","generatorURL":"http://prom/graph","fingerprint":"5ef77f1f8a3ecfff"}]})";
}

TEST_CASE("an alert is a bug once however often it is sent and is resolved when it resolves") {
  ApiWorld world;
  const std::string firing = payload("firing", R"("callramp_kind":"bug","severity":"critical",)");
  for (int repeat = 0; repeat < 3; ++repeat) {
    const Answer answer = world.post("/webhooks/alertmanager", firing);
    CHECK(answer.status == 200);
    CHECK(answer.body().at("recorded").as_int64() == (repeat == 0 ? 1 : 0));
  }
  REQUIRE(world.rollouts.items.size() == 1);
  const ItemRecord& record = world.rollouts.items.begin()->second;
  CHECK(record.item.external_id == "alertmanager:5ef77f1f8a3ecfff:2025-11-24T15:00:00.123Z");
  CHECK(record.item.severity == "P1");
  CHECK(record.item.status == "open");
  CHECK(record.note == "NoAudio");
  const std::string resolved = payload("resolved", R"("callramp_kind":"bug","severity":"critical",)",
                                       "2025-11-24T15:00:00.123Z", "2025-11-24T15:30:00Z");
  for (int repeat = 0; repeat < 2; ++repeat) CHECK(world.post("/webhooks/alertmanager", resolved).status == 200);
  CHECK(record.item.status == "resolved");
  CHECK(record.history.size() == 2);
  // The same alert, firing anew, is another bug.
  CHECK(world
            .post("/webhooks/alertmanager",
                  payload("firing", R"("callramp_kind":"bug","severity":"critical",)", "2025-11-24T15:50:00Z"))
            .body()
            .at("recorded")
            .as_int64() == 1);
}

TEST_CASE("severities of alerts become the words of their kind") {
  struct {
    std::string labels;
    std::string severity;
  } const rows[] = {
      {R"("callramp_kind":"bug","severity":"page",)", "P1"},
      {R"("callramp_kind":"bug","severity":"warning",)", "P2"},
      {R"("callramp_kind":"bug","severity":"info",)", "P3"},
      {R"("callramp_kind":"bug","severity":"info","callramp_severity":"P1",)", "P1"},
      {R"("callramp_kind":"security","severity":"critical",)", "critical"},
      {R"("callramp_kind":"ticket","severity":"warning",)", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.labels);
    ApiWorld world;
    CHECK(world.post("/webhooks/alertmanager", payload("firing", row.labels)).status == 200);
    REQUIRE(world.rollouts.items.size() == 1);
    CHECK(world.rollouts.items.begin()->second.item.severity == row.severity);
  }
}

TEST_CASE("an alert without our label is ignored and one that makes no sense is refused whole") {
  ApiWorld world;
  const Answer other = world.post("/webhooks/alertmanager", payload("firing", R"("severity":"critical",)"));
  CHECK(other.body().at("ignored").as_int64() == 1);
  CHECK(other.body().at("recorded").as_int64() == 0);
  for (const std::string& wrong :
       {payload("firing", R"("callramp_kind":"rumour",)"), payload("firing", R"("callramp_kind":"bug",)"),
        payload("firing", R"("callramp_kind":"bug","severity":"critical",)", "today"),
        std::string(R"({"version":"3","alerts":[]})"), std::string(R"({"version":"4"})"),
        std::string(R"({"version":"4","alerts":[7]})"),
        std::string(
            R"({"version":"4","alerts":[{"labels":{"callramp_kind":"bug"},"startsAt":"2025-11-24T15:00:00Z"}]})")}) {
    CAPTURE(wrong);
    CHECK(world.post("/webhooks/alertmanager", wrong).status == 400);
  }
  CHECK(world.rollouts.items.empty());
}

TEST_CASE("the webhook takes a token or the secret in its path and nothing else") {
  ApiWorld world;
  const std::string body = payload("firing", R"("callramp_kind":"bug","severity":"critical",)");
  CHECK(world.post("/webhooks/alertmanager", body, "").status == 401);
  CHECK(world.post("/webhooks/alertmanager", body, "cr_viewer").status == 403);
  CHECK(world.post("/webhooks/alertmanager/s3cres", body, "").status == 404);
  CHECK(world.rollouts.items.empty());
  CHECK(world.post("/webhooks/alertmanager/s3cret", body, "").status == 200);
  REQUIRE(world.rollouts.items.size() == 1);
  CHECK(world.rollouts.items.begin()->second.reported_by == "alertmanager");
  CHECK(world.log.text.find("s3cret") == std::string::npos);
}

TEST_CASE("while the evidence cannot be stored the alert is sent again") {
  ApiWorld world;
  const std::string body = payload("firing", R"("callramp_kind":"bug","severity":"critical",)");
  world.rollouts.refusal = Error{.code = ErrorCode::unavailable, .message = "the database is locked"};
  CHECK(world.post("/webhooks/alertmanager", body).status == 503);
  CHECK(world.post("/webhooks/alertmanager", body).status == 200);
}

}  // namespace
}  // namespace callramp::api
