// What people and drills leave behind: signatures, waivers, proofs, and the A/A comparison.
#include <fmt/format.h>

#include "adapters/sql/rollout_store.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

rollout::Signature read_signature(Row& row) {
  return {.subject = row.text(),
          .by = row.text(),
          .note = row.text(),
          .link = row.text(),
          .at = row.instant(),
          .decision = row.number(),
          .standing = row.text()};
}

rollout::Waiver read_waiver(Row& row) {
  return {.condition = row.text(), .by = row.text(), .reason = row.text(), .until = row.instant()};
}

rollout::Proof read_proof(Row& row) {
  return {.name = row.text(),
          .at = row.instant(),
          .concurrent = row.real(),
          .hours = row.real(),
          .version = row.text(),
          .passed = row.flag()};
}

rollout::AaResult read_aa(Row& row) {
  return {.run = row.flag(),
          .alarm = row.flag(),
          .users = row.number(),
          .calls = row.number(),
          .design_effect = row.real(),
          .log_e = row.real()};
}

Status required_rollout(Db& db, const std::string& name) {
  if (db.exists("select 1 from rollouts where name = :name", {name})) return {};
  return fail(ErrorCode::not_found, "there is no rollout '" + name + "'");
}

Status store_signature(Db& db, const Sign& sign) {
  TRY_VOID(required_rollout(db, sign.rollout));
  const rollout::Signature& signature = sign.signature;
  db.run(
      "insert into signatures (rollout, run, phase, subject, by_whom, note, link, at, decision, standing) values "
      "(:rollout, :run, :phase, :subject, :by, :note, :link, :at, :decision, :standing)",
      {sign.rollout, sign.run, sign.phase, signature.subject, signature.by, signature.note, signature.link,
       signature.at, signature.decision, signature.standing});
  append_audit(db, {.at = signature.at,
                    .actor = signature.by,
                    .action = "rollout.sign",
                    .subject = sign.rollout + ": " + signature.subject,
                    .reason = signature.note});
  return {};
}

}  // namespace

Awaitable<Status> SqlRolloutStore::sign(Sign sign) {
  return executor_.write<void>([sign = std::move(sign)](Db& db) { return store_signature(db, sign); });
}

Awaitable<Status> SqlRolloutStore::unsign(std::string rollout, int run, int phase, std::string subject, std::string by,
                                          std::string actor, Instant now) {
  return executor_.write<void>([=](Db& db) -> Status {
    if (db.run(
            "update signatures set taken_back_at = :now where rollout = :rollout and run = :run and phase = :phase and "
            "subject = :subject and (by_whom = :by or :anybody = 1) and taken_back_at is null",
            {now, rollout, run, phase, subject, by, by.empty()}) == 0)
      return fail(ErrorCode::not_found, fmt::format("nobody has signed '{}' in this phase", subject));
    append_audit(
        db,
        {.at = now, .actor = actor, .action = "rollout.unsign", .subject = fmt::format("{}: {}", rollout, subject)});
    return {};
  });
}

Awaitable<Result<std::vector<rollout::Signature>>> SqlRolloutStore::signatures(std::string rollout, int run) {
  using Signatures = std::vector<rollout::Signature>;
  return executor_.read<Signatures>([=](Db& db) -> Result<Signatures> {
    return db.all(
        "select subject, by_whom, note, link, at, decision, standing from signatures where rollout = :rollout and run "
        "= :run and taken_back_at is null order by id",
        "ttttnnt", {rollout, run}, read_signature);
  });
}

Awaitable<Status> SqlRolloutStore::waive(std::string rollout, rollout::Waiver waiver, Instant now) {
  return executor_.write<void>([=, waiver = std::move(waiver)](Db& db) -> Status {
    TRY_VOID(required_rollout(db, rollout));
    db.run(
        "insert into waivers (rollout, condition_text, by_whom, reason, until_at, at) values (:rollout, :condition, "
        ":by, :reason, :until, :now)",
        {rollout, waiver.condition, waiver.by, waiver.reason, waiver.until, now});
    append_audit(db, {.at = now,
                      .actor = waiver.by,
                      .action = "rollout.waive",
                      .subject = fmt::format("{}: {} until {}", rollout, waiver.condition, to_iso(waiver.until)),
                      .reason = waiver.reason});
    return {};
  });
}

Awaitable<Result<std::vector<rollout::Waiver>>> SqlRolloutStore::waivers(std::string rollout) {
  using Waivers = std::vector<rollout::Waiver>;
  return executor_.read<Waivers>([=](Db& db) -> Result<Waivers> {
    return db.all("select condition_text, by_whom, reason, until_at from waivers where rollout = :rollout order by id",
                  "tttn", {rollout}, read_waiver);
  });
}

Awaitable<Status> SqlRolloutStore::add_proof(rollout::Proof proof) {
  return executor_.write<void>([proof = std::move(proof)](Db& db) -> Status {
    db.run(
        "insert into proofs (name, at, concurrent, hours, version, passed) values (:name, :at, :concurrent, :hours, "
        ":version, :passed)",
        {proof.name, proof.at, proof.concurrent, proof.hours, proof.version, proof.passed});
    return {};
  });
}

Awaitable<Result<std::vector<rollout::Proof>>> SqlRolloutStore::proofs() {
  using Proofs = std::vector<rollout::Proof>;
  return executor_.read<Proofs>([](Db& db) -> Result<Proofs> {
    return db.all("select name, at, concurrent, hours, version, passed from proofs order by at, id", "tnrrtn", {},
                  read_proof);
  });
}

Awaitable<Status> SqlRolloutStore::put_aa(std::string rollout, rollout::AaResult result, Instant now) {
  return executor_.write<void>([=](Db& db) -> Status {
    TRY_VOID(required_rollout(db, rollout));
    db.run(
        "insert into aa_results (rollout, ran, alarm, users, calls, design_effect, log_e, at) values (:rollout, :ran, "
        ":alarm, :users, :calls, :effect, :log_e, :at) on conflict (rollout) do update set ran = excluded.ran, alarm = "
        "excluded.alarm, users = excluded.users, calls = excluded.calls, design_effect = excluded.design_effect, log_e "
        "= excluded.log_e, at = excluded.at",
        {rollout, result.run, result.alarm, result.users, result.calls, result.design_effect, result.log_e, now});
    return {};
  });
}

Awaitable<Result<rollout::AaResult>> SqlRolloutStore::aa(std::string rollout) {
  return executor_.read<rollout::AaResult>([=](Db& db) -> Result<rollout::AaResult> {
    return db
        .one("select ran, alarm, users, calls, design_effect, log_e from aa_results where rollout = :rollout", "nnnnrr",
             {rollout}, read_aa)
        .value_or(rollout::AaResult{});
  });
}

}  // namespace callramp::sql
