#include "app/client.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <fstream>

#include "async/clock.hpp"
#include "net/http_client.hpp"

namespace callramp::app {
namespace {

// A patch waits up to a second for other nodes; a bulk of a thousand calls is the slowest of the rest.
constexpr Duration answer_within = seconds{30};
// Ten gigabytes over a slow line; the server gives up a client that stands still.
constexpr Duration upload_within = hours{24};
constexpr std::size_t largest_answer_bytes = 16 * 1024 * 1024;
// Longer than the 15 s between the server's heartbeats.
constexpr Duration longest_silence = seconds{45};

// Runs one coroutine to its end on the real clock.
template <class T>
T run(const std::function<Awaitable<T>(Executor)>& body) {
  asio::io_context context;
  std::optional<T> result;
  std::exception_ptr thrown;
  asio::co_spawn(context, body(context.get_executor()), [&](std::exception_ptr error, T value) {
    thrown = error;
    if (!error) result = std::move(value);
  });
  context.run();
  if (thrown) std::rethrow_exception(thrown);
  return *std::move(result);
}

using Whole = net::HttpClient::Whole;

// The error body of product.md §5, as far as it is there.
struct ApiError {
  std::string message;
  std::string request_id;
};
ApiError read_error(const std::string& body) {
  boost::system::error_code malformed;
  const json::value value = json::parse(body, malformed);
  const json::value* message = malformed ? nullptr : value.find_pointer("/error/message", malformed);
  if (message == nullptr || !message->is_string()) return {.message = body.substr(0, 200)};
  ApiError error{.message = std::string(message->get_string())};
  // A plan that is refused comes with a list: everything that is wrong, or everything that it would change.
  for (const auto& [list, text] : {std::pair("/error/details/problems", "message"), {"/error/details/changes", "what"}})
    if (const json::value* rows = value.find_pointer(list, malformed); rows != nullptr && rows->is_array())
      for (const json::value& row : rows->get_array())
        if (row.is_object() && row.get_object().contains(text) && row.at(text).is_string())
          error.message += "\n  - " + std::string(row.at(text).get_string());
  const json::value* id = value.find_pointer("/error/requestId", malformed);
  if (id != nullptr && id->is_string()) error.request_id = std::string(id->get_string());
  return error;
}

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  return text;
}

// What is done with each piece of a body; false: no more of it is wanted.
using Chunks = std::function<Result<bool>(std::string_view)>;

Awaitable<Result<bool>> follow(Executor executor, std::string url, net::Headers headers, const Chunks& on_chunk,
                               int& status, std::string& refusal) {
  NullLog log;
  async::SystemClock clock;
  net::HttpClient http(executor, {.body_read_timeout = longest_silence, .user_agent = "callramp-cli"}, log);
  CO_TRY(response, co_await http.send({.url = url, .headers = headers}, clock.now() + answer_within));
  status = response.status;
  if (status != 200) {
    CO_TRY(text, co_await net::read_all(*response.body, 64 * 1024));
    refusal = std::move(text);
    co_return false;
  }
  while (true) {
    CO_TRY(chunk, co_await response.body->read_some());
    if (chunk.empty()) co_return true;
    CO_TRY(more, on_chunk(chunk));
    if (!more) co_return true;
  }
}

}  // namespace

Done<Client> Client::create(const Terminal& terminal) {
  std::string url = terminal.environment("CALLRAMP_URL").value_or("http://localhost:3000");
  const auto parsed = net::parse_url(url);
  if (!parsed || (parsed->scheme != "http" && parsed->scheme != "https"))
    return bad_usage("CALLRAMP_URL = '" + url + "' is not a URL like http://localhost:3000");
  while (url.ends_with('/')) url.pop_back();
  if (const auto token = terminal.environment("CALLRAMP_TOKEN"); token && !token->empty())
    return Client(std::move(url), *token, "CALLRAMP_TOKEN");
  const std::string file = terminal.environment("CALLRAMP_DATA_DIR").value_or("./callramp-data") + "/admin-token";
  std::ifstream stream(file);
  std::string token;
  std::getline(stream, token);
  return Client(std::move(url), trimmed(std::move(token)), file);
}

net::Headers Client::headers() const {
  net::Headers headers{{"Accept", "application/json"}};
  if (!token_.empty()) headers.add("Authorization", "Bearer " + token_);
  return headers;
}

CommandError Client::unreachable(const Error& error) const {
  if (error.code == ErrorCode::unavailable)
    return {1, fmt::format("cannot reach callramp at {} ({}): start it with `callramp serve`, or set CALLRAMP_URL",
                           url_, error.message)};
  return {1, fmt::format("no answer from {}: {}; look at what is before repeating the command", url_, error.message)};
}

