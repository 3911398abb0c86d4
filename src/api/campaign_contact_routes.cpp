// A campaign's contacts: a page of them, a few more, one less, all of them with what became of them, and a call to
// one's own phone.
#include <set>

#include "api/answers.hpp"
#include "api/call_json.hpp"
#include "api/fields.hpp"
#include "api/routes.hpp"
#include "base/csv.hpp"

namespace callramp::api {
namespace {

constexpr std::size_t max_phone_bytes = 64;
constexpr std::size_t max_id_bytes = 64;
constexpr std::size_t max_user_bytes = 256;
constexpr std::size_t max_name_bytes = 200;
constexpr std::size_t max_consent_bytes = 500;
constexpr std::size_t most_contacts = 1000;
constexpr int results_page = 500;  // rows read at once: some hundred KiB

json::object to_json(const Contact& contact, Numbers numbers) {
  return {{"seq", contact.seq},
          {"phoneNumber", written(contact.phone, numbers)},
          {"userId", contact.user.str() == contact.phone.e164() ? written(contact.phone, numbers) : contact.user.str()},
          {"name", contact.name},
          {"agentId", contact.agent ? json::value(contact.agent->str()) : json::value(nullptr)},
          {"timezone", contact.timezone},
          {"zones", contact.zones},
          {"metadata", stored_json(contact.metadata_json)},
          {"consent", contact.consent},
          {"state", to_string(contact.state)},
          {"reason", contact.reason},
          {"batchId", contact.batch ? json::value(contact.batch->str()) : json::value(nullptr)},
          {"line", contact.line},
          {"callId", contact.call ? json::value(contact.call->str()) : json::value(nullptr)}};
}

Awaitable<Result<net::Response>> list_contacts(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  Fields in(query);
  ContactFilter filter{.campaign = CampaignId{exchange.param("id")}, .state = in.maybe("state", parse_contact_state)};
  filter.after = in.maybe("after", [](std::string_view text) { return parse_count(text, 0, INT64_MAX); }).value_or(0);
  filter.limit = static_cast<int>(
      in.maybe("limit", [](std::string_view text) { return parse_count(text, 1, max_limit); }).value_or(default_limit));
  CO_TRY_VOID(in.finish());
  CO_TRY(contacts, co_await deps.campaigns.contacts(filter));
  json::array rows;
  for (const Contact& contact : contacts) rows.push_back(to_json(contact, numbers_for(exchange.actor)));
  const bool more = contacts.size() == static_cast<std::size_t>(filter.limit);
  co_return json_response(200, json::object{{"contacts", std::move(rows)},
                                            {"next", more ? json::value(contacts.back().seq) : json::value(nullptr)}});
}

Result<engine::NewContact> read_contact(const json::value& value) {
  if (!value.is_object()) return fail(ErrorCode::invalid_request, "an object with phoneNumber is expected");
  Fields in(value.get_object());
  engine::NewContact contact{.phone = in.text("phoneNumber", max_phone_bytes),
                             .user = in.maybe_text("userId", max_user_bytes),
                             .name = in.maybe_text("name", max_name_bytes).value_or(""),
                             .agent = std::nullopt,
                             .timezone = in.maybe_text("timezone", max_id_bytes).value_or("")};
  if (auto agent = in.maybe_text("agentId", max_id_bytes)) contact.agent = AgentId{*std::move(agent)};
  json::object metadata;
  if (const json::object* given = in.maybe_object("metadata")) metadata = *given;
  // The agent's sentences say {{name}} wherever it came from.
  if (!contact.name.empty() && !metadata.contains("name")) metadata["name"] = contact.name;
  contact.metadata_json = json::serialize(metadata);
  contact.consent = in.maybe_text("consent", max_consent_bytes).value_or("");
  TRY_VOID(in.finish());
  return contact;
}

Awaitable<Result<net::Response>> add_contacts(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  const json::value* list = body.if_contains("contacts");
  if (body.size() != 1 || list == nullptr || !list->is_array() || list->get_array().empty() ||
      list->get_array().size() > most_contacts)
    co_return fail(ErrorCode::invalid_request,
                   "the body is not {\"contacts\":[…]} with 1 to 1000 contacts; import a file for more", "contacts");
  std::vector<engine::NewContact> contacts;
  for (const json::value& value : list->get_array()) {
    auto contact = read_contact(value);
    if (!contact) {
      const std::string at = "contacts[" + std::to_string(contacts.size()) + "]";
      const Error& error = contact.error();
      co_return fail(error.code, at + ": " + error.message, error.field.empty() ? at : at + "." + error.field);
    }
    contacts.push_back(*std::move(contact));
  }
  CO_TRY(added, co_await deps.campaigns.add_contacts(CampaignId{exchange.param("id")}, std::move(contacts)));
  const auto indices = [](const std::vector<std::size_t>& of) {
    json::array array;
    for (const std::size_t index : of) array.emplace_back(index);
    return array;
  };
  co_return json_response(201, json::object{{"added", added.added},
                                            {"duplicates", indices(added.duplicates)},
                                            {"doNotCall", indices(added.do_not_call)}});
}

Awaitable<Result<net::Response>> remove_contact(const Deps& deps, Exchange& exchange) {
  CO_TRY(seq, parse_count(exchange.param("seq"), 1, INT64_MAX));
  CO_TRY(contact, co_await deps.campaigns.remove_contact(CampaignId{exchange.param("id")}, seq, exchange.actor));
  co_return json_response(200, to_json(contact, numbers_for(exchange.actor)));
}

Awaitable<Result<net::Response>> test_call(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  engine::TestCall test{.phone = in.text("phoneNumber", max_phone_bytes)};
  if (const json::object* metadata = in.maybe_object("metadata")) test.metadata_json = json::serialize(*metadata);
  CO_TRY_VOID(in.finish());
  CO_TRY(accepted, co_await deps.campaigns.test_call(CampaignId{exchange.param("id")}, std::move(test)));
  co_return json_response(202, json::object{{"callLogId", accepted.call.id.str()},
                                            {"status", accepted.handed_back ? "handed_back" : "initiated"},
                                            {"system", to_string(accepted.call.accepted_system)},
                                            {"estimatedStartTime", to_iso(accepted.estimated_start)}});
}

// Before and behind the contact's own columns. A column of theirs that is called like one of ours gets "own." before
// it.
constexpr std::array<std::string_view, 6> contact_columns{"phone", "name", "userId", "timezone", "consent", "line"};
constexpr std::array<std::string_view, 12> call_columns{"contactState",   "callId",  "callStatus",      "outcome",
                                                        "fault",          "reason",  "system",          "attempts",
                                                        "firstAttemptAt", "finalAt", "durationSeconds", "cost"};

json::object metadata_of(const Contact& contact) {
  json::value value = stored_json(contact.metadata_json);
  return value.is_object() ? std::move(value.get_object()) : json::object{};
}

std::string cell(const json::value* value) {
  if (value == nullptr || value->is_null()) return {};
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

std::string header_line(const std::set<std::string>& own) {
  CsvLine line;
  for (const std::string_view name : contact_columns) line.add(name);
  for (const std::string& name : own) {
    const bool ours = std::ranges::find(contact_columns, name) != contact_columns.end() ||
                      std::ranges::find(call_columns, name) != call_columns.end();
    line.add(ours ? "own." + name : name);
  }
  for (const std::string_view name : call_columns) line.add(name);
  return std::move(line).str();
}

std::string result_line(const ContactResult& result, const std::set<std::string>& own, Numbers numbers) {
  const Contact& contact = result.contact;
  const json::object metadata = metadata_of(contact);
  CsvLine line;
  line.add(written(contact.phone, numbers))
      .add(contact.name)
      .add(contact.user.str() == contact.phone.e164() ? written(contact.phone, numbers) : contact.user.str())
      .add(contact.timezone)
      .add(contact.consent)
      .add(contact.line > 0 ? std::to_string(contact.line) : "");
  for (const std::string& name : own) line.add(cell(metadata.if_contains(name)));
  const bool called = result.status.has_value();
  line.add(to_string(contact.state))
      .add(contact.call ? contact.call->str() : "")
      .add(called ? to_string(*result.status) : "")
      .add(result.outcome ? to_string(*result.outcome) : "")
      .add(result.fault ? to_string(*result.fault) : "")
      .add(called ? result.reason : contact.reason)
      .add(result.system ? to_string(*result.system) : "")
      .add(called ? std::to_string(result.attempts) : "")
      .add(result.first_attempt_at ? to_iso(*result.first_attempt_at) : "")
      .add(result.final_at ? to_iso(*result.final_at) : "")
      .add(result.duration ? std::to_string(result.duration->count()) : "")
      .add(result.cost.micros != 0 ? to_string(result.cost) : "");
  return std::move(line).str();
}

// The header needs every column that some contact has, so the list is read twice, a page at a time: memory stays flat
// however long it is.
Awaitable<Status> write_results(const Deps& deps, CampaignId id, Numbers numbers, net::BodyWriter& out) {
  std::set<std::string> own;
  for (std::int64_t after = 0;;) {
    CO_TRY(page, co_await deps.campaigns.contacts({.campaign = id, .after = after, .limit = results_page}));
    for (const Contact& contact : page)
      for (const auto& [name, value] : metadata_of(contact))
        if (name != "name") own.emplace(name);
    if (page.size() < static_cast<std::size_t>(results_page)) break;
    after = page.back().seq;
  }
  CO_TRY_VOID(co_await out.write(header_line(own)));
  for (std::int64_t after = 0;;) {
    CO_TRY(page, co_await deps.campaigns.results(id, after, results_page));
    std::string lines;
    for (const ContactResult& result : page) lines += result_line(result, own, numbers);
    if (!lines.empty()) CO_TRY_VOID(co_await out.write(lines));
    if (page.size() < static_cast<std::size_t>(results_page)) co_return Status{};
    after = page.back().contact.seq;
  }
}

Awaitable<Result<net::Response>> results(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  CO_TRY_VOID(Fields(query).finish());
  CO_TRY(campaign, co_await deps.campaigns.get(CampaignId{exchange.param("id")}));
  net::Response response;
  response.headers.add("Content-Type", "text/csv; charset=utf-8; header=present");
  response.headers.add("Content-Disposition", "attachment; filename=\"" + campaign.id.str() + "-results.csv\"");
  response.stream = [&deps, id = campaign.id, numbers = numbers_for(exchange.actor)](net::BodyWriter& out) {
    return write_results(deps, id, numbers, out);
  };
  co_return response;
}

}  // namespace

void add_campaign_contact_routes(Router& router, const Deps& deps) {
  const auto with = bound_to(deps);
  router.add({"GET", "/api/v1/campaigns/{id}/contacts", Role::viewer, false, with(list_contacts)});
  router.add({"POST", "/api/v1/campaigns/{id}/contacts", Role::operator_, false, with(add_contacts)});
  router.add({"DELETE", "/api/v1/campaigns/{id}/contacts/{seq}", Role::operator_, false, with(remove_contact)});
  router.add({"GET", "/api/v1/campaigns/{id}/results.csv", Role::viewer, false, with(results)});
  router.add({"POST", "/api/v1/campaigns/{id}/test-call", Role::operator_, false, with(test_call)});
}

}  // namespace callramp::api
