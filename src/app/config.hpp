// Config: read once, checked whole, and then passed down as values. Nobody below this floor reads the environment.
//
// One YAML file of flat keys; every key is also an environment variable under the same name in capitals, which wins. A
// secret may come from a file instead: KEY_FILE names it. What is unknown, of the wrong type or impossible stops the
// start with the key, the value and the line.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "core/calls/calling_window.hpp"
#include "core/calls/retry_policy.hpp"
#include "core/flags/environment.hpp"

namespace callramp::app {

struct Config {
  std::string data_dir = "./callramp-data";
  std::string database_url;  ///< default sqlite:DATA_DIR/callramp.db
  std::string host = "127.0.0.1";
  std::uint16_t port = 3000;
  std::string public_url;  ///< default http://localhost:PORT; what carriers reach us by
  std::string tls_certificate_file;
  std::string tls_private_key_file;
  int io_threads = 0;  ///< 0: one per core
  std::string log_level = "info";

  EnvironmentFlags flags;  ///< OUTBOUND_CALLS_ENABLED, OUTBOUND_CALLS_PERCENTAGE
  int max_concurrent_outbound_calls = 10;
  double dials_per_second = 2.5;
  int max_ringing = 0;                      ///< 0: as many as may be open
  int max_attempts_per_number_per_day = 6;  ///< what the longest usual retry policy needs; 0: no limit
  seconds ring_timeout{45};
  seconds drain_timeout{30};
  std::string default_region = "IN";
  std::optional<CallingWindow> window_promotional = CallingWindow{};
  std::optional<CallingWindow> window_transactional;
  std::optional<CallingWindow> window_service;
  RetryPolicy retry;  ///< of calls whose campaign has no policy of its own

  std::string exotel_base_url = "https://api.in.exotel.com";
  std::string exotel_api_key;
  std::string exotel_api_token;
  std::string exotel_sid;
  std::string exotel_virtual_number;
  int exotel_chunk_bytes = 3200;
  std::string twilio_base_url = "https://api.twilio.com";
  std::string twilio_account_sid;
  std::string twilio_auth_token;
  std::string twilio_number;               ///< E.164, of the account
  std::string carriers = "exotel,twilio";  ///< in the order in which new dials try them
  seconds price_after{150};
  std::string deepgram_base_url = "https://api.in.deepgram.com";
  std::string deepgram_api_key;
  std::string openai_base_url = "https://api.openai.com/v1";
  std::string openai_api_key;
  std::string openai_fallback_model = "gpt-4o-mini";  ///< asked when the agent's own model fails; empty: none
  std::string tts_provider = "deepgram";              ///< or "openai"
  bool tts_fallback = true;                           ///< the other one, if it has a key
  std::string tts_fallback_voice;                     ///< of it; default: a voice of that vendor
  std::string old_system_url;
  std::string old_system_token;
  std::string prometheus_url;  ///< where the plan's own metrics are read; empty: none can be
  std::string prometheus_token;
  std::string provider_ca_file;
  std::string prices_file;  ///< default: the prices that come with the program
  /// Keys that are set and that this version does nothing with.
  std::vector<std::string> unused_keys;

  std::string heartbeat_url;            ///< asked every minute while all is well; empty: nobody is told
  std::string tombstones_file;          ///< default: tombstones.jsonl in the data folder
  bool allow_private_webhooks = false;  ///< http:// and addresses of one's own network may be subscribed
};

/// Where values come from, so that tests need no process environment.
struct ConfigSources {
  std::string file;       ///< path of the YAML file, empty for none
  std::string file_text;  ///< its content
  std::map<std::string, std::string> environment;
  std::function<Result<std::string>(const std::string& path)> read_file;  ///< for *_FILE
};

/// All problems at once, one a line, or the config.
Result<Config> parse_config(const ConfigSources& sources);

/// The real sources: `file` (empty for none), the process environment, the file system.
Result<Config> load_config(const std::string& file);

/// Name, default and meaning of every key, for `--help` and the documentation.
struct ConfigKey {
  std::string name;
  std::string meaning;
  bool secret = false;
  bool used = true;  ///< false: of a part that this version does not have yet
};
const std::vector<ConfigKey>& config_keys();

}  // namespace callramp::app
