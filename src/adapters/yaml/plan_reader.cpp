#include "adapters/yaml/plan_reader.hpp"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "adapters/yaml/mapping.hpp"
#include "net/digest.hpp"

namespace callramp::yaml {
namespace {

using namespace rollout;

constexpr std::size_t longest_plan = 1024 * 1024;  // bytes: the API's limit for a body
constexpr std::size_t most_phases = 50;

// "7d", "48h", "300ms"; by the grammar of conditions, so that there is one spelling of time.
std::optional<Duration> parse_span(const std::string& text) {
  const auto read = parse_condition("x for " + text);
  return read ? read->lasting : std::nullopt;
}

void span(Mapping& from, const std::string& key, Duration& into) {
  const auto text = from.text(key);
  if (!text) return;
  if (const auto value = parse_span(*text))
    into = *value;
  else
    from.complain(key, "'" + *text + "' is not a time; write it like 7d, 48h, 15m, 30s or 500ms, at most 366d");
}

template <class T>
void choice(Mapping& from, const std::string& key, T& into,
            std::initializer_list<std::pair<std::string_view, T>> choices) {
  const auto text = from.text(key);
  if (!text) return;
  std::string names;
  for (const auto& [name, value] : choices) {
    if (*text == name) {
      into = value;
      return;
    }
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  from.complain(key, "'" + *text + "' is not one of " + names);
}

template <class T>
void set(std::optional<T> value, T& into) {
  if (value) into = *std::move(value);
}

std::optional<Condition> condition(Findings& findings, const YAML::Node& node, const std::string& path,
                                   const std::string& text) {
  auto read = parse_condition(text);
  if (!read) {
    // "[a, load_test(x, y)]": YAML has cut the text at its comma.
    const bool cut = text.find('(') != std::string::npos && text.find(')') == std::string::npos;
    findings.add(node, path,
                 read.error().message + (cut ? " (in [ ] a comma ends the text: put the condition in quotes)" : ""));
    return std::nullopt;
  }
  read->line = node.Mark().line + 1;
  return *std::move(read);
}

std::optional<Trigger> trigger(Findings& findings, const YAML::Node& node, const std::string& path, std::string text) {
  Trigger read;
  if (const std::size_t arrow = text.find("=>"); arrow != std::string::npos) {
    std::string target = text.substr(arrow + 2);
    target.erase(0, target.find_first_not_of(' '));
    target.erase(target.find_last_not_of(' ') + 1);
    if (target == "zero") {
      read.target = Target::zero;
    } else if (target != "previous_phase") {
      findings.add(node, path, "'" + target + "' is no target; behind '=>' write zero or previous_phase");
      return std::nullopt;
    }
    text.resize(arrow);
    text.erase(text.find_last_not_of(' ') + 1);
  }
  auto when = condition(findings, node, path, text);
  if (!when) return std::nullopt;
  read.condition = *std::move(when);
  return read;
}

// "50-100/day", "60/day".
std::optional<Volume> parse_volume(std::string text) {
  if (!text.ends_with("/day")) return std::nullopt;
  text.resize(text.size() - 4);
  const auto number = [](std::string_view digits) -> std::optional<int> {
    if (digits.empty() || digits.size() > 7 || digits.find_first_not_of("0123456789") != std::string_view::npos)
      return std::nullopt;
    return std::stoi(std::string(digits));
  };
  const std::size_t dash = text.find('-');
  const auto low = number(std::string_view(text).substr(0, dash));
  const auto high = dash == std::string::npos ? low : number(std::string_view(text).substr(dash + 1));
  return low && high ? std::optional(Volume{*low, *high}) : std::nullopt;
}

// "1-7", "29+".
std::optional<Days> parse_days(const std::string& text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  if (end == 0 || end == std::string::npos || end > 4) return std::nullopt;
  const Days open{std::stoi(text.substr(0, end)), 0};
  const std::string rest = text.substr(end + 1);
  if (text[end] == '+' && rest.empty()) return open;
  if (text[end] != '-' || rest.empty() || rest.size() > 4 || rest.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return Days{open.first, std::stoi(rest)};
}

void read_decide(Mapping& from, DecideOptions& into) {
  choice(from, "reading", into.reading,
         {{"strict", Reading::strict}, {"mid", Reading::mid}, {"wide", Reading::wide}, {"ladder", Reading::ladder}});
  for (const auto& [key, alpha] :
       std::initializer_list<std::pair<const char*, double*>>{{"advance_alpha", &into.advance_alpha},
                                                              {"rollback_alpha", &into.rollback_alpha},
                                                              {"versus_alpha", &into.versus_alpha},
                                                              {"freeze_alpha", &into.freeze_alpha},
                                                              {"watch_alpha", &into.watch_alpha}})
    set(from.number(key, 1e-6, 0.25), *alpha);
  set(from.whole("prior_n", 10, 100'000), into.prior_n);
  span(from, "phase_cap", into.phase_cap);
  set(from.yes_or_no("statistics_to_zero"), into.statistics_to_zero);
}

void read_pace(Mapping& from, Pace& into) {
  for (const auto& [key, length] :
       std::initializer_list<std::pair<const char*, Duration*>>{{"bucket", &into.bucket},
                                                                {"cluster", &into.cluster},
                                                                {"day", &into.day},
                                                                {"first_limit", &into.first_limit},
                                                                {"pending_after", &into.pending_after},
                                                                {"unknown_after", &into.unknown_after},
                                                                {"stale_after", &into.stale_after},
                                                                {"dead_after", &into.dead_after},
                                                                {"approval_lasts", &into.approval_lasts},
                                                                {"repeat_within", &into.repeat_within}})
    span(from, key, *length);
  set(from.whole("stable_days", 0, 60), into.stable_days);
  set(from.whole("stable_calls", 0, 1'000'000), into.stable_calls);
}

void read_budget(Mapping& from, Budget& into) {
  const std::string currency = from.text("currency").value_or("");
  const auto money = [&](const char* key, std::optional<Money>& amount) {
    auto text = from.text(key);
    if (!text) return;
    if (!currency.empty() && text->find_first_not_of("0123456789.") == std::string::npos) *text += " " + currency;
    if (const auto value = parse_money(*text); value && value->micros > 0)
      amount = *value;
    else
      from.complain(key, "'" + *text + "' is no amount above zero; write it like 6.00 INR");
  };
  money("per_call", into.per_call);
  money("per_phase", into.per_phase);
}

Phase read_phase(Mapping& from, const Pace& pace) {
  Phase into{.watch = pace.day};
  into.line = from.node().Mark().line + 1;
  Findings& findings = from.findings();
  into.name = from.required("name");
  if (const std::string text = from.required("percentage"); !text.empty()) {
    if (const auto percentage = Percent::parse(text.ends_with('%') ? text.substr(0, text.size() - 1) : text))
      into.percentage = *percentage;
    else
      from.complain("percentage", percentage.error().message);
  }
  into.include = from.texts("include");
  span(from, "min_duration", into.min_duration);
  span(from, "watch", into.watch);
  if (const auto text = from.text("expected_volume")) {
    into.expected_volume = parse_volume(*text);
    if (!into.expected_volume)
      from.complain("expected_volume", "'" + *text + "' is no volume; write it like 50-100/day");
  }
  if (const auto text = from.text("days")) {
    into.days = parse_days(*text);
    if (!into.days) from.complain("days", "'" + *text + "' are no days; write them like 1-7 or 29+");
  }
  into.objectives = from.texts("objectives");
  into.monitoring_focus = from.texts("monitoring_focus");
  into.keeps = from.text("keeps").value_or("");
  into.drops = from.texts("drops");
  from.each_text("advance_when", [&](const YAML::Node& node, const std::string& text) {
    if (auto read = condition(findings, node, from.path("advance_when"), text))
      into.advance_when.push_back(*std::move(read));
  });
  from.each_text("roll_back_when", [&](const YAML::Node& node, const std::string& text) {
    if (auto read = trigger(findings, node, from.path("roll_back_when"), text))
      into.roll_back_when.push_back(*std::move(read));
  });
  return into;
}

Checklist read_checklist(const std::string& name, Mapping& from) {
  Checklist into{.name = name, .gate = from.required("gate")};
  from.each_entry("items", [&](const std::string& id, const YAML::Node& node) {
    ChecklistItem item{.id = id};
    if (node.IsScalar()) {
      item.text = node.Scalar();
    } else {
      Mapping fields(node, from.path("items") + "." + id, from.findings());
      item.text = fields.required("text");
      if (const auto when = fields.text("ticks_when"))
        item.ticks_when = condition(from.findings(), *fields.get("ticks_when"), fields.path("ticks_when"), *when);
      set(fields.yes_or_no("by_the_change"), item.by_the_change);
      fields.refuse_unknown();
    }
    into.items.push_back(std::move(item));
  });
  return into;
}

// "The document's words: condition"; without a condition it is a person's.
void read_aims(Mapping& from, const std::string& key, const std::string& group, std::vector<Aim>& into) {
  from.each_entry(key, [&](const std::string& text, const YAML::Node& node) {
    Aim aim{.text = text, .group = group};
    if (node.IsScalar()) {
      aim.condition = condition(from.findings(), node, from.path(key), node.Scalar());
    } else if (!node.IsNull()) {
      from.findings().add(node, from.path(key) + "." + text,
                          shown(node) + " is not a condition; leave it empty or write one");
    }
    into.push_back(std::move(aim));
  });
}

void read_people(Mapping& root, Plan& into) {
  root.each_entry("approvers", [&](const std::string& role, const YAML::Node& node) {
    Approvers approvers{.role = role};
    for (const YAML::Node& token : node.IsSequence() ? node : YAML::Node(std::vector<YAML::Node>{node}))
      if (token.IsScalar() && !token.Scalar().empty())
        approvers.tokens.push_back(token.Scalar());
      else
        root.findings().add(token, "approvers." + role, shown(token) + " is not the name of a token");
    into.approvers.push_back(std::move(approvers));
  });
  root.each("contacts", [&](Mapping& from) {
    into.contacts.push_back({.name = from.required("name"),
                             .role = from.required("role"),
                             .phone = from.required("phone"),
                             .hours = from.text("hours").value_or(""),
                             .confirmed = from.text("confirmed").value_or("")});
  });
  root.each("communication", [&](Mapping& from) {
    into.communication.push_back(
        {.what = from.required("what"), .every = from.required("every"), .to = from.required("to")});
  });
  root.each_entry("procedures", [&](const std::string& name, const YAML::Node& node) {
    Procedure procedure{.name = name};
    if (!node.IsSequence()) root.findings().add(node, "procedures." + name, shown(node) + " is not a list of steps");
    for (const YAML::Node& step : node)
      if (step.IsScalar())
        procedure.steps.push_back(step.Scalar());
      else
        root.findings().add(step, "procedures." + name, shown(step) + " is not a text; put a step with ': ' in quotes");
    into.procedures.push_back(std::move(procedure));
  });
  root.each("risks", [&](Mapping& from) {
    into.risks.push_back({.name = from.required("name"),
                          .likelihood = from.required("likelihood"),
                          .impact = from.required("impact"),
                          .mitigations = from.texts("mitigations"),
                          .contingencies = from.texts("contingencies")});
  });
}

void read_metrics(Mapping& root, Plan& into) {
  root.each_entry("metrics", [&](const std::string& name, const YAML::Node& node) {
    CustomMetric metric{.name = name};
    if (node.IsScalar()) {
      metric.promql = node.Scalar();
    } else {
      Mapping from(node, "metrics." + name, root.findings());
      metric.promql = from.required("promql");
      set(from.yes_or_no("needed"), metric.needed);
      set(from.yes_or_no("bigger_is_better"), metric.bigger_is_better);
      from.refuse_unknown();
    }
    into.metrics.push_back(std::move(metric));
  });
}

void read_hours(Mapping& root, std::array<int, 2>& into) {
  const auto node = root.get("calling_hours");
  if (!node) return;
  int from = 0;
  int until = 0;
  if (!node->IsSequence() || node->size() != 2 || !YAML::convert<int>::decode((*node)[0], from) ||
      !YAML::convert<int>::decode((*node)[1], until) || from < 0 || until > 24 || from >= until)
    root.complain("calling_hours", shown(*node) + " are no hours; write them like [9, 21]");
  else
    into = {from, until};
}

void read_whole(Mapping& root, Plan& into) {
  into.name = root.required("rollout");
  set(root.text("flag"), into.flag);
  if (const auto zone = root.text("timezone")) {
    into.timezone = *zone;
    try {
      date::locate_zone(*zone);
    } catch (const std::exception&) {
      root.complain("timezone", "'" + *zone + "' is no zone of the IANA list; write it like Asia/Kolkata");
    }
  }
  choice<std::string>(root, "unit", into.unit, {{"user", "user"}, {"contact", "contact"}});
  choice(root, "mode", into.mode,
         {{"manual", Mode::manual}, {"guarded", Mode::guarded}, {"automatic", Mode::automatic}});
  choice(root, "kind", into.kind,
         {{"transactional", CallKind::transactional},
          {"promotional", CallKind::promotional},
          {"service", CallKind::service}});
  Duration min_talk = into.min_talk;
  span(root, "min_talk", min_talk);
  into.min_talk = std::chrono::floor<seconds>(min_talk);
  span(root, "watch_after", into.watch_after);
  read_hours(root, into.calling_hours);
  Findings& findings = root.findings();
  const auto block = [&](const char* key, const auto& read, auto& target) {
    if (const auto node = root.get(key)) {
      Mapping from(*node, key, findings);
      read(from, target);
      from.refuse_unknown();
    }
  };
  block("decide", read_decide, into.decide);
  block("pace", read_pace, into.pace);
  block("budget", read_budget, into.budget);
  root.each("phases", [&](Mapping& from) {
    Phase phase = read_phase(from, into.pace);
    if (into.phases.size() < most_phases)
      into.phases.push_back(std::move(phase));
    else if (into.phases.size() == most_phases)
      findings.add(from.node(), "phases", "a plan has at most 50 phases");
  });
  if (!root.get("checklists")) into.checklists = document_checklists();
  root.each_entry("checklists", [&](const std::string& name, const YAML::Node& node) {
    Mapping from(node, "checklists." + name, findings);
    into.checklists.push_back(read_checklist(name, from));
    from.refuse_unknown();
  });
  block(
      "targets",
      [&](Mapping& from, std::vector<Aim>& aims) {
        for (const char* table : {"technical", "business"}) read_aims(from, table, table, aims);
      },
      into.aims);
  block(
      "framework",
      [&](Mapping& from, std::vector<Aim>& aims) {
        read_aims(from, "advance", "advance", aims);
        read_aims(from, "hold", "hold", aims);
        read_aims(from, "roll_back", "roll-back", aims);
      },
      into.aims);
  read_aims(root, "success", "success", into.aims);
  read_people(root, into);
  read_metrics(root, into);
  root.refuse_unknown();
}

// Of "line 31: …"; 0 without one.
int line_of(std::string_view message) {
  int line = 0;
  if (message.starts_with("line ")) std::from_chars(message.data() + 5, message.data() + message.size(), line);
  return line;
}

}  // namespace

ReadPlan read_plan(std::string_view bytes) {
  ReadPlan read;
  read.plan.hash = net::sha256_hex(bytes);
  const auto refuse = [&](std::string what) {
    read.problems.push_back({ErrorCode::invalid_request, std::move(what)});
    return read;
  };
  if (bytes.size() > longest_plan)
    return refuse("the plan has " + std::to_string(bytes.size()) + " bytes; at most 1 MiB is read");
  Findings findings;
  try {
    Mapping root(YAML::Load(std::string(bytes)), "", findings);
    if (root.node().IsMap()) read_whole(root, read.plan);
  } catch (const YAML::Exception& error) {
    return refuse("line " + std::to_string(error.mark.line + 1) + ": this is no YAML: " + error.msg);
  }
  read.plan.lines = std::move(findings.lines);
  read.problems = std::move(findings.complaints);
  if (const Status resolved = resolve(read.plan); !resolved) read.problems.push_back(resolved.error());
  // A value that could not be read is missing from the plan: one complaint about it is enough.
  const std::size_t unread = read.problems.size();
  for (Error& problem : problems(read.plan))
    if (std::none_of(read.problems.begin(), read.problems.begin() + static_cast<std::ptrdiff_t>(unread),
                     [&](const Error& known) { return problem.field.starts_with(known.field); }))
      read.problems.push_back(std::move(problem));
  std::multimap<int, Error> by_line;  // keeps the order of those on one line
  for (Error& problem : read.problems) {
    const int line = line_of(problem.message);
    by_line.emplace(line, std::move(problem));
  }
  read.problems.clear();
  for (auto& [line, problem] : by_line) read.problems.push_back(std::move(problem));
  return read;
}

Result<Plan> parse_plan(std::string_view bytes) {
  ReadPlan read = read_plan(bytes);
  if (read.problems.empty()) return std::move(read.plan);
  std::string all;
  for (const Error& problem : read.problems) all += (all.empty() ? "" : "\n") + problem.message;
  return fail(ErrorCode::invalid_request, all, read.problems.front().field);
}

}  // namespace callramp::yaml
