#include "app/commands/demo.hpp"

#include <fmt/color.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

#include "adapters/phone/lib_phone_number_directory.hpp"
#include "app/agent_file.hpp"
#include "app/agent_json.hpp"
#include "app/client.hpp"
#include "app/commands/groups.hpp"
#include "app/contacts.hpp"
#include "app/demo_rollout.hpp"
#include "app/json_log.hpp"
#include "app/json_print.hpp"
#include "app/platform.hpp"
#include "app/signals.hpp"
#include "app/table.hpp"
#include "async/io_threads.hpp"
#include "embedded/demo_world.hpp"
#include "embedded/demo_world_broken.hpp"
#include "sandbox/sandbox.hpp"

namespace callramp::app {
namespace {

constexpr std::size_t generated_count = 100'000;  // people beyond the example list: hours of calling
constexpr std::size_t most_ahead = 700;           // accepted and not final: more would only wait
constexpr milliseconds step{250};
constexpr Duration line_every = seconds{2};  // one call's line at most: the rollout's have to be seen between them
constexpr std::size_t columns = 80;

std::string shared_text(const json::value& body, std::string_view name) {
  const std::string text = shown(body, name);
  return text == "-" ? "" : text;
}

// What happened so far, and the lines that say so. Written by the watching thread, read by the main one.
class Scoreboard {
 public:
  explicit Scoreboard(Terminal& terminal) : terminal_(terminal), colour_(::isatty(STDOUT_FILENO) == 1) {}

  void heading() {
    print(fmt::format("{:<9} {:<15} {:<5} {:<14} {:>7} {:>12}  {}", "time", "number", "sys", "outcome", "talked",
                      "cost", "why"));
  }
  void final_call(const json::value& call) {
    const std::string system = shared_text(call, "system") == "new-system" ? "new" : "old";
    const std::string outcome = shared_text(call, "outcome");
    const bool success = outcome == "completed" || outcome == "voicemail_left";
    const std::string at = shared_text(call, "finalAt");
    std::string cost = "-";
    for (const json::value& total : list_at(call, "cost/total"))
      cost = shown(total, "amount") + " " + shown(total, "currency");
    std::string line = fmt::format("{:<9} {:<15} {:<5} {:<14} {:>7} {:>12}  {}", at.size() > 19 ? at.substr(11, 8) : at,
                                   masked(shared_text(call, "phoneNumber")), system, outcome, talked(call), cost,
                                   shared_text(call, "reason"));
    while (width(line) > columns) line.pop_back();
    print(paint(success, outcome == "failed", std::move(line)));
  }
  /// Counts a final call; true if it is this one's turn to be shown.
  bool count(Instant now) {
    const std::lock_guard lock(mutex_);
    ++finished_;
    if (shown_at_ && now - *shown_at_ < line_every) return false;
    shown_at_ = now;
    return true;
  }
  std::size_t finished() {
    const std::lock_guard lock(mutex_);
    return finished_;
  }
  void print(const std::string& line) {
    const std::lock_guard lock(printing_);
    terminal_.out << line << "\n" << std::flush;
  }

 private:
  static std::string masked(const std::string& number) {
    const auto phone = PhoneNumber::parse(number);
    return phone ? phone->masked() : number;
  }
  static std::string talked(const json::value& call) {
    for (const json::value& attempt : list_at(call, "attempts")) {
      const auto from = parse_iso(shown(attempt, "answeredAt"));
      const auto to = parse_iso(shown(attempt, "endedAt"));
      if (from && to && *to > *from) return to_words(*to - *from);
    }
    return "-";
  }
  std::string paint(bool success, bool failed, std::string line) const {
    if (!colour_) return line;
    if (success) return fmt::format(fmt::fg(fmt::terminal_color::green), "{}", line);
    if (failed) return fmt::format(fmt::fg(fmt::terminal_color::red), "{}", line);
    return line;
  }

