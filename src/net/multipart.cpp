#include "net/multipart.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include "net/http.hpp"

namespace callramp::net {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return out;
}

/// The value of `name=value` or `name="va\"lue"` among the parameters after the first ';'.
std::optional<std::string> parameter(std::string_view header, std::string_view name) {
  std::size_t at = header.find(';');
  while (at < header.size()) {
    ++at;
    while (at < header.size() && header[at] == ' ') ++at;
    const std::size_t equals = header.find('=', at);
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string key = lower(header.substr(at, equals - at));
    std::string value;
    at = equals + 1;
    if (at < header.size() && header[at] == '"') {
      for (++at; at < header.size() && header[at] != '"'; ++at) {
        if (header[at] == '\\' && at + 1 < header.size()) ++at;
        value += header[at];
      }
      at = header.find(';', at);
    } else {
      const std::size_t end = std::min(header.find(';', at), header.size());
      value = header.substr(at, end - at);
      while (!value.empty() && value.back() == ' ') value.pop_back();
      at = end;
    }
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string media_type(std::string_view content_type) {
  std::string type = lower(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  return type;
}

/// Longest head of a part: a name and a type, with room to spare.
constexpr std::size_t max_head_bytes = 16 * 1024;

/// The part's content disposition, out of its header lines.
std::optional<std::string_view> disposition(std::string_view head) {
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    if (lower(line.substr(0, line.find(':'))) == "content-disposition") return line;
    head.remove_prefix(std::min(end + 2, head.size()));
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> multipart_boundary(std::string_view content_type) {
  if (media_type(content_type) != "multipart/form-data")
    return fail(ErrorCode::unsupported_media_type,
                "content type '" + std::string(content_type) + "' is not multipart/form-data");
  auto boundary = parameter(content_type, "boundary");
  // RFC 2046 §5.1.1: 1 to 70 characters.
  if (!boundary || boundary->empty() || boundary->size() > 70)
    return fail(ErrorCode::invalid_request, "a multipart/form-data body needs a boundary of 1 to 70 characters");
  return *std::move(boundary);
}

// The first delimiter may stand at the very start, without the line end before it.
MultipartParser::MultipartParser(std::string_view boundary)
    : delimiter_("\r\n--" + std::string(boundary)), buffer_("\r\n") {}

Result<std::vector<MultipartEvent>> MultipartParser::feed(std::string_view bytes) {
  std::vector<MultipartEvent> events;
  buffer_ += bytes;
  for (bool more = true; more;) {
    TRY(stepped, step(events));
    more = stepped;
  }
  return events;
}

Status MultipartParser::finish() const {
  if (state_ == State::closed) return {};
  if (state_ == State::preamble)
    return fail(ErrorCode::invalid_request, "the multipart body does not contain its boundary");
  return fail(ErrorCode::invalid_request, "the multipart body is cut off before its closing boundary");
}

// False if it takes more bytes to go on.
Result<bool> MultipartParser::step(std::vector<MultipartEvent>& events) {
  switch (state_) {
    case State::preamble:
    case State::body: return read_body(events);
    case State::delimiter: {
      if (buffer_.size() < 2) return false;
      if (buffer_.starts_with("--")) {
        state_ = State::closed;
        return true;
      }
      const std::size_t line_end = buffer_.find("\r\n");
      if (line_end == std::string::npos) {
        if (buffer_.size() > max_head_bytes)
          return fail(ErrorCode::invalid_request, "a boundary of the multipart body does not end its line");
        return false;
      }
      buffer_.erase(0, line_end);  // keeps the line end: a head may be empty
      state_ = State::head;
      return true;
    }
    case State::head: {
      const std::size_t blank = buffer_.find("\r\n\r\n");
      if (blank == std::string::npos) {
        if (buffer_.size() > max_head_bytes)
          return fail(ErrorCode::invalid_request, "the head of a part of the multipart body is too long");
        return false;
      }
      const auto about = disposition(std::string_view(buffer_).substr(2, blank == 0 ? 0 : blank - 2));
      auto name = about ? parameter(*about, "name") : std::nullopt;
      if (!name) return fail(ErrorCode::invalid_request, "a part of the multipart body has no name");
      events.push_back({.kind = MultipartEvent::Kind::part,
                        .name = *std::move(name),
                        .file_name = parameter(*about, "filename").value_or("")});
      buffer_.erase(0, blank + 4);
      state_ = State::body;
      return true;
    }
    case State::closed: buffer_.clear(); return false;  // what follows means nothing (RFC 2046 §5.1.1)
  }
  return false;
}

// Everything up to the next delimiter; of the preamble nothing is told.
Result<bool> MultipartParser::read_body(std::vector<MultipartEvent>& events) {
  const std::size_t found = buffer_.find(delimiter_);
  const bool whole = found != std::string::npos;
  // What may be the beginning of a delimiter waits for its end.
  const std::size_t sure = whole ? found : buffer_.size() - std::min(buffer_.size(), delimiter_.size() - 1);
  if (state_ == State::body && sure > 0)
    events.push_back({.kind = MultipartEvent::Kind::data, .data = buffer_.substr(0, sure)});
  buffer_.erase(0, sure);
  if (!whole) return false;
  if (state_ == State::body) events.push_back({.kind = MultipartEvent::Kind::end});
  buffer_.erase(0, delimiter_.size());
  state_ = State::delimiter;
  return true;
}

Result<FormFields> parse_multipart(std::string_view content_type, std::string_view body) {
  TRY(boundary, multipart_boundary(content_type));
  MultipartParser parser(boundary);
  TRY(events, parser.feed(body));
  TRY_VOID(parser.finish());
  FormFields fields;
  for (MultipartEvent& event : events) {
    if (event.kind == MultipartEvent::Kind::part) fields.emplace_back(std::move(event.name), std::string());
    if (event.kind == MultipartEvent::Kind::data) fields.back().second += event.data;
  }
  return fields;
}

std::string format_multipart(const FormFields& fields, std::string_view boundary) {
  std::string body;
  for (const auto& [name, value] : fields) {
    body += "--";
    body += boundary;
    body += "\r\nContent-Disposition: form-data; name=\"";
    for (const char letter : name) {
      // As browsers do (WHATWG): what would end the quoted name is percent-encoded.
      if (letter == '"')
        body += "%22";
      else if (letter == '\r')
        body += "%0D";
      else if (letter == '\n')
        body += "%0A";
      else
        body += letter;
    }
    body += "\"\r\n\r\n" + value + "\r\n";
  }
  body += "--";
  body += boundary;
  body += "--\r\n";
  return body;
}

Result<FormFields> parse_form(std::string_view content_type, std::string_view body) {
  const std::string type = media_type(content_type);
  if (type == "multipart/form-data") return parse_multipart(content_type, body);
  if (type == "application/x-www-form-urlencoded") return parse_query(body);
  return fail(ErrorCode::unsupported_media_type, "content type '" + std::string(content_type) +
                                                     "' is neither application/x-www-form-urlencoded nor "
                                                     "multipart/form-data");
}

}  // namespace callramp::net
