#include "adapters/phone/digit_pattern.hpp"

#include <algorithm>
#include <map>

namespace callramp::phone {
namespace {

using Mask = std::uint16_t;  // bit d: the digit d
constexpr Mask any_digit = 0x3FF;
constexpr std::size_t most_nodes = 50'000;
constexpr std::size_t most_states = 20'000;
constexpr int unbounded = -1;

struct Node {
  enum class Kind { digit, sequence, choice, repeat };
  Kind kind = Kind::sequence;
  Mask mask = 0;
  std::vector<Node> parts;
  int least = 1;
  int most = 1;
};

// Recursive descent; `ok_` turns false at what is no expression of ours.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}
  std::optional<Node> parse() {
    Node node = choice();
    if (!ok_ || at_ != text_.size()) return std::nullopt;
    return node;
  }

 private:
  bool more() const { return ok_ && at_ < text_.size(); }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  Node broken() {
    ok_ = false;
    return {};
  }

  Node choice() {
    Node node{.kind = Node::Kind::choice};
    do node.parts.push_back(sequence());
    while (ok_ && take("|"));
    return node;
  }

  Node sequence() {
    Node node;
    while (more() && text_[at_] != '|' && text_[at_] != ')') node.parts.push_back(repeated());
    return node;
  }

  Node repeated() {
    Node one = atom();
    for (;;) {
      int least = 0;
      int most = 1;
      if (take("*") || take("+")) {
        least = text_[at_ - 1] == '+' ? 1 : 0;
        most = unbounded;
      } else if (take("{")) {
        least = number();
        most = take(",") ? number() : least;
        if (!take("}") || most < least || most > 40) return broken();
      } else if (!take("?")) {
        return one;
      }
      Node node{.kind = Node::Kind::repeat, .least = least, .most = most};
      node.parts.push_back(std::move(one));
      one = std::move(node);
    }
  }

  int number() {
    int value = 0;
    const std::size_t start = at_;
    while (at_ < text_.size() && at_ - start < 3 && text_[at_] >= '0' && text_[at_] <= '9')
      value = value * 10 + (text_[at_++] - '0');
    if (at_ == start) ok_ = false;
    return value;
  }

  Node atom() {
    if (take("\\d")) return Node{.kind = Node::Kind::digit, .mask = any_digit};
    if (take("(?:") || take("(")) {
      if (more() && text_[at_] == '?') return broken();
      Node node = choice();
      return take(")") ? std::move(node) : broken();
    }
    if (take("[")) return digit_class();
    if (!more() || text_[at_] < '0' || text_[at_] > '9') return broken();
    return Node{.kind = Node::Kind::digit, .mask = static_cast<Mask>(1u << (text_[at_++] - '0'))};
  }

  Node digit_class() {
    Node node{.kind = Node::Kind::digit};
    while (!take("]")) {
      const int low = one_digit();
      const int high = take("-") ? one_digit() : low;
      if (!ok_ || high < low) return broken();
      for (int digit = low; digit <= high; ++digit) node.mask |= static_cast<Mask>(1u << digit);
    }
    return node;
  }

