#include "core/simulation/naive.hpp"

namespace callramp::simulation {

NaiveWindow::NaiveWindow(const NaiveRule& rule, Duration slot)
    : rule_(rule), slots_(static_cast<std::size_t>(rule.window / slot)) {}

void NaiveWindow::begin_run() {
  slots_.assign(slots_.size(), {});
  at_ = 0;
  good_ = calls_ = 0;
}

void NaiveWindow::begin_phase() {
  if (slots_.empty()) good_ = calls_ = 0;
}

void NaiveWindow::add(const rollout::Tally& fresh, bool of_this_phase) noexcept {
  if (slots_.empty() && !of_this_phase) return;
  good_ += fresh.successful();
  calls_ += fresh.total;
  if (!slots_.empty()) slots_[at_] += fresh;
}

void NaiveWindow::next_slot() noexcept {
  if (slots_.empty()) return;
  at_ = (at_ + 1) % slots_.size();
  good_ -= slots_[at_].successful();
  calls_ -= slots_[at_].total;
  slots_[at_] = {};
}

std::optional<double> NaiveWindow::estimate() const noexcept {
  if (calls_ == 0 || calls_ < rule_.least_calls) return std::nullopt;
  return static_cast<double>(good_) / static_cast<double>(calls_);
}

}  // namespace callramp::simulation
