#include "sandbox/provider.hpp"

#include <algorithm>

#include "audio/resample.hpp"
#include "base/random.hpp"

namespace callramp::sandbox {

Duration Draws::draw(std::string_view purpose, const Span& span) {
  if (span.low == span.high) return span.low;
  std::uint64_t nth = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(purpose);
    nth = found == counts_.end() ? counts_.emplace(purpose, 1).first->second - 1 : found->second++;
  }
  SeededRandom random(derive_seed(world_->get()->seed, purpose, nth));
  return span.draw(random);
}

std::string make_uuid() {
  SystemRandom random;
  std::string hex = random.hex(16);
  hex[12] = '4';
  hex[16] = "89ab"[random.below(4)];
  for (const std::size_t at : {20, 16, 12, 8}) hex.insert(at, 1, '-');
  return hex;
}

std::optional<std::string> credential(const net::Headers& headers, std::string_view scheme) {
  const auto value = headers.find("authorization");
  if (!value || value->size() <= scheme.size() + 1) return std::nullopt;
  if (!net::same_name(value->substr(0, scheme.size()), scheme) || (*value)[scheme.size()] != ' ') return std::nullopt;
  return std::string(value->substr(scheme.size() + 1));
}

bool is_bad_key(std::string_view key) { return key == "bad" || key == "invalid" || key.starts_with("bad-"); }

Duration stall_of(const Fault& fault) { return fault.delay > Duration{} ? fault.delay : longest_stall; }

Awaitable<Result<audio::Pcm>> speech_at(Voices& voices, std::string text, std::string voice, int rate_hz) {
  CO_TRY(phrase, co_await voices.phrase_async(std::move(text), std::move(voice), Speaker::service));
  co_return audio::resample(*phrase->pcm, audio::line_rate_hz, rate_hz);
}

Awaitable<Status> stream_speech(ProviderContext context, net::BodyWriter& writer, SpeechAnswer answer) {
  if (const auto stall = context.faults.draw(answer.door, FaultKind::stall)) {
    co_await context.clock.sleep_for(stall_of(*stall));
    co_return fail(ErrorCode::unavailable, "the world stalls this answer");
  }
  if (context.faults.draw(answer.door, FaultKind::odd_bytes)) answer.bytes.push_back('\x7f');
  const bool breaks = context.faults.draw(answer.door, FaultKind::drop_answer).has_value();
  const std::size_t end = breaks ? answer.bytes.size() / 2 : answer.bytes.size();
  Instant next = context.clock.now();
  context.stamps.tts_first_audio(answer.attempt, answer.text, answer.requested, next);
  for (std::size_t at = 0; at < end; at += answer.piece) {
    if (at > 0) co_await context.clock.sleep_until(next);
    const auto piece = std::string_view(answer.bytes).substr(at, std::min(answer.piece, end - at));
    CO_TRY_VOID(co_await writer.write(piece));
    next += piece_takes;
  }
  if (breaks) co_return fail(ErrorCode::unavailable, "the world breaks this answer");
  co_return Status{};
}

}  // namespace callramp::sandbox
