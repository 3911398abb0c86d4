// `callramp import FILE`: a list of contacts into a campaign, from a file or from standard input, with its progress and
// what became of every row.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <ostream>
#include <thread>

#include "app/client.hpp"
#include "app/commands/groups.hpp"
#include "app/json_print.hpp"

namespace callramp::app {
namespace {

const std::string import_path = "/api/v1/calls/outbound/import";
const std::string batches_path = "/api/v1/calls/outbound/batches";
constexpr std::size_t piece_bytes = 256 * 1024;
constexpr std::chrono::milliseconds look_every{200};
constexpr int lines_every = 10;  // looks; where there is no terminal
constexpr int bar_width = 24;

std::int64_t number_at(const json::value& body, std::string_view name) {
  boost::system::error_code none;
  const json::value* value = body.find_pointer("/" + std::string(name), none);
  return value != nullptr && value->is_number() ? value->to_number<std::int64_t>() : 0;
}

// 1234567 as 1,234,567.
std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

// One line that is written over on a terminal, and a line now and then elsewhere.
class Progress {
 public:
  Progress(Terminal& terminal, bool quiet)
      : out_(terminal.err), quiet_(quiet), bar_(&terminal.err == &std::cerr && ::isatty(STDERR_FILENO) == 1) {}
  ~Progress() { clear(); }

  void show(std::string_view what, std::int64_t done, std::int64_t total, const std::string& more) {
    if (quiet_ || (!bar_ && looks_++ % lines_every != 0)) return;
    const double share = total > 0 ? std::min(1.0, static_cast<double>(done) / static_cast<double>(total)) : 0;
    if (!bar_) {
      out_ << fmt::format("{} {:3.0f} %  {}", what, share * 100, more) << std::endl;
      return;
    }
    const int filled = static_cast<int>(share * bar_width);
    out_ << fmt::format("\r\x1b[K{} [{:#<{}}{:.<{}}] {:3.0f} %  {}", what, "", filled, "", bar_width - filled,
                        share * 100, more)
         << std::flush;
    drawn_ = true;
  }
  void clear() {
    if (drawn_) out_ << "\r\x1b[K" << std::flush;
    drawn_ = false;
  }

 private:
  std::ostream& out_;
  bool quiet_;
  bool bar_;
  bool drawn_ = false;
  int looks_ = 0;
};

// The multipart body, piece by piece.
class Form {
 public:
  Form(std::istream& file, std::string head) : file_(file), next_(std::move(head)) {}
  static std::string field(const std::string& name, const std::string& value) {
    return "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
  }
  static std::string file_head(std::string name) {
    for (char& c : name)
      if (c == '"' || c == '\r' || c == '\n') c = '_';
    return "--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name +
           "\"\r\nContent-Type: text/csv\r\n\r\n";
  }
  std::string more() {
    if (!next_.empty()) return std::exchange(next_, {});
    if (ended_) return {};
    std::string piece(piece_bytes, '\0');
    file_.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    piece.resize(static_cast<std::size_t>(file_.gcount()));
    bytes_ += static_cast<std::int64_t>(piece.size());
    if (!piece.empty()) return piece;
    ended_ = true;
    return "\r\n--" + boundary + "--\r\n";
  }
  std::int64_t bytes() const { return bytes_; }

  // Forty random digits: no list has them on a line of their own.
  static inline const std::string boundary = "callramp-7310849265027164938516203947582610";

