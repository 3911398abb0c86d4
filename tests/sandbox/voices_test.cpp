#include "sandbox/voices.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <boost/asio/io_context.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "async/run.hpp"
#include "audio/wav.hpp"
#include "sandbox/speech.hpp"

using namespace callramp;
using namespace callramp::sandbox;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "callramp-voices-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path / name, std::ios::binary) << bytes;
  }
};

NullLog quiet;

}  // namespace

TEST_CASE("a phrase is spoken with every word at its place") {
  struct Row {
    std::string text;
    std::string voice;
    std::size_t words;
  };
  const std::vector<Row> rows = {
      {"Hello, who is this?", "en-us+m3", 4},
      {"I am busy right now. Can you call me back at 5 pm on the 24th?", "en-us+f3@190", 16},
      {"My number is 9876543210, and I do not want any of it!", "en-gb", 12},
      {"Yes", "en-us", 1},
      {"haan boliye, main sun raha hoon", "hi", 6},
  };
  Voices voices({}, quiet);
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto phrase = voices.phrase(row.text, row.voice);
    REQUIRE(phrase);
    const Phrase& spoken = **phrase;
    CHECK(spoken.words.size() == row.words);
    CHECK(spoken.text == row.text);
    std::size_t end = 0;
    for (const SpokenWord& word : spoken.words) {
      CAPTURE(word.text);
      CHECK(word.start >= end);
      CHECK(word.end > word.start + 200);
      CHECK(word.end <= spoken.pcm->size());
      end = word.end;
    }
    CHECK(audio::dbov(*spoken.pcm) > -27.0);
    CHECK(audio::dbov(*spoken.pcm) < -18.0);
  }
}

TEST_CASE("a voice or text that cannot be spoken is refused by name") {
  struct Row {
    std::string text;
    std::string voice;
    std::string says;
  };
  const std::vector<Row> rows = {
      {"Hello", "zz-nobody", "zz-nobody"},   {"Hello", "../../etc/passwd", "is no voice's name"},
      {"Hello", "-w", "is no voice's name"}, {"Hello", "", "is no voice's name"},
      {"Hello", "en-us@12", "80 to 450"},    {"Hello", "en-us@fast", "80 to 450"},
      {" \n", "en-us", "needs a word"},      {std::string(longest_phrase_bytes + 1, 'a'), "en-us", "split it"},
  };
  Voices voices({}, quiet);
  for (const Row& row : rows) {
    CAPTURE(row.voice);
    const auto phrase = voices.phrase(row.text, row.voice);
    REQUIRE(!phrase);
    CHECK(phrase.error().code == ErrorCode::invalid_request);
    CHECK(phrase.error().message.find(row.says) != std::string::npos);
  }
  Voices without({.program = "/nonexistent/espeak-ng"}, quiet);
  const auto phrase = without.phrase("Hello");
  REQUIRE(!phrase);
  CHECK(phrase.error().code == ErrorCode::unavailable);
  CHECK(phrase.error().message.find("install") != std::string::npos);
}

TEST_CASE("a text is data and never a command or an option") {
  Voices voices({}, quiet);
  CHECK(voices.phrase("--help; touch /tmp/x $(reboot) `id` <speak> &amp; \"quoted\" 'so'"));
}

TEST_CASE("a stored phrase is read back without the program") {
  const Folder folder;
  PhrasePtr rendered;
  {
    Voices voices({.cache_folder = folder.path}, quiet);
    rendered = voices.phrase("Please leave a message.").value();
  }
  Voices voices({.cache_folder = folder.path, .program = "/nonexistent"}, quiet);
  const auto read = voices.phrase("Please leave a message.");
  REQUIRE(read);
  CHECK(*(*read)->pcm == *rendered->pcm);
  REQUIRE((*read)->words.size() == 4);
  CHECK((*read)->words[3].text == "message.");
  CHECK((*read)->words[3].start == rendered->words[3].start);
}

TEST_CASE("a damaged stored phrase is rendered again") {
  const Folder folder;
  Voices({.cache_folder = folder.path}, quiet).phrase("Good morning.").value();
  for (const auto& entry : std::filesystem::directory_iterator(folder.path))
    std::filesystem::resize_file(entry.path(), std::filesystem::file_size(entry.path()) / 2);
  CHECK(Voices({.cache_folder = folder.path}, quiet).phrase("Good morning."));
  Voices voices({.cache_folder = folder.path, .program = "/nonexistent"}, quiet);
  CHECK(voices.phrase("Good morning."));
}

TEST_CASE("a folder of recordings becomes phrases with the words beside them") {
  const Folder folder;
  Voices voices({}, quiet);
  const PhrasePtr hello = voices.phrase("Hello there friend").value();
  const std::string wav = audio::wav_bytes(*hello->pcm);
  folder.write("a.wav", wav);
  folder.write("a.txt", "hello there friend\n");
  folder.write("b.wav", wav);
  const auto loaded = voices.load_folder(folder.path);
  REQUIRE(loaded);
  REQUIRE(loaded->size() == 2);
  CHECK(loaded->at(0).name == "a.wav");
  CHECK(loaded->at(0).phrase->text == "hello there friend");
  CHECK(loaded->at(0).phrase->words.size() == 3);
  CHECK(loaded->at(1).phrase->text.empty());
  CHECK(loaded->at(1).phrase->words.empty());

  folder.write("d.wav", "no sound at all");
  const auto broken = voices.load_folder(folder.path);
  REQUIRE(!broken);
  CHECK(broken.error().message.find("d.wav") != std::string::npos);
  CHECK(!voices.load_folder("/nonexistent"));
}

TEST_CASE("listeners hear of a phrase before its caller has it and once only") {
  Voices voices({}, quiet);
  std::vector<std::string> heard;
  voices.on_phrase([&](const PhrasePtr& phrase) { heard.push_back(phrase->text); });
  REQUIRE(voices.phrase("One moment"));
  REQUIRE(voices.phrase("One moment"));
  CHECK(heard == std::vector<std::string>{"One moment"});
}

TEST_CASE("a phrase is made on another thread without blocking the loop") {
  Voices voices({}, quiet);
  asio::io_context context;
  Result<PhrasePtr> made;
  asio::co_spawn(
      context, [&]() -> Awaitable<void> { made = co_await voices.phrase_async("Just a second"); },
      [](std::exception_ptr) {});
  context.run();
  REQUIRE(made);
  CHECK((*made)->words.size() == 3);
}
