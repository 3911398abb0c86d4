// `callramp doctor`: is everything there that a start and a call need?
#include <fmt/format.h>

#include <boost/json.hpp>
#include <ostream>

#include "app/commands/groups.hpp"
#include "app/doctor.hpp"
#include "app/table.hpp"

namespace callramp::app {
namespace {

// One finding per problem that the configuration has, or the configuration.
Result<Config> examine_configuration(const std::string& file, std::vector<Finding>& findings) {
  auto config = load_config(file);
  if (config) {
    findings.push_back({.check = "configuration",
                        .message = file.empty() ? "the environment alone is in order"
                                                : "'" + file + "' and the environment are in order"});
    return config;
  }
  std::string_view rest = config.error().message;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    findings.push_back({.level = Finding::Level::fail,
                        .check = "configuration",
                        .message = std::string(line),
                        .next = "correct it; everything else waits for that"});
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  return config;
}

void print(const std::vector<Finding>& findings, bool as_json, std::ostream& out) {
  if (as_json) {
    boost::json::array checks;
    bool healthy = true;
    for (const Finding& finding : findings) {
      healthy = healthy && finding.level != Finding::Level::fail;
      checks.push_back(boost::json::object{{"check", finding.check},
                                           {"level", to_string(finding.level)},
                                           {"message", finding.message},
                                           {"next", finding.next}});
    }
    out << boost::json::object{{"healthy", healthy}, {"checks", std::move(checks)}} << '\n';
    return;
  }
  for (const Finding& finding : findings) {
    out << fmt::format("{:<5} {:<14} {}\n", to_string(finding.level), finding.check, printable(finding.message));
    if (!finding.next.empty()) out << fmt::format("{:<21}→ {}\n", "", finding.next);
  }
}

Ran doctor(const Arguments& arguments, Terminal& terminal) {
  std::vector<Finding> findings;
  if (const auto config = examine_configuration(arguments.text("--config").value_or(""), findings)) {
    for (Finding& finding : examine_storage(*config)) findings.push_back(std::move(finding));
    for (Finding& finding : examine_network(*config)) findings.push_back(std::move(finding));
  }
  print(findings, arguments.has("--json"), terminal.out);
  for (const Finding& finding : findings)
    if (finding.level == Finding::Level::fail) return refused("");  // the lines above say it
  return {};
}

}  // namespace

void add_doctor_command(Command root) {
  root.add("doctor", "Look at configuration, storage, providers, clock and PUBLIC_URL, and say what to do")
      .option("--config", "FILE", "The server's configuration; the environment counts as well")
      .flag("--json", "One JSON object: healthy, checks")
      .example("callramp doctor --config callramp.yaml")
      .example("callramp doctor --json | jq '.checks[] | select(.level != \"ok\")'")
      .runs(doctor);
}

}  // namespace callramp::app
