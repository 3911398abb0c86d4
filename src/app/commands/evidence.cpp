// `callramp evidence …`: what machines cannot see (bugs, complaints, security issues, satisfaction, tickets, labels),
// and outcomes of calls that others dialed, by hand or from a file.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <ostream>

#include "app/client.hpp"
#include "app/commands/groups.hpp"
#include "app/contacts.hpp"
#include "app/json_print.hpp"
#include "async/clock.hpp"

namespace callramp::app {
namespace {

const std::string evidence_path = "/api/v1/evidence";
constexpr std::array kinds{"bug", "complaint", "security", "satisfaction", "ticket", "label"};

Done<std::string> kind_of(const Arguments& arguments) {
  const std::string kind = arguments.required("KIND");
  if (std::ranges::find(kinds, kind) == kinds.end())
    return bad_usage(fmt::format("'{}' is no kind of evidence; the kinds are {}", kind, fmt::join(kinds, ", ")));
  return kind;
}

Done<double> number_of(const std::string& name, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return bad_usage(name + " is '" + text + "'; it is a number");
  return value;
}

Ran add(const Arguments& arguments, Terminal& terminal) {
  TRY(kind, kind_of(arguments));
  Instant at = async::SystemClock().now();
  if (const auto text = arguments.text("--at")) {
    TRY(given, typed(parse_iso(*text)));
    at = given;
  }
  json::object body{{"kind", kind}, {"externalId", arguments.required("--id")}, {"at", to_iso(at)}};
  const auto copy = [&](const std::string& option, const char* field) {
    if (const auto text = arguments.text(option)) body[field] = *text;
  };
  copy("--severity", "severity");
  copy("--call", "callId");
  copy("--note", "note");
  if (arguments.has("--critical")) body["critical"] = true;
  if (const auto text = arguments.text("--value")) {
    TRY(value, number_of("--value", *text));
    body["value"] = value;
  }
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", evidence_path, body));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << (shown(answer.body, "recorded") == "true" ? "recorded\n" : "known already, nothing changed\n");
  });
}

// "P1", "P2, critical", "4.5": what a kind is measured by.
std::string measure(const json::value& item) {
  const std::string severity = shown(item, "severity");
  const std::string kind = shown(item, "kind");
  if (kind == "satisfaction" || kind == "label") return shown(item, "value");
  return severity.empty() ? "-" : severity + (shown(item, "critical") == "true" ? ", critical" : "");
}

Ran list(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(evidence_path + query_of({{"kind", arguments.text("--kind")},
                                                   {"status", arguments.text("--status")},
                                                   {"page", arguments.text("--page")},
                                                   {"limit", arguments.text("--limit")}})));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    json::array rows = list_at(answer.body, "evidence");
    for (json::value& row : rows)
      if (row.is_object()) row.as_object()["measure"] = measure(row);
    print_rows(out, rows,
               {{"KIND", "kind"},
                {"ID", "externalId"},
                {"WHAT", "measure"},
                {"STATUS", "status"},
                {"AT", "at"},
                {"CALL", "callId"},
                {"BY", "reportedBy"},
                {"NOTE", "note"}},
               "Nothing was reported. `callramp evidence add bug --id … --severity P1` reports a bug.");
  });
}

Handler change_to(const std::string& status) {
  return [status](const Arguments& arguments, Terminal& terminal) -> Ran {
    TRY(kind, kind_of(arguments));
    const std::string id = arguments.required("ID");
    TRY(client, Client::create(terminal));
    TRY(answer, client.send("PATCH", evidence_path + "/" + kind + "/" + net::percent_encode(id),
                            json::object{{"status", status}, {"reason", arguments.required("--reason")}}));
    return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
      out << kind << ' ' << id << " is " << shown(answer.body, "status") << '\n';
    });
  };
}

/// One line of a file that is imported: what the API takes, or why not.
struct ImportRow {
  int line = 0;
  json::object body;
  std::string error;
};

