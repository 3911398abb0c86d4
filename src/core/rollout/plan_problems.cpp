// Everything that stands in the way of starting a plan, each with its line, the value and the fix.
#include <algorithm>
#include <set>

#include "base/phone.hpp"
#include "core/rollout/metric.hpp"
#include "core/rollout/plan.hpp"

namespace callramp::rollout {
namespace {

using callramp::to_words;  // of times; a quantity's is beside it

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

// Names that conditions must be able to spell.
bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text.front() != '_' && text.front() != '-' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
             std::string_view::npos;
}

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

// Decided by inference on a sample, so that it may be wrong now and then.
bool is_statistic(Kind kind) {
  return kind == Kind::rate || kind == Kind::versus || kind == Kind::mean || kind == Kind::events;
}

class Examination {
 public:
  explicit Examination(const Plan& plan) : plan_(plan) {}

  std::vector<Error> all() {
    head();
    pace();
    phases();
    checklists();
    people();
    custom_metrics();
    for (const Aim& aim : plan_.aims)
      if (aim.condition)
        known(*aim.condition, aim.group == "technical" || aim.group == "business"
                                  ? "targets." + aim.group
                                  : (aim.group == "success" ? "success" : "framework"));
    return std::move(found_);
  }

 private:
  void add(const std::string& key, const std::string& what, int line = 0) {
    if (line == 0) {
      // The key's own line, or its parent's where the key is missing.
      for (std::string path = key; !path.empty();
           path.resize(path.find_last_of('.') == std::string::npos ? 0 : path.find_last_of('.')))
        if (const auto at = plan_.lines.find(path); at != plan_.lines.end()) {
          line = at->second;
          break;
        }
    }
    found_.push_back(
        {ErrorCode::invalid_request, (line > 0 ? "line " + std::to_string(line) + ": " : "") + key + ": " + what, key});
  }

  void head() {
    if (!is_name(plan_.name)) add("rollout", in_quotes(plan_.name) + " is no name; use a-z, 0-9 and -, at most 64");
    if (plan_.flag != "outboundCallsPercentage")
      add("flag",
          "there is no flag " + in_quotes(plan_.flag) + " that holds a percentage; write outboundCallsPercentage");
    if (plan_.min_talk < seconds{1} || plan_.min_talk > minutes{5})
      add("min_talk", to_words(plan_.min_talk) + " is not between 1 s and 5 min");
    if (plan_.budget.per_call && plan_.budget.per_phase &&
        plan_.budget.per_call->currency != plan_.budget.per_phase->currency)
      add("budget", to_string(*plan_.budget.per_call) + " and " + to_string(*plan_.budget.per_phase) +
                        " are two currencies; write both in one");
    if (plan_.watch_after < plan_.pace.day) add("watch_after", to_words(plan_.watch_after) + " is shorter than a day");
    const DecideOptions& decide = plan_.decide;
    if (decide.rollback_alpha > 0.1)
      add("decide.rollback_alpha", "one rollout in " + std::to_string(static_cast<int>(1 / decide.rollback_alpha)) +
                                       " that is good would be rolled back; write 0.1 or less, 0.01 as a rule");
    if (decide.watch_alpha < decide.freeze_alpha)
      add("decide.watch_alpha",
          "the first day must freeze sooner, not later, than the rest; write at least freeze_alpha");
  }

  void pace() {
    const Pace& pace = plan_.pace;
    if (pace.bucket > pace.cluster) add("pace.bucket", to_words(pace.bucket) + " is longer than pace.cluster");
    if (pace.cluster > pace.day) add("pace.cluster", to_words(pace.cluster) + " is longer than pace.day");
    if (pace.bucket < milliseconds{500}) add("pace.bucket", to_words(pace.bucket) + " is shorter than 500 ms");
    if (pace.dead_after < pace.stale_after)
      add("pace.dead_after", to_words(pace.dead_after) + " is shorter than pace.stale_after");
  }

