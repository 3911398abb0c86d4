// Ids: typed strings, so that an AttemptId cannot be passed for a CallId.
//
// A new id is a ULID in lower case (48 bits of milliseconds, 80 random bits, Crockford base 32, 26 characters): it
// sorts by creation, which keeps index pages local, and it needs no coordination between nodes.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <utility>

#include "base/random.hpp"
#include "base/time.hpp"

namespace callramp {

template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string text) : text_(std::move(text)) {}
  const std::string& str() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  auto operator<=>(const Id&) const = default;

 private:
  std::string text_;
};

/// 26 characters; unique for all practical purposes, ordered by `at` to the millisecond.
std::string make_ulid(Instant at, Random& random);

template <class AnyId>
AnyId make_id(Instant at, Random& random) {
  return AnyId{make_ulid(at, random)};
}

using CallId = Id<struct CallTag>;
using AttemptId = Id<struct AttemptTag>;
using AgentId = Id<struct AgentTag>;
using BatchId = Id<struct BatchTag>;
using CampaignId = Id<struct CampaignTag>;
using ScheduleId = Id<struct ScheduleTag>;
using TokenId = Id<struct TokenTag>;
using UserId = Id<struct UserTag>;  ///< the caller's own key; any text without control characters, at most 256 bytes
using NodeId = Id<struct NodeTag>;

}  // namespace callramp

template <class Tag>
struct std::hash<callramp::Id<Tag>> {
  std::size_t operator()(const callramp::Id<Tag>& id) const noexcept { return std::hash<std::string>{}(id.str()); }
};
