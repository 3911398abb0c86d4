#include "net/http.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace callramp::net {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_alnum(char c) { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z'); }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

std::string bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

}  // namespace

bool same_name(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::ranges::equal(a, b, {}, lower, lower);
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const auto& [field, value] : fields_)
    if (same_name(field, name)) return value;
  return std::nullopt;
}

void Headers::set(std::string_view name, std::string value) {
  remove(name);
  fields_.emplace_back(std::string(name), std::move(value));
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const auto& field) { return same_name(field.first, name); });
}

Awaitable<Result<std::string>> read_all(BodyReader& body, std::size_t limit) {
  std::string whole;
  for (;;) {
    CO_TRY(piece, co_await body.read_some());
    if (piece.empty()) co_return whole;
    if (piece.size() > limit - whole.size())
      co_return fail(ErrorCode::payload_too_large,
                     "the body is longer than " + std::to_string(limit) + " bytes; send less, or in several requests");
    if (whole.empty())
      whole = std::move(piece);
    else
      whole += piece;
  }
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded.push_back(' ');
    } else if (text[i] != '%') {
      decoded.push_back(text[i]);
    } else {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return fail(ErrorCode::invalid_request,
                    "'" + std::string(text.substr(i, 3)) + "' is no percent escape; write a literal '%' as %25");
      decoded.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return decoded;
}

std::string percent_encode(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.push_back('%');
      encoded.push_back(digits[byte >> 4]);
      encoded.push_back(digits[byte & 15]);
    }
  }
  return encoded;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    if (part.empty()) continue;
    const auto equals = part.find('=');
    TRY(name, percent_decode(part.substr(0, equals), true));
    TRY(value, percent_decode(equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1), true));
    pairs.emplace_back(std::move(name), std::move(value));
  }
  return pairs;
}

std::string Url::origin() const { return scheme + "://" + bracketed(host) + ":" + std::to_string(port); }

std::string Url::authority() const {
  return port == (tls() ? 443 : 80) ? bracketed(host) : bracketed(host) + ":" + std::to_string(port);
}

Result<Url> parse_url(std::string_view text) {
  // What stands before '@' is a secret, and an error ends in logs.
  const auto bad = [shown =
                        text.substr(text.find('@') == std::string_view::npos ? 0 : text.find('@'))](const char* why) {
    return fail(ErrorCode::invalid_request, "URL '" + std::string(shown.substr(0, 200)) + "' " + why);
  };
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; }))
    return bad("has a space or control character; percent-encode it");
  const auto colon = text.find("://");
  if (colon == std::string_view::npos) return bad("has no scheme; begin with http://, https://, ws:// or wss://");
  Url url;
  for (const char c : text.substr(0, colon)) url.scheme.push_back(lower(c));
  static constexpr std::array<std::string_view, 4> schemes = {"http", "https", "ws", "wss"};
  if (std::ranges::find(schemes, url.scheme) == schemes.end())
    return bad("has a scheme that is not http, https, ws or wss");
  url.port = url.tls() ? 443 : 80;

  auto rest = text.substr(colon + 3);
  auto authority = rest.substr(0, rest.find_first_of("/?#"));
  auto target = rest.substr(authority.size());
  target = target.substr(0, target.find('#'));
  url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);

  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    auto decoded = percent_decode(authority.substr(0, at));
    if (!decoded) return bad("has a bad percent escape in its user name or password");
    url.user_info = std::move(*decoded);
    authority.remove_prefix(at + 1);
  }
  std::string_view port;
  bool has_port = false;
  const auto take_port = [&](std::size_t at) {
    has_port = at < authority.size() && authority[at] == ':';
    if (has_port) port = authority.substr(at + 1);
  };
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return bad("has a '[' without its ']'");
    if (end + 1 < authority.size() && authority[end + 1] != ':') return bad("has text between ']' and its port");
    url.host = authority.substr(1, end - 1);
    take_port(end + 1);
    if (!std::ranges::all_of(url.host, [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; }) ||
        url.host.find(':') == std::string::npos)
      return bad("has no IPv6 address between its brackets");
  } else {
    const auto end = std::min(authority.find(':'), authority.size());
    for (const char c : authority.substr(0, end)) url.host.push_back(lower(c));
    take_port(end);
    if (url.host.empty()) return bad("has no host");
    if (!std::ranges::all_of(url.host, [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; }))
      return bad("has a host with characters that no host name has");
  }
  if (has_port) {
    std::uint16_t number = 0;
    const auto [last, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc{} || last != port.data() + port.size() || number == 0)
      return bad("has a port that is not a number from 1 to 65535");
    url.port = number;
  }
  return url;
}

}  // namespace callramp::net
