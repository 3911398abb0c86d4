#include "adapters/exotel/wire.hpp"

#include <algorithm>
#include <charconv>

#include "net/multipart.hpp"

namespace callramp::exotel {
namespace {

using adapters::excerpt;
using adapters::find;
using adapters::integer;
using adapters::text;

std::string lower(std::string_view text) {
  std::string folded(text);
  for (char& c : folded)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return folded;
}

/// "No_Answer" and "no answer" are "no-answer".
std::string status_word(std::string_view text) {
  std::string word = lower(text);
  std::ranges::replace(word, '_', '-');
  std::ranges::replace(word, ' ', '-');
  return word;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// The elements of an array, or the values of an object: forms number them as keys.
std::vector<const json::value*> elements(const json::value* list) {
  std::vector<const json::value*> found;
  if (!list) return found;
  if (const json::array* array = list->if_array())
    for (const json::value& value : *array) found.push_back(&value);
  if (const json::object* object = list->if_object())
    for (const auto& entry : *object) found.push_back(&entry.value());
  return found;
}

struct Legs {
  std::vector<std::string> statuses;
  std::optional<std::int64_t> talk_s;  ///< of the first leg, the customer's
  std::string answered_by;
};

/// Both shapes: a callback's list of {OnCallDuration, Status, AnsweredBy}, and the details' {"Leg": {…}} beside
/// Leg1Status.
Legs read_legs(const json::value& call) {
  Legs legs;
  const json::value* details = find(call, "Details");
  for (const json::value* holder : {details, &call}) {
    if (!holder) continue;
    for (const char* key : {"Leg1Status", "Leg2Status"})
      if (auto status = text(*holder, key)) legs.statuses.push_back(status_word(*status));
    for (const json::value* element : elements(find(*holder, "Legs"))) {
      const json::value* leg = find(*element, "Leg");
      if (!leg) leg = element;
      if (auto status = text(*leg, "Status")) legs.statuses.push_back(status_word(*status));
      if (auto by = text(*leg, "AnsweredBy"); by && legs.answered_by.empty()) legs.answered_by = *by;
      if (!legs.talk_s) legs.talk_s = integer(*leg, "OnCallDuration");
    }
    if (auto talk = integer(*holder, "ConversationDuration")) legs.talk_s = talk;
  }
  return legs;
}

std::optional<CarrierState> state_of(std::string_view status, std::string_view event, const Legs& legs) {
  const auto any_leg = [&](std::string_view word) {
    return std::ranges::find(legs.statuses, word) != legs.statuses.end();
  };
  if (status == "completed") return CarrierState::completed;
  // The carrier has no word for a declined call; its leg is the only witness.
  if (status == "busy")
    return any_leg("canceled") || any_leg("cancelled") ? CarrierState::rejected : CarrierState::busy;
  if (status == "no-answer") return CarrierState::no_answer;
  if (status == "failed") return CarrierState::failed;
  if (status == "canceled" || status == "cancelled") return CarrierState::canceled;
  if (event == "answered") return CarrierState::in_progress;
  if (status == "ringing" || event == "ringing") return CarrierState::ringing;
  if (status == "queued") return CarrierState::queued;
  // REST says in-progress from the first moment on, answered or not.
  if (status == "in-progress") {
    const bool answered = any_leg("in-progress") || legs.talk_s.value_or(0) > 0;
    return answered ? CarrierState::in_progress : CarrierState::ringing;
  }
  return std::nullopt;
}

/// Form fields as the JSON that they stand for: "Legs[0][Status]" is a member of a member.
json::value form_to_json(const net::FormFields& fields) {
  json::object root;
  for (const auto& [name, value] : fields) {
    json::object* object = &root;
    std::string_view rest = name;
    std::string_view key = rest.substr(0, rest.find('['));
    rest.remove_prefix(key.size());
    for (int depth = 0; rest.starts_with('[') && rest.find(']') != std::string_view::npos && depth < 4; ++depth) {
      json::value& inner = (*object)[key];
      if (!inner.is_object()) inner.emplace_object();
      object = &inner.get_object();
      key = rest.substr(1, rest.find(']') - 1);
      rest.remove_prefix(key.size() + 2);
    }
    // A form cannot say null; an empty field means it.
    if (!value.empty() && value != "null") (*object)[key] = value;
  }
  return root;
}

/// Exotel's own words for a refusal, whatever shape they come in.
std::string refusal_words(std::string_view body) {
  const auto value = adapters::parse_json(body, "answer");
  if (!value) {
    // Some gateways answer XML in spite of ".json".
    const std::size_t from = body.find("<Message>");
    const std::size_t end = body.find("</Message>");
    if (from != std::string_view::npos && end != std::string_view::npos && end > from)
      return excerpt(body.substr(from + 9, end - from - 9));
    return excerpt(body);
  }
  const json::value* holder = find(*value, "RestException");
  if (!holder) holder = &*value;
  std::string words = text(*holder, "Message").value_or("");
  if (auto code = text(*holder, "Code")) words += (words.empty() ? "" : ", ") + ("code " + *code);
  return excerpt(words);
}

/// True if the words blame the number to be dialled: the field From, or a number that Exotel may not ring.
bool blames_number(std::string_view words) {
  const std::string folded = lower(words);
  const auto says = [&](std::string_view part) { return folded.find(part) != std::string::npos; };
  if (says("callerid") || says("caller id") || says("exophone")) return false;
  if (says("phone number") || says("invalid number") || says("mobile number") || says("ndnc") || says("dnd"))
    return true;
  // The field's name as written: "From" as a word. A lower-case one is English.
  for (std::size_t at = words.find("From"); at != std::string_view::npos; at = words.find("From", at + 1)) {
    const auto letter = [&](std::size_t i) {
      return i < words.size() && ((words[i] >= 'a' && words[i] <= 'z') || (words[i] >= 'A' && words[i] <= 'Z'));
    };
    if ((at == 0 || !letter(at - 1)) && !letter(at + 4)) return true;
  }
  return false;
}

}  // namespace

std::optional<PhoneNumber> to_e164(std::string_view text, const ExotelConfig& config) {
  std::string digits;
  bool international = false;
  for (const char c : text) {
    if (c == '+' && digits.empty())
      international = true;
    else if (c >= '0' && c <= '9')
      digits += c;
    else if (c != ' ' && c != '-' && c != '(' && c != ')')
      return std::nullopt;
  }
  const auto national = static_cast<std::size_t>(config.national_digits);
  if (!international && digits.starts_with("00")) {
    digits.erase(0, 2);
    international = true;
  }
  if (!international && digits.starts_with('0')) digits.erase(0, 1);
  if (!international) {
    const bool with_code =
        digits.starts_with(config.country_code) && digits.size() == config.country_code.size() + national;
    if (!with_code && digits.size() == national)
      digits.insert(0, config.country_code);
    else if (!with_code)
      return std::nullopt;
  }
  auto number = PhoneNumber::parse("+" + digits);
  if (!number) return std::nullopt;
  return *std::move(number);
}

std::optional<Instant> parse_time(std::string_view text, const ExotelConfig& config) {
  if (text.empty() || text.starts_with("0000")) return std::nullopt;
  if (const auto zoned = parse_iso(text)) return *zoned;
  const auto local = parse_iso(std::string(text) + "Z");
  if (!local) return std::nullopt;
  return *local - config.utc_offset;
}

std::string format_time(Instant at, const ExotelConfig& config) {
  std::string iso = to_iso(at + config.utc_offset);
  iso[10] = ' ';
  return iso.substr(0, 19);
}

Result<CarrierCall> parse_call(const json::value& call, const ExotelConfig& config) {
  CarrierCall parsed;
  parsed.provider_call_id = text(call, "CallSid").value_or(text(call, "Sid").value_or(""));
  if (parsed.provider_call_id.empty())
    return fail(ErrorCode::invalid_request, "Exotel's call has no Sid: " + excerpt(json::serialize(call)));
  const std::string status = status_word(text(call, "Status").value_or(""));
  const std::string event = status_word(text(call, "EventType").value_or(""));
  const Legs legs = read_legs(call);
  const auto state = state_of(status, event, legs);
  if (!state)
    return fail(ErrorCode::invalid_request,
                "Exotel's call " + parsed.provider_call_id + " has the unknown status '" + excerpt(status, 40) + "'");
  parsed.state = *state;
  if (auto custom = text(call, "CustomField"); custom && !custom->empty()) parsed.attempt = AttemptId{*custom};
  // In direct bot mode From is the customer.
  if (auto from = text(call, "From")) parsed.to = to_e164(*from, config);
  for (const char* key : {"StartTime", "DateCreated"})  // the later one wins: it is when the call was made
    if (auto at = text(call, key))
      if (auto parsed_at = parse_time(*at, config)) parsed.started_at = parsed_at;
  if (auto at = text(call, "EndTime")) parsed.ended_at = parse_time(*at, config);
  // Duration includes the ringing; the conversation's is what "connected" means.
  const auto total = integer(call, "Duration");
  const auto talk = legs.talk_s ? legs.talk_s : *state == CarrierState::completed ? total : std::nullopt;
  if (talk && *talk >= 0 && *talk <= 7 * 24 * 3600) parsed.duration = seconds{*talk};
  if (auto price = text(call, "Price"))
    if (auto micros = parse_micros(*price)) parsed.price = Money{*micros, config.currency};
  parsed.detail = "status " + status;
  if (!legs.statuses.empty()) parsed.detail += ", leg " + legs.statuses.front();
  if (!legs.answered_by.empty()) parsed.detail += ", answered by " + lower(legs.answered_by);
  return parsed;
}

Result<CarrierCall> parse_call_answer(std::string_view body, const ExotelConfig& config) {
  TRY(value, adapters::parse_json(body, "Exotel's answer"));
  const json::value* call = find(value, "Call");
  if (!call) return fail(ErrorCode::invalid_request, "Exotel's answer has no Call: " + excerpt(body));
  return parse_call(*call, config);
}

Result<CallsPage> parse_calls_page(std::string_view body, const ExotelConfig& config) {
  TRY(value, adapters::parse_json(body, "Exotel's list of calls"));
  const json::value* calls = find(value, "Calls");
  if (!calls || !calls->is_array())
    return fail(ErrorCode::invalid_request, "Exotel's list of calls has no Calls: " + excerpt(body));
  CallsPage page;
  for (const json::value& element : calls->get_array()) {
    const json::value* call = find(element, "Call");  // the XML's shape, seen in JSON too
    TRY(parsed, parse_call(call ? *call : element, config));
    page.calls.push_back(std::move(parsed));
  }
  if (const json::value* metadata = find(value, "Metadata"))
    page.next_uri = text(*metadata, "NextPageUri").value_or("");
  return page;
}

Result<CarrierCall> parse_status_callback(std::string_view content_type, std::string_view body,
                                          const ExotelConfig& config) {
  json::value fields;
  if (const std::size_t start = body.find_first_not_of(" \t\r\n");
      start != std::string_view::npos && body[start] == '{') {
    TRY(value, adapters::parse_json(body, "the status callback"));
    fields = std::move(value);
  } else {
    TRY(form, net::parse_form(content_type, body));
    fields = form_to_json(form);
  }
  if (const json::value* call = find(fields, "Call"); call && call->is_object()) {
    json::value inner = *call;
    fields = std::move(inner);
  }
  TRY(parsed, parse_call(fields, config));
  // The short form of the callback has no times but this one, and it is sent at the end.
  if (is_terminal(parsed.state) && !parsed.ended_at)
    if (auto updated = text(fields, "DateUpdated")) parsed.ended_at = parse_time(*updated, config);
  return parsed;
}

seconds retry_after(const net::Headers& headers, const ExotelConfig& config) {
  const auto header = headers.find("Retry-After");
  long wanted = 0;
  if (!header || !all_digits(*header) ||
      std::from_chars(header->data(), header->data() + header->size(), wanted).ec != std::errc())
    return config.default_retry_after;
  return std::clamp(seconds{wanted}, seconds{1}, config.max_retry_after);
}

Error parse_refusal(int status, const net::Headers& headers, std::string_view body, bool placing,
                    const ExotelConfig& config) {
  const std::string words = refusal_words(body);
  const std::string said = "Exotel answered " + std::to_string(status) + (words.empty() ? "" : " (" + words + ")");
  if ((status == 400 || status == 403 || status == 422) && placing && blames_number(words))
    return {ErrorCode::invalid_phone_number, said + ": it does not dial this number"};
  switch (status) {
    case 401: return {ErrorCode::unauthorized, said + ": check EXOTEL_API_KEY and EXOTEL_API_TOKEN"};
    case 403: return {ErrorCode::unauthorized, said + ": the account is suspended or lacks the feature; ask Exotel"};
    case 402: return {ErrorCode::unavailable, said + ": the account has no balance or its plan ended; recharge it"};
    case 404: return {ErrorCode::not_found, said + ": check EXOTEL_SID and the call's id"};
    case 409: return {ErrorCode::conflict, said};
    case 429:
      return {ErrorCode::rate_limited,
              said + ": retry after " + std::to_string(retry_after(headers, config).count()) + " s"};
    case 503: return {ErrorCode::unavailable, said};
    default: break;
  }
  // A server that broke while it answered may have dialled before; one that redirects or refuses has not.
  if (status >= 500 || status == 408)
    return {placing ? ErrorCode::timeout : ErrorCode::unavailable, said + (placing ? ": it may have dialled" : "")};
  return {ErrorCode::invalid_request, said};
}

}  // namespace callramp::exotel
