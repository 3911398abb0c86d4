// Exotel's REST answers and status callbacks, read without sockets. Parsed tolerantly: the documents contradict each
// other on case, types and shapes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/common/json_read.hpp"
#include "adapters/exotel/config.hpp"
#include "net/http.hpp"
#include "ports/telephony.hpp"

namespace callramp::exotel {

namespace json = boost::json;

/// "09876530240", "919876530240", "9876530240", "00919876530240" and "+91 98765 30240" as E.164; nothing for what is
/// none of these.
std::optional<PhoneNumber> to_e164(std::string_view text, const ExotelConfig& config);
/// "2026-03-03 10:48:33" in the configured zone, or ISO-8601 with one; nothing for "0000-00-00 00:00:00" and nonsense.
std::optional<Instant> parse_time(std::string_view text, const ExotelConfig& config);
/// The reverse, as filters want it.
std::string format_time(Instant at, const ExotelConfig& config);

/// The object under "Call", an element of "Calls", or the fields of a callback. `details` of a REST answer decides
/// whether "in-progress" means answered; without them it only means "not ended".
Result<CarrierCall> parse_call(const json::value& call, const ExotelConfig& config);
/// {"Call": …} of connect and call details.
Result<CarrierCall> parse_call_answer(std::string_view body, const ExotelConfig& config);

struct CallsPage {
  std::vector<CarrierCall> calls;
  std::string next_uri;  ///< empty on the last page
};
Result<CallsPage> parse_calls_page(std::string_view body, const ExotelConfig& config);

/// A status callback: JSON, multipart or form-urlencoded, by its content type and, if that lies, by its look.
Result<CarrierCall> parse_status_callback(std::string_view content_type, std::string_view body,
                                          const ExotelConfig& config);

/// What a refusal means (telephony.hpp). `placing`: the request was a dial, so an answer after which a call may exist
/// is a `timeout`.
Error parse_refusal(int status, const net::Headers& headers, std::string_view body, bool placing,
                    const ExotelConfig& config);
/// How long to be quiet after a 429.
seconds retry_after(const net::Headers& headers, const ExotelConfig& config);

}  // namespace callramp::exotel
