// Imports: a file of contacts as it is uploaded, how far it is, and every row that was not taken.
#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "api/answers.hpp"
#include "api/fields.hpp"
#include "api/routes.hpp"
#include "base/csv.hpp"
#include "net/multipart.hpp"

namespace callramp::api {
namespace {

constexpr std::size_t max_field_bytes = 1'000;
constexpr std::size_t max_id_bytes = 64;
constexpr int errors_page = 1'000;

json::object to_json(const Batch& batch, Instant now) {
  const import::Counts& counts = batch.counts;
  const double span = std::chrono::duration<double>(batch.finished_at.value_or(now) - batch.created_at).count();
  json::object body{{"id", batch.id.str()},
                    {"campaignId", batch.campaign ? json::value(batch.campaign->str()) : json::value(nullptr)},
                    {"agentId", batch.agent ? json::value(batch.agent->str()) : json::value(nullptr)},
                    {"region", batch.region},
                    {"fileName", batch.file_name},
                    {"state", to_string(batch.state)},
                    {"dryRun", batch.dry_run},
                    {"bytesTotal", batch.bytes_total},
                    {"bytesDone", batch.bytes_done},
                    {"rows", counts.rows()},
                    {"good", counts.good},
                    {"rejected", counts.rejected},
                    {"duplicates", counts.duplicates},
                    {"doNotCall", counts.do_not_call}};
  body["rowsPerSecond"] = span > 0 ? std::round(static_cast<double>(counts.rows()) / span) : 0.0;
  body["error"] = batch.error.empty() ? json::value(nullptr) : json::value(batch.error);
  body["createdAt"] = to_iso(batch.created_at);
  body["createdBy"] = batch.created_by;
  body["finishedAt"] = iso_or_null(batch.finished_at);
  return body;
}

// The parts of the form, as they come: small fields are kept, the file goes to the disk.
class Form {
 public:
  explicit Form(engine::Upload& upload) : upload_(upload) {}

  Awaitable<Status> take(net::MultipartEvent event) {
    using Kind = net::MultipartEvent::Kind;
    switch (event.kind) {
      case Kind::part:
        part_ = event.name;
        if (part_ == "file") {
          if (has_file_) co_return fail(ErrorCode::invalid_request, "there are two parts 'file'; upload one", "file");
          has_file_ = true;
          file_name_ = event.file_name.empty() ? "import.csv" : event.file_name;
        } else if (!fields_.emplace(part_, json::string()).second) {
          co_return fail(ErrorCode::invalid_request, "the field '" + part_ + "' is there twice", part_);
        }
        break;
      case Kind::data:
        if (part_ == "file") co_return co_await upload_.write(std::move(event.data));
        {
          auto& text = fields_[part_].as_string();
          if (text.size() + event.data.size() > max_field_bytes)
            co_return fail(ErrorCode::invalid_request, "the field '" + part_ + "' is too long", part_);
          text += event.data;
        }
        break;
      case Kind::end: break;
    }
    co_return Status{};
  }

  Result<engine::NewImport> read() {
    if (!has_file_)
      return fail(ErrorCode::invalid_request, "there is no part 'file'; upload the list as multipart/form-data",
                  "file");
    for (auto field = fields_.begin(); field != fields_.end();)
      field = field->value().as_string().empty() ? fields_.erase(field) : std::next(field);
    Fields in(fields_);
    engine::NewImport wanted{.file_name = file_name_};
    if (auto id = in.maybe_text("campaignId", max_id_bytes)) wanted.campaign = CampaignId{*std::move(id)};
    if (auto id = in.maybe_text("agentId", max_id_bytes)) wanted.agent = AgentId{*std::move(id)};
    wanted.region = in.maybe("region", parse_region);
    wanted.dry_run = in.maybe("dryRun", [](std::string_view text) -> Result<bool> {
                         if (text == "true" || text == "false") return text == "true";
                         return fail(ErrorCode::invalid_request, "true or false is expected");
                       }).value_or(false);
    TRY_VOID(in.finish());
    return wanted;
  }

