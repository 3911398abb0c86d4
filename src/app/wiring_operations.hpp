// What one node owes to people and to whoever runs it, as the platform puts it together: tombstones that outlive the
// database, and the heartbeat to somebody outside.
#pragma once

#include <memory>

#include "app/tombstone_file.hpp"
#include "engine/dead_man.hpp"
#include "engine/dialer.hpp"
#include "engine/person_service.hpp"
#include "net/client_pool.hpp"

namespace callramp::app {

struct OperationsParts {
  struct Needs {
    const Config& config;
    SettingStore& settings;
    PersonStore& persons;
    DoNotCallStore& do_not_call;
    engine::Dialer& dialer;
    net::ClientPool& clients;
    async::Clock& clock;
    Random& random;
    Log& log;
  };
  explicit OperationsParts(const Needs& needs)
      : tombstones(tombstone_file_of(needs.config)),
        persons(needs.persons, needs.do_not_call, tombstones, needs.clock, needs.random, needs.log),
        dead_man(needs.config.heartbeat_url.empty()
                     ? nullptr
                     : std::make_unique<engine::DeadMan>(
                           engine::DeadManConfig{}, needs.settings,
                           [&dialer = needs.dialer] { return dialer.last_look(); },
                           [&clients = needs.clients, url = needs.config.heartbeat_url](Instant deadline) {
                             return ping(clients, url, deadline);
                           },
                           needs.clock, needs.log)) {}

  TombstoneFile tombstones;
  engine::PersonService persons;
  std::unique_ptr<engine::DeadMan> dead_man;  // null: nobody outside is told

 private:
  static Awaitable<Status> ping(net::ClientPool& clients, std::string url, Instant deadline) {
    net::HttpClient* const client = co_await clients.here();
    CO_TRY(answer, co_await client->fetch({.url = std::move(url)}, deadline));
    // The URL is a secret of its receiver's: only what it answered is told.
    if (answer.status / 100 != 2)
      co_return fail(ErrorCode::unavailable, "HEARTBEAT_URL answered " + std::to_string(answer.status));
    co_return Status{};
  }
};

}  // namespace callramp::app
