#include "sandbox/exotel.hpp"

#include <algorithm>

#include "base/base64.hpp"
#include "sandbox/exotel_list.hpp"
#include "sandbox/exotel_media.hpp"
#include "sandbox/http_faults.hpp"
#include "sandbox/outward.hpp"

namespace callramp::sandbox::exotel {

namespace {

constexpr std::size_t kBodyMost = 64 * 1024;
constexpr auto kRateWindow = minutes{1};
/// A second copy of a callback that names no delay.
constexpr auto kDuplicateAfter = milliseconds{50};
/// Finished calls that can still be asked for; the oldest are forgotten.
constexpr std::size_t kCallsKept = 200'000;
constexpr std::string_view kBoundary = "----callramp-sandbox-boundary";
/// ThrottleLimit of an account without a limit in this world.
constexpr int kUsualStreams = 100;

net::Response answer(int status, std::string body, bool json) {
  return {.status = status,
          .headers = {{"Content-Type", json ? "application/json" : "application/xml"}},
          .body = std::move(body)};
}

net::Response refusal(const RestError& error, bool json) {
  return answer(error.status, json ? error_json(error) : error_xml(error), json);
}

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // '/'
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.push_back(net::percent_decode(path.substr(0, end)).value_or(""));
    path.remove_prefix(end);
  }
  return segments;
}

/// Takes ".json" off; true if it was there.
bool take_json_suffix(std::string& segment) {
  if (!segment.ends_with(".json")) return false;
  segment.resize(segment.size() - 5);
  return true;
}

StreamIdentity identity_of(const Call& call, std::string stream_sid) {
  const Connect& request = call.record.request;
  return {.stream_sid = std::move(stream_sid),
          .call_sid = call.record.sid,
          .account = call.record.account,
          .from = request.from,
          .to = international(request.caller_id).value_or(request.caller_id),
          .custom_parameters = request.custom_parameters,
          .sample_rate_hz = request.sample_rate_hz};
}

}  // namespace

Carrier::Carrier(const Executor& executor, Parts parts, net::ClientOptions client_options)
    : executor_(executor), parts_(parts), client_(executor, std::move(client_options), parts.log), scope_(executor) {}

Carrier::~Carrier() = default;

Awaitable<void> Carrier::stop() { co_await scope_.stop(); }

void Carrier::reset() {
  recent_requests_.clear();
  dials_of_.clear();
  counts_ = {};
  std::erase_if(calls_, [](const CallPtr& call) { return call->record.ended.has_value(); });
  std::erase_if(by_sid_, [](const auto& entry) { return entry.second->record.ended.has_value(); });
}

std::optional<RestError> Carrier::admit(const net::Request& request) {
  const auto world = parts_.world.get();
  const auto header = request.headers.find("Authorization");
  const auto pair =
      header && header->starts_with("Basic ") ? base64_decode(header->substr(6)) : Result<std::string>("");
  const std::size_t colon = pair ? pair->find(':') : std::string::npos;
  const bool named = colon != std::string::npos && colon > 0 && colon + 1 < pair->size();
  const ExotelHabits& habits = world->exotel;
  if (!named || (!habits.api_key.empty() && *pair != habits.api_key + ":" + habits.api_token) ||
      parts_.faults.draw("exotel.rest", FaultKind::auth_error))
    return RestError{401, "Authentication is required to access this resource", ""};

  const Instant now = parts_.clock.now();
  while (!recent_requests_.empty() && recent_requests_.front() + kRateWindow <= now) recent_requests_.pop_front();
  const auto limit = static_cast<std::size_t>(habits.requests_per_minute);
  if ((limit > 0 && recent_requests_.size() >= limit) || parts_.faults.draw("exotel.rest", FaultKind::rate_limit)) {
    ++counts_.rate_limited;
    return RestError{429, "Too many requests; at most " + std::to_string(limit) + " a minute", "RATE_LIMIT_EXCEEDED"};
  }
  recent_requests_.push_back(now);
  if (parts_.faults.draw("exotel.rest", FaultKind::server_error))
    return RestError{503, "The service is temporarily unavailable", ""};
  return std::nullopt;
}

Awaitable<net::Response> Carrier::handle(net::Request& request) {
  ++counts_.requests;
  const auto body = co_await net::read_all(*request.body, kBodyMost);
  const bool json = request.path.ends_with(".json") || request.path.find(".json/") != std::string::npos;
  if (!body) co_return refusal({413, body.error().message, ""}, json);
  if (const auto error = admit(request)) {
    net::Response response = refusal(*error, json);
    if (error->status == 429) {
      const Instant free = recent_requests_.empty() ? parts_.clock.now() : recent_requests_.front() + kRateWindow;
      const auto wait = std::chrono::ceil<seconds>(std::max(free - parts_.clock.now(), Duration{seconds{1}}));
      response.headers.set("Retry-After", std::to_string(wait.count()));
      response.headers.set("X-RateLimit-Limit", std::to_string(parts_.world.get()->exotel.requests_per_minute));
      response.headers.set("X-RateLimit-Remaining", "0");
      response.headers.set("X-RateLimit-Reset",
                           std::to_string(std::chrono::ceil<seconds>(free).time_since_epoch().count()));
    }
    co_return response;
  }
  co_return co_await with_http_faults(parts_.clock, parts_.faults, "exotel.rest", route(request, *body));
}

