// The configuration: every kind of mistake is named with its key, its value and its line, all of them at once.
#include "app/config.hpp"

#include <doctest/doctest.h>

using namespace callramp;
using app::ConfigSources;

namespace {

Result<app::Config> parsed(std::string yaml, std::map<std::string, std::string> environment = {}) {
  return app::parse_config({.file = "c.yaml",
                            .file_text = std::move(yaml),
                            .environment = std::move(environment),
                            .read_file = [](const std::string& path) -> Result<std::string> {
                              if (path == "/run/secrets/key") return "s3cret\r\n";
                              return fail(ErrorCode::not_found, "cannot read '" + path + "'");
                            }});
}

}  // namespace

TEST_CASE("defaults come from nothing and derived values from the rest") {
  const auto config = app::parse_config({});
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  CHECK(config->port == 3000);
  CHECK(config->database_url == "sqlite:./callramp-data/callramp.db");
  CHECK(config->public_url == "http://localhost:3000");
  CHECK(!config->flags.outbound_calls_percentage.has_value());
  CHECK(!config->window_transactional.has_value());
  const auto moved = parsed("port: 8080\ncallramp_data_dir: /var/lib/callramp\n");
  REQUIRE(moved.has_value());
  CHECK(moved->database_url == "sqlite:/var/lib/callramp/callramp.db");
  CHECK(moved->public_url == "http://localhost:8080");
}

TEST_CASE("the environment wins over the file and other programs' variables are left alone") {
  const auto config = parsed("port: 8080\nlog_level: warn\n",
                             {{"PORT", "9090"}, {"PATH", "/bin"}, {"HOME", "/root"}, {"SOME_FILE", "x"}});
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  CHECK(config->port == 9090);
  CHECK(config->log_level == "warn");
}

TEST_CASE("the plan's own names work as written") {
  const auto config = parsed("", {{"OUTBOUND_CALLS_PERCENTAGE", "12.5"},
                                  {"OUTBOUND_CALLS_ENABLED", "false"},
                                  {"MAX_CONCURRENT_OUTBOUND_CALLS", "50"}});
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  CHECK(config->flags.outbound_calls_percentage->basis_points() == 1250);
  CHECK(config->flags.outbound_calls_enabled == false);
  CHECK(config->max_concurrent_outbound_calls == 50);
}

TEST_CASE("a secret comes from a file without its end of line") {
  for (const auto& config :
       {parsed("exotel_api_key_file: /run/secrets/key\n"), parsed("", {{"EXOTEL_API_KEY_FILE", "/run/secrets/key"}})}) {
    REQUIRE_MESSAGE(config.has_value(), config.error().message);
    CHECK(config->exotel_api_key == "s3cret");
  }
}

TEST_CASE("keys of parts that this version lacks are taken and listed for the start to say so") {
  const auto config = parsed("slack_webhook_url: https://hooks.example/T\nport: 8080\nsmtp_url: ''\n",
                             {{"REDIS_URL", "redis://localhost"}, {"PAGERDUTY_ROUTING_KEY", "k"}});
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  CHECK(config->unused_keys == std::vector<std::string>{"PAGERDUTY_ROUTING_KEY", "REDIS_URL", "SLACK_WEBHOOK_URL"});
  CHECK(parsed("port: 8080\n")->unused_keys.empty());
}

