// What the doctor sees of the world: providers, the clock, and ourselves from outside.
#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <cstdlib>
#include <ctime>

#include "adapters/deepgram/deepgram_speech_to_text.hpp"
#include "adapters/exotel/exotel_telephony.hpp"
#include "adapters/legacy_http/legacy_http_dialer.hpp"
#include "adapters/openai/openai_language_model.hpp"
#include "adapters/twilio/twilio_telephony.hpp"
#include "app/doctor.hpp"
#include "async/clock.hpp"
#include "net/client_pool.hpp"

namespace callramp::app {
namespace {

using enum Finding::Level;

constexpr Duration question_time = seconds{10};
// A media token that nobody was ever given: 128 bits of zero.
constexpr std::string_view nobodys_token = "00000000000000000000000000000000";
// Beyond a few seconds windows and prices are judged at the wrong time; beyond a minute signatures and TLS fail.
constexpr Duration clock_warns = seconds{5};
constexpr Duration clock_fails = seconds{60};

// What a check asks with. All on one thread.
struct Probe {
  const Config& config;
  net::ClientPool& clients;
  async::Clock& clock;
  Log& log;
  std::vector<Finding>& findings;

  Instant deadline() const { return clock.now() + question_time; }
  void add(Finding::Level level, std::string check, std::string message, std::string next = {}) const {
    findings.push_back({level, std::move(check), std::move(message), std::move(next)});
  }
};

std::string advice(const Error& error, const std::string& key, const std::string& url_key) {
  if (error.code == ErrorCode::unauthorized || error.code == ErrorCode::forbidden) return "correct " + key;
  if (error.code == ErrorCode::unavailable || error.code == ErrorCode::timeout)
    return fmt::format("check {} and that this machine may go there (proxy, firewall, DNS)", url_key);
  if (error.code == ErrorCode::rate_limited) return "wait a minute and ask again";
  return fmt::format("check {} and {}", key, url_key);
}

Awaitable<void> take_probe(Probe probe, std::string name, std::string key, std::string url_key,
                           Awaitable<Status> asked) {
  const Status status = co_await std::move(asked);
  if (status)
    probe.add(ok, name, "answers, and takes our key");
  else
    probe.add(fail, name, status.error().message, advice(status.error(), key, url_key));
}

// The keys of one provider that are not set, joined; empty if all are.
std::string missing(std::initializer_list<std::pair<const char*, const std::string*>> keys) {
  std::string names;
  for (const auto& [name, value] : keys)
    if (value->empty()) names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

void not_set(const Probe& probe, const std::string& name, const std::string& keys) {
  probe.add(warn, name, keys + " not set: no call can be made on the new system",
            "set " + keys + "; see docs/real-providers.md");
}

Awaitable<void> providers(Probe probe) {
  const Config& config = probe.config;
  if (const std::string keys = missing({{"EXOTEL_API_KEY", &config.exotel_api_key},
                                        {"EXOTEL_API_TOKEN", &config.exotel_api_token},
                                        {"EXOTEL_SID", &config.exotel_sid},
                                        {"EXOTEL_VIRTUAL_NUMBER", &config.exotel_virtual_number}});
      !keys.empty()) {
    not_set(probe, "exotel", keys);
  } else {
    exotel::ExotelTelephony carrier({.base_url = config.exotel_base_url,
                                     .api_key = config.exotel_api_key,
                                     .api_token = config.exotel_api_token,
                                     .account_sid = config.exotel_sid,
                                     .caller_id = config.exotel_virtual_number,
                                     .public_url = config.public_url},
                                    probe.clients, probe.clock, probe.log);
    co_await take_probe(probe, "exotel", "EXOTEL_API_KEY, EXOTEL_API_TOKEN and EXOTEL_SID", "EXOTEL_BASE_URL",
                        carrier.probe(probe.deadline()));
  }
  // A second carrier is a choice: nothing is wrong without one.
  if (const std::string keys = missing({{"TWILIO_ACCOUNT_SID", &config.twilio_account_sid},
                                        {"TWILIO_AUTH_TOKEN", &config.twilio_auth_token},
                                        {"TWILIO_NUMBER", &config.twilio_number}});
      keys.empty()) {
    twilio::TwilioTelephony carrier({.base_url = config.twilio_base_url,
                                     .account_sid = config.twilio_account_sid,
                                     .auth_token = config.twilio_auth_token,
                                     .caller_id = config.twilio_number,
                                     .public_url = config.public_url},
                                    probe.clients, probe.clock, probe.log);
    co_await take_probe(probe, "twilio", "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN", "TWILIO_BASE_URL",
                        carrier.probe(probe.deadline()));
  } else if (!config.twilio_account_sid.empty() || !config.twilio_auth_token.empty() || !config.twilio_number.empty()) {
    not_set(probe, "twilio", keys);
  } else {
    probe.add(ok, "twilio", "not set: while Exotel is out, calls wait");
  }
  if (config.deepgram_api_key.empty()) {
    not_set(probe, "deepgram", "DEEPGRAM_API_KEY");
  } else {
    deepgram::DeepgramSpeechToText speech({.base_url = config.deepgram_base_url, .api_key = config.deepgram_api_key},
                                          probe.clients, probe.clock, probe.log);
    co_await take_probe(probe, "deepgram", "DEEPGRAM_API_KEY", "DEEPGRAM_BASE_URL", speech.probe(probe.deadline()));
  }
  if (config.openai_api_key.empty()) {
    not_set(probe, "openai", "OPENAI_API_KEY");
  } else {
    openai::OpenAiLanguageModel model({.base_url = config.openai_base_url, .api_key = config.openai_api_key},
                                      probe.clients, probe.clock, probe.log);
    co_await take_probe(probe, "openai", "OPENAI_API_KEY", "OPENAI_BASE_URL", model.probe(probe.deadline()));
  }
  if (config.old_system_url.empty()) {
    probe.add(ok, "old system", "OLD_SYSTEM_URL not set: such calls are handed back to who asked");
  } else {
    legacy_http::LegacyHttpDialer dialer(
        {.base_url = config.old_system_url, .token = config.old_system_token, .public_url = config.public_url},
        probe.clients, probe.log);
    co_await take_probe(probe, "old system", "OLD_SYSTEM_TOKEN", "OLD_SYSTEM_URL", dialer.probe(probe.deadline()));
  }
}

// Any provider's clock will do; one that does not answer has been reported already.
Awaitable<void> clocks(Probe probe) {
  bool compared = false;
  net::HttpClient* client = co_await probe.clients.here();
  for (const std::string& url :
       {probe.config.exotel_base_url, probe.config.deepgram_base_url, probe.config.openai_base_url}) {
    const Instant sent = probe.clock.now();
    const auto answer = co_await client->fetch({.url = url}, probe.deadline());
    const auto date = answer ? answer->headers.find("Date") : std::nullopt;
    if (!date) continue;
    compared = true;
    const auto parsed = net::parse_url(url);
    probe.findings.push_back(judge_clock(parsed ? parsed->host : url, *date, sent, probe.clock.now()));
  }
  if (!compared)
    probe.add(warn, "clock", "no provider told its time", "make sure that time is synchronised: timedatectl status");
}

Awaitable<bool> is_healthy(Probe probe, std::string url) {
  net::HttpClient* client = co_await probe.clients.here();
  const auto answer = co_await client->fetch({.url = url + "/health"}, probe.deadline());
  co_return answer && answer->status == 200 && answer->body.contains("\"ok\"");
}

// Our media endpoint answers a plain request with 426 and an unknown token's upgrade with 404; a proxy that does not
// pass the upgrade turns the second into 426 as well.
Awaitable<void> media_path(Probe probe) {
  const std::string& url = probe.config.public_url;
  const std::string path = fmt::format("/ws/exotel/voice/{}", nobodys_token);
  net::HttpClient* client = co_await probe.clients.here();
  const auto plain = co_await client->fetch({.url = url + path}, probe.deadline());
  if (!plain || plain->status != 426) {
    probe.add(fail, "media path",
              fmt::format("{}/ws/… does not reach callramp: {}", url,
                          plain ? fmt::format("status {} instead of 426", plain->status) : plain.error().message),
              "let the proxy pass /ws/ to callramp; docs/behind-nginx.md has the lines");
    co_return;
  }
  const auto socket = co_await client->websocket("ws" + url.substr(4) + path, {}, probe.deadline());
  if (socket) {
    probe.add(fail, "media path", "a WebSocket without a call was accepted: that is not callramp",
              "check where PUBLIC_URL leads");
  } else if (socket.error().message.contains("404")) {
    probe.add(ok, "media path", "the carrier's WebSocket would reach us");
  } else {
    probe.add(fail, "media path", "the WebSocket's upgrade does not get through: " + socket.error().message,
              "let the proxy pass Upgrade and Connection for /ws/; docs/behind-nginx.md has the lines");
  }
}

Awaitable<void> from_outside(Probe probe) {
  const Config& config = probe.config;
  const auto url = net::parse_url(config.public_url);
  const bool loopback = url && (url->host == "localhost" || url->host == "127.0.0.1" || url->host == "::1");
  if (loopback)
    probe.add(warn, "public url", config.public_url + " is this machine: no carrier can reach it",
              "set PUBLIC_URL; docs/behind-nginx.md shows how");
  else if (!config.public_url.starts_with("https://"))
    probe.add(warn, "public url", config.public_url + " is not encrypted",
              "put TLS before it; docs/behind-nginx.md shows how");
  if (co_await is_healthy(probe, config.public_url)) {
    probe.add(ok, "public url", config.public_url + "/health reaches us");
    co_await media_path(probe);
    co_return;
  }
  const bool tls = !config.tls_certificate_file.empty();
  if (!co_await is_healthy(probe, fmt::format("{}://localhost:{}", tls ? "https" : "http", config.port))) {
    probe.add(warn, "server",
              fmt::format("nothing answers on port {} of this machine, so PUBLIC_URL cannot be judged", config.port),
              "start `callramp serve` and run the doctor again");
    co_return;
  }
  probe.add(fail, "public url", config.public_url + "/health does not reach the server that runs here",
            "check DNS, certificate and proxy; docs/behind-nginx.md shows a configuration that works");
}

Awaitable<void> examine(Probe probe) {
  co_await providers(probe);
  co_await clocks(probe);
  co_await from_outside(probe);
}

}  // namespace

std::string_view to_string(Finding::Level level) noexcept {
  switch (level) {
    case ok: return "ok";
    case warn: return "warn";
    case fail: return "fail";
  }
  std::abort();
}

Finding judge_clock(const std::string& host, std::string_view date_header, Instant sent, Instant received) {
  // IMF-fixdate, the only form that may be sent (RFC 9110 §5.6.7).
  std::tm parts{};
  const std::string text(date_header);
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0')
    return {warn, "clock", fmt::format("{} says '{}', which is no date", host, text),
            "compare by hand: timedatectl status"};
  const Instant theirs = Instant{seconds{::timegm(&parts)}};
  // Their time lay somewhere between sending and receiving, and up to a second after what the header says.
  Duration off{};
  if (theirs > received) off = theirs - received;
  if (theirs + seconds{1} < sent) off = sent - (theirs + seconds{1});
  const std::string message = fmt::format("{} from {}'s", off == Duration{} ? "less than 1 s" : to_words(off), host);
  if (off > clock_fails) return {fail, "clock", message, "synchronise it: timedatectl set-ntp true"};
  if (off > clock_warns) return {warn, "clock", message, "synchronise it: timedatectl set-ntp true"};
  return {ok, "clock", message, ""};
}

std::vector<Finding> examine_network(const Config& config) {
  asio::io_context context;
  NullLog log;
  async::SystemClock clock;
  std::vector<Finding> findings;
  net::ClientPool clients({context.get_executor()}, {.ca_file = config.provider_ca_file}, log);
  std::exception_ptr thrown;
  asio::co_spawn(context, examine({config, clients, clock, log, findings}),
                 [&](std::exception_ptr error) { thrown = error; });
  context.run();
  if (thrown) std::rethrow_exception(thrown);
  return findings;
}

}  // namespace callramp::app
