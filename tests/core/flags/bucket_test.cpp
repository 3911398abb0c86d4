// The plan's hash against its own vectors, and what must hold of it for every user.
#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "core/flags/flags.hpp"

using namespace callramp;

namespace {

struct Vector {
  std::string user;
  std::int64_t hash = 0;
  int bucket = 0;
};

// The lines as tests/data has them: {"userId":"…","hash":N,"bucket":N}; escapes \" \\ \t \n \uXXXX below U+0080.
Vector read_vector(const std::string& line) {
  Vector vector;
  const std::string head = R"({"userId":")";
  REQUIRE(line.starts_with(head));
  std::size_t at = head.size();
  for (; line.at(at) != '"'; ++at) {
    if (line[at] != '\\') {
      vector.user += line[at];
      continue;
    }
    const char escape = line.at(++at);
    if (escape == 'u') {
      const int value = std::stoi(line.substr(at + 1, 4), nullptr, 16);
      REQUIRE(value < 0x80);
      vector.user += static_cast<char>(value);
      at += 4;
    } else {
      vector.user += escape == 't' ? '\t' : escape == 'n' ? '\n' : escape;
    }
  }
  const auto number = [&](const std::string& key) {
    const auto found = line.find("\"" + key + "\":", at);
    REQUIRE(found != std::string::npos);
    return std::stoll(line.substr(found + key.size() + 3));
  };
  vector.hash = number("hash");
  vector.bucket = static_cast<int>(number("bucket"));
  return vector;
}

// Ids of many shapes: numbers, phone numbers, names in several scripts, long and short.
std::string some_user(std::uint64_t seed) {
  SeededRandom random{seed};
  static const std::vector<std::string> letters{"a", "Z", "0", "9", "-", "_", "@", ".", "é", "ग", "漢", "😀", "ß", "த"};
  switch (random.below(4)) {
    case 0: return "user-" + std::to_string(seed);
    case 1: return "+91" + std::to_string(6'000'000'000 + random.below(4'000'000'000));
    case 2: return random.hex(16);
    default: break;
  }
  std::string user;
  for (auto length = 1 + random.below(40); length > 0; --length) user += letters[random.below(letters.size())];
  return user;
}

constexpr std::uint64_t many = 100'000;

System routed(const RoutingState& state, const std::string& user) { return route(state, user, Instant{}).system; }

RoutingState at_percentage(const char* percentage) {
  RoutingState state;
  state.flags.flags.outbound_calls_percentage = Percent::parse(percentage).value();
  return state;
}

}  // namespace

TEST_CASE("hash and bucket agree with the plan's function on every golden vector") {
  std::ifstream file(CALLRAMP_SOURCE_DIR "/tests/data/bucket-vectors.jsonl");
  int count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const Vector vector = read_vector(line);
    CAPTURE(line);
    CHECK_EQ(plan_hash(vector.user), vector.hash);
    CHECK_EQ(bucket(vector.user), vector.bucket);
  }
  CHECK_EQ(count, 500);
}

TEST_CASE("the absolute value of the smallest integer is what JavaScript makes of it") {
  CHECK_EQ(plan_hash("polygenelubricants"), 2147483648);
  CHECK_EQ(bucket("polygenelubricants"), 48);
}

TEST_CASE("positions are those of the worked example in docs/routing.md") {
  const std::vector<std::pair<const char*, int>> rows{{"user-1", 2559},
                                                      {"+919876543210", 2694},
                                                      {"ग्राहक", 1636},
                                                      {"polygenelubricants", 4848},
                                                      {"user-42", 5680},
                                                      {"😀", 9946},
                                                      {"", 0}};
  for (const auto& [user, position] : rows) {
    CAPTURE(user);
    CHECK_EQ(position_hundredths(user), position);
  }
}

TEST_CASE("bytes that are no UTF-8 count as a JavaScript decoder reads them") {
  // Computed by the plan's function over TextDecoder's result for these bytes.
  const std::vector<std::pair<std::string, std::int64_t>> rows{
      {"\x80", 65533},
      {"\xc0\xaf", 2097056},
      {"\xe0\x80\x80", 65074269},
      {"\xe0\x9f\xbf", 65074269},
      {"\xed\xa0\x80", 65074269},
      {"\xed\xbf\xbf", 65074269},
      {"\xf0\x80\x80\x80", 2017367872},
      {"\xf0\x8f\xbf\xbf", 2017367872},
      {"\xf4\x90\x80\x80", 2017367872},
      {"\xf5\x80\x80\x80", 2017367872},
      {"\xff", 65533},
      {"\xc3", 65533},
      {"\xe2\x82", 65533},
      {"\xf0\x9f\x98", 65533},
      {"a\xe2\x82"
       "b",
       2124838},
      {"a\xf0\x9f\x98"
       "b",
       2124838},
      {"\xf0\x9f\x98\xf0\x9f\x98\x80", 64750112},
      {"\xe0\xa4\xb8\xff", 138693},
      {"\xc3\xa9\xc3", 72756},
      {"\xef\xbb\xbf"
       "a",
       2023746},
      {"abcdefg\xf0\x9f", 1259739161},
      {"abcdefgh\xe2", 395245561},
      {"\xed\xa0\xbd\xed\xb8\x80", 1662371552},
      {"\xef\xbf\xbf", 65535},
      {"\xf4\x8f\xbf\xbf", 1803232},
      {"\xf0\x90\x80\x80", 1770496},
      {"\xee\x80\x80", 57344},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    CHECK_EQ(plan_hash(rows[i].first), rows[i].second);
  }
}

