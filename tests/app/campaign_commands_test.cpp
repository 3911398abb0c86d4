// `callramp campaigns …`: what they ask of the API and what they print; and that docs/campaigns.md shows commands that
// exist.
#include <doctest/doctest.h>

#include <unistd.h>
#include <boost/json.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>

#include "app/run_command.hpp"
#include "net/net_fixture.hpp"

using namespace callramp;
using app::Said;

namespace {

const std::string offer =
    R"({"id":"c1","name":"Offer","status":"active","version":3,"statusReason":"","agentId":"asha","createdAt":"2026-11-24T09:00:00Z"})";

// Answers by method and path; what it does not know gets the campaign.
class FakeApi {
 public:
  explicit FakeApi(std::map<std::string, std::string> replies = {})
      : replies_(std::move(replies)), net_([this](net::Request& request) { return answer(request); }) {}
  Said run(std::vector<std::string> arguments) {
    return app::run(std::move(arguments), {{"CALLRAMP_URL", net_.url("/")}, {"CALLRAMP_TOKEN", "t"}});
  }
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return std::exchange(asked_, {});
  }

 private:
  Awaitable<net::Response> answer(net::Request& request) {
    const auto sent = co_await net::read_all(*request.body, 1024 * 1024);
    const std::lock_guard lock(mutex_);
    const auto version = request.headers.find("If-Match");
    asked_.push_back(request.method + " " + request.target + (version ? " If-Match:" + std::string(*version) : "") +
                     (sent && !sent->empty() ? " " + *sent : ""));
    const auto found = replies_.find(request.method + " " + request.target.substr(0, request.target.find('?')));
    co_return net::Response{.status = 200,
                            .headers = {{"Content-Type", "application/json"}},
                            .body = found == replies_.end() ? offer : found->second};
  }

  std::mutex mutex_;  // guards asked_
  std::vector<std::string> asked_;
  std::map<std::string, std::string> replies_;
  net::Net net_;  // last: its threads use the rest
};

struct File {
  std::string path =
      (std::filesystem::temp_directory_path() / ("callramp-campaigns-" + std::to_string(::getpid()))).string();
  explicit File(const std::string& text) { std::ofstream(path) << text; }
  ~File() { std::remove(path.c_str()); }
  std::string text() const {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
};

}  // namespace

TEST_CASE("every campaign command asks what it promises") {
  const File holidays("2026-12-25  # Christmas\n\n2027-01-26\r\n");
  struct Row {
    std::vector<std::string> arguments;
    std::string asked;
  };
  const std::string path = "/api/v1/campaigns";
  FakeApi api;
  for (const Row& row : std::vector<Row>{
           {{"create", "Offer", "--agent", "asha", "--start", "--window", "10:00-20:00 Mon-Sat", "--holidays",
             holidays.path, "--max-concurrent", "20", "--budget", "5000 INR", "--day-budget", "900 INR",
             "--retry-policy", R"({"busy":{"tries":1}})"},
            "POST " + path +
                R"( {"agentId":"asha","window":"10:00-20:00 Mon-Sat","maxConcurrent":20,)"
                R"("budget":{"total":"5000 INR","perDay":"900 INR"},"holidays":["2026-12-25","2027-01-26"],)"
                R"("retryPolicy":{"busy":{"tries":1}},"name":"Offer","start":true})"},
           {{"set", "c1", "--calls-per-minute", "60", "--if-version", "3"},
            "PATCH " + path + R"(/c1 If-Match:"3" {"callsPerMinute":60})"},
           {{"list", "--status", "active", "--limit", "5"}, "GET " + path + "?status=active&limit=5"},
           {{"show", "c1"}, "GET " + path + "/c1"},
           {{"start", "c1"}, "POST " + path + "/c1/start {}"},
           {{"pause", "c1", "--reason", "lunch"}, "POST " + path + R"(/c1/pause {"reason":"lunch"})"},
           {{"resume", "c1"}, "POST " + path + "/c1/resume {}"},
           {{"cancel", "c1"}, "POST " + path + "/c1/cancel {}"},
           {{"why", "c1"}, "GET " + path + "/c1/why"},
           {{"contacts", "c1", "--state", "removed"}, "GET " + path + "/c1/contacts?state=removed"},
           {{"test-call", "c1", "+919876543210"}, "POST " + path + R"(/c1/test-call {"phoneNumber":"+919876543210"})"},
           {{"remove", "a b"}, "DELETE " + path + "/a%20b"}}) {
    CAPTURE(row.asked);
    std::vector<std::string> arguments{"campaigns"};
    arguments.insert(arguments.end(), row.arguments.begin(), row.arguments.end());
    const Said said = api.run(arguments);
    CHECK_MESSAGE(said.exit_code == 0, said.err);
    CHECK(api.asked() == std::vector<std::string>{row.asked});
  }
}

TEST_CASE("what cannot be asked is bad usage and asks nothing") {
  FakeApi api;
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"campaigns", "create", "Offer"},
           {"campaigns", "create", "Offer", "--agent", "a", "--max-concurrent", "many"},
           {"campaigns", "create", "Offer", "--agent", "a", "--retry-policy", "often"},
           {"campaigns", "list", "--status", "running"},
           {"campaigns", "set", "c1"},
           {"campaigns", "test-call", "c1"}}) {
    CAPTURE(arguments.back());
    CHECK(api.run(arguments).exit_code == 2);
  }
  CHECK(api.asked().empty());
}

TEST_CASE("why is printed as the sentence and a table") {
  FakeApi api({{"GET /api/v1/campaigns/c1/why",
                R"json({"dialing":false,"sentence":"not dialing: window opens 09:00 in Asia/Kolkata (412)","reasons":
                [{"reason":"window opens 09:00 in Asia/Kolkata","count":412,"until":"2026-11-25T03:30:00.000Z"}]})json"}});
  const Said said = api.run({"campaigns", "why", "c1"});
  CHECK(said.out.starts_with("not dialing: window opens 09:00 in Asia/Kolkata (412)\n"));
  CHECK(said.out.find("2026-11-25T03:30:00.000Z") != std::string::npos);
}

TEST_CASE("results go to the terminal or into a file byte by byte") {
  const std::string csv = "phone,name\r\n+919876543210,\"Asha, Ash\"\r\n";
  FakeApi api({{"GET /api/v1/campaigns/c1/results.csv", csv}});
  CHECK(api.run({"campaigns", "results", "c1"}).out == csv);
  const File file("old");
  CHECK(api.run({"campaigns", "results", "c1", "--output", file.path}).exit_code == 0);
  CHECK(file.text() == csv);
  CHECK(api.run({"campaigns", "results", "c1", "--output", "/no/such/folder/results.csv"}).exit_code == 1);
}

TEST_CASE("the commands that docs/campaigns.md shows exist with their options") {
  std::ifstream in(std::string(CALLRAMP_SOURCE_DIR) + "/docs/campaigns.md");
  REQUIRE(in.good());
  FakeApi api;
  int shown = 0;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("callramp campaigns ")) continue;
    std::vector<std::string> arguments;
    bool quoted = false;
    bool open = false;
    for (const char c : line.substr(9)) {
      if (c == '\'') {
        quoted = !quoted;
      } else if (c == ' ' && !quoted) {
        open = false;
      } else {
        if (!open) arguments.emplace_back();
        open = true;
        arguments.back() += c;
      }
    }
    if (arguments.at(1) == "results") continue;  // writes a file; tested above
    CAPTURE(line);
    const Said said = api.run(arguments);
    CHECK_MESSAGE(said.exit_code == 0, said.err);
    ++shown;
  }
  CHECK(shown >= 6);
}
