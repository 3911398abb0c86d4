// What is dialed next. The claim's transaction stores the intent of every dial before anybody acts on it: the attempt,
// `dialing`, under a lease. Whatever happens afterwards, there is a row that says that this number may be ringing.
#include <algorithm>
#include <map>

#include "adapters/sql/call_store.hpp"
#include "adapters/sql/campaign_rows.hpp"
#include "adapters/sql/do_not_call.hpp"
#include "adapters/sql/evidence.hpp"
#include "adapters/sql/flag_store.hpp"
#include "adapters/sql/permission.hpp"
#include "adapters/sql/rows.hpp"
#include "adapters/sql/schedule_store.hpp"

namespace callramp::sql {
namespace {

// A verdict that says to wait until now or earlier would be asked again in the same breath.
constexpr seconds shortest_wait{1};
// An attempt that nobody answered for this long rings no more and holds no line, even while its end is not known: the
// longest RING_TIMEOUT, and a minute in which a carrier may open its stream. It is not counted as open.
constexpr seconds longest_ring{180};

// What kind of dial this is, for the counts.
struct DialMarks {
  bool first = false;   ///< no earlier attempt of the call was really made
  bool manual = false;  ///< a retry that a person asked for
  bool crossed = false;
  std::optional<std::int64_t> span = std::nullopt;  ///< null for a retry, which keeps its call's
};

void insert_attempt(Db& db, const Attempt& attempt, const RouteDecision& route, const DialMarks& marks) {
  db.run(
      "insert into attempts (id, call_id, number, first_dial, manual_retry, system, provider, provider_call_id, phone, "
      "caller_id, "
      "status, reason, stream_token, node_id, lease_until, started_at, permission, route_bucket, route_position, "
      "route_percentage, route_reason, route_flag_version) values (:id, :call, :number, :first, :manual, :system, "
      ":provider, "
      ":provider_call, :phone, :caller, 'dialing', '', :token, :node, :lease, :started, :permission, :bucket, "
      ":position, :percentage, :reason, :version)",
      {attempt.id,
       attempt.call,
       attempt.number,
       marks.first,
       marks.manual,
       to_string(attempt.system),
       attempt.provider,
       unless_empty(attempt.provider_call_id),
       attempt.phone,
       attempt.caller_id,
       unless_empty(attempt.stream_token),
       attempt.node,
       attempt.lease_until,
       attempt.started_at,
       attempt.permission_json,
       route.bucket,
       route.position_hundredths,
       route.percentage.basis_points(),
       to_string(route.reason),
       route.flag_version});
}

void update_dialed_call(Db& db, const Call& call, const DialMarks& marks) {
  db.run(
      "update calls set status = 'dialing', system = :system, crossed = :crossed, reason = '', attempts = :attempts, "
      "retries = :retries, retry_at = null, retry_by = null, first_attempt_at = :first, updated_at = :updated, span_id "
      "= coalesce(:span, span_id) where id = :id",
      {word(call.system), marks.crossed, call.attempts, call.retries, call.first_attempt_at, call.updated_at,
       marks.span, call.id});
}

#ifdef CALLRAMP_MUTATE_INTENT
// MUTATION BUILD, for the crash tests and never to be shipped: a dial's intent stays in this process's memory until the
// provider has answered. A crash in between forgets that the number may be ringing, and the call is dialed again.
std::map<AttemptId, std::pair<Attempt, std::function<void(Db&)>>> unwritten;
#endif

void store_intent(Db& db, const Call& call, const Attempt& attempt, const RouteDecision& route,
                  const DialMarks& marks) {
  const auto write = [=](Db& to) {
    insert_attempt(to, attempt, route, marks);
    update_dialed_call(to, call, marks);
  };
#ifdef CALLRAMP_MUTATE_INTENT
  (void)db;
  unwritten.emplace(attempt.id, std::pair{attempt, write});
#else
  write(db);
#endif
}

// A day of the callee's may have 25 hours.
constexpr hours recent{25};
constexpr int most_recent = 64;

Instant read_instant(Row& row) { return row.instant(); }

// One claim: the request, and what the transaction has found so far.
class Claim {
 public:
  Claim(Db& db, const ClaimRequest& request) : db_(db), request_(request), now_(request.now) {
    routing_.flags = read_flags(db);
    span_ = open_span(db);
    do_not_call_version_ = db.number("select version from do_not_call_version where id = 1").value_or(0);
    result_.open_attempts =
        static_cast<int>(db.number("select count(*) from attempts where outcome is null and (started_at > :ringing or "
                                   "status = 'in_progress' or media_started_at is not null or system = 'old-system')",
                                   {now_ - longest_ring})
                             .value_or(0));
    ringing_ = static_cast<int>(db_.number("select count(*) from attempts where outcome is null and status in "
                                           "('dialing', 'ringing') and started_at > :ringing",
                                           {now_ - longest_ring})
                                    .value_or(0));
#ifdef CALLRAMP_MUTATE_INTENT
    result_.open_attempts += static_cast<int>(unwritten.size());
#endif
  }

