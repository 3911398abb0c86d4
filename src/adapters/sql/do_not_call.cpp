#include "adapters/sql/do_not_call.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "net/digest.hpp"

namespace callramp::sql {
namespace {

constexpr std::size_t key_bytes = 32;

}  // namespace

void seed_person_key(Db& db) {
  SystemRandom random;
  db.run("insert into settings (name, value) values ('person_key', :key) on conflict (name) do nothing",
         {random.hex(key_bytes)});
}

std::string person_hash(Db& db, const PhoneNumber& phone) {
  std::string key;
  db.select("select value from settings where name = 'person_key'", "t", {}, [&](Row& row) { key = row.text(); });
  if (key.empty()) throw DbFailure({ErrorCode::internal, "the database has no key for its hashes of numbers"});
  return net::hmac_sha256_hex(key, phone.e164());
}

bool on_do_not_call(Db& db, const PhoneNumber& phone) {
  if (db.exists("select 1 from do_not_call where phone = :phone", {phone})) return true;
  // Nobody erased: no hashing for the million contacts of an import.
  if (!db.exists("select 1 from do_not_call_hashes limit 1", {})) return false;
  return db.exists("select 1 from do_not_call_hashes where hash = :hash", {person_hash(db, phone)});
}

std::int64_t end_undialed(Db& db, const PhoneNumber& phone, const std::string& reason, Instant now) {
  return db.run(
      "update calls set status = 'final', outcome = 'cancelled', reason = :reason, final_at = :at, updated_at = "
      ":updated where phone = :phone and status in ('scheduled', 'queued')",
      {reason, now, now, phone});
}

void count_up_do_not_call(Db& db) { db.run("update do_not_call_version set version = version + 1 where id = 1"); }

void leave_tombstone(Db& db, TombstoneKind kind, const std::string& hash, Instant now) {
  // Strictly later than the one before: what is newer than a moment is found by its time alone.
  const std::int64_t last = db.number("select max(at) from tombstones", {}).value_or(0);
  db.run("insert into tombstones (at, kind, hash) values (:at, :kind, :hash)",
         {std::max(to_micros(now), last + 1), to_string(kind), hash});
}

}  // namespace callramp::sql
