#include "app/platform.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "adapters/deepgram/deepgram_speech_to_text.hpp"
#include "adapters/deepgram/deepgram_text_to_speech.hpp"
#include "adapters/exotel/exotel_telephony.hpp"
#include "adapters/exotel/routes.hpp"
#include "adapters/legacy_http/legacy_http_dialer.hpp"
#include "adapters/linux/linux_machine.hpp"
#include "adapters/openai/openai_language_model.hpp"
#include "adapters/openai/openai_text_to_speech.hpp"
#include "adapters/phone/lib_phone_number_directory.hpp"
#include "adapters/prometheus/prometheus_metrics.hpp"
#include "adapters/prometheus/prometheus_source.hpp"
#include "adapters/sql/stores.hpp"
#include "adapters/yaml/plan_reader.hpp"
#include "api/api.hpp"
#include "api/first_token.hpp"
#include "api/live_feed.hpp"
#include "app/no_telephony.hpp"
#include "app/price_book.hpp"
#include "app/wiring_campaigns.hpp"
#include "async/io_threads.hpp"
#include "async/task_scope.hpp"
#include "engine/dialer.hpp"
#include "engine/evidence_recorder.hpp"
#include "engine/media_host.hpp"
#include "engine/reconciler.hpp"
#include "engine/rollout_controller.hpp"
#include "net/client_pool.hpp"
#include "net/digest.hpp"
#include "net/http_server.hpp"

namespace callramp::app {
namespace {

// Last words of calls that a stop cuts short: an apology takes about five seconds.
constexpr seconds farewell_time{8};
constexpr seconds server_grace{2};

// The metadata's top level as fields for the agent's texts; what is nested has no place in a sentence.
voice::Fields read_fields(const std::string& metadata_json) {
  voice::Fields fields;
  boost::system::error_code error;
  const boost::json::value metadata = boost::json::parse(metadata_json, error);
  if (error || !metadata.is_object()) return fields;
  for (const auto& [name, value] : metadata.get_object()) {
    if (value.is_string())
      fields.emplace(name, std::string(value.get_string()));
    else if (value.is_number() || value.is_bool())
      fields.emplace(name, boost::json::serialize(value));
  }
  return fields;
}

// One process per data folder: two would both believe that the open attempts are theirs.
class FolderLock {
 public:
  static Result<FolderLock> take(const std::string& folder) {
    std::error_code made;
    std::filesystem::create_directories(folder, made);
    if (made)
      return fail(ErrorCode::internal, fmt::format("cannot make the data folder '{}': {}", folder, made.message()));
    ::chmod(folder.c_str(), 0700);
    const int file = ::open((folder + "/callramp.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return fail(ErrorCode::internal, fmt::format("cannot write into the data folder '{}'", folder));
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
      ::close(file);
      return fail(ErrorCode::conflict,
                  fmt::format("another callramp uses the data folder '{}'; stop it or set CALLRAMP_DATA_DIR", folder));
    }
    return FolderLock(file);
  }
  FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock() {
    if (file_ >= 0) ::close(file_);
  }

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_;
};

bool carrier_configured(const Config& config) {
  return !config.exotel_sid.empty() && !config.exotel_api_key.empty() && !config.exotel_api_token.empty() &&
         !config.exotel_virtual_number.empty();
}

std::map<CallKind, CallingWindow> windows_of(const Config& config) {
  std::map<CallKind, CallingWindow> windows;
  if (config.window_promotional) windows.emplace(CallKind::promotional, *config.window_promotional);
  if (config.window_transactional) windows.emplace(CallKind::transactional, *config.window_transactional);
  if (config.window_service) windows.emplace(CallKind::service, *config.window_service);
  return windows;
}

std::unique_ptr<TextToSpeech> make_voice(const Config& config, net::ClientPool& clients, Log& log) {
  if (config.tts_provider == "openai")
    return std::make_unique<openai::OpenAiTextToSpeech>(
        openai::OpenAiConfig{.base_url = config.openai_base_url, .api_key = config.openai_api_key}, clients, log);
  return std::make_unique<deepgram::DeepgramTextToSpeech>(
      deepgram::DeepgramConfig{.base_url = config.deepgram_base_url, .api_key = config.deepgram_api_key}, clients, log);
}

// What changes how calls go: another value resets what a rollout calls stable. Secrets and addresses are left out.
std::string fingerprint(const Config& config) {
  return net::sha256_hex(fmt::format("{}|{}|{}|{}|{}|{}|{}", config.max_concurrent_outbound_calls,
                                     config.dials_per_second, config.ring_timeout.count(), config.exotel_chunk_bytes,
                                     config.tts_provider, config.default_region, config.exotel_virtual_number))
      .substr(0, 16);
}

// Version and build: two builds of one version are not the same program.
const std::string& program_version() {
  static const std::string version = [] {
    std::ifstream file("/proc/self/exe", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    return fmt::format("{}+{}", CALLRAMP_VERSION, net::sha256_hex(bytes).substr(0, 12));
  }();
  return version;
}

// The whole way round, as a carrier comes: PUBLIC_URL and whatever stands before this server.
Awaitable<Status> ask_health(net::ClientPool& clients, std::string public_url, Instant deadline) {
  net::HttpClient* const client = co_await clients.here();
  CO_TRY(answer, co_await client->fetch({.url = public_url + "/health"}, deadline));
  if (answer.status != 200)
    co_return fail(ErrorCode::unavailable, fmt::format("{}/health answers {}", public_url, answer.status));
  co_return Status{};
}

std::pair<rollout::Plan, std::vector<Error>> read_plan(std::string_view yaml) {
  yaml::ReadPlan read = yaml::read_plan(yaml);
  return {std::move(read.plan), std::move(read.problems)};
}

// A secret of our own making that must survive restarts: made once, kept in the database.
Awaitable<Result<std::string>> kept_secret(SettingStore& settings, Random& random, std::string name) {
  CO_TRY(known, co_await settings.get(name));
  if (known) co_return std::move(*known);
  std::string made = random.hex(16);
  CO_TRY_VOID(co_await settings.put(name, made));
  co_return made;
}

}  // namespace

// Members in the order of their making; each refers to earlier ones only.
struct Platform::Parts {
  Parts(const Config& given, Options options, Log& log, FolderLock held, std::unique_ptr<sql::SqlStores> opened,
        std::unique_ptr<phone::LibPhoneNumberDirectory> directory, PriceBook book,
        std::unique_ptr<async::IoThreads> threads, std::string webhook_secret, bool made_token);

