// MessageParser: HTTP/1 messages out of bytes, head and body, over Beast's parser, which stays in the .cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.hpp"

namespace callramp::net {

struct MessageHead {
  std::string method;  ///< requests
  std::string target;  ///< requests
  int status = 0;      ///< responses
  bool http_1_0 = false;
  Headers headers;
};

class MessageParser {
 public:
  enum class Kind { request, response, response_to_head };
  enum class Fault { none, malformed, head_too_large };

  MessageParser();
  ~MessageParser();

  /// Forgets everything and expects a new message.
  void start(Kind kind, std::size_t max_header_bytes);
  /// Takes what it can from the front of `bytes` and returns how much; the rest has to come again with more behind it.
  /// Stops behind the message. After a fault nothing more can be parsed.
  std::size_t put(std::string_view bytes, Fault& fault);
  /// The peer sent its last byte: completes a body that only this ends; malformed if anything is missing.
  void put_eof(Fault& fault);

  bool head_done() const;
  bool done() const;
  bool keep_alive() const;
  bool chunked() const;
  /// Bytes of the body still to come, if a Content-Length told.
  std::optional<std::uint64_t> remaining() const;
  MessageHead& head();
  bool has_body() const;
  /// The body's bytes that were parsed and not taken yet.
  std::string take_body();
  /// What the fault was, for a log.
  const std::string& detail() const noexcept;

 private:
  struct Parsers;
  std::unique_ptr<Parsers> parsers_;
};

}  // namespace callramp::net
