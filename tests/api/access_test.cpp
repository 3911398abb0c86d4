// Who gets in, what a wrong path or method answers, and how tokens come and go.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "api/first_token.hpp"
#include "api_world.hpp"

namespace callramp::api {
namespace {

TEST_CASE("a path that does not exist is 404 and a method that it does not take is 405 with those that it takes") {
  ApiWorld world;
  for (const char* path :
       {"/nothing", "/api/v1/route/", "/api/v1/route/a/b", "/api/v1/route/%zz", "//", "/api/v1/route/a/"}) {
    CAPTURE(path);
    const Answer answer = world.get(path);
    CHECK(answer.status == 404);
    CHECK(answer.code() == "NOT_FOUND");
  }
  const Answer answer = world.ask("DELETE", "/api/v1/admin/feature-flags", {.token = "cr_admin"});
  CHECK(answer.status == 405);
  CHECK(answer.code() == "METHOD_NOT_ALLOWED");
  CHECK(answer.header("Allow") == "GET, PATCH");
}

TEST_CASE("every error has code message details and the request's id") {
  ApiWorld world;
  const Answer ours = world.get("/nothing");
  const json::value error = ours.body().at("error");
  CHECK(error.as_object().size() == 4);
  CHECK(error.at("details").is_object());
  CHECK(error.at("requestId").as_string() == ours.header("X-Request-Id"));
  CHECK(ours.header("X-Request-Id") != world.get("/nothing").header("X-Request-Id"));

  const Answer theirs = world.ask("GET", "/nothing", {.headers = {{"X-Request-Id", "abc-1.2_Z"}}});
  CHECK(theirs.body().at("error").at("requestId").as_string() == "abc-1.2_Z");
  for (const std::string& odd :
       {std::string("a b"), std::string("a\r\nSet-Cookie: x"), std::string(65, 'a'), std::string("é")}) {
    CAPTURE(odd);
    CHECK(world.ask("GET", "/nothing", {.headers = {{"X-Request-Id", odd}}}).header("X-Request-Id") != odd);
  }
}

TEST_CASE("without a valid token nothing is served and thirty tries a minute are enough") {
  ApiWorld world;
  const std::string path = "/api/v1/route/user-1";
  CHECK(world.get(path).status == 200);
  CHECK(world.get(path, "").status == 401);
  CHECK(world.get(path, "").header("WWW-Authenticate") == "Bearer");
  CHECK(world.get(path, "cr_viewe").status == 401);
  CHECK(world.get(path, hash_secret("cr_viewer")).status == 401);  // a stolen digest is no token
  CHECK(world.ask("GET", path, {.headers = {{"Authorization", "Basic cr_viewer"}}}).status == 401);
  CHECK(world.ask("GET", path, {.headers = {{"Authorization", "bearer cr_viewer"}}}).status == 200);
  for (int i = 0; i < 30; ++i) world.get(path, "wrong");
  const Answer limited = world.get(path, "wrong");
  CHECK(limited.status == 429);
  CHECK(limited.code() == "RATE_LIMITED");
  CHECK(limited.header("Retry-After") == "60");
  CHECK(world.get(path).status == 200);
  CHECK(world.ask("GET", path, {.token = "wrong", .from = "192.0.2.8"}).status == 401);
  world.run([](ApiWorld& w) -> Awaitable<Status> {
    co_await w.clock.sleep_for(minutes{1});
    co_return Status{};
  }(world));
  CHECK(world.get(path, "wrong").status == 401);
  CHECK(world.metrics.value("callramp_auth_failures_total") > 30);
}

TEST_CASE("the open page lets this machine's browser read and nobody else") {
  ApiWorld world(true, true);
  struct Row {
    const char* method;
    const char* from;
    const char* host;
    int status;
  };
  for (const Row& row : std::vector<Row>{{"GET", "127.0.0.1", "localhost:3000", 200},
                                         {"GET", "::1", "[::1]:3000", 200},
                                         {"GET", "::ffff:127.0.0.1", "127.0.0.1", 200},
                                         {"GET", "127.0.0.1", "evil.example", 401},
                                         {"GET", "192.0.2.7", "localhost", 401},
                                         {"PATCH", "127.0.0.1", "localhost", 401}}) {
    CAPTURE(row.method);
    CAPTURE(row.from);
    CAPTURE(row.host);
    CHECK(world.ask(row.method, "/api/v1/admin/feature-flags", {.from = row.from, .host = row.host}).status ==
          row.status);
  }
  CHECK(world.ask("GET", "/api/v1/admin/feature-flags", {.token = "wrong", .from = "127.0.0.1", .host = "localhost"})
            .status == 401);
}

TEST_CASE("what a handler throws is a 500 that tells the client nothing and the log everything") {
  ApiWorld world;
  world.api.router().mount("GET", "/boom/{id}", [](Exchange&) -> Awaitable<net::Response> {
    throw std::runtime_error("the secret is 42");
    co_return net::Response{};
  });
  const Answer answer = world.get("/boom/1", "");
  CHECK(answer.status == 500);
  CHECK(answer.code() == "INTERNAL_ERROR");
  CHECK(answer.text.find("42") == std::string::npos);
  CHECK(world.log.text.find("the secret is 42") != std::string::npos);
  CHECK(world.log.text.find(answer.header("X-Request-Id")) != std::string::npos);
}

TEST_CASE("a mounted route gets its segments decoded and needs no token") {
  ApiWorld world;
  world.api.router().mount("POST", "/webhooks/carrier/{secret}/call-status",
                           [](Exchange& exchange) -> Awaitable<net::Response> {
                             co_return net::Response{.status = 200, .body = exchange.param("secret")};
                           });
  CHECK(world.ask("POST", "/webhooks/carrier/a%2Fb%20c/call-status", {.body = "{"}).text == "a/b c");
}

TEST_CASE("requests are counted by route and class and never by what is in the path") {
  ApiWorld world;
  world.get("/api/v1/route/user-1");
  world.get("/api/v1/route/user-2");
  world.get("/api/v1/route/user-2", "wrong");
  const std::string route = "GET /api/v1/route/{userId}";
  CHECK(world.metrics.value("callramp_http_requests_total", {{"route", route}, {"status", "2xx"}}) == 2);
  CHECK(world.metrics.value("callramp_http_requests_total", {{"route", route}, {"status", "4xx"}}) == 1);
  CHECK(world.metrics.values("callramp_http_request_seconds", {{"route", route}}).size() == 3);
}

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "callramp-api-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string path;
};

std::string file_text(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_CASE("the first start writes an admin token that only its owner can read") {
  ApiWorld world;
  auto empty = sql::SqlStores::open({.url = "sqlite::memory:", .now = test_start, .run_inline = true});
  REQUIRE(empty);
  TokenStore& tokens = (*empty)->tokens();
  const Folder folder;
  const std::string file = folder.path + "/admin-token";
  std::ofstream(file) << "of an earlier database";

  auto made = world.run(ensure_admin_token(tokens, folder.path, world.random, world.clock));
  REQUIRE(made);
  CHECK(*made);
  struct stat facts{};
  REQUIRE(::stat(file.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0600);
  const std::string secret = file_text(file);
  CHECK(secret.size() == 3 + 32 + 1);
  const auto listed = world.run(tokens.list());
  REQUIRE(listed);
  REQUIRE(listed->size() == 1);
  CHECK(listed->front().role == Role::admin);
  CHECK(listed->front().hash == hash_secret(secret.substr(0, 35)));

  made = world.run(ensure_admin_token(tokens, folder.path, world.random, world.clock));
  REQUIRE(made);
  CHECK_FALSE(*made);
  CHECK(file_text(file) == secret);
}

TEST_CASE("a folder that cannot be written stops the start and leaves no token behind") {
  ApiWorld world;
  auto empty = sql::SqlStores::open({.url = "sqlite::memory:", .now = test_start, .run_inline = true});
  REQUIRE(empty);
  const auto made = world.run(ensure_admin_token((*empty)->tokens(), "/nowhere/at/all", world.random, world.clock));
  REQUIRE_FALSE(made);
  CHECK(made.error().message.find("/nowhere/at/all") != std::string::npos);
  CHECK(world.run((*empty)->tokens().list())->empty());
}

}  // namespace
}  // namespace callramp::api
