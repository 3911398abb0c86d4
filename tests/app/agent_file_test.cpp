// An agent's file: what it must say, and how it says what is wrong.
#include "app/agent_file.hpp"

#include <doctest/doctest.h>

using namespace callramp;

namespace {

const std::string whole =
    "id: reminder\nname: Ravi\ngreeting: Hello {{name}}!\ndisclosure: I am an AI.\nprompt: |\n  You remind.\n  Be "
    "short.\n";

}  // namespace

TEST_CASE("an agent's file gives its values and the defaults of the rest") {
  const auto agent = app::parse_agent(whole + "max_duration: 90\nmax_turns: 7\nvoice: alloy\n", "a.yaml");
  REQUIRE_MESSAGE(agent.has_value(), agent.error().message);
  CHECK(agent->id.str() == "reminder");
  CHECK(agent->greeting == "Hello {{name}}!");
  CHECK(agent->prompt == "You remind.\nBe short.");
  CHECK(agent->max_duration == seconds{90});
  CHECK(agent->max_turns == 7);
  CHECK(agent->voice == "alloy");
  CHECK(agent->model == Agent{}.model);
  CHECK(agent->goodbye == Agent{}.goodbye);
}

TEST_CASE("what is wrong in an agent's file is named with its line") {
  struct {
    std::string yaml;
    std::string message;
  } const rows[] = {
      {"", "a.yaml: must be a map of keys like 'name: Asha'"},
      {"- a\n", "a.yaml: must be a map of keys like 'name: Asha'"},
      {"name: [", "a.yaml line 1: end of sequence flow not found"},
      {"name: Asha\n", "a.yaml: 'id' is missing"},
      {"id: a\nname: b\ngreeting: c\nprompt: d\n", "a.yaml: 'disclosure' is missing"},
      {whole + "colour: red\n", "a.yaml line 8: unknown key 'colour'"},
      {whole + "voice: [a, b]\n", "a.yaml line 8: 'voice' must have one plain value"},
      {whole + "voice:\n", "a.yaml line 8: 'voice' must have one plain value"},
      {whole + "voice: ''\n", "a.yaml line 8: voice is empty; expected a text"},
      {whole + "name: Again\n", "a.yaml line 8: 'name' stands there twice"},
      {whole + "max_turns: many\n", "a.yaml line 8: max_turns is 'many'; expected a whole number from 1 to 200"},
      {whole + "max_turns: 0\n", "a.yaml line 8: max_turns is '0'; expected a whole number from 1 to 200"},
      {whole + "max_duration: 5m\n", "a.yaml line 8: max_duration is '5m'; expected a whole number from 15 to 3600"},
      {"id: Two Words\n", "a.yaml line 1: id is 'Two Words'; expected 1 to 64 letters, digits, '-', '_', '.' or '@'"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.yaml);
    const auto agent = app::parse_agent(row.yaml, "a.yaml");
    REQUIRE(!agent.has_value());
    CHECK(agent.error().message == row.message);
  }
  CHECK(app::load_agent("/nowhere/a.yaml").error().message == "cannot read the agent file '/nowhere/a.yaml'");
}

TEST_CASE("the example agent says that it is an AI before anything else") {
  const Agent agent = app::example_agent();
  CHECK(agent.id.str() == "order-confirmation");
  CHECK(agent.disclosure.find("AI") != std::string::npos);
}
