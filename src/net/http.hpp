// What an HTTP exchange is to the rest of the program: plain structs, bytes with names, no meaning and no Beast.
//
// Bodies are streams both ways, so that an import of any length and a reply that is still being written look the same
// as a short one; read_all() is for the usual short one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/executor.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace callramp::net {

/// Compares field names: without case, ASCII only.
bool same_name(std::string_view a, std::string_view b) noexcept;

/// Header fields in order; names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}
  /// The first value under `name`, or nothing.
  std::optional<std::string_view> find(std::string_view name) const;
  /// Replaces every value under `name`.
  void set(std::string_view name, std::string value);
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  void remove(std::string_view name);
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// A body as it arrives.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  /// The next bytes (at least one), or an empty string at the end. After an error nothing more can be read.
  virtual Awaitable<Result<std::string>> read_some() = 0;
};

/// A body as it is sent, chunked.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  /// Returns when the bytes are with the kernel, so a slow reader slows its writer. An error means that the peer is
  /// gone or too slow (ServerOptions::write_timeout): stop writing.
  virtual Awaitable<Status> write(std::string_view bytes) = 0;
};

/// Everything up to the end, or payload_too_large past `limit` bytes.
Awaitable<Result<std::string>> read_all(BodyReader& body, std::size_t limit);

class WebSocket;

struct Request {
  std::string method;  ///< upper case
  std::string target;  ///< as received: path and query, still percent-encoded
  std::string path;    ///< the target up to '?', still percent-encoded, so that an encoded '/' stays inside its segment
  std::string query;   ///< after '?', still encoded
  Headers headers;
  std::string remote_address;  ///< numeric, without port
  bool tls = false;
  /// When the head had been read. The response time that we report starts at the last byte of the body: see body_end.
  Instant received_at{};
  /// When the last byte of the body had been read; equals received_at until then, and for an empty body.
  Instant body_end{};
  std::unique_ptr<BodyReader> body;  ///< never null; reading after the handler returned is not possible
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  /// If set, `body` is ignored and the response is streamed (chunked) by this. An error ends the connection.
  std::function<Awaitable<Status>(BodyWriter&)> stream;
  /// If set, the request is answered with 101 and this runs with the open socket; it is destroyed when this returns.
  std::function<Awaitable<void>(std::unique_ptr<WebSocket>)> upgrade;
};

/// Decodes %XX; `plus_is_space` for query components. Bad escapes are an error.
Result<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
/// Encodes everything but RFC 3986 unreserved characters.
std::string percent_encode(std::string_view text);
/// Splits a query or a form body into decoded pairs, in order, repeats kept.
Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

/// http, https, ws or wss. A fragment is dropped; host and scheme are in lower case.
struct Url {
  std::string scheme;
  std::string host;        ///< without brackets for IPv6
  std::uint16_t port = 0;  ///< the scheme's default if none was written
  std::string target;      ///< path and query, at least "/"
  std::string user_info;   ///< decoded "user:password", empty if none
  bool tls() const { return scheme == "https" || scheme == "wss"; }
  /// "https://host:port", the unit of connection pooling.
  std::string origin() const;
  /// What a Host field says: brackets for IPv6, the port unless it is the scheme's default.
  std::string authority() const;
};
Result<Url> parse_url(std::string_view text);

}  // namespace callramp::net
