#include "core/import/batch.hpp"

#include <array>
#include <charconv>

#include "base/ensure.hpp"

namespace callramp {

std::string_view to_string(BatchState state) noexcept {
  switch (state) {
    case BatchState::importing: return "importing";
    case BatchState::done: return "done";
    case BatchState::cancelled: return "cancelled";
    case BatchState::failed: return "failed";
  }
  ENSURE(false, "a BatchState outside its enumeration");
}

Result<BatchState> parse_batch_state(std::string_view text) {
  for (const BatchState state : {BatchState::importing, BatchState::done, BatchState::cancelled, BatchState::failed})
    if (to_string(state) == text) return state;
  return fail(ErrorCode::invalid_request,
              "batch state '" + std::string(text.substr(0, 40)) + "' is not one of importing done cancelled failed");
}

namespace import {

std::string to_text(const Checkpoint& checkpoint) {
  return std::to_string(checkpoint.stretch.offset) + " " + std::to_string(checkpoint.stretch.line) + " " +
         std::to_string(checkpoint.last_line) + " " + std::to_string(checkpoint.refused_line) + " " +
         checkpoint.last_phone;
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  Checkpoint checkpoint;
  if (text.empty()) return checkpoint;
  std::array<std::int64_t, 4> numbers{};
  for (std::int64_t& number : numbers) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto used = static_cast<std::size_t>(end - text.data());
    if (error != std::errc{} || number < 0 || used == text.size() || *end != ' ')
      return fail(ErrorCode::internal,
                  "a batch's checkpoint cannot be read; cancel the batch and import the file again");
    text.remove_prefix(used + 1);
  }
  checkpoint.stretch = {.offset = static_cast<std::uint64_t>(numbers[0]), .line = numbers[1]};
  checkpoint.last_line = numbers[2];
  checkpoint.refused_line = numbers[3];
  checkpoint.last_phone = text;
  return checkpoint;
}

}  // namespace import
}  // namespace callramp
