#include "app/text_file.hpp"

#include <fmt/format.h>

#include <cctype>
#include <fstream>
#include <sstream>

namespace callramp::app {

Done<std::string> read_text_file(const std::string& name) {
  std::ifstream stream(name, std::ios::binary);
  std::ostringstream content;
  if (!stream || !(content << stream.rdbuf()))
    return refused(fmt::format("cannot read '{}'; check the name and that you may read it", name));
  return std::move(content).str();
}

std::string plain_column(std::string_view header) {
  std::string name;
  for (const char c : header)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

}  // namespace callramp::app
