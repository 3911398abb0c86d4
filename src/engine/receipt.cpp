#include "engine/receipt.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "engine/plan_time.hpp"

namespace callramp::engine {
namespace {

std::string number(std::optional<Instant> at) { return at ? std::to_string(to_micros(*at)) : "-"; }

}  // namespace

std::string receipt_sentence(const Receipt& receipt, const rollout::Plan& plan, const PhoneDirectory& phones) {
  std::string text = fmt::format("{} % on {}/{} nodes since {}", to_string(receipt.percentage), receipt.nodes_confirmed,
                                 receipt.nodes, wall_clock(plan, phones, receipt.since));
  text += receipt.last_new_dial ? ", last new dial " + wall_clock(plan, phones, *receipt.last_new_dial)
                                : std::string(", no dial on new ever");
  text += fmt::format(", {} call{} still talking", receipt.still_talking, receipt.still_talking == 1 ? "" : "s");
  if (receipt.still_talking > 0 && receipt.latest_end)
    text += ", latest end " + wall_clock(plan, phones, *receipt.latest_end);
  return text;
}

std::string to_text(const Receipt& receipt) {
  return fmt::format("{}|{}|{}|{}|{}|{}|{}|{}", receipt.percentage.basis_points(), to_micros(receipt.since),
                     receipt.nodes_confirmed, receipt.nodes, number(receipt.last_new_dial), receipt.still_talking,
                     number(receipt.latest_end), receipt.sentence);
}

Result<Receipt> parse_receipt(std::string_view text) {
  std::array<std::optional<std::int64_t>, 7> fields;
  std::string_view rest = text;
  for (std::optional<std::int64_t>& field : fields) {
    const std::size_t end = rest.find('|');
    if (end == std::string_view::npos) return fail(ErrorCode::internal, "a stored receipt is cut off");
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(rest.data(), rest.data() + end, value);
    if (error == std::errc{} && stop == rest.data() + end)
      field = value;
    else if (rest.substr(0, end) != "-")
      return fail(ErrorCode::internal, "a stored receipt cannot be read");
    rest.remove_prefix(end + 1);
  }
  if (!fields[0] || !fields[1]) return fail(ErrorCode::internal, "a stored receipt cannot be read");
  TRY(percentage, Percent::from_basis_points(static_cast<int>(*fields[0])));
  const auto instant = [](std::optional<std::int64_t> micros) {
    return micros ? std::optional(from_micros(*micros)) : std::nullopt;
  };
  return Receipt{.percentage = percentage,
                 .since = from_micros(*fields[1]),
                 .nodes_confirmed = static_cast<int>(fields[2].value_or(0)),
                 .nodes = static_cast<int>(fields[3].value_or(0)),
                 .last_new_dial = instant(fields[4]),
                 .still_talking = fields[5].value_or(0),
                 .latest_end = instant(fields[6]),
                 .sentence = std::string(rest)};
}

}  // namespace callramp::engine
