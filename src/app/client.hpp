// Client: how a command talks to a running server: one request at a time, answers as JSON, and every way in which it
// can go wrong as one sentence that names the next step.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/command.hpp"
#include "net/http.hpp"
#include "net/sse.hpp"

namespace callramp::app {

namespace json = boost::json;

struct ApiAnswer {
  int status = 200;
  net::Headers headers;
  std::string text;  ///< the body as it came
  json::value body;  ///< null if there was none
};

class Client {
 public:
  /// CALLRAMP_URL (default http://localhost:3000), CALLRAMP_TOKEN, or else the file admin-token in CALLRAMP_DATA_DIR
  /// (default ./callramp-data).
  static Done<Client> create(const Terminal& terminal);

  /// A 2xx answer, or the API's own words for why not. `path` starts with "/api/v1".
  Done<ApiAnswer> get(const std::string& path) const { return send("GET", path); }
  Done<ApiAnswer> send(const std::string& method, const std::string& path, const json::value& body = nullptr,
                       net::Headers headers = {}) const;
  /// The same with a body that is no JSON.
  Done<ApiAnswer> send_text(const std::string& method, const std::string& path, std::string body,
                            const std::string& content_type) const;
  /// The same with a body of any length, in the pieces that `more` returns, until it returns none.
  Done<ApiAnswer> upload(const std::string& path, const std::string& content_type,
                         const std::function<Result<std::string>()>& more) const;
  /// Server-sent events until the server ends the stream or `on_event` returns false.
  Ran events(const std::string& path, const std::function<bool(const net::SseEvent&)>& on_event) const;
  /// A body of any length, a piece at a time, until its end or until `on_bytes` returns false.
  Ran download(const std::string& path, const std::function<bool(std::string_view)>& on_bytes) const;

 private:
  Client(std::string url, std::string token, std::string token_source)
      : url_(std::move(url)), token_(std::move(token)), token_source_(std::move(token_source)) {}
  Done<ApiAnswer> exchange(const std::string& method, const std::string& path, std::string body, net::Headers headers,
                           const std::function<Result<std::string>()>& more = {}) const;
  Ran stream(const std::string& path, const std::string& accept,
             const std::function<Result<bool>(std::string_view)>& on_chunk) const;
  net::Headers headers() const;
  CommandError unreachable(const Error& error) const;
  CommandError refusal(int status, const std::string& body) const;

  std::string url_;  // without a trailing slash
  std::string token_;
  std::string token_source_;  // where it came from, for messages; where it was looked for, if there is none
};

/// "?page=2&limit=50" of those with a value; nothing if none has one.
std::string query_of(const std::vector<std::pair<std::string, std::optional<std::string>>>& parameters);

}  // namespace callramp::app
