#include "voice/template_text.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace callramp::voice;

TEST_CASE("places are filled and missing ones leave no trace") {
  const Fields fields{{"name", "Asha"}, {"city", " Pune\n"}, {"blank", "  "}, {"tricky", "{{name}} {{x}}"}};
  struct Row {
    std::string pattern;
    std::string text;
    std::vector<std::string> missing;
  };
  const std::vector<Row> table{{"", "", {}},
                               {"Hello.", "Hello.", {}},
                               {"Hello {{name}}!", "Hello Asha!", {}},
                               {"{{ name }} from {{city}}", "Asha from Pune", {}},
                               {"{{name}}{{name}}", "AshaAsha", {}},
                               {"Hello {{nick}}, welcome", "Hello, welcome", {"nick"}},
                               {"Hello {{blank}}.", "Hello.", {"blank"}},
                               {"Hello {{nick|friend}}!", "Hello friend!", {}},
                               {"Hello {{name|friend}}!", "Hello Asha!", {}},
                               {"{{nick}} and {{nick}}", "and", {"nick"}},
                               {"a {{nick}} b", "a b", {"nick"}},
                               {"Hello {{nick}}", "Hello", {"nick"}},
                               {"{{nick|}} you", "you", {"nick"}},
                               {"{{tricky}}", "{{name}} {{x}}", {}},
                               {"{{Name}} is not name", "is not name", {"Name"}},
                               {"open {{name", "open {{name", {}},
                               {"{ {name} }} {{}}", "{ {name} }}", {""}}};
  for (const Row& row : table) {
    CAPTURE(row.pattern);
    const FilledText filled = fill(row.pattern, fields);
    CHECK(filled.missing == row.missing);
    CHECK(filled.text == row.text);
  }
}

TEST_CASE("a value from a file is cleaned and cut") {
  const Fields fields{{"name",
                       "A\tB\x01"
                       "C" +
                           std::string(1000, 'x')}};
  const std::string text = fill("{{name}}", fields).text;
  CHECK(text.starts_with("A B Cx"));
  CHECK(text.size() == 300);
}