  void phases() {
    if (plan_.phases.empty()) add("phases", "there is none; write at least one with name, percentage and advance_when");
    std::set<std::string> names;
    std::optional<Percent> last;
    std::optional<Days> last_days;
    for (std::size_t i = 0; i < plan_.phases.size(); ++i) {
      const Phase& phase = plan_.phases[i];
      const std::string key = "phases." + phase.name;
      if (!is_name(phase.name))
        add(key + ".name", in_quotes(phase.name) + " is no name; use a-z, 0-9 and -", phase.line);
      if (!names.insert(phase.name).second)
        add(key + ".name", "a phase of this name stands above; choose another", phase.line);
      const bool beta = phase.percentage == Percent{};
      if (beta && phase.include.empty())
        add(key + ".percentage", "0 % of users reaches nobody; raise it, or list beta users under include");
      if (last && phase.percentage <= *last && !(beta && *last == Percent{}))
        add(key + ".percentage", to_string(phase.percentage) + " does not rise above the " + to_string(*last) +
                                     " before it; percentages must rise from phase to phase");
      last = phase.percentage;
      if (phase.min_duration <= Duration::zero())
        add(key + ".min_duration", "is missing; write how long the phase lasts at least, such as 7d");
      else if (phase.min_duration > plan_.decide.phase_cap)
        add(key + ".min_duration", to_words(phase.min_duration) + " is longer than decide.phase_cap, " +
                                       to_words(plan_.decide.phase_cap) +
                                       ": the phase could never be advanced in time");
      if (const auto& volume = phase.expected_volume; volume && (volume->low < 1 || volume->low > volume->high))
        add(key + ".expected_volume", std::to_string(volume->low) + "-" + std::to_string(volume->high) +
                                          "/day is no range; write the smaller number first, at least 1");
      if (const auto& days = phase.days) {
        if (days->first < 1 || (days->last != 0 && days->last < days->first))
          add(key + ".days", "must start at 1 or later and end after their start");
        else if (last_days && (last_days->last == 0 || days->first <= last_days->last))
          add(key + ".days", "begin on day " + std::to_string(days->first) + ", before the phase before it ends");
        last_days = days;
      }
      for (const std::string& user : phase.include)
        if (user.empty() || user.size() > 256) add(key + ".include", "a user id has 1 to 256 bytes");
      if (phase.keeps.empty() && !phase.drops.empty())
        add(key + ".drops", "nothing is kept, so nothing can be dropped; write keeps: and an earlier phase");
      criteria(i);
      triggers(i);
    }
  }

  // Whether the condition can be spoken of at all.
  bool known(const Condition& condition, const std::string& key) {
    if (const Status fits = check(plan_, condition); !fits) {
      add(key, fits.error().message, condition.line);
      return false;
    }
    bool good = true;
    const auto wrong = [&](const std::string& what) {
      add(key, in_quotes(condition.text) + ": " + what, condition.line);
      good = false;
    };
    const std::string argument = condition.arguments.empty() ? "" : condition.arguments.front().name;
    if (condition.metric == "approved_by" && argument != "any") {
      const auto approvers = std::ranges::find(plan_.approvers, argument, &Approvers::role);
      if (approvers == plan_.approvers.end())
        wrong("there are no approvers " + in_quotes(argument) + "; add approvers: {" + argument +
              ": [NAME OF A TOKEN]}");
      else if (std::ssize(approvers->tokens) < condition.people)
        wrong("only " + std::to_string(approvers->tokens.size()) + " may approve as " + argument +
              "; name more, or ask fewer");
    }
    if (condition.metric == "checklist" &&
        std::ranges::find(plan_.checklists, argument, &Checklist::name) == plan_.checklists.end())
      wrong("there is no checklist " + in_quotes(argument) + "; known are " + checklist_names());
    if (condition.metric == "targets_met" &&
        std::ranges::none_of(plan_.aims, [&](const Aim& aim) { return aim.group == argument; }))
      wrong("there are no targets " + in_quotes(argument) + "; write technical or business and fill targets:");
    if ((condition.metric == "cost_overrun" || condition.metric == "cost_predictable") && !plan_.budget.per_call)
      wrong("the plan has no budget; add budget: {per_call: 6.00 INR}");
    if (condition.value.unit == Unit::money && plan_.budget.per_call) {
      const std::string code = condition.text.substr(condition.text.size() - 3);
      const std::string currency = plan_.budget.per_call->currency.str();
      if (code.find_first_of("0123456789.") == std::string::npos && code != currency)
        wrong(code + " is not the currency of the budget; write it in " + currency);
    }
    if (condition.metric == "stable_for" &&
        condition.value.number * 1e6 > static_cast<double>(plan_.decide.phase_cap.count()))
      wrong("longer than decide.phase_cap, " + to_words(plan_.decide.phase_cap) + ": it could never hold in time");
    return good;
  }

  std::string checklist_names() const {
    std::string names;
    for (const Checklist& list : plan_.checklists) names += (names.empty() ? "" : ", ") + list.name;
    return names.empty() ? "none" : names;
  }

