// What a WebSocket's server side does with bytes that no client of ours would send.
#include "base/random.hpp"
#include "echo_sockets.hpp"

using namespace callramp;
using net::echoing;
using net::HttpClient;
using net::Net;
using net::RawSocket;
using net::Seen;
using net::soon;

namespace {

constexpr std::string_view upgrade_request =
    "GET /ws HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

// A client's frame, masked with zeros, or unmasked.
std::string frame(int first_byte, std::string_view payload, bool masked = true) {
  std::string bytes(1, static_cast<char>(first_byte));
  const int mask_bit = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    bytes.push_back(static_cast<char>(mask_bit | static_cast<int>(payload.size())));
  } else {
    bytes.push_back(static_cast<char>(mask_bit | 126));
    bytes.push_back(static_cast<char>(payload.size() >> 8));
    bytes.push_back(static_cast<char>(payload.size() & 0xff));
  }
  if (masked) bytes.append(4, '\0');
  return bytes.append(payload);
}

constexpr int text = 0x81;
constexpr int binary_part = 0x02;
constexpr int ping = 0x89;
constexpr int close_frame = 0x88;

bool contains(const std::string& whole, std::string_view part) { return whole.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a plain request to a WebSocket address is told so") {
  Seen seen;
  Net net(echoing(seen));
  RawSocket client(net.port());
  const auto response = client.exchange("GET /ws HTTP/1.1\r\nHost: t\r\n\r\n", "only.\n");
  CHECK(response.starts_with("HTTP/1.1 426 "));
  CHECK(contains(response, "Upgrade: websocket\r\n"));
}

