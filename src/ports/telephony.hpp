// A carrier that dials for us and streams the call's audio. Vendors' words end in the adapter.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "async/executor.hpp"
#include "core/calls/transition.hpp"
#include "core/calls/types.hpp"

namespace callramp {

struct DialRequest {
  AttemptId attempt;
  PhoneNumber to;
  std::string stream_token;  ///< the carrier opens our media endpoint with it
  seconds ring_timeout{45};
  seconds time_limit{660};  ///< the carrier's own hard stop
};

/// A call as the carrier knows it.
struct CarrierCall {
  std::string provider_call_id;
  std::optional<AttemptId> attempt;  ///< only where the carrier returns it
  CarrierState state = CarrierState::queued;
  std::optional<PhoneNumber> to;
  std::optional<Instant> started_at;
  std::optional<Instant> ended_at;
  std::optional<seconds> duration;
  std::optional<Money> price;  ///< arrives minutes after the end
  std::string detail;          ///< the carrier's own words
};

class Telephony {
 public:
  virtual ~Telephony() = default;
  /// The carrier, as the configuration names it; stored with the attempt.
  virtual std::string name() const = 0;
  virtual std::string caller_id() const = 0;
  /// The provider's call id. Errors: `timeout`: it may or may not dial, ask find() before anything else; every other
  /// code: it certainly does not. invalid_phone_number: the number is refused; unauthorized, rate_limited as they say.
  virtual Awaitable<Result<std::string>> place(DialRequest request, Instant deadline) = 0;
  virtual Awaitable<Result<CarrierCall>> lookup(std::string provider_call_id, Instant deadline) = 0;
  /// Calls to `to` that the carrier started in [from, until].
  virtual Awaitable<Result<std::vector<CarrierCall>>> find(PhoneNumber to, Instant from, Instant until,
                                                           Instant deadline) = 0;
  /// Credentials and reachability, without dialing.
  virtual Awaitable<Status> probe(Instant deadline) = 0;
};

/// What a carrier tells us unasked. Late, duplicated, out of order or lost, all of it.
class CarrierEvents {
 public:
  virtual ~CarrierEvents() = default;
  /// Success once what it says is stored or known already; an error makes the webhook answer 5xx, so that it comes
  /// again.
  virtual Awaitable<Status> on_carrier_event(std::string provider, CarrierCall call) = 0;
};

struct MediaStart {
  std::string provider_call_id;
  int line_sample_rate = 8000;
};
struct MediaAudio {
  std::vector<std::int16_t> samples;  ///< 8 kHz mono, whatever the line has
};
struct MediaDtmf {
  char digit = 0;
};
struct MediaMark {
  std::string name;  ///< everything queued before it has been played
};
struct MediaStop {
  bool callee_hung_up = false;
};
using MediaEvent = std::variant<MediaStart, MediaAudio, MediaDtmf, MediaMark, MediaStop>;

/// The audio of one answered call. Bound to one executor.
class MediaStream {
 public:
  virtual ~MediaStream() = default;
  /// Nothing once the stream has ended; an error if it broke. What cannot be understood is counted and skipped inside.
  virtual Awaitable<Result<std::optional<MediaEvent>>> receive() = 0;
  /// 8 kHz mono. Does not wait for the line.
  virtual Awaitable<Status> send_audio(std::span<const std::int16_t> samples) = 0;
  virtual Awaitable<Status> send_mark(std::string name) = 0;
  /// Drops what is queued at the carrier; marks before it may never come back.
  virtual Awaitable<Status> clear() = 0;
  /// Ends the stream, and with it the call. Safe to call twice.
  virtual Awaitable<void> hang_up() = 0;
  virtual std::size_t unsent_bytes() const = 0;
};

/// Takes the media streams that carriers open.
class MediaSessions {
 public:
  virtual ~MediaSessions() = default;
  /// Before the handshake is accepted: not_found for a token that is unknown, spent or dead.
  virtual Awaitable<Status> admit(std::string stream_token) = 0;
  /// Returns when the call is over.
  virtual Awaitable<void> serve(std::string stream_token, std::unique_ptr<MediaStream> stream) = 0;
};

}  // namespace callramp
