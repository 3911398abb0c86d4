// The documents are part of the product: a setting that they name must be one, and their examples must be read.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "app/config.hpp"

namespace callramp::app {
namespace {

std::string document(const std::string& path) {
  std::ifstream in(std::string(CALLRAMP_SOURCE_DIR) + "/" + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool is_setting(std::string name) {
  if (name.ends_with("_FILE") && is_setting(name.substr(0, name.size() - 5))) return true;
  return std::ranges::any_of(config_keys(), [&](const ConfigKey& key) { return key.name == name; });
}

TEST_CASE("every setting that the documents name exists") {
  int named = 0;
  for (const std::string path : {"README.md", "docs/real-providers.md", "docs/behind-nginx.md", "docs/routing.md",
                                 "docs/webhooks.md", "docs/operations.md"}) {
    const std::string text = document(path);
    REQUIRE_FALSE(text.empty());
    // `EXOTEL_SID`, `PUBLIC_URL=…`: capitals with an underscore between back quotes.
    const std::regex setting("`([A-Z]+(?:_[A-Z]+)+)[=`]");
    for (std::sregex_iterator at(text.begin(), text.end(), setting), end; at != end; ++at, ++named) {
      const std::string name = (*at)[1];
      if (name == "CALLRAMP_URL" || name == "CALLRAMP_TOKEN")
        continue;  // read by the client commands, not by the server
      CAPTURE(path);
      CAPTURE(name);
      CHECK(is_setting(name));
    }
  }
  CHECK(named > 10);
}

TEST_CASE("the configuration of docs/real-providers.md is a configuration") {
  const std::string text = document("docs/real-providers.md");
  const auto begin = text.find("```yaml\n");
  REQUIRE(begin != std::string::npos);
  const auto end = text.find("```", begin + 8);
  REQUIRE(end != std::string::npos);
  ConfigSources sources;
  sources.file = "callramp.yaml";
  sources.file_text = text.substr(begin + 8, end - begin - 8);
  sources.read_file = [](const std::string& path) -> Result<std::string> { return "secret of " + path + "\n"; };
  const auto config = parse_config(sources);
  REQUIRE_MESSAGE(config, config.error().message);
  CHECK(config->public_url == "https://calls.example.com");
  CHECK(config->exotel_api_key == "secret of /run/secrets/exotel-key");
  CHECK(config->exotel_virtual_number == "08012345678");
  CHECK(config->old_system_token == "secret of /run/secrets/old-system-token");
}

}  // namespace
}  // namespace callramp::app
