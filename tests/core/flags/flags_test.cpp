#include "core/flags/flags.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace callramp;

namespace {

Percent percent(const char* text) { return Percent::parse(text).value(); }

// Every set of flags over two values of each field.
std::vector<FeatureFlags> every_flags() {
  std::vector<FeatureFlags> all;
  for (unsigned bits = 0; bits < 32; ++bits)
    all.push_back({.outbound_calls_enabled = (bits & 1) != 0,
                   .outbound_calls_percentage = percent((bits & 2) != 0 ? "10" : "5"),
                   .enable_retry_logic = (bits & 4) != 0,
                   .enable_voicemail_detection = (bits & 8) != 0,
                   .enable_bulk_import = (bits & 16) != 0});
  return all;
}

constexpr Instant noon{hours{12}};

}  // namespace

TEST_CASE("the difference of two sets of flags leads from one to the other, and back it undoes") {
  for (const auto& from : every_flags())
    for (const auto& to : every_flags()) {
      CHECK(apply(from, difference(from, to)) == to);
      CHECK(apply(to, difference(to, from)) == from);
      CHECK(difference(from, to).empty() == (from == to));
    }
}

TEST_CASE("a patch is empty only if it names no field") {
  CHECK(FlagPatch{}.empty());
  CHECK_FALSE(FlagPatch{.outbound_calls_enabled = false}.empty());
  CHECK_FALSE(FlagPatch{.outbound_calls_percentage = Percent{}}.empty());
  CHECK_FALSE(FlagPatch{.enable_retry_logic = true}.empty());
  CHECK_FALSE(FlagPatch{.enable_voicemail_detection = true}.empty());
  CHECK_FALSE(FlagPatch{.enable_bulk_import = true}.empty());
}

TEST_CASE("a direction is safe if it can move nobody onto new and changes nothing else") {
  const FeatureFlags on{.outbound_calls_percentage = percent("25")};
  const FeatureFlags off{.outbound_calls_enabled = false, .outbound_calls_percentage = percent("25")};
  struct Row {
    FeatureFlags from;
    FlagPatch patch;
    bool safe;
  };
  const std::vector<Row> rows{
      {on, {}, true},
      {on, {.outbound_calls_enabled = false}, true},
      {on, {.outbound_calls_percentage = percent("24.99")}, true},
      {on, {.outbound_calls_percentage = percent("25")}, true},
      {on, {.outbound_calls_percentage = percent("25.01")}, false},
      {on, {.outbound_calls_enabled = false, .outbound_calls_percentage = percent("0")}, true},
      {on, {.outbound_calls_enabled = false, .outbound_calls_percentage = percent("50")}, false},
      {on, {.outbound_calls_enabled = true}, true},  // it is on already
      {on, {.enable_retry_logic = false}, false},
      {on, {.enable_retry_logic = true}, true},
      {on, {.outbound_calls_percentage = percent("5"), .enable_voicemail_detection = false}, false},
      {on, {.enable_bulk_import = false}, false},
      {off, {.outbound_calls_enabled = true}, false},
      {off, {.outbound_calls_enabled = true, .outbound_calls_percentage = percent("0")}, false},
      {off, {.outbound_calls_percentage = percent("30")}, false},
      {off, {.outbound_calls_percentage = percent("5")}, true},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    CHECK_EQ(is_safe_direction(rows[i].from, rows[i].patch), rows[i].safe);
  }
}

