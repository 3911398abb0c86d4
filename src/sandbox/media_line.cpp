#include "sandbox/media_line.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/base64.hpp"
#include "base/ensure.hpp"

namespace callramp::sandbox {

namespace {

/// A socket that breaks without a time of its own does so about here.
constexpr Span kDropsAfter{seconds{1}, seconds{5}};
constexpr std::uint64_t kSpoilEvery = 10;

}  // namespace

MediaLine::MediaLine(Parts parts, LineCall call, std::unique_ptr<MediaProtocol> protocol,
                     std::unique_ptr<net::WebSocket> socket, LineCounts& counts)
    : parts_(parts),
      call_(std::move(call)),
      protocol_(std::move(protocol)),
      socket_(std::move(socket)),
      counts_(counts),
      random_(derive_seed(call_.seed, "line")),
      playout_(protocol_->sample_rate_hz()),
      actor_(std::move(call_.script), parts.clock.now(), random_) {
  const int rate = protocol_->sample_rate_hz();
  if (rate != audio::line_rate_hz) {
    auto resampler = audio::Resampler::create(audio::line_rate_hz, rate);
    ENSURE(resampler.has_value(), "the carrier's three rates can be made from the line's");
    resampler_ = *std::move(resampler);
  }
  for (const FaultKind kind : {FaultKind::bad_json, FaultKind::bad_base64, FaultKind::odd_bytes})
    if (!spoils_) spoils_ = parts.faults.draw(call_.door, kind);
  mute_ = parts.faults.draw(call_.door, FaultKind::no_media).has_value();
  if (const auto drop = parts.faults.draw(call_.door, FaultKind::drop_socket))
    drops_at_ = parts.clock.now() + (drop->delay > Duration::zero() ? drop->delay : kDropsAfter.draw(random_));
}

Awaitable<MediaLine::Ended> MediaLine::run() {
  using namespace boost::asio::experimental::awaitable_operators;
  co_await (speak() || hear());
  add_counts();
  co_return ended_.value_or(Ended::by_agent);
}

Awaitable<bool> MediaLine::send(std::string text) {
  const auto sent = co_await socket_->send_text(std::move(text));
  co_return sent.has_value();
}

Awaitable<bool> MediaLine::send_marks(Instant now) {
  for (const std::string& name : playout_.due_marks(now))
    if (!co_await send(protocol_->mark(name))) co_return false;
  co_return true;
}

Awaitable<void> MediaLine::hang_up(Ended how) {
  ended_ = how;
  // A socket that the peer has closed meanwhile takes neither; the call is over all the same.
  co_await send(protocol_->stop());
  co_await socket_->close(1000);
}

Awaitable<void> MediaLine::speak() {
  if (!co_await send(protocol_->connected()) || !co_await send(protocol_->start())) co_return;
  Instant due = parts_.clock.now() + call_.chunk;
  const Instant limit = call_.answered + call_.time_limit;
  while (true) {
    co_await parts_.clock.sleep_until(std::min(due, playout_.next_mark().value_or(due)));
    const Instant now = parts_.clock.now();
    if (!co_await send_marks(now)) co_return;
    if (now < due) continue;
    counts_.latest_tick = std::max(counts_.latest_tick, now - due);
    if (drops_at_ && now >= *drops_at_) {
      ended_ = Ended::by_fault;
      co_return;
    }
    if (now >= limit) {
      co_await hang_up(Ended::by_limit);
      co_return;
    }
    if (!co_await tick(due)) co_return;
    due += call_.chunk;
  }
}

Awaitable<bool> MediaLine::tick(Instant due) {
  audio::Pcm chunk(audio::samples_in(call_.chunk), 0);
  const CalleeActor::Tick did = actor_.tick(due, playout_.heard_until(due), chunk);
  if (did.speech_ended) {
    const Instant now = parts_.clock.now();
    parts_.stamps.speech_ended(call_.attempt, now);
    playout_.callee_spoke(now);
  }
  if (!mute_ && !co_await send_chunk(chunk)) co_return false;
  if (did.key && !co_await send(protocol_->dtmf(*did.key))) co_return false;
  if (did.hang_up) co_await hang_up(Ended::by_callee);
  co_return !did.hang_up;
}

Awaitable<bool> MediaLine::send_chunk(audio::PcmView chunk) {
  ++sent_;
  audio::Pcm resampled;
  if (resampler_) {
    resampled = resampler_->feed(chunk);
    chunk = resampled;
  }
  const bool spoil = spoils_ && sent_ % kSpoilEvery == 0;
  co_return co_await send(spoil ? spoilt_media(chunk) : protocol_->media(chunk));
}

std::string MediaLine::spoilt_media(audio::PcmView chunk) {
  std::string bytes = protocol_->bytes_of(chunk);
  if (spoils_->kind == FaultKind::odd_bytes) {
    bytes.pop_back();
    return protocol_->media_text(base64_encode(bytes), chunk.size());
  }
  std::string payload = base64_encode(bytes);
  if (spoils_->kind == FaultKind::bad_base64) {
    payload[payload.size() / 2] = '!';
    return protocol_->media_text(payload, chunk.size());
  }
  std::string text = protocol_->media_text(payload, chunk.size());
  text.resize(text.size() / 2);
  return text;
}

Awaitable<void> MediaLine::hear() {
  while (true) {
    auto message = co_await socket_->receive();
    if (!message || !*message) co_return;
    ++counts_.messages_received;
    if (!co_await take(std::move(**message))) co_return;
  }
}

Awaitable<bool> MediaLine::take(net::WebSocket::Message message) {
  const Instant now = parts_.clock.now();
  AgentMessage said =
      message.binary ? AgentMessage{.violation = "binary"} : protocol_->parse(message.data);
  if (!said.violation.empty()) {
    auto count = counts_.violations.find(said.violation);
    if (count == counts_.violations.end()) count = counts_.violations.emplace(std::string(said.violation), 0).first;
    if (count->second++ == 0)
      parts_.log.warn("sandbox_media_violation", {{"rule", said.violation}, {"call_sid", call_.call_sid}});
  }
  switch (said.kind) {
    case AgentMessage::Kind::media:
      if (playout_.media(now, said.pcm)) parts_.stamps.agent_audio(call_.attempt, now);
      break;
    case AgentMessage::Kind::mark: playout_.mark(now, std::move(said.name)); co_return co_await send_marks(now);
    case AgentMessage::Kind::clear: {
      const auto overtaken = playout_.clear(now);
      if (!call_.marks_after_clear) break;
      for (const std::string& name : overtaken)
        if (!co_await send(protocol_->mark(name))) co_return false;
      break;
    }
    case AgentMessage::Kind::none: break;
  }
  co_return true;
}

void MediaLine::add_counts() {
  const Playout::Counts& mine = playout_.counts();
  Playout::Counts& all = counts_.playout;
  all.utterances += mine.utterances;
  all.ran_dry += mine.ran_dry;
  all.gaps += mine.gaps;
  all.longest_gap = std::max(all.longest_gap, mine.longest_gap);
  all.most_ahead = std::max(all.most_ahead, mine.most_ahead);
  all.played += mine.played;
  if (ended_ == Ended::by_fault) ++counts_.dropped_by_fault;
}

}  // namespace callramp::sandbox
