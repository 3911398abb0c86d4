#include "net/message_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <variant>

#include "base/ensure.hpp"

namespace callramp::net {
namespace {

namespace http = boost::beast::http;
using BeastText = boost::beast::string_view;
using NetError = boost::system::error_code;

template <bool is_request>
class Parser final : public http::basic_parser<is_request> {
 public:
  Parser(std::size_t max_header_bytes, bool skip_body) : head_bytes_left_(max_header_bytes) {
    this->header_limit(static_cast<std::uint32_t>(max_header_bytes));
    this->body_limit(boost::none);  // whoever reads the body limits it
    this->eager(true);
    if (skip_body) this->skip(true);
  }

  /// The next bytes are a chunk's head or the end of the message.
  bool between_chunks() const { return this->is_header_done() && this->chunked() && chunk_bytes_left_ == 0; }

  MessageHead head;
  std::string body;

 private:
  void on_request_impl(http::verb, BeastText method, BeastText target, int version, NetError&) override {
    head.method = method;
    head.target = target;
    head.http_1_0 = version == 10;
  }
  void on_response_impl(int code, BeastText, int version, NetError&) override {
    head.status = code;
    head.http_1_0 = version == 10;
  }
  void on_field_impl(http::field, BeastText name, BeastText value, NetError& error) override {
    // Beast limits what it sees at once, so many short fields that arrive one by one would never end.
    const std::size_t bytes = name.size() + value.size() + 4;
    if (bytes > head_bytes_left_) {
      error = http::error::header_limit;
      return;
    }
    head_bytes_left_ -= bytes;
    // Trailers arrive here too and are dropped: nothing we speak uses them, and they must not pass for headers.
    if (!this->is_header_done()) head.headers.add(std::string(name), std::string(value));
  }
  void on_header_impl(NetError&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, NetError&) override {}
  std::size_t on_body_impl(BeastText bytes, NetError&) override {
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t size, BeastText, NetError&) override { chunk_bytes_left_ = size; }
  std::size_t on_chunk_body_impl(std::uint64_t left, BeastText bytes, NetError&) override {
    body.append(bytes.data(), bytes.size());
    chunk_bytes_left_ = left - bytes.size();
    return bytes.size();
  }
  void on_finish_impl(NetError&) override {}

  std::size_t head_bytes_left_;
  std::uint64_t chunk_bytes_left_ = 0;
};

}  // namespace

struct MessageParser::Parsers {
  std::variant<std::monostate, Parser<true>, Parser<false>> current;
  std::string detail;

  template <class Use>
  decltype(auto) use(Use use_parser) {
    if (auto* request = std::get_if<1>(&current)) return use_parser(*request);
    auto* response = std::get_if<2>(&current);
    ENSURE(response != nullptr, "start() comes first");
    return use_parser(*response);
  }
  Fault fault_of(const NetError& error) {
    if (!error || error == http::error::need_more) return Fault::none;
    detail = error.message();
    return error == http::error::header_limit ? Fault::head_too_large : Fault::malformed;
  }
};

MessageParser::MessageParser() : parsers_(std::make_unique<Parsers>()) {}
MessageParser::~MessageParser() = default;

void MessageParser::start(Kind kind, std::size_t max_header_bytes) {
  if (kind == Kind::request)
    parsers_->current.emplace<1>(max_header_bytes, false);
  else
    parsers_->current.emplace<2>(max_header_bytes, kind == Kind::response_to_head);
}

std::size_t MessageParser::put(std::string_view bytes, Fault& fault) {
  return parsers_->use([&](auto& parser) -> std::size_t {
    fault = Fault::none;
    // "0", CR, LF, CR, LF: nothing shorter can end a message. Beast's parser, shown the first three bytes and then the
    // first four, fails an assertion (found by the fuzzer), and so would the process.
    constexpr std::size_t shortest_end = 5;
    if (parser.between_chunks() && bytes.size() < shortest_end) return 0;
    NetError error;
    const std::size_t used = parser.put(asio::buffer(bytes.data(), bytes.size()), error);
    fault = parsers_->fault_of(error);
    return used;
  });
}

void MessageParser::put_eof(Fault& fault) {
  parsers_->use([&](auto& parser) {
    NetError error;
    parser.put_eof(error);
    fault = parsers_->fault_of(error);
  });
}

bool MessageParser::head_done() const {
  return parsers_->use([](auto& parser) { return parser.is_header_done(); });
}
bool MessageParser::done() const {
  return parsers_->use([](auto& parser) { return parser.is_done(); });
}
bool MessageParser::keep_alive() const {
  return parsers_->use([](auto& parser) { return parser.keep_alive(); });
}
bool MessageParser::chunked() const {
  return parsers_->use([](auto& parser) { return parser.chunked(); });
}
std::optional<std::uint64_t> MessageParser::remaining() const {
  return parsers_->use([](auto& parser) -> std::optional<std::uint64_t> {
    const auto bytes = parser.content_length_remaining();
    return bytes ? std::optional<std::uint64_t>(*bytes) : std::nullopt;
  });
}
MessageHead& MessageParser::head() {
  return parsers_->use([](auto& parser) -> MessageHead& { return parser.head; });
}
bool MessageParser::has_body() const {
  return parsers_->use([](auto& parser) { return !parser.body.empty(); });
}
std::string MessageParser::take_body() {
  return parsers_->use([](auto& parser) { return std::exchange(parser.body, {}); });
}
const std::string& MessageParser::detail() const noexcept { return parsers_->detail; }

}  // namespace callramp::net
