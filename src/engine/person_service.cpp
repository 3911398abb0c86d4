#include "engine/person_service.hpp"

#include "base/ensure.hpp"

namespace callramp::engine {
namespace {

constexpr int tombstone_batch = 1000;

}  // namespace

PhoneNumber make_pseudonym(Random& random) {
  std::string digits = std::to_string(random.below(100'000'000'000));
  digits.insert(0, 11 - digits.size(), '0');
  auto number = PhoneNumber::parse("+999" + digits);
  ENSURE(number, "a pseudonym has the form of a number");
  return *std::move(number);
}

PersonService::PersonService(PersonStore& store, DoNotCallStore& do_not_call, TombstoneLog& tombstones,
                             async::Clock& clock, Random& random, Log& log)
    : store_(store), do_not_call_(do_not_call), tombstones_(tombstones), clock_(clock), random_(random), log_(log) {}

Awaitable<Result<int>> PersonService::stop(PhoneNumber phone, std::string reason, Actor actor) {
  CO_TRY(ended, co_await do_not_call_.add({.phone = std::move(phone),
                                           .reason = std::move(reason),
                                           .actor = std::move(actor.name),
                                           .created_at = clock_.now()}));
  CO_TRY_VOID(co_await keep_tombstones());
  co_return ended;
}

Awaitable<Status> PersonService::allow(PhoneNumber phone, std::string reason, Actor actor) {
  CO_TRY_VOID(co_await do_not_call_.remove(std::move(phone), std::move(actor.name), std::move(reason), clock_.now()));
  co_return co_await keep_tombstones();
}

Awaitable<Result<PersonSummary>> PersonService::erase(PhoneNumber phone, std::string reason, Actor actor) {
  CO_TRY(erased, co_await store_.erase({.phone = std::move(phone),
                                        .pseudonym = make_pseudonym(random_),
                                        .actor = std::move(actor.name),
                                        .reason = std::move(reason),
                                        .now = clock_.now()}));
  CO_TRY_VOID(co_await keep_tombstones());
  co_return erased;
}

Awaitable<Status> PersonService::keep_tombstones() {
  for (;;) {
    CO_TRY(last, tombstones_.last());
    CO_TRY(missing, co_await store_.tombstones(last.value_or(Instant{}), tombstone_batch));
    if (missing.empty()) co_return Status{};
    if (const Status kept = tombstones_.append(missing); !kept) {
      log_.error("tombstones_not_kept", {{"error", kept.error().message}});
      co_return kept;
    }
  }
}

}  // namespace callramp::engine
