#include "sandbox/legacy.hpp"

#include <boost/json.hpp>
#include <string_view>

#include "base/phone.hpp"
#include "sandbox/http_faults.hpp"

namespace callramp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::size_t kBodyMost = 64 * 1024;
constexpr auto kCallbackLimit = seconds{10};
constexpr auto kDuplicateAfter = milliseconds{50};
/// How long people talk to the old dialer where the world does not say when they hang up.
constexpr Span kTalks{seconds{12}, seconds{40}};
/// Its machines and announcements are short: it hangs up on them.
constexpr Span kRecordedTalks{seconds{5}, seconds{12}};
constexpr auto kRingsUntil = seconds{30};
constexpr std::string_view kCost = "0.60 INR";

net::Response answer(int status, const json::value& body) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = json::serialize(body)};
}

net::Response refusal(int status, std::string_view message) { return answer(status, {{"error", message}}); }

/// Product words for what the world did.
std::string_view outcome_of(Answers answers) {
  switch (answers) {
    case Answers::person:
    case Answers::screening: return "completed";
    case Answers::machine: return "voicemail";
    case Answers::busy: return "busy";
    case Answers::no_answer: return "no_answer";
    case Answers::announcement: return "unreachable";
    case Answers::reject: return "rejected";
  }
  return "failed";
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

}  // namespace

OldDialer::OldDialer(const Executor& executor, Parts parts, net::ClientOptions client_options)
    : parts_(parts), client_(executor, std::move(client_options), parts.log), scope_(executor) {}

Awaitable<void> OldDialer::stop() { co_await scope_.stop(); }

void OldDialer::reset() {
  std::erase_if(calls_, [](const auto& entry) { return !entry.second->outcome.empty(); });
  id_of_key_.clear();
  dials_of_.clear();
  dials_ = 0;
}

Awaitable<net::Response> OldDialer::handle(net::Request& request) {
  const auto body = co_await net::read_all(*request.body, kBodyMost);
  if (!body) co_return refusal(413, body.error().message);
  co_return co_await with_http_faults(parts_.clock, parts_.faults, "old.rest", route(request, *body));
}

net::Response OldDialer::route(const net::Request& request, const std::string& body) {
  if (request.path == "/health" && request.method == "GET") {
    if (parts_.faults.draw("old.rest", FaultKind::server_error)) return refusal(503, "the service is unavailable");
    return answer(200, {{"status", "ok"}, {"activeCalls", active_}});
  }
  const auto header = request.headers.find("Authorization").value_or("");
  const auto world = parts_.world.get();
  const std::string& token = world->old_token;
  const bool welcome =
      header.starts_with("Bearer ") && header.size() > 7 && (token.empty() || header.substr(7) == token);
  if (!welcome || parts_.faults.draw("old.rest", FaultKind::auth_error))
    return refusal(401, "a valid Bearer token is needed");
  if (parts_.faults.draw("old.rest", FaultKind::rate_limit)) {
    net::Response response = refusal(429, "too many requests");
    response.headers.set("Retry-After", "1");
    return response;
  }
  if (parts_.faults.draw("old.rest", FaultKind::server_error)) return refusal(503, "the service is unavailable");
  if (request.path == "/calls" && request.method == "POST") return place(request, body);
  if (request.path.starts_with("/calls/") && request.method == "GET") {
    const auto call = calls_.find(request.path.substr(7));
    if (call == calls_.end()) return refusal(404, "there is no such call");
    const Call& found = *call->second;
    json::object view{{"id", found.id}, {"startedAt", to_iso(found.started)}};
    if (!found.outcome.empty()) {
      view["outcome"] = found.outcome;
      view["endedAt"] = to_iso(found.ended);
      if (!found.cost.empty()) view["cost"] = found.cost;
    }
    return answer(200, std::move(view));
  }
  return refusal(404, "there is no such resource");
}

