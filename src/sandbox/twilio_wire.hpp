// What Twilio's REST interface, callbacks, signatures and media messages look like, without sockets.
//
// Written from the carrier's documentation and held by the golden files of tests/data/wire/twilio, which the product's
// adapter reads too.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/multipart.hpp"
#include "sandbox/media_protocol.hpp"
#include "sandbox/world.hpp"

namespace callramp::sandbox::twilio {

/// A refusal: HTTP status and the code of the carrier's error dictionary.
struct RestError {
  int status = 400;
  int code = 0;
  std::string message;
};
std::string error_json(const RestError& error);

/// A request to make a call, judged. Only instructions that connect a stream are played.
struct CreateCall {
  std::string to;
  std::string from;
  std::string stream_url;
  std::vector<std::pair<std::string, std::string>> parameters;  ///< of the Stream, given back at its start
  std::string callback_url;
  std::set<std::string> callback_events;  ///< initiated, ringing, answered, completed; empty: completed
  Duration ring_limit = seconds{60};
  Duration time_limit = hours{4};
};
std::variant<CreateCall, RestError> parse_create(const net::FormFields& fields);

struct CallRecord {
  std::string sid;
  std::string account;
  std::string auth_token;  ///< of the request that made it; signs its callbacks
  CreateCall request;
  std::string status = "queued";
  int sip_code = 0;  ///< of the end, if the network said one
  Instant created{};
  std::optional<Instant> answered;
  std::optional<Instant> ended;
  Instant priced{};  ///< when the price may be shown; meaningful once ended
  std::string price_per_minute;

  /// From answer to end, in whole seconds.
  std::int64_t talk_seconds() const;
};

/// "Tue, 31 Aug 2010 20:36:28 +0000".
std::string rfc_time(Instant at);
boost::json::object call_object(const CallRecord& record, Instant now);

/// The form of a callback for `status` (initiated, ringing, in-progress, or how it ended), the `sequence`-th of its
/// call.
net::FormFields callback_form(const CallRecord& record, std::string_view status, int sequence, Instant at);
/// X-Twilio-Signature.
std::string sign(std::string_view auth_token, std::string_view url, net::FormFields fields);

/// Media Streams: µ-law, 8 kHz.
class MediaWriter final : public MediaProtocol {
 public:
  struct Identity {
    std::string stream_sid;
    std::string call_sid;
    std::string account;
    std::vector<std::pair<std::string, std::string>> parameters;
  };
  explicit MediaWriter(Identity identity) : identity_(std::move(identity)) {}

  std::string connected() override;
  std::string start() override;
  std::string media_text(std::string_view payload, std::size_t samples) override;
  std::string bytes_of(audio::PcmView chunk) const override;
  std::string dtmf(char digit) override;
  std::string mark(std::string_view name) override;
  std::string stop() override;
  AgentMessage parse(std::string_view text) const override;
  int sample_rate_hz() const override { return audio::line_rate_hz; }

 private:
  std::string next();
  Identity identity_;
  std::uint64_t sequence_ = 0;
  std::uint64_t chunk_ = 0;
  std::uint64_t samples_ = 0;
};

}  // namespace callramp::sandbox::twilio
