// `callramp rollout simulate`: plays a plan against a stated future, many times, before anybody is called. Needs no
// server.
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <ostream>
#include <thread>

#include "adapters/yaml/plan_reader.hpp"
#include "app/commands/groups.hpp"
#include "app/old_calls.hpp"
#include "app/table.hpp"
#include "app/text_file.hpp"
#include "core/simulation/summary.hpp"

namespace callramp::app {
namespace {

namespace json = boost::json;
using namespace simulation;

constexpr std::int64_t most_runs = 1'000'000;
constexpr std::int64_t default_runs = 1000;

struct UsualRule {
  std::string_view name;
  NaiveRule rule;
};
// docs/simulation.md tells whose they are.
constexpr std::array<UsualRule, 3> usual_rules{{{"point-estimate", {.window = {}, .least_calls = 100}},
                                                {"window-1h", {.window = hours{1}, .least_calls = 1}},
                                                {"window-24h", {.window = hours{24}, .least_calls = 30}}}};

Done<std::int64_t> whole(const Arguments& arguments, const std::string& option, std::int64_t otherwise,
                         std::int64_t least, std::int64_t most) {
  const auto text = arguments.text(option);
  if (!text) return otherwise;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size() || value < least || value > most)
    return bad_usage(fmt::format("{} '{}': write a whole number from {} to {}", option, *text, least, most));
  return value;
}

struct Question {
  rollout::Plan plan;
  Truth truth;
  Setup setup;
  std::optional<History> history;
  std::string rule = "ours";
  std::int64_t runs = default_runs;
  std::uint64_t seed = 1;
};

Ran set_rule(const Arguments& arguments, Question& question) {
  question.rule = arguments.text("--rule").value_or("ours");
  if (question.rule == "ours") {
    if (arguments.has("--least-calls")) return bad_usage("--least-calls is of the usual rules; name one with --rule");
    return {};
  }
  for (const UsualRule& usual : usual_rules)
    if (usual.name == question.rule) question.setup.naive = usual.rule;
  if (!question.setup.naive)
    return bad_usage(fmt::format("--rule '{}': take ours, point-estimate, window-1h or window-24h", question.rule));
  TRY(least, whole(arguments, "--least-calls", question.setup.naive->least_calls, 1, 1'000'000));
  question.setup.naive->least_calls = least;
  return {};
}

Done<Question> question_of(const Arguments& arguments) {
  Question question;
  const std::string file = arguments.required("--plan");
  TRY(text, read_text_file(file));
  auto plan = yaml::parse_plan(text);
  if (!plan)
    return refused(fmt::format("{} cannot be simulated:\n{}\nSee: callramp rollout validate {}", file,
                               plan.error().message, file));
  question.plan = *std::move(plan);
  std::string truths = arguments.required("--truth");
  if (const auto calls = arguments.text("--history")) {
    TRY(csv, read_text_file(*calls));
    TRY(history, read_old_calls(csv));
    question.history = std::move(history);
    if (truths.find("old=") == std::string::npos && question.history->known > 0)
      truths += fmt::format(",old={:.6f}", static_cast<double>(question.history->connected) /
                                               static_cast<double>(question.history->known));
  }
  TRY(truth, typed(parse_truth(truths)));
  question.truth = std::move(truth);
  TRY_VOID(set_rule(arguments, question));
  TRY(runs, whole(arguments, "--runs", default_runs, 1, most_runs));
  TRY(seed, whole(arguments, "--seed", 1, 0, std::numeric_limits<std::int64_t>::max()));
  question.runs = runs;
  question.seed = static_cast<std::uint64_t>(seed);
  return question;
}

// Every run has a seed of its own, so that it does not matter which thread plays it.
Result<Summary> play(const Question& question) {
  std::vector<RunResult> results(static_cast<std::size_t>(question.runs));
  TRY(simulator, Simulator::create(question.plan, question.truth, question.setup));
  std::atomic<std::size_t> next{0};
  const auto work = [&](Simulator& with) {
    for (std::size_t i = next++; i < results.size(); i = next++) results[i] = with.run(question.seed, i);
  };
  std::vector<Simulator> helpers;
  const unsigned threads = std::min<unsigned>(std::max(1U, std::thread::hardware_concurrency()),
                                              static_cast<unsigned>(std::min<std::int64_t>(question.runs, 64)));
  for (unsigned i = 1; i < threads; ++i) {
    TRY(helper, Simulator::create(question.plan, question.truth, question.setup));
    helpers.push_back(std::move(helper));
  }
  {
    std::vector<std::jthread> pool;
    for (Simulator& helper : helpers) pool.emplace_back([&work, &helper] { work(helper); });
    work(simulator);
  }
  return summarize(simulator, results, question.plan.phases.size());
}

// Shares to six digits: what more is there to know of a million runs?
double rounded(double value) { return std::round(value * 1e6) / 1e6; }

json::value to_json(const std::optional<Quantiles>& quantiles) {
  if (!quantiles) return nullptr;
  return json::object{{"q50", rounded(quantiles->q50)}, {"q95", rounded(quantiles->q95)}};
}

json::object to_json(const Question& question, const Summary& summary) {
  json::object truth;
  for (const auto& [name, value] : written(question.truth)) {
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool bare = error == std::errc{} && end == value.data() + value.size();
    json::value& place = truth[name];
    if (bare) {
      place = number;
    } else if (place.is_string()) {
      place = fmt::format("{},{}", place.as_string().c_str(), value);
    } else {
      place = value;
    }
  }
  json::array gates;
  for (const double share : summary.gates_passed) gates.emplace_back(rounded(share));
  return {{"runs", summary.runs},
          {"seed", question.seed},
          {"rule", question.rule},
          {"truth", std::move(truth)},
          {"rolled_back", rounded(summary.rolled_back)},
          {"reached_full", rounded(summary.reached_full)},
          {"stalled", rounded(summary.stalled)},
          {"gates_passed", std::move(gates)},
          {"calls_to_rollback", to_json(summary.calls_to_rollback)},
          {"days_to_full", to_json(summary.days_to_full)},
          {"people_exposed", to_json(summary.people_exposed)},
          {"bottleneck", summary.bottleneck.empty() ? json::value(nullptr) : json::value(summary.bottleneck)}};
}

std::string percent(double share) { return fmt::format("{:.2f} %", share * 100); }

void print(const Question& question, const Summary& summary, std::ostream& out) {
  out << fmt::format("{} by the rule '{}', {} runs with seed {}.\n\nIn a future where", question.plan.name,
                     question.rule, summary.runs, question.seed);
  std::string separator = " ";
  for (const auto& [name, value] : written(question.truth)) {
    out << separator << name << "=" << value;
    separator = ", ";
  }
  out << "\n\n";
  if (question.history && question.history->known > 0)
    out << fmt::format(
        "Old, by these definitions: {:.1f} % of {} calls in {} days were successful, {:.1f} % connected.\n\n",
        100.0 * static_cast<double>(question.history->successful) / static_cast<double>(question.history->known),
        question.history->known, question.history->days,
        100.0 * static_cast<double>(question.history->connected) / static_cast<double>(question.history->known));
  Table table({"WHAT", "OF THE RUNS", "MEDIAN", "95 %"});
  const auto row = [&](const std::string& what, const std::string& share, const std::optional<Quantiles>& of,
                       int digits) {
    table.add({what, share, of ? fmt::format("{:.{}f}", of->q50, digits) : "",
               of ? fmt::format("{:.{}f}", of->q95, digits) : ""});
  };
  row("rolled back, after calls of new", percent(summary.rolled_back), summary.calls_to_rollback, 0);
  row("  people called by new until then", "", summary.people_exposed, 0);
  for (const auto& [rule, share] : summary.rolled_by) row("  by " + rule, percent(share), std::nullopt, 0);
  row("reached 100 %, after days", percent(summary.reached_full), summary.days_to_full, 1);
  row("stalled: a person has to decide", percent(summary.stalled), std::nullopt, 0);
  if (question.rule == "ours") row("frozen at some time", percent(summary.froze), std::nullopt, 0);
  for (std::size_t i = 0; i < summary.gates_passed.size(); ++i)
    row("passed " + question.plan.phases[i].name, percent(summary.gates_passed[i]), std::nullopt, 0);
  table.print(out);
  if (!summary.bottleneck.empty()) out << "\nSlowest to settle: " << summary.bottleneck << '\n';
}

Ran print_diary(const Question& question, std::int64_t run, std::ostream& out) {
  TRY(simulator, Simulator::create(question.plan, question.truth, question.setup));
  std::vector<DiaryEntry> diary;
  simulator.run(question.seed, static_cast<std::uint64_t>(run), &diary);
  for (const DiaryEntry& entry : diary) {
    const std::string at = to_iso(entry.at);
    out << at.substr(0, 10) << ' ' << at.substr(11, 5) << "  " << entry.sentence << '\n';
  }
  return {};
}

Ran simulate(const Arguments& arguments, Terminal& terminal) {
  TRY(question, question_of(arguments));
  if (question.history) question.setup.history = &*question.history;
  if (arguments.has("--diary")) {
    TRY(run, whole(arguments, "--run", 0, 0, most_runs));
    return print_diary(question, run, terminal.out);
  }
  TRY(summary, play(question));
  if (arguments.has("--json"))
    terminal.out << json::serialize(to_json(question, summary)) << '\n';
  else
    print(question, summary, terminal.out);
  return {};
}

}  // namespace

