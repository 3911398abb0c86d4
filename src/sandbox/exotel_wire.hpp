// What Exotel's REST interface and status callbacks look like, without sockets: requests judged, records rendered.
//
// Written from the carrier's documentation and held by the golden files of tests/data/wire/exotel, which the product's
// adapter reads too.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "net/multipart.hpp"
#include "sandbox/world.hpp"

namespace callramp::sandbox::exotel {

/// A refusal, in the carrier's form.
struct RestError {
  int status = 400;
  std::string message;
  std::string code;  ///< may be empty: then the body has none
};

/// A request to connect, judged. Only the direct bot mode is played.
struct Connect {
  std::string from;  ///< the customer, E.164
  std::string caller_id;
  std::string stream_url;
  std::vector<std::pair<std::string, std::string>> custom_parameters;  ///< of the stream URL's query
  int sample_rate_hz = 8000;
  std::string custom_field;
  std::string callback_url;
  std::set<std::string> callback_events;  ///< answered, terminal, ringing; empty: one bare terminal callback
  bool json_callbacks = false;
  /// The carrier's own limits where the request has none: streams end after 60 minutes (reference A.6).
  Duration time_limit = minutes{60};
  Duration ring_limit = seconds{60};  ///< TimeOut; the default is a guess, none is documented
};
std::variant<Connect, RestError> parse_connect(const net::FormFields& fields);

/// `none` until somebody answers or the dial fails: a JSON null.
enum class LegStatus { none, in_progress, completed, busy, no_answer, failed, canceled };
std::string_view to_string(LegStatus status) noexcept;

struct CallRecord {
  std::string sid;
  std::string account;
  Connect request;
  std::string status;  ///< queued, in-progress, completed, failed, busy, no-answer
  LegStatus leg = LegStatus::none;
  std::string answered_by = "NA";  ///< NotSure once answered: without To there is no detection
  Instant created;
  std::optional<Instant> answered;
  std::optional<Instant> ended;
  Instant priced{};  ///< when Price, Duration and EndTime may be shown; meaningful once ended
  std::string price_per_pulse;

  /// From answer to end, in whole seconds as the carrier counts.
  std::int64_t talk_seconds() const;
};

/// "09876530240" for +919876530240; numbers of other countries stay as they are.
std::string national(std::string_view e164);
/// The carrier's guess at what was meant: E.164, 0 and ten digits, or ten digits; nothing for what cannot be dialled.
std::optional<std::string> international(std::string_view number);
/// "2026-03-03 10:48:33": India's time without a zone, as the carrier writes it.
std::string india_time(Instant at);
/// The reverse; nothing for anything else.
std::optional<Instant> from_india_time(std::string_view text);

/// The object under "Call". `details` adds Details.
boost::json::object call_object(const CallRecord& record, Instant now, bool details);
std::string call_json(const CallRecord& record, Instant now, bool details, const ExotelHabits& habits);
std::string call_xml(const CallRecord& record, Instant now);
std::string error_json(const RestError& error);
std::string error_xml(const RestError& error);
std::string streams_xml(std::size_t active, int limit);
std::string streams_json(std::size_t active, int limit);

enum class CallbackEvent { ringing, answered, terminal };
std::string_view to_string(CallbackEvent event) noexcept;
/// The callback's fields; a terminal one for a request without StatusCallbackEvents has the four that are always there.
boost::json::object callback_object(const CallRecord& record, CallbackEvent event, Instant at);
/// The same for a form: arrays as Legs[0][Status], null as an empty text.
net::FormFields callback_form(const boost::json::object& fields);

}  // namespace callramp::sandbox::exotel
