// Truth: what a simulated future is like. What is not named is perfect, so that the answer shows what the named does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace callramp::simulation {

/// new's success from its call number `after_calls` + 1 on.
struct Drop {
  double success = 0;
  std::int64_t after_calls = 0;
};

/// The platform is down once, in the middle of that day's calling hours. Day 1 is the first.
struct Outage {
  Duration length{};
  int day = 1;
};

/// Shares are 0 … 1, events are a week or per call.
struct Truth {
  double success = 0;         ///< of new's final calls, after retries; its first attempts connect as often
  std::optional<double> old;  ///< share of old's first attempts that connect; none: as new's before any drop
  double retry = 0.6;         ///< of calls with a dialed retry: share successful in the end
  double retried = 0.2;       ///< of calls: share that is dialed again; less where a success rate leaves no room for it
  double errors = 0;          ///< of first attempts: share that fails, on both systems
  double unknown = 0;         ///< of old's calls: share without an outcome
  double voicemail = 1;       ///< share of labelled answers that the detector had right
  double labels = 100;        ///< a week
  double slow = 0;            ///< share of requests slower than the plan's line
  double cost = 0.9;          ///< of the budget per call
  double p1_bugs = 0;         ///< a week
  double p2_bugs = 0;         ///< a week; each is open for three days
  double complaints = 0;      ///< per call of new; annoyance
  double security = 0;        ///< critical issues a week
  double satisfaction = 5;    ///< mean score
  double scores = 100;        ///< a week
  double swing = 0;           ///< half of the distance between the best and the worst hour's success, on both systems
  int users = 0;              ///< 0: so many that calls are independent; else their calls are heavy-tailed
  double user_spread = 0.13;  ///< standard deviation of success between users, with `users`
  std::optional<Drop> drop;
  std::vector<Outage> outages;
  std::vector<int> holidays;  ///< days without a call; day 1 is the first

  double old_connected() const noexcept { return old.value_or(success); }
};

/// "success=0.75,old=0.75,p2_bugs=1/week,complaints=2/1000,outage=10m@day3,drop=0.55@2000calls,holiday=day10". Shares
/// may be written "75%". `success` must be among them. The error names the truth, its value and what was expected.
Result<Truth> parse_truth(std::string_view text);

/// Every truth with its value, as parse_truth would read it, in a fixed order; of lists one entry each.
std::vector<std::pair<std::string, std::string>> written(const Truth& truth);

}  // namespace callramp::simulation
