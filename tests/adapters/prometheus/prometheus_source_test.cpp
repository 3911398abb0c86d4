#include "adapters/prometheus/prometheus_source.hpp"

#include "adapters/vendor_fixture.hpp"

using namespace callramp;
using namespace callramp::prometheus_adapter;
using namespace callramp::adapters;

namespace {

Result<double> ask(Vendor& vendor, const std::string& expression) {
  Result<double> value = 0.0;
  vendor.run([&](net::ClientPool& pool, async::Clock&) -> Awaitable<void> {
    PrometheusSource source({.base_url = vendor.url() + "/", .token = "t0"}, pool);
    value = co_await source.read(expression, net::in(seconds{5}));
  });
  return value;
}

}  // namespace

TEST_CASE("an instant query's one value is read whatever form it has") {
  struct Row {
    const char* body;
    double value;
  };
  for (
      const Row& row : {
          Row{R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1732430000.1,"0.93"]}]}})",
              0.93},
          Row{R"({"status":"success","data":{"resultType":"scalar","result":[1732430000.1,"2"]}})", 2},
          Row{R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1,"1e-3"]}]},"warnings":["x"]})",
              0.001},
      }) {
    const auto value = parse_instant_value(row.body);
    REQUIRE_MESSAGE(value, row.body);
    CHECK(*value == doctest::Approx(row.value));
  }
}

TEST_CASE("whatever is not one number is missing and says why") {
  struct Row {
    const char* body;
    ErrorCode code;
    const char* says;
  };
  for (const Row& row : {
           Row{R"({"status":"success","data":{"resultType":"vector","result":[]}})", ErrorCode::not_found, "no series"},
           Row{R"({"status":"success","data":{"resultType":"vector","result":[{"value":[1,"NaN"]}]}})",
               ErrorCode::not_found, "'NaN'"},
           Row{R"({"status":"success","data":{"resultType":"scalar","result":[1,"+Inf"]}})", ErrorCode::not_found,
               "'+Inf'"},
           Row{R"({"status":"success","data":{"resultType":"vector","result":[{"value":[1,"1"]},{"value":[1,"2"]}]}})",
               ErrorCode::invalid_request, "2 series"},
           Row{R"({"status":"success","data":{"resultType":"matrix","result":[]}})", ErrorCode::invalid_request,
               "a matrix"},
           Row{R"({"status":"error","errorType":"bad_data","error":"parse error"})", ErrorCode::invalid_request,
               "parse error"},
           Row{R"({"status":"success","data":{"resultType":"vector","result":[{"value":[1]}]}})",
               ErrorCode::invalid_request, "without a value"},
           Row{R"({"status":"success","data":{"resultType":"vector","result":[{}]}})", ErrorCode::invalid_request,
               "without a value"},
           Row{R"({"status":"success"})", ErrorCode::invalid_request, "without a result"},
           Row{R"({"status":"succ)", ErrorCode::invalid_request, "Prometheus"},
           Row{"<html>", ErrorCode::invalid_request, "Prometheus"},
       }) {
    const auto value = parse_instant_value(row.body);
    REQUIRE_FALSE_MESSAGE(value, row.body);
    CHECK(value.error().code == row.code);
    CHECK_MESSAGE(value.error().message.find(row.says) != std::string::npos, value.error().message);
  }
}

TEST_CASE("the expression travels encoded and with its token") {
  Vendor vendor([](const Seen&) {
    return json_response(200, R"({"status":"success","data":{"resultType":"scalar","result":[1,"7"]}})");
  });
  CHECK(ask(vendor, "sum(rate(x{a=\"b c\"}[5m])) > 0").value() == 7);
  REQUIRE(vendor.seen().size() == 1);
  CHECK(vendor.seen()[0].path == "/api/v1/query");
  CHECK(net::percent_decode(vendor.seen()[0].query) == "query=sum(rate(x{a=\"b c\"}[5m])) > 0");
  CHECK(vendor.seen()[0].header("Authorization") == "Bearer t0");
}

TEST_CASE("a Prometheus that refuses, breaks or is gone is a sentence") {
  struct Row {
    int status;
    const char* body;
    ErrorCode code;
    const char* says;
  };
  for (const Row& row :
       {Row{400, R"({"status":"error","error":"1:4: parse error"})", ErrorCode::invalid_request, "parse error"},
        Row{401, "no", ErrorCode::unauthorized, "PROMETHEUS_TOKEN"},
        Row{404, "", ErrorCode::invalid_request, "PROMETHEUS_URL"},
        Row{503, R"({"status":"error","error":"query timed out"})", ErrorCode::unavailable, "timed out"}}) {
    Vendor vendor([&](const Seen&) { return json_response(row.status, row.body); });
    const auto value = ask(vendor, "x");
    REQUIRE_FALSE(value);
    CHECK(value.error().code == row.code);
    CHECK_MESSAGE(value.error().message.find(row.says) != std::string::npos, value.error().message);
  }
  Vendor vendor([](const Seen&) { return json_response(200, "{}"); });
  vendor.run([&](net::ClientPool& pool, async::Clock&) -> Awaitable<void> {
    PrometheusSource source({.base_url = "http://127.0.0.1:1"}, pool);
    const auto value = co_await source.read("x", net::in(seconds{5}));
    REQUIRE_FALSE(value);
    CHECK(value.error().code == ErrorCode::unavailable);
    CHECK(value.error().message.starts_with("Prometheus at http://127.0.0.1:1 does not answer"));
  });
}
