// Imports as the platform puts them together: the folder for uploads, the threads that read them, and the service.
#pragma once

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "adapters/spool/spool_folder.hpp"
#include "adapters/sql/stores.hpp"
#include "async/workers.hpp"
#include "engine/import_service.hpp"

namespace callramp::app {

struct ImportParts {
  struct Needs {
    const Executor& executor;
    std::string data_dir;
    std::string default_region;
    sql::SqlStores& stores;
    engine::FlagService& flags;
    const PhoneDirectory& phones;
    async::Clock& clock;
    Random& random;
    Log& log;
    EventFeed& feed;
    std::function<void()> wake_campaigns;
  };
  explicit ImportParts(const Needs& needs)
      : files({.folder = needs.data_dir + "/imports"}),
        // One reads the file ahead while the other puts together what is stored next.
        workers(2, give_way),
        service(needs.executor, {.default_region = needs.default_region},
                {.store = needs.stores.imports(),
                 .campaigns = needs.stores.campaigns(),
                 .agents = needs.stores.agents(),
                 .files = files,
                 .flags = needs.flags,
                 .phones = needs.phones,
                 .workers = workers,
                 .clock = needs.clock,
                 .random = needs.random,
                 .log = needs.log,
                 .feed = needs.feed}) {
    service.set_waker(needs.wake_campaigns);
  }

  spool::SpoolFolder files;
  async::Workers workers;
  engine::ImportService service;

 private:
  // Calls that are talking come before lists that wait. Linux has a priority for each thread.
  static void give_way() { ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), 10); }
};

}  // namespace callramp::app
