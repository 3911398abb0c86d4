#include "adapters/linux/linux_machine.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

namespace callramp::linux_adapter {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<double> numbers(std::string_view line) {
  std::vector<double> found;
  std::istringstream words{std::string(line)};
  for (std::string word; words >> word;) {
    double number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error == std::errc{} && end == word.data() + word.size()) found.push_back(number);
  }
  return found;
}

std::optional<double> field(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  const std::size_t from = at + name.size();
  const auto found = numbers(text.substr(from, text.find('\n', from) - from));
  return found.empty() ? std::nullopt : std::optional(found.front());
}

}  // namespace

Result<MachineReading> LinuxMachine::read() {
  // "cpu  user nice system idle iowait irq softirq steal …"
  const std::string stat = text_of(root_ + "/proc/stat");
  const auto ticks = numbers(std::string_view(stat).substr(0, stat.find('\n')));
  const std::string memory = text_of(root_ + "/proc/meminfo");
  const auto total = field(memory, "MemTotal:");
  const auto available = field(memory, "MemAvailable:");
  // The process's name stands in parentheses and may hold anything; what follows it is counted from there.
  const std::string self = text_of(root_ + "/proc/self/stat");
  const auto after_name = self.rfind(')');
  const auto resident = numbers(text_of(root_ + "/proc/self/statm"));
  if (ticks.size() < 8 || !total || !available || *total <= 0 || after_name == std::string::npos || resident.size() < 2)
    return fail(ErrorCode::unavailable, "the kernel's /proc cannot be read: no reading of processor and memory");
  const auto own = numbers(std::string_view(self).substr(after_name + 1));  // the state's letter is no number
  if (own.size() < 12) return fail(ErrorCode::unavailable, "/proc/self/stat cannot be read");

  Ticks now;
  for (std::size_t i = 0; i < 8; ++i) now.all += ticks[i];
  now.busy = now.all - ticks[3] - ticks[4];
  now.process = own[10] + own[11];  // utime, stime
  Ticks before;
  {
    const std::lock_guard lock(mutex_);
    before = std::exchange(last_, now);
  }
  const double passed = std::max(1.0, now.all - before.all);
  MachineReading reading{.cpu_used = std::clamp((now.busy - before.busy) / passed, 0.0, 1.0),
                         .cpu_process = std::clamp((now.process - before.process) / passed, 0.0, 1.0),
                         .memory_used = 1 - *available / *total,
                         .memory_process = resident[1] * static_cast<double>(::sysconf(_SC_PAGESIZE)),
                         .memory_limit = *total * 1024};
  // Version 2 only: "max" or bytes. Without a limit of its own the machine's memory is the limit.
  const auto limit = numbers(text_of(root_ + "/sys/fs/cgroup/memory.max"));
  if (!limit.empty() && limit[0] > 0 && limit[0] < reading.memory_limit) {
    reading.memory_limit = limit[0];
    reading.memory_used = std::max(reading.memory_used, reading.memory_process / limit[0]);
  }
  return reading;
}

}  // namespace callramp::linux_adapter
