// Uploads on the disk: kept or gone, packed or not, and what packs too well.
#include "adapters/spool/spool_folder.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

using namespace callramp;

namespace {

struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "callramp-spool-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::size_t files() const {
    std::size_t count = 0;
    if (std::filesystem::exists(path / "imports"))
      for (const auto& entry : std::filesystem::directory_iterator(path / "imports")) count += entry.is_regular_file();
    return count;
  }
  std::filesystem::path path;
};

std::string packed(std::string text) {
  z_stream stream{};
  REQUIRE(::deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(::deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(::deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

std::string list(int rows) {
  std::string text = "phone,name\n";
  for (int i = 0; i < rows; ++i)
    text += "+9198765" + std::to_string(10000 + i * 7919 % 89999) + ",Name " + std::to_string(i) + "\n";
  return text;
}

// What is read back of a file with these bytes, or the error.
std::string read_back(const std::string& bytes) {
  Folder folder;
  spool::SpoolFolder files({.folder = (folder.path / "imports").string(), .most_inflation = 100});
  {
    auto writer = files.create("a");
    REQUIRE(writer);
    REQUIRE((*writer)->write(bytes));
    REQUIRE((*writer)->keep());
    CHECK((*writer)->bytes() == static_cast<std::int64_t>(bytes.size()));
  }
  auto reader = files.open("a");
  REQUIRE(reader);
  std::string text;
  for (;;) {
    const auto piece = (*reader)->read();
    if (!piece) return "error: " + piece.error().message;
    if (piece->empty()) break;
    text += *piece;
  }
  CHECK((*reader)->bytes_read() == static_cast<std::int64_t>(bytes.size()));
  return text;
}

}  // namespace

TEST_CASE("an upload is read back as it was, packed by gzip or not") {
  const std::string text = list(40'000);
  CHECK(read_back("") == "");
  CHECK(read_back("phone\n") == "phone\n");
  CHECK(read_back(text) == text);
  CHECK(read_back(packed(text)) == text);
  CHECK(read_back(packed("")) == "");
  CHECK(read_back(packed(text) + packed("more\n")) == text + "more\n");
  CHECK(read_back(packed(text) + std::string(512, '\0')) == text);
}

TEST_CASE("a damaged or overblown gzip file is an error that says so") {
  const std::string whole = packed(list(5'000));
  CHECK(read_back(whole.substr(0, whole.size() / 2)) ==
        "error: the gzip file is damaged: it is cut off; pack it again");
  std::string bent = whole;
  bent[bent.size() / 2] = static_cast<char>(bent[bent.size() / 2] ^ 0x55);
  CHECK(read_back(bent).starts_with("error: the gzip file is damaged: "));
  CHECK(read_back("\x1F\x8Bnot at all").starts_with("error: the gzip file is damaged: "));
  CHECK(read_back(whole + "tail").starts_with("error: the gzip file is damaged: "));
  CHECK(read_back(packed(std::string(64 * 1024 * 1024, ' '))) ==
        "error: the file unpacks to more than 100 times its size, which no list does; import it unpacked");
}

TEST_CASE("what was not kept is gone, and so is what nobody wants") {
  Folder folder;
  spool::SpoolFolder files({.folder = (folder.path / "imports").string()});
  {
    auto writer = files.create("half");
    REQUIRE(writer);
    REQUIRE((*writer)->write("phone\n"));
    CHECK(folder.files() == 1);
  }
  CHECK(folder.files() == 0);
  for (const char* name : {"a", "b", "c"}) {
    auto writer = files.create(name);
    REQUIRE(writer);
    REQUIRE((*writer)->keep());
  }
  files.keep_only({"b", "gone"});
  CHECK(folder.files() == 1);
  CHECK(files.open("b"));
  CHECK(files.open("a").error().code == ErrorCode::unavailable);
  CHECK(files.create("b").error().code == ErrorCode::unavailable);
  files.remove("b");
  CHECK(folder.files() == 0);
  const auto mode = std::filesystem::status(folder.path / "imports").permissions();
  CHECK((mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all)) ==
        std::filesystem::perms::none);
}

TEST_CASE("a folder that cannot be had is an error that names the file") {
  Folder folder;
  std::ofstream(folder.path / "imports") << "a file";
  spool::SpoolFolder files({.folder = (folder.path / "imports").string()});
  CHECK(files.create("a").error().message.find("imports/a") != std::string::npos);
}
