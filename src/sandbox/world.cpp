#include "sandbox/world.hpp"

#include <algorithm>
#include <array>

namespace callramp::sandbox {

namespace {

constexpr std::array kAnswers = {"person", "machine", "busy", "no_answer", "announcement", "reject", "screening"};
constexpr std::array kFaultKinds = {
    "latency",       "rate_limit",    "server_error",       "auth_error", "stall",
    "drop_socket",   "drop_answer",   "bad_json",           "bad_base64", "odd_bytes",
    "callback_lost", "callback_late", "callback_duplicate", "late_price", "handshake_fail",
    "no_media"};

bool glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::optional<std::size_t> star;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (star) {
      p = *star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

std::string_view to_string(Answers answers) noexcept { return kAnswers.at(static_cast<std::size_t>(answers)); }
std::string_view to_string(FaultKind kind) noexcept { return kFaultKinds.at(static_cast<std::size_t>(kind)); }

Duration Span::draw(Random& random) const {
  if (high <= low) return low;
  return low + Duration{static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>((high - low).count()) + 1))};
}

bool matches(std::string_view pattern, std::string_view number) {
  if (pattern.find_first_of("*?") == std::string_view::npos) return number.starts_with(pattern);
  return glob(pattern, number);
}

std::uint64_t derive_seed(std::uint64_t seed, std::string_view what, std::uint64_t nth) {
  // FNV-1a over the words, then SplitMix64 to spread it: seeds of neighbours must not look alike.
  std::uint64_t hash = 0xcbf29ce484222325U ^ seed;
  for (const char letter : what) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3U;
  SeededRandom first(hash);
  SeededRandom second(first.next() + nth);
  return second.next();
}

Callee World::callee_for(std::string_view number, std::uint64_t nth) const {
  SeededRandom random(derive_seed(seed, std::string("callee ") + std::string(number), nth));
  const double drawn = random.uniform();
  double taken = 0;
  for (const Callee& rule : callees) {
    if (!matches(rule.match, number)) continue;
    taken += rule.share;
    // 1e-9: shares that people write as 0.1 ten times must add up to all calls.
    if (drawn < taken + 1e-9) return rule;
  }
  return Callee{};
}

}  // namespace callramp::sandbox
