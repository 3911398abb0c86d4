// `callramp rollout what-if`: what the evidence would say about stated counts. Needs no server.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>
#include <ostream>

#include "app/commands/rollout_group.hpp"
#include "app/json_print.hpp"
#include "app/rollout_print.hpp"
#include "core/rollout/decide.hpp"
#include "net/json_text.hpp"

namespace callramp::app {
namespace {

// As far as the numerics are held to their vectors (docs/decisions.md §5, goal 8).
constexpr std::int64_t most_calls = 10'000'000;

template <class T>
Done<T> number_of(const Arguments& arguments, const std::string& option, T otherwise, T least, T most) {
  const auto text = arguments.text(option);
  if (!text) return otherwise;
  T value{};
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size() || !(value >= least && value <= most))
    return bad_usage(fmt::format("{} is '{}'; it is a number from {} to {}", option, *text, least, most));
  return value;
}

json::value or_null(std::int64_t calls) { return calls < 0 ? json::value(nullptr) : json::value(calls); }

json::object to_json(const rollout::Judgement& judgement) {
  const rollout::Forecast forecast = judgement.forecast.value_or(rollout::Forecast{.q10 = -1, .q50 = -1, .q90 = -1});
  return {{"log_e_pass", judgement.log_e_pass},
          {"log_e_fail", judgement.log_e_fail},
          {"verdict", to_string(judgement.verdict)},
          {"estimate", judgement.estimate},
          {"lo", judgement.lo},
          {"hi", judgement.hi},
          {"calls_needed", json::object{{"q10", or_null(forecast.q10)},
                                        {"q50", or_null(forecast.q50)},
                                        {"q90", or_null(forecast.q90)},
                                        {"p_never", forecast.p_never}}}};
}

// Of a percentile the line is the share that may be beyond it: always one.
Ran check_own_line(const rollout::Condition& condition) {
  using rollout::Unit;
  if (condition.percentile) return {};
  const bool share = condition.value.unit == Unit::share || condition.value.unit == Unit::per_1000;
  if (!share) return bad_usage("'" + condition.text + "' is no share; give its line with --line, like 0.05");
  if (condition.value.number <= 0 || condition.value.number >= 1)
    return bad_usage("'" + condition.text + "': the line of a share lies between 0 % and 100 %");
  return {};
}

void print(std::ostream& out, const rollout::WhatIf& question, const rollout::Judgement& judgement) {
  out << judgement.reason << "\n\n";
  out << "  " << verdict_words(to_string(judgement.verdict)) << "  "
      << to_text(IntervalBar{.lo = judgement.lo,
                             .hi = judgement.hi,
                             .estimate = judgement.estimate,
                             .lines = {judgement.line_pass, judgement.line_fail}})
      << fmt::format("  {:.1f} % ({:.1f} to {:.1f} %), n {}\n", judgement.estimate * 100, judgement.lo * 100,
                     judgement.hi * 100, question.good + question.bad);
  out << fmt::format("  log e for a pass {:.4f}, against it {:.4f}; {:.4f} settles it\n", judgement.log_e_pass,
                     judgement.log_e_fail, judgement.need_pass);
  if (!judgement.forecast) return;
  const auto calls = [](std::int64_t needed) { return needed < 0 ? std::string("-") : std::to_string(needed); };
  out << fmt::format("  more calls until it settles: 10 % within {}, half within {}, 90 % within {}; never {:.0f} %\n",
                     calls(judgement.forecast->q10), calls(judgement.forecast->q50), calls(judgement.forecast->q90),
                     judgement.forecast->p_never * 100);
}

Ran what_if(const Arguments& arguments, Terminal& terminal) {
  rollout::WhatIf question;
  TRY(condition, typed(rollout::parse_condition(arguments.required("--criterion"))));
  question.condition = std::move(condition);
  if (!question.condition.compare)
    return bad_usage("'" + question.condition.text + "' has no line; say it like \"call_success_rate > 70%\"");
  if (question.condition.baseline != rollout::Baseline::none)
    return bad_usage("'" + question.condition.text + "' compares two rates; what-if takes one against its line");
  TRY(good, number_of<std::int64_t>(arguments, "--good", 0, 0, most_calls));
  TRY(bad, number_of<std::int64_t>(arguments, "--bad", 0, 0, most_calls));
  if (good + bad > most_calls) return bad_usage("--good and --bad are more than ten million together");
  question.good = good;
  question.bad = bad;
  TRY(alpha, number_of<double>(arguments, "--alpha", question.alpha, 1e-9, 0.5));
  question.alpha = alpha;
  if (arguments.has("--line")) {
    TRY(line, number_of<double>(arguments, "--line", 0, 1e-6, 1 - 1e-6));
    question.line = line;
  } else {
    TRY_VOID(check_own_line(question.condition));
  }
  TRY(prior_n, number_of<int>(arguments, "--prior-n", question.prior_n, 1, 1'000'000));
  question.prior_n = prior_n;
  const rollout::Judgement judgement = rollout::what_if(question);
  if (arguments.has("--json"))
    terminal.out << net::to_text(to_json(judgement)) << '\n';
  else
    print(terminal.out, question, judgement);
  return {};
}

}  // namespace

void add_rollout_what_if_command(Command rollout) {
  rollout.add("what-if", "What the evidence would say about counts that you state; needs no server")
      .option("--criterion", "CONDITION", "As a plan writes it", true)
      .option("--good", "N", "Calls for which it held", true)
      .option("--bad", "N", "Calls for which it did not", true)
      .option("--alpha", "A", "Chance of a wrong verdict, ever; 0.05 if not given")
      .option("--line", "P", "Boundary of both hypotheses, 0 to 1; the criterion's own if not given")
      .option("--prior-n", "N", "Calls at which the test is sharpest; 150 if not given")
      .json()
      .example("callramp rollout what-if --criterion \"call_success_rate > 70%\" --good 152 --bad 62 --line 0.65")
      .runs(what_if);
}

}  // namespace callramp::app
