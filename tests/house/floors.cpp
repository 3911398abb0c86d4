#include "floors.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>

namespace callramp::house {
namespace {

using Names = std::vector<std::string_view>;

struct Floor {
  std::string_view name;
  Names may_include;  ///< floors beside itself
};

const std::vector<Floor> floors{
    {"base", {}},
    {"core", {"base"}},
    {"ports", {"core", "base"}},
    {"async", {"base"}},
    {"audio", {"base"}},
    {"voice", {"audio", "core", "base"}},
    {"wire", {"core", "base"}},
    {"net", {"async", "base"}},
    {"engine", {"voice", "ports", "async", "core", "base"}},
    {"adapters", {"ports", "net", "async", "audio", "wire", "core", "base"}},
    {"api", {"engine", "ports", "wire", "core", "base", "net", "async"}},
    {"sandbox", {"net", "async", "audio", "wire", "core", "base"}},
    {"app",
     {"api", "sandbox", "adapters", "engine", "voice", "ports", "net", "async", "audio", "wire", "core", "base"}},
};

/// A header from outside, by the beginning of its name, and the only floors (or files) that may include it.
struct Outside {
  std::string_view prefix;
  Names allowed;
  std::string_view why;
};

const std::vector<Outside> outside{
    // The whole library in one header costs every file that sees it ten seconds.
    {"boost/asio.hpp", {}, "include the single headers of Asio"},
    {"boost/beast.hpp", {}, "include the single headers of Beast, in net"},
    {"boost/beast", {"net"}, "only net includes Beast"},
    {"boost/asio/awaitable.hpp",
     {"ports", "async", "net", "engine", "adapters", "api", "sandbox", "app"},
     "decisions and signal processing know no coroutines"},
    {"boost/asio",
     {"async", "net", "engine", "adapters", "api", "sandbox", "app"},
     "ports take <boost/asio/awaitable.hpp> alone, the floors below nothing of Asio"},
    {"boost/json", {"wire", "net", "adapters", "api", "sandbox", "app"}, "JSON is read and written at the edges"},
    {"boost/math", {"core", "app"}, "statistics are decisions"},
    {"boost/",
     {"async", "wire", "net", "adapters", "api", "sandbox", "app", "engine", "ports"},
     "this floor stands without Boost"},
    {"soci/", {"adapters"}, "SQL is an adapter's"},
    {"sqlite3.h", {"adapters"}, "SQL is an adapter's"},
    {"prometheus/", {"adapters"}, "metrics are a port"},
    {"phonenumbers/", {"adapters"}, "the phone directory is a port"},
    {"openssl/", {"net"}, "TLS and digests are net's"},
    {"spdlog/", {"app"}, "logs go through base/log.hpp"},
    {"CLI/", {"app"}, "commands live in app"},
    {"yaml-cpp/", {"app", "sandbox", "adapters"}, "configuration is parsed once"},
    {"sndfile", {"audio"}, "audio files are audio's"},
    {"speex/", {"audio"}, "resampling is audio's"},
    {"date/", {"adapters"}, "time zones are a port"},
    {"random", {}, "randomness comes in through base/random.hpp"},
};

/// Names that belong to one folder of adapters/ (and to sandbox and app): a vendor can be deleted with its folder.
const Names vendors{"exotel", "deepgram", "openai", "twilio", "plivo"};
/// Floors that must run on a virtual clock.
const Names clockless{"base", "core", "ports", "audio", "voice", "engine", "api"};
constexpr std::size_t longest_file = 500;

bool contains(const Names& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

std::string listed(const Names& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

/// "core" of "src/core/flags/bucket.cpp"; empty for what lies elsewhere.
std::string_view floor_of(std::string_view path) {
  if (!path.starts_with("src/")) return {};
  path.remove_prefix(4);
  return path.substr(0, path.find('/'));
}

/// "exotel" of "adapters/exotel/media.hpp".
std::string_view adapter_of(std::string_view path) {
  const auto at = path.find("adapters/");
  if (at == std::string_view::npos) return {};
  path.remove_prefix(at + 9);
  return path.substr(0, path.find('/'));
}

struct Include {
  std::string_view header;
  bool quoted = false;
};

std::optional<Include> include_of(std::string_view line) {
  const auto skip_blanks = [&] {
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  };
  skip_blanks();
  if (!line.starts_with('#')) return std::nullopt;
  line.remove_prefix(1);
  skip_blanks();
  if (!line.starts_with("include")) return std::nullopt;
  line.remove_prefix(7);
  skip_blanks();
  if (line.empty() || (line.front() != '"' && line.front() != '<')) return std::nullopt;
  const bool quoted = line.front() == '"';
  line.remove_prefix(1);
  const auto end = line.find(quoted ? '"' : '>');
  if (end == std::string_view::npos) return std::nullopt;
  return Include{line.substr(0, end), quoted};
}

std::optional<std::string> broken_own(std::string_view path, std::string_view header) {
  const auto from = floor_of(path);
  const auto to = header.substr(0, header.find('/'));
  const auto here = std::ranges::find(floors, from, &Floor::name);
  if (here == floors.end()) return "lies on no floor: src/" + std::string(from) + " is not one";
  // Files of the repository that CMake writes into a header: examples, schemas, pages.
  if (to == "embedded" && (from == "app" || from == "api" || from == "voice")) return std::nullopt;
  const bool known = std::ranges::find(floors, to, &Floor::name) != floors.end();
  if (!known) return "includes " + std::string(header) + ": own headers are included from src/, by floor";
  if (from == "core" && header == "base/log.hpp") return "includes base/log.hpp: a decision returns, it does not log";
  // adapters/common holds what several vendors' adapters need and names no vendor.
  if (from == "adapters" && to == "adapters" && adapter_of(path) != adapter_of(header) &&
      adapter_of(header) != "common")
    return "includes " + std::string(header) + ": an adapter never includes another";
  // The name Awaitable, which is <boost/asio/awaitable.hpp> and nothing else.
  if (from == "ports" && header == "async/executor.hpp") return std::nullopt;
  if (from == to || contains(here->may_include, to)) return std::nullopt;
  return "includes " + std::string(header) + ": " + std::string(from) + " may include " +
         (here->may_include.empty() ? "the standard library only" : listed(here->may_include) + " only");
}

std::optional<std::string> broken_outside(std::string_view path, std::string_view header) {
  const auto from = floor_of(path);
  for (const Outside& rule : outside) {
    const bool exact = rule.prefix == "random" || rule.prefix.ends_with(".hpp");
    if (exact ? header != rule.prefix : !header.starts_with(rule.prefix)) continue;
    if (contains(rule.allowed, from)) return std::nullopt;
    return "includes <" + std::string(header) + ">: " + std::string(rule.why);
  }
  return std::nullopt;
}

std::optional<std::string> broken_name(std::string_view path, const std::string& lower_case_line) {
  const auto from = floor_of(path);
  if (from == "sandbox" || from == "app") return std::nullopt;
  for (const auto vendor : vendors) {
    if (lower_case_line.find(vendor) == std::string::npos || adapter_of(path) == vendor) continue;
    return "names " + std::string(vendor) + ": a vendor's name stays in src/adapters/" + std::string(vendor) +
           ", src/sandbox and src/app";
  }
  return std::nullopt;
}

void check_lines(const SourceFile& file, std::vector<std::string>& broken) {
  std::string_view rest = file.text;
  std::size_t number = 0;
  const auto floor = floor_of(file.path);
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    ++number;
    if (floor.empty()) continue;
    const auto report = [&](const std::optional<std::string>& what) {
      if (what) broken.push_back(file.path + ":" + std::to_string(number) + " " + *what);
    };
    if (const auto include = include_of(line))
      report(include->quoted ? broken_own(file.path, include->header) : broken_outside(file.path, include->header));
    std::string lower(line);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    report(broken_name(file.path, lower));
    if (contains(clockless, floor) && line.find("_clock::now(") != std::string_view::npos)
      report("asks the system's clock: time comes in as an argument or through async/clock.hpp");
  }
  if (number > longest_file)
    broken.push_back(file.path + " has " + std::to_string(number) + " lines: above " + std::to_string(longest_file) +
                     " a file is usually two things");
}

}  // namespace

std::vector<std::string> broken_rules(const std::vector<SourceFile>& files) {
  std::vector<std::string> broken;
  for (const SourceFile& file : files) check_lines(file, broken);
  return broken;
}

std::vector<SourceFile> read_sources(const std::string& root, const std::string& folder) {
  static const std::set<std::string> kinds{".cpp", ".hpp", ".js", ".mjs", ".ts", ".svelte"};
  std::vector<SourceFile> files;
  const auto top = std::filesystem::path(root);
  auto entry = std::filesystem::recursive_directory_iterator(top / folder);
  for (; entry != std::filesystem::recursive_directory_iterator(); ++entry) {
    if (entry->path().filename() == "node_modules") entry.disable_recursion_pending();
    if (!entry->is_regular_file() || !kinds.contains(entry->path().extension().string())) continue;
    std::ifstream in(entry->path(), std::ios::binary);
    files.push_back({.path = entry->path().lexically_relative(top).string(),
                     .text = {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()}});
  }
  std::ranges::sort(files, {}, &SourceFile::path);
  return files;
}

}  // namespace callramp::house