  Executor first() const { return io->executor(0); }
  Awaitable<void> shut_down();
  void mount_vendors();

  Config config;
  Log& log;
  FolderLock lock;
  async::SystemClock clock;
  SystemRandom random;
  std::string admin_token_file;
  std::unique_ptr<sql::SqlStores> stores;
  std::unique_ptr<phone::LibPhoneNumberDirectory> phones;
  PriceBook prices;
  std::unique_ptr<async::IoThreads> io;
  prometheus_adapter::PrometheusMetrics metrics;
  net::ClientPool clients;
  exotel::ExotelConfig exotel_config;
  legacy_http::LegacyHttpConfig legacy_config;
  std::unique_ptr<Telephony> telephony;
  std::unique_ptr<legacy_http::LegacyHttpDialer> legacy;
  deepgram::DeepgramSpeechToText stt;
  openai::OpenAiLanguageModel llm;
  std::unique_ptr<TextToSpeech> tts;

  NodeId node;
  api::LiveFeed feed;
  engine::CallMetrics call_metrics;
  engine::RoutingBoard board;
  engine::FlagService flags;
  engine::LiveSessions sessions;
  engine::CallingHours calling_hours;
  engine::Retries retries;
  engine::Settler settler;
  engine::PhraseCache phrases;
  engine::CallService calls;
  engine::ScheduleService schedules;
  engine::Dialer dialer;
  CampaignParts campaigns;
  engine::Reconciler reconciler;
  engine::MediaHost media;
  exotel::MediaCounters media_counters;
  exotel::ExotelRoutes exotel_routes;
  linux_adapter::LinuxMachine machine;
  std::unique_ptr<prometheus_adapter::PrometheusSource> prometheus;
  engine::TimeRecorder times;
  engine::EvidenceRecorder recorder;
  engine::EvidenceCollector collector;
  engine::RolloutController rollouts;
  api::Api api;
  net::HttpServer server;
  std::unique_ptr<async::TaskScope> running;  // made, stopped and destroyed on the first executor
};

Platform::Parts::Parts(const Config& given, Options options, Log& sink, FolderLock held,
                       std::unique_ptr<sql::SqlStores> opened,
                       std::unique_ptr<phone::LibPhoneNumberDirectory> directory, PriceBook book,
                       std::unique_ptr<async::IoThreads> threads, std::string webhook_secret, bool made_token)
    : config(given),
      log(sink),
      lock(std::move(held)),
      admin_token_file(made_token ? config.data_dir + "/admin-token" : ""),
      stores(std::move(opened)),
      phones(std::move(directory)),
      prices(std::move(book)),
      io(std::move(threads)),
      clients(io->executors(), net::ClientOptions{.ca_file = config.provider_ca_file}, log),
      exotel_config{.base_url = config.exotel_base_url,
                    .api_key = config.exotel_api_key,
                    .api_token = config.exotel_api_token,
                    .account_sid = config.exotel_sid,
                    .caller_id = config.exotel_virtual_number,
                    .public_url = config.public_url,
                    .webhook_secret = webhook_secret},
      legacy_config{.base_url = config.old_system_url,
                    .token = config.old_system_token,
                    .public_url = config.public_url,
                    .webhook_secret = webhook_secret},
      telephony(carrier_configured(config) ? std::unique_ptr<Telephony>(std::make_unique<exotel::ExotelTelephony>(
                                                 exotel_config, clients, clock, log))
                                           : std::make_unique<NoTelephony>()),
      legacy(config.old_system_url.empty()
                 ? nullptr
                 : std::make_unique<legacy_http::LegacyHttpDialer>(legacy_config, clients, log)),
      stt({.base_url = config.deepgram_base_url, .api_key = config.deepgram_api_key}, clients, clock, log),
      llm({.base_url = config.openai_base_url, .api_key = config.openai_api_key}, clients, clock, log),
      tts(make_voice(config, clients, log)),
      node(make_id<NodeId>(clock.now(), random)),
      call_metrics(metrics),
      board(io->executors(), RoutingState{}),
      flags(node, stores->flags(), board, clock, log, metrics, feed),
      calling_hours(windows_of(config), *phones),
      retries(config.retry, calling_hours, random),
      settler(stores->calls(), sessions, prices, retries, clock, log, call_metrics, feed),
      phrases(first(), *tts, read_fields, clock, log),
      calls({.default_region = config.default_region, .old_system_available = legacy != nullptr}, stores->calls(),
            flags, *phones, clock, random, log),
      schedules(config.default_region, stores->schedules(), flags, *phones, calling_hours, clock, random, log),
      dialer(first(),
             {.node = node,
              .max_concurrent = config.max_concurrent_outbound_calls,
              .dials_per_second = config.dials_per_second,
              .burst = std::max(5, static_cast<int>(config.dials_per_second)),
              .ring_timeout = config.ring_timeout,
              .max_per_number_per_day = config.max_attempts_per_number_per_day,
              .max_ringing = config.max_ringing,
              .plan_next = schedules.plan()},
             stores->calls(), flags, settler, *telephony, legacy.get(), calling_hours, phrases, clock, random, log,
             call_metrics, feed),
      campaigns({.executor = first(),
                 .limits = dialer.config(),
                 .windows = windows_of(config),
                 .currency = prices.currency,
                 .stores = *stores,
                 .calls = calls,
                 .dialer = dialer,
                 .live_calls = sessions,
                 .phones = *phones,
                 .clock = clock,
                 .random = random,
                 .log = log,
                 .feed = feed}),
      reconciler({.node = node, .ring_timeout = config.ring_timeout, .price_after = config.price_after},
                 stores->calls(), settler, dialer, sessions, *telephony, legacy.get(), clock, log, call_metrics),
      media({.session = {.playback = {.chunk_bytes = static_cast<std::size_t>(config.exotel_chunk_bytes)}},
             .token_life = config.ring_timeout + seconds{60}},
            {.stt = stt,
             .llm = llm,
             .tts = *tts,
             .phrases = phrases,
             .clock = clock,
             .log = log,
             .metrics = call_metrics,
             .read_fields = read_fields},
            stores->calls(), sessions, settler),
      media_counters(metrics),
      exotel_routes{
          .config = exotel_config, .events = settler, .sessions = media, .counters = media_counters, .log = log},
      prometheus(config.prometheus_url.empty()
                     ? nullptr
                     : std::make_unique<prometheus_adapter::PrometheusSource>(
                           prometheus_adapter::PrometheusSourceConfig{.base_url = config.prometheus_url,
                                                                      .token = config.prometheus_token},
                           clients)),
      times(clock, node.str()),
      recorder({.node = node, .gauges = options.gauges_every, .max_concurrent = config.max_concurrent_outbound_calls},
               {.health = [this](Instant deadline) { return ask_health(clients, config.public_url, deadline); },
                .dialer_look = [this] { return dialer.last_look(); },
                .open_attempts = [this] { return dialer.open_attempts(); },
                .active_calls = [this] { return static_cast<std::int64_t>(sessions.size()); },
                .database = [this] { return stores->executor().take_load(); },
                .machine = &machine,
                .prometheus = prometheus.get(),
                .legacy = legacy.get()},
               stores->rollouts(), stores->calls(), times, clock, log),
      collector(
          {.binary = program_version(), .configuration = fingerprint(config), .has_old_system = legacy != nullptr},
          stores->rollouts(), stores->calls(), stores->flags(), *phones, log),
      // The data folder's lock says that an earlier holder is dead: its lease need not run out first.
      rollouts(first(), {.holder = NodeId{"single"}, .version = program_version(), .look_every = options.look_every},
               {.read_plan = read_plan,
                .in_force =
                    [this](const rollout::Plan& plan) {
                      recorder.watch(plan);
                      times.set_bucket(plan.pace.bucket);
                    }},
               stores->rollouts(), flags, stores->flags(), collector, *phones, clock, log, metrics, feed),
      api({.flags = flags,
           .calls = calls,
           .schedules = schedules,
           .campaigns = campaigns.service,
           .live_calls = sessions,
           .call_metrics = call_metrics,
           .agents = stores->agents(),
           .do_not_call = stores->do_not_call(),
           .tokens = stores->tokens(),
           .audit = stores->audit(),
           .outcomes = stores->outcomes(),
           .rollouts = rollouts,
           .phones = *phones,
           .feed = feed,
           .metrics = metrics,
           .clock = clock,
           .random = random,
           .log = log,
           .exposition = [this] { return metrics.exposition(); },
           .ready = [this]() -> Awaitable<Status> {
             CO_TRY(state, co_await stores->flags().current());
             (void)state;
             co_return Status{};
           },
           .webhook_secret = webhook_secret,
           .default_region = config.default_region,
           .open_page = options.open_page}),
      server(
          io->executors(),
          {.address = config.host,
           .port = config.port,
           .bind_patience = seconds{2},
           .certificate_file = config.tls_certificate_file,
           .private_key_file = config.tls_private_key_file},
          [this](net::Request& request) { return api.handle(request); }, log) {
  calls.set_live_calls(sessions);
  calls.set_waker([this] { dialer.wake(); });
  flags.set_gate(dialer);
  flags.on_change([this] { rollouts.wake(); });
  call_metrics.set_times(times);
  mount_vendors();
}

void Platform::Parts::mount_vendors() {
  api.router().mount("POST", "/webhooks/exotel/{secret}/call-status", [this](api::Exchange& exchange) {
    return exotel::exotel_webhook(exchange.request, exchange.param("secret"), exotel_routes);
  });
  api.router().mount("GET", "/ws/exotel/voice/{streamToken}", [this](api::Exchange& exchange) {
    return exotel::exotel_media(exchange.request, exchange.param("streamToken"), exotel_routes);
  });
  api.router().mount("POST", "/webhooks/old-system/{secret}/call-status", [this](api::Exchange& exchange) {
    return legacy_http::legacy_webhook(exchange.request, exchange.param("secret"), legacy_config, settler, log);
  });
}

Platform::Platform(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Platform::~Platform() = default;

Result<std::unique_ptr<Platform>> Platform::create(const Config& config, Options options, Log& log) {
  TRY(lock, FolderLock::take(config.data_dir));
  TRY(prices, load_price_book(config.prices_file));
  TRY(phones, phone::LibPhoneNumberDirectory::create());
  async::SystemClock clock;
  SystemRandom random;
  TRY(stores, sql::SqlStores::open({.url = config.database_url, .now = clock.now()}));
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  auto io =
      std::make_unique<async::IoThreads>(config.io_threads > 0 ? static_cast<std::size_t>(config.io_threads) : cores);
  const Executor first = io->executor(0);
  TRY(secret, async::run_blocking(first, kept_secret(stores->settings(), random, "webhook_secret")));
  TRY(made_token,
      async::run_blocking(first, api::ensure_admin_token(stores->tokens(), config.data_dir, random, clock)));
  auto parts = std::make_unique<Parts>(config, options, log, std::move(lock), std::move(stores), std::move(phones),
                                       std::move(prices), std::move(io), std::move(secret), made_token);
  TRY_VOID(async::run_blocking(first, [](Parts& made) -> Awaitable<Status> {
    CO_TRY_VOID(co_await made.api.load_tokens());
    CO_TRY(rollouts, co_await made.stores->rollouts().rollouts());
    const bool one_runs = std::ranges::any_of(rollouts, [](const RolloutRecord& record) {
      return record.state.stage != rollout::Stage::planned && record.state.stage != rollout::Stage::succeeded;
    });
    co_return co_await made.flags.apply_environment(made.config.flags, one_runs);
  }(*parts)));
  return std::unique_ptr<Platform>(new Platform(std::move(parts)));
}

Status Platform::start() {
  Parts& parts = *parts_;
  TRY_VOID(parts.server.start());
  async::run_blocking(parts.first(), [](Parts& made) -> Awaitable<void> {
    made.running = std::make_unique<async::TaskScope>(made.first());
    made.running->spawn(made.dialer.run());
    made.running->spawn(made.campaigns.runner.run());
    made.running->spawn(made.schedules.catch_up());
    made.running->spawn(made.reconciler.run());
    made.running->spawn(made.recorder.run());
    made.running->spawn(made.rollouts.run());
    co_return;
  }(parts));
  if (!carrier_configured(parts.config))
    parts.log.warn("no_carrier", {{"why",
                                   "EXOTEL_SID, EXOTEL_API_KEY, EXOTEL_API_TOKEN or EXOTEL_VIRTUAL_NUMBER is not set: "
                                   "calls on the new system wait"}});
  for (const std::string& key : parts.config.unused_keys)
    parts.log.warn("setting_not_used", {{"key", key}, {"why", "this version of callramp does not use it yet"}});
  parts.log.info("started", {{"node", parts.node},
                             {"port", parts.server.port()},
                             {"public_url", parts.config.public_url},
                             {"io_threads", parts.io->size()}});
  return {};
}

Awaitable<void> Platform::Parts::shut_down() {
  if (running) {
    co_await running->stop();
    running.reset();
  }
  const Instant drained_by = clock.now() + config.drain_timeout;
  while (sessions.size() > 0 && clock.now() < drained_by) co_await clock.sleep_for(milliseconds{100});
  if (sessions.size() > 0) {
    log.warn("drain_cut_short", {{"calls", sessions.size()}});
    sessions.hang_up_all(engine::Parting::apology);
    const Instant said_by = clock.now() + farewell_time;
    while (sessions.size() > 0 && clock.now() < said_by) co_await clock.sleep_for(milliseconds{100});
  }
  feed.close();
  co_await server.stop(server_grace);
  co_await phrases.stop();
}

void Platform::stop() {
  Parts& parts = *parts_;
  parts.log.info("stopping", {{"calls", parts.sessions.size()}});
  async::run_blocking(parts.first(), parts.shut_down());
  parts.io->stop();
  parts.log.info("stopped");
}

std::uint16_t Platform::port() const noexcept { return parts_->server.port(); }
engine::RolloutService& Platform::rollouts() noexcept { return parts_->rollouts; }
Executor Platform::executor() const { return parts_->first(); }
const std::string& Platform::admin_token_file() const noexcept { return parts_->admin_token_file; }

}  // namespace callramp::app
