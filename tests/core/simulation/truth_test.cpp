// What a person writes about the future, and what it means.
#include "core/simulation/truth.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace callramp;
using namespace callramp::simulation;

TEST_CASE("truths are read in every spelling that the help shows") {
  const auto truth = parse_truth(
      "success=75%, old=0.8,retry=0.5,p2_bugs=1/week,p1_bugs=2/day,complaints=2/1000,outage=10m@day3,outage=1h@day9,"
      "drop=0.55@2000calls,holiday=day10,users=2000");
  REQUIRE(truth);
  CHECK(truth->success == 0.75);
  CHECK(truth->old_connected() == 0.8);
  CHECK(truth->retry == 0.5);
  CHECK(truth->p2_bugs == 1);
  CHECK(truth->p1_bugs == 14);
  CHECK(truth->complaints == 0.002);
  REQUIRE(truth->outages.size() == 2);
  CHECK(truth->outages[0].length == minutes{10});
  CHECK(truth->outages[1].day == 9);
  REQUIRE(truth->drop);
  CHECK(truth->drop->success == 0.55);
  CHECK(truth->drop->after_calls == 2000);
  CHECK(truth->holidays == std::vector<int>{10});
  CHECK(truth->users == 2000);
}

TEST_CASE("what is not named is perfect and old is as new") {
  const auto truth = parse_truth("success=0.72");
  REQUIRE(truth);
  CHECK(truth->old_connected() == 0.72);
  CHECK(truth->retry == 0.6);
  CHECK(truth->voicemail == 1);
  CHECK(truth->labels == 100);
  CHECK(truth->p1_bugs == 0);
  CHECK(truth->complaints == 0);
  CHECK(truth->slow == 0);
}

TEST_CASE("written truths read back as the same") {
  const auto truth = parse_truth("success=0.7,old=0.75,drop=0.5@10calls,outage=90m@day2,holiday=day4,p2_bugs=0.5");
  REQUIRE(truth);
  std::string text;
  for (const auto& [name, value] : written(*truth)) text += (text.empty() ? "" : ",") + name + "=" + value;
  const auto again = parse_truth(text);
  REQUIRE(again);
  CHECK(written(*again) == written(*truth));
}

TEST_CASE("a truth that cannot be is refused with its name and what was expected") {
  struct Row {
    std::string_view text;
    std::string_view said;
  };
  for (const Row& row : std::array{
           Row{"old=0.75", "success is missing"}, Row{"success=1.2", "'1.2' is not a share"},
           Row{"success=", "'' is not a share"}, Row{"success=0.7,lucky=1", "there is no truth 'lucky'"},
           Row{"success=0.7,drop=0.5", "0.55@2000calls"}, Row{"success=0.7,outage=10m", "10m@day3"},
           Row{"success=0.7,outage=2d@day3", "10m@day3"}, Row{"success=0.7,holiday=day0", "day10"},
           Row{"success=0.7,users=1.5", "a whole number"}, Row{"success=0.7,p2_bugs=many", "1/week"},
           Row{"success=nan", "is not a share"}, Row{"just words", "is not a truth"},
           Row{"success=0.9,errors=0.2", "above 100 %"}, Row{"success=0.7,satisfaction=6", "a score from 1 to 5"}}) {
    CAPTURE(row.text);
    const auto truth = parse_truth(row.text);
    REQUIRE(!truth);
    CHECK(truth.error().message.find(row.said) != std::string::npos);
  }
}
