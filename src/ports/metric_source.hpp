// Where numbers come from that callramp does not measure itself: the plan's `metrics:`.
#pragma once

#include <string>

#include "async/executor.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace callramp {

class MetricSource {
 public:
  virtual ~MetricSource() = default;
  /// The expression's one value now. Every error's message is a sentence for the decision that lacks the number:
  /// not_found (no series has it, or it is no number), invalid_request (the expression is wrong or gives several),
  /// unauthorized, unavailable, timeout.
  virtual Awaitable<Result<double>> read(std::string expression, Instant deadline) = 0;
};

}  // namespace callramp
