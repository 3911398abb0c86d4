#include "net/client_pool.hpp"

#include <doctest/doctest.h>

#include <boost/asio/strand.hpp>

#include "net/net_fixture.hpp"

using namespace callramp;
using namespace callramp::net;

TEST_CASE("each executor has a client of its own, a strand the one of its context") {
  async::IoThreads threads(2);
  NullLog log;
  ClientPool pool(threads.executors(), {}, log);
  const auto client_of = [&](const Executor& executor) { return async::run_blocking(executor, pool.here()); };
  HttpClient* const first = client_of(threads.executor(0));
  HttpClient* const second = client_of(threads.executor(1));
  CHECK(first != nullptr);
  CHECK(first != second);
  CHECK(client_of(threads.executor(0)) == first);
  CHECK(client_of(asio::make_strand(threads.executor(1))) == second);
  CHECK(pool.counts().opened == 0);
}
