// The messages of tests/data/wire as text and as JSON.
#pragma once

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <string>

namespace callramp::test {

inline std::string golden(const std::string& name) {
  std::ifstream file(std::string(CALLRAMP_SOURCE_DIR) + "/tests/data/wire/" + name, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline boost::json::value golden_json(const std::string& name) { return boost::json::parse(golden(name)); }

}  // namespace callramp::test