TEST_CASE("the hash is total over arbitrary bytes") {
  SeededRandom random{7};
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random.below(24), '\0');
    for (auto& byte : bytes)
      byte = static_cast<char>(random.below(2) == 0 ? random.below(256) : 0x80 + random.below(128));
    const auto hash = plan_hash(bytes);
    if (hash < 0 || hash > 2147483648 || bucket(bytes) != hash % 100) FAIL("hash " << hash << " of case " << i);
  }
}

TEST_CASE("MurmurHash3 agrees with published vectors") {
  struct Row {
    std::string text;
    std::uint32_t seed;
    std::uint32_t hash;
  };
  const std::vector<Row> rows{
      {"", 0, 0},
      {"", 1, 0x514E28B7},
      {"", 0xFFFFFFFF, 0x81F16F39},
      {std::string(4, '\0'), 0, 0x2362F9DE},
      {"\xFF\xFF\xFF\xFF", 0, 0x76293B50},
      {"\x21\x43\x65\x87", 0, 0xF55B516B},
      {"\x21\x43\x65\x87", 0x5082EDEE, 0x2362F9DE},
      {"\x21\x43\x65", 0, 0x7E4A8634},
      {"\x21\x43", 0, 0xA0F7B07A},
      {"\x21", 0, 0x72661CF4},
      {"test", 0, 0xBA6BD213},
      {"test", 0x9747B28C, 0x704B81DC},
      {"Hello, world!", 0, 0xC0363E43},
      {"Hello, world!", 0x9747B28C, 0x24884CBA},
      {"aaaa", 0x9747B28C, 0x5A97808A},
      {"aaa", 0x9747B28C, 0x283E0130},
      {"aa", 0x9747B28C, 0x5D211726},
      {"a", 0x9747B28C, 0x7FA09EA6},
      {"ππππππππ", 0x9747B28C, 0xD58063C1},
      {"The quick brown fox jumps over the lazy dog", 0, 0x2E4FF723},
      {"The quick brown fox jumps over the lazy dog", 0x9747B28C, 0x2FA826CD},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK_EQ(murmur3_32(row.text, row.seed), row.hash);
  }
}

TEST_CASE("the integer part of a position is the bucket, so decimals move nobody at a whole percentage") {
  std::vector<RoutingState> whole;
  for (int percentage = 0; percentage <= 100; ++percentage)
    whole.push_back(at_percentage(std::to_string(percentage).c_str()));
  for (std::uint64_t i = 0; i < many; ++i) {
    const std::string user = some_user(i);
    const int user_bucket = bucket(user);
    const int position = position_hundredths(user);
    if (position / 100 != user_bucket || position < 0 || position > 9999)
      FAIL(user << " has bucket " << user_bucket << " and position " << position);
    for (const int percentage : {0, user_bucket, user_bucket + 1, 100}) {
      const bool on_new = routed(whole[static_cast<std::size_t>(percentage)], user) == System::new_system;
      if (on_new != (user_bucket < percentage)) FAIL(user << " at " << percentage << " %, bucket " << user_bucket);
    }
  }
}

TEST_CASE("raising the percentage moves nobody off new, and lowering it moves nobody onto new") {
  std::vector<RoutingState> ladder;
  for (const char* percentage :
       {"0", "0.01", "0.5", "5", "5.25", "5.26", "10", "12.5", "25", "50", "75", "99.99", "100"})
    ladder.push_back(at_percentage(percentage));
  std::vector<std::uint64_t> on_new(ladder.size());
  for (std::uint64_t i = 0; i < many; ++i) {
    const std::string user = some_user(i);
    bool before = false;
    for (std::size_t rung = 0; rung < ladder.size(); ++rung) {
      const bool after = routed(ladder[rung], user) == System::new_system;
      if (before && !after) FAIL(user << " left new at rung " << rung);
      before = after;
      on_new[rung] += after ? 1 : 0;
    }
  }
  CHECK_EQ(on_new.front(), 0);
  CHECK_EQ(on_new.back(), many);
  for (std::size_t rung = 0; rung < ladder.size(); ++rung) {
    // The plan's hash is no perfect mixer, hence 0.2 points and a fiftieth of slack.
    const double asked = ladder[rung].flags.flags.outbound_calls_percentage.number();
    const double share = 100.0 * static_cast<double>(on_new[rung]) / static_cast<double>(many);
    CHECK_MESSAGE(share == doctest::Approx(asked).epsilon(0.02).scale(10), asked);
  }
}

TEST_CASE("there and back sends the same users back and returns the same") {
  const RoutingState low = at_percentage("10");
  const RoutingState high = at_percentage("25");
  for (std::uint64_t i = 0; i < many; ++i) {
    const std::string user = some_user(i);
    const System first = routed(high, user);
    const System between = routed(low, user);
    if (routed(high, user) != first || (between == System::new_system && first == System::old_system))
      FAIL(user << " was reshuffled");
  }
}
