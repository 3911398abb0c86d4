#include "app/demo_rollout.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "async/io_threads.hpp"
#include "base/ensure.hpp"
#include "embedded/demo_rollout.hpp"

namespace callramp::app {
namespace {

using engine::RolloutView;
using rollout::Decision;
using rollout::Stage;

constexpr Duration look_every = seconds{1};
constexpr Duration stand_every = seconds{10};
constexpr Duration breaks_after = seconds{40};  // of week-3: new has shown that it is good
constexpr std::string_view breaks_in = "week-3";
constexpr const char* rollout_name = "outbound-calls";

const Actor demo_actor{.name = "demo", .role = Role::admin};

bool is_news(const Decision& decision) {
  return decision.action != rollout::Action::hold || decision.actor != "rollout" ||
         decision.before.stage != decision.after.stage;
}

}  // namespace

std::string demo_plan() {
  std::string text(embedded::demo_rollout);
  constexpr std::string_view theirs = "{stakeholder: [asha, rahul]}";
  const auto at = text.find(theirs);
  ENSURE(at != std::string::npos, "the demo's plan names its approvers");
  return text.replace(at, theirs.size(), "{stakeholder: [asha, rahul, demo, admin]}");
}

DemoRollout::DemoRollout(engine::RolloutService& service, const Executor& executor, DemoChoices choices,
                         std::function<void(const std::string&)> print, std::function<Status()> break_world)
    : service_(service),
      executor_(executor),
      choices_(choices),
      print_(std::move(print)),
      break_world_(std::move(break_world)) {}

void DemoRollout::say(const std::string& text) {
  for (const std::string& line : wrapped(text)) print_(line);
}

Status DemoRollout::begin() {
  TRY(reply, async::run_blocking(executor_, service_.upload({.yaml = demo_plan(),
                                                             .file_name = "examples/demo-rollout.yaml",
                                                             .reason = "the demo's plan",
                                                             .dry_run = false},
                                                            demo_actor)));
  if (!reply.problems.empty()) return std::unexpected(reply.problems.front());
  if (!reply.refusal.empty()) say("the rollout of an earlier demo goes on by its own plan: " + reply.refusal);
  return {};
}

void DemoRollout::tick(Instant now) {
  if (looked_at_ && now - *looked_at_ < look_every) return;
  looked_at_ = now;
  const auto view = async::run_blocking(executor_, service_.view(rollout_name));
  if (!view) {
    if (complaint_ != view.error().message) say("the rollout cannot be read: " + view.error().message);
    complaint_ = view.error().message;
    return;
  }
  percentage_ = view->state.percentage;
  if (view->state.phase != phase_ || view->state.stage != stage_) {
    phase_ = view->state.phase;
    stage_ = view->state.stage;
    asked_.clear();
  }
  show_decision(*view);
  if (!stood_at_ || now - *stood_at_ >= stand_every) {
    stood_at_ = now;
    for (const std::string& line : standing_lines(*view, now)) print_(line);
  }
  people(*view, now);
  const std::string& phase = view->plan->phases.at(static_cast<std::size_t>(view->state.phase)).name;
  if (choices_.break_new && !broken_ && view->state.stage == Stage::running && phase == breaks_in &&
      now - view->state.phase_started_at >= breaks_after) {
    broken_ = true;
    const Status done = break_world_();
    say(done
            ? "** --break new: from now on the language model fails, on which only new depends. Watch what happens; it "
              "is well again in the next demo."
            : "the world could not be broken: " + done.error().message);
  }
}

void DemoRollout::show_decision(const RolloutView& view) {
  if (view.receipt && view.receipt->sentence != receipt_) {
    receipt_ = view.receipt->sentence;
    say("   receipt: " + receipt_);
  }
  if (!view.latest || shown_ == view.latest->id) return;
  const std::int64_t last = shown_.value_or(0);
  shown_ = view.latest->id;
  const auto page = async::run_blocking(executor_, service_.decisions(rollout_name, std::nullopt, 20));
  if (!page) return;
  for (auto one = page->decisions.rbegin(); one != page->decisions.rend(); ++one) {
    if (one->id <= last || !is_news(*one)) continue;
    say(fmt::format(">> {} {}", to_iso(one->at).substr(11, 8), one->sentence));
    if (one->action == rollout::Action::freeze || one->action == rollout::Action::roll_back) show_explanation(*one);
  }
}

void DemoRollout::show_explanation(const Decision& decision) {
  const auto found = async::run_blocking(executor_, service_.explain(rollout_name, decision.id));
  if (!found) return;
  say(fmt::format("   explain {}: rule {}{}", decision.id, decision.rule,
                  found->replayed_equal ? ", replayed bit for bit" : ", replay differs: " + found->difference));
  for (const std::string& line : found->arithmetic)
    if (line.find("; fires") != std::string::npos || line.find("; freezes") != std::string::npos) say("   " + line);
  // The first is what a person can do; what every criterion still lacks stands in the lines of how it goes.
  if (!decision.would_change_it.empty()) say("   would change it: " + decision.would_change_it.front());
  if (!decision.who_may_override.empty()) say("   who may override: " + decision.who_may_override);
}

void DemoRollout::people(const RolloutView& view, Instant now) {
  for (const DemoAct& one : acts_due(view, now)) {
    if (!choices_.yes || one.kind == DemoAct::Kind::decide) {
      // An approval is of one decision: the next one asks anew.
      const std::string& key = one.kind == DemoAct::Kind::approve ? one.command : one.subject;
      if (asked_.insert(key).second) say("   for you: ./run " + one.command);
      continue;
    }
    const Status done = act(one, view, now);
    const std::string complaint = done ? std::string{} : done.error().message;
    if (!done && complaint != complaint_) say(fmt::format("   refused: {}: {}", one.subject, complaint));
    if (!done) complaint_ = complaint;
  }
}

Status DemoRollout::act(const DemoAct& one, const RolloutView& view, Instant now) {
  const auto done = [&](auto result) -> Status {
    if (!result) return std::unexpected(result.error());
    if (asked_.insert(one.subject).second) say(fmt::format("   demo: {} ({})", one.subject, one.note));
    return {};
  };
  const engine::SignOff by{.rollout = rollout_name, .note = one.note, .link = {}, .actor = demo_actor};
  switch (one.kind) {
    case DemoAct::Kind::start:
      return done(async::run_blocking(
          executor_,
          service_.command(rollout_name,
                           {.kind = rollout::CommandKind::start, .actor = "demo", .reason = one.note, .by = {}},
                           demo_actor)));
    case DemoAct::Kind::drill:
      return done(async::run_blocking(executor_, service_.drill(rollout_name, one.note, demo_actor)));
    case DemoAct::Kind::waive:
      return done(async::run_blocking(
          executor_, service_.waive(rollout_name, one.subject, one.note, now + waiver_lasts, demo_actor)));
    case DemoAct::Kind::check: {
      const auto slash = one.subject.find('/');
      return done(async::run_blocking(
          executor_, service_.check(by, one.subject.substr(0, slash), one.subject.substr(slash + 1), true)));
    }
    case DemoAct::Kind::confirm: return done(async::run_blocking(executor_, service_.confirm(by, one.subject)));
    case DemoAct::Kind::approve:
      return done(async::run_blocking(executor_, service_.approve(by, one.subject, view.latest->id)));
    case DemoAct::Kind::decide: break;
  }
  return {};
}

double DemoRollout::calls_per_second() const {
  // From week 2 on a gate counts complaints per 1000 calls, which takes 500 of them on new: three to five a second there
  // are two to three minutes. A small machine holds the sixty conversations of twelve seconds that are open then.
  const int points = percentage_.basis_points();
  return points <= 500 ? 20 : points <= 1'000 ? 30 : points <= 2'500 ? 20 : points <= 5'000 ? 10 : 5;
}

std::vector<std::string> DemoRollout::summary() {
  std::vector<std::string> lines{"decisions:"};
  const auto page = async::run_blocking(executor_, service_.decisions(rollout_name, std::nullopt, 100));
  if (!page) return {"the decisions cannot be read: " + page.error().message};
  std::optional<Instant> first;
  for (auto one = page->decisions.rbegin(); one != page->decisions.rend(); ++one) {
    if (!is_news(*one)) continue;
    if (!first) first = one->at;
    const std::string text =
        fmt::format("  {:>3} +{} {}", one->id, to_words(std::chrono::floor<seconds>(one->at - *first)), one->sentence);
    for (std::string& line : wrapped(text)) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace callramp::app
