// multipart/form-data (RFC 7578): a carrier's callbacks arrive in it, its requests may be sent in it, and files of any
// length are uploaded in it, piece by piece.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace callramp::net {

using FormFields = std::vector<std::pair<std::string, std::string>>;

/// The parameter `boundary` of a multipart/form-data content type; an error for any other type.
Result<std::string> multipart_boundary(std::string_view content_type);
/// Names and contents in order, repeats kept; a file's name and type are dropped. invalid_request for a body that is
/// cut off or has parts without a name.
Result<FormFields> parse_multipart(std::string_view content_type, std::string_view body);
/// What a body says next.
struct MultipartEvent {
  enum class Kind { part, data, end };
  Kind kind = Kind::data;
  std::string name = {};       ///< of a part that begins
  std::string file_name = {};  ///< of a part that begins, as it was given; empty if it is no file
  std::string data = {};       ///< more of the part, at least one byte
};

/// Reads a body as it arrives, cut anywhere, and keeps no more of it than a delimiter and one part's head.
class MultipartParser {
 public:
  explicit MultipartParser(std::string_view boundary);
  /// invalid_request for what is no multipart body; nothing more can be read then.
  Result<std::vector<MultipartEvent>> feed(std::string_view bytes);
  /// An error unless the closing boundary was there.
  Status finish() const;

 private:
  enum class State { preamble, delimiter, head, body, closed };
  Result<bool> step(std::vector<MultipartEvent>& events);
  Result<bool> read_body(std::vector<MultipartEvent>& events);

  std::string delimiter_;
  std::string buffer_;
  State state_ = State::preamble;
};

/// A body for "multipart/form-data; boundary=`boundary`". `boundary` must not occur in any value.
std::string format_multipart(const FormFields& fields, std::string_view boundary);

/// The fields of a form body of either kind, by its content type; unsupported_media_type for another.
Result<FormFields> parse_form(std::string_view content_type, std::string_view body);

}  // namespace callramp::net
