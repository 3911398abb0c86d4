// One look at a phase, and whole simulated rollouts a second. Expected before measuring: a look under 5 µs (the promise
// is 1 ms with its words and forecasts), a rollout of success and new against old under 6 ms.
#include <benchmark/benchmark.h>

#include <fstream>
#include <sstream>

#include "adapters/yaml/plan_reader.hpp"
#include "base/ensure.hpp"
#include "core/simulation/simulator.hpp"

using namespace callramp;

namespace {

rollout::Plan document() {
  std::ifstream stream("examples/rollout.yaml");
  std::ostringstream text;
  text << stream.rdbuf();
  auto plan = yaml::parse_plan(text.str());
  ENSURE(plan.has_value(), "run from the top of the source tree");
  return *std::move(plan);
}

// The same phases with success and new against old only.
rollout::Plan two_questions() {
  rollout::Plan plan = document();
  for (rollout::Phase& phase : plan.phases) {
    std::erase_if(phase.advance_when, [](const rollout::Condition& condition) {
      return condition.metric != "call_success_rate" || condition.baseline != rollout::Baseline::none;
    });
    std::erase_if(phase.roll_back_when,
                  [](const rollout::Trigger& trigger) { return trigger.condition.metric != "call_success_rate"; });
  }
  plan.checklists.clear();
  return plan;
}

// The evidence of a good release in the third week.
struct Third {
  rollout::Plan plan = document();
  simulation::Truth truth = *simulation::parse_truth("success=0.75,old=0.75");
  simulation::Simulator simulator = *simulation::Simulator::create(plan, truth, {});
  simulation::Record record = simulator.record(1, 0, 17);
  rollout::RunFold fold{plan};

  Third() {
    for (const auto& closing : record.first) fold.add_first(closing.bucket);
    for (const auto& closing : record.calls) fold.add_calls(closing.bucket);
  }
};

template <class Ask>
void ask_of_the_third_week(benchmark::State& state, Ask ask) {
  Third third;
  rollout::Judge judge{third.plan};
  const rollout::Evidence evidence{.run = third.fold.sums(), .facts = third.record.facts};
  for (auto _ : state) benchmark::DoNotOptimize(ask(judge, third.record, evidence));
}

void look(benchmark::State& state) {
  ask_of_the_third_week(state, [](auto& judge, const auto& record, const auto& evidence) {
    return judge.look(record.state, evidence, record.decision.at).news;
  });
}
BENCHMARK(look)->Unit(benchmark::kMicrosecond);

void decision_in_words(benchmark::State& state) {
  ask_of_the_third_week(state, [](auto& judge, const auto& record, const auto& evidence) {
    return judge.decide(record.state, evidence, record.decision.at);
  });
}
BENCHMARK(decision_in_words)->Unit(benchmark::kMicrosecond);

void play(benchmark::State& state, const rollout::Plan& plan) {
  const auto truth = *simulation::parse_truth("success=0.75,old=0.75");
  auto simulator = *simulation::Simulator::create(plan, truth, {});
  std::uint64_t run = 0;
  for (auto _ : state) benchmark::DoNotOptimize(simulator.run(1, run++));
  state.SetItemsProcessed(state.iterations());
}

void rollout_of_success(benchmark::State& state) { play(state, two_questions()); }
BENCHMARK(rollout_of_success)->Unit(benchmark::kMillisecond);

void rollout_of_the_document(benchmark::State& state) { play(state, document()); }
BENCHMARK(rollout_of_the_document)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
