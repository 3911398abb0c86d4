#include "engine/receipt.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "engine/plan_time.hpp"

namespace callramp::engine {
namespace {

// Begins the two numbers that receipts have had since they say whom the change moved.
constexpr char switched_mark = '#';

std::string number(std::optional<Instant> at) { return at ? std::to_string(to_micros(*at)) : "-"; }

// Takes "12|" or "-|" off the front; false if it is neither.
bool take_field(std::string_view& rest, std::optional<std::int64_t>& field) {
  const std::size_t end = rest.find('|');
  if (end == std::string_view::npos) return false;
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(rest.data(), rest.data() + end, value);
  if (error == std::errc{} && stop == rest.data() + end)
    field = value;
  else if (rest.substr(0, end) != "-")
    return false;
  rest.remove_prefix(end + 1);
  return true;
}

}  // namespace

std::string receipt_sentence(const Receipt& receipt, const rollout::Plan& plan, const PhoneDirectory& phones) {
  std::string text = fmt::format("{} % on {}/{} nodes since {}", to_string(receipt.percentage), receipt.nodes_confirmed,
                                 receipt.nodes, wall_clock(plan, phones, receipt.since));
  text += receipt.last_new_dial ? ", last new dial " + wall_clock(plan, phones, *receipt.last_new_dial)
                                : std::string(", no dial on new ever");
  text += fmt::format(", {} call{} still talking", receipt.still_talking, receipt.still_talking == 1 ? "" : "s");
  if (receipt.still_talking > 0 && receipt.latest_end)
    text += ", latest end " + wall_clock(plan, phones, *receipt.latest_end);
  if (receipt.switched && receipt.switched->users > 0) text += "; " + switching_sentence(*receipt.switched);
  return text;
}

std::string switching_sentence(const Switching& switching) {
  return fmt::format("{} user{}, {} with an open callback, switch{}", switching.users, switching.users == 1 ? "" : "s",
                     switching.open, switching.users == 1 ? "es" : "");
}

std::string to_text(const Receipt& receipt) {
  const auto switched = receipt.switched.value_or(Switching{.users = -1, .open = -1});
  return fmt::format("{}|{}|{}|{}|{}|{}|{}|{}{}|{}|{}", receipt.percentage.basis_points(), to_micros(receipt.since),
                     receipt.nodes_confirmed, receipt.nodes, number(receipt.last_new_dial), receipt.still_talking,
                     number(receipt.latest_end), switched_mark, switched.users, switched.open, receipt.sentence);
}

Result<Receipt> parse_receipt(std::string_view text) {
  const auto broken = [] { return fail(ErrorCode::internal, "a stored receipt cannot be read"); };
  std::string_view rest = text;
  std::array<std::optional<std::int64_t>, 7> fields;
  for (std::optional<std::int64_t>& field : fields)
    if (!take_field(rest, field)) return broken();
  if (!fields[0] || !fields[1]) return broken();
  TRY(percentage, Percent::from_basis_points(*fields[0]));
  std::optional<Switching> switched;
  // Receipts of before do not say it.
  if (rest.starts_with(switched_mark)) {
    rest.remove_prefix(1);
    std::optional<std::int64_t> users, open;
    if (!take_field(rest, users) || !take_field(rest, open) || !users || !open) return broken();
    if (*users >= 0) switched = Switching{.users = *users, .open = *open};
  }
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
                 .switched = switched,
                 .sentence = std::string(rest)};
}

}  // namespace callramp::engine
