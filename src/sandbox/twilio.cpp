#include "sandbox/twilio.hpp"

#include <algorithm>

#include "base/base64.hpp"
#include "sandbox/http_faults.hpp"
#include "sandbox/outward.hpp"

namespace callramp::sandbox::twilio {

namespace json = boost::json;

namespace {

constexpr std::size_t kBodyMost = 64 * 1024;
/// A second copy of a callback that names no delay.
constexpr auto kDuplicateAfter = milliseconds{50};
/// Finished calls that can still be asked for; the oldest are forgotten.
constexpr std::size_t kCallsKept = 200'000;
constexpr std::size_t kPageUsual = 50;
constexpr std::size_t kPageMost = 1000;
constexpr auto kChunk = milliseconds{20};
constexpr int kSipBusy = 486;
constexpr int kSipDecline = 603;
constexpr int kSipUnavailable = 503;

net::Response answer(int status, std::string body) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}
net::Response refusal(const RestError& error) { return answer(error.status, error_json(error)); }

/// The attempt in "…?attempt=ID": Twilio has no field of the caller's own, and the ledger wants to tell dials apart.
std::string attempt_in(const std::string& url) {
  const std::size_t at = url.find("attempt=");
  return at == std::string::npos ? ""
                                 : net::percent_decode(url.substr(at + 8, url.find('&', at) - at - 8)).value_or("");
}

std::string field(const net::FormFields& fields, std::string_view name) {
  for (const auto& [key, value] : fields)
    if (key == name) return value;
  return {};
}

}  // namespace

Carrier::Carrier(const Executor& executor, Parts parts, net::ClientOptions client_options)
    : executor_(executor), parts_(parts), client_(executor, std::move(client_options), parts.log), scope_(executor) {}

Carrier::~Carrier() = default;

Awaitable<void> Carrier::stop() { co_await scope_.stop(); }

void Carrier::reset() {
  recent_dials_.clear();
  dials_of_.clear();
  counts_ = {};
  std::erase_if(calls_, [](const CallPtr& call) { return call->record.ended.has_value(); });
  std::erase_if(by_sid_, [](const auto& entry) { return entry.second->record.ended.has_value(); });
}

std::optional<RestError> Carrier::admit(const net::Request& request, std::string& auth_token) {
  const auto header = request.headers.find("Authorization");
  const auto pair =
      header && header->starts_with("Basic ") ? base64_decode(header->substr(6)) : Result<std::string>("");
  const std::size_t colon = pair ? pair->find(':') : std::string::npos;
  const bool named = colon != std::string::npos && colon > 0 && colon + 1 < pair->size();
  const std::string& expected = parts_.world.get()->twilio.auth_token;
  if (named) auth_token = pair->substr(colon + 1);
  if (!named || (!expected.empty() && auth_token != expected) ||
      parts_.faults.draw("twilio.rest", FaultKind::auth_error))
    return RestError{401, 20003, "Authenticate"};
  if (parts_.faults.draw("twilio.rest", FaultKind::rate_limit)) {
    ++counts_.rate_limited;
    return RestError{429, 20429, "Too Many Requests"};
  }
  if (parts_.faults.draw("twilio.rest", FaultKind::server_error))
    return RestError{503, 20503, "Service is temporarily unavailable"};
  return std::nullopt;
}

Awaitable<net::Response> Carrier::handle(net::Request& request) {
  ++counts_.requests;
  const auto body = co_await net::read_all(*request.body, kBodyMost);
  if (!body) co_return refusal({413, 20413, body.error().message});
  std::string auth_token;
  if (const auto error = admit(request, auth_token)) {
    net::Response response = refusal(*error);
    if (error->status == 429) response.headers.set("Retry-After", "1");
    co_return response;
  }
  co_return co_await with_http_faults(parts_.clock, parts_.faults, "twilio.rest", route(request, *body, auth_token));
}

net::Response Carrier::route(const net::Request& request, const std::string& body, const std::string& auth_token) {
  const RestError unknown{404, 20404, "The requested resource " + request.path + " was not found"};
  constexpr std::string_view root = "/2010-04-01/Accounts/";
  const std::string_view path = request.path;
  if (!path.starts_with(root)) return refusal(unknown);
  const std::string_view rest = path.substr(root.size());
  const std::size_t slash = rest.find('/');
  if (slash == 0 || slash == std::string_view::npos) return refusal(unknown);
  const std::string account(rest.substr(0, slash));
  const std::string_view resource = rest.substr(slash);
  const bool post = request.method == "POST";
  const auto fields = net::parse_query(body);
  if (!fields) return refusal({400, 20001, fields.error().message});
  if (resource == "/Calls.json") return post ? create(account, auth_token, *fields) : list(request, account);
  if (!resource.starts_with("/Calls/") || !resource.ends_with(".json")) return refusal(unknown);
  const auto call = by_sid_.find(std::string(resource.substr(7, resource.size() - 12)));
  if (call == by_sid_.end()) return refusal(unknown);
  if (post) return update(*call->second, *fields);
  return answer(200, json::serialize(call_object(call->second->record, parts_.clock.now())));
}

