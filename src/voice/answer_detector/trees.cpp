#include "voice/answer_detector/trees.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "voice/text.hpp"

namespace callramp::voice {

namespace {

bool read(std::string_view word, float& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc{} && end == word.data() + word.size() && std::isfinite(value);
}
bool read(std::string_view word, std::int32_t& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc{} && end == word.data() + word.size();
}

}  // namespace

// base|scale|shift NUMBER; tree; split FEATURE NUMBER LEFT RIGHT; leaf NUMBER. Children are counted from the tree's
// first node and come after their parent, so no walk can go in circles.
Result<Trees> Trees::parse(std::string_view text) {
  Trees trees;
  std::size_t line_number = 0;
  std::int32_t first = 0;
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorCode::invalid_request,
                "detector model, line " + std::to_string(line_number) + ": " + std::string(what));
  };
  const auto closed = [&] {
    const auto count = static_cast<std::int32_t>(trees.nodes_.size());
    if (!trees.roots_.empty() && count == first) return false;
    for (std::int32_t i = first; i < count; ++i) {
      const Node& node = trees.nodes_[static_cast<std::size_t>(i)];
      if (node.feature >= 0 && (node.left <= i || node.right <= i || node.left >= count || node.right >= count))
        return false;
    }
    return true;
  };
  while (!text.empty()) {
    ++line_number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty() || words[0].starts_with('#')) continue;
    if (words[0] == "tree" && words.size() == 1) {
      if (!closed()) return wrong("the tree before it is not complete");
      first = static_cast<std::int32_t>(trees.nodes_.size());
      trees.roots_.push_back(first);
    } else if (words[0] == "split" && words.size() == 5 && !trees.roots_.empty()) {
      const auto feature = std::find(feature_names.begin(), feature_names.end(), words[1]);
      if (feature == feature_names.end()) return wrong("no feature is called " + std::string(words[1]));
      Node node{.feature = static_cast<std::int32_t>(feature - feature_names.begin())};
      if (!read(words[2], node.value) || !read(words[3], node.left) || !read(words[4], node.right))
        return wrong("a split is: split FEATURE NUMBER LEFT RIGHT");
      node.left += first;
      node.right += first;
      trees.nodes_.push_back(node);
    } else if (words[0] == "leaf" && words.size() == 2 && !trees.roots_.empty()) {
      Node node;
      if (!read(words[1], node.value)) return wrong("a leaf is: leaf NUMBER");
      trees.nodes_.push_back(node);
    } else if (words.size() == 2 && (words[0] == "base" || words[0] == "scale" || words[0] == "shift")) {
      float& target = words[0] == "base" ? trees.base_ : words[0] == "scale" ? trees.scale_ : trees.shift_;
      if (!read(words[1], target)) return wrong("it needs a number");
    } else {
      return wrong("it is none of base, scale, shift, tree, split, leaf");
    }
  }
  if (trees.roots_.empty() || !closed()) return wrong("the last tree is not complete");
  return trees;
}

float Trees::score(const FeatureValues& values) const {
  float sum = base_;
  for (std::int32_t at : roots_) {
    const Node* node = &nodes_[static_cast<std::size_t>(at)];
    while (node->feature >= 0)
      node = &nodes_[static_cast<std::size_t>(
          values[static_cast<std::size_t>(node->feature)] < node->value ? node->left : node->right)];
    sum += node->value;
  }
  return scale_ * sum + shift_;
}

float to_probability(float log_odds) noexcept { return 1 / (1 + std::exp(-log_odds)); }

}  // namespace callramp::voice
