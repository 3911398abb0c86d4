// Several claims, one decision: the weighted mean of their evidence.
//
// "Roll back if any criterion fails" at one α for all of them together, under any dependence: the mean of e-values is
// an e-value. A single E_k >= 1 / (w_k α) forces it, so it is never weaker than Bonferroni's split. As the mean is at
// most the largest E_k, nothing has to be computed while no single E_k has reached 1/α (which a Boundary tells). Never
// multiply the evidence of criteria that read the same calls.
#pragma once

#include <cstddef>
#include <span>

namespace callramp::stats {

struct Weighted {
  double log_e = 0;
  double weight =
      0;  ///< >= 0; all together 1, or less if something that has no evidence yet keeps its share with E = 1
};

struct Combined {
  double log_e = 0;         ///< log of the weighted mean; what the weights leave of 1 counts with E = 1
  std::size_t largest = 0;  ///< index of the largest w_k E_k: the reason to name; 0 if the span is empty
};

Combined combine(std::span<const Weighted> evidence);

}  // namespace callramp::stats
