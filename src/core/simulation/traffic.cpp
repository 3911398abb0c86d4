#include "core/simulation/traffic.hpp"

#include <algorithm>
#include <cmath>

#include "base/ensure.hpp"

namespace callramp::simulation {
namespace {

// Monday, so that weekdays are what a reader of a diary expects.
constexpr Instant first_midnight{std::chrono::sys_days{std::chrono::year{2026} / 1 / 5}};

// Minutes of a call's parts. Ringing and talking are typical of outbound calls; the retry policy is the product's.
constexpr double rings = 0.4;
constexpr double rings_out = 0.75;
constexpr double talks = 1.5;
constexpr double talks_at_most = 10;
struct Retries {
  double share;  // of calls that are dialed again
  double first_delay;
  int tries;
};
constexpr std::array<Retries, 3> retry_policy{{{0.6, 5, 3}, {0.3, 10, 3}, {0.1, 30, 2}}};  // no answer, busy, rejected
constexpr double retry_jitter = 0.1;
constexpr double succeeds_next = 0.5;  // chance that a call that will succeed does so at its next try but the last

constexpr double voicemail_share = 0.2;  // of successes
// Calls by user: Pareto with a finite mean and no variance, cut where one user would be a tenth of everything.
constexpr double tail_exponent = 1.3;
constexpr double heaviest = 200;
constexpr int days_of_a_a = 28;

}  // namespace

Calendar::Calendar(const rollout::Plan& plan, const Truth& truth)
    : length_(plan.pace.bucket),
      grace_(plan.pace.grace()),
      slots_a_day_(plan.pace.day / plan.pace.bucket),
      opens_(0),
      closes_(slots_a_day_) {
  ENSURE(slots_a_day_ > 0, "a day has a bucket");
  if (plan.pace.day == hours{24}) {
    opens_ = plan.calling_hours[0] * slots_a_day_ / 24;
    closes_ = plan.calling_hours[1] * slots_a_day_ / 24;
  }
  for (const int holiday : truth.holidays) holidays_.push_back(holiday - 1);
}

bool Calendar::in_hours(std::int64_t slot) const noexcept {
  const std::int64_t at = slot % slots_a_day_;
  return at >= opens_ && at < closes_;
}

bool Calendar::holiday(std::int64_t day) const noexcept { return std::ranges::find(holidays_, day) != holidays_.end(); }

int Calendar::hour(std::int64_t slot) const noexcept {
  return static_cast<int>(slot % slots_a_day_ * 24 / slots_a_day_);
}

Instant Calendar::start(std::int64_t slot) const noexcept { return first_midnight + slot * length_; }

double Calendar::next_dial(double due) const noexcept {
  const auto slot = static_cast<std::int64_t>(due);
  if (calls_in(slot)) return due;
  std::int64_t on = day(slot);
  if (slot % slots_a_day_ >= opens_) ++on;
  while (holiday(on)) ++on;
  return static_cast<double>(on * slots_a_day_ + opens_);
}

Traffic::Traffic(const rollout::Plan& plan, const Truth& truth, const Calendar& calendar, const History* history)
    : plan_(plan), truth_(truth), calendar_(calendar), history_(history) {
  // A phase without a volume of its own has its share of what the nearest earlier one, or the first, gives for all.
  std::optional<rollout::Volume> full;
  const auto whole = [](const rollout::Phase& phase) -> std::optional<rollout::Volume> {
    if (!phase.expected_volume || phase.percentage == Percent{}) return std::nullopt;
    const double factor = 100 / phase.percentage.number();
    return rollout::Volume{.low = static_cast<int>(phase.expected_volume->low * factor + 0.5),
                           .high = static_cast<int>(phase.expected_volume->high * factor + 0.5)};
  };
  for (const rollout::Phase& phase : plan.phases)
    if (!full) full = whole(phase);
  ENSURE(full || history != nullptr, "the caller has seen to a volume");
  for (const rollout::Phase& phase : plan.phases) {
    if (const auto own = whole(phase)) full = own;
    full_.push_back(full.value_or(rollout::Volume{}));
  }
  if (history != nullptr && truth.users == 0) weights_ = history->calls_by_user;
  if (truth.users > 0) {
    SeededRandom random{1};  // who calls a lot is a trait of the users, not of the run
    for (int i = 0; i < truth.users; ++i)
      weights_.push_back(std::min(std::pow(1 - random.uniform(), -1 / tail_exponent), heaviest));
  }
  if (!weights_.empty()) users_ = Alias{weights_};
}

void Traffic::begin_run(std::uint64_t seed, std::uint64_t run) {
  seed_ = seed;
  run_ = run;
  calls_ = 0;
  day_ = -1;
  fresh_rate_ = -1;
  if (weights_.empty()) return;
  SeededRandom random{seed_of(seed, run, 0)};
  position_.resize(weights_.size());
  user_rate_.resize(weights_.size());
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    position_[i] = random.uniform() * 100;
    user_rate_[i] = beta(random, truth_.old_connected(), truth_.user_spread);
  }
}

