#include "app/wiring_providers.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "adapters/deepgram/deepgram_text_to_speech.hpp"
#include "adapters/openai/openai_text_to_speech.hpp"

namespace callramp::app {
namespace {

// Of the vendor that speaks instead; the agent's own voice means nothing to it.
constexpr const char* openai_voice = "alloy";
constexpr const char* deepgram_voice = "aura-2-thalia-en";
// With a second model (or voice) to ask, a reply may take as long as both, and still less than a callee waits for.
constexpr milliseconds both_models{4000};
constexpr milliseconds both_voices{5000};
constexpr milliseconds voice_first_sound{1500};

// Metrics that tell the board what is spent: money is counted in one place, and shown in two.
class TellsCosts final : public Metrics {
 public:
  TellsCosts(Metrics& inner, engine::ProviderBoard& board) : inner_(inner), board_(board) {}

  Counter& counter(const std::string& name, const std::string& help, const Labels& labels) override {
    Counter& counted = inner_.counter(name, help, labels);
    if (name != "callramp_cost_total") return counted;
    const std::scoped_lock lock(mutex_);
    auto& told = told_[labels];
    if (!told) told = std::make_unique<Told>(counted, board_, labels);
    return *told;
  }
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels) override {
    return inner_.gauge(name, help, labels);
  }
  Histogram& histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                       const Labels& labels) override {
    return inner_.histogram(name, help, bounds, labels);
  }

 private:
  struct Told final : Counter {
    Told(Counter& counted, engine::ProviderBoard& told, const Labels& labels)
        : inner(counted),
          board(told),
          provider(labels.at("provider")),
          currency(Currency::parse(labels.at("currency")).value_or(Currency{})) {}
    void add(double amount) noexcept override {
      inner.add(amount);
      board.spent(provider, {static_cast<std::int64_t>(std::llround(amount * 1e6)), currency});
    }
    Counter& inner;
    engine::ProviderBoard& board;
    std::string provider;
    Currency currency;
  };
  Metrics& inner_;
  engine::ProviderBoard& board_;
  std::mutex mutex_;  // guards told_
  std::map<Labels, std::unique_ptr<Told>> told_;
};

std::unique_ptr<TextToSpeech> voice_of(const std::string& vendor, const Config& config, net::ClientPool& clients,
                                       Log& log) {
  if (vendor == "openai")
    return std::make_unique<openai::OpenAiTextToSpeech>(
        openai::OpenAiConfig{.base_url = config.openai_base_url, .api_key = config.openai_api_key}, clients, log);
  return std::make_unique<deepgram::DeepgramTextToSpeech>(
      deepgram::DeepgramConfig{.base_url = config.deepgram_base_url, .api_key = config.deepgram_api_key}, clients, log);
}

std::string other_voice(const Config& config) { return config.tts_provider == "openai" ? "deepgram" : "openai"; }

bool has_second_voice(const Config& config) {
  const std::string& key = other_voice(config) == "openai" ? config.openai_api_key : config.deepgram_api_key;
  return config.tts_fallback && !key.empty();
}

// The names that the configuration puts in order, of those that are configured.
std::vector<std::string> carriers_in_order(const Config& config) {
  std::vector<std::string> names;
  for (std::string_view rest = config.carriers; !rest.empty();) {
    const std::string name(rest.substr(0, rest.find(',')));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (name == "exotel" ? exotel_configured(config) : twilio_configured(config)) names.push_back(name);
  }
  return names;
}

std::vector<std::unique_ptr<Telephony>> make_carriers(const Config& config, const exotel::ExotelConfig& exotel_config,
                                                      const twilio::TwilioConfig& twilio_config,
                                                      net::ClientPool& clients, async::Clock& clock, Log& log) {
  std::vector<std::unique_ptr<Telephony>> carriers;
  for (const std::string& name : carriers_in_order(config))
    if (name == "exotel")
      carriers.push_back(std::make_unique<exotel::ExotelTelephony>(exotel_config, clients, clock, log));
    else
      carriers.push_back(std::make_unique<twilio::TwilioTelephony>(twilio_config, clients, clock, log));
  return carriers;
}

std::vector<std::unique_ptr<engine::GuardedTelephony>> guard(const std::vector<std::unique_ptr<Telephony>>& carriers,
                                                             engine::ProviderBoard& board, async::Clock& clock) {
  std::vector<std::unique_ptr<engine::GuardedTelephony>> guarded;
  for (const auto& carrier : carriers)
    guarded.push_back(std::make_unique<engine::GuardedTelephony>(*carrier, board, clock));
  return guarded;
}

std::vector<Telephony*> pointers(const std::vector<std::unique_ptr<engine::GuardedTelephony>>& carriers) {
  std::vector<Telephony*> list;
  for (const auto& carrier : carriers) list.push_back(carrier.get());
  return list;
}

std::vector<engine::GuardedLanguageModel::Choice> models(const Config& config, LanguageModel& model) {
  std::vector<engine::GuardedLanguageModel::Choice> choices{{.name = model.name(), .model = &model, .model_name = ""}};
  if (!config.openai_fallback_model.empty())
    choices.push_back({.name = model.name() + "-" + config.openai_fallback_model,
                       .model = &model,
                       .model_name = config.openai_fallback_model});
  return choices;
}