TEST_CASE("which system and why") {
  // Bucket 25, position 25.xx.
  const std::string user = "user-1";
  const int position = position_hundredths(user);
  REQUIRE_EQ(position / 100, 25);
  const std::string exact =
      std::to_string(position / 100) + "." + std::to_string(position % 100 / 10) + std::to_string(position % 10);
  const auto past = std::optional{noon - hours{1}};
  const auto future = std::optional{noon + hours{1}};
  struct Row {
    const char* name;
    bool enabled;
    std::string percentage;
    std::optional<System> pinned;
    std::optional<Instant> until;
    System system;
    RouteReason reason;
  };
  const std::vector<Row> rows{
      {"below", true, "26", {}, {}, System::new_system, RouteReason::below_percentage},
      {"at the bucket", true, "25", {}, {}, System::old_system, RouteReason::at_or_above_percentage},
      {"at the position", true, exact, {}, {}, System::old_system, RouteReason::at_or_above_percentage},
      {"nobody", true, "0", {}, {}, System::old_system, RouteReason::at_or_above_percentage},
      {"everybody", true, "100", {}, {}, System::new_system, RouteReason::below_percentage},
      {"killed", false, "100", {}, {}, System::old_system, RouteReason::outbound_calls_disabled},
      {"held on old", true, "100", System::old_system, {}, System::old_system, RouteReason::pinned},
      {"held on old and killed", false, "100", System::old_system, {}, System::old_system, RouteReason::pinned},
      {"included", true, "0", System::new_system, {}, System::new_system, RouteReason::included},
      {"included and killed",
       false,
       "0",
       System::new_system,
       {},
       System::old_system,
       RouteReason::outbound_calls_disabled},
      {"held until later", true, "100", System::old_system, future, System::old_system, RouteReason::pinned},
      {"held until now", true, "100", System::old_system, std::optional{noon}, System::new_system,
       RouteReason::below_percentage},
      {"held until before", true, "100", System::old_system, past, System::new_system, RouteReason::below_percentage},
      {"included until before", true, "0", System::new_system, past, System::old_system,
       RouteReason::at_or_above_percentage},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    RoutingState state;
    state.flags = {
        .flags = {.outbound_calls_enabled = row.enabled, .outbound_calls_percentage = percent(row.percentage.c_str())},
        .version = 17};
    state.pins["somebody else"] = {.user = UserId{"somebody else"}};
    if (row.pinned) state.pins[user] = {.user = UserId{user}, .system = *row.pinned, .until = row.until};
    const RouteDecision decision = route(state, user, noon);
    CHECK(decision.system == row.system);
    CHECK_EQ(to_string(decision.reason), to_string(row.reason));
    CHECK_EQ(decision.bucket, 25);
    CHECK_EQ(decision.position_hundredths, position);
    CHECK(decision.percentage == state.flags.flags.outbound_calls_percentage);
    CHECK_EQ(decision.flag_version, 17);
  }
}

TEST_CASE("a hundredth of a percent decides between position and the one above it") {
  const std::string user = "user-1";
  RoutingState state;
  state.flags.flags.outbound_calls_percentage = Percent::from_basis_points(position_hundredths(user)).value();
  CHECK(route(state, user, noon).system == System::old_system);
  state.flags.flags.outbound_calls_percentage = Percent::from_basis_points(position_hundredths(user) + 1).value();
  CHECK(route(state, user, noon).system == System::new_system);
}

TEST_CASE("the reasons are spelled as the API promises") {
  CHECK_EQ(to_string(RouteReason::below_percentage), "below_percentage");
  CHECK_EQ(to_string(RouteReason::at_or_above_percentage), "at_or_above_percentage");
  CHECK_EQ(to_string(RouteReason::outbound_calls_disabled), "outbound_calls_disabled");
  CHECK_EQ(to_string(RouteReason::pinned), "pinned");
  CHECK_EQ(to_string(RouteReason::included), "included");
}

TEST_CASE("a user id is short valid UTF-8 without control characters") {
  for (const std::string& good : {std::string("a"), std::string("+919876543210"), std::string("ग्राहक 7"),
                                  std::string("😀"), std::string(256, 'x'), std::string("it's \"quoted\" \\ /")}) {
    const auto parsed = parse_user_id(good);
    REQUIRE(parsed);
    CHECK_EQ(parsed->str(), good);
  }
  const std::vector<std::pair<std::string, std::string>> bad{
      {"", "userId is empty; send 1 to 256 bytes of text"},
      {std::string(257, 'x'), "userId has 257 bytes; send at most 256"},
      {std::string("a\0b", 3), "userId contains the control character U+0000 at byte 1; remove it"},
      {"tab\tid", "userId contains the control character U+0009 at byte 3; remove it"},
      {"line\n", "userId contains the control character U+000A at byte 4; remove it"},
      {"\x7F", "userId contains the control character U+007F at byte 0; remove it"},
      {"é\xC2\x85", "userId contains the control character U+0085 at byte 2; remove it"},
      {"ab\xFF", "userId is not valid UTF-8 at byte 2; encode it as UTF-8"},
      {"\xC0\xAF", "userId is not valid UTF-8 at byte 0; encode it as UTF-8"},
      {"x\xED\xA0\x80", "userId is not valid UTF-8 at byte 1; encode it as UTF-8"},
      {"cut \xF0\x9F\x98", "userId is not valid UTF-8 at byte 4; encode it as UTF-8"},
  };
  for (const auto& [text, message] : bad) {
    const auto parsed = parse_user_id(text);
    REQUIRE_FALSE(parsed);
    CHECK_EQ(parsed.error().message, message);
    CHECK_EQ(parsed.error().field, "userId");
    CHECK(parsed.error().code == ErrorCode::invalid_request);
  }
}
