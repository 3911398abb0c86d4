#include "engine/provider_guard.hpp"

#include <algorithm>

#include "async/deadline.hpp"
#include "base/ensure.hpp"

namespace callramp::engine {
namespace {

using providers::Capability;

// Asks one provider after the other until one gives a stream. `ask(id, deadline)` reports to the board itself.
template <class Stream, class Ask>
Awaitable<Result<std::unique_ptr<Stream>>> ask_in_turn(ProviderBoard& board, async::Clock& clock, GuardTimes times,
                                                       Capability capability, Instant deadline, Ask ask) {
  const std::vector<ProviderId> ranked = board.ranking(capability);
  Error last{.code = ErrorCode::unavailable,
             .message = "every provider of " + std::string(to_string(capability)) + " is disabled"};
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    if (const Status admitted = board.admit(ranked[i]); !admitted) {
      last = admitted.error();
      continue;
    }
    const bool only = i + 1 == ranked.size();
    auto stream = co_await ask(ranked[i], only ? deadline : std::min(deadline, clock.now() + times.first_output));
    if (stream) co_return stream;
    last = stream.error();
    // The request itself is refused: nobody else would take it either.
    if (providers::verdict_of(last.code) == providers::Verdict::works) break;
    if (!only || ranked.size() > 1 || last.code != ErrorCode::unavailable) continue;
    if (clock.now() + 2 * times.pause >= deadline) break;
    co_await clock.sleep_for(times.pause);
    if (!board.admit(ranked[i])) break;
    stream = co_await ask(ranked[i], deadline);
    if (stream) co_return stream;
    last = stream.error();
  }
  co_return std::unexpected(std::move(last));
}

bool is_useful(const ReplyEvent& event) {
  if (const auto* text = std::get_if<ReplyText>(&event)) return !text->delta.empty();
  return std::holds_alternative<ReplyToolCall>(event);
}

// Gives the first event back that the guard has read ahead, and tells the board if the stream breaks.
class GuardedReply final : public ReplyStream {
 public:
  GuardedReply(std::unique_ptr<ReplyStream> inner, ReplyEvent first, ProviderBoard& board, ProviderId id)
      : inner_(std::move(inner)), first_(std::move(first)), board_(board), id_(id) {}

  Awaitable<Result<std::optional<ReplyEvent>>> receive() override {
    if (first_) co_return std::exchange(first_, std::nullopt);
    auto event = co_await inner_->receive();
    if (!event) board_.failed(id_, event.error());
    co_return event;
  }

 private:
  std::unique_ptr<ReplyStream> inner_;
  std::optional<ReplyEvent> first_;
  ProviderBoard& board_;
  ProviderId id_;
};

class GuardedSttStream final : public SttStream {
 public:
  GuardedSttStream(std::unique_ptr<SttStream> inner, ProviderBoard& board, ProviderId id)
      : inner_(std::move(inner)), board_(board), id_(id) {}

  // Ten times a second and call: handed on without a coroutine of its own.
  Awaitable<Status> send(std::span<const std::int16_t> samples) override { return inner_->send(samples); }
  Awaitable<Result<std::optional<SttEvent>>> receive() override {
    auto event = co_await inner_->receive();
    if (!event) board_.failed(id_, event.error());
    co_return event;
  }
  Awaitable<Status> finish() override { return inner_->finish(); }

 private:
  std::unique_ptr<SttStream> inner_;
  ProviderBoard& board_;
  ProviderId id_;
};

class GuardedSpeech final : public SpeechStream {
 public:
  GuardedSpeech(std::unique_ptr<SpeechStream> inner, std::vector<std::int16_t> first, ProviderBoard& board,
                ProviderId id)
      : inner_(std::move(inner)), first_(std::move(first)), board_(board), id_(id) {}

  Awaitable<Result<std::optional<std::vector<std::int16_t>>>> receive() override {
    if (first_) co_return std::exchange(first_, std::nullopt);
    auto samples = co_await inner_->receive();
    if (!samples) board_.failed(id_, samples.error());
    co_return samples;
  }
  std::int64_t billed_characters() const override { return inner_->billed_characters(); }

