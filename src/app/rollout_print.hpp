// How a rollout is shown on a terminal: one sentence first, then what the evidence says, readable by somebody tired.
#pragma once

#include <boost/json.hpp>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

namespace callramp::app {

namespace json = boost::json;

/// An interval against its lines, 30 columns: "[······──●────│───···]". All of one unit; what lies outside of
/// low … high is drawn at the end that it is beyond.
struct IntervalBar {
  double low = 0, high = 1;  ///< the scale
  double lo = 0, hi = 1;     ///< the interval
  double estimate = 0;
  std::vector<double> lines;
};
std::string to_text(const IntervalBar& bar);
/// "[█████·····]": used of allowed, full at and above it.
std::string fill_bar(double used, double allowed);
/// A verdict as shape and word: "● pass", "✖ fail", "◐ undecided", "○ no data", …
std::string verdict_words(std::string_view verdict);

/// `GET /rollouts/{name}`.
void print_rollout(std::ostream& out, const json::value& rollout);
/// A decision that was just made, or one line of the log opened.
void print_decision(std::ostream& out, const json::value& decision);
/// `GET …/decisions`.
void print_decisions(std::ostream& out, const json::value& page);
/// `GET …/decisions/{id}/explain`.
void print_explanation(std::ostream& out, const json::value& explanation);

}  // namespace callramp::app
