#include "floors.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace callramp::house {
namespace {

/// What the rules say about one file; all sentences joined, so that a row can hold them.
std::string said(std::string path, std::string text) {
  std::string all;
  for (const auto& sentence : broken_rules({{std::move(path), std::move(text)}}))
    all += (all.empty() ? "" : " | ") + sentence;
  return all;
}

TEST_CASE("the sources keep to their floors") {
  std::vector<SourceFile> files;
  for (const auto* folder : {"src", "tests", "bench"})
    for (auto& file : read_sources(CALLRAMP_SOURCE_DIR, folder)) files.push_back(std::move(file));
  // An empty reading would find nothing wrong.
  REQUIRE(files.size() > 40);
  for (const auto& sentence : broken_rules(files)) FAIL_CHECK(sentence);
}

TEST_CASE("a broken arrow is named with its file, its line and what is allowed") {
  CHECK(said("src/core/x.cpp", "#include <vector>\n#include \"net/http.hpp\"\n") ==
        "src/core/x.cpp:2 includes net/http.hpp: core may include base only");
  CHECK(said("src/base/x.cpp", "#include \"core/flags/flags.hpp\"\n") ==
        "src/base/x.cpp:1 includes core/flags/flags.hpp: base may include the standard library only");
  CHECK(said("src/api/x.cpp", "#include \"adapters/sql/store.hpp\"\n") ==
        "src/api/x.cpp:1 includes adapters/sql/store.hpp: api may include engine, ports, wire, core, base, net and "
        "async only");
  CHECK(said("src/adapters/deepgram/x.cpp", "#include \"adapters/openai/y.hpp\"\n").find("never includes another") !=
        std::string::npos);
  CHECK(said("src/adapters/deepgram/x.cpp", "#include \"adapters/common/json_read.hpp\"\n").empty());
  CHECK(said("src/adapters/common/x.cpp", "#include \"adapters/openai/y.hpp\"\n").find("never includes another") !=
        std::string::npos);
  CHECK(said("src/cellar/x.cpp", "#include \"base/ids.hpp\"\n").find("src/cellar is not one") != std::string::npos);
  CHECK(said("src/core/flags/x.cpp", "#include \"flags.hpp\"\n").find("from src/, by floor") != std::string::npos);
}

TEST_CASE("every floor below is forbidden to look up") {
  struct Row {
    const char* from;
    const char* to;
  };
  for (const Row& row : std::vector<Row>{{"base", "core"},
                                         {"core", "ports"},
                                         {"ports", "async"},
                                         {"async", "core"},
                                         {"audio", "core"},
                                         {"voice", "ports"},
                                         {"net", "core"},
                                         {"engine", "net"},
                                         {"engine", "adapters"},
                                         {"adapters", "engine"},
                                         {"adapters", "voice"},
                                         {"api", "adapters"},
                                         {"api", "sandbox"},
                                         {"sandbox", "adapters"},
                                         {"sandbox", "engine"},
                                         {"sandbox", "app"}}) {
    CAPTURE(row.from);
    CAPTURE(row.to);
    const std::string path = "src/" + std::string(row.from) + "/x.cpp";
    CHECK(said(path, "#include \"" + std::string(row.to) + "/y.hpp\"\n") != "");
    CHECK(said(path, "  #  include \"" + std::string(row.to) + "/y.hpp\"") != "");
  }
}

TEST_CASE("arrows of the design are allowed") {
  struct Row {
    const char* path;
    const char* include;
  };
  for (const Row& row : std::vector<Row>{{"src/core/flags/x.cpp", "#include \"core/flags/flags.hpp\"\n"},
                                         {"src/core/x.cpp", "#include \"base/time.hpp\"\n"},
                                         {"src/core/x.cpp", "#include <boost/math/distributions/beta.hpp>\n"},
                                         {"src/ports/x.hpp", "#include <boost/asio/awaitable.hpp>\n"},
                                         {"src/net/x.cpp", "#include <boost/beast/core.hpp>\n"},
                                         {"src/adapters/sql/x.cpp", "#include <soci/soci.h>\n"},
                                         {"src/adapters/exotel/x.cpp", "#include \"adapters/exotel/y.hpp\"\n"},
                                         {"src/adapters/exotel/x.cpp", "// Exotel writes \"null\" here.\n"},
                                         {"src/sandbox/x.cpp", "// Deepgram's messages\n"},
                                         {"src/app/main.cpp", "#include \"sandbox/sandbox.hpp\"\n"},
                                         {"src/app/main.cpp", "#include \"embedded/prices.hpp\"\n"},
                                         {"tests/net/x.cpp", "#include \"net/http.hpp\"\n// Exotel\n"}}) {
    CAPTURE(row.path);
    CHECK(said(row.path, row.include) == "");
  }
}

TEST_CASE("outside libraries stay where they belong") {
  struct Row {
    const char* path;
    const char* header;
  };
  for (const Row& row : std::vector<Row>{{"src/net/x.cpp", "boost/beast.hpp"},
                                         {"src/net/x.cpp", "boost/asio.hpp"},
                                         {"src/app/x.cpp", "boost/asio.hpp"},
                                         {"src/api/x.cpp", "boost/beast/http/fields.hpp"},
                                         {"src/ports/x.hpp", "boost/asio/io_context.hpp"},
                                         {"src/core/x.cpp", "boost/asio/awaitable.hpp"},
                                         {"src/core/x.cpp", "boost/json.hpp"},
                                         {"src/engine/x.cpp", "boost/json.hpp"},
                                         {"src/core/x.cpp", "random"},
                                         {"src/base/x.cpp", "boost/container/small_vector.hpp"},
                                         {"src/engine/x.cpp", "soci/soci.h"},
                                         {"src/engine/x.cpp", "spdlog/spdlog.h"},
                                         {"src/api/x.cpp", "prometheus/counter.h"},
                                         {"src/app/x.cpp", "openssl/evp.h"}}) {
    CAPTURE(row.path);
    CAPTURE(row.header);
    CHECK(said(row.path, "#include <" + std::string(row.header) + ">\n") != "");
  }
}

TEST_CASE("a vendor's name outside its folder is found in any case and in comments") {
  CHECK(said("src/engine/x.cpp", "\n// as Exotel does\n") ==
        "src/engine/x.cpp:2 names exotel: a vendor's name stays in src/adapters/exotel, src/sandbox and src/app");
  CHECK(said("src/ports/x.hpp", "class DeepgramClient;\n") != "");
  CHECK(said("src/api/x.cpp", "auto OPENAI = 1;\n") != "");
  CHECK(said("src/adapters/exotel/x.cpp", "// unlike Twilio\n") != "");
}

TEST_CASE("the system's clock is asked in async alone") {
  CHECK(said("src/engine/x.cpp", "auto t = std::chrono::steady_clock::now();\n") != "");
  CHECK(said("src/async/clock.cpp", "auto t = std::chrono::system_clock::now();\n") == "");
}

TEST_CASE("a file of more than 500 lines is named") {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "\n";
  CHECK(said("tests/x/y.cpp", text) == "");
  CHECK(said("tests/x/y.cpp", text + "\n").find("has 501 lines") != std::string::npos);
}

}  // namespace
}  // namespace callramp::house
