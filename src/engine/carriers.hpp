// Carriers: all that can dial for us. Which one takes a new dial is decided where the dial is claimed, and stored with
// the attempt; whoever asks about the attempt later asks that one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/provider_board.hpp"
#include "ports/telephony.hpp"

namespace callramp::engine {

class Carriers {
 public:
  /// One carrier, always asked.
  explicit Carriers(Telephony& only) : all_{&only} {}
  /// Guarded carriers, in the order of preference. `none` is the reason of calls that wait where there is none at all.
  Carriers(std::vector<Telephony*> in_order, ProviderBoard& board, std::string none)
      : all_(std::move(in_order)), board_(&board), none_(std::move(none)) {}

  /// For a new dial; thread-safe. Without one that can be asked, the first: the dial is then refused unmade.
  Telephony& take() const;
  /// Null for a name that is not configured any more.
  Telephony* find(std::string_view name) const;
  const std::vector<Telephony*>& all() const noexcept { return all_; }
  bool none() const noexcept { return all_.empty(); }

  /// Why a new call on the new system cannot be made now: no carrier, or nobody who could hear, think or speak in it.
  /// Thread-safe.
  std::optional<providers::Outage> outage(Instant now) const;
  /// Another one than `name` would take the next dial.
  bool has_another(std::string_view name) const;
  /// Its circuit is open: it cannot be asked about its calls either.
  bool is_out(std::string_view name) const;

 private:
  std::vector<Telephony*> all_;
  ProviderBoard* board_ = nullptr;  // null: nobody keeps count
  std::string none_;
};

}  // namespace callramp::engine
