// Single values as JSON, the same in every document.
#pragma once

#include <boost/json.hpp>
#include <optional>

#include "base/percent.hpp"
#include "base/time.hpp"

namespace callramp::wire {

/// 10, 12.5: a whole number is an integer.
inline boost::json::value percent_number(Percent percent) {
  const int basis_points = percent.basis_points();
  return basis_points % 100 == 0 ? boost::json::value(basis_points / 100) : boost::json::value(percent.number());
}
inline boost::json::value iso_or_null(const std::optional<Instant>& at) {
  return at ? boost::json::value(to_iso(*at)) : boost::json::value(nullptr);
}
/// One that was never set says nothing about 1970.
inline boost::json::value iso_or_null(Instant at) { return at == Instant{} ? nullptr : boost::json::value(to_iso(at)); }

}  // namespace callramp::wire
