// Minutes from beats, gap by gap.
#include "adapters/sql/uptime_minutes.hpp"

#include <doctest/doctest.h>

#include <string>

namespace callramp::sql {
namespace {

constexpr Instant zero = std::chrono::sys_days{std::chrono::year{2026} / 1 / 5};
using Kind = BeatSpan::Kind;

BeatSpan span(Kind kind, int from_s, int to_s) { return {kind, zero + seconds{from_s}, zero + seconds{to_s}}; }

TEST_CASE("each kind of gap makes its kind of minutes") {
  struct Line {
    const char* what;
    std::vector<BeatSpan> spans;
    int to_s;
    UptimeMinutes minutes;
  };
  const std::vector<Line> lines{
      {"no gap", {span(Kind::up, 0, 300)}, 300, {.minutes = 5, .up = 5}},
      {"a minute under way is not counted", {span(Kind::up, 0, 299)}, 299, {.minutes = 4, .up = 4}},
      {"30 s of silence are a restart",
       {span(Kind::up, 0, 100), span(Kind::up, 130, 300)},
       300,
       {.minutes = 5, .up = 5}},
      {"31 s are down in every minute they touch",
       {span(Kind::up, 0, 100), span(Kind::up, 131, 300)},
       300,
       {.minutes = 5, .up = 3, .down = 2}},
      {"another node bridges it",
       {span(Kind::up, 0, 100), span(Kind::up, 90, 300), span(Kind::up, 200, 250)},
       300,
       {.minutes = 5, .up = 5}},
      {"silence up to now", {span(Kind::up, 0, 119)}, 300, {.minutes = 5, .up = 1, .down = 4}},
      {"one failed check between two good ones",
       {span(Kind::up, 0, 60), span(Kind::failed, 70, 70), span(Kind::up, 80, 120)},
       120,
       {.minutes = 2, .up = 2}},
      {"failing checks are no beats",
       {span(Kind::up, 0, 60), span(Kind::failed, 70, 170), span(Kind::up, 180, 240)},
       240,
       {.minutes = 4, .up = 2, .down = 2}},
      {"impaired is up",
       {span(Kind::up, 0, 60), span(Kind::impaired, 70, 100), span(Kind::up, 110, 180)},
       180,
       {.minutes = 3, .up = 3, .impaired = 1}},
      {"a clean stop is planned",
       {span(Kind::up, 0, 60), span(Kind::stopped, 65, 65), span(Kind::up, 180, 240)},
       240,
       {.minutes = 4, .up = 2, .planned = 2}},
      {"a stop of long ago is not this gap's",
       {span(Kind::up, 0, 60), span(Kind::stopped, 10, 10), span(Kind::up, 180, 240)},
       240,
       {.minutes = 4, .up = 2, .down = 2}},
      {"back after a stop and failing is down",
       {span(Kind::up, 0, 60), span(Kind::stopped, 60, 60), span(Kind::failed, 120, 170), span(Kind::up, 180, 240)},
       240,
       {.minutes = 4, .up = 2, .down = 1, .planned = 1}},
      {"unknown is neither",
       {span(Kind::up, 0, 240), span(Kind::unknown, 70, 100)},
       240,
       {.minutes = 4, .up = 3, .unknown = 1}},
  };
  for (const Line& line : lines) {
    CAPTURE(std::string(line.what));
    const UptimeMinutes counted = count_minutes(line.spans, zero, zero, zero + seconds{line.to_s});
    CHECK(counted.minutes == line.minutes.minutes);
    CHECK(counted.up == line.minutes.up);
    CHECK(counted.down == line.minutes.down);
    CHECK(counted.unknown == line.minutes.unknown);
    CHECK(counted.planned == line.minutes.planned);
    CHECK(counted.impaired == line.minutes.impaired);
  }
  CHECK(count_minutes({}, std::nullopt, zero, zero + hours{1}).minutes == 0);
  CHECK(count_minutes({span(Kind::up, 0, 3600)}, zero, zero - hours{1}, zero + hours{1}).minutes == 60);
}

}  // namespace
}  // namespace callramp::sql
