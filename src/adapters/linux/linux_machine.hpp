// LinuxMachine: processor and memory as the kernel tells them in /proc and, for a limited service, in its cgroup.
#pragma once

#include <mutex>
#include <string>

#include "ports/machine.hpp"

namespace callramp::linux_adapter {

class LinuxMachine final : public Machine {
 public:
  /// `root`: "" on a machine; a folder with the same files in a test.
  explicit LinuxMachine(std::string root = {}) : root_(std::move(root)) {}
  Result<MachineReading> read() override;

 private:
  struct Ticks {
    double busy = 0;
    double all = 0;
    double process = 0;
  };
  std::string root_;
  std::mutex mutex_;  // guards last_
  Ticks last_;
};

}  // namespace callramp::linux_adapter
