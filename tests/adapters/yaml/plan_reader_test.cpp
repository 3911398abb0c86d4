#include "adapters/yaml/plan_reader.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "core/rollout/metric.hpp"

namespace callramp::rollout {
namespace {

std::string file(const std::string& name) {
  std::ifstream stream(std::string(CALLRAMP_SOURCE_DIR) + "/" + name, std::ios::binary);
  std::ostringstream content;
  REQUIRE((content << stream.rdbuf()));
  return content.str();
}

std::string all(const std::vector<Error>& problems) {
  std::string text;
  for (const Error& problem : problems) text += problem.message + "\n";
  return text;
}

Plan read(const std::string& text) {
  yaml::ReadPlan plan = yaml::read_plan(text);
  REQUIRE_MESSAGE(plan.problems.empty(), all(plan.problems));
  return std::move(plan.plan);
}

}  // namespace

TEST_CASE("the example plan holds the document and can be started") {
  const Plan plan = read(file("examples/rollout.yaml"));
  CHECK(plan.name == "outbound-calls");
  CHECK(plan.phases.size() == 5);
  CHECK(plan.hash.size() == 64);
}

}  // namespace callramp::rollout