 private:
  std::unique_ptr<SpeechStream> inner_;
  std::optional<std::vector<std::int16_t>> first_;
  ProviderBoard& board_;
  ProviderId id_;
};

}  // namespace

// ---- telephony -----------------------------------------------------------------------------------------------------

GuardedTelephony::GuardedTelephony(Telephony& inner, ProviderBoard& board, async::Clock& clock)
    : inner_(inner),
      board_(board),
      clock_(clock),
      id_(board.add(Capability::telephony, inner.name(),
                    [&inner](Instant deadline) { return inner.probe(deadline); })) {}

Awaitable<Result<std::string>> GuardedTelephony::place(DialRequest request, Instant deadline) {
  CO_TRY_VOID(board_.may_dial(id_));
  Asking asking(board_, id_, clock_);
  auto answer = co_await inner_.place(std::move(request), deadline);
  asking.ended(answer);
  co_return answer;
}

// Whether questions about calls are answered says little about dials, which are another door of the carrier's: they
// are asked past the circuit's counting, but not while it is open.
Awaitable<Result<CarrierCall>> GuardedTelephony::lookup(std::string provider_call_id, Instant deadline) {
  CO_TRY_VOID(board_.joins(id_));
  co_return co_await inner_.lookup(std::move(provider_call_id), deadline);
}

Awaitable<Result<std::vector<CarrierCall>>> GuardedTelephony::find(PhoneNumber to, Instant from, Instant until,
                                                                   Instant deadline) {
  CO_TRY_VOID(board_.joins(id_));
  co_return co_await inner_.find(std::move(to), from, until, deadline);
}

// ---- language model ------------------------------------------------------------------------------------------------

GuardedLanguageModel::GuardedLanguageModel(std::vector<Choice> choices, GuardTimes times, ProviderBoard& board,
                                           async::Clock& clock)
    : choices_(std::move(choices)), times_(times), board_(board), clock_(clock) {
  ENSURE(!choices_.empty(), "a guard stands before at least one provider");
  for (const Choice& each : choices_)
    ids_.push_back(board.add(Capability::llm, each.name,
                             [model = each.model](Instant deadline) { return model->probe(deadline); }));
}

const GuardedLanguageModel::Choice& GuardedLanguageModel::choice(ProviderId id) const {
  return choices_[static_cast<std::size_t>(std::ranges::find(ids_, id) - ids_.begin())];
}

Awaitable<Result<std::unique_ptr<ReplyStream>>> GuardedLanguageModel::open(ReplyRequest request, Instant deadline) {
  co_return co_await ask_in_turn<ReplyStream>(
      board_, clock_, times_, Capability::llm, deadline,
      [this, &request](ProviderId id, Instant until) { return ask(id, request, until); });
}

Awaitable<Result<std::unique_ptr<ReplyStream>>> GuardedLanguageModel::ask(ProviderId id, ReplyRequest request,
                                                                          Instant deadline) {
  const Choice& asked = choice(id);
  if (!asked.model_name.empty()) request.model = asked.model_name;
  Asking asking(board_, id, clock_);
  const auto refused = [&](Error error) {
    asking.failed(error);
    return std::unexpected(std::move(error));
  };
  auto stream =
      co_await async::by_deadline(clock_, deadline, asked.name, asked.model->open(std::move(request), deadline));
  if (!stream) {
    asking.ended(stream);
    co_return std::unexpected(std::move(stream).error());
  }
  for (;;) {
    auto event = co_await async::by_deadline(clock_, deadline, asked.name, (*stream)->receive());
    if (!event) co_return refused(std::move(event).error());
    if (!*event || std::holds_alternative<ReplyDone>(**event))
      co_return refused({.code = ErrorCode::unavailable, .message = asked.name + " finished without a word"});
    if (!is_useful(**event)) continue;
    asking.succeeded();
    co_return std::make_unique<GuardedReply>(*std::move(stream), **std::move(event), board_, id);
  }
}

