// ApiWorld: the whole API on a virtual clock, over the real stores in memory; requests go in as a client sends them.
#pragma once

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/sql/stores.hpp"
#include "api/api.hpp"
#include "api/secrets.hpp"
#include "async/run.hpp"
#include "async/task_scope.hpp"
#include "contract.hpp"
#include "fake_rollouts.hpp"
#include "fakes/fake_import_files.hpp"
#include "fakes/fake_metrics.hpp"
#include "fakes/fake_phone_directory.hpp"

namespace callramp::api {

namespace json = boost::json;

inline constexpr Instant test_start = from_micros(1'764'000'000'000'000);  // 2025-11-24T16:00:00Z

/// A body that arrives in pieces of 1000 bytes.
class TextBody final : public net::BodyReader {
 public:
  explicit TextBody(std::string text) : text_(std::move(text)) {}
  Awaitable<Result<std::string>> read_some() override {
    std::string piece = text_.substr(at_, 1000);
    at_ += piece.size();
    co_return piece;
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

/// Collects a stream until it has `wanted` bytes; then the client is gone.
class CollectingWriter final : public net::BodyWriter {
 public:
  explicit CollectingWriter(std::size_t wanted) : wanted_(wanted) {}
  Awaitable<Status> write(std::string_view bytes) override {
    text += bytes;
    if (text.size() >= wanted_) co_return fail(ErrorCode::cancelled, "the client is gone");
    co_return Status{};
  }
  std::string text;

 private:
  std::size_t wanted_;
};

struct FakeLiveCalls final : engine::LiveCalls {
  std::vector<std::pair<std::string, engine::Parting>> hung_up;
  void hang_up(const CallId& call, engine::Parting parting) override { hung_up.emplace_back(call.str(), parting); }
  void hang_up_all(engine::Parting parting) override { hung_up.emplace_back("all", parting); }
};

struct FakeGate final : engine::DialGate {
  bool empties = true;
  Awaitable<bool> drained(Instant) override { co_return empties; }
};

/// Keeps lines as text, to look for what must not be in them.
struct TextLog final : Log {
  std::string text;
  void write(LogLevel, std::string_view event, std::span<const LogField> fields) noexcept override {
    text += event;
    for (const LogField& field : fields) {
      text.append(" ").append(field.name).append("=");
      if (const auto* value = std::get_if<std::string>(&field.value)) text += *value;
    }
    text += "\n";
  }
};

struct Ask {
  std::string token = {};
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string content_type = "application/json";
  std::string from = "192.0.2.7";
  std::string host = "calls.example.com";
};

struct Answer {
  int status = 0;
  net::Headers headers;
  std::string text;
  net::Response response;

  json::value body() const {
    boost::system::error_code error;
    json::value value = json::parse(text, error);
    if (error) FAIL("not JSON: " << text);
    return value;
  }
  std::string header(std::string_view name) const { return std::string(headers.find(name).value_or("")); }
  /// "error.code", or nothing.
  std::string code() const {
    const json::value value = body();
    const auto* error = value.as_object().if_contains("error");
    return error == nullptr ? "" : std::string(error->at("code").as_string());
  }
  std::string message() const { return std::string(body().at("error").at("message").as_string()); }
  std::string field() const { return std::string(body().at("error").at("details").at("field").as_string()); }
};

class ApiWorld {
 public:
  explicit ApiWorld(bool old_system = true, bool open_page = false)
      : stores(open_stores()),
        board({context.get_executor()}, {.flags = {}, .pins = {}}),
        flags(NodeId{"node-1"}, stores->flags(), board, clock, log, metrics, feed),
        calls({.default_region = "IN", .old_system_available = old_system}, stores->calls(), flags, phones, clock,
              random, log),
        campaigns({}, stores->campaigns(), calls, phones, clock, random, log, feed),
        imports(context.get_executor(), {},
                {.store = stores->imports(),
                 .campaigns = stores->campaigns(),
                 .agents = stores->agents(),
                 .files = import_files,
                 .flags = flags,
                 .phones = phones,
                 .workers = workers,
                 .clock = clock,
                 .random = random,
                 .log = log,
                 .feed = feed}),
        call_metrics(metrics),
        api({.flags = flags,
             .calls = calls,
             .campaigns = campaigns,
             .live_calls = live_calls,
             .call_metrics = call_metrics,
             .agents = stores->agents(),
             .do_not_call = stores->do_not_call(),
             .tokens = stores->tokens(),
             .audit = stores->audit(),
             .outcomes = stores->outcomes(),
             .rollouts = rollouts,
             .phones = phones,
             .feed = feed,
             .metrics = metrics,
             .clock = clock,
             .random = random,
             .log = log,
             .exposition = [] { return std::string("calls_total 0\n"); },
             .ready = [this]() -> Awaitable<Status> { co_return readiness; },
             .webhook_secret = "s3cret",
             .open_page = open_page,
             .imports = imports}) {
    calls.set_live_calls(live_calls);
    campaigns.set_live_calls(live_calls);
    flags.set_gate(gate);
    for (const Role role : {Role::viewer, Role::operator_, Role::approver, Role::admin}) {
      const std::string name(to_string(role));
      const Status added = run(stores->tokens().add({.id = TokenId{"token-" + name},
                                                     .name = name,
                                                     .role = role,
                                                     .hash = hash_secret("cr_" + name),
                                                     .created_at = clock.now()},
                                                    "test"));
      REQUIRE(added);
    }
    REQUIRE(run(api.load_tokens()));
    // As the program does at its start: the board has what is stored.
    REQUIRE(run(flags.apply_environment({}, false)));
    ask("PATCH", "/api/v1/admin/feature-flags", {.token = "cr_admin", .body = R"({"outboundCallsPercentage":50})"});
  }

  template <class T>
  T run(Awaitable<T> task) {
    std::optional<T> result;
    context.restart();
    async::run(context, clock, [&]() -> Awaitable<void> { result.emplace(co_await std::move(task)); });
    return *std::move(result);
  }

  Answer ask(std::string method, std::string target, Ask ask = {}) {
    net::Request request;
    request.method = std::move(method);
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    if (const auto at = target.find('?'); at != std::string::npos) request.query = target.substr(at + 1);
    request.remote_address = ask.from;
    request.received_at = request.body_end = clock.now();
    request.headers.add("Host", ask.host);
    if (!ask.token.empty()) request.headers.add("Authorization", "Bearer " + ask.token);
    if (!ask.body.empty()) request.headers.add("Content-Type", ask.content_type);
    for (auto& [name, value] : ask.headers) request.headers.add(name, value);
    const std::string sent = ask.body;
    request.body = std::make_unique<TextBody>(std::move(ask.body));
    net::Response response = run(api.handle(request));
    Answer answer{
        .status = response.status, .headers = response.headers, .text = response.body, .response = std::move(response)};
    hold_to_contract(request, sent, answer);
    return answer;
  }
  Answer get(std::string target, std::string token = "cr_viewer") {
    return ask("GET", std::move(target), {.token = std::move(token)});
  }
  Answer post(std::string target, std::string body, std::string token = "cr_operator") {
    return ask("POST", std::move(target), {.token = std::move(token), .body = std::move(body)});
  }
  Answer patch_flags(std::string body, std::string token = "cr_admin") {
    return ask("PATCH", "/api/v1/admin/feature-flags", {.token = std::move(token), .body = std::move(body)});
  }

  /// Lets what was accepted be imported.
  void import_all() {
    context.restart();
    async::run(context, clock, [&]() -> Awaitable<void> {
      async::TaskScope scope(context.get_executor());
      scope.spawn(imports.run());
      co_await clock.sleep_for(seconds{10});
      co_await scope.stop();
    });
  }

  asio::io_context context;
  async::VirtualClock clock{test_start};
  SeededRandom random{7};
  TextLog log;
  fakes::FakeMetrics metrics;
  fakes::FakePhoneDirectory phones;
  LiveFeed feed;
  FakeRollouts rollouts{test_start};
  FakeLiveCalls live_calls;
  FakeGate gate;
  fakes::FakeImportFiles import_files;
  async::Workers workers{0};
  Status readiness;
  std::unique_ptr<sql::SqlStores> stores;
  engine::RoutingBoard board;
  engine::FlagService flags;
  engine::CallService calls;
  engine::CampaignService campaigns;
  engine::ImportService imports;
  engine::CallMetrics call_metrics;
  Api api;

  const Contract contract;

 private:
  // Every status must be declared, every body must be as declared, and so must what was accepted.
  void hold_to_contract(const net::Request& request, const std::string& sent, const Answer& answer) {
    CAPTURE(request.method + " " + request.target + " " + std::to_string(answer.status) + " " + answer.text);
    const Router::Found found = api.router().find(request.method, request.path);
    if (found.route == nullptr) {
      CHECK(contract.mismatch(answer.body(), contract.schema("Error")) == "");
      return;
    }
    if (found.route->mounted || found.route->pattern == "/") return;
    const json::object& operation = contract.operation(request.method, found.route->pattern);
    const auto* declared = operation.at("responses").as_object().if_contains(std::to_string(answer.status));
    REQUIRE_MESSAGE(declared != nullptr, "the document does not declare this status");
    const auto* content = declared->as_object().if_contains("content");
    CHECK((content == nullptr) == (answer.text.empty() && !answer.response.stream));
    if (content != nullptr) {
      const std::string type = answer.header("Content-Type").substr(0, answer.header("Content-Type").find(';'));
      REQUIRE(content->as_object().contains(type));
      if (type == "application/json")
        CHECK(contract.mismatch(answer.body(), content->at(type).at("schema").as_object()) == "");
    }
    if (answer.status >= 300) return;
    if (!sent.empty()) {
      const json::object& taken = operation.at("requestBody").at("content").as_object();
      if (const auto* as_json = taken.if_contains("application/json"))
        CHECK(contract.mismatch(json::parse(sent), as_json->at("schema").as_object()) == "");
    }
    const auto parameters = net::parse_query(request.query);
    for (const auto& [name, value] : *parameters) {
      const auto known = operation.at("parameters").as_array();
      CHECK(std::ranges::any_of(known, [&](const json::value& one) {
        return one.at("in") == "query" && one.at("name").as_string() == name;
      }));
    }
  }

  static std::unique_ptr<sql::SqlStores> open_stores() {
    auto stores = sql::SqlStores::open({.url = "sqlite::memory:", .now = test_start, .run_inline = true});
    if (!stores) FAIL(stores.error().message);
    return *std::move(stores);
  }
};

}  // namespace callramp::api
