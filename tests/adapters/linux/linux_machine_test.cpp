#include "adapters/linux/linux_machine.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace callramp;
using namespace callramp::linux_adapter;

namespace {

struct FakeRoot {
  std::string path = (std::filesystem::temp_directory_path() / ("machine-" + std::to_string(::getpid()))).string();
  FakeRoot() {
    put("/proc/stat", "cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2 3\n");
    put("/proc/meminfo", "MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    250 kB\n");
    put("/proc/self/stat", "7 (a) b (c) S 1 1 1 0 -1 4 5 6 7 8 40 10 0 0 20 0\n");
    put("/proc/self/statm", "900 25 3 1 0 5 0\n");
  }
  ~FakeRoot() { std::filesystem::remove_all(path); }
  void put(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path + name).parent_path());
    std::ofstream(path + name) << text;
  }
};

}  // namespace

TEST_CASE("processor and memory are shares since the last reading and of the nearest limit") {
  FakeRoot root;
  LinuxMachine machine(root.path);
  const auto first = machine.read();
  REQUIRE(first);
  CHECK(first->cpu_used == doctest::Approx(0.2));
  CHECK(first->cpu_process == doctest::Approx(0.05));
  CHECK(first->memory_used == doctest::Approx(0.75));
  CHECK(first->memory_process == doctest::Approx(25.0 * static_cast<double>(::sysconf(_SC_PAGESIZE))));
  root.put("/proc/stat", "cpu  190 0 100 710 100 0 0 0 0 0\n");
  root.put("/sys/fs/cgroup/memory.max", "110000\n");
  const auto second = machine.read();
  REQUIRE(second);
  CHECK(second->cpu_used == doctest::Approx(0.9));
  CHECK(second->memory_limit == doctest::Approx(110000));
  CHECK(second->memory_used == doctest::Approx(25.0 * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 110000));
}

TEST_CASE("a kernel that tells nothing readable is an error and not a zero") {
  struct Row {
    const char* file;
    const char* text;
  };
  for (const Row& row :
       {Row{"/proc/stat", ""}, Row{"/proc/stat", "cpu 1 2\n"}, Row{"/proc/meminfo", "MemTotal: x\n"},
        Row{"/proc/self/stat", "7 no name"}, Row{"/proc/self/stat", "7 (a) S 1"}, Row{"/proc/self/statm", "9"}}) {
    FakeRoot root;
    root.put(row.file, row.text);
    CHECK_FALSE_MESSAGE(LinuxMachine(root.path).read(), row.file);
  }
  CHECK(LinuxMachine().read());  // this machine
}