CommandError Client::refusal(int status, const std::string& body) const {
  const ApiError error = read_error(body);
  if (status == 401 && token_.empty())
    return {1, fmt::format("{} asks for a token: set CALLRAMP_TOKEN, or CALLRAMP_DATA_DIR to the server's data folder "
                           "(looked for {})",
                           url_, token_source_)};
  if (status == 401)
    return {1, fmt::format("{} does not know the token from {}: make a new one with `callramp token create`, or point "
                           "CALLRAMP_URL at the server that it belongs to",
                           url_, token_source_)};
  if (status == 403)
    return {1, fmt::format("{}; the token from {} has not the role for it: ask an admin for one with "
                           "`callramp token create --role …`",
                           error.message, token_source_)};
  if (status >= 500)
    return {1, fmt::format("the server failed with {}: {}{}; `callramp doctor` looks for the cause", status,
                           error.message, error.request_id.empty() ? "" : " (request " + error.request_id + ")")};
  if (error.message.empty())
    return {1, fmt::format("the server answered {} without saying why; is {} a callramp server?", status, url_)};
  return {1, error.message};
}

Done<ApiAnswer> Client::send(const std::string& method, const std::string& path, const json::value& body,
                             net::Headers extra) const {
  if (body.is_null()) return exchange(method, path, {}, std::move(extra));
  extra.set("Content-Type", "application/json");
  return exchange(method, path, json::serialize(body), std::move(extra));
}

Done<ApiAnswer> Client::send_text(const std::string& method, const std::string& path, std::string body,
                                  const std::string& content_type) const {
  return exchange(method, path, std::move(body), net::Headers{{"Content-Type", content_type}});
}

Done<ApiAnswer> Client::upload(const std::string& path, const std::string& content_type,
                               const std::function<Result<std::string>()>& more) const {
  return exchange("POST", path, {}, net::Headers{{"Content-Type", content_type}}, more);
}

Done<ApiAnswer> Client::exchange(const std::string& method, const std::string& path, std::string body,
                                 net::Headers extra, const std::function<Result<std::string>()>& more) const {
  net::ClientRequest request{
      .method = method, .url = url_ + path, .headers = headers(), .body = std::move(body), .more_body = more};
  for (auto& [name, value] : extra) request.headers.set(name, value);
  const auto answer = run<Result<Whole>>([&](Executor executor) -> Awaitable<Result<Whole>> {
    NullLog log;
    async::SystemClock clock;
    net::HttpClient http(executor, {.user_agent = "callramp-cli"}, log);
    co_return co_await http.fetch(request, clock.now() + (more ? upload_within : answer_within), largest_answer_bytes);
  });
  if (!answer) return std::unexpected(unreachable(answer.error()));
  if (answer->status < 200 || answer->status > 299) return std::unexpected(refusal(answer->status, answer->body));
  ApiAnswer api{.status = answer->status, .headers = answer->headers, .text = answer->body};
  if (api.text.empty()) return api;
  boost::system::error_code malformed;
  api.body = json::parse(api.text, malformed);
  if (malformed)
    return refused(fmt::format("{} did not answer in JSON; does CALLRAMP_URL point at a callramp server?", url_));
  return api;
}

Ran Client::events(const std::string& path, const std::function<bool(const net::SseEvent&)>& on_event) const {
  net::SseParser parser;
  return stream(path, "text/event-stream", [&](std::string_view chunk) -> Result<bool> {
    TRY(events, parser.feed(chunk));
    for (const net::SseEvent& event : events)
      if (!on_event(event)) return false;
    return true;
  });
}

Ran Client::download(const std::string& path, const std::function<bool(std::string_view)>& on_bytes) const {
  return stream(path, "*/*", [&](std::string_view chunk) -> Result<bool> { return on_bytes(chunk); });
}

Ran Client::stream(const std::string& path, const std::string& accept,
                   const std::function<Result<bool>(std::string_view)>& on_chunk) const {
  int status = 0;
  std::string body;
  net::Headers with_accept = headers();
  with_accept.set("Accept", accept);
  const auto followed = run<Result<bool>>(
      [&](Executor executor) { return follow(executor, url_ + path, with_accept, on_chunk, status, body); });
  if (!followed && status == 0) return std::unexpected(unreachable(followed.error()));
  if (!followed)
    return refused(
        fmt::format("the stream from {} broke: {}; start the command again", url_, followed.error().message));
  if (!*followed) return std::unexpected(refusal(status, body));
  return {};
}

std::string query_of(const std::vector<std::pair<std::string, std::optional<std::string>>>& parameters) {
  std::string query;
  for (const auto& [name, value] : parameters)
    if (value) query += (query.empty() ? "?" : "&") + name + "=" + net::percent_encode(*value);
  return query;
}

}  // namespace callramp::app