net::Response OldDialer::place(const net::Request& request, const std::string& body) {
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  if (error || !parsed.is_object()) return refusal(400, "the body is not a JSON object");
  const json::object& fields = parsed.as_object();
  const auto number = PhoneNumber::parse(text_of(fields, "phoneNumber"));
  if (!number) return refusal(422, "phoneNumber is not an E.164 number");
  const std::string attempt = text_of(fields, "attemptId");
  if (attempt.empty()) return refusal(400, "attemptId is missing");
  const std::string key(request.headers.find("Idempotency-Key").value_or(""));
  if (key.empty()) return refusal(400, "an Idempotency-Key is needed");
  if (const auto known = id_of_key_.find(key); known != id_of_key_.end()) return answer(202, {{"id", known->second}});

  const auto world = parts_.world.get();
  const std::uint64_t nth = dials_of_[number->e164()]++;
  const Callee callee = world->callee_for(number->e164(), nth);
  SeededRandom random(derive_seed(world->seed, "old " + number->e164(), nth));
  const auto call = std::make_shared<Call>();
  call->id = "old-" + random_.hex(12);
  call->callback_url = text_of(fields, "callbackUrl");
  call->started = parts_.clock.now();
  call->answer = to_string(callee.answers);
  Duration lasts = callee.answers == Answers::no_answer ? Duration{kRingsUntil} : callee.ring.draw(random);
  const bool answered = callee.answers == Answers::person || callee.answers == Answers::screening ||
                        callee.answers == Answers::machine || callee.answers == Answers::announcement;
  if (answered) {
    const bool person = callee.answers == Answers::person || callee.answers == Answers::screening;
    lasts += callee.hangs_up_after.value_or(person ? kTalks : kRecordedTalks).draw(random);
    call->cost = kCost;
  }
  call->ledger_seq = parts_.ledger.dial({.received_at = call->started,
                                         .provider = "old",
                                         .to = number->e164(),
                                         .from = "",
                                         .custom_field = attempt,
                                         .call_sid = call->id,
                                         .answer = call->answer,
                                         .ended_at = std::nullopt});
  calls_.emplace(call->id, call);
  id_of_key_.emplace(key, call->id);
  ++dials_;
  ++active_;
  scope_.spawn(run(call, call->started + lasts, std::string(outcome_of(callee.answers))));
  return answer(202, {{"id", call->id}});
}

Awaitable<void> OldDialer::run(CallPtr call, Instant ends_at, std::string outcome) {
  struct Leave {
    std::size_t& active;
    ~Leave() { --active; }
  };
  {
    const Leave leave{active_};
    co_await parts_.clock.sleep_until(ends_at);
    call->ended = parts_.clock.now();
    call->outcome = std::move(outcome);
    parts_.ledger.end(call->ledger_seq, call->answer, call->ended);
  }
  if (!call->callback_url.empty()) co_await report(*call);
}

Awaitable<void> OldDialer::report(const Call& call) {
  if (parts_.faults.draw("old.callback", FaultKind::callback_lost)) co_return;
  if (const auto late = parts_.faults.draw("old.callback", FaultKind::callback_late))
    co_await parts_.clock.sleep_for(late->delay);
  co_await post(call);
  if (const auto again = parts_.faults.draw("old.callback", FaultKind::callback_duplicate)) {
    co_await parts_.clock.sleep_for(std::max(again->delay, Duration{kDuplicateAfter}));
    co_await post(call);
  }
}

Awaitable<void> OldDialer::post(const Call& call) {
  json::object body{
      {"id", call.id}, {"outcome", call.outcome}, {"startedAt", to_iso(call.started)}, {"endedAt", to_iso(call.ended)}};
  if (!call.cost.empty()) body["cost"] = call.cost;
  net::ClientRequest request{.method = "POST", .url = call.callback_url, .body = json::serialize(body)};
  request.headers.set("Content-Type", "application/json");
  const auto answered = co_await client_.fetch(std::move(request), parts_.clock.now() + kCallbackLimit);
  if (!answered || answered->status / 100 != 2)
    parts_.log.warn("sandbox_old_callback_refused",
                    {{"reason", answered ? "status " + std::to_string(answered->status) : answered.error().message}});
}

}  // namespace callramp::sandbox
