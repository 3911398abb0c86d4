// What a person may ask: shown, handed over, stopped, erased; and the tombstones that a restore applies again.
#include "engine/person_service.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "adapters/sql/do_not_call.hpp"
#include "engine_world.hpp"
#include "fakes/fake_tombstone_log.hpp"

namespace callramp::engine {
namespace {

const PhoneNumber asha = PhoneNumber::parse("+919876543210").value();
const PhoneNumber ravi = PhoneNumber::parse("+919876543211").value();

struct PersonWorld : EngineWorld {
  fakes::FakeTombstoneLog tombstones;
  PersonService persons{stores->persons(), stores->do_not_call(), tombstones, clock, random, log};

  template <class T>
  T take(Result<T> result) {
    REQUIRE_MESSAGE(result, (result ? "" : result.error().message));
    return *std::move(result);
  }
  Awaitable<std::int64_t> count(std::string query) {
    co_return take(co_await stores->executor().read<std::int64_t>(
        [=](sql::Db& db) -> Result<std::int64_t> { return db.number(query, {}).value_or(0); }));
  }
  /// Rows of any table, in any column, that hold the text.
  Awaitable<std::vector<std::string>> traces(std::string text) {
    co_return take(co_await stores->executor().read<std::vector<std::string>>(
        [=](sql::Db& db) -> Result<std::vector<std::string>> {
          std::vector<std::pair<std::string, std::string>> columns;
          db.select(
              "select m.name, c.name from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table' and "
              "lower(c.type) = 'text'",
              "tt", {}, [&](sql::Row& row) {
                std::string table = row.text();
                columns.emplace_back(std::move(table), row.text());
              });
          std::vector<std::string> found;
          for (const auto& [table, column] : columns)
            if (db.exists("select 1 from " + table + " where " + column + " like :text limit 1", {"%" + text + "%"}))
              found.push_back(table + "." + column);
          return found;
        }));
  }
  Awaitable<void> reported(PhoneNumber phone, std::string id) {
    CHECK(take(co_await stores->outcomes().report({.external_id = std::move(id),
                                                   .user = UserId{phone.e164()},
                                                   .system = System::old_system,
                                                   .phone = phone,
                                                   .started_at = clock.now() - hours{1},
                                                   .outcome = Outcome::completed},
                                                  clock.now())));
  }
  Awaitable<std::int64_t> final_calls() { return count("select sum(calls) from evidence_counts"); }
};

TEST_CASE_FIXTURE(PersonWorld, "an erased person is nowhere any more and every count stays") {
  run([&]() -> Awaitable<void> {
    carrier.answers_after(seconds{3});
    const CallId id = co_await place(asha.e164());
    const CallDetail before = co_await final_call(id);
    REQUIRE(before.call.status == CallStatus::final_);
    const CallId other = co_await place(ravi.e164());
    co_await final_call(other);
    co_await reported(asha, "crm-1");
    const std::int64_t counted = co_await final_calls();
    const auto shown = take(co_await persons.show(asha));
    CHECK(shown.calls == 1);
    CHECK(shown.reported_outcomes == 1);
    CHECK_FALSE(shown.do_not_call);
    const auto everything = boost::json::parse(take(co_await persons.everything(asha))).as_object();
    CHECK(everything.at("calls").as_array().size() == 1);
    CHECK(everything.at("phoneNumber").as_string() == asha.e164());
    CHECK_FALSE((co_await traces("9876543210")).empty());

    const auto erased = take(co_await persons.erase(asha, "asked by letter", admin));
    CHECK(erased.calls == 1);
    CHECK(erased.reported_outcomes == 1);
    const auto left = co_await traces("9876543210");
    CHECK_MESSAGE(left.empty(), (left.empty() ? "" : left.front()));
    CHECK((co_await final_calls()) == counted);
    const CallDetail after = co_await get(id);
    CHECK(after.call.outcome == before.call.outcome);
    CHECK(after.call.phone.e164().starts_with("+999"));
    CHECK(after.attempts.front().transcript.empty());
    CHECK_FALSE((co_await traces("9876543211")).empty());

    // Not called again, although nobody knows the number any more.
    CHECK(take(co_await persons.show(asha)).do_not_call);
    const auto refused = co_await calls.place({.phone = asha.e164(), .agent = AgentId{"agent"}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::do_not_call);
    REQUIRE(tombstones.kept.size() == 1);
    CHECK(tombstones.kept.front().kind == TombstoneKind::erase);
    CHECK(tombstones.kept.front().hash.size() == 64);
  });
}

TEST_CASE_FIXTURE(PersonWorld, "an erasure waits for the call that is under way") {
  run([&]() -> Awaitable<void> {
    carrier.answers_after(seconds{20});
    const CallId id = co_await place(asha.e164());
    co_await clock.sleep_for(seconds{5});
    const auto refused = co_await persons.erase(asha, "now", admin);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::conflict);
    CHECK(tombstones.kept.empty());
    co_await final_call(id);
    CHECK(co_await persons.erase(asha, "now", admin));
  });
}

TEST_CASE_FIXTURE(PersonWorld, "a waiting call of an erased person is never dialed") {
  run([&]() -> Awaitable<void> {
    auto accepted = co_await calls.place({.phone = asha.e164(), .agent = AgentId{"agent"}});
    REQUIRE(accepted);
    const auto erased = co_await persons.erase(asha, "at once", admin);
    if (erased) {
      co_await clock.sleep_for(hours{1});
      CHECK(carrier.dials().empty());
    }
  });
}

TEST_CASE_FIXTURE(PersonWorld, "who is stopped can be allowed again and each leaves its tombstone") {
  run([&]() -> Awaitable<void> {
    CHECK(take(co_await persons.stop(asha, "asked", admin)) == 0);
    CHECK(take(co_await persons.show(asha)).do_not_call);
    CHECK(co_await persons.allow(asha, "asked again", admin));
    CHECK_FALSE(take(co_await persons.show(asha)).do_not_call);
    CHECK_FALSE(co_await persons.allow(asha, "asked again", admin));
    CHECK(take(co_await persons.erase(ravi, "a stranger", admin)).calls == 0);
    CHECK(take(co_await persons.show(ravi)).do_not_call);
    CHECK(co_await persons.allow(ravi, "came back", admin));
    CHECK_FALSE(take(co_await persons.show(ravi)).do_not_call);
    REQUIRE(tombstones.kept.size() == 4);
    CHECK(tombstones.kept[0].kind == TombstoneKind::stop);
    CHECK(tombstones.kept[1].kind == TombstoneKind::allow);
    CHECK(tombstones.kept[0].hash == tombstones.kept[1].hash);
    CHECK(tombstones.kept[2].hash != tombstones.kept[1].hash);
    CHECK(std::ranges::is_sorted(tombstones.kept, std::less_equal{}, &Tombstone::at));
  });
}

TEST_CASE_FIXTURE(PersonWorld, "tombstones that could not be kept are kept as soon as they can") {
  run([&]() -> Awaitable<void> {
    tombstones.works = false;
    const auto refused = co_await persons.stop(asha, "asked", admin);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::unavailable);
    CHECK(take(co_await persons.show(asha)).do_not_call);
    tombstones.works = true;
    CHECK(co_await persons.keep_tombstones());
    CHECK(tombstones.kept.size() == 1);
    CHECK(co_await persons.keep_tombstones());
    CHECK(tombstones.kept.size() == 1);
  });
}

TEST_CASE_FIXTURE(PersonWorld, "a database from before the tombstones obeys them once they are replayed") {
  run([&]() -> Awaitable<void> {
    const CallId id = co_await place(asha.e164());
    co_await final_call(id);
    // As the backup of another day has it: the key and the calls, and nothing of what was asked since.
    const auto hash_of = [&](PhoneNumber phone) -> Awaitable<std::string> {
      co_return take(co_await stores->executor().read<std::string>(
          [phone](sql::Db& db) -> Result<std::string> { return sql::person_hash(db, phone); }));
    };
    const Instant now = clock.now();
    const std::vector<Tombstone> past{{now, TombstoneKind::erase, co_await hash_of(asha)},
                                      {now + seconds{1}, TombstoneKind::stop, co_await hash_of(ravi)}};
    const std::vector<PhoneNumber> pseudonyms{make_pseudonym(random), make_pseudonym(random)};
    CHECK(take(co_await stores->persons().replay(past, pseudonyms, now)) == 2);
    CHECK((co_await traces("9876543210")).empty());
    CHECK(take(co_await persons.show(asha)).do_not_call);
    CHECK(take(co_await persons.show(ravi)).do_not_call);
    CHECK(take(co_await stores->persons().replay(past, pseudonyms, now)) == 0);
    const std::vector<Tombstone> later{{now + seconds{2}, TombstoneKind::allow, co_await hash_of(ravi)}};
    CHECK(take(co_await stores->persons().replay(later, {}, now)) == 1);
    CHECK_FALSE(take(co_await persons.show(ravi)).do_not_call);
  });
}

TEST_CASE_FIXTURE(PersonWorld, "the permission record of a dial says what was heard first") {
  run([&]() -> Awaitable<void> {
    const CallId id = co_await place(asha.e164());
    const CallDetail detail = co_await final_call(id);
    REQUIRE_FALSE(detail.attempts.empty());
    const auto record = boost::json::parse(detail.attempts.front().attempt.permission_json).as_object();
    CHECK(record.at("kind").as_string() == "transactional");
    CHECK(record.contains("doNotCallVersion"));
    CHECK(record.at("consent").is_null());
    const bool spoke = !detail.attempts.front().transcript.empty();
    CHECK((record.at("disclosure").as_string() == "not_played") != spoke);
  });
}

}  // namespace
}  // namespace callramp::engine