TEST_CASE("bad handshakes are refused") {
  Seen seen;
  Net net(echoing(seen));
  for (std::string_view missing : {"Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                                   "Connection: Upgrade\r\n"}) {
    CAPTURE(missing);
    std::string request(upgrade_request);
    request.erase(request.find(missing), missing.size());
    RawSocket client(net.port());
    client.send(request);
    const auto response = client.read_until("\r\n\r\n");
    CHECK(response.starts_with("HTTP/1.1 4"));
  }
  CHECK(seen.open == 0);
}

TEST_CASE("broken frames end the connection with the right code") {
  struct Row {
    std::string name;
    std::string bytes;
    int close_code;  // what the server says; 0 for nothing
    ErrorCode error;
  };
  const Row rows[] = {
      {"unmasked", frame(text, "abc", false), 1002, ErrorCode::invalid_request},
      {"reserved bit", frame(0xc1, "abc"), 1002, ErrorCode::invalid_request},
      {"unknown opcode", frame(0x83, "abc"), 1002, ErrorCode::invalid_request},
      {"continuation of nothing", frame(0x80, "abc"), 1002, ErrorCode::invalid_request},
      {"text inside a message", frame(binary_part, "abc") + frame(text, "abc"), 1002, ErrorCode::invalid_request},
      {"fragmented ping", frame(0x09, "abc"), 1002, ErrorCode::invalid_request},
      {"long ping", frame(ping, std::string(126, 'p')), 1002, ErrorCode::invalid_request},
      {"bad UTF-8", frame(text, "ab\xff"), 1007, ErrorCode::invalid_request},
      {"cut UTF-8", frame(text, "ab\xe0\xa4"), 1007, ErrorCode::invalid_request},
      {"too long", frame(text, std::string(2000, 'x')), 1009, ErrorCode::payload_too_large},
      {"too long in pieces", frame(binary_part, std::string(800, 'x')) + frame(0, std::string(800, 'x')), 1009,
       ErrorCode::payload_too_large},
      {"announced but impossible", std::string("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14), 1009,
       ErrorCode::payload_too_large},
      {"bad close code", frame(close_frame, std::string("\x00\x05", 2)), 1002, ErrorCode::invalid_request},
      {"close of one byte", frame(close_frame, "x"), 1002, ErrorCode::invalid_request},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Seen seen;
    Net net(echoing(seen), {.max_websocket_message_bytes = 1000});
    RawSocket client(net.port());
    CHECK(client.exchange(upgrade_request, "\r\n\r\n").starts_with("HTTP/1.1 101 "));
    client.send(row.bytes);
    const auto answer = client.read_until("never");
    REQUIRE(answer.size() >= 4);
    CHECK(static_cast<unsigned char>(answer[0]) == close_frame);
    CHECK((static_cast<unsigned char>(answer[2]) << 8 | static_cast<unsigned char>(answer[3])) == row.close_code);
    client.close();
    CHECK(soon([&] { return seen.ended == 1; }));
    CHECK(seen.error == static_cast<int>(row.error));
    CHECK(seen.code == 1006);
    CHECK(soon([&] { return net.server().connections() == 0; }));
  }
}

TEST_CASE("a connection that breaks without a close frame is 1006") {
  for (const bool reset : {false, true}) {
    CAPTURE(reset);
    Seen seen;
    Net net(echoing(seen));
    RawSocket client(net.port());
    client.exchange(upgrade_request, "\r\n\r\n");
    client.send(frame(text, "hello").substr(0, 8));
    CHECK(soon([&] { return seen.open == 1; }));
    if (reset)
      client.reset();
    else
      client.close();
    CHECK(soon([&] { return seen.ended == 1; }));
    CHECK(seen.code == 1006);
    CHECK(seen.error == static_cast<int>(ErrorCode::unavailable));
  }
}

TEST_CASE("pings are answered and fragments joined while nobody receives") {
  Seen seen;
  Net net(echoing(seen));
  RawSocket client(net.port());
  client.exchange(upgrade_request, "\r\n\r\n");
  client.send(frame(text, "stop reading"));
  CHECK(client.exchange(frame(ping, "are you there"), "are you there") == std::string("\x8a\x0d", 2) + "are you there");
  RawSocket other(net.port());
  other.exchange(upgrade_request, "\r\n\r\n");
  other.send(frame(0x01, "one ") + frame(ping, "in between") + frame(0x00, "two ") + frame(0x80, "three"));
  CHECK(contains(other.read_until("one two three"), "in between"));
}

TEST_CASE("a silent peer is pinged and then given up") {
  Seen seen;
  Net net(echoing(seen), {.websocket_idle_timeout = milliseconds{300}});
  RawSocket silent(net.port());
  silent.exchange(upgrade_request, "\r\n\r\n");
  CHECK(silent.read_some() == std::string("\x89\x00", 2));
  CHECK(soon([&] { return seen.ended == 1; }));
  CHECK(seen.error == static_cast<int>(ErrorCode::timeout));
  CHECK(seen.code == 1006);
}

TEST_CASE("a sender that is never read is held back") {
  Seen seen;
  Net net(echoing(seen));
  RawSocket client(net.port());
  std::string request(upgrade_request);
  request.replace(request.find("/ws"), 3, "/flood");
  client.exchange(request, "\r\n\r\n");
  std::this_thread::sleep_for(milliseconds{100});
  client.reset();
  CHECK(soon([&] { return net.server().connections() == 0; }));
}

TEST_CASE("stop ends WebSockets after its grace") {
  Seen seen;
  Net net(echoing(seen));
  RawSocket client(net.port());
  client.exchange(upgrade_request, "\r\n\r\n");
  CHECK(soon([&] { return seen.open == 1; }));
  net.stop(milliseconds{100});
  CHECK(client.read_all().empty());
  CHECK(net.server().connections() == 0);
}

TEST_CASE("no mixture of frames brings the server down") {
  Seen seen;
  Net net(echoing(seen), {.max_websocket_message_bytes = 1000});
  SeededRandom random(20261124);
  for (int i = 0; i < 300; ++i) {
    std::string bytes;
    for (auto frames = random.below(6); frames > 0; --frames) {
      // Mostly sensible first bytes, so that the mixture gets past the first frame.
      static constexpr int first_bytes[] = {0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a, 0x88};
      const int first = random.below(10) == 0 ? static_cast<int>(random.below(256)) : first_bytes[random.below(9)];
      std::string payload(random.below(random.below(4) == 0 ? 1200 : 126), 'p');
      if (first == 0x88 && payload.size() > 1) payload.replace(0, 2, "\x03\xe8");
      bytes += frame(first, payload, random.below(20) != 0);
    }
    if (!bytes.empty() && random.below(4) == 0)
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    RawSocket client(net.port());
    client.exchange(upgrade_request, "\r\n\r\n");
    for (std::size_t at = 0; at < bytes.size();) {
      const auto piece = 1 + random.below(random.below(2) == 0 ? 8 : 2000);
      if (!client.send(std::string_view(bytes).substr(at, piece))) break;
      at += piece;
    }
    if (random.below(2) == 0) client.shutdown_send();
    if (random.below(3) == 0) client.reset();
  }
  CHECK(soon([&] { return net.server().connections() == 0; }));
  RawSocket client(net.port());
  client.exchange(upgrade_request, "\r\n\r\n");
  CHECK(client.exchange(frame(text, "still there"), "still there").ends_with("still there"));
}
