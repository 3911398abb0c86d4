#include "ports/person_store.hpp"

#include <array>

namespace callramp {

std::string_view to_string(TombstoneKind kind) noexcept {
  switch (kind) {
    case TombstoneKind::stop: return "stop";
    case TombstoneKind::allow: return "allow";
    case TombstoneKind::erase: return "erase";
  }
  return "";
}

Result<TombstoneKind> parse_tombstone_kind(std::string_view text) {
  for (const TombstoneKind kind : std::array{TombstoneKind::stop, TombstoneKind::allow, TombstoneKind::erase})
    if (to_string(kind) == text) return kind;
  return fail(ErrorCode::invalid_request, "'" + std::string(text.substr(0, 20)) + "' is no kind of tombstone");
}

}  // namespace callramp