 private:
  engine::Upload& upload_;
  std::string part_;
  json::object fields_;
  bool has_file_ = false;
  std::string file_name_;
};

Awaitable<Result<net::Response>> import_file(const Deps& deps, Exchange& exchange) {
  const auto type = exchange.request.headers.find("Content-Type").value_or("");
  CO_TRY(boundary, net::multipart_boundary(type));
  CO_TRY(upload, co_await deps.imports.begin());
  net::MultipartParser parser(boundary);
  Form form(*upload);
  for (;;) {
    CO_TRY(bytes, co_await exchange.request.body->read_some());
    if (bytes.empty()) break;
    CO_TRY(events, parser.feed(bytes));
    for (net::MultipartEvent& event : events) CO_TRY_VOID(co_await form.take(std::move(event)));
  }
  CO_TRY_VOID(parser.finish());
  CO_TRY(wanted, form.read());
  CO_TRY(batch, co_await deps.imports.accept(std::move(upload), std::move(wanted), exchange.actor));
  co_return json_response(
      202, json::object{{"batchId", batch.id.str()},
                        {"campaignId", batch.campaign ? json::value(batch.campaign->str()) : json::value(nullptr)},
                        {"state", to_string(batch.state)},
                        {"dryRun", batch.dry_run}});
}

Awaitable<Result<net::Response>> list_batches(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  Fields in(query);
  const Page page = read_page(in);
  CO_TRY_VOID(in.finish());
  CO_TRY(found, co_await deps.imports.list(page.page, page.limit));
  json::array rows;
  for (const Batch& batch : found.batches) rows.push_back(to_json(batch, deps.clock.now()));
  co_return json_response(
      200,
      json::object{{"batches", std::move(rows)}, {"page", page.page}, {"limit", page.limit}, {"total", found.total}});
}

Awaitable<Result<net::Response>> get_batch(const Deps& deps, Exchange& exchange) {
  CO_TRY(batch, co_await deps.imports.get(BatchId{exchange.param("id")}));
  co_return json_response(200, to_json(batch, deps.clock.now()));
}

Awaitable<Result<net::Response>> cancel_batch(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object_or_nothing(exchange));
  CO_TRY_VOID(Fields(body).finish());
  CO_TRY(batch, co_await deps.imports.cancel(BatchId{exchange.param("id")}, exchange.actor));
  co_return json_response(200, to_json(batch, deps.clock.now()));
}

Awaitable<Status> write_errors(const Deps& deps, BatchId id, net::BodyWriter& out) {
  CO_TRY_VOID(co_await out.write("line,field,value,reason\r\n"));
  for (std::int64_t after = 0;;) {
    CO_TRY(page, co_await deps.imports.errors(id, after, errors_page));
    std::string lines;
    for (const BatchError& error : page) {
      CsvLine line;
      line.add(std::to_string(error.line)).add(error.why.field).add(error.why.value).add(error.why.reason);
      lines += std::move(line).str();
    }
    if (!lines.empty()) CO_TRY_VOID(co_await out.write(lines));
    if (page.size() < static_cast<std::size_t>(errors_page)) co_return Status{};
    after = page.back().line;
  }
}

Awaitable<Result<net::Response>> batch_errors(const Deps& deps, Exchange& exchange) {
  CO_TRY(batch, co_await deps.imports.get(BatchId{exchange.param("id")}));
  net::Response response;
  response.headers.add("Content-Type", "text/csv; charset=utf-8; header=present");
  response.headers.add("Content-Disposition", "attachment; filename=\"" + batch.id.str() + "-errors.csv\"");
  response.stream = [&deps, id = batch.id](net::BodyWriter& out) { return write_errors(deps, id, out); };
  co_return response;
}

}  // namespace

void add_import_routes(Router& router, const Deps& deps) {
  const auto with = bound_to(deps);
  const std::string batches = "/api/v1/calls/outbound/batches";
  router.add({"POST", "/api/v1/calls/outbound/import", Role::operator_, false, with(import_file)});
  router.add({"GET", batches, Role::viewer, false, with(list_batches)});
  router.add({"GET", batches + "/{id}", Role::viewer, false, with(get_batch)});
  router.add({"GET", batches + "/{id}/errors.csv", Role::operator_, false, with(batch_errors)});
  router.add({"POST", batches + "/{id}/cancel", Role::operator_, false, with(cancel_batch)});
}

}  // namespace callramp::api
