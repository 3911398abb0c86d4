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

/// The part's name, out of its header lines.
std::optional<std::string> part_name(std::string_view head) {
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    if (lower(line.substr(0, line.find(':'))) == "content-disposition") return parameter(line, "name");
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

Result<FormFields> parse_multipart(std::string_view content_type, std::string_view body) {
  TRY(boundary, multipart_boundary(content_type));
  const std::string delimiter = "\r\n--" + boundary;
  FormFields fields;
  // The first delimiter may stand at the very start, without its line end.
  std::size_t at = 0;
  if (!body.starts_with(std::string_view(delimiter).substr(2))) {
    at = body.find(delimiter);
    if (at == std::string_view::npos)
      return fail(ErrorCode::invalid_request, "the multipart body does not contain its boundary");
    at += 2;
  }
  at += delimiter.size() - 2;
  while (true) {
    const std::string_view rest = body.substr(at);
    if (rest.starts_with("--")) return fields;
    const std::size_t line_end = rest.find("\r\n");
    const std::size_t end = line_end == std::string_view::npos ? line_end : rest.find(delimiter, line_end);
    if (end == std::string_view::npos)
      return fail(ErrorCode::invalid_request, "the multipart body is cut off before its closing boundary");
    const std::string_view part = rest.substr(line_end, end - line_end);  // starts with the CRLF before its headers
    const std::size_t blank = part.find("\r\n\r\n");
    auto name = blank == std::string_view::npos ? std::nullopt : part_name(part.substr(2, blank == 0 ? 0 : blank - 2));
    if (!name) return fail(ErrorCode::invalid_request, "a part of the multipart body has no name");
    fields.emplace_back(*std::move(name), std::string(part.substr(blank + 4)));
    at += end + delimiter.size();
  }
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