  int one_digit() {
    if (!more() || text_[at_] < '0' || text_[at_] > '9') {
      ok_ = false;
      return 0;
    }
    return text_[at_++] - '0';
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace

// Thompson's construction, then sets of its states as states.
class PatternCompiler {
 public:
  std::optional<DigitPattern> compile(const Node& node) {
    const int start = add();
    const int end = emit(node, start);
    if (end < 0) return std::nullopt;
    DigitPattern pattern;
    std::map<std::vector<int>, std::int32_t> known;
    std::vector<std::vector<int>> sets;
    const auto state_of = [&](std::vector<int> set) {
      const auto [found, is_new] = known.try_emplace(set, static_cast<std::int32_t>(sets.size()));
      if (is_new) sets.push_back(std::move(set));
      return found->second;
    };
    state_of(closed({start}));
    for (std::size_t i = 0; i < sets.size(); ++i) {
      if (sets.size() > most_states) return std::nullopt;
      pattern.accepts_.push_back(std::ranges::binary_search(sets[i], end));
      std::array<std::int32_t, 10> next{};
      for (int digit = 0; digit < 10; ++digit) {
        std::vector<int> reached;
        for (const int state : sets[i])
          if (edges_[static_cast<std::size_t>(state)].mask >> digit & 1)
            reached.push_back(edges_[static_cast<std::size_t>(state)].to);
        next[static_cast<std::size_t>(digit)] =
            reached.empty() ? DigitPattern::dead : state_of(closed(std::move(reached)));
      }
      pattern.next_.push_back(next);
    }
    return pattern;
  }

 private:
  struct Edges {
    Mask mask = 0;
    int to = -1;
    std::vector<int> free;  // without a digit
  };

  int add() {
    edges_.emplace_back();
    return static_cast<int>(edges_.size()) - 1;
  }
  void free_edge(int from, int to) { edges_[static_cast<std::size_t>(from)].free.push_back(to); }

  // Adds what matches `node` from the state `from`; the state behind it, or -1 if it grows too large.
  int emit(const Node& node, int from) {
    if (from < 0 || edges_.size() > most_nodes) return -1;
    switch (node.kind) {
      case Node::Kind::digit: {
        const int begin = add();
        const int end = add();
        free_edge(from, begin);
        edges_[static_cast<std::size_t>(begin)].mask = node.mask;
        edges_[static_cast<std::size_t>(begin)].to = end;
        return end;
      }
      case Node::Kind::sequence:
        for (const Node& part : node.parts) from = emit(part, from);
        return from;
      case Node::Kind::choice: {
        const int end = add();
        for (const Node& part : node.parts) {
          const int begin = add();
          free_edge(from, begin);
          const int reached = emit(part, begin);
          if (reached < 0) return -1;
          free_edge(reached, end);
        }
        return end;
      }
      case Node::Kind::repeat: {
        const Node& part = node.parts.front();
        for (int i = 0; i < node.least; ++i) from = emit(part, from);
        if (from < 0) return -1;
        const int end = add();
        free_edge(from, end);
        if (node.most == unbounded) {
          const int loop = add();
          free_edge(from, loop);
          const int reached = emit(part, loop);
          if (reached < 0) return -1;
          free_edge(reached, loop);
          free_edge(reached, end);
        }
        for (int i = node.least; i < node.most; ++i) {
          from = emit(part, from);
          if (from < 0) return -1;
          free_edge(from, end);
        }
        return end;
      }
    }
    return -1;
  }

  std::vector<int> closed(std::vector<int> set) const {
    std::vector<bool> seen(edges_.size());
    for (std::size_t i = 0; i < set.size(); ++i) {
      if (seen[static_cast<std::size_t>(set[i])]) continue;
      seen[static_cast<std::size_t>(set[i])] = true;
      const auto& free = edges_[static_cast<std::size_t>(set[i])].free;
      set.insert(set.end(), free.begin(), free.end());
    }
    std::ranges::sort(set);
    const auto repeated = std::ranges::unique(set);
    set.erase(repeated.begin(), repeated.end());
    return set;
  }

  std::vector<Edges> edges_;
};

std::optional<DigitPattern> DigitPattern::compile(std::string_view expression) {
  const auto node = Parser(expression).parse();
  if (!node) return std::nullopt;
  return PatternCompiler().compile(*node);
}

bool DigitPattern::matches(std::string_view digits) const noexcept {
  std::int32_t state = 0;
  for (const char c : digits) {
    state = next_[static_cast<std::size_t>(state)][static_cast<std::size_t>(c - '0')];
    if (state == dead) return false;
  }
  return accepts_[static_cast<std::size_t>(state)];
}

bool DigitPattern::matches_start(std::string_view digits) const noexcept {
  std::int32_t state = 0;
  for (const char c : digits) {
    if (accepts_[static_cast<std::size_t>(state)]) return true;
    state = next_[static_cast<std::size_t>(state)][static_cast<std::size_t>(c - '0')];
    if (state == dead) return false;
  }
  return accepts_[static_cast<std::size_t>(state)];
}

}  // namespace callramp::phone
