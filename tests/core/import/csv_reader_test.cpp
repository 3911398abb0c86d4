// Records as RFC 4180 writes them and as the world does, whole and cut anywhere.
#include "core/import/csv_reader.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace callramp;
using import::CsvReader;
using import::CsvRecord;

namespace {

// "3: a|b" or "3! problem", a line each.
std::string read(std::string_view text, std::size_t step = 1'000'000, char separator = ',',
                 import::CsvLimits limits = {}) {
  CsvReader reader(separator, {}, limits);
  std::string out;
  CsvRecord record;
  std::size_t at = 0;
  for (;;) {
    switch (reader.next(record)) {
      case CsvReader::Got::end: return out;
      case CsvReader::Got::need_more:
        if (at == text.size()) {
          reader.finish();
        } else {
          reader.feed(text.substr(at, step));
          at = std::min(text.size(), at + step);
        }
        break;
      case CsvReader::Got::record:
        out += std::to_string(record.at.line);
        if (!record.problem.empty()) {
          out += "! " + record.problem + "\n";
          break;
        }
        out += ": ";
        for (std::size_t i = 0; i < record.fields.size(); ++i) out.append(i == 0 ? "" : "|").append(record.fields[i]);
        out += "\n";
    }
  }
}

}  // namespace

TEST_CASE("records come out the same wherever their text is cut") {
  struct {
    std::string_view text;
    std::string_view records;
  } const rows[] = {
      {"", ""},
      {"\n\r\n  \n\r", ""},
      {"a,b", "1: a|b\n"},
      {"a,b\r\nc,d\r\n", "1: a|b\n2: c|d\n"},
      {"a,b\rc,d", "1: a|b\n2: c|d\n"},
      {"a,b\n\nc,d\n", "1: a|b\n3: c|d\n"},
      {"a,,c,\n", "1: a||c|\n"},
      {",", "1: |\n"},
      {R"("a,b",c)", "1: a,b|c\n"},
      {R"("say ""hi""",c)", "1: say \"hi\"|c\n"},
      {R"("""",c)", "1: \"|c\n"},
      {"\"two\nlines\",c\nd,e", "1: two\nlines|c\n3: d|e\n"},
      {"\"two\r\nlines\",c\r\nd,e", "1: two\r\nlines|c\n3: d|e\n"},
      {"\"two\rlines\",c\rd,e", "1: two\rlines|c\n3: d|e\n"},
      {"\"two\n\nlines\"\n\"\"\nx", "1: two\n\nlines\n5: x\n"},
      {"a,b\"c\nd,e", "1! a quote in the middle of a field; put the field in quotes and double the quote\n2: d|e\n"},
      {"\"a\"b,c\nd,e", "1! text after a closing quote; double a quote that is part of the field\n2: d|e\n"},
      {"\"a,b\nd,e", "1! a quote that is never closed\n2: d|e\n"},
      {"\"a,b\r\nd,e\r\n\"x\r\ny,z\r\n",
       "1! text after a closing quote; double a quote that is part of the field\n2: d|e\n3! a quote that is never "
       "closed\n4: y|z\n"},
      {"\"", "1! a quote that is never closed\n"},
      {"a\n\"b", "1: a\n2! a quote that is never closed\n"},
  };
  for (const auto& row : rows)
    for (const std::size_t step : {1, 2, 3, 1000}) {
      CAPTURE(row.text);
      CAPTURE(step);
      CHECK(read(row.text, step) == row.records);
    }
}

TEST_CASE("a row that is too long costs itself and no memory") {
  const import::CsvLimits limits{.record_bytes = 1024, .fields = 5};
  struct {
    std::string text;
    std::string_view records;
  } const rows[] = {
      {std::string(5000, 'x') + "\na,b", "1! a row of more than 1 KiB\n2: a|b\n"},
      {"\"" + std::string(5000, 'x') + "\"\na,b", "1! a quote that is not closed within 1 KiB\n2: a|b\n"},
      {"\"open\n" + std::string(900, 'x') + "\n" + std::string(900, 'y'),
       "1! a quote that is not closed within 1 KiB\n2: "},
      {"1,2,3,4,5\n1,2,3,4,5,6\nz", "1: 1|2|3|4|5\n2! more than 5 fields in one row\n3: z\n"},
  };
  for (const auto& row : rows)
    for (const std::size_t step : {7, 100, 100'000}) {
      CAPTURE(step);
      CHECK(read(row.text, step, ',', limits).starts_with(row.records));
    }
  CHECK(read(std::string(1024 * 1024, 'x') + "\na", 64 * 1024) == "1! a row of more than 256 KiB\n2: a\n");
}

TEST_CASE("a reader that is made where another stood reads on as that one would") {
  const std::string text = "a,b\n\n\"two\nlines\",c\r\nbad\"quote\nd,e\rf,g";
  const std::string whole = read(text);
  for (std::size_t stop = 0; stop < 5; ++stop) {
    CsvReader first(',');
    first.feed(text);
    first.finish();
    CsvRecord record;
    for (std::size_t i = 0; i < stop; ++i) REQUIRE(first.next(record) == CsvReader::Got::record);
    CsvReader second(',', first.position());
    second.feed(std::string_view(text).substr(first.position().offset));
    second.finish();
    for (;;) {
      const auto expected = first.next(record);
      const auto at = record.at;
      const std::string problem = record.problem;
      CsvRecord again;
      REQUIRE(second.next(again) == expected);
      if (expected == CsvReader::Got::end) break;
      CHECK(again.at == at);
      CHECK(again.problem == problem);
    }
    CHECK(second.position() == first.position());
  }
}

TEST_CASE("the separator is what the first line has most of outside quotes") {
  struct {
    std::string_view text;
    char separator;
  } const rows[] = {
      {"phone,name", ','},     {"phone;name;city", ';'},         {"phone\tname", '\t'},       {"phone", ','}, {"", ','},
      {"\"a;b;c\",name", ','}, {"\n\nphone;name\na,b,c,d", ';'}, {"\"a\nb,c,d\";phone", ';'},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(import::detect_separator(row.text) == row.separator);
  }
}

TEST_CASE("Excel's own line says what separates") {
  struct {
    std::string_view text;
    char separator;
    std::size_t bytes;
  } const rows[] = {
      {"sep=;\r\nphone;name", ';', 7},
      {"sep=,\nphone", ',', 6},
      {"sep=\t\rphone", '\t', 6},
      {"\"sep=;\"\nphone", ';', 8},
      {"sep=;", ';', 5},
      {"sep=x\nphone", 0, 0},
      {"sep=,x\nphone", 0, 0},
      {"sep=", 0, 0},
      {"\"sep=;\nphone", 0, 0},
      {"", 0, 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(import::separator_line(row.text).separator == row.separator);
    CHECK(import::separator_line(row.text).bytes == row.bytes);
  }
}
