// Everything that talks to the companies behind a call: adapters, their guards, and the board that watches them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/deepgram/deepgram_speech_to_text.hpp"
#include "adapters/exotel/exotel_telephony.hpp"
#include "adapters/exotel/routes.hpp"
#include "adapters/openai/openai_language_model.hpp"
#include "adapters/twilio/routes.hpp"
#include "adapters/twilio/twilio_telephony.hpp"
#include "api/router.hpp"
#include "app/config.hpp"
#include "engine/call_session.hpp"
#include "engine/carriers.hpp"
#include "engine/provider_guard.hpp"

namespace callramp::app {

bool exotel_configured(const Config& config);
bool twilio_configured(const Config& config);

/// Members in the order of their making; all on values that outlive it.
class Providers {
 public:
  Providers(const Config& config, const std::string& webhook_secret, net::ClientPool& clients, async::Clock& clock,
            Log& log, Metrics& metrics);

  engine::ProviderBoard& board() noexcept { return board_; }
  /// The given ones, with the costs that pass told to the board.
  Metrics& metrics() noexcept { return *told_; }
  const engine::Carriers& carriers() const noexcept { return carriers_; }
  SpeechToText& stt() noexcept { return stt_; }
  LanguageModel& llm() noexcept { return *llm_; }
  TextToSpeech& tts() noexcept { return *tts_; }
  /// Playback and deadlines of a conversation with these providers.
  engine::SessionConfig session(const Config& config) const;
  /// The carriers' webhooks and media sockets.
  void mount(api::Router& router, CarrierEvents& events, MediaSessions& sessions);

 private:
  Log& log_;
  exotel::ExotelConfig exotel_config_;
  twilio::TwilioConfig twilio_config_;
  adapters::MediaCounters exotel_counters_;
  adapters::MediaCounters twilio_counters_;
  engine::ProviderBoard board_;
  std::unique_ptr<Metrics> told_;
  std::vector<std::unique_ptr<Telephony>> bare_carriers_;
  std::vector<std::unique_ptr<engine::GuardedTelephony>> guarded_carriers_;
  engine::Carriers carriers_;
  deepgram::DeepgramSpeechToText bare_stt_;
  engine::GuardedSpeechToText stt_;
  openai::OpenAiLanguageModel bare_llm_;
  std::unique_ptr<engine::GuardedLanguageModel> llm_;
  std::unique_ptr<TextToSpeech> first_voice_;
  std::unique_ptr<TextToSpeech> second_voice_;
  std::unique_ptr<engine::GuardedTextToSpeech> tts_;
  std::unique_ptr<exotel::ExotelRoutes> exotel_routes_;  // once mounted
  std::unique_ptr<twilio::TwilioRoutes> twilio_routes_;
};

}  // namespace callramp::app
