// `callramp rollout validate`: what a plan file means, what is wrong with it, and whom its percentages reach. Needs no
// server.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <ostream>

#include "adapters/phone/lib_phone_number_directory.hpp"
#include "adapters/yaml/plan_reader.hpp"
#include "app/commands/groups.hpp"
#include "app/contacts.hpp"
#include "app/table.hpp"
#include "app/text_file.hpp"
#include "core/flags/flags.hpp"
#include "core/rollout/plan_outlook.hpp"

namespace callramp::app {
namespace {

namespace json = boost::json;
using namespace rollout;

std::string span_words(Duration span) {
  return to_words(Quantity{static_cast<double>(span.count()) / 1e6, Unit::time});
}

// Calls of an export, by user.
struct Calls {
  std::map<std::string, std::int64_t> by_user;
  std::int64_t total = 0;
  std::int64_t unusable = 0;  ///< rows without a user or with a broken line
  std::optional<Instant> first, last;

  /// Nothing without times.
  std::optional<double> days() const {
    if (!first || *last <= *first) return std::nullopt;
    return static_cast<double>((*last - *first).count()) / 86'400e6;
  }
};

// The router's key: the user id, and where there is none the callee's number, however it is spelt. Empty: neither.
std::string key_of(const std::string& user, const std::string& number, const PhoneDirectory& phones,
                   const std::string& region) {
  if (!user.empty()) return parse_user_id(user) ? user : "";
  const auto phone = phones.normalise(number, region);
  return phone ? phone->e164() : "";
}

Done<Calls> read_calls(const std::string& file, const std::string& region) {
  TRY(phones, phone::LibPhoneNumberDirectory::create());
  TRY(text, read_text_file(file));
  const std::vector<CsvRecord> records = parse_csv(text);
  if (records.empty()) return refused(fmt::format("'{}' is empty; it needs a header with userId or phone", file));
  std::optional<std::size_t> user, phone, started;
  for (std::size_t i = 0; i < records.front().fields.size(); ++i) {
    const std::string name = plain_column(records.front().fields[i]);
    if (name == "userid" || name == "user") user = i;
    if (name == "phone" || name == "phonenumber") phone = i;
    if (name == "startedat" || name == "started") started = i;
  }
  if (!user && !phone)
    return refused(fmt::format("'{}' has no column userId or phone in its first line; add one", file));
  Calls calls;
  for (const CsvRecord& record : std::span(records).subspan(1)) {
    if (record.error.empty() && record.fields.size() == 1 && record.fields.front().empty()) continue;
    const auto field = [&](std::optional<std::size_t> at) {
      return at && *at < record.fields.size() ? record.fields[*at] : std::string();
    };
    const std::string key = record.error.empty() ? key_of(field(user), field(phone), *phones, region) : "";
    if (key.empty()) {
      ++calls.unusable;
      continue;
    }
    ++calls.by_user[key];
    ++calls.total;
    if (const auto at = parse_iso(field(started))) {
      calls.first = calls.first ? std::min(*calls.first, *at) : *at;
      calls.last = calls.last ? std::max(*calls.last, *at) : *at;
    }
  }
  if (calls.total == 0) return refused(fmt::format("'{}' holds no call that can be counted", file));
  return calls;
}

// Whom one percentage of users reaches.
struct Reach {
  std::int64_t users = 0;
  std::int64_t calls = 0;
};
Reach reach(const Calls& calls, const Phase& phase) {
  Reach reached;
  for (const auto& [user, count] : calls.by_user)
    if (position_hundredths(user) < phase.percentage.basis_points()) {
      ++reached.users;
      reached.calls += count;
    }
  return reached;
}

std::pair<std::string, std::int64_t> largest(const Calls& calls) {
  return *std::ranges::max_element(calls.by_user, {}, [](const auto& entry) { return entry.second; });
}

// The first phase in which this user is on new; the plan need not reach everybody.
std::string first_phase_of(const Plan& plan, const std::string& user) {
  for (const Phase& phase : plan.phases)
    if (position_hundredths(user) < phase.percentage.basis_points()) return phase.name;
  return "no phase";
}

// A user may be a phone number.
std::string masked(const std::string& user) {
  const auto phone = PhoneNumber::parse(user);
  return phone ? phone->masked() : user;
}

double share(std::int64_t part, std::int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(std::max<std::int64_t>(whole, 1));
}

std::string need_words(const Need& need) {
  const auto count = [](std::optional<std::int64_t> n) { return n ? fmt::format("{}", *n) : std::string("over 4000"); };
  std::string text = fmt::format("{} {} at a true {:.4g} %, 95 %: {}", count(need.half), need.observed,
                                 need.assumed * 100, count(need.most));
  if (need.planned) text += fmt::format("; {:.0f} planned", *need.planned);
  return text;
}

void print_phase(const Plan& plan, std::size_t index, std::ostream& out) {
  const Phase& phase = plan.phases[index];
  out << fmt::format("\n{}: {} % of {}s", phase.name, to_string(phase.percentage), plan.unit);
  if (phase.days)
    out << (phase.days->last == 0 ? fmt::format(", from day {}", phase.days->first)
                                  : fmt::format(", days {} to {}", phase.days->first, phase.days->last));
  out << ", at least " << span_words(phase.min_duration);
  if (phase.expected_volume)
    out << fmt::format(", {} to {} calls a day", phase.expected_volume->low, phase.expected_volume->high);
  if (!phase.keeps.empty()) out << ", keeps " << phase.keeps;
  out << '\n';
  // What is kept and reads as before is named once, in a line: a tired person looks for what is new.
  const auto kept = [&](const Condition& condition) { return condition.line < phase.line; };
  std::string unchanged;
  Table criteria({"LINE", "TO ADVANCE", "DECIDED BY", "NEEDS"});
  for (const Condition& criterion : phase.advance_when) {
    const auto need = need_of(plan, index, criterion, 0.05);
    if (kept(criterion) && !need) {
      unchanged += (unchanged.empty() ? "" : ", ") + criterion.text;
      continue;
    }
    criteria.add({fmt::format("{}", criterion.line), criterion.text, how_decided(plan, index, criterion, false),
                  need ? need_words(*need) : ""});
  }
  criteria.print(out, "  ");
  if (!unchanged.empty()) out << "  and as before: " << unchanged << '\n';
  unchanged.clear();
  Table triggers({"LINE", "ROLLS BACK", "DECIDED BY", "TO"});
  for (const Trigger& trigger : phase.roll_back_when) {
    if (kept(trigger.condition)) {
      unchanged += (unchanged.empty() ? "" : ", ") + trigger.condition.text;
      continue;
    }
    triggers.add({fmt::format("{}", trigger.condition.line), trigger.condition.text,
                  how_decided(plan, index, trigger.condition, true),
                  trigger.target == Target::zero ? "zero" : "the phase before"});
  }
  out << '\n';
  if (!triggers.empty()) triggers.print(out, "  ");
  if (!unchanged.empty()) out << "  and as before: " << unchanged << '\n';
}

void print_calls(const Plan& plan, const Calls& calls, std::ostream& out) {
  const auto days = calls.days();
  out << fmt::format("\nOf {} calls of {} {}s", calls.total, calls.by_user.size(), plan.unit);
  if (days) out << fmt::format(" in {:.1f} days", *days);
  if (calls.unusable > 0) out << fmt::format(" ({} rows name nobody and are left out)", calls.unusable);
  out << '\n';
  Table table({"PHASE", "ASKED", "OF USERS", "OF CALLS", "CALLS A DAY", "PLANNED"});
  for (const Phase& phase : plan.phases) {
    const Reach reached = reach(calls, phase);
    table.add(
        {phase.name, to_string(phase.percentage) + " %",
         fmt::format("{:.1f} %", 100 * share(reached.users, std::ssize(calls.by_user))),
         fmt::format("{:.1f} %", 100 * share(reached.calls, calls.total)),
         days ? fmt::format("{:.0f}", static_cast<double>(reached.calls) / *days) : "-",
         phase.expected_volume ? fmt::format("{}-{}", phase.expected_volume->low, phase.expected_volume->high) : "-"});
  }
  table.print(out, "  ");
  const auto [user, count] = largest(calls);
  out << fmt::format("  The largest: {} with {} calls ({:.1f} %), bucket {}, on new from {}.\n", masked(user), count,
                     100 * share(count, calls.total), bucket(user), first_phase_of(plan, user));
}

json::array to_json(const std::vector<Error>& findings) {
  json::array list;
  for (const Error& finding : findings)
    list.push_back(json::object{{"key", finding.field}, {"message", finding.message}});
  return list;
}

json::value number(std::optional<std::int64_t> value) { return value ? json::value(*value) : json::value(nullptr); }
json::value number(std::optional<double> value) { return value ? json::value(*value) : json::value(nullptr); }

json::object line_json(const Plan& plan, std::size_t index, const Condition& condition, bool is_trigger) {
  return {{"condition", condition.text},
          {"line", condition.line},
          {"kind", to_string(kind_of(plan, condition))},
          {"decidedBy", how_decided(plan, index, condition, is_trigger)}};
}

json::object phase_json(const Plan& plan, std::size_t index) {
  const Phase& phase = plan.phases[index];
  json::array criteria;
  for (const Condition& criterion : phase.advance_when) {
    json::object one = line_json(plan, index, criterion, false);
    if (const auto need = need_of(plan, index, criterion, 0.05))
      one["needs"] = {{"observed", need->observed},       {"assumedRate", need->assumed},
                      {"q50", number(need->half)},        {"q95", number(need->most)},
                      {"planned", number(need->planned)}, {"passesByThen", number(need->by_then)}};
    criteria.push_back(std::move(one));
  }
  json::array triggers;
  for (const Trigger& trigger : phase.roll_back_when) {
    json::object one = line_json(plan, index, trigger.condition, true);
    one["target"] = trigger.target == Target::zero ? "zero" : "previous_phase";
    triggers.push_back(std::move(one));
  }
  return {{"name", phase.name},
          {"percentage", phase.percentage.number()},
          {"minDurationSeconds", static_cast<double>(phase.min_duration.count()) / 1e6},
          {"criteria", std::move(criteria)},
          {"triggers", std::move(triggers)}};
}

json::object calls_json(const Plan& plan, const Calls& calls) {
  json::array phases;
  for (const Phase& phase : plan.phases) {
    const Reach reached = reach(calls, phase);
    phases.push_back(json::object{{"name", phase.name},
                                  {"percentage", phase.percentage.number()},
                                  {"users", reached.users},
                                  {"userShare", share(reached.users, std::ssize(calls.by_user))},
                                  {"calls", reached.calls},
                                  {"callShare", share(reached.calls, calls.total)}});
  }
  const auto [user, count] = largest(calls);
  return {{"calls", calls.total},
          {"users", calls.by_user.size()},
          {"unusable", calls.unusable},
          {"days", number(calls.days())},
          {"phases", std::move(phases)},
          {"largest",
           {{"userId", masked(user)},
            {"calls", count},
            {"callShare", share(count, calls.total)},
            {"bucket", bucket(user)},
            {"firstPhase", first_phase_of(plan, user)}}}};
}

void print_plan(const Plan& plan, std::ostream& out) {
  out << fmt::format("{}: {} phases, plan {}\n", plan.name, plan.phases.size(), plan.hash.substr(0, 12));
  constexpr std::array modes{"recommends only", "freezes and rolls back by itself, advances on approval",
                             "freezes, rolls back and advances by itself"};
  constexpr std::array readings{"strict", "mid", "wide", "ladder"};
  out << fmt::format("It {}; a gate errs once in {:.0f}, a rollback once in {:.0f} rollouts (reading {}).\n",
                     modes[static_cast<std::size_t>(plan.mode)], 1 / plan.decide.advance_alpha,
                     1 / plan.decide.rollback_alpha, readings[static_cast<std::size_t>(plan.decide.reading)]);
  for (std::size_t i = 0; i < plan.phases.size(); ++i) print_phase(plan, i, out);
}

Ran validate(const Arguments& arguments, Terminal& terminal) {
  const std::string file = arguments.required("FILE");
  TRY(text, read_text_file(file));
  const yaml::ReadPlan read = yaml::read_plan(text);
  const bool as_json = arguments.has("--json");
  if (!read.problems.empty()) {
    if (as_json)
      terminal.out << json::object{{"valid", false}, {"problems", to_json(read.problems)}} << '\n';
    else
      for (const Error& problem : read.problems) terminal.err << file << ", " << printable(problem.message) << '\n';
    return refused(fmt::format(
        "'{}' cannot be started: {} to correct", file,
        read.problems.size() == 1 ? std::string("one line") : fmt::format("{} lines", read.problems.size())));
  }
  const Plan& plan = read.plan;
  std::optional<Calls> calls;
  if (const auto export_file = arguments.text("--calls")) {
    TRY(counted, read_calls(*export_file, arguments.text("--region").value_or("IN")));
    calls = std::move(counted);
  }
  const std::vector<Error> doubts = warnings(plan);
  if (as_json) {
    json::array phases;
    for (std::size_t i = 0; i < plan.phases.size(); ++i) phases.push_back(phase_json(plan, i));
    json::object all{{"valid", true},
                     {"name", plan.name},
                     {"planHash", plan.hash},
                     {"problems", json::array()},
                     {"warnings", to_json(doubts)},
                     {"phases", std::move(phases)}};
    if (calls) all["calls"] = calls_json(plan, *calls);
    terminal.out << all << '\n';
    return {};
  }
  print_plan(plan, terminal.out);
  if (calls) print_calls(plan, *calls, terminal.out);
  for (const Error& doubt : doubts) terminal.err << file << ", " << printable(doubt.message) << '\n';
  return {};
}

}  // namespace

void add_rollout_validate(Command rollout) {
  rollout.add("validate", "Check a plan file: what it means, what is wrong, and about how many calls its gates take")
      .argument("FILE", "The plan, such as examples/rollout.yaml")
      .option("--calls", "CSV", "Calls of the past, with userId or phone and startedAt: whom each percentage reaches")
      .option("--region", "CC", "Country of numbers without a country code in it; IN if it is not said")
      .flag("--json", "One JSON object: valid, problems, warnings, phases, calls")
      .example("callramp rollout validate examples/rollout.yaml")
      .example("callramp rollout validate rollout.yaml --calls last-month.csv")
      .runs(validate);
}

}  // namespace callramp::app
