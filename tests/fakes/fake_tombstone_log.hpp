// A log of tombstones in memory that can be told to fail.
#pragma once

#include "ports/person_store.hpp"

namespace callramp::fakes {

struct FakeTombstoneLog final : TombstoneLog {
  std::vector<Tombstone> kept;
  bool works = true;

  Result<std::optional<Instant>> last() override {
    if (kept.empty()) return std::nullopt;
    return kept.back().at;
  }
  Status append(const std::vector<Tombstone>& tombstones) override {
    if (!works) return fail(ErrorCode::unavailable, "the disk is full");
    kept.insert(kept.end(), tombstones.begin(), tombstones.end());
    return {};
  }
};

}  // namespace callramp::fakes
