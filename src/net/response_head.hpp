// How a response's head is written: status line, fields, and how the body is framed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "net/http.hpp"

namespace callramp::net {

struct Framing {
  bool keep_alive = true;
  bool head_only = false;  ///< the answer to HEAD
  bool http_1_0 = false;   ///< no chunks, and keeping alive has to be said
};

/// Appends everything up to the empty line, included. Framing and connection fields of `response` are ours to set; a
/// line break in a field becomes a space.
void append_response_head(std::string& out, const Response& response, const Framing& framing);
/// Appends "1f\r\n".
void append_chunk_head(std::string& out, std::size_t bytes);
/// Whether the comma-separated list `name` has `token`; neither has case.
bool has_token(const Headers& headers, std::string_view name, std::string_view token);

}  // namespace callramp::net