  // What a phase compares itself with must exist, come before it and have evidence of its own.
  void baseline(const Condition& condition, std::size_t phase, const std::string& key) {
    const auto wrong = [&](const std::string& what) {
      add(key, in_quotes(condition.text) + ": " + what, condition.line);
    };
    if (condition.baseline == Baseline::previous_phase) {
      if (phase == 0 || plan_.phases[phase - 1].percentage == Percent{})
        wrong("no phase with evidence comes before it, so it could never be decided; move it to a later phase");
    } else if (condition.baseline == Baseline::phase) {
      const auto with = find_phase(plan_, condition.baseline_phase);
      if (!with)
        wrong("there is no phase " + in_quotes(condition.baseline_phase));
      else if (*with >= phase)
        wrong(in_quotes(condition.baseline_phase) + " is not an earlier phase");
      else if (plan_.phases[*with].percentage == Percent{})
        wrong(in_quotes(condition.baseline_phase) + " has 0 % and is outside the evidence");
    }
  }

  void unique(const Condition& condition, std::set<std::string>& seen, const std::string& key) {
    if (!seen.insert(subject(condition)).second)
      add(key, in_quotes(subject(condition)) + " stands twice in this list; keep one line", condition.line);
  }

  // Inherited lines were looked at where they stand.
  bool is_own(const Phase& phase, const Condition& condition) const {
    if (phase.keeps.empty()) return true;
    const auto kept = find_phase(plan_, phase.keeps);
    if (!kept) return true;
    const Phase& earlier = plan_.phases[*kept];
    return std::ranges::none_of(earlier.advance_when,
                                [&](const Condition& one) { return one == condition && one.line == condition.line; }) &&
           std::ranges::none_of(earlier.roll_back_when, [&](const Trigger& one) {
             return one.condition == condition && one.condition.line == condition.line;
           });
  }

  void criteria(std::size_t index) {
    const Phase& phase = plan_.phases[index];
    const std::string key = "phases." + phase.name + ".advance_when";
    if (phase.advance_when.empty())
      add(key, "nothing must hold, so time alone would advance it; write a criterion", phase.line);
    std::set<std::string> seen;
    for (const Condition& criterion : phase.advance_when) {
      unique(criterion, seen, key);
      if (!is_own(phase, criterion)) continue;
      baseline(criterion, index, key);
      if (!known(criterion, key)) continue;
      const auto metric = find_metric(plan_, criterion.metric);
      const Kind kind = kind_of(plan_, criterion);
      if (criterion.compare && wrong_way(*metric, *criterion.compare, true))
        add(key,
            in_quotes(criterion.text) + ": " + std::string(metric->name) + " is better the " +
                (metric->bigger_is_better ? "higher" : "lower") + ", so this would advance on failure; write " +
                (metric->bigger_is_better ? "> or >=" : "< or <="),
            criterion.line);
      if (metric->yes_no && !metric->bigger_is_better)
        add(key, in_quotes(criterion.text) + ": that is trouble, and belongs under roll_back_when", criterion.line);
      if (phase.percentage == Percent{} && (is_statistic(kind) || metric->kind == Kind::clock))
        add(key, in_quotes(criterion.text) + ": a phase of 0 % is outside the evidence, so it could never be decided",
            criterion.line);
    }
  }

  static bool wrong_way(const Metric& metric, Compare compare, bool criterion) {
    if (compare == Compare::equal) return !criterion;
    const bool above = compare == Compare::greater || compare == Compare::at_least;
    return above != (metric.bigger_is_better == criterion);
  }

  void triggers(std::size_t index) {
    const Phase& phase = plan_.phases[index];
    const std::string key = "phases." + phase.name + ".roll_back_when";
    std::set<std::string> seen;
    for (const Trigger& trigger : phase.roll_back_when) {
      const Condition& condition = trigger.condition;
      unique(condition, seen, key);
      contradiction(phase, condition, key);
      if (!is_own(phase, condition)) continue;
      baseline(condition, index, key);
      if (!known(condition, key)) continue;
      const auto metric = find_metric(plan_, condition.metric);
      const Kind kind = kind_of(plan_, condition);
      const auto wrong = [&](const std::string& what) {
        add(key, in_quotes(condition.text) + ": " + what, condition.line);
      };
      if (kind == Kind::person || kind == Kind::clock || kind == Kind::proof)
        wrong("what people or dates say cannot roll back; a person does: callramp rollout rollback");
      else if (metric->yes_no && metric->bigger_is_better)
        wrong("that is what should be, and belongs under advance_when");
      else if (condition.compare && wrong_way(*metric, *condition.compare, false))
        wrong(std::string(metric->name) + " is better the " + (metric->bigger_is_better ? "higher" : "lower") +
              ", so this would roll back on success; write " +
              (metric->bigger_is_better ? "< or <=" : (*condition.compare == Compare::equal ? ">=" : "> or >=")));
      if (trigger.target == Target::zero && is_statistic(kind) && !plan_.decide.statistics_to_zero)
        wrong(
            "statistics err now and then, and going back one phase is enough; write => previous_phase, or say that it "
            "is meant: decide: {statistics_to_zero: true}");
    }
  }