  Terminal& terminal_;
  const bool colour_;
  std::mutex printing_;
  std::mutex mutex_;  // guards the rest
  std::size_t finished_ = 0;
  std::optional<Instant> shown_at_;
};

// Counts every call as it becomes final and shows some of them, until the server ends the stream.
void watch(const Client& client, Scoreboard& board, async::Clock& clock) {
  (void)client.events("/api/v1/events", [&](const net::SseEvent& event) {
    boost::system::error_code bad;
    const json::value data = json::parse(event.data, bad);
    if (bad || event.event != "call" || shown(data, "status") != "final") return true;
    if (!board.count(clock.now())) return true;
    if (const auto call = client.get("/api/v1/calls/" + shown(data, "id"))) board.final_call(call->body);
    return true;
  });
}

json::object request_for(const Contact& contact, const std::string& agent) {
  json::object metadata;
  // Invented people are greeted without a name: that greeting is spoken once and kept, so a small machine can hold more
  // conversations.
  if (contact.line > 0)
    for (const auto& [name, value] : contact.fields) metadata[name] = value;
  return {{"phoneNumber", contact.phone.e164()}, {"agentId", agent}, {"metadata", std::move(metadata)}};
}

// Feeds contacts at the rollout's pace until `limit` calls are accepted and finished, or until a stop signal.
Ran feed(const Client& client, Scoreboard& board, DemoRollout& rollout, async::Clock& clock,
         const std::vector<Contact>& contacts, const std::string& agent, std::size_t limit) {
  std::size_t accepted = 0;
  Instant last = clock.now();
  double due = 1;
  while (board.finished() < limit) {
    if (stop_signal_within(step)) return {};
    const Instant now = clock.now();
    rollout.tick(now);
    // After a stall nothing is made up for: a burst would only queue.
    due = std::min(due + rollout.calls_per_second() * std::chrono::duration<double>(now - last).count(), 10.0);
    last = now;
    while (due >= 1 && accepted < limit && accepted < contacts.size() &&
           accepted - std::min(accepted, board.finished()) < most_ahead) {
      const auto placed = client.send("POST", "/api/v1/calls/outbound", request_for(contacts[accepted], agent));
      if (!placed) return std::unexpected(placed.error());
      ++accepted;
      due -= 1;
    }
    if (accepted >= contacts.size() && board.finished() >= accepted) return {};
  }
  return {};
}

Ran prepare(const Client& client, const Agent& agent, DemoRollout& rollout) {
  if (const auto stored = client.send("PUT", "/api/v1/agents/" + agent.id.str(), agent_body(agent)); !stored)
    return std::unexpected(stored.error());
  if (const Status begun = rollout.begin(); !begun) return refused("the demo's plan: " + begun.error().message);
  return {};
}

// Swaps the world by the sandbox's own door, as anybody could.
Status put_world(const sandbox::Sandbox& box, const Terminal& terminal) {
  TRY(world, sandbox::parse_world(embedded::demo_world_broken));
  const Terminal to_control{.in = terminal.in,
                            .out = terminal.out,
                            .err = terminal.err,
                            .environment = [&](const std::string& name) -> std::optional<std::string> {
                              if (name == "CALLRAMP_URL") return box.url(sandbox::Door::control);
                              if (name == "CALLRAMP_TOKEN") return "demo";
                              return std::nullopt;
                            }};
  const auto control = Client::create(to_control);
  if (!control) return fail(ErrorCode::unavailable, control.error().message);
  const auto put = control->send("PUT", "/world", json::parse(sandbox::to_json(world)));
  if (!put) return fail(ErrorCode::unavailable, put.error().message);
  return {};
}

Result<std::uint16_t> sandbox_port(const Arguments& arguments) {
  const std::string text = arguments.text("--sandbox-port").value_or("4010");
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port < 1 || port > 65'526)
    return fail(ErrorCode::invalid_request, fmt::format("--sandbox-port '{}' must be a number from 1 to 65526", text));
  return port;
}

Result<DemoChoices> choices_of(const Arguments& arguments) {
  const auto what = arguments.text("--break");
  if (what && *what != "new")
    return fail(ErrorCode::invalid_request, fmt::format("--break '{}': only 'new' can be broken", *what));
  return DemoChoices{.yes = arguments.has("--yes"), .break_new = what.has_value()};
}

Result<std::size_t> call_limit(const Arguments& arguments) {
  const auto text = arguments.text("--calls");
  if (!text) return generated_count;
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc{} || end != text->data() + text->size() || limit < 1 || limit > generated_count)
    return fail(ErrorCode::invalid_request,
                fmt::format("--calls '{}' must be a number from 1 to {}", *text, generated_count));
  return limit;
}

Ran run_demo(const Arguments& arguments, Terminal& terminal) {
  TRY(limit, typed(call_limit(arguments)));
  TRY(choices, typed(choices_of(arguments)));
  TRY(base_port, typed(sandbox_port(arguments)));
  TRY(from_environment, load_config(""));
  TRY(refused_early, demo_config(from_environment, {}));  // before anything starts
  TRY(phones, phone::LibPhoneNumberDirectory::create());
  TRY(world, sandbox::parse_world(embedded::demo_world));
  hold_stop_signals();
  std::filesystem::create_directories(refused_early.data_dir);
  const std::string log_file = refused_early.data_dir + "/demo.log";
  JsonLog log(refused_early.log_level, log_file);
  async::SystemClock clock;
  async::IoThreads io(1);
  sandbox::Sandbox box(io.executors(),
                       {.base_port = base_port,
                        .ledger_file = refused_early.data_dir + "/ledger.jsonl",
                        .voices_folder = refused_early.data_dir + "/voices"},
                       std::move(world), clock, log);
  struct Stop {
    async::IoThreads& io;
    sandbox::Sandbox& box;
    ~Stop() { async::run_blocking(io.executor(0), box.stop()); }
  } stop{io, box};
  if (const Status started = box.start(); !started)
    return refused(fmt::format(
        "the demo's sandbox needs the ports {} to {} and cannot have them; stop the other demo or sandbox, or "
        "take others with --sandbox-port ({})",
        base_port, base_port + 9, started.error().message.substr(0, started.error().message.find(';'))));
  TRY(config, demo_config(from_environment, {.exotel = box.url(sandbox::Door::exotel),
                                             .deepgram = box.url(sandbox::Door::deepgram),
                                             .openai = box.url(sandbox::Door::openai),
                                             .old_dialer = box.url(sandbox::Door::old_dialer)}));
  TRY(platform,
      Platform::create(config, {.open_page = true, .gauges_every = seconds{10}, .look_every = seconds{2}}, log));
  TRY_VOID(platform->start());
  const Terminal inside{.in = terminal.in,
                        .out = terminal.out,
                        .err = terminal.err,
                        .environment = [&](const std::string& name) -> std::optional<std::string> {
                          if (name == "CALLRAMP_URL") return fmt::format("http://127.0.0.1:{}", platform->port());
                          if (name == "CALLRAMP_DATA_DIR") return config.data_dir;
                          return std::nullopt;
                        }};
  TRY(client, Client::create(inside));
  const Agent agent = example_agent();
  Scoreboard board(terminal);
  DemoRollout rollout(
      platform->rollouts(), platform->executor(), choices, [&](const std::string& line) { board.print(line); },
      [&] { return put_world(box, terminal); });
  if (const Ran prepared = prepare(client, agent, rollout); !prepared) {
    platform->stop();
    return prepared;
  }

  ContactList list = example_contacts(*phones);
  const std::vector<Contact> invented = generated_contacts(limit, 1);
  list.contacts.insert(list.contacts.end(), invented.begin(), invented.end());
  board.print(fmt::format(
      "callramp demo: http://localhost:{} · everything outside is the sandbox on this machine, nobody is called",
      platform->port()));
  board.print(fmt::format("contacts: {} of examples/contacts.csv, {} rows rejected ({}); then invented ones · log: {}",
                          list.contacts.size() - invented.size(), list.rejected.size(),
                          list.rejected.empty() ? "none"
                                                : fmt::format("first: line {}: {}", list.rejected.front().line,
                                                              list.rejected.front().reason),
                          log_file));
  board.print(choices.yes ? "--yes: what people have to do, the demo does, by the name of demo"
                          : "a rollout needs people: the terminal says which command is yours (--yes does them all)");
  board.print("Ctrl-C ends it. Try: ./run rollout status   ./run rollout explain   ./run flags kill --reason test\n");
  board.heading();
  std::thread watcher([&] { watch(client, board, clock); });
  const Ran fed = feed(client, board, rollout, clock, list.contacts, agent.id.str(), limit);
  const std::vector<std::string> decisions = rollout.summary();
  board.print("\nending: no new calls; those in progress finish");
  platform->stop();
  watcher.join();
  for (const std::string& line : decisions) board.print(line);
  return fed;
}

}  // namespace

