// `callramp webhooks …`: who is told of what happens, and what became of telling them.
#include <ostream>

#include "app/client.hpp"
#include "app/commands/groups.hpp"
#include "app/json_print.hpp"

namespace callramp::app {
namespace {

const std::string webhooks_path = "/api/v1/webhooks";

std::string path_of(const Arguments& arguments) {
  return webhooks_path + "/" + net::percent_encode(arguments.required("ID"));
}

json::object subscription(const Arguments& arguments) {
  json::object body;
  if (const auto url = arguments.text("--url")) body["url"] = *url;
  json::array events;
  for (const std::string& event : arguments.all("--event")) events.emplace_back(event);
  if (!events.empty()) body["events"] = std::move(events);
  return body;
}

Ran create(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", webhooks_path, subscription(arguments)));
  // The secret alone on standard output, so that `SECRET=$(callramp webhooks create …)` works.
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << shown(answer.body, "secret") << '\n' << std::flush;
    terminal.err << "Webhook " << shown(answer.body, "id")
                 << " is made. Its secret is shown this once: the receiver checks signatures with it.\n";
  });
}

Ran list(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(webhooks_path));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    print_rows(out, list_at(answer.body, "webhooks"),
               {{"ID", "id"},
                {"URL", "url"},
                {"EVENTS", "events"},
                {"PENDING", "pending"},
                {"DEAD", "dead"},
                {"LAST DELIVERED", "lastDeliveredAt"}},
               "No webhooks. `callramp webhooks create --url https://…` makes one.");
  });
}

Ran change(const Arguments& arguments, Terminal& terminal) {
  const json::object body = subscription(arguments);
  if (body.empty()) return bad_usage("say what to change: --url or --event");
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("PATCH", path_of(arguments), body));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_record(out, answer.body); });
}

Ran remove(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("DELETE", path_of(arguments)));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << "Webhook " << arguments.required("ID") << " is told nothing any more.\n";
  });
}

Ran deliveries(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(path_of(arguments) + "/deliveries" +
                         query_of({{"state", arguments.text("--state")},
                                   {"before", arguments.text("--before")},
                                   {"limit", arguments.text("--limit")}})));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    print_rows(out, list_at(answer.body, "deliveries"),
               {{"ID", "id"},
                {"EVENT", "eventId"},
                {"TYPE", "type"},
                {"SUBJECT", "subject"},
                {"STATE", "state"},
                {"TRIES", "tries"},
                {"CREATED", "createdAt"},
                {"NEXT TRY", "nextTryAt"},
                {"LAST ERROR", "lastError"}},
               "No deliveries.");
  });
}

Ran redeliver(const Arguments& arguments, Terminal& terminal) {
  json::object body;
  if (const auto delivery = arguments.text("--delivery")) {
    boost::system::error_code malformed;
    json::value number = json::parse(*delivery, malformed);
    if (malformed || !number.is_int64())
      return bad_usage("--delivery is '" + *delivery + "'; it is the number of a delivery");
    body["deliveryId"] = std::move(number);
  }
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", path_of(arguments) + "/redeliver", body));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << "Deliveries that are sent again: " << shown(answer.body, "deliveries") << ".\n";
  });
}

}  // namespace

void add_webhook_commands(Command root) {
  Command webhooks = root.add("webhooks", "Who is told of calls, batches, campaigns and decisions");
  webhooks.add("create", "Subscribe a URL; the secret that signs what it is sent is shown this once")
      .option("--url", "URL", "Where to POST events; https", true)
      .option("--event", "WORD",
              "call.final, batch.done, campaign.completed or decision.taken; repeat it; default: all")
      .json()
      .example("callramp webhooks create --url https://crm.example.com/callramp --event call.final")
      .runs(create);
  webhooks.add("list", "Subscriptions with what waits and what was given up")
      .json()
      .example("callramp webhooks list")
      .runs(list);
  webhooks.add("change", "Another URL or other events; the secret stays")
      .argument("ID", "Webhook id")
      .option("--url", "URL", "Where to POST events from now on")
      .option("--event", "WORD", "The events from now on; repeat it")
      .json()
      .example("callramp webhooks change 01j9zq3w5y7d2m8x4k6v0p1abc --event call.final --event batch.done")
      .runs(change);
  webhooks.add("remove", "End a subscription and drop what waits for it")
      .argument("ID", "Webhook id")
      .json()
      .example("callramp webhooks remove 01j9zq3w5y7d2m8x4k6v0p1abc")
      .runs(remove);
  webhooks.add("deliveries", "What was sent, newest first, and what went wrong")
      .argument("ID", "Webhook id")
      .option("--state", "WORD", "pending, delivered or dead")
      .option("--before", "NUMBER", "Only deliveries before this one")
      .option("--limit", "N", "At most so many (default 20, at most 100)")
      .json()
      .example("callramp webhooks deliveries 01j9zq3w5y7d2m8x4k6v0p1abc --state dead")
      .runs(deliveries);
  webhooks.add("redeliver", "Send again what was given up, or one delivery")
      .argument("ID", "Webhook id")
      .option("--delivery", "NUMBER", "This one alone, whatever became of it")
      .json()
      .example("callramp webhooks redeliver 01j9zq3w5y7d2m8x4k6v0p1abc")
      .runs(redeliver);
}

}  // namespace callramp::app
