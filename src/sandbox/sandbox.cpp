#include "sandbox/sandbox.hpp"

#include <map>

#include "base/ensure.hpp"
#include "net/http_server.hpp"
#include "sandbox/control.hpp"
#include "sandbox/deepgram.hpp"
#include "sandbox/openai.hpp"
#include "sandbox/phrase_index.hpp"
#include "sandbox/provider.hpp"

namespace callramp::sandbox {

namespace {

/// Callers are on their way out when the sandbox stops.
constexpr auto kGrace = milliseconds{200};

net::ClientOptions client_options(const SandboxOptions& options) {
  return {.ca_file = options.ca_file, .user_agent = "callramp-sandbox"};
}

}  // namespace

struct Sandbox::State {
  State(std::vector<Executor> executors, SandboxOptions options, World first_world, async::Clock& clock, Log& log)
      : executors(std::move(executors)),
        options(std::move(options)),
        log(log),
        world(std::move(first_world)),
        faults(world),
        voices({.cache_folder = this->options.voices_folder}, log),
        parts{clock, world, faults, ledger, stamps, voices, log},
        exotel(this->executors.front(), parts, client_options(this->options)),
        twilio(this->executors.front(), parts, client_options(this->options)),
        old_dialer(this->executors.front(), parts, client_options(this->options)),
        sinks(clock, faults),
        control(parts, {world, exotel, twilio, old_dialer, sinks}),
        deepgram({world, faults, voices, phrases, stamps, clock, log}),
        openai({world, faults, voices, phrases, stamps, clock, log}) {
    // Whatever is ever spoken, by callees or by the speech stand-ins, can be recognised.
    voices.on_phrase([this](const PhrasePtr& phrase) { phrases.add(phrase); });
  }

  template <class StandIn>
  void add_door(Door door, const std::vector<Executor>& threads, StandIn& stand_in, bool tls) {
    net::ServerOptions server;
    server.address = options.address;
    server.port = options.base_port == 0
                      ? std::uint16_t{0}
                      : static_cast<std::uint16_t>(options.base_port + static_cast<std::uint16_t>(door));
    if (tls) {
      server.certificate_file = options.certificate_file;
      server.private_key_file = options.private_key_file;
    }
    doors.emplace(door,
                  std::make_unique<net::HttpServer>(
                      threads, server, [&stand_in](net::Request& request) { return stand_in.handle(request); }, log));
  }

  std::vector<Executor> executors;
  SandboxOptions options;
  Log& log;
  LiveWorld world;
  Faults faults;
  Ledger ledger;
  Stamps stamps;
  PhraseIndex phrases;
  Voices voices;
  Parts parts;
  exotel::Carrier exotel;
  twilio::Carrier twilio;
  OldDialer old_dialer;
  Sinks sinks;
  Control control;
  Deepgram deepgram;
  OpenAi openai;
  std::map<Door, std::unique_ptr<net::HttpServer>> doors;
};

Sandbox::Sandbox(std::vector<Executor> executors, SandboxOptions options, World world, async::Clock& clock, Log& log) {
  ENSURE(!executors.empty(), "a sandbox runs on at least one executor");
  state_ = std::make_unique<State>(std::move(executors), std::move(options), std::move(world), clock, log);
}

Sandbox::~Sandbox() = default;

Status Sandbox::start() {
  State& state = *state_;
  if (!state.options.ledger_file.empty()) TRY_VOID(state.ledger.open(state.options.ledger_file));
  TRY_VOID(state.control.use_world(*state.world.get()));
  const std::vector<Executor> first{state.executors.front()};
  state.add_door(Door::exotel, first, state.exotel, false);
  state.add_door(Door::deepgram, state.executors, state.deepgram, true);
  state.add_door(Door::openai, state.executors, state.openai, true);
  state.add_door(Door::twilio, first, state.twilio, false);
  state.add_door(Door::old_dialer, first, state.old_dialer, false);
  state.add_door(Door::sinks, first, state.sinks, false);
  state.add_door(Door::control, first, state.control, false);
  for (auto& [door, server] : state.doors) TRY_VOID(server->start());
  return {};
}

Awaitable<void> Sandbox::stop() {
  State& state = *state_;
  // Doors first: nobody may ask for a new call of a carrier that has stopped.
  for (auto& [door, server] : state.doors) co_await server->stop(kGrace);
  co_await state.exotel.stop();
  co_await state.twilio.stop();
  co_await state.old_dialer.stop();
}

std::uint16_t Sandbox::port(Door door) const { return state_->doors.at(door)->port(); }

std::string Sandbox::url(Door door) const {
  const bool tls = !state_->options.certificate_file.empty() && (door == Door::deepgram || door == Door::openai);
  return (tls ? "https://" : "http://") + state_->options.address + ":" + std::to_string(port(door));
}

}  // namespace callramp::sandbox