Awaitable<void> GuardedLanguageModel::get_ready(Instant deadline) {
  const auto ranked = board_.ranking(Capability::llm);
  if (!ranked.empty() && board_.joins(ranked.front())) co_await choice(ranked.front()).model->get_ready(deadline);
}

// ---- speech to text ------------------------------------------------------------------------------------------------

GuardedSpeechToText::GuardedSpeechToText(SpeechToText& inner, GuardTimes times, ProviderBoard& board,
                                         async::Clock& clock)
    : inner_(inner),
      times_(times),
      board_(board),
      clock_(clock),
      id_(board.add(Capability::stt, inner.name(), [&inner](Instant deadline) { return inner.probe(deadline); })) {}

Awaitable<Result<std::unique_ptr<SttStream>>> GuardedSpeechToText::open(SttOptions options, Instant deadline) {
  co_return co_await ask_in_turn<SttStream>(
      board_, clock_, times_, Capability::stt, deadline,
      [this, &options](ProviderId id, Instant until) -> Awaitable<Result<std::unique_ptr<SttStream>>> {
        Asking asking(board_, id, clock_);
        auto stream = co_await inner_.open(options, until);
        asking.ended(stream);
        if (!stream) co_return std::unexpected(std::move(stream).error());
        co_return std::make_unique<GuardedSttStream>(*std::move(stream), board_, id);
      });
}

// ---- text to speech ------------------------------------------------------------------------------------------------

GuardedTextToSpeech::GuardedTextToSpeech(std::vector<Choice> choices, GuardTimes times, ProviderBoard& board,
                                         async::Clock& clock)
    : choices_(std::move(choices)), times_(times), board_(board), clock_(clock) {
  ENSURE(!choices_.empty(), "a guard stands before at least one provider");
  for (const Choice& each : choices_)
    ids_.push_back(board.add(Capability::tts, each.name,
                             [speech = each.speech](Instant deadline) { return speech->probe(deadline); }));
}

const GuardedTextToSpeech::Choice& GuardedTextToSpeech::choice(ProviderId id) const {
  return choices_[static_cast<std::size_t>(std::ranges::find(ids_, id) - ids_.begin())];
}

Awaitable<Result<std::unique_ptr<SpeechStream>>> GuardedTextToSpeech::open(SpeechRequest request, Instant deadline) {
  co_return co_await ask_in_turn<SpeechStream>(
      board_, clock_, times_, Capability::tts, deadline,
      [this, &request](ProviderId id, Instant until) { return ask(id, request, until); });
}

Awaitable<Result<std::unique_ptr<SpeechStream>>> GuardedTextToSpeech::ask(ProviderId id, SpeechRequest request,
                                                                          Instant deadline) {
  const Choice& asked = choice(id);
  if (!asked.voice.empty()) request.voice = asked.voice;
  Asking asking(board_, id, clock_);
  auto stream =
      co_await async::by_deadline(clock_, deadline, asked.name, asked.speech->open(std::move(request), deadline));
  if (!stream) {
    asking.ended(stream);
    co_return std::unexpected(std::move(stream).error());
  }
  auto first = co_await async::by_deadline(clock_, deadline, asked.name, (*stream)->receive());
  if (first && !*first) first = fail(ErrorCode::unavailable, asked.name + " sent no audio");
  if (!first) {
    asking.failed(first.error());
    co_return std::unexpected(std::move(first).error());
  }
  asking.succeeded();
  co_return std::make_unique<GuardedSpeech>(*std::move(stream), **std::move(first), board_, id);
}

Awaitable<void> GuardedTextToSpeech::get_ready(Instant deadline) {
  const auto ranked = board_.ranking(Capability::tts);
  if (!ranked.empty() && board_.joins(ranked.front())) co_await choice(ranked.front()).speech->get_ready(deadline);
}

}  // namespace callramp::engine