  ClaimResult run() {
    const std::vector<Call> due = due_calls();
    bool left_over = due.size() == static_cast<std::size_t>(request_.limit);
    for (const Call& call : due) {
      if (!has_room()) {
        left_over = true;
        break;
      }
      carry_out(call);
    }
    result_.next_due = left_over ? now_ : next_due();
    return std::move(result_);
  }

 private:
  bool has_room() const {
    return static_cast<int>(result_.dials.size()) < request_.max_dials &&
           result_.open_attempts < request_.max_open_attempts && ringing_ < request_.max_ringing;
  }

  std::vector<Call> due_calls() {
    static const std::string sql = due_calls_sql();
    std::vector<Call> due;
    for (const Priority priority : {Priority::high, Priority::medium, Priority::low}) {
      const int room = request_.limit - static_cast<int>(due.size());
      if (room <= 0) break;
      for (Call& call : db_.all(sql, call_kinds, {static_cast<int>(priority), now_, room}, read_call))
        due.push_back(std::move(call));
    }
#ifdef CALLRAMP_MUTATE_INTENT
    std::erase_if(due, [](const Call& call) {
      return std::ranges::any_of(unwritten, [&](const auto& entry) { return entry.second.first.phone == call.phone; });
    });
#endif
    return due;
  }

  std::optional<Instant> next_due() {
    static const std::string sql = next_due_sql();
    std::optional<Instant> earliest;
    for (const Priority priority : {Priority::high, Priority::medium, Priority::low})
      if (const auto at = db_.number(sql, {static_cast<int>(priority)}))
        earliest = std::min(earliest.value_or(from_micros(*at)), from_micros(*at));
    // Whatever is still due was judged a moment ago or is somebody's to wake us for.
    return earliest ? std::optional(std::max(*earliest, now_)) : std::nullopt;
  }

  void carry_out(const Call& call) {
    const std::optional<Agent> agent = find_agent(db_, call.agent);
    // Only the pins of the callees at hand: there may be many pins, and few callees.
    if (auto pin = find_pin(db_, call.user)) routing_.pins.insert_or_assign(call.user.str(), *std::move(pin));
    const ClaimCandidate candidate{
        .call = call,
        .number_has_open_attempt =
            db_.exists("select 1 from attempts where phone = :phone and outcome is null", {call.phone}),
        .on_do_not_call = sql::on_do_not_call(db_, call.phone),
        .do_not_call_version = do_not_call_version_,
        .agent_exists = agent.has_value(),
        .campaign = campaign_of(call),
        .last = call.first_attempt_at ? last_ending(db_, call.id) : std::nullopt,
        .manual_retry =
            call.retry_at && db_.exists("select 1 from calls where id = :id and retry_by is not null", {call.id}),
        .recent_dials = recent_dials(call.phone)};
    const ClaimVerdict verdict = request_.judge(candidate, routing_);
    if (const auto* dial = std::get_if<DialNow>(&verdict)) {
      if (!agent)
        throw DbFailure({ErrorCode::internal, "call '" + call.id.str() + "' was to be dialed without its agent"});
      this->dial(candidate, *dial, *agent);
    } else if (const auto* wait = std::get_if<WaitUntil>(&verdict)) {
      db_.run("update calls set status = 'queued', look_at = :until, reason = :reason where id = :id",
              {std::max(wait->until, now_ + shortest_wait), wait->reason, call.id});
    } else {
      end(call, std::get<EndNow>(verdict));
    }
  }

