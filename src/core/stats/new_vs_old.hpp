// New against old on the traffic of the same minutes: the block e-process (Turner, Ly, Grünwald; decisions.md §1b).
//
// A block holds the calls of both systems in one bucket of time. Before it is read, the rates of both are estimated
// from the earlier blocks; its evidence is the likelihood ratio of these estimates to the nearest pair of rates, in
// Kullback-Leibler distance weighted by the block's sizes, at which the claim would be false. By the first-order
// condition of that projection onto a convex set the ratio is at most 1 on average at every pair of rates at which the
// claim is false, at any block sizes and with rates that differ from block to block. So it survives whatever both
// systems share: a bad hour, a bad list.
#pragma once

#include <cstdint>

#include "core/stats/rate_line.hpp"

namespace callramp::stats {

/// The calls of one bucket. Its limits must not have been chosen by its outcomes: close by the clock.
struct Block {
  Counts on_new;
  Counts on_old;
};

enum class VersusClaim : std::uint8_t {
  worse,      ///< p_new < p_old - margin, against p_new >= p_old - margin; margin 0 for the rollback trigger
  not_worse,  ///< p_new > p_old - margin, against p_new <= p_old - margin; margin > 0 for the gate
};

struct VersusRule {
  VersusClaim claim = VersusClaim::worse;
  double margin = 0;            ///< 0 <= margin < 1; a share: .10 is ten points
  double prior_success = 0.75;  ///< guess before the first block, 0 to 1 exclusive; wrong costs calls, never validity
};

/// State: four counts and log E; plain data, recomputable from the blocks. Blocks are folded in the order of their
/// start, by one decider.
class NewVsOld {
 public:
  explicit NewVsOld(const VersusRule& rule);

  /// One closed block. A block in which one system had no call is no evidence, but its calls are learnt from.
  void fold(const Block& block);

  /// Natural log of the evidence for the claim; 0 at the start. With calls that behave alike (design effect d > 1)
  /// read log_e() / d: the power 1/d of an e-process is one (Jensen), and is the evidence of counts divided by d.
  double log_e() const noexcept { return log_e_; }
  Counts on_new() const noexcept { return new_; }
  Counts on_old() const noexcept { return old_; }

 private:
  VersusRule rule_;
  Counts new_;
  Counts old_;
  double log_e_ = 0;
};

}  // namespace callramp::stats
