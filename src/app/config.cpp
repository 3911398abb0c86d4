#include "app/config.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>

#include "core/calls/retry.hpp"
#include "net/http.hpp"

extern char** environ;

namespace callramp::app {
namespace {

using Setter = std::function<Status(Config&, const std::string& value)>;

struct Key {
  ConfigKey about;
  Setter set;
};

Setter text(std::string Config::* field) {
  return [field](Config& config, const std::string& value) -> Status {
    config.*field = value;
    return {};
  };
}

template <class Number>
Setter number(Number Config::* field, double least, double most) {
  return [=](Config& config, const std::string& value) -> Status {
    double parsed = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
    const bool whole = !std::is_integral_v<Number> || parsed == std::trunc(parsed);
    const bool in_range = parsed >= least && parsed <= most;  // a NaN is in no range
    if (error != std::errc{} || end != value.data() + value.size() || !whole || !in_range)
      return fail(ErrorCode::invalid_request, fmt::format("must be a {}number from {} to {}",
                                                          std::is_integral_v<Number> ? "whole " : "", least, most));
    config.*field = static_cast<Number>(parsed);
    return {};
  };
}

Setter span(seconds Config::* field, int least, int most) {
  return [=](Config& config, const std::string& value) -> Status {
    int parsed = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
    if (error != std::errc{} || end != value.data() + value.size() || parsed < least || parsed > most)
      return fail(ErrorCode::invalid_request, fmt::format("must be whole seconds from {} to {}", least, most));
    config.*field = seconds{parsed};
    return {};
  };
}

Setter yes_or_no(bool Config::* field) {
  return [field](Config& config, const std::string& value) -> Status {
    if (value != "true" && value != "false") return fail(ErrorCode::invalid_request, "must be true or false");
    config.*field = value == "true";
    return {};
  };
}

Setter one_of(std::string Config::* field, std::vector<std::string> choices) {
  return [field, choices = std::move(choices)](Config& config, const std::string& value) -> Status {
    if (std::ranges::find(choices, value) == choices.end())
      return fail(ErrorCode::invalid_request, fmt::format("must be one of {}", fmt::join(choices, ", ")));
    config.*field = value;
    return {};
  };
}

// An http(s) URL without a trailing slash; with a path only where `path_allowed`.
Setter url(std::string Config::* field, bool path_allowed = false) {
  return [=](Config& config, const std::string& value) -> Status {
    const auto parsed = net::parse_url(value);
    if (!parsed || (parsed->scheme != "http" && parsed->scheme != "https"))
      return fail(ErrorCode::invalid_request, "must be a URL like https://host:port");
    if (!path_allowed && parsed->target != "/")
      return fail(ErrorCode::invalid_request, "must be an origin without a path");
    config.*field = value.ends_with('/') ? value.substr(0, value.size() - 1) : value;
    return {};
  };
}

Setter window(std::optional<CallingWindow> Config::* field) {
  return [field](Config& config, const std::string& value) -> Status {
    if (value == "always") {
      config.*field = std::nullopt;
      return {};
    }
    TRY(parsed, parse_window(value));
    config.*field = parsed;
    return {};
  };
}

Setter retry(RetryRule RetryPolicy::* rule) {
  return [rule](Config& config, const std::string& value) -> Status {
    TRY(parsed, parse_retry_rule(value));
    config.retry.*rule = parsed;
    return {};
  };
}

Status set_enabled(Config& config, const std::string& value) {
  if (value != "true" && value != "false") return fail(ErrorCode::invalid_request, "must be true or false");
  config.flags.outbound_calls_enabled = value == "true";
  return {};
}

Status set_percentage(Config& config, const std::string& value) {
  TRY(parsed, Percent::parse(value));
  config.flags.outbound_calls_percentage = parsed;
  return {};
}

// Settings of parts that this version does not have yet. They are known, so that one file serves all versions, but
// never silently ignored: the start says so (Config::unused_keys).
Status later(Config&, const std::string&) { return {}; }

const std::vector<Key>& keys() {
  static const std::vector<Key> table{
      {{"CALLRAMP_DATA_DIR", "Folder of the database and the first admin token (default ./callramp-data)."},
       text(&Config::data_dir)},
      {{"DATABASE_URL", "sqlite:FILE (default: callramp.db in the data folder)."}, text(&Config::database_url)},
      {{"HOST", "Address to listen on (default 127.0.0.1)."}, text(&Config::host)},
      {{"PORT", "Port of API and pages (default 3000)."}, number(&Config::port, 1, 65535)},
      {{"PUBLIC_URL", "Origin by which carriers reach this server (default http://localhost:PORT)."},
       url(&Config::public_url)},
      {{"TLS_CERTIFICATE_FILE", "PEM chain; serves HTTPS itself if set."}, text(&Config::tls_certificate_file)},
      {{"TLS_PRIVATE_KEY_FILE", "PEM key of TLS_CERTIFICATE_FILE."}, text(&Config::tls_private_key_file)},
      {{"IO_THREADS", "Event loops; 0 is one per core (default)."}, number(&Config::io_threads, 0, 256)},
      {{"LOG_LEVEL", "debug, info, warn or error."}, one_of(&Config::log_level, {"debug", "info", "warn", "error"})},
      {{"OUTBOUND_CALLS_ENABLED", "Kill switch as seen at a start; a changed value is an order."}, set_enabled},
      {{"OUTBOUND_CALLS_PERCENTAGE", "Share of users on the new system, 0-100; a changed value is an order."},
       set_percentage},
      {{"MAX_CONCURRENT_OUTBOUND_CALLS", "Open dials at most, ringing included (default 10)."},
       number(&Config::max_concurrent_outbound_calls, 1, 100'000)},
      {{"DIALS_PER_SECOND", "Dial rate at most (default 2.5: 150 of Exotel's 200 requests a minute)."},
       number(&Config::dials_per_second, 0.01, 10'000)},
      {{"RING_TIMEOUT", "Seconds a phone may ring (default 45)."}, span(&Config::ring_timeout, 5, 120)},
      {{"DRAIN_TIMEOUT", "Seconds that calls in progress may take to end at a stop (default 30)."},
       span(&Config::drain_timeout, 0, 3600)},
      {{"DEFAULT_REGION", "Country of numbers written without a code (default IN)."}, text(&Config::default_region)},
      {{"CALLING_WINDOW_PROMOTIONAL", "Local hours like 09:00-21:00 Mon-Sat, or always (default 09:00-21:00)."},
       window(&Config::window_promotional)},
      {{"CALLING_WINDOW_TRANSACTIONAL", "The same for transactional calls (default always)."},
       window(&Config::window_transactional)},
      {{"CALLING_WINDOW_SERVICE", "The same for service calls (default always)."}, window(&Config::window_service)},
      {{"RETRY_NO_ANSWER", "When nobody answered: first wait, growth, retries, or never (default 5m x2, 3 tries)."},
       retry(&RetryPolicy::no_answer)},
      {{"RETRY_BUSY", "The same for a busy line (default 10m x2, 3 tries)."}, retry(&RetryPolicy::busy)},
      {{"RETRY_REJECTED", "The same for a rejected call (default 30m x2, 2 tries)."}, retry(&RetryPolicy::rejected)},
      {{"RETRY_FAILED", "The same for failures of networks and providers (default 1m x2, 5 tries)."},
       retry(&RetryPolicy::failed)},
      {{"EXOTEL_BASE_URL", "Origin of Exotel's API."}, url(&Config::exotel_base_url)},
      {{"EXOTEL_API_KEY", "Exotel API key.", true}, text(&Config::exotel_api_key)},
      {{"EXOTEL_API_TOKEN", "Exotel API token.", true}, text(&Config::exotel_api_token)},
      {{"EXOTEL_SID", "Exotel account SID."}, text(&Config::exotel_sid)},
      {{"EXOTEL_VIRTUAL_NUMBER", "ExoPhone that callees see."}, text(&Config::exotel_virtual_number)},
      {{"EXOTEL_CHUNK_BYTES", "Audio bytes in a frame to Exotel, 320-32000 in steps of 320 (default 3200)."},
       number(&Config::exotel_chunk_bytes, 320, 32'000)},
      {{"PRICE_AFTER", "Seconds after a call's end until its price is asked for (default 150)."},
       span(&Config::price_after, 1, 86'400)},
      {{"DEEPGRAM_BASE_URL", "Origin of Deepgram's API."}, url(&Config::deepgram_base_url)},
      {{"DEEPGRAM_API_KEY", "Deepgram API key.", true}, text(&Config::deepgram_api_key)},
      {{"OPENAI_BASE_URL", "Base of OpenAI's API, /v1 included."}, url(&Config::openai_base_url, true)},
      {{"OPENAI_API_KEY", "OpenAI API key.", true}, text(&Config::openai_api_key)},
      {{"TTS_PROVIDER", "deepgram (default) or openai."}, one_of(&Config::tts_provider, {"deepgram", "openai"})},
      {{"OLD_SYSTEM_URL", "Origin of the old system's adapter; without it such calls are handed back."},
       url(&Config::old_system_url)},
      {{"OLD_SYSTEM_TOKEN", "Bearer token for the old system.", true}, text(&Config::old_system_token)},
      {{"PROMETHEUS_URL", "Prometheus that knows the plan's own metrics, path included; without it they are missing."},
       url(&Config::prometheus_url, true)},
      {{"PROMETHEUS_TOKEN", "Bearer token for Prometheus.", true}, text(&Config::prometheus_token)},
      {{"PROVIDER_CA_FILE", "PEM bundle trusted towards providers besides the system's."},
       text(&Config::provider_ca_file)},
      {{"TOMBSTONES_FILE",
        "Who asked not to be called or to be erased, for a restore (default: tombstones.jsonl in the data folder)."},
       text(&Config::tombstones_file)},
      {{"HEARTBEAT_URL",
        "Asked once a minute while calls are looked for and can be stored; the monitor alarms at silence.", true},
       url(&Config::heartbeat_url, true)},
      {{"ALLOW_PRIVATE_WEBHOOKS",
        "true: webhooks may use http:// and private addresses, for receivers in your own network (default false)."},
       yes_or_no(&Config::allow_private_webhooks)},
      {{"PRICES_FILE", "Price book (default: the one that comes with the program)."}, text(&Config::prices_file)},
      {{"REDIS_URL", "For several nodes; not used by this version.", true, false}, later},
      {{"SLACK_WEBHOOK_URL", "Not used by this version.", true, false}, later},
      {{"SMTP_URL", "Not used by this version.", true, false}, later},
      {{"PAGERDUTY_ROUTING_KEY", "Not used by this version.", true, false}, later},
  };
  return table;
}

const Key* find_key(std::string_view name) {
  const auto found = std::ranges::find_if(keys(), [&](const Key& key) { return key.about.name == name; });
  return found == keys().end() ? nullptr : &*found;
}

std::string upper(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

struct Given {
  std::string value;
  std::string where;  // "config.yaml line 3", "environment"
};

// The file's keys; problems are appended, the rest is still read.
void read_yaml(const ConfigSources& sources, std::map<std::string, Given>& given, std::vector<std::string>& problems) {
  if (sources.file.empty()) return;
  YAML::Node root;
  try {
    root = YAML::Load(sources.file_text);
  } catch (const YAML::Exception& error) {
    problems.push_back(fmt::format("{} line {}: {}", sources.file, error.mark.line + 1, error.msg));
    return;
  }
  if (root.IsNull()) return;
  if (!root.IsMap()) {
    problems.push_back(fmt::format("{}: must be a map of keys like 'port: 3000'", sources.file));
    return;
  }
  for (const auto& entry : root) {
    const std::string name = entry.first.as<std::string>("");
    const std::string where = fmt::format("{} line {}", sources.file, entry.first.Mark().line + 1);
    if (!entry.second.IsScalar()) {
      problems.push_back(fmt::format("{}: '{}' must have one plain value", where, name));
      continue;
    }
    given[upper(name)] = {entry.second.Scalar(), where};
  }
}

}  // namespace

const std::vector<ConfigKey>& config_keys() {
  static const std::vector<ConfigKey> list = [] {
    std::vector<ConfigKey> abouts;
    for (const Key& key : keys()) abouts.push_back(key.about);
    return abouts;
  }();
  return list;
}

Result<Config> parse_config(const ConfigSources& sources) {
  std::map<std::string, Given> given;
  std::vector<std::string> problems;
  read_yaml(sources, given, problems);
  for (const auto& [name, value] : sources.environment) {
    const std::string base = name.ends_with("_FILE") ? name.substr(0, name.size() - 5) : name;
    // Other programs' variables are none of our business; only a name that is ours is read.
    if (find_key(name) != nullptr || (find_key(base) != nullptr && find_key(base)->about.secret))
      given[name] = {value, "environment"};
  }
  Config config;
  for (auto& [name, value] : given) {
    const Key* key = find_key(name);
    if (key == nullptr && name.ends_with("_FILE")) {
      key = find_key(name.substr(0, name.size() - 5));
      if (key != nullptr && key->about.secret) {
        auto content = sources.read_file(value.value);
        if (!content) {
          problems.push_back(fmt::format("{}: {}: {}", value.where, name, content.error().message));
          continue;
        }
        while (!content->empty() && (content->back() == '\n' || content->back() == '\r')) content->pop_back();
        value.value = std::move(*content);
      } else {
        key = nullptr;
      }
    }
    if (key == nullptr) {
      problems.push_back(fmt::format("{}: unknown key '{}'; `callramp serve --help` lists them", value.where, name));
      continue;
    }
    if (const Status set = key->set(config, value.value); !set)
      problems.push_back(fmt::format("{}: {} = '{}': {}", value.where, key->about.name,
                                     key->about.secret ? "***" : value.value, set.error().message));
    if (!key->about.used && !value.value.empty()) config.unused_keys.push_back(key->about.name);
  }
  if (config.exotel_chunk_bytes % 320 != 0)
    problems.push_back(fmt::format("EXOTEL_CHUNK_BYTES = '{}': must be a multiple of 320", config.exotel_chunk_bytes));
  if (config.tls_certificate_file.empty() != config.tls_private_key_file.empty())
    problems.emplace_back("TLS_CERTIFICATE_FILE and TLS_PRIVATE_KEY_FILE must be set together");
  if (!problems.empty()) return fail(ErrorCode::invalid_request, fmt::format("{}", fmt::join(problems, "\n")));
  if (config.database_url.empty()) config.database_url = "sqlite:" + config.data_dir + "/callramp.db";
  if (config.public_url.empty()) config.public_url = fmt::format("http://localhost:{}", config.port);
  return config;
}

Result<Config> load_config(const std::string& file) {
  ConfigSources sources{.file = file};
  sources.read_file = [](const std::string& path) -> Result<std::string> {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream content;
    if (!stream || !(content << stream.rdbuf())) return fail(ErrorCode::not_found, "cannot read '" + path + "'");
    return std::move(content).str();
  };
  if (!file.empty()) {
    TRY(content, sources.read_file(file));
    sources.file_text = std::move(content);
  }
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    if (const auto equals = line.find('='); equals != std::string_view::npos)
      sources.environment.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return parse_config(sources);
}

}  // namespace callramp::app