  // What was taken back rang nowhere.
  std::vector<Instant> recent_dials(const PhoneNumber& phone) {
    return db_.all(
        "select started_at from attempts where phone = :phone and started_at > :since and (outcome is null or outcome "
        "<> "
        "'cancelled' or provider_call_id is not null) order by started_at desc limit :most",
        "n", {phone, now_ - recent, most_recent}, read_instant);
  }

  // Read once a claim; what this claim dials counts at once.
  std::optional<CampaignAtClaim> campaign_of(const Call& call) {
    if (!call.campaign) return std::nullopt;
    const auto known = campaigns_.find(*call.campaign);
    if (known != campaigns_.end()) return known->second;
    auto campaign = find_campaign(db_, *call.campaign);
    if (!campaign) throw DbFailure({ErrorCode::internal, "call '" + call.id.str() + "' has lost its campaign"});
    const CampaignLoad load = read_load(db_, *call.campaign, now_);
    return campaigns_.emplace(*call.campaign, CampaignAtClaim{.campaign = *std::move(campaign), .load = load})
        .first->second;
  }

  void dial(const ClaimCandidate& candidate, const DialNow& dial, const Agent& agent) {
    Call call = candidate.call;
    Attempt attempt = request_.make_attempt(candidate, dial);
    // These follow from the claim itself, whatever the caller filled in.
    attempt.call = call.id;
    attempt.number = call.attempts + 1;
    attempt.system = dial.system;
    attempt.phone = call.phone;
    attempt.status = CallStatus::dialing;
    attempt.node = request_.node;
    attempt.lease_until = now_ + request_.lease;
    attempt.started_at = now_;
    attempt.permission_json = with_consent(db_, attempt.permission_json, call);

    const Instant admitted =
        from_micros(db_.number("select look_at from calls where id = :id", {call.id}).value_or(to_micros(now_)));
    DialMarks marks{.first = !call.first_attempt_at,
                    .manual = candidate.manual_retry,
                    .crossed = (call.system && *call.system != dial.system) || was_crossed(db_, call)};
    if (marks.first && in_evidence(call, dial.route)) marks.span = id_or_null(span_);
    call.status = CallStatus::dialing;
    call.system = dial.system;
    call.reason.clear();
    call.attempts = attempt.number;
    if (!marks.first && !marks.manual) ++call.retries;
    call.retry_at.reset();
    call.first_attempt_at = call.first_attempt_at.value_or(now_);
    call.updated_at = now_;
    store_intent(db_, call, attempt, dial.route, marks);
    if (marks.first) make_next_call_after(call);
    ++result_.open_attempts;
    ++ringing_;
    if (call.campaign) ++campaigns_.at(*call.campaign).load.calling;
    result_.dials.push_back({.call = std::move(call),
                             .attempt = std::move(attempt),
                             .agent = agent,
                             .route = dial.route,
                             .old_script = candidate.campaign ? candidate.campaign->campaign.settings.old_script : "",
                             .admitted_at = std::max(candidate.call.due_at, admitted)});
  }

  // Who is held on a system by name was not put there by the percentage, and says nothing about it.
  static bool in_evidence(const Call& call, const RouteDecision& route) {
    return !call.test && route.reason != RouteReason::pinned && route.reason != RouteReason::included;
  }

  void make_next_call_after(const Call& call) {
    if (call.schedule && request_.plan_next) make_next_call(db_, *call.schedule, request_.plan_next, now_);
  }

