// Every encoding that a spreadsheet writes, whole and cut anywhere.
#include "core/import/text_decoder.hpp"

#include <doctest/doctest.h>

using namespace callramp;
using import::TextDecoder;
using namespace std::string_view_literals;

namespace {

std::string decoded(std::string_view bytes, std::size_t step) {
  TextDecoder decoder;
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += step) decoder.decode(bytes.substr(at, step), text);
  decoder.finish(text);
  return text;
}

}  // namespace

TEST_CASE("a contact list is text in whatever encoding a spreadsheet chose") {
  using enum TextDecoder::Encoding;
  struct {
    const char* what;
    std::string_view bytes;
    std::string_view text;
  } const rows[] = {
      {"nothing", ""sv, ""sv},
      {"one byte", "a"sv, "a"sv},
      {"UTF-8", "phone,naïve\n"sv, "phone,naïve\n"sv},
      {"UTF-8 with its mark", "\xEF\xBB\xBFphone"sv, "phone"sv},
      {"UTF-8 mark and nothing else", "\xEF\xBB\xBF"sv, ""sv},
      {"a mark in the middle stays", "a\xEF\xBB\xBF"sv, "a\xEF\xBB\xBF"sv},
      {"ill-formed UTF-8 passes", "a\xE9z"sv, "a\xE9z"sv},
      {"UTF-16 LE",
       "\xFF\xFE"
       "a\0\xE9\0\x09\x20"sv,
       "aé\xE2\x80\x89"sv},
      {"UTF-16 BE",
       "\xFE\xFF"
       "\0a\0\xE9"sv,
       "aé"sv},
      {"UTF-16 LE without a mark", "p\0h\0"sv, "ph"sv},
      {"UTF-16 BE without a mark", "\0p\0h"sv, "ph"sv},
      {"a surrogate pair", "\xFF\xFE\x3D\xD8\x00\xDE"sv, "\xF0\x9F\x98\x80"sv},
      {"a high surrogate alone",
       "\xFF\xFE\x3D\xD8"
       "a\0"sv,
       "\xFF"
       "a"sv},
      {"a low surrogate alone",
       "\xFF\xFE\x00\xDE"
       "a\0"sv,
       "\xFF"
       "a"sv},
      {"two high surrogates", "\xFF\xFE\x3D\xD8\x3D\xD8\x00\xDE"sv, "\xFF\xF0\x9F\x98\x80"sv},
      {"half a character at the end",
       "\xFF\xFE"
       "a\0b"sv,
       "a\xFF"sv},
      {"a high surrogate at the end", "\xFF\xFE\x3D\xD8"sv, "\xFF"sv},
  };
  for (const auto& row : rows)
    for (const std::size_t step : {1, 2, 3, 100}) {
      CAPTURE(row.what);
      CAPTURE(step);
      CHECK(decoded(row.bytes, step) == row.text);
    }
}