net::Response Carrier::create(const std::string& account, const std::string& auth_token,
                              const net::FormFields& fields) {
  auto parsed = parse_create(fields);
  if (const auto* error = std::get_if<RestError>(&parsed)) return refusal(*error);
  const auto world = parts_.world.get();
  const Instant now = parts_.clock.now();
  while (!recent_dials_.empty() && recent_dials_.front() + seconds{1} <= now) recent_dials_.pop_front();
  const auto limit = static_cast<std::size_t>(world->twilio.dials_per_second);
  if (limit > 0 && recent_dials_.size() >= limit) {
    ++counts_.rate_limited;
    return refusal({429, 20429, "Too Many Requests"});
  }
  if (world->twilio.max_concurrent > 0 && active_ >= static_cast<std::size_t>(world->twilio.max_concurrent))
    return refusal({400, 10004, "Call concurrency limit exceeded"});
  recent_dials_.push_back(now);

  const auto call = std::make_shared<Call>();
  call->record.request = std::get<CreateCall>(std::move(parsed));
  const std::string& number = call->record.request.to;
  const std::uint64_t nth = dials_of_[number]++;
  call->seed = derive_seed(world->seed, number, nth);
  call->callee = world->callee_for(number, nth);
  call->answer = to_string(call->callee.answers);
  SeededRandom random(derive_seed(call->seed, "script"));
  call->script = plan_script(call->callee, recordings_, random);
  call->attempt = attempt_in(call->record.request.callback_url);
  call->record.sid = "CA" + random_.hex(16);
  call->record.account = account;
  call->record.auth_token = auth_token;
  call->record.created = now;
  call->record.price_per_minute = world->twilio.price_per_minute;
  call->ledger_seq = parts_.ledger.dial({.received_at = now,
                                         .provider = "twilio",
                                         .to = number,
                                         .from = call->record.request.from,
                                         .custom_field = call->attempt,
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
  return answer(201, json::serialize(call_object(call->record, now)));
}

net::Response Carrier::list(const net::Request& request, const std::string& account) {
  const auto query = net::parse_query(request.query);
  if (!query) return refusal({400, 20001, query.error().message});
  std::size_t page = 0;
  std::size_t size = kPageUsual;
  for (const auto& [name, value] : *query) {
    if (name != "Page" && name != "PageSize" && name != "To" && name != "From" && name != "Status" &&
        name != "PageToken")
      return refusal({400, 20001, "this stand-in does not filter by " + name});
    if (name != "Page" && name != "PageSize") continue;
    if (value.empty() || value.size() > 6 || value.find_first_not_of("0123456789") != std::string::npos)
      return refusal({400, 20001, name + " must be a whole number"});
    (name == "Page" ? page : size) = std::stoul(value);
  }
  size = std::clamp<std::size_t>(size, 1, kPageMost);
  const std::string to = field(*query, "To");
  const std::string from = field(*query, "From");
  const std::string status = field(*query, "Status");
  json::array calls;
  std::size_t matched = 0;
  for (auto call = calls_.rbegin(); call != calls_.rend(); ++call) {
    const CallRecord& record = (*call)->record;
    if ((!to.empty() && record.request.to != to) || (!from.empty() && record.request.from != from) ||
        (!status.empty() && record.status != status))
      continue;
    if (matched++ / size == page) calls.push_back(call_object(record, parts_.clock.now()));
  }
  std::string next;
  if (matched > (page + 1) * size) {
    next = "/2010-04-01/Accounts/" + account + "/Calls.json?Page=" + std::to_string(page + 1) +
           "&PageSize=" + std::to_string(size);
    if (!to.empty()) next += "&To=" + net::percent_encode(to);
    if (!from.empty()) next += "&From=" + net::percent_encode(from);
    if (!status.empty()) next += "&Status=" + net::percent_encode(status);
  }
  return answer(
      200, json::serialize(json::object{{"calls", std::move(calls)},
                                        {"page", page},
                                        {"page_size", size},
                                        {"next_page_uri", next.empty() ? json::value(nullptr) : json::value(next)}}));
}

net::Response Carrier::update(Call& call, const net::FormFields& fields) {
  const std::string status = field(fields, "Status");
  if (status != "completed" && status != "canceled")
    return refusal({400, 21220, "this stand-in takes Status=completed or canceled only"});
  if (call.record.ended || call.record.answered)
    return refusal({400, 21220, "this stand-in ends calls that ring; who talks closes the stream"});
  call.wanted = false;
  return answer(200, json::serialize(call_object(call.record, parts_.clock.now())));
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
    co_return settle(call, "failed", kSipUnavailable);
  }
  report(call, "initiated", "initiated");
  record.status = "ringing";
  report(call, "ringing", "ringing");
  const bool nobody = call.callee.answers == Answers::no_answer || record.created + ring >= gives_up;
  const Instant until = nobody ? gives_up : record.created + ring;
  // A second is how quickly a hang-up by REST is noticed while it rings.
  while (call.wanted && parts_.clock.now() < until)
    co_await parts_.clock.sleep_until(std::min(until, parts_.clock.now() + seconds{1}));
  if (!call.wanted) co_return settle(call, "canceled", 0);
  if (nobody) {
    call.answer = to_string(Answers::no_answer);
    co_return settle(call, "no-answer", 0);
  }
  if (call.callee.answers == Answers::busy) co_return settle(call, "busy", kSipBusy);
  if (call.callee.answers == Answers::reject) co_return settle(call, "busy", kSipDecline);
  record.answered = parts_.clock.now();
  record.status = "in-progress";
  report(call, "answered", "in-progress");
  const bool talked = co_await talk(call);
  // Instructions that cannot be carried out end the call; that it was answered stays true.
  settle(call, talked ? "completed" : "failed", 0);
}

Awaitable<bool> Carrier::talk(Call& call) {
  const bool fails = parts_.faults.draw("twilio.media", FaultKind::handshake_fail).has_value();
  auto socket = fails ? nullptr : co_await outward::open_media(client_, parts_, call.record.request.stream_url);
  if (!socket) {
    ++counts_.lines.handshakes_failed;
    co_return false;
  }
  ++counts_.lines.opened;
  MediaLine line(parts_,
                 {.door = "twilio.media",
                  .call_sid = call.record.sid,
                  .attempt = call.attempt,
                  .answered = *call.record.answered,
                  .time_limit = call.record.request.time_limit,
                  .seed = call.seed,
                  .chunk = kChunk,
                  .marks_after_clear = true,
                  .script = std::move(call.script)},
                 std::make_unique<MediaWriter>(MediaWriter::Identity{.stream_sid = "MZ" + random_.hex(16),
                                                                     .call_sid = call.record.sid,
                                                                     .account = call.record.account,
                                                                     .parameters = call.record.request.parameters}),
                 std::move(socket), counts_.lines);
  co_await line.run();
  co_return true;
}

void Carrier::settle(Call& call, std::string_view status, int sip_code) {
  CallRecord& record = call.record;
  record.status = status;
  record.sip_code = sip_code;
  record.ended = parts_.clock.now();
  record.priced = *record.ended + parts_.world.get()->twilio.price_after;
  if (const auto late = parts_.faults.draw("twilio.rest", FaultKind::late_price)) record.priced += late->delay;
  parts_.ledger.end(call.ledger_seq, call.answer, *record.ended);
  parts_.stamps.call_ended(call.attempt);
  report(call, "completed", status);
}

void Carrier::report(Call& call, std::string_view event, std::string_view status) {
  const CreateCall& request = call.record.request;
  if (request.callback_url.empty()) return;
  const bool asked =
      request.callback_events.empty() ? event == "completed" : request.callback_events.contains(std::string(event));
  if (!asked) return;
  scope_.spawn(deliver(request.callback_url, call.record.auth_token,
                       callback_form(call.record, status, call.callbacks++, parts_.clock.now())));
}

Awaitable<void> Carrier::deliver(std::string url, std::string auth_token, net::FormFields form) {
  if (parts_.faults.draw("twilio.callback", FaultKind::callback_lost)) co_return;
  if (const auto late = parts_.faults.draw("twilio.callback", FaultKind::callback_late))
    co_await parts_.clock.sleep_for(late->delay);
  std::string body;
  for (const auto& [name, value] : form)
    body += (body.empty() ? "" : "&") + net::percent_encode(name) + "=" + net::percent_encode(value);
  const auto again = parts_.faults.draw("twilio.callback", FaultKind::callback_duplicate);
  for (int copy = 0; copy < (again ? 2 : 1); ++copy) {
    if (copy > 0) co_await parts_.clock.sleep_for(std::max(again->delay, Duration{kDuplicateAfter}));
    net::Headers headers{{"Content-Type", "application/x-www-form-urlencoded"},
                         {"X-Twilio-Signature", sign(auth_token, url, form)}};
    const bool taken = co_await outward::post(client_, parts_, url, std::move(headers), body);
    ++(taken ? counts_.callbacks_delivered : counts_.callbacks_refused);
  }
}

}  // namespace callramp::sandbox::twilio
