// Stretches of a list: the same wherever reading is taken up again, by number where the list is long, in the file's
// order where it is short.
#include "core/import/stretch.hpp"

#include <doctest/doctest.h>

using namespace callramp;
using import::Stretch;
using import::StretchReader;

namespace {

import::RowRules rules() {
  return {.number = [](std::string_view text) -> Result<import::Number> {
            TRY(phone, PhoneNumber::parse(text));
            return import::Number{.phone = std::move(phone), .zones = "Asia/Kolkata"};
          },
          .knows_zone = [](std::string_view) { return true; },
          .knows_agent = [](const AgentId&) { return true; }};
}

import::ReadMore pieces(std::string text, std::size_t step) {
  return [text = std::move(text), step, at = std::size_t{0}]() mutable -> Result<std::string> {
    std::string piece = text.substr(at, step);
    at += piece.size();
    return piece;
  };
}

std::string list(int rows) {
  std::string text = "name,phone,agent\n";
  for (int i = 0; i < rows; ++i)
    text += i % 5 == 2 ? "Bad,12,\n"
                       : "N" + std::to_string(i) + ",+91987654" + std::to_string(9999 - i * 7 % 5000) + ",sales\n";
  return text;
}

// "LINE:PHONE LINE:PHONE | LINE" of each stretch.
std::vector<std::string> read(StretchReader& reader, import::CsvPosition from = {}) {
  const Status started = reader.start(from);
  REQUIRE_MESSAGE(started, (started ? "" : started.error().message));
  std::vector<std::string> all;
  for (bool last = false; !last;) {
    const auto stretch = reader.next();
    REQUIRE(stretch);
    std::string text;
    for (std::size_t i = 0; i < stretch->contacts(); ++i)
      text += std::to_string(stretch->contact(i).line) + ":" + stretch->contact(i).phone.e164() + " ";
    text += "|";
    for (const import::Refusal& refusal : stretch->refusals()) text += " " + std::to_string(refusal.line);
    all.push_back(text);
    last = stretch->last;
  }
  return all;
}

}  // namespace

TEST_CASE("a stretch is by number where it is long and in the file's order where it is short") {
  const std::string text = "phone\n+919876543215\n+919876543213\n12\n+919876543214\n+919876543213\n+919876543212\n";
  StretchReader by_number(pieces(text, 7), rules(), {.rows = 5, .in_file_order = 3});
  CHECK(read(by_number) ==
        std::vector<std::string>{"3:+919876543213 6:+919876543213 5:+919876543214 2:+919876543215 | 4",
                                 "7:+919876543212 |"});
  StretchReader in_order(pieces(text, 7), rules(), {.rows = 5, .in_file_order = 4});
  CHECK(read(in_order) ==
        std::vector<std::string>{"2:+919876543215 3:+919876543213 5:+919876543214 6:+919876543213 | 4",
                                 "7:+919876543212 |"});
}

TEST_CASE("a contact comes out of its stretch as it went in") {
  StretchReader reader(
      pieces("phone,userId,name,agent,timezone,consent,city\n+919876543215,u-1,Asha,sales,Asia/Dubai,yes,"
             "Pune\n+919876543216,,,,,,\n",
             1000),
      rules());
  REQUIRE(reader.start());
  const auto stretch = reader.next();
  REQUIRE(stretch);
  REQUIRE(stretch->contacts() == 2);
  const Contact first = stretch->contact(0);
  CHECK(first.phone.e164() == "+919876543215");
  CHECK(first.user.str() == "u-1");
  CHECK(first.name == "Asha");
  CHECK(first.agent == AgentId{"sales"});
  CHECK(first.timezone == "Asia/Dubai");
  CHECK(first.zones == "Asia/Dubai");
  CHECK(first.consent == R"({"consent":"yes"})");
  CHECK(first.metadata_json == R"({"name":"Asha","city":"Pune"})");
  const Contact second = stretch->contact(1);
  CHECK(second.user.str() == "+919876543216");
  CHECK_FALSE(second.agent);
  CHECK(second.zones == "Asia/Kolkata");
  CHECK(second.metadata_json == "{}");
}

TEST_CASE("reading that is taken up at any stretch goes on as it would have") {
  const std::string text = list(40);
  for (const bool wide : {false, true}) {
    // As UTF-16 offsets still count the decoded text.
    std::string bytes = text;
    if (wide) {
      bytes = "\xFF\xFE";
      for (const char c : text) bytes += std::string{c, '\0'};
    }
    const import::StretchLimits limits{.rows = 6, .in_file_order = 2};
    StretchReader whole(pieces(bytes, 64), rules(), limits);
    REQUIRE(whole.start());
    std::vector<import::CsvPosition> begins;
    for (bool last = false; !last;) {
      const auto stretch = whole.next();
      REQUIRE(stretch);
      begins.push_back(stretch->begin);
      last = stretch->last;
    }
    StretchReader again(pieces(bytes, 64), rules(), limits);
    const auto all = read(again);
    REQUIRE(all.size() == begins.size());
    CHECK(all.size() > 5);
    for (std::size_t i = 0; i < begins.size(); ++i) {
      StretchReader later(pieces(bytes, 17), rules(), limits);
      CHECK(read(later, begins[i]) ==
            std::vector<std::string>(all.begin() + static_cast<std::ptrdiff_t>(i), all.end()));
    }
  }
}

TEST_CASE("how much of a stretch is stored is told by its last contact") {
  for (const std::size_t in_file_order : {std::size_t{0}, std::size_t{100}}) {
    StretchReader reader(pieces(list(20), 1000), rules(), {.in_file_order = in_file_order});
    REQUIRE(reader.start());
    const auto stretch = reader.next();
    REQUIRE(stretch);
    CHECK(stretch->stored({}) == 0);
    for (std::size_t i = 0; i < stretch->contacts(); ++i) {
      const Contact contact = stretch->contact(i);
      CHECK(stretch->stored({.last_phone = contact.phone.e164(), .last_line = contact.line}) == i + 1);
    }
  }
}

TEST_CASE("a checkpoint survives being written down") {
  const import::Checkpoint checkpoint{.stretch = {.offset = 123456789012, .line = 77},
                                      .last_phone = "+919876543210",
                                      .last_line = 80,
                                      .refused_line = 79};
  CHECK(import::parse_checkpoint(import::to_text(checkpoint)).value() == checkpoint);
  CHECK(import::parse_checkpoint(import::to_text({})).value() == import::Checkpoint{});
  CHECK(import::parse_checkpoint("").value() == import::Checkpoint{});
  for (const char* broken : {"1", "1 2 3 4", "1 2 3 x ", "-1 2 3 4 ", "a b c d "})
    CHECK_FALSE(import::parse_checkpoint(broken));
}

TEST_CASE("a set of numbers tells for each where it stood first") {
  import::NumberSet seen;
  StretchReader reader(
      pieces("phone\n+919876543215\n+919876543213\n+919876543215\n+919876543213\n+919876543212\n", 1000), rules(),
      {.rows = 3});
  REQUIRE(reader.start());
  CHECK(seen.add(reader.next().value()) == std::vector<std::int64_t>{2, 3, 2});
  CHECK(seen.add(reader.next().value()) == std::vector<std::int64_t>{3, 6});
}
