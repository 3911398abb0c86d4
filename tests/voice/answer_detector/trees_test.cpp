#include "voice/answer_detector/trees.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "voice/answer_detector/answer_detector.hpp"

namespace callramp::voice {
namespace {

FeatureValues with(std::string_view name, float value) {
  FeatureValues values{};
  values[static_cast<std::size_t>(std::find(feature_names.begin(), feature_names.end(), name) -
                                  feature_names.begin())] = value;
  return values;
}

TEST_CASE("trees add up their leaves and calibration comes last") {
  const auto trees = Trees::parse(
      "# a comment\nbase 0.5\nscale 2\nshift -1\ntree\nsplit runs 3 1 2\nleaf 1\nleaf -1\ntree\nleaf 0.25\n");
  REQUIRE(trees.has_value());
  CHECK(trees->size() == 2);
  CHECK(trees->score(with("runs", 2)) == doctest::Approx(2 * (0.5 + 1 + 0.25) - 1));
  CHECK(trees->score(with("runs", 3)) == doctest::Approx(2 * (0.5 - 1 + 0.25) - 1));
}

TEST_CASE("a model that is not whole is refused with its line") {
  struct Row {
    const char* text;
    const char* said;
  };
  for (const Row& row :
       {Row{"", "line 0: the last tree is not complete"}, Row{"tree\n", "line 1: the last tree is not complete"},
        Row{"tree\nsplit runs 3 1 2\nleaf 1\n", "line 3: the last tree is not complete"},
        Row{"tree\nsplit runs 3 0 1\nleaf 1\n", "line 3: the last tree is not complete"},
        Row{"tree\ntree\nleaf 1\n", "line 2: the tree before it is not complete"},
        Row{"tree\nsplit loudness 3 1 2\n", "line 2: no feature is called loudness"},
        Row{"tree\nleaf much\n", "line 2: a leaf is: leaf NUMBER"},
        Row{"tree\nsplit runs 3 1\n", "line 2: it is none of"}, Row{"leaf 1\n", "line 1: it is none of"},
        Row{"base nan\n", "line 1: it needs a number"}}) {
    INFO(row.text);
    const auto trees = Trees::parse(row.text);
    REQUIRE_FALSE(trees.has_value());
    CHECK(trees.error().message.find(row.said) != std::string::npos);
  }
}

TEST_CASE("the built-in model is whole") { CHECK(built_in_model().size() > 10); }

}  // namespace
}  // namespace callramp::voice
