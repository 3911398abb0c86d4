// Twilio's REST answers, status callbacks and signatures, without sockets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/common/json_read.hpp"
#include "adapters/twilio/config.hpp"
#include "net/http.hpp"
#include "net/multipart.hpp"
#include "ports/telephony.hpp"

namespace callramp::twilio {

namespace json = boost::json;

/// "Tue, 31 Aug 2010 20:36:28 +0000", or ISO-8601; nothing for anything else.
std::optional<Instant> parse_time(std::string_view text);

/// A call as REST shows it.
Result<CarrierCall> parse_call(const json::value& call);
Result<CarrierCall> parse_call_answer(std::string_view body);

struct CallsPage {
  std::vector<CarrierCall> calls;  ///< newest first
  std::string next_uri;            ///< a path; empty on the last page
};
Result<CallsPage> parse_calls_page(std::string_view body);

/// The form of a status callback. `attempt` came back in the callback's URL.
Result<CarrierCall> parse_status_callback(const net::FormFields& fields, std::optional<AttemptId> attempt);

/// X-Twilio-Signature of a POST to `url` (as we gave it, query included): base 64 of HMAC-SHA1 over the URL and the
/// sorted names and values.
std::string signature(std::string_view auth_token, std::string_view url, net::FormFields fields);

/// What a refusal means (telephony.hpp). `placing`: after an answer from which a call may exist it is a `timeout`.
Error parse_refusal(int status, const net::Headers& headers, std::string_view body, bool placing,
                    const TwilioConfig& config);
/// How long to be quiet after a 429.
seconds retry_after(const net::Headers& headers, const TwilioConfig& config);

}  // namespace callramp::twilio