void add_rollout_simulate(Command rollout) {
  rollout.add("simulate", "Play a plan against stated truths, many times, before anybody is called")
      .option("--plan", "FILE", "The plan", true)
      .option("--truth", "LIST", "What the future is like: success=0.75,old=0.75,p2_bugs=1/week,…", true)
      .option("--runs", "N", fmt::format("How many rollouts; {}", default_runs))
      .option("--seed", "S", "The same seed plays the same futures; 1")
      .option("--rule", "RULE", "ours, or a usual one: point-estimate, window-1h, window-24h")
      .option("--least-calls", "N", "Of a usual rule: how many calls it waits for")
      .option("--history", "FILE", "Old's calls as CSV: traffic as it really is, and old's rate")
      .flag("--diary", "Tell one run instead: what was decided, in its words")
      .option("--run", "K", "Which one --diary tells; 0 is the first")
      .flag("--json", "JSON, shares as fractions")
      .example("callramp rollout simulate --plan examples/rollout.yaml --truth success=0.75")
      .example("callramp rollout simulate --plan examples/rollout.yaml --truth success=0.55,old=0.75 --runs 20000")
      .example("callramp rollout simulate --plan examples/rollout.yaml --truth success=0.75,outage=10m@day3 --diary")
      .runs(simulate);
}

}  // namespace callramp::app
