#include "base/ensure.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <string>

#include "base/money.hpp"
#include "base/random.hpp"

namespace callramp {
namespace {

struct End {
  int signal = 0;  ///< 0: it ended by itself
  std::string standard_error;
};

/// Runs `act` in a process of its own, for what must end the process.
template <class Act>
End in_a_child(Act act) {
  std::array<int, 2> pipe_ends{};
  REQUIRE(pipe(pipe_ends.data()) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);
    dup2(pipe_ends[1], STDERR_FILENO);
    act();
    _exit(0);
  }
  close(pipe_ends[1]);
  End end;
  std::array<char, 512> chunk{};
  for (ssize_t got = 0; (got = read(pipe_ends[0], chunk.data(), chunk.size())) > 0;)
    end.standard_error.append(chunk.data(), static_cast<std::size_t>(got));
  close(pipe_ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  return end;
}

TEST_CASE("a broken invariant ends the process and says where and what") {
  const End end = in_a_child([] { ENSURE(1 + 1 == 3, "arithmetic holds"); });
  CHECK(end.signal == SIGABRT);
  CHECK(end.standard_error.find("ensure_test.cpp:") != std::string::npos);
  CHECK(end.standard_error.find("(1 + 1 == 3) arithmetic holds") != std::string::npos);
}

TEST_CASE("an invariant that holds costs nothing") {
  const End end = in_a_child([] { ENSURE(1 + 1 == 2, "arithmetic holds"); });
  CHECK(end.signal == 0);
  CHECK(end.standard_error == "");
}

TEST_CASE("two currencies are never added") {
  const End end = in_a_child([] {
    Money sum{.micros = 1};
    sum += Money{.micros = 1, .currency = *Currency::parse("USD")};
  });
  CHECK(end.signal == SIGABRT);
}

TEST_CASE("nothing is drawn below a bound of zero") {
  const End end = in_a_child([] { SeededRandom(1).below(0); });
  CHECK(end.signal == SIGABRT);
}

}  // namespace
}  // namespace callramp