std::vector<engine::GuardedTextToSpeech::Choice> voices(const Config& config, TextToSpeech& first,
                                                        TextToSpeech* second) {
  std::vector<engine::GuardedTextToSpeech::Choice> choices{{.name = first.name(), .speech = &first, .voice = ""}};
  if (second == nullptr) return choices;
  std::string voice = config.tts_fallback_voice;
  if (voice.empty()) voice = other_voice(config) == "openai" ? openai_voice : deepgram_voice;
  choices.push_back({.name = second->name(), .speech = second, .voice = std::move(voice)});
  return choices;
}

}  // namespace

bool exotel_configured(const Config& config) {
  return !config.exotel_sid.empty() && !config.exotel_api_key.empty() && !config.exotel_api_token.empty() &&
         !config.exotel_virtual_number.empty();
}

bool twilio_configured(const Config& config) {
  return !config.twilio_account_sid.empty() && !config.twilio_auth_token.empty() && !config.twilio_number.empty();
}

Providers::Providers(const Config& config, const std::string& webhook_secret, net::ClientPool& clients,
                     async::Clock& clock, Log& log, Metrics& metrics)
    : log_(log),
      exotel_config_{.base_url = config.exotel_base_url,
                     .api_key = config.exotel_api_key,
                     .api_token = config.exotel_api_token,
                     .account_sid = config.exotel_sid,
                     .caller_id = config.exotel_virtual_number,
                     .public_url = config.public_url,
                     .webhook_secret = webhook_secret},
      twilio_config_{.base_url = config.twilio_base_url,
                     .account_sid = config.twilio_account_sid,
                     .auth_token = config.twilio_auth_token,
                     .caller_id = config.twilio_number,
                     .public_url = config.public_url},
      exotel_counters_(metrics, "exotel"),
      twilio_counters_(metrics, "twilio"),
      board_(clock, log, metrics),
      told_(std::make_unique<TellsCosts>(metrics, board_)),
      bare_carriers_(make_carriers(config, exotel_config_, twilio_config_, clients, clock, log)),
      guarded_carriers_(guard(bare_carriers_, board_, clock)),
      carriers_(pointers(guarded_carriers_), board_,
                "no carrier is configured: set EXOTEL_SID, EXOTEL_API_KEY, EXOTEL_API_TOKEN and "
                "EXOTEL_VIRTUAL_NUMBER, or TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_NUMBER"),
      bare_stt_({.base_url = config.deepgram_base_url, .api_key = config.deepgram_api_key}, clients, clock, log),
      stt_(bare_stt_, {}, board_, clock),
      bare_llm_({.base_url = config.openai_base_url, .api_key = config.openai_api_key}, clients, clock, log),
      llm_(std::make_unique<engine::GuardedLanguageModel>(models(config, bare_llm_), engine::GuardTimes{}, board_,
                                                          clock)),
      first_voice_(voice_of(config.tts_provider, config, clients, log)),
      second_voice_(has_second_voice(config) ? voice_of(other_voice(config), config, clients, log) : nullptr),
      tts_(std::make_unique<engine::GuardedTextToSpeech>(voices(config, *first_voice_, second_voice_.get()),
                                                         engine::GuardTimes{.first_output = voice_first_sound}, board_,
                                                         clock)) {}

engine::SessionConfig Providers::session(const Config& config) const {
  engine::SessionConfig session{.playback = {.chunk_bytes = static_cast<std::size_t>(config.exotel_chunk_bytes)}};
  if (!config.openai_fallback_model.empty()) session.first_token_deadline = both_models;
  if (second_voice_) session.tts_deadline = both_voices;
  return session;
}

void Providers::mount(api::Router& router, CarrierEvents& events, MediaSessions& sessions) {
  exotel_routes_ = std::make_unique<exotel::ExotelRoutes>(exotel::ExotelRoutes{
      .config = exotel_config_, .events = events, .sessions = sessions, .counters = exotel_counters_, .log = log_});
  twilio_routes_ = std::make_unique<twilio::TwilioRoutes>(twilio::TwilioRoutes{
      .config = twilio_config_, .events = events, .sessions = sessions, .counters = twilio_counters_, .log = log_});
  router.mount("POST", "/webhooks/exotel/{secret}/call-status", [this](api::Exchange& exchange) {
    return exotel::exotel_webhook(exchange.request, exchange.param("secret"), *exotel_routes_);
  });
  router.mount("GET", "/ws/exotel/voice/{streamToken}", [this](api::Exchange& exchange) {
    return exotel::exotel_media(exchange.request, exchange.param("streamToken"), *exotel_routes_);
  });
  router.mount("POST", "/webhooks/twilio/call-status",
               [this](api::Exchange& exchange) { return twilio::twilio_webhook(exchange.request, *twilio_routes_); });
  router.mount("GET", "/ws/twilio/voice/{streamToken}", [this](api::Exchange& exchange) {
    return twilio::twilio_media(exchange.request, exchange.param("streamToken"), *twilio_routes_);
  });
}

}  // namespace callramp::app