json::value value_of(const std::string& column, const std::string& text) {
  static constexpr std::array numbers{"value", "durationSeconds"};
  if (column == "critical" && (text == "true" || text == "false")) return text == "true";
  if (std::ranges::find(numbers, column) == numbers.end()) return json::value(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // What is no number goes as it is written, and the API says what it expects.
  if (error != std::errc{} || end != text.data() + text.size()) return json::value(text);
  if (column == "durationSeconds" && value == static_cast<double>(static_cast<std::int64_t>(value)))
    return static_cast<std::int64_t>(value);
  return value;
}

std::vector<ImportRow> rows_of_csv(std::string_view text) {
  std::vector<ImportRow> rows;
  std::vector<std::string> header;
  for (const CsvRecord& record : parse_csv(text)) {
    if (record.error.empty() && record.fields.size() == 1 && record.fields[0].empty()) continue;
    if (header.empty() && record.error.empty()) {
      header = record.fields;
      continue;
    }
    ImportRow row{.line = record.line, .body = {}, .error = record.error};
    if (row.error.empty() && record.fields.size() > header.size())
      row.error = fmt::format("{} fields, and the header has {}", record.fields.size(), header.size());
    for (std::size_t i = 0; row.error.empty() && i < record.fields.size(); ++i)
      if (!record.fields[i].empty()) row.body[header[i]] = value_of(header[i], record.fields[i]);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<ImportRow> rows_of_json_lines(std::string_view text) {
  std::vector<ImportRow> rows;
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    boost::system::error_code malformed;
    json::value value = json::parse(json::string_view(one.data(), one.size()), malformed);
    ImportRow row{.line = line, .body = {}, .error = {}};
    if (malformed || !value.is_object())
      row.error = "no JSON object";
    else
      row.body = std::move(value.get_object());
    rows.push_back(std::move(row));
  }
  return rows;
}

Ran import(const Arguments& arguments, Terminal& terminal) {
  const std::string file = arguments.required("FILE");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return bad_usage("cannot read '" + file + "'; give a CSV with a header, or JSON lines");
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return bad_usage("'" + file + "' is empty");
  TRY(client, Client::create(terminal));
  std::int64_t recorded = 0;
  std::int64_t known = 0;
  json::array errors;
  for (ImportRow& row : text[first] == '{' ? rows_of_json_lines(text) : rows_of_csv(text)) {
    std::string why = row.error;
    const bool is_outcome = row.body.contains("outcome");
    if (why.empty() && !is_outcome && !row.body.contains("kind"))
      why = "neither a kind of evidence nor an outcome of a call";
    if (why.empty()) {
      const auto answer = client.send("POST", is_outcome ? "/api/v1/outcomes" : evidence_path, row.body);
      if (answer)
        ++(shown(answer->body, "recorded") == "true" ? recorded : known);
      else
        why = answer.error().message;
    }
    if (!why.empty()) errors.push_back(json::object{{"line", row.line}, {"reason", why}});
  }
  if (arguments.has("--json")) {
    terminal.out << json::serialize(json::object{{"recorded", recorded}, {"known", known}, {"errors", errors}}) << '\n';
  } else {
    terminal.out << fmt::format("{} recorded, {} known already, {} refused\n", recorded, known, errors.size());
    for (const json::value& error : errors)
      terminal.err << "line " << shown(error, "line") << ": " << shown(error, "reason") << '\n';
  }
  return errors.empty() ? Ran{} : refused("");
}

void add_change_command(Command evidence, const std::string& name, const std::string& status, const std::string& help,
                        const std::string& example) {
  evidence.add(name, help)
      .argument("KIND", "bug, complaint, security, satisfaction, ticket or label")
      .argument("ID", "Its id, as it was reported")
      .option("--reason", "TEXT", "Why; stands in its history", true)
      .json()
      .example(example)
      .runs(change_to(status));
}

}  // namespace

void add_evidence_commands(Command root) {
  Command evidence =
      root.add("evidence", "What machines cannot see: bugs, complaints, security issues, scores, labels");
  evidence.add("add", "Report one; the same again changes nothing")
      .argument("KIND", "bug, complaint, security, satisfaction, ticket or label")
      .option("--id", "ID", "Its id in your tracker", true)
      .option("--severity", "WORD",
              "bug: P1 P2 P3; security: critical high medium low; complaint: annoyance content "
              "unwanted privacy")
      .flag("--critical", "A P2 that blocks every advance while it is open")
      .option("--value", "N", "satisfaction: the score, 1 to 5; label: 1 if the verdict was right, else 0")
      .option("--call", "ID", "The call that it is about")
      .option("--at", "TIME", "When it happened; now if not given")
      .option("--note", "TEXT", "What it is")
      .json()
      .example("callramp evidence add bug --id TRACK-7 --severity P1 --note \"no audio\"")
      .example("callramp evidence add complaint --id mail-31 --severity annoyance --call 01J…")
      .example("callramp evidence add label --id daily-12 --call 01J… --value 1")
      .runs(add);
  evidence.add("list", "What was reported, newest first")
      .option("--kind", "KIND", "Only this kind")
      .option("--status", "WORD", "open, confirmed, rejected or resolved")
      .pages()
      .json()
      .example("callramp evidence list --kind bug --status open")
      .runs(list);
  add_change_command(evidence, "resolve", "resolved", "It is over: fixed, answered",
                     "callramp evidence resolve bug TRACK-7 --reason \"fixed in 1.4.2\"");
  add_change_command(evidence, "confirm", "confirmed", "It is true: looked at, and counts",
                     "callramp evidence confirm complaint mail-31 --reason \"listened to the call\"");
  add_change_command(evidence, "reject", "rejected", "It is not true, and never counts (approver)",
                     "callramp evidence reject complaint mail-31 --reason \"about another company\"");
  evidence
      .add("import",
           "Report many from a CSV with the API's field names as its header, or from JSON lines; rows "
           "with an outcome are calls that others dialed")
      .argument("FILE", "CSV or JSON lines")
      .json()
      .example("callramp evidence import old-calls.csv")
      .runs(import);
}

}  // namespace callramp::app