int Traffic::users_below(Percent percentage) const {
  return static_cast<int>(std::ranges::count_if(position_, [&](double at) { return at < percentage.number(); }));
}

void Traffic::begin_day(std::int64_t day) {
  day_ = day;
  random_ = SeededRandom{seed_of(seed_, run_, static_cast<std::uint64_t>(day) + 1)};
  day_share_ = random_.uniform();
  fresh_rate_ = -1;
}

Traffic::Shape Traffic::shape(double success) const {
  const double retry = truth_.retry;
  double retried = std::min(truth_.retried, 1 - success);
  if (retry > 0) retried = std::min(retried, success / retry);
  Shape shape;
  shape.first_success = success - retried * retry;
  shape.plain = std::max(0.0, 1 - retried - shape.first_success);
  if (shape.plain > 0) {
    shape.plain_connected = std::min(1.0, retried * retry / shape.plain);
    shape.plain_failed = std::min(1.0, truth_.errors / shape.plain);
  }
  return shape;
}

double Traffic::success_now() const {
  return truth_.drop && calls_ >= truth_.drop->after_calls ? truth_.drop->success : truth_.success;
}

void Traffic::set_rates(std::int64_t slot, int phase, Percent percentage) {
  const rollout::Volume& full = full_[static_cast<std::size_t>(phase)];
  const auto calling_slots = static_cast<double>(calendar_.calling_slots());
  double rate = (full.low + (full.high - full.low) * day_share_) / calling_slots;
  const int hour = calendar_.hour(slot);
  if (history_ != nullptr)
    rate = history_->calls_by_weekday[static_cast<std::size_t>(calendar_.weekday(day_))] *
           history_->share_by_hour[static_cast<std::size_t>(hour)] * 24 / static_cast<double>(calendar_.slots_a_day());
  double off = 0;
  if (truth_.swing > 0) {
    const double at = static_cast<double>(slot % calendar_.slots_a_day() - calendar_.opening()) / calling_slots;
    const double hours_a_day = std::max(1.0, calling_slots * 24 / static_cast<double>(calendar_.slots_a_day()));
    off = truth_.swing * std::sin(6.283185307179586 * std::floor(at * hours_a_day) / hours_a_day);
  }
  const double share = percentage.number() / 100;
  const double fresh = rate * share;
  const double old = rate * (1 - share);
  if (fresh == fresh_rate_ && old == old_rate_ && off == success_off_) return;
  fresh_rate_ = fresh;
  old_rate_ = old;
  success_off_ = off;
  fresh_ = Poisson{fresh};
  const double connected = std::clamp(truth_.old_connected() + off, 0.0, 1 - truth_.errors - truth_.unknown);
  old_connected_ = Poisson{old * connected};
  old_failed_ = Poisson{old * truth_.errors};
  old_unknown_ = Poisson{old * truth_.unknown};
  old_plain_ = Poisson{old * std::max(0.0, 1 - truth_.errors - truth_.unknown - connected)};
  before_drop_ = shape(std::clamp(truth_.success + off, 0.0, 1.0));
  if (truth_.drop) after_drop_ = shape(std::clamp(truth_.drop->success + off, 0.0, 1.0));
}

double Traffic::after_retries(double begins, bool success) {
  double kind = random_.uniform();
  std::size_t which = 0;
  while (which + 1 < retry_policy.size() && kind >= retry_policy[which].share) kind -= retry_policy[which++].share;
  const Retries& policy = retry_policy[which];
  double at = begins + calendar_.slots(rings_out);
  double delay = policy.first_delay;
  for (int tried = 1;; ++tried, delay *= 2) {
    at = calendar_.next_dial(at + calendar_.slots(delay * (1 + retry_jitter * (2 * random_.uniform() - 1))));
    const bool last = tried == policy.tries;
    if (success && (last || random_.uniform() < succeeds_next))
      return at + calendar_.slots(rings + std::min(exponential(random_, talks), talks_at_most));
    at += calendar_.slots(rings_out);
    if (last) return at;
  }
}

void Traffic::one_call(const Shape& shape, double begins, Begun& begun, bool* good) {
  rollout::Tally& first = begun.first.fresh;
  rollout::Tally& calls = begun.calls.fresh;
  ++calls_;
  ++first.total;
  ++calls.total;
  double u = random_.uniform();
  double ends = 0;
  bool success = true;
  if (u < shape.first_success) {
    const bool voicemail = u < voicemail_share * shape.first_success;
    ++first.connected;
    ++calls.connected;
    ++(voicemail ? first.voicemail_left : first.completed);
    ++(voicemail ? calls.voicemail_left : calls.completed);
    ends = begins + calendar_.slots(rings + std::min(exponential(random_, talks), talks_at_most));
  } else if ((u -= shape.first_success) < shape.plain) {
    success = false;
    const bool connected = u < shape.plain_connected * shape.plain;
    const bool failed = shape.plain_failed > 0 && random_.uniform() < shape.plain_failed;
    first.connected += connected;
    calls.connected += connected;
    first.failed += failed;
    calls.failed += failed;
    ends = begins + calendar_.slots(rings_out);
  } else {
    success = random_.uniform() < truth_.retry;
    ++calls.retried;
    if (success) {
      ++calls.retried_successful;
      ++calls.connected;
      ++(random_.uniform() < voicemail_share ? calls.voicemail_left : calls.completed);
    }
    ends = after_retries(begins, success);
  }
  begun.final_at = std::max(begun.final_at, ends);
  if (good != nullptr) *good = success;
}

