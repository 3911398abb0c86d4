// serve and sandbox: the two commands that run until they are told to stop.
#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <sstream>

#include "app/commands/groups.hpp"
#include "app/config.hpp"
#include "app/json_log.hpp"
#include "app/platform.hpp"
#include "app/signals.hpp"
#include "async/io_threads.hpp"
#include "sandbox/sandbox.hpp"

namespace callramp::app {
namespace {

Ran serve(const Arguments& arguments, Terminal& terminal) {
  TRY(config, load_config(arguments.text("--config").value_or("")));
  hold_stop_signals();
  JsonLog log(config.log_level);
  TRY(platform, Platform::create(config, {}, log));
  TRY_VOID(platform->start());
  terminal.out << fmt::format("callramp serves http{}://{}:{}\n", config.tls_certificate_file.empty() ? "" : "s",
                              config.host, platform->port());
  if (!platform->admin_token_file().empty())
    terminal.out << fmt::format("the first admin token is in {}\n", platform->admin_token_file());
  terminal.out.flush();
  wait_for_stop_signal();
  platform->stop();
  return {};
}

Result<sandbox::World> load_world(const std::optional<std::string>& file) {
  if (!file) return sandbox::World{};
  std::ifstream stream(*file, std::ios::binary);
  std::ostringstream text;
  if (!stream || !(text << stream.rdbuf())) return fail(ErrorCode::not_found, "cannot read the world '" + *file + "'");
  return sandbox::parse_world(std::move(text).str());
}

Ran run_sandbox(const Arguments& arguments, Terminal& terminal) {
  TRY(world, load_world(arguments.text("--world")));
  std::uint16_t port = 4010;
  if (const auto text = arguments.text("--port")) {
    int parsed = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), parsed);
    if (error != std::errc{} || end != text->data() + text->size() || parsed < 1 || parsed > 65526)
      return bad_usage("--port '" + *text +
                       "' must be a number from 1 to 65526: the sandbox uses it and the nine after it");
    port = static_cast<std::uint16_t>(parsed);
  }
  hold_stop_signals();
  JsonLog log(arguments.has("--verbose") ? "info" : "warn");
  async::SystemClock clock;
  async::IoThreads io(1);
  sandbox::Sandbox box(io.executors(),
                       {.base_port = port,
                        .ledger_file = arguments.text("--ledger").value_or(""),
                        .voices_folder = arguments.text("--voices").value_or(""),
                        .certificate_file = arguments.text("--tls-certificate").value_or(""),
                        .private_key_file = arguments.text("--tls-key").value_or(""),
                        .ca_file = arguments.text("--ca").value_or("")},
                       std::move(world), clock, log);
  const Status started = box.start();
  if (started) {
    terminal.out << fmt::format(
        "export EXOTEL_BASE_URL={}\nexport DEEPGRAM_BASE_URL={}\nexport OPENAI_BASE_URL={}/v1\nexport "
        "OLD_SYSTEM_URL={}\n# control and ledger: {}\n",
        box.url(sandbox::Door::exotel), box.url(sandbox::Door::deepgram), box.url(sandbox::Door::openai),
        box.url(sandbox::Door::old_dialer), box.url(sandbox::Door::control));
    terminal.out.flush();
    wait_for_stop_signal();
  }
  async::run_blocking(io.executor(0), box.stop());
  if (!started) return std::unexpected(CommandError(started.error()));
  return {};
}

}  // namespace

void add_server_commands(Command root) {
  root.add("serve", "Serves API and page, dials, and talks, until SIGTERM.")
      .option("--config", "FILE", "YAML file of settings; every key is also an environment variable")
      .example("callramp serve --config callramp.yaml")
      .example("OUTBOUND_CALLS_PERCENTAGE=10 callramp serve")
      .runs(serve);
  root.add("sandbox",
           "Runs stand-ins of Exotel, Deepgram, OpenAI and the old dialer, each with its real wire protocol.")
      .option("--world", "FILE", "who answers, how fast, and which faults happen (YAML)")
      .option("--port", "PORT", "the first of ten ports (default 4010)")
      .option("--ledger", "FILE", "write every dial there, before it is answered")
      .option("--voices", "FOLDER", "keep rendered speech there between runs")
      .option("--tls-certificate", "FILE", "serve Deepgram and OpenAI with TLS: PEM certificate")
      .option("--tls-key", "FILE", "and its key")
      .option("--ca", "FILE", "trust this CA for callbacks and media sockets")
      .flag("--verbose", "log every request")
      .example("callramp sandbox --world examples/demo-world.yaml")
      .runs(run_sandbox);
  add_demo_command(root);
}

}  // namespace callramp::app