Result<Config> demo_config(Config config, const DemoDoors& doors) {
  const Config defaults;
  const auto untouched = [](const std::string& value, const std::string& standard, const char* key) -> Status {
    if (value == standard) return {};
    return fail(
        ErrorCode::invalid_request,
        fmt::format("{} is set to '{}', but the demo calls only its own sandbox; unset it, or use `callramp serve`",
                    key, value));
  };
  TRY_VOID(untouched(config.exotel_base_url, defaults.exotel_base_url, "EXOTEL_BASE_URL"));
  TRY_VOID(untouched(config.deepgram_base_url, defaults.deepgram_base_url, "DEEPGRAM_BASE_URL"));
  TRY_VOID(untouched(config.openai_base_url, defaults.openai_base_url, "OPENAI_BASE_URL"));
  TRY_VOID(untouched(config.old_system_url, defaults.old_system_url, "OLD_SYSTEM_URL"));
  config.exotel_base_url = doors.exotel;
  config.deepgram_base_url = doors.deepgram;
  config.openai_base_url = doors.openai + "/v1";
  config.old_system_url = doors.old_dialer;
  // Keys that the sandbox takes and no provider would: a real one in the environment is not sent anywhere.
  config.exotel_sid = config.exotel_api_key = config.exotel_api_token = "demo";
  config.exotel_virtual_number = "08047491899";
  config.deepgram_api_key = config.openai_api_key = config.old_system_token = "demo";
  config.public_url = fmt::format("http://127.0.0.1:{}", config.port);
  config.exotel_chunk_bytes = 640;
  // A day of the demo is seconds long, and a call that waits for a retry keeps its evidence open.
  config.max_attempts_per_number_per_day = 0;
  config.retry = {.no_answer = {.delay = seconds{5}, .tries = 1},
                  .busy = {.delay = seconds{5}, .tries = 1},
                  .rejected = {.delay = seconds{5}, .tries = 1},
                  .failed = {.delay = seconds{2}, .tries = 2}};
  config.price_after = seconds{1};
  // Thirty calls a second, of fourteen seconds with their ringing: no limit of ours may be what one sees.
  config.max_concurrent_outbound_calls = std::max(config.max_concurrent_outbound_calls, 800);
  config.dials_per_second = std::max(config.dials_per_second, 60.0);
  return config;
}

void add_demo_command(Command root) {
  root.add("demo", "Serves, runs a sandbox beside it, and calls the example contacts: nobody's phone rings.")
      .flag("--yes", "do what people have to do: tick, confirm, approve, waive, by the name of demo")
      .option("--break", "new", "half-way, let calls on the new system fail")
      .option("--sandbox-port", "PORT", "the first of the sandbox's ten ports (default 4010)")
      .option("--calls", "N", "end after N calls (default: until Ctrl-C)")
      .example("callramp demo")
      .example("callramp demo --yes")
      .example("callramp demo --yes --break new")
      .example("callramp demo --calls 20")
      .runs(run_demo);
}

}  // namespace callramp::app
