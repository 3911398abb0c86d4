#include "core/rollout/metric.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/rollout/plan.hpp"

namespace callramp::rollout {
namespace {

constexpr std::array<std::string_view, 10> kind_names{"rate",  "versus", "mean",   "events", "budget",
                                                      "latch", "gauge",  "person", "clock",  "proof"};

// 50 ms to 5 min, so that every line a plan is likely to draw is one of them.
constexpr std::array<double, 16> bounds{0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1, 1.5, 2, 3, 5, 10, 30, 60, 120, 300};

std::unexpected<Error> wrong(const Condition& condition, std::string_view what) {
  return fail(ErrorCode::invalid_request, "'" + condition.text + "': " + std::string(what));
}

bool contains(const auto& range, const auto& value) {
  return std::ranges::find(range, value) != std::ranges::end(range);
}

// Pieces of `text` between `separator`s.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// Edits that lead from one word to the other (Levenshtein).
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t kept = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({kept, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

std::string unknown_metric(const Plan& plan, std::string_view name) {
  std::string_view nearest;
  std::size_t best = std::max<std::size_t>(3, name.size() / 3);
  const auto consider = [&](std::string_view candidate) {
    if (const std::size_t edits = distance(name, candidate); edits < best) {
      best = edits;
      nearest = candidate;
    }
  };
  for (const Metric& metric : metrics()) consider(metric.name);
  for (const CustomMetric& metric : plan.metrics) consider(metric.name);
  std::string text = "there is no metric '" + std::string(name) + "'";
  if (!nearest.empty()) return text + "; did you mean " + std::string(nearest) + "?";
  return text + "; docs/rollout-plan.md lists them, and `metrics:` in the plan declares one that Prometheus knows";
}

// Whether `argument` is what one piece of Metric::arguments asks for.
bool fits(const Argument& argument, std::string_view wanted) {
  if (wanted.ends_with('?')) wanted.remove_suffix(1);
  const std::size_t sign = wanted.find_first_of("<>");
  if (sign == std::string_view::npos) {
    if (argument.compare || argument.name.empty()) return false;
    return wanted == "NAME" || contains(split(wanted, '|'), std::string_view(argument.name));
  }
  const bool above = wanted[sign] == '>';
  if (!argument.compare || argument.name != wanted.substr(0, sign)) return false;
  if (above ? *argument.compare != Compare::greater && *argument.compare != Compare::at_least
            : *argument.compare != Compare::less && *argument.compare != Compare::at_most)
    return false;
  return argument.value.unit == (sign + 1 == wanted.size() ? Unit::none : Unit::time) && argument.value.number > 0;
}

std::string arguments_in_words(const Metric& metric, std::string_view wanted) {
  std::string text(metric.name);
  if (metric.takes_percentile) text += "_p95";
  text += "(";
  for (const std::string_view piece : split(wanted, ' ')) {
    if (!text.ends_with('(')) text += ", ";
    if (piece == ">s")
      text += ">1s";
    else if (piece == "concurrent>?")
      text += "concurrent >= 100";
    else if (piece == "hours>?")
      text += "hours >= 4";
    else if (piece == "fresh<d?")
      text += "fresh <= 14d";
    else
      text += piece.ends_with('?') ? piece.substr(0, piece.size() - 1) : piece;
  }
  return text + ")";
}

Status check_arguments(const Metric& metric, const Condition& condition) {
  const std::vector<std::string_view> wanted = split(metric.arguments, ' ');
  std::vector<bool> used(wanted.size());
  for (const Argument& argument : condition.arguments) {
    bool found = false;
    for (std::size_t i = 0; i < wanted.size() && !found; ++i)
      if (!used[i] && fits(argument, wanted[i])) found = used[i] = true;
    if (!found && wanted.empty()) return wrong(condition, std::string(metric.name) + " takes nothing in parentheses");
    if (!found)
      return wrong(condition, "argument '" + argument.name + "' does not fit; write it like " +
                                  arguments_in_words(metric, metric.arguments));
  }
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (!used[i] && !wanted[i].ends_with('?'))
      return wrong(condition, "which one? Write it like " + arguments_in_words(metric, metric.arguments));
  return {};
}

std::string_view example_of(const Metric& metric) {
  switch (metric.unit) {
    case Unit::share: return "70%";
    case Unit::time: return "200ms or 48h";
    case Unit::per_1000: return "2 per 1000";
    case Unit::money: return "budget or an amount such as 6.00";
    case Unit::factor: return "2x";
    case Unit::none:
    case Unit::budget: return "5, a bare number";
  }
  return "a number";
}

// "vs …": a difference in points or percent, or a factor, for metrics that both sides have.
Status check_baseline(const Metric& metric, const Condition& condition) {
  if (condition.baseline == Baseline::old_system) {
    if (metric.name != "call_success_rate" && metric.name != "connected_rate" && metric.name != "error_rate")
      return wrong(condition, "only call_success_rate, connected_rate and error_rate exist on the old system");
    if (condition.value.unit != Unit::share)
      return wrong(condition, "new against old is a difference in points, such as > -5%");
  } else if (condition.value.unit != Unit::share && condition.value.unit != Unit::factor) {
    return wrong(condition, "a comparison of phases is a difference such as > -5%, or a factor such as > 2x");
  }
  if (metric.yes_no || metric.kind == Kind::clock || metric.kind == Kind::latch)
    return wrong(condition, std::string(metric.name) + " cannot be compared with another phase");
  if (condition.value.unit == Unit::share && std::abs(condition.value.number) >= 10)
    return wrong(condition, "a difference of 1000 % or more decides nothing");
  return {};
}

Status check_value(const Plan& plan, const Metric& metric, const Condition& condition) {
  const Quantity& value = condition.value;
  const bool allowed = value.unit == metric.unit || (metric.unit == Unit::money && value.unit == Unit::budget) ||
                       (metric.unit == Unit::money && value.unit == Unit::none);
  const bool custom =
      std::ranges::any_of(plan.metrics, [&](const CustomMetric& own) { return own.name == metric.name; });
  if (!allowed && !custom)
    return wrong(condition,
                 "the value of " + std::string(metric.name) + " is written like " + std::string(example_of(metric)));
  if (value.unit == Unit::budget) {
    const bool per_call = plan.budget.per_call.has_value();
    if (!per_call) return wrong(condition, "the plan has no budget; add budget: {per_call: 6.00 INR}");
    return {};
  }
  if (custom) return {};
  if (value.number < 0) return wrong(condition, std::string(metric.name) + " is never below zero");
  if (metric.unit == Unit::none && metric.kind != Kind::mean && value.number != std::floor(value.number))
    return wrong(condition, std::string(metric.name) + " is a count; write a whole number");
  const bool sampled = metric.kind == Kind::rate && metric.unit == Unit::share;
  if (sampled && (value.number <= 0 || value.number >= 1))
    return wrong(condition, "a sampled rate can never be proven to be exactly 0 % or 100 %; write a line between");
  if (metric.name == "uptime" && value.number > 1) return wrong(condition, "a share is at most 100 %");
  if (metric.name == "customer_satisfaction" && (value.number <= 1 || value.number >= 5))
    return wrong(condition, "scores go from 1 to 5; write a line between");
  if (*condition.compare == Compare::equal && (metric.unit != Unit::none || metric.kind == Kind::mean))
    return wrong(condition, "only counts can be equal; use <, <=, > or >=");
  if (metric.kind == Kind::rate && metric.unit == Unit::time && !contains(bounds, value.number)) {
    std::string text = "times are counted at fixed bounds; take one of";
    for (const double bound : bounds) text += (text.ends_with("of") ? " " : ", ") + to_words({bound, Unit::time});
    return wrong(condition, text);
  }
  return {};
}

}  // namespace

std::string_view to_string(Kind kind) noexcept { return kind_names[static_cast<std::size_t>(kind)]; }

std::optional<Metric> find_metric(const Plan& plan, std::string_view name) {
  for (const Metric& metric : metrics())
    if (metric.name == name) return metric;
  for (const CustomMetric& own : plan.metrics)
    if (own.name == name)
      return Metric{own.name, Kind::gauge, Unit::none, own.bigger_is_better, "read from Prometheus"};
  return std::nullopt;
}

Kind kind_of(const Plan& plan, const Condition& condition) {
  if (condition.baseline == Baseline::old_system) return Kind::versus;
  // That few complaints came is a census. That their rate is high is inference: one complaint in the first five calls
  // is no rate of 200 per 1000.
  const bool above = condition.compare == Compare::greater || condition.compare == Compare::at_least;
  if (condition.metric == "complaint_rate" && (above || condition.baseline != Baseline::none)) return Kind::events;
  const auto metric = find_metric(plan, condition.metric);
  return metric ? metric->kind : Kind::gauge;
}

std::span<const double> time_bounds() noexcept { return bounds; }

Status check(const Plan& plan, const Condition& condition) {
  const auto metric = find_metric(plan, condition.metric);
  if (!metric) return wrong(condition, unknown_metric(plan, condition.metric));
  const std::string name(metric->name);
  if (metric->takes_percentile && !condition.percentile)
    return wrong(condition, "which percentile? Write " + name + "_p95");
  if (!metric->takes_percentile && condition.percentile)
    return wrong(condition, name + " has no percentiles; write " + name + " alone");
  TRY_VOID(check_arguments(*metric, condition));
  if (metric->yes_no && condition.compare) return wrong(condition, name + " is true or false and takes no comparison");
  if (!metric->yes_no && !condition.compare)
    return wrong(condition, name + " needs a line, such as " + name + (metric->bigger_is_better ? " > " : " < ") +
                                std::string(example_of(*metric)));
  if (condition.baseline != Baseline::none) {
    TRY_VOID(check_baseline(*metric, condition));
  } else if (condition.compare) {
    TRY_VOID(check_value(plan, *metric, condition));
  }
  if (condition.lasting && metric->kind != Kind::gauge)
    return wrong(condition, "'for' is for levels such as memory_used; " + name + " is decided by what was counted");
  if (condition.within && metric->kind != Kind::gauge && metric->kind != Kind::budget)
    return wrong(condition, "'in' is for counts of events such as db_pool_waits(>1s) >= 5 in 5m");
  if (condition.people > 1 && metric->kind != Kind::person)
    return wrong(condition, "'by' is for people: confirmed(NAME) by 2");
  return {};
}

}  // namespace callramp::rollout
