// Guards: the four ports towards providers, each before one or several providers of its kind. A guard asks them in the
// board's order, gives up on one that says nothing useful in time, and tells the board what came of it.
//
// Opening a stream does nothing that could happen twice, so it is tried again. A dial is not: what may have been made
// is the reconciler's matter, so the telephony guard asks its one carrier once, and which carrier that is was stored
// before (Carriers).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/provider_board.hpp"
#include "ports/language_model.hpp"
#include "ports/speech_to_text.hpp"
#include "ports/telephony.hpp"
#include "ports/text_to_speech.hpp"

namespace callramp::engine {

class GuardedTelephony final : public Telephony {
 public:
  GuardedTelephony(Telephony& inner, ProviderBoard& board, async::Clock& clock);

  std::string name() const override { return inner_.name(); }
  std::string caller_id() const override { return inner_.caller_id(); }
  /// `unavailable`, and certainly not dialed, while its circuit is open or it is disabled.
  Awaitable<Result<std::string>> place(DialRequest request, Instant deadline) override;
  /// Answered `unavailable` at once while the circuit is open: whoever reconciles has other carriers to ask.
  Awaitable<Result<CarrierCall>> lookup(std::string provider_call_id, Instant deadline) override;
  Awaitable<Result<std::vector<CarrierCall>>> find(PhoneNumber to, Instant from, Instant until,
                                                   Instant deadline) override;
  Awaitable<Status> probe(Instant deadline) override { return inner_.probe(deadline); }

 private:
  Telephony& inner_;
  ProviderBoard& board_;
  async::Clock& clock_;
  ProviderId id_;
};

/// How long a provider may take to its first useful output while another could be asked instead; the last one has the
/// caller's whole deadline.
struct GuardTimes {
  Duration first_output = milliseconds{2000};
  /// Before the only provider there is is asked once more, if it failed quickly.
  Duration pause = milliseconds{250};
};

class GuardedLanguageModel final : public LanguageModel {
 public:
  struct Choice {
    std::string name;  ///< as the board shows it
    LanguageModel* model = nullptr;
    std::string model_name;  ///< empty: the agent's own
  };
  /// At least one; all outlive the guard.
  GuardedLanguageModel(std::vector<Choice> choices, GuardTimes times, ProviderBoard& board, async::Clock& clock);

  std::string name() const override { return choices_.front().name; }
  /// Returns once a word (or a tool call) is there: a stream that opens and stays silent counts as a failure.
  Awaitable<Result<std::unique_ptr<ReplyStream>>> open(ReplyRequest request, Instant deadline) override;
  Awaitable<void> get_ready(Instant deadline) override;
  Awaitable<Status> probe(Instant deadline) override { return choices_.front().model->probe(deadline); }

 private:
  Awaitable<Result<std::unique_ptr<ReplyStream>>> ask(ProviderId id, ReplyRequest request, Instant deadline);
  const Choice& choice(ProviderId id) const;

  std::vector<Choice> choices_;
  std::vector<ProviderId> ids_;
  GuardTimes times_;
  ProviderBoard& board_;
  async::Clock& clock_;
};

class GuardedSpeechToText final : public SpeechToText {
 public:
  GuardedSpeechToText(SpeechToText& inner, GuardTimes times, ProviderBoard& board, async::Clock& clock);

  std::string name() const override { return inner_.name(); }
  Awaitable<Result<std::unique_ptr<SttStream>>> open(SttOptions options, Instant deadline) override;
  Awaitable<Status> probe(Instant deadline) override { return inner_.probe(deadline); }

 private:
  SpeechToText& inner_;
  GuardTimes times_;
  ProviderBoard& board_;
  async::Clock& clock_;
  ProviderId id_;
};

class GuardedTextToSpeech final : public TextToSpeech {
 public:
  struct Choice {
    std::string name;
    TextToSpeech* speech = nullptr;
    std::string voice;  ///< empty: the agent's own
  };
  GuardedTextToSpeech(std::vector<Choice> choices, GuardTimes times, ProviderBoard& board, async::Clock& clock);

  std::string name() const override { return choices_.front().name; }
  /// Returns once the first sound is there.
  Awaitable<Result<std::unique_ptr<SpeechStream>>> open(SpeechRequest request, Instant deadline) override;
  Awaitable<void> get_ready(Instant deadline) override;
  Awaitable<Status> probe(Instant deadline) override { return choices_.front().speech->probe(deadline); }

 private:
  Awaitable<Result<std::unique_ptr<SpeechStream>>> ask(ProviderId id, SpeechRequest request, Instant deadline);
  const Choice& choice(ProviderId id) const;

  std::vector<Choice> choices_;
  std::vector<ProviderId> ids_;
  GuardTimes times_;
  ProviderBoard& board_;
  async::Clock& clock_;
};

}  // namespace callramp::engine