  void end(const Call& call, const EndNow& end) {
    end_without_dial(db_, call, end, now_);
    if (!call.first_attempt_at) make_next_call_after(call);
    result_.ended.push_back(existing_call(db_, call.id));
  }

  Db& db_;
  const ClaimRequest& request_;
  const Instant now_;
  RoutingState routing_;
  SpanMark span_;
  std::int64_t do_not_call_version_ = 0;
  std::map<CampaignId, CampaignAtClaim> campaigns_;
  int ringing_ = 0;
  ClaimResult result_;
};

Result<Call> release(Db& db, const AttemptId& id, const std::string& reason, Instant due_at, Instant now) {
  TRY(attempt, required_attempt(db, id));
  if (attempt.outcome || !attempt.provider_call_id.empty() || attempt.media_started_at)
    return fail(ErrorCode::conflict, "attempt '" + id.str() + "' " +
                                         (attempt.outcome ? "is over" : "has reached the carrier") +
                                         " and cannot be taken back");
  Call call = existing_call(db, attempt.call);
  db.run(
      "update attempts set status = 'final', outcome = 'cancelled', reason = :reason, ended_at = :now where id = :id",
      {reason, now, id});
  if (db.number("select first_dial from attempts where id = :id", {id}).value_or(0) != 0) {
    // No dial was made yet after all: the next one is the first, and decides the system anew.
    call.system.reset();
    call.first_attempt_at.reset();
    db.run("update calls set span_id = null where id = :id", {call.id});
  }
  if (call.first_attempt_at && !call.cancel_requested) {
    // It was a retry, and still is one to come: what was not dialed is no try.
    db.run(
        "update calls set retry_at = :due, retries = retries - (select 1 - manual_retry from attempts where id = "
        ":attempt), retry_by = (select case when manual_retry = 1 then 'an operator' end from attempts where id = "
        ":again) where id = :id",
        {due_at, id, id, call.id});
  }
  if (call.cancel_requested) {
    call.status = CallStatus::final_;
    call.outcome = Outcome::cancelled;
    call.final_at = now;
  } else {
    call.status = CallStatus::queued;
  }
  db.run(
      "update calls set status = :status, outcome = :outcome, final_at = :final, system = :system, first_attempt_at = "
      ":first, reason = :reason, look_at = :due, updated_at = :now where id = :id",
      {to_string(call.status), word(call.outcome), call.final_at, word(call.system), call.first_attempt_at,
       call.cancel_requested ? "cancelled before it was dialed" : reason, due_at, now, call.id});
  return existing_call(db, call.id);
}

}  // namespace

std::string due_calls_sql() {
  return select(
      call_columns, "calls",
      "where status in ('scheduled', 'queued') and priority = :priority and look_at <= :now order by look_at, "
      "due_at, id limit :limit");
}

std::string next_due_sql() {
  return "select min(look_at) from calls where status in ('scheduled', 'queued') and priority = :priority";
}

Result<Attempt> required_attempt(Db& db, const AttemptId& id) {
#ifdef CALLRAMP_MUTATE_INTENT
  if (const auto late = unwritten.find(id); late != unwritten.end()) {
    late->second.second(db);
    unwritten.erase(late);
  }
#endif
  auto attempt = find_attempt(db, id);
  if (!attempt) return fail(ErrorCode::not_found, "there is no attempt '" + id.str() + "'");
  return *std::move(attempt);
}

Awaitable<Result<ClaimResult>> SqlCallStore::claim_due(ClaimRequest request) {
  return executor_.write<ClaimResult>(
      [request = std::move(request)](Db& db) -> Result<ClaimResult> { return Claim(db, request).run(); });
}

Awaitable<Result<Call>> SqlCallStore::release_attempt(AttemptId attempt, std::string reason, Instant due_at,
                                                      Instant now) {
  return executor_.write<Call>([=](Db& db) { return release(db, attempt, reason, due_at, now); });
}

}  // namespace callramp::sql