net::Response Carrier::route(const net::Request& request, const std::string& body) {
  std::vector<std::string> path = segments_of(request.path);
  bool json = false;
  for (std::string& segment : path) json = take_json_suffix(segment) || json;
  const RestError unknown{404, "The requested resource was not found", ""};
  if (path.size() < 4 || path[0] != "v1" || path[1] != "Accounts" || path[2].empty()) return refusal(unknown, json);
  const bool get = request.method == "GET";
  if (path.size() == 4 && path[3] == "ActiveStreams" && get) {
    const auto world = parts_.world.get();
    const ExotelHabits& habits = world->exotel;
    const int limit = habits.max_concurrent > 0 ? habits.max_concurrent : kUsualStreams;
    const bool as_json = json || habits.streams_as_json;
    return answer(200, as_json ? streams_json(streams_, limit) : streams_xml(streams_, limit), as_json);
  }
  if (path[3] != "Calls") return refusal(unknown, json);
  if (path.size() == 4 && get) return list(request);
  if (path.size() == 5 && path[4] == "connect" && request.method == "POST")
    return connect(request, path[2], body, json);
  if (path.size() != 5 || !get) return refusal(unknown, json);
  const auto call = by_sid_.find(path[4]);
  if (call == by_sid_.end()) return refusal(unknown, json);
  const Instant now = parts_.clock.now();
  const bool details = request.query.find("details=true") != std::string::npos;
  const auto world = parts_.world.get();
  return answer(
      200, json ? call_json(call->second->record, now, details, world->exotel) : call_xml(call->second->record, now),
      json);
}

net::Response Carrier::list(const net::Request& request) {
  const auto fields = net::parse_query(request.query);
  if (!fields) return refusal({400, fields.error().message, "BAD_PARAMETER"}, true);
  std::vector<const CallRecord*> records;
  for (const CallPtr& call : calls_) records.push_back(&call->record);
  const auto page = list_calls(records, *fields, request.path, parts_.clock.now());
  if (const auto* error = std::get_if<RestError>(&page)) return refusal(*error, true);
  return answer(200, std::get<std::string>(page), true);
}

net::Response Carrier::connect(const net::Request& request, const std::string& account, const std::string& body,
                               bool json) {
  const auto fields = net::parse_form(request.headers.find("Content-Type").value_or(""), body);
  if (!fields) return refusal({400, fields.error().message, "BAD_PARAMETER"}, json);
  auto parsed = parse_connect(*fields);
  if (const auto* error = std::get_if<RestError>(&parsed)) return refusal(*error, json);
  const auto world = parts_.world.get();
  if (world->exotel.max_concurrent > 0 && active_ >= static_cast<std::size_t>(world->exotel.max_concurrent))
    return refusal({429, "Too many concurrent calls", "CONCURRENT_LIMIT_EXCEEDED"}, json);

  const auto call = std::make_shared<Call>();
  call->record.request = std::get<Connect>(std::move(parsed));
  const std::string& number = call->record.request.from;
  const std::uint64_t nth = dials_of_[number]++;
  call->seed = derive_seed(world->seed, number, nth);
  call->callee = world->callee_for(number, nth);
  call->answer = to_string(call->callee.answers);
  SeededRandom random(derive_seed(call->seed, "script"));
  call->script = plan_script(call->callee, recordings_, random);
  call->record.sid = random_.hex(16);
  call->record.account = account;
  call->record.status = world->exotel.status;
  call->record.created = parts_.clock.now();
  call->record.price_per_pulse = world->exotel.price_per_pulse;
  call->ledger_seq = parts_.ledger.dial({.received_at = call->record.created,
                                         .provider = "exotel",
                                         .to = number,
                                         .from = call->record.request.caller_id,
                                         .custom_field = call->record.request.custom_field,
                                         .call_sid = call->record.sid,
                                         .answer = call->answer,
                                         .ended_at = std::nullopt});
  ++counts_.dials;
  ++active_;
  calls_.push_back(call);
  by_sid_.emplace(call->record.sid, call);
  if (calls_.size() > kCallsKept && calls_.front()->record.ended) {
    by_sid_.erase(calls_.front()->record.sid);
    calls_.pop_front();
  }
  scope_.spawn(run(call));
  const Instant now = call->record.created;
  return answer(200, json ? call_json(call->record, now, false, world->exotel) : call_xml(call->record, now), json);
}

Awaitable<void> Carrier::run(CallPtr call) {
  // Also when the stand-in is stopped in the middle of the call.
  struct Leave {
    std::size_t& active;
    ~Leave() { --active; }
  } leave{active_};
  co_await ring_and_talk(*call);
  ++counts_.answers[call->answer];
  call->script = {};  // the record stays for questions, the speech need not
}

