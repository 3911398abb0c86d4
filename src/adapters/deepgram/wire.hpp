// Deepgram's messages and refusals, read without sockets.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "adapters/deepgram/config.hpp"
#include "net/http.hpp"
#include "ports/speech_to_text.hpp"

namespace callramp::deepgram {

/// Nothing for what does not concern the caller (Metadata, new types); invalid_request for what is no message;
/// unavailable for the server's own Error message.
Result<std::optional<SttEvent>> parse_listen_message(std::string_view text);

/// Query of /v1/listen for 8 kHz mono PCM.
std::string listen_query(const SttOptions& options, const DeepgramConfig& config);

/// From both shapes of an error body, the status and the headers; names dg-request-id, for their support.
Error parse_refusal(int status, const net::Headers& headers, std::string_view body);

/// True for the close codes of a regular end.
bool regular_close(std::optional<std::uint16_t> code) noexcept;

}  // namespace callramp::deepgram
