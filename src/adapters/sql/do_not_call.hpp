// Who may not be called: by number, or, once the number was erased, by its keyed hash alone. Every place that asks asks
// here.
#pragma once

#include <string>

#include "adapters/sql/db.hpp"
#include "ports/person_store.hpp"

namespace callramp::sql {

/// The key of this database's hashes, made with it and kept in it: a list of hashes of phone numbers without a key is a
/// list of phone numbers.
void seed_person_key(Db& db);
/// HMAC-SHA256 in hex.
std::string person_hash(Db& db, const PhoneNumber& phone);

bool on_do_not_call(Db& db, const PhoneNumber& phone);
/// Calls to it that were not dialed end; returns how many.
std::int64_t end_undialed(Db& db, const PhoneNumber& phone, const std::string& reason, Instant now);
/// Every change of the list has a number: the permission record of a dial names the list that it was checked against.
void count_up_do_not_call(Db& db);
/// In the transaction of what it records.
void leave_tombstone(Db& db, TombstoneKind kind, const std::string& hash, Instant now);

}  // namespace callramp::sql
