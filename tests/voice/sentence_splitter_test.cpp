#include "voice/sentence_splitter.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "voice/text.hpp"

using namespace callramp::voice;

namespace {

using Pieces = std::vector<std::string>;

Pieces split(std::string_view text, std::size_t delta) {
  SentenceSplitter splitter;
  Pieces pieces;
  for (std::size_t at = 0; at < text.size(); at += delta)
    for (std::string& piece : splitter.feed(text.substr(at, delta))) pieces.push_back(std::move(piece));
  if (auto rest = splitter.flush()) pieces.push_back(std::move(*rest));
  return pieces;
}

}  // namespace

TEST_CASE("text becomes sentences whatever the size of the fragments") {
  struct Row {
    std::string text;
    Pieces pieces;
  };
  const std::vector<Row> table{
      {"", {}},
      {"   \n ", {}},
      {"...", {}},
      {"Hello", {"Hello"}},
      {"Hello. How are you? Fine!", {"Hello.", "How are you?", "Fine!"}},
      {"It costs 3.5 lakh. Or 1,000 rupees.", {"It costs 3.5 lakh.", "Or 1,000 rupees."}},
      {"Dr. Rao and Mrs. Sen are in. Come.", {"Dr. Rao and Mrs. Sen are in.", "Come."}},
      {"Pay Rs. 500 to J. Smith. Thanks.", {"Pay Rs. 500 to J. Smith.", "Thanks."}},
      {"Come at 5 p.m. today. Or 6 p.m. We wait.", {"Come at 5 p.m. today.", "Or 6 p.m.", "We wait."}},
      {"Fruit, nuts, etc. are here. Tea, etc. Bye.", {"Fruit, nuts, etc. are here.", "Tea, etc.", "Bye."}},
      {"Order no. 12 is ready. No. It is not.", {"Order no. 12 is ready.", "No.", "It is not."}},
      {"See example.com for more. Yes.", {"See example.com for more.", "Yes."}},
      {"So am I. And you?", {"So am I.", "And you?"}},
      {"नमस्ते। आप कैसे हैं? ठीक है।", {"नमस्ते।", "आप कैसे हैं?", "ठीक है।"}},
      {"He said \"Stop.\" Then he left.", {"He said \"Stop.\"", "Then he left."}},
      {"Well... Maybe. Hm… Fine.", {"Well...", "Maybe.", "Hm…", "Fine."}},
      {"We have:\n1. Tea\n2. Coffee", {"We have:", "1. Tea", "2. Coffee"}},
      {"- **Tea** is `hot`\n# Coffee", {"Tea is hot", "Coffee"}},
      {"It is\n-5 degrees.", {"It is", "-5 degrees."}},
      {"Great!!! Really.", {"Great!!!", "Really."}},
      {"One.  \t Two.", {"One.", "Two."}}};
  for (const Row& row : table)
    for (std::size_t delta : {1u, 2u, 3u, 7u, 1000u}) {
      CAPTURE(row.text);
      CAPTURE(delta);
      Pieces pieces = split(row.text, delta);
      // Exclamation marks that come one by one cannot stay with their sentence without waiting; they have no sound.
      for (std::string& piece : pieces)
        while (piece.ends_with("!!")) piece.pop_back();
      Pieces expected = row.pieces;
      for (std::string& piece : expected)
        while (piece.ends_with("!!")) piece.pop_back();
      CHECK(pieces == expected);
    }
}

TEST_CASE("a sentence leaves with the fragment that completes it") {
  SentenceSplitter splitter;
  CHECK(splitter.feed("Yes").empty());
  CHECK(splitter.feed(", of course!") == Pieces{"Yes, of course!"});
  CHECK(splitter.feed(" It costs 3.").empty());
  CHECK(splitter.feed("5 lakh.").empty());
  CHECK(splitter.feed(" ") == Pieces{"It costs 3.5 lakh."});
  CHECK(splitter.feed("ठीक है।") == Pieces{"ठीक है।"});
  CHECK(splitter.feed("Bye.").empty());
  CHECK(splitter.flush() == "Bye.");
  CHECK_FALSE(splitter.flush());
}

TEST_CASE("only the first piece may leave at a comma and only when it is long enough") {
  SentenceSplitter splitter;
  CHECK(splitter.feed("Sure, I can help you with your order today, ") ==
        Pieces{"Sure, I can help you with your order today,"});
  CHECK(splitter.feed("and I can also change the address of the delivery, or its time").empty());
  CHECK(splitter.flush() == "and I can also change the address of the delivery, or its time");
  // The next reply begins afresh.
  CHECK(splitter.feed("It will be with you by tomorrow in the evening, 8,000 of them") ==
        Pieces{"It will be with you by tomorrow in the evening,"});
}

TEST_CASE("text without any end is cut at a space and in the last resort anywhere") {
  std::string words;
  for (int i = 0; i < 300; ++i) words += "word ";
  Pieces pieces = split(words, 5);
  CHECK(pieces.size() >= 3);
  for (const std::string& piece : pieces) CHECK(piece.size() <= 405);

  pieces = split(std::string(5000, 'x'), 100);
  CHECK(pieces.size() >= 5);
  for (const std::string& piece : pieces) CHECK(piece.size() <= 1000);

  std::string hindi;
  for (int i = 0; i < 2000; ++i) hindi += "क";
  for (const std::string& piece : split(hindi, 7)) CHECK(piece.size() % 3 == 0);
}

TEST_CASE("a whole text is split without the early break of the first piece") {
  CHECK(sentences_of("Hello Asha, this is the clinic calling about tomorrow, and your visit. Is it fine?") ==
        Pieces{"Hello Asha, this is the clinic calling about tomorrow, and your visit.", "Is it fine?"});
  CHECK(sentences_of("").empty());
}

TEST_CASE("any bytes give pieces that can be spoken") {
  std::string bytes;
  std::uint32_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    state = state * 1664525u + 1013904223u;
    bytes += static_cast<char>(state >> 24);
  }
  for (const std::string& piece : split(bytes, 13)) CHECK(is_speakable(piece));
}
