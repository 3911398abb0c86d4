#include "net/response_head.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <ctime>

namespace callramp::net {
namespace {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";  // the phrase means nothing (RFC 9110 §15.1), but the space before it is required
  }
}

void append_number(std::string& out, std::uint64_t number, int base = 10) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, number, base).ptr;
  out.append(text, end);
}

// A line break in a value would let whoever chose the value write headers of his own.
void append_field(std::string& out, std::string_view name, std::string_view value) {
  const auto safe = [&out](std::string_view text) {
    const auto start = out.size();
    out.append(text);
    for (auto i = start; i < out.size(); ++i)
      if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0') out[i] = ' ';
  };
  safe(name);
  out.append(": ");
  safe(value);
  out.append("\r\n");
}

// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", made once a second.
std::string_view date_field() {
  thread_local std::time_t made_at = 0;
  thread_local char text[64];
  thread_local std::size_t length = 0;
  const std::time_t now = std::time(nullptr);
  if (now != made_at) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    // strftime's names follow the C locale, which this program never changes.
    length = std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    made_at = now;
  }
  return {text, length};
}

}  // namespace

void append_response_head(std::string& out, const Response& response, const Framing& framing) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(response.status));
  out.push_back(' ');
  out.append(reason_phrase(response.status)).append("\r\n").append(date_field());
  bool has_length = false;
  for (const auto& [name, value] : response.headers) {
    // How the body is framed is decided here; only the answer to HEAD may name a length that nobody sees.
    if (same_name(name, "Connection") || same_name(name, "Transfer-Encoding")) continue;
    if (same_name(name, "Content-Length")) {
      if (!framing.head_only) continue;
      has_length = true;
    }
    append_field(out, name, value);
  }
  if (!framing.keep_alive)
    out.append("Connection: close\r\n");
  else if (framing.http_1_0)
    out.append("Connection: keep-alive\r\n");
  if (response.stream) {
    if (!framing.http_1_0) out.append("Transfer-Encoding: chunked\r\n");
  } else if (!has_length && response.status >= 200 && response.status != 204 && response.status != 304) {
    out.append("Content-Length: ");
    append_number(out, response.body.size());
    out.append("\r\n");
  }
  out.append("\r\n");
}

void append_chunk_head(std::string& out, std::size_t bytes) {
  append_number(out, bytes, 16);
  out.append("\r\n");
}

bool has_token(const Headers& headers, std::string_view name, std::string_view token) {
  for (const auto& [field, value] : headers) {
    if (!same_name(field, name)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      auto part = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), part.size() + 1));
      while (part.starts_with(' ') || part.starts_with('\t')) part.remove_prefix(1);
      while (part.ends_with(' ') || part.ends_with('\t')) part.remove_suffix(1);
      if (same_name(part, token)) return true;
    }
  }
  return false;
}

}  // namespace callramp::net
