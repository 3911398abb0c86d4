#include "api/call_json.hpp"

#include <map>

#include "api/answers.hpp"

namespace callramp::api {
namespace {

template <class Enum>
json::value word(const std::optional<Enum>& value) {
  return value ? json::value(to_string(*value)) : json::value(nullptr);
}

template <class Span>
json::value count(const std::optional<Span>& span) {
  return span ? json::value(span->count()) : json::value(nullptr);
}

json::array transcript(const std::vector<TranscriptLine>& lines) {
  json::array rows;
  for (const TranscriptLine& line : lines)
    rows.push_back(json::object{{"speaker", line.speaker == Speaker::agent ? "agent" : "callee"},
                                {"text", line.text},
                                {"fromMs", line.from.count()},
                                {"toMs", line.to.count()},
                                {"interrupted", line.interrupted}});
  return rows;
}

json::array turns(const std::vector<TurnTiming>& timings) {
  json::array rows;
  for (const TurnTiming& turn : timings)
    rows.push_back(json::object{{"turn", turn.turn},
                                {"endpointingMs", count(turn.endpointing)},
                                {"firstTokenMs", count(turn.first_token)},
                                {"firstSentenceMs", count(turn.first_sentence)},
                                {"firstAudioMs", count(turn.first_audio)},
                                {"firstPlayedMs", count(turn.first_played)}});
  return rows;
}

json::array costs(const std::vector<CostLine>& lines) {
  json::array rows;
  for (const CostLine& line : lines) {
    json::object row = money_json(line.cost);
    row["provider"] = line.provider;
    row["item"] = line.item;
    row["quantity"] = line.quantity;
    row["unit"] = line.unit;
    row["estimated"] = line.estimated;
    rows.push_back(std::move(row));
  }
  return rows;
}

json::object to_json(const AttemptDetail& detail, Numbers numbers) {
  const Attempt& attempt = detail.attempt;
  json::object row{{"id", attempt.id.str()},
                   {"number", attempt.number},
                   {"manualRetry", attempt.manual_retry},
                   {"system", to_string(attempt.system)},
                   {"provider", attempt.provider},
                   {"providerCallId", attempt.provider_call_id},
                   {"phoneNumber", written(attempt.phone, numbers)},
                   {"callerId", attempt.caller_id},
                   {"status", to_string(attempt.status)},
                   {"outcome", word(attempt.outcome)},
                   {"fault", word(attempt.fault)},
                   {"reason", attempt.reason},
                   {"startedAt", to_iso(attempt.started_at)},
                   {"placedAt", iso_or_null(attempt.placed_at)},
                   {"answeredAt", iso_or_null(attempt.answered_at)},
                   {"mediaStartedAt", iso_or_null(attempt.media_started_at)},
                   {"endedAt", iso_or_null(attempt.ended_at)},
                   {"carrierDurationSeconds", count(attempt.carrier_duration)},
                   {"carrierPrice", attempt.carrier_price ? json::value(money_json(*attempt.carrier_price)) : nullptr},
                   {"permission", stored_json(attempt.permission_json)},
                   {"priceBook", detail.price_book}};
  row["transcript"] = transcript(detail.transcript);
  row["turns"] = turns(detail.turns);
  row["costs"] = costs(detail.costs);
  return row;
}

// Sums by provider and in all, one per currency: adding two currencies would need a rate and a day.
json::object cost(const std::vector<AttemptDetail>& attempts) {
  std::map<std::pair<std::string, Currency>, std::pair<Money, bool>> by_provider;
  std::map<Currency, Money> total;
  for (const AttemptDetail& attempt : attempts)
    for (const CostLine& line : attempt.costs) {
      const Currency currency = line.cost.currency;
      auto& [sum, estimated] =
          by_provider.try_emplace({line.provider, currency}, Money{0, currency}, false).first->second;
      sum += line.cost;
      estimated = estimated || line.estimated;
      total.try_emplace(currency, Money{0, currency}).first->second += line.cost;
    }
  json::array providers;
  for (const auto& [key, sum] : by_provider) {
    json::object row = money_json(sum.first);
    row["provider"] = key.first;
    row["estimated"] = sum.second;
    providers.push_back(std::move(row));
  }
  json::array totals;
  for (const auto& [currency, sum] : total) totals.push_back(money_json(sum));
  return {{"total", std::move(totals)}, {"byProvider", std::move(providers)}};
}

}  // namespace

// Exact: a decimal text, because a floating-point number is not.
json::object money_json(const Money& sum) {
  const std::string text = to_string(sum);
  return {{"amount", text.substr(0, text.find(' '))}, {"currency", sum.currency.str()}};
}

json::object to_json(const Call& call, Numbers numbers) {
  // Without a userId of the caller's the number is the routing key; it is masked in both places or in none.
  const std::string user = call.user.str() == call.phone.e164() ? written(call.phone, numbers) : call.user.str();
  return {{"id", call.id.str()},
          {"phoneNumber", written(call.phone, numbers)},
          {"userId", user},
          {"agentId", call.agent.str()},
          {"status", to_string(call.status)},
          {"acceptedSystem", to_string(call.accepted_system)},
          {"system", word(call.system)},
          {"outcome", word(call.outcome)},
          {"fault", word(call.fault)},
          {"reason", call.reason},
          {"priority", to_string(call.priority)},
          {"kind", to_string(call.kind)},
          {"timezone", call.timezone},
          {"test", call.test},
          {"cancelRequested", call.cancel_requested},
          {"attemptCount", call.attempts},
          {"retries", call.retries},
          {"retryAt", iso_or_null(call.retry_at)},
          {"retryOf", call.retry_of ? json::value(call.retry_of->str()) : nullptr},
          {"scheduleId", call.schedule ? json::value(call.schedule->str()) : nullptr},
          {"batchId", call.batch ? json::value(call.batch->str()) : nullptr},
          {"campaignId", call.campaign ? json::value(call.campaign->str()) : nullptr},
          {"createdAt", to_iso(call.created_at)},
          {"dueAt", to_iso(call.due_at)},
          {"updatedAt", to_iso(call.updated_at)},
          {"firstAttemptAt", iso_or_null(call.first_attempt_at)},
          {"finalAt", iso_or_null(call.final_at)}};
}

json::object to_json(const CallDetail& detail, Numbers numbers) {
  json::object body = to_json(detail.call, numbers);
  body["metadata"] = stored_json(detail.call.metadata_json);
  json::array attempts;
  for (const AttemptDetail& attempt : detail.attempts) attempts.push_back(to_json(attempt, numbers));
  body["attempts"] = std::move(attempts);
  body["cost"] = cost(detail.attempts);
  return body;
}

}  // namespace callramp::api