 private:
  std::istream& file_;
  std::string next_;
  std::int64_t bytes_ = 0;
  bool ended_ = false;
};

Done<json::value> wait_for(const Client& client, const std::string& id, Progress& progress) {
  for (;;) {
    TRY(answer, client.get(batches_path + "/" + net::percent_encode(id)));
    const json::value& batch = answer.body;
    if (shown(batch, "state") != "importing") return batch;
    progress.show("importing", number_at(batch, "bytesDone"), number_at(batch, "bytesTotal"),
                  fmt::format("{} rows, {}/s, {} not taken", grouped(number_at(batch, "rows")),
                              grouped(number_at(batch, "rowsPerSecond")),
                              grouped(number_at(batch, "rejected") + number_at(batch, "duplicates"))));
    std::this_thread::sleep_for(look_every);
  }
}

Ran save_errors(const Client& client, const std::string& id, const std::string& name) {
  std::ofstream file(name, std::ios::binary);
  TRY_VOID(client.download(batches_path + "/" + net::percent_encode(id) + "/errors.csv", [&](std::string_view bytes) {
    return static_cast<bool>(file.write(bytes.data(), static_cast<std::streamsize>(bytes.size())));
  }));
  file.close();
  if (!file) return refused("cannot write '" + name + "'; the rows that were not taken are still with the server");
  return {};
}

void print_summary(std::ostream& out, const json::value& batch, const std::optional<std::string>& errors_file) {
  const bool dry = shown(batch, "dryRun") == "true";
  const std::int64_t not_taken = number_at(batch, "rejected") + number_at(batch, "duplicates");
  out << fmt::format("{} rows: {} {}, {} on the do-not-call list, {} duplicates, {} rejected\n",
                     grouped(number_at(batch, "rows")), grouped(number_at(batch, "good")),
                     dry ? "could be called" : "imported", grouped(number_at(batch, "doNotCall")),
                     grouped(number_at(batch, "duplicates")), grouped(number_at(batch, "rejected")));
  if (not_taken > 0 && errors_file) out << "Rows that were not taken, with their reasons: " << *errors_file << "\n";
  if (not_taken > 0 && !errors_file)
    out << "See why rows were not taken: callramp imports errors " << shown(batch, "id") << "\n";
  if (dry)
    out << "A dry run: nothing was imported.\n";
  else
    out << "Follow the campaign with `callramp campaigns show " << shown(batch, "campaignId") << "`.\n";
}

// Refused where nothing of the file can be called.
Ran verdict(const json::value& batch) {
  const std::string state = shown(batch, "state");
  if (state == "failed") return refused("the file was not imported: " + shown(batch, "error"));
  if (state == "cancelled")
    return refused("the import was cancelled after " + grouped(number_at(batch, "rows")) + " rows" +
                   (shown(batch, "error") == "-" ? std::string() : ": " + shown(batch, "error")));
  const std::int64_t rows = number_at(batch, "rows");
  if (rows > 0 && number_at(batch, "rejected") == rows) return refused("every row was rejected");
  return {};
}

Ran run_import(const Arguments& arguments, Terminal& terminal) {
  const std::string name = arguments.required("FILE");
  std::ifstream file;
  std::int64_t size = 0;
  if (name != "-") {
    file.open(name, std::ios::binary | std::ios::ate);
    if (!file) return refused("cannot read '" + name + "'; check the name and that you may read it");
    size = static_cast<std::int64_t>(file.tellg());
    file.seekg(0);
  }
  std::string head;
  for (const auto& [option, field] :
       {std::pair("--campaign", "campaignId"), {"--agent", "agentId"}, {"--region", "region"}})
    if (const auto value = arguments.text(option)) head += Form::field(field, *value);
  if (arguments.has("--dry-run")) head += Form::field("dryRun", "true");
  head += Form::file_head(name == "-" ? "stdin.csv" : name.substr(name.find_last_of('/') + 1));

  TRY(client, Client::create(terminal));
  Progress progress(terminal, arguments.has("--json"));
  Form form(name == "-" ? terminal.in : file, std::move(head));
  TRY(accepted,
      client.upload(import_path, "multipart/form-data; boundary=" + Form::boundary, [&]() -> Result<std::string> {
        if (size > 64 * static_cast<std::int64_t>(piece_bytes))
          progress.show("uploading", form.bytes(), size, fmt::format("{} MB", form.bytes() / 1'000'000));
        return form.more();
      }));
  const std::string id = shown(accepted.body, "batchId");
  TRY(batch, wait_for(client, id, progress));
  progress.clear();
  const auto errors_file = arguments.text("--errors");
  if (errors_file) TRY_VOID(save_errors(client, id, *errors_file));
  if (arguments.has("--json"))
    terminal.out << json::serialize(batch) << "\n";
  else if (shown(batch, "state") == "done")
    print_summary(terminal.out, batch, errors_file);
  return verdict(batch);
}

Ran list_batches(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer,
      client.get(batches_path + query_of({{"page", arguments.text("--page")}, {"limit", arguments.text("--limit")}})));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    print_rows(out, list_at(answer.body, "batches"),
               {{"ID", "id"},
                {"CREATED", "createdAt"},
                {"FILE", "fileName"},
                {"STATE", "state"},
                {"ROWS", "rows"},
                {"GOOD", "good"},
                {"REJECTED", "rejected"},
                {"DUPLICATES", "duplicates"},
                {"DO-NOT-CALL", "doNotCall"}},
               "No file was imported yet.");
  });
}

Ran show_batch(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.get(batches_path + "/" + net::percent_encode(arguments.required("ID"))));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) { print_record(out, answer.body); });
}

Ran print_errors(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  return client.download(batches_path + "/" + net::percent_encode(arguments.required("ID")) + "/errors.csv",
                         [&](std::string_view bytes) {
                           terminal.out << bytes;
                           return terminal.out.good();
                         });
}

Ran cancel_batch(const Arguments& arguments, Terminal& terminal) {
  TRY(client, Client::create(terminal));
  TRY(answer, client.send("POST", batches_path + "/" + net::percent_encode(arguments.required("ID")) + "/cancel",
                          json::object{}));
  return print_answer(arguments, terminal, answer, [&](std::ostream& out) {
    out << "Cancelled after " << grouped(number_at(answer.body, "rows"))
        << " rows; the contacts that are in stay in the campaign.\n";
  });
}

}  // namespace

void add_import_commands(Command root) {
  root.add("import", "Import a list of contacts: CSV of any length, also packed by gzip")
      .argument("FILE", "The list; - reads standard input")
      .option("--campaign", "ID", "Add to this campaign; without it one is made and started")
      .option("--agent", "ID", "Who speaks to contacts that name no agent")
      .option("--region", "CC", "Of numbers without a country code, like IN")
      .flag("--dry-run", "Look at every row and import none")
      .option("--errors", "FILE", "Save the rows that were not taken, with their reasons, as CSV")
      .json()
      .example("callramp import contacts.csv --agent order-confirmation --dry-run")
      .example("callramp import contacts.csv.gz --campaign 01j9zq3w5y7d2m8x4k6v0p1abc --errors rejected.csv")
      .runs(run_import);
  Command imports = root.add("imports", "Imported lists: how far they are, what was not taken");
  imports.add("list", "Newest first")
      .option("--page", "N", "From 1")
      .option("--limit", "N", "Rows of a page, 1 to 100")
      .json()
      .runs(list_batches);
  imports.add("show", "One of them").argument("ID", "Batch id").json().runs(show_batch);
  imports.add("errors", "The rows that were not taken, as CSV").argument("ID", "Batch id").runs(print_errors);
  imports.add("cancel", "Stop one; the contacts that are in stay").argument("ID", "Batch id").json().runs(cancel_batch);
}

}  // namespace callramp::app
