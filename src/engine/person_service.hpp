// PersonService: what a person may ask of us about themselves, carried out: see it, have it, stop it, have it erased.
#pragma once

#include "async/clock.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "ports/admin_store.hpp"
#include "ports/person_store.hpp"

namespace callramp::engine {

class PersonService {
 public:
  PersonService(PersonStore& store, DoNotCallStore& do_not_call, TombstoneLog& tombstones, async::Clock& clock,
                Random& random, Log& log);

  Awaitable<Result<PersonSummary>> show(PhoneNumber phone) { return store_.summary(std::move(phone)); }
  Awaitable<Result<std::string>> everything(PhoneNumber phone) { return store_.everything(std::move(phone)); }
  /// Never called again; returns how many calls that waited were ended.
  Awaitable<Result<int>> stop(PhoneNumber phone, std::string reason, Actor actor);
  /// May be called again.
  Awaitable<Status> allow(PhoneNumber phone, std::string reason, Actor actor);
  /// What was erased. Erasing somebody unknown forbids calling them all the same.
  Awaitable<Result<PersonSummary>> erase(PhoneNumber phone, std::string reason, Actor actor);
  /// Writes into the log what the database knows and the log does not: after every change, and at a start for what a
  /// crash has kept from it. unavailable: repeat what was asked, the database has it already.
  Awaitable<Status> keep_tombstones();

 private:
  PersonStore& store_;
  DoNotCallStore& do_not_call_;
  TombstoneLog& tombstones_;
  async::Clock& clock_;
  Random& random_;
  Log& log_;
};

/// +999 is no country's: a number that nobody has and no carrier takes.
PhoneNumber make_pseudonym(Random& random);

}  // namespace callramp::engine
