#include "adapters/sql/db_load.hpp"

#include <algorithm>
#include <cmath>

namespace callramp::sql {
namespace {

constexpr double growth = 1.1;
constexpr double first = 10e-6;

}  // namespace

void DbLoad::add(Duration taken) {
  const double span = std::chrono::duration<double>(taken).count();
  const double step = span <= first ? 0 : std::ceil(std::log(span / first) / std::log(growth));
  const std::lock_guard lock(mutex_);
  ++counts_[static_cast<std::size_t>(std::min(step, static_cast<double>(steps - 1)))];
  ++reading_.queries;
  if (taken > milliseconds{100}) ++reading_.slow;
  if (taken > seconds{1}) ++reading_.very_slow;
}

DatabaseReading DbLoad::take() {
  const std::lock_guard lock(mutex_);
  DatabaseReading reading = std::exchange(reading_, {});
  const auto wanted = static_cast<std::int64_t>(std::ceil(0.95 * static_cast<double>(reading.queries)));
  std::int64_t seen = 0;
  for (std::size_t i = 0; i < steps && wanted > 0; ++i) {
    seen += counts_[i];
    if (seen >= wanted) {
      reading.p95 = first * std::pow(growth, static_cast<double>(i));
      break;
    }
  }
  counts_.fill(0);
  return reading;
}

}  // namespace callramp::sql