  // What rolls back and what advances may not overlap.
  void contradiction(const Phase& phase, const Condition& trigger, const std::string& key) {
    if (!trigger.compare || trigger.value.unit == Unit::budget) return;
    for (const Condition& criterion : phase.advance_when) {
      if (subject(criterion) != subject(trigger) || !criterion.compare || criterion.value.unit != trigger.value.unit)
        continue;
      const double pass = criterion.value.number;
      const double fail = trigger.value.number;
      const bool both = holds(pass, *trigger.compare, fail) && holds(pass, *criterion.compare, pass);
      const auto metric = find_metric(plan_, trigger.metric);
      const bool crossed = metric && (metric->bigger_is_better ? fail > pass : fail < pass);
      if (both || crossed)
        add(key,
            in_quotes(trigger.text) + " and the criterion " + in_quotes(criterion.text) + " (line " +
                std::to_string(criterion.line) +
                ") overlap: the same value would advance and roll back; move one of the lines",
            trigger.line);
    }
  }

  void checklists() {
    std::set<std::string> names;
    for (const Checklist& list : plan_.checklists) {
      const std::string key = "checklists." + list.name;
      if (!is_name(list.name)) add(key, "is no name; use a-z, 0-9 and -");
      if (list.gate != "start" && list.gate != "phase-start" && list.gate != "phase-end" && list.gate != "success")
        add(key + ".gate", in_quotes(list.gate) + " is not one of start, phase-start, phase-end, success");
      if (list.items.empty()) add(key + ".items", "there is none; a list without items gates nothing");
      for (const ChecklistItem& item : list.items) {
        const std::string item_key = key + ".items." + item.id;
        if (!is_name(item.id)) add(item_key, in_quotes(item.id) + " is no name of an item; use a-z, 0-9 and -");
        if (item.text.empty()) add(item_key, "has no text");
        if (item.ticks_when) {
          known(*item.ticks_when, item_key);
          if (item.ticks_when->metric == "checklist")
            add(item_key, "an item cannot wait for a checklist; name what it stands for", item.ticks_when->line);
        }
      }
    }
  }

  void people() {
    for (const Approvers& approvers : plan_.approvers) {
      const std::string key = "approvers." + approvers.role;
      if (!is_word(approvers.role) || approvers.role == "any")
        add(key, "is no role; use letters, digits and -, not 'any'");
      if (approvers.tokens.empty()) add(key, "names nobody; list the names of their tokens");
    }
    for (const Contact& contact : plan_.contacts) {
      const std::string key = "contacts." + contact.name;
      if (const auto phone = PhoneNumber::parse(contact.phone); !phone) add(key + ".phone", phone.error().message);
      if (!contact.confirmed.empty() && !parse_iso(contact.confirmed + "T00:00:00Z"))
        add(key + ".confirmed", in_quotes(contact.confirmed) + " is no date; write it like 2026-11-24");
    }
    static const std::set<std::string> levels{"low", "medium", "high"};
    for (const Risk& risk : plan_.risks) {
      const std::string key = "risks." + risk.name;
      if (!levels.contains(risk.likelihood))
        add(key + ".likelihood", in_quotes(risk.likelihood) + " is not low, medium or high");
      if (!levels.contains(risk.impact)) add(key + ".impact", in_quotes(risk.impact) + " is not low, medium or high");
    }
    static const std::set<std::string> spans{"day", "week", "month", "event"};
    std::size_t index = 0;
    for (const Announcement& one : plan_.communication)
      if (const std::string key = "communication." + std::to_string(index++) + ".every"; !spans.contains(one.every))
        add(key, in_quotes(one.every) + " is not one of day, week, month, event");
  }

  void custom_metrics() {
    std::set<std::string> names;
    for (const CustomMetric& metric : plan_.metrics) {
      const std::string key = "metrics." + metric.name;
      if (!is_word(metric.name))
        add(key, in_quotes(metric.name) + " is no name of a metric; use letters, digits and _");
      if (std::ranges::find(metrics(), std::string_view(metric.name), &Metric::name) != metrics().end())
        add(key, "there is a built-in metric of this name; choose another");
      if (metric.promql.empty()) add(key, "has no expression; write what Prometheus shall compute");
    }
  }

  const Plan& plan_;
  std::vector<Error> found_;
};

}  // namespace

std::vector<Error> problems(const Plan& plan) { return Examination(plan).all(); }

}  // namespace callramp::rollout