TEST_CASE("what is wrong in the file is named with line and key and value") {
  struct {
    std::string yaml;
    std::string message;
  } const rows[] = {
      {"prot: 3000\n", "c.yaml line 1: unknown key 'PROT'; `callramp serve --help` lists them"},
      {"\nport: 0\n", "c.yaml line 2: PORT = '0': must be a whole number from 1 to 65535"},
      {"port: 70000\n", "c.yaml line 1: PORT = '70000': must be a whole number from 1 to 65535"},
      {"port: 3000.5\n", "c.yaml line 1: PORT = '3000.5': must be a whole number from 1 to 65535"},
      {"port: 1e300\n", "c.yaml line 1: PORT = '1e300': must be a whole number from 1 to 65535"},
      {"port: inf\n", "c.yaml line 1: PORT = 'inf': must be a whole number from 1 to 65535"},
      {"port: http\n", "c.yaml line 1: PORT = 'http': must be a whole number from 1 to 65535"},
      {"port: 80 80\n", "c.yaml line 1: PORT = '80 80': must be a whole number from 1 to 65535"},
      {"port:\n", "c.yaml line 1: 'port' must have one plain value"},
      {"port: [1]\n", "c.yaml line 1: 'port' must have one plain value"},
      {"port: {a: 1}\n", "c.yaml line 1: 'port' must have one plain value"},
      {"- port\n", "c.yaml: must be a map of keys like 'port: 3000'"},
      {"just text\n", "c.yaml: must be a map of keys like 'port: 3000'"},
      {"port: [\n", "c.yaml line 2: end of sequence flow not found"},
      {"dials_per_second: fast\n", "c.yaml line 1: DIALS_PER_SECOND = 'fast': must be a number from 0.01 to 10000"},
      {"dials_per_second: nan\n", "c.yaml line 1: DIALS_PER_SECOND = 'nan': must be a number from 0.01 to 10000"},
      {"dials_per_second: 0\n", "c.yaml line 1: DIALS_PER_SECOND = '0': must be a number from 0.01 to 10000"},
      {"ring_timeout: 45s\n", "c.yaml line 1: RING_TIMEOUT = '45s': must be whole seconds from 5 to 120"},
      {"ring_timeout: 4\n", "c.yaml line 1: RING_TIMEOUT = '4': must be whole seconds from 5 to 120"},
      {"log_level: loud\n", "c.yaml line 1: LOG_LEVEL = 'loud': must be one of debug, info, warn, error"},
      {"tts_provider: acme\n", "c.yaml line 1: TTS_PROVIDER = 'acme': must be one of deepgram, openai"},
      {"public_url: calls.example.com\n",
       "c.yaml line 1: PUBLIC_URL = 'calls.example.com': must be a URL like https://host:port"},
      {"public_url: ftp://calls.example.com\n",
       "c.yaml line 1: PUBLIC_URL = 'ftp://calls.example.com': must be a URL like https://host:port"},
      {"exotel_base_url: https://api.example.com/v1\n",
       "c.yaml line 1: EXOTEL_BASE_URL = 'https://api.example.com/v1': must be an origin without a path"},
      {"outbound_calls_enabled: yes\n", "c.yaml line 1: OUTBOUND_CALLS_ENABLED = 'yes': must be true or false"},
      {"exotel_chunk_bytes: 500\n", "EXOTEL_CHUNK_BYTES = '500': must be a multiple of 320"},
      {"tls_certificate_file: a.pem\n", "TLS_CERTIFICATE_FILE and TLS_PRIVATE_KEY_FILE must be set together"},
      {"openai_api_key_file: /nowhere\n", "c.yaml line 1: OPENAI_API_KEY_FILE: cannot read '/nowhere'"},
      {"port_file: /run/secrets/key\n", "c.yaml line 1: unknown key 'PORT_FILE'; `callramp serve --help` lists them"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.yaml);
    const auto config = parsed(row.yaml);
    REQUIRE(!config.has_value());
    CHECK(config.error().message == row.message);
  }
}

TEST_CASE("values that another part reads are named with their place as well") {
  struct {
    std::string yaml;
    std::string place;
  } const rows[] = {
      {"outbound_calls_percentage: 101\n", "c.yaml line 1: OUTBOUND_CALLS_PERCENTAGE = '101': "},
      {"outbound_calls_percentage: 5.001\n", "c.yaml line 1: OUTBOUND_CALLS_PERCENTAGE = '5.001': "},
      {"calling_window_promotional: 25:00-26:00\n", "c.yaml line 1: CALLING_WINDOW_PROMOTIONAL = '25:00-26:00': "},
  };
  for (const auto& row : rows) {
    CAPTURE(row.yaml);
    const auto config = parsed(row.yaml);
    REQUIRE(!config.has_value());
    CHECK(config.error().message.starts_with(row.place));
    CHECK(config.error().message.size() > row.place.size());
  }
}

TEST_CASE("all problems come at once and one of the environment says so") {
  const auto config = parsed("prot: 1\nlog_level: loud\n", {{"IO_THREADS", "many"}});
  REQUIRE(!config.has_value());
  CHECK(config.error().message ==
        "environment: IO_THREADS = 'many': must be a whole number from 0 to 256\n"
        "c.yaml line 2: LOG_LEVEL = 'loud': must be one of debug, info, warn, error\n"
        "c.yaml line 1: unknown key 'PROT'; `callramp serve --help` lists them");
}

TEST_CASE("windows and URLs are read as people write them") {
  const auto config = parsed(
      "calling_window_promotional: always\ncalling_window_service: 10:00-18:00 Mon-Fri\npublic_url: "
      "https://calls.example.com/\nopenai_base_url: http://localhost:4012/v1\n");
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  CHECK(!config->window_promotional.has_value());
  CHECK(config->window_service.has_value());
  CHECK(config->public_url == "https://calls.example.com");
  CHECK(config->openai_base_url == "http://localhost:4012/v1");
}

TEST_CASE("a file that cannot be read is named") {
  const auto config = app::load_config("/nowhere/callramp.yaml");
  REQUIRE(!config.has_value());
  CHECK(config.error().message == "cannot read '/nowhere/callramp.yaml'");
}

TEST_CASE("every key has a meaning for the help") {
  for (const auto& key : app::config_keys()) {
    CAPTURE(key.name);
    CHECK(key.meaning.ends_with("."));
  }
}