Awaitable<void> Carrier::ring_and_talk(Call& call) {
  CallRecord& record = call.record;
  SeededRandom random(derive_seed(call.seed, "ring"));
  const Duration ring = call.callee.ring.draw(random);
  const Instant gives_up = record.created + record.request.ring_limit;
  const auto prepared = co_await prepare_script(call.script, parts_.voices, recordings_);
  if (!prepared) {
    parts_.log.error("sandbox_callee_mute", {{"call_sid", record.sid}, {"reason", prepared.error().message}});
    settle(call, "failed", LegStatus::failed);
    co_return;
  }
  record.status = "in-progress";
  report(call, CallbackEvent::ringing);
  if (call.callee.answers == Answers::no_answer || record.created + ring >= gives_up) {
    co_await parts_.clock.sleep_until(gives_up);
    call.answer = to_string(Answers::no_answer);
    settle(call, "no-answer", LegStatus::no_answer);
    co_return;
  }
  co_await parts_.clock.sleep_until(record.created + ring);
  // The carrier has one word for a line in use and a call turned away; only the leg differs.
  if (call.callee.answers == Answers::busy) {
    settle(call, "busy", LegStatus::busy);
    co_return;
  }
  if (call.callee.answers == Answers::reject) {
    settle(call, "busy", LegStatus::canceled);
    co_return;
  }
  record.answered = parts_.clock.now();
  record.leg = LegStatus::in_progress;
  record.answered_by = "NotSure";
  report(call, CallbackEvent::answered);
  const bool talked = co_await talk(call);
  settle(call, talked ? "completed" : "failed", talked ? LegStatus::completed : LegStatus::failed);
}

Awaitable<bool> Carrier::talk(Call& call) {
  const bool fails = parts_.faults.draw("exotel.media", FaultKind::handshake_fail).has_value();
  auto socket = fails ? nullptr : co_await outward::open_media(client_, parts_, call.record.request.stream_url);
  if (!socket) {
    ++counts_.lines.handshakes_failed;
    co_return false;
  }
  ++counts_.lines.opened;
  struct Leave {
    std::size_t& streams;
    ~Leave() { --streams; }
  } leave{++streams_};
  const auto world = parts_.world.get();
  const Connect& request = call.record.request;
  MediaLine line(parts_,
                 {.door = "exotel.media",
                  .call_sid = call.record.sid,
                  .attempt = request.custom_field,
                  .answered = *call.record.answered,
                  .time_limit = request.time_limit,
                  .seed = call.seed,
                  .chunk = world->exotel.chunk,
                  .marks_after_clear = world->exotel.marks_after_clear,
                  .script = std::move(call.script)},
                 std::make_unique<MediaWriter>(identity_of(call, "MZ" + random_.hex(16)), world->exotel),
                 std::move(socket), counts_.lines);
  co_await line.run();
  co_return true;
}

void Carrier::settle(Call& call, std::string_view status, LegStatus leg) {
  CallRecord& record = call.record;
  record.status = status;
  record.leg = leg;
  record.ended = parts_.clock.now();
  record.priced = *record.ended + parts_.world.get()->exotel.price_after;
  if (const auto late = parts_.faults.draw("exotel.rest", FaultKind::late_price)) record.priced += late->delay;
  parts_.ledger.end(call.ledger_seq, call.answer, *record.ended);
  parts_.stamps.call_ended(record.request.custom_field);
  report(call, CallbackEvent::terminal);
}

void Carrier::report(const Call& call, CallbackEvent event) {
  const Connect& request = call.record.request;
  if (request.callback_url.empty()) return;
  const bool asked = request.callback_events.empty() ? event == CallbackEvent::terminal
                                                     : request.callback_events.contains(std::string(to_string(event)));
  if (asked) scope_.spawn(deliver(call.record, event, parts_.clock.now()));
}

Awaitable<void> Carrier::deliver(CallRecord record, CallbackEvent event, Instant at) {
  if (parts_.faults.draw("exotel.callback", FaultKind::callback_lost)) co_return;
  const auto fields = callback_object(record, event, at);
  const bool json = record.request.json_callbacks;
  const std::string type = json ? "application/json" : "multipart/form-data; boundary=" + std::string(kBoundary);
  std::string body = json ? boost::json::serialize(fields) : net::format_multipart(callback_form(fields), kBoundary);
  if (parts_.faults.draw("exotel.callback", FaultKind::bad_json)) body.resize(body.size() / 2);
  if (const auto late = parts_.faults.draw("exotel.callback", FaultKind::callback_late))
    co_await parts_.clock.sleep_for(late->delay);
  co_await tell(record.request.callback_url, type, body);
  if (const auto again = parts_.faults.draw("exotel.callback", FaultKind::callback_duplicate)) {
    co_await parts_.clock.sleep_for(std::max(again->delay, Duration{kDuplicateAfter}));
    co_await tell(record.request.callback_url, type, body);
  }
}

Awaitable<void> Carrier::tell(std::string url, std::string content_type, std::string body) {
  net::Headers headers{{"Content-Type", std::move(content_type)}};
  const bool taken = co_await outward::post(client_, parts_, std::move(url), std::move(headers), std::move(body));
  ++(taken ? counts_.callbacks_delivered : counts_.callbacks_refused);
}

}  // namespace callramp::sandbox::exotel