void Traffic::draw(std::int64_t slot, int phase, Percent percentage, Begun& begun) {
  begun.first = {.start = calendar_.start(slot), .phase = phase};
  begun.calls = begun.first;
  begun.final_at = 0;
  begun.by_user.clear();
  begun.slow = 0;
  const std::int64_t day = calendar_.day(slot);
  if (!calendar_.calls_in(slot)) return;
  if (day != day_) begin_day(day);
  set_rates(slot, phase, percentage);
  if (weights_.empty()) {
    const int fresh = fresh_.draw(random_);
    for (int i = 0; i < fresh; ++i) {
      const bool dropped = truth_.drop && calls_ >= truth_.drop->after_calls;
      one_call(dropped ? after_drop_ : before_drop_, static_cast<double>(slot) + random_.uniform(), begun, nullptr);
    }
    rollout::Tally& old = begun.first.old;
    if (old_rate_ > 0) {
      old.connected = old.completed = old_connected_.draw(random_);
      old.total = old.connected + old_plain_.draw(random_);
      if (truth_.errors > 0) {
        old.failed = old_failed_.draw(random_);
        old.total += old.failed;
      }
      if (truth_.unknown > 0) old.unknown = old_unknown_.draw(random_);
    }
  } else {
    draw_users(slot, percentage, begun);
  }
  begun.calls.old = begun.first.old;
  if (truth_.slow > 0) begun.slow = binomial(random_, static_cast<int>(begun.calls.fresh.total), truth_.slow);
}

void Traffic::draw_users(std::int64_t slot, Percent percentage, Begun& begun) {
  const int calls = fresh_.draw(random_) + old_connected_.draw(random_) + old_plain_.draw(random_) +
                    old_failed_.draw(random_) + old_unknown_.draw(random_);
  const double worse = success_now() - truth_.old_connected();
  rollout::Tally& old = begun.first.old;
  for (int i = 0; i < calls; ++i) {
    const std::uint32_t user = users_.draw(random_);
    const double on_old = std::clamp(user_rate_[user] + success_off_, 0.0, 1.0);
    if (position_[user] < percentage.number()) {
      bool good = false;
      one_call(shape(std::clamp(on_old + worse, 0.0, 1.0)), static_cast<double>(slot) + random_.uniform(), begun,
               &good);
      begun.by_user.push_back({.user = user, .good = good});
    } else if (truth_.unknown > 0 && random_.uniform() < truth_.unknown) {
      ++old.unknown;
    } else {
      ++old.total;
      const bool connected = random_.uniform() < on_old;
      old.connected += connected;
      old.completed += connected;
      old.failed += !connected && truth_.errors > 0 && random_.uniform() < truth_.errors / (1 - on_old);
    }
  }
}

rollout::AaResult Traffic::a_a(Percent first) {
  // So many users that nobody calls twice: nothing to find out.
  if (weights_.empty()) return {.run = true, .users = 1'000'000};
  SeededRandom random{seed_of(seed_, run_, ~std::uint64_t{0})};
  const double mean = history_ != nullptr ? static_cast<double>(history_->calls) /
                                                static_cast<double>(std::max<std::int64_t>(1, history_->days))
                                          : (full_.front().low + full_.front().high) / 2.0;
  const Poisson day{mean / static_cast<double>(calendar_.calling_slots())};
  stats::NewVsOld worse{{.claim = stats::VersusClaim::worse}};
  std::vector<std::array<std::int32_t, 2>> by_user(weights_.size());
  rollout::AaResult result{.run = true};
  const double need = -std::log(plan_.decide.versus_alpha);
  double highest = 0;
  for (std::int64_t slot = 0; slot < days_of_a_a * calendar_.calling_slots(); ++slot) {
    stats::Block block;
    for (int i = day.draw(random); i > 0; --i) {
      const std::uint32_t user = users_.draw(random);
      const bool good = random.uniform() < user_rate_[user];
      stats::Counts& counts = position_[user] < first.number() ? block.on_new : block.on_old;
      ++(good ? counts.good : counts.bad);
      by_user[user][0] += good;
      by_user[user][1] += 1;
      ++result.calls;
    }
    worse.fold(block);
    highest = std::max(highest, worse.log_e());
  }
  rollout::ClusterSums sums;
  for (const auto& [good, calls] : by_user) sums.add(good, calls);
  result.users = sums.clusters;
  result.design_effect = rollout::design_effect(sums);
  result.log_e = highest / result.design_effect;
  result.alarm = result.log_e >= need;
  return result;
}

}  // namespace callramp::simulation
