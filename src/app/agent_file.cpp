#include "app/agent_file.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/ensure.hpp"
#include "embedded/agent.hpp"

namespace callramp::app {
namespace {

struct TextKey {
  std::string Agent::* field;
  bool required;
};

const std::map<std::string, TextKey, std::less<>>& text_keys() {
  static const std::map<std::string, TextKey, std::less<>> keys{
      {"name", {&Agent::name, true}},
      {"greeting", {&Agent::greeting, true}},
      {"disclosure", {&Agent::disclosure, true}},
      {"prompt", {&Agent::prompt, true}},
      {"goodbye", {&Agent::goodbye, false}},
      {"apology", {&Agent::apology, false}},
      {"language", {&Agent::language, false}},
      {"voice", {&Agent::voice, false}},
      {"model", {&Agent::model, false}},
      {"stt_model", {&Agent::stt_model, false}},
  };
  return keys;
}

std::string without_end_of_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();  // what a block of YAML leaves behind
  return text;
}

Status set_key(Agent& agent, const std::string& key, const std::string& value) {
  const auto whole = [&](int least, int most) -> Result<int> {
    int number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size() || number < least || number > most)
      return fail(ErrorCode::invalid_request,
                  fmt::format("{} is '{}'; expected a whole number from {} to {}", key, value, least, most));
    return number;
  };
  if (const auto text = text_keys().find(key); text != text_keys().end()) {
    if (value.empty()) return fail(ErrorCode::invalid_request, key + " is empty; expected a text");
    agent.*text->second.field = value;
  } else if (key == "id") {
    const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || std::string_view("-_.@").contains(c); };
    if (value.empty() || value.size() > 64 || !std::ranges::all_of(value, plain))
      return fail(ErrorCode::invalid_request,
                  "id is '" + value + "'; expected 1 to 64 letters, digits, '-', '_', '.' or '@'");
    agent.id = AgentId{value};
  } else if (key == "max_duration") {
    TRY(number, whole(15, 3600));
    agent.max_duration = seconds{number};
  } else if (key == "max_turns") {
    TRY(number, whole(1, 200));
    agent.max_turns = number;
  } else {
    return fail(ErrorCode::invalid_request, "unknown key '" + key + "'");
  }
  return {};
}

Result<Agent> read(const YAML::Node& root, const std::string& file) {
  if (!root.IsMap()) return fail(ErrorCode::invalid_request, file + ": must be a map of keys like 'name: Asha'");
  Agent agent;
  std::set<std::string> given;
  for (const auto& entry : root) {
    const std::string key = entry.first.as<std::string>("");
    const auto bad = [&](const std::string& why) {
      return fail(ErrorCode::invalid_request, fmt::format("{} line {}: {}", file, entry.first.Mark().line + 1, why));
    };
    if (!given.insert(key).second) return bad("'" + key + "' stands there twice");
    if (!entry.second.IsScalar()) return bad("'" + key + "' must have one plain value");
    if (const Status set = set_key(agent, key, without_end_of_line(entry.second.Scalar())); !set)
      return bad(set.error().message);
  }
  if (!given.contains("id")) return fail(ErrorCode::invalid_request, file + ": 'id' is missing");
  for (const auto& [key, text] : text_keys())
    if (text.required && !given.contains(key))
      return fail(ErrorCode::invalid_request, file + ": '" + key + "' is missing");
  return agent;
}

}  // namespace

Result<Agent> parse_agent(std::string_view yaml, const std::string& file) {
  try {
    return read(YAML::Load(std::string(yaml)), file);
  } catch (const YAML::Exception& error) {
    return fail(ErrorCode::invalid_request, fmt::format("{} line {}: {}", file, error.mark.line + 1, error.msg));
  }
}

Result<Agent> load_agent(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream content;
  if (!stream || !(content << stream.rdbuf()))
    return fail(ErrorCode::not_found, "cannot read the agent file '" + file + "'");
  return parse_agent(content.view(), file);
}

Agent example_agent() {
  auto agent = parse_agent(embedded::agent, "examples/agent.yaml");
  ENSURE(agent.has_value(), "the example that comes with the program is well-formed");
  return *std::move(agent);
}

}  // namespace callramp::app
