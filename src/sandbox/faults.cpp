#include "sandbox/faults.hpp"

namespace callramp::sandbox {

namespace {

bool applies(const Fault& rule, std::string_view door, FaultKind kind) {
  if (rule.kind != kind) return false;
  return rule.provider == door || rule.provider == door.substr(0, door.find('.'));
}

}  // namespace

std::optional<Fault> Faults::draw(std::string_view door, FaultKind kind) {
  const auto world = world_->get();
  bool possible = false;
  for (const Fault& rule : world->faults) possible = possible || applies(rule, door, kind);
  if (!possible) return std::nullopt;

  const std::lock_guard lock(mutex_);
  const std::uint64_t nth = draws_[{std::string(door), kind}]++;
  SeededRandom random(derive_seed(world->seed, std::string(door) + " " + std::string(to_string(kind)), nth));
  for (const Fault& rule : world->faults) {
    if (!applies(rule, door, kind)) continue;
    if (random.uniform() >= rule.share) continue;
    ++dealt_[std::string(door) + " " + std::string(to_string(kind))];
    return rule;
  }
  return std::nullopt;
}

std::map<std::string, std::uint64_t> Faults::dealt() const {
  const std::lock_guard lock(mutex_);
  return dealt_;
}

void Faults::reset() {
  const std::lock_guard lock(mutex_);
  draws_.clear();
  dealt_.clear();
}

}  // namespace callramp::sandbox
