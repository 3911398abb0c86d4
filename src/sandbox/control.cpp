#include "sandbox/control.hpp"

#include <boost/json.hpp>

namespace callramp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::size_t kWorldMost = 4 * 1024 * 1024;

net::Response as_json(int status, std::string body) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

net::Response refusal(int status, std::string_view message) {
  return as_json(status, json::serialize(json::object{{"error", message}}));
}

double ms(Duration span) { return static_cast<double>(span.count()) / 1000.0; }

json::object percentiles(const Stamps::Percentiles& figures) {
  return {{"p50", ms(figures.p50)}, {"p95", ms(figures.p95)}, {"p99", ms(figures.p99)}, {"max", ms(figures.max)}};
}

template <class Map>
json::object counts(const Map& map) {
  json::object object;
  for (const auto& [name, count] : map) object[name] = count;
  return object;
}

/// Null where there is nothing to divide: no utterance is not "no utterance ran dry".
json::value share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return nullptr;
  return static_cast<double>(part) / static_cast<double>(whole);
}

json::object playout_json(const Playout::Counts& playout) {
  return {{"utterances", playout.utterances},
          {"ranDry", playout.ran_dry},
          {"ranDryShare", share(playout.ran_dry, playout.utterances)},
          {"gaps", playout.gaps},
          {"longestGapMs", ms(playout.longest_gap)},
          {"mostAheadMs", ms(playout.most_ahead)},
          {"playedMs", ms(playout.played)}};
}

}  // namespace

Awaitable<net::Response> Control::handle(net::Request& request) {
  const bool get = request.method == "GET";
  if (request.path == "/health" && get) co_return as_json(200, R"({"status":"ok"})");
  if (request.path == "/ledger" && get)
    co_return net::Response{.headers = {{"Content-Type", "application/x-ndjson"}}, .body = parts_.ledger.json_lines()};
  if (request.path == "/stats" && get) co_return as_json(200, stats());
  if (request.path == "/world" && get) co_return as_json(200, to_json(*parts_.world.get()));
  if (request.path == "/reset" && request.method == "POST") {
    reset();
    co_return as_json(200, R"({"reset":true})");
  }
  if (request.path != "/world" || request.method != "PUT")
    co_return refusal(404, "there are GET /ledger, /world, /stats, /health, PUT /world and POST /reset");
  const auto text = co_await net::read_all(*request.body, kWorldMost);
  if (!text) co_return refusal(413, text.error().message);
  auto world = parse_world(*text);
  if (!world) co_return refusal(400, world.error().message);
  if (const auto used = use_world(*std::move(world)); !used) co_return refusal(400, used.error().message);
  co_return as_json(200, to_json(*parts_.world.get()));
}

Status Control::use_world(World world) {
  TRY(recordings, load_recordings(parts_.voices, world.wav_folder));
  shown_.twilio.use_recordings(recordings);
  shown_.exotel.use_recordings(std::move(recordings));
  shown_.world.replace(std::move(world));
  parts_.faults.reset();
  return {};
}

void Control::reset() {
  parts_.ledger.reset();
  parts_.faults.reset();
  parts_.stamps.reset();
  shown_.exotel.reset();
  shown_.twilio.reset();
  shown_.old_dialer.reset();
  shown_.sinks.reset();
}

std::string Control::stats() const {
  const exotel::Carrier::Counts& carrier = shown_.exotel.counts();
  const LineCounts& lines = carrier.lines;
  const Stamps::Report report = parts_.stamps.report();
  json::object stats;
  stats["activeCalls"] = {
      {"exotel", shown_.exotel.active()}, {"twilio", shown_.twilio.active()}, {"old", shown_.old_dialer.active()}};
  stats["exotel"] = {{"requests", carrier.requests},
                     {"rateLimited", carrier.rate_limited},
                     {"dials", carrier.dials},
                     {"answers", counts(carrier.answers)},
                     {"callbacksDelivered", carrier.callbacks_delivered},
                     {"callbacksRefused", carrier.callbacks_refused},
                     {"streamsOpen", shown_.exotel.streams()},
                     {"streamsOpened", lines.opened},
                     {"handshakesFailed", lines.handshakes_failed},
                     {"droppedByFault", lines.dropped_by_fault},
                     {"messagesReceived", lines.messages_received}};
  const twilio::Carrier::Counts& second = shown_.twilio.counts();
  stats["twilio"] = {{"requests", second.requests},
                     {"rateLimited", second.rate_limited},
                     {"dials", second.dials},
                     {"answers", counts(second.answers)},
                     {"callbacksDelivered", second.callbacks_delivered},
                     {"callbacksRefused", second.callbacks_refused},
                     {"streamsOpened", second.lines.opened},
                     {"handshakesFailed", second.lines.handshakes_failed},
                     {"droppedByFault", second.lines.dropped_by_fault},
                     {"messagesReceived", second.lines.messages_received},
                     {"violations", counts(second.lines.violations)}};
  stats["old"] = {{"dials", shown_.old_dialer.dials()}};
  stats["sinks"] = counts(shown_.sinks.counts());
  stats["faults"] = counts(parts_.faults.dealt());
  stats["violations"] = counts(lines.violations);
  stats["playout"] = playout_json(lines.playout);
  stats["latency"] = {{"turns", report.turns},
                      {"unmatched", report.unmatched},
                      {"addedMs", percentiles(report.added)},
                      {"totalMs", percentiles(report.total)},
                      {"sttMs", percentiles(report.stt)},
                      {"llmMs", percentiles(report.llm)},
                      {"ttsMs", percentiles(report.tts)}};
  stats["latestTickMs"] = ms(lines.latest_tick);
  return json::serialize(stats);
}

}  // namespace callramp::sandbox
