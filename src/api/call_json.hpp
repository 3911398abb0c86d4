// A call as the API writes it. Full numbers only for those who place calls: a viewer sees the last four digits.
#pragma once

#include <boost/json.hpp>

#include "ports/admin_store.hpp"
#include "ports/call_store.hpp"

namespace callramp::api {

/// Whether who asks sees full phone numbers.
enum class Numbers { masked, full };
inline std::string written(const PhoneNumber& phone, Numbers numbers) {
  return numbers == Numbers::full ? phone.e164() : phone.masked();
}

inline Numbers numbers_for(const Actor& actor) {
  return actor.role >= Role::operator_ ? Numbers::full : Numbers::masked;
}

boost::json::object to_json(const Call& call, Numbers numbers);
/// With attempts, transcript, timing, cost.
boost::json::object to_json(const CallDetail& detail, Numbers numbers);

/// {amount, currency}; the amount is an exact decimal text.
boost::json::object money_json(const Money& sum);

}  // namespace callramp::api
