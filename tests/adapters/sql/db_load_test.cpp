#include "adapters/sql/db_load.hpp"

#include <doctest/doctest.h>

using namespace callramp;
using namespace callramp::sql;

TEST_CASE("a reading of the database counts what came since the last one") {
  DbLoad load;
  CHECK(load.take().queries == 0);
  CHECK(load.take().p95 == 0);
  for (int i = 0; i < 94; ++i) load.add(milliseconds{2});
  for (int i = 0; i < 5; ++i) load.add(milliseconds{150});
  load.add(seconds{3});
  const DatabaseReading reading = load.take();
  CHECK(reading.queries == 100);
  CHECK(reading.slow == 6);
  CHECK(reading.very_slow == 1);
  CHECK(reading.p95 == doctest::Approx(0.150).epsilon(0.1));
  load.add(Duration{1});
  load.add(hours{10});
  CHECK(load.take().p95 > 3600);
}
