#include "core/simulation/facts.hpp"

#include <algorithm>
#include <cmath>

namespace callramp::simulation {
namespace {

using rollout::Condition;
using rollout::Kind;

constexpr double far_below = 0.01;  // of a line: where a level is that gives no concern
constexpr double far_above = 10;
constexpr double no_level = 0.001;  // where only a comparison with an earlier phase is asked for
constexpr Duration level_every = minutes{1};
constexpr double days_until_fixed = 3;
constexpr std::int64_t users_seen = 1000;
constexpr std::int64_t cost_without_budget = 1'000'000;  // one unit of the currency
constexpr std::string_view person = "simulated";

bool compares_above(const Condition& condition) {
  return condition.compare == rollout::Compare::greater || condition.compare == rollout::Compare::at_least;
}

}  // namespace

FactBook::FactBook(const rollout::Plan& plan, const Truth& truth, const Calendar& calendar)
    : plan_(plan), truth_(truth), calendar_(calendar) {
  for (const rollout::Phase& phase : plan.phases) learn_phase(phase);
  for (const rollout::Checklist& list : plan.checklists) {
    for (const rollout::ChecklistItem& item : list.items) {
      if (item.ticks_when) {
        learn(*item.ticks_when, true);
        continue;
      }
      Condition subject;
      subject.text = list.name + "/" + item.id;
      people_.push_back(std::move(subject));
    }
  }
  for (const rollout::Aim& aim : plan.aims)
    if (aim.condition) learn(*aim.condition, true);
  Condition approval;
  approval.text = "approval";
  people_.push_back(std::move(approval));
  for (const std::string_view provider : {"telephony", "stt", "llm", "tts"})
    always_.gauges["provider_down(" + std::string(provider) + ")"].readings = {{}};
  always_.binary = always_.configuration = person;
  always_.users_on_new = always_.users_routable = users_seen;
  const double per_call = plan.budget.per_call ? static_cast<double>(plan.budget.per_call->micros)
                                               : static_cast<double>(cost_without_budget);
  cost_micros_ = std::llround(per_call * truth.cost);
  slots_a_week_ = 7.0 * static_cast<double>(calendar.slots_a_day());
}

void FactBook::learn_phase(const rollout::Phase& phase) {
  bool scored = false;
  const auto take = [&](const Condition& condition, bool must_hold) {
    learn(condition, must_hold);
    scored = scored || condition.metric == "customer_satisfaction";
  };
  for (const Condition& condition : phase.advance_when) take(condition, true);
  for (const rollout::Trigger& trigger : phase.roll_back_when) take(trigger.condition, false);
  scored_.push_back(scored);
}

void FactBook::learn(const Condition& condition, bool must_hold) {
  switch (kind_of(plan_, condition)) {
    case Kind::gauge: learn_gauge(condition, must_hold); break;
    case Kind::rate:
      if (condition.percentile) learn_times(condition, must_hold);
      break;
    case Kind::proof: learn_proof(condition); break;
    case Kind::person:
      if (condition.metric != "checklist") people_.push_back(condition);
      break;
    default: break;
  }
}

void FactBook::learn_gauge(const Condition& condition, bool must_hold) {
  rollout::Gauge& gauge = always_.gauges[source_key(condition)];
  const auto metric = find_metric(plan_, condition.metric);
  const bool bigger_is_better = metric && metric->bigger_is_better;
  const double line = std::abs(condition.value.number);
  double value = 0;
  if (!condition.compare)
    value = must_hold || bigger_is_better ? 1 : 0;
  else if (condition.baseline != rollout::Baseline::none)
    value = no_level;
  else if (compares_above(condition) == must_hold)
    value = condition.value.unit == rollout::Unit::share ? 1 : line * far_above + 1;
  else
    value = line * far_below;
  // Of several conditions the strictest: the lowest level where less is better.
  if (gauge.readings.empty())
    gauge.readings = {{.value = value}};
  else if (condition.compare && condition.baseline == rollout::Baseline::none)
    gauge.readings.back().value =
        bigger_is_better ? std::max(value, gauge.readings.back().value) : std::min(value, gauge.readings.back().value);
  if (must_hold && condition.lasting) {
    const auto readings = static_cast<std::size_t>(*condition.lasting / level_every) + 2;
    gauge.readings.resize(std::max(gauge.readings.size(), readings), gauge.readings.back());
  }
  gauge.phases.clear();
  for (std::size_t i = 0; i < plan_.phases.size(); ++i)
    gauge.phases.push_back({.phase = static_cast<int>(i), .mean = gauge.readings.back().value});
  for (rollout::LevelReading& reading : gauge.readings) reading.value = gauge.readings.back().value;
}

void FactBook::learn_times(const Condition& condition, bool must_hold) {
  const auto bounds = rollout::time_bounds();
  rollout::Exceedances& times = always_.times[source_key(condition)];
  times.over.resize(bounds.size());
  if (!must_hold) return;
  // Until the run begins, `total` holds how many of the bounds a slow one is over.
  const auto up_to = std::ranges::upper_bound(bounds, condition.value.number) - bounds.begin();
  times.total = times.total == 0 ? up_to : std::min<std::int64_t>(times.total, up_to);
}

void FactBook::learn_proof(const Condition& condition) {
  std::string name = act_name(condition);
  for (const rollout::Proof& known : always_.proofs)
    if (known.name == name) return;
  always_.proofs.push_back(
      {.name = std::move(name), .concurrent = 1e6, .hours = 1e3, .version = std::string(person), .passed = true});
}

void FactBook::begin_run(std::uint64_t seed, std::uint64_t run, const rollout::AaResult& a_a, Instant now) {
  facts_ = always_;
  facts_.aa = a_a;
  random_ = SeededRandom{seed_of(seed, run, std::uint64_t{1} << 40)};
  gauges_.clear();
  for (auto& [key, gauge] : facts_.gauges) gauges_.push_back(&gauge);
  times_.clear();
  for (auto& [key, times] : facts_.times) {
    times_.push_back(
        {.counted = &times, .bounds_over = static_cast<std::size_t>(times.total), .requests = key == "response_time"});
    times.total = 0;
  }
  const auto every = [&](double a_week) { return a_week > 0 ? slots_a_week_ / a_week : 0; };
  reports_ = {{.kind = "bug", .severity = "P1", .slots_between = every(truth_.p1_bugs)},
              {.kind = "bug", .severity = "P2", .slots_between = every(truth_.p2_bugs)},
              {.kind = "security", .severity = "critical", .slots_between = every(truth_.security)}};
  run_started_ = now;
  sampled_until_ = static_cast<double>(calendar_.slot_at(now));
  for (Reports& reports : reports_)
    if (reports.slots_between > 0) reports.next = sampled_until_ + exponential(random_, reports.slots_between);
  down_.clear();
  for (const Outage& outage : truth_.outages) {
    const std::int64_t noon =
        (outage.day - 1) * calendar_.slots_a_day() + calendar_.opening() + calendar_.calling_slots() / 2;
    down_.push_back({calendar_.start(noon), calendar_.start(noon) + outage.length});
  }
  items_ = 0;
  labels_due_ = scores_due_ = 0;
}

void FactBook::begin_phase(int phase, Percent percentage, Instant now) {
  phase_ = phase;
  phase_started_ = now;
  facts_.percentage = percentage;
  facts_.labels = {};
  facts_.costs.clear();
  facts_.users = {};
  facts_.open_calls = facts_.pending_calls = 0;
  facts_.quiet = {};
  users_.clear();
  for (const Times& times : times_) {
    times.counted->total = 0;
    std::ranges::fill(times.counted->over, 0);
  }
  for (rollout::Proof& proof : facts_.proofs) proof.at = now;
}

void FactBook::begun(const Begun& begun, std::int64_t slot) {
  const std::int64_t fresh = begun.calls.fresh.total;
  const std::int64_t today = day_of(calendar_.start(slot));
  if (fresh == 0) {
    facts_.quiet += calendar_.slot_length();
    return;
  }
  facts_.quiet = {};
  facts_.open_calls += fresh;
  if (facts_.costs.empty() || facts_.costs.back().day != today) facts_.costs.push_back({.day = today});
  facts_.costs.back().calls += fresh;
  facts_.costs.back().micros += fresh * cost_micros_;
  for (const Times& times : times_) {
    times.counted->total += fresh;
    if (!times.requests || begun.slow == 0) continue;
    for (std::size_t i = 0; i < times.bounds_over; ++i) times.counted->over[i] += begun.slow;
  }
  if (truth_.complaints > 0)
    for (int i = binomial(random_, static_cast<int>(fresh), truth_.complaints); i > 0; --i)
      add_item("complaint", "annoyance", 0, static_cast<double>(slot));
}

void FactBook::closed(const rollout::Bucket& calls, const std::vector<UserCall>& by_user) {
  if (calls.phase != phase_) return;
  facts_.open_calls -= calls.fresh.total;
  for (const UserCall& call : by_user) {
    if (call.user >= users_.size()) users_.resize(call.user + std::size_t{1});
    auto& [good, total] = users_[call.user];
    facts_.users.remove(good, total);
    good += call.good;
    ++total;
    facts_.users.add(good, total);
  }
}

void FactBook::pending(std::int64_t calls, int phase) {
  if (phase == phase_) facts_.pending_calls += calls;
}

std::int64_t FactBook::day_of(Instant at) const { return to_micros(at) / plan_.pace.day.count(); }

void FactBook::advance_to(std::int64_t slot, Instant now) {
  facts_.heartbeat = now;
  facts_.today = day_of(now);
  for (rollout::Gauge* gauge : gauges_) {
    Instant at = now;
    for (std::size_t i = gauge->readings.size(); i-- > 0; at -= level_every) gauge->readings[i].at = at;
  }
  uptime_at(now);
  const auto end = static_cast<double>(slot + 1);
  reports_until(end);
  samples_until(end);
}

void FactBook::uptime_at(Instant now) {
  const auto down_since = [&](Instant from) {
    Duration down{};
    for (const auto& [begins, ends] : down_) down += std::max(Duration{}, std::min(ends, now) - std::max(begins, from));
    return down / minutes{1};
  };
  const Instant day_ago = std::max(run_started_, now - plan_.pace.day);
  rollout::Uptime& uptime = facts_.uptime;
  uptime.minutes = (now - phase_started_) / minutes{1};
  uptime.last_day_minutes = (now - day_ago) / minutes{1};
  if (down_.empty()) return;
  uptime.down = down_since(phase_started_);
  uptime.last_day_down = down_since(day_ago);
}

void FactBook::reports_until(double end) {
  for (Reports& reports : reports_) {
    while (reports.slots_between > 0 && reports.next < end) {
      add_item(reports.kind, reports.severity, 0, reports.next);
      reports.next += exponential(random_, reports.slots_between);
    }
  }
  if (truth_.p2_bugs <= 0) return;
  const Instant fixed = calendar_.start(static_cast<std::int64_t>(end)) -
                        std::chrono::duration_cast<Duration>(days_until_fixed * plan_.pace.day);
  for (rollout::EvidenceItem& item : facts_.items)
    if (item.severity == "P2" && item.status == "open" && item.at <= fixed) item.status = "resolved";
}

void FactBook::samples_until(double end) {
  const double weeks = (end - sampled_until_) / slots_a_week_;
  sampled_until_ = end;
  for (labels_due_ += weeks * truth_.labels; labels_due_ >= 1; labels_due_ -= 1) {
    rollout::Labels& labels = facts_.labels;
    const bool right = random_.uniform() < truth_.voicemail;
    // People and machines by turns.
    if (labels.machines <= labels.people) {
      ++labels.machines;
      labels.machines_right += right;
    } else {
      ++labels.people;
      labels.people_right += right;
    }
  }
  if (scored_[static_cast<std::size_t>(phase_)] == 0) return;
  for (scores_due_ += weeks * truth_.scores; scores_due_ >= 1; scores_due_ -= 1) {
    const double low = std::floor(truth_.satisfaction);
    add_item("satisfaction", "", low + (random_.uniform() < truth_.satisfaction - low ? 1 : 0), end - 1);
  }
}

void FactBook::add_item(std::string_view kind, std::string_view severity, double value, double slot) {
  facts_.items.push_back({.kind = std::string(kind),
                          .external_id = "simulated-" + std::to_string(++items_),
                          .severity = std::string(severity),
                          .status = "open",
                          .value = value,
                          .at = calendar_.start(static_cast<std::int64_t>(slot)),
                          .phase = phase_,
                          .system = "new"});
}

void FactBook::sign(Instant now, const std::string& standing) {
  facts_.signatures.clear();
  const auto give = [&](const Condition& condition, std::string by) {
    facts_.signatures.push_back({.subject = condition.text, .by = std::move(by), .at = now, .standing = standing});
  };
  for (const Condition& condition : people_) {
    const rollout::Approvers* approvers = nullptr;
    for (const rollout::Approvers& one : plan_.approvers)
      if (condition.metric == "approved_by" && !condition.arguments.empty() &&
          one.role == condition.arguments.front().name)
        approvers = &one;
    for (int i = 0; i < condition.people; ++i)
      give(condition, approvers != nullptr && static_cast<std::size_t>(i) < approvers->tokens.size()
                          ? approvers->tokens[static_cast<std::size_t>(i)]
                          : std::string(person) + "-" + std::to_string(i + 1));
  }
}

}  // namespace callramp::simulation
