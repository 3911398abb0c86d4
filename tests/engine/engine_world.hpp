// The whole engine on the virtual clock: real stores in memory, fakes for everything outside.
#pragma once

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

#include "adapters/sql/stores.hpp"
#include "async/run.hpp"
#include "engine/call_service.hpp"
#include "engine/campaign_runner.hpp"
#include "engine/campaign_service.hpp"
#include "engine/dialer.hpp"
#include "engine/media_host.hpp"
#include "engine/reconciler.hpp"
#include "fakes/fake_language_model.hpp"
#include "fakes/fake_legacy_dialer.hpp"
#include "fakes/fake_metrics.hpp"
#include "fakes/fake_phone_directory.hpp"
#include "fakes/fake_speech_to_text.hpp"
#include "fakes/fake_telephony.hpp"
#include "fakes/fake_text_to_speech.hpp"

namespace callramp::engine {

class NoFeed final : public EventFeed {
 public:
  void publish(FeedEvent) override {}
};

/// 12:00 in India on a Tuesday.
inline const Instant noon = parse_iso("2026-11-24T06:30:00Z").value();

struct EngineWorld {
  asio::io_context context{1};
  async::VirtualClock clock{noon};
  Executor executor = context.get_executor();
  SeededRandom random{42};
  NullLog log;
  NoFeed feed;
  fakes::FakeMetrics metrics;
  fakes::FakePhoneDirectory phones;
  fakes::FakeTelephony carrier{executor, clock};
  fakes::FakeSpeechToText stt{executor, clock};
  fakes::FakeLanguageModel llm{clock};
  fakes::FakeTextToSpeech tts{clock};
  fakes::FakeLegacyDialer old_system{executor, clock};
  std::unique_ptr<sql::SqlStores> stores =
      sql::SqlStores::open({.url = "sqlite::memory:", .now = noon, .run_inline = true}).value();
  PriceBook prices = [] {
    PriceBook book{.version = "test"};
    book.telephony["fake"] = {.pulse = seconds{60}, .per_pulse = parse_money("0.50 INR").value()};
    book.stt_per_minute["*"] = parse_money("0.40 INR").value();
    book.llm["*"] = {.input_per_million = parse_money("30.00 INR").value(),
                     .cached_per_million = parse_money("8.00 INR").value(),
                     .output_per_million = parse_money("130.00 INR").value()};
    book.tts_per_1000_characters["*"] = parse_money("2.50 INR").value();
    return book;
  }();
  NodeId node{"node-1"};
  CallMetrics call_metrics{metrics};
  RoutingBoard board{{executor}, RoutingState{}};
  FlagService flags{node, stores->flags(), board, clock, log, metrics, feed};
  LiveSessions sessions;
  CallingHours calling_hours{{{CallKind::promotional, CallingWindow{}}}, phones};
  Retries retries{{}, calling_hours, random};
  Settler settler{stores->calls(), sessions, prices, retries, clock, log, call_metrics, feed};
  ReadFields read_fields = [](const std::string&) { return voice::Fields{{"name", "Asha"}}; };
  PhraseCache phrases{executor, tts, read_fields, clock, log};
  Carriers carriers{carrier};
  CallService calls{{.old_system_available = true}, stores->calls(), flags, phones, clock, random, log};
  Dialer dialer{executor,        {.node = node, .max_concurrent = 10, .dials_per_second = 100},
                stores->calls(), flags,
                settler,         carriers,
                &old_system,     calling_hours,
                phrases,         clock,
                random,          log,
                call_metrics,    feed};
  CampaignRunner runner{
      executor,
      {.max_concurrent = 10, .dials_per_second = 100, .windows = {{CallKind::promotional, CallingWindow{}}}},
      stores->campaigns(),
      phones,
      clock,
      random,
      log,
      feed,
      [this] { return dialer.open_attempts(); },
      [this] { dialer.wake(); }};
  CampaignService campaigns{{.windows = {{CallKind::promotional, CallingWindow{}}}},
                            stores->campaigns(),
                            calls,
                            phones,
                            clock,
                            random,
                            log,
                            feed};
  Reconciler reconciler{{.node = node}, stores->calls(), settler, dialer, sessions,
                        carriers,       &old_system,     clock,   log,    call_metrics};
  MediaHost host{{},
                 {.stt = stt,
                  .llm = llm,
                  .tts = tts,
                  .phrases = phrases,
                  .clock = clock,
                  .log = log,
                  .metrics = call_metrics,
                  .read_fields = read_fields},
                 stores->calls(),
                 sessions,
                 settler};
  Actor admin{"asha", Role::admin};
  /// Off: a call is one attempt, and its story ends with it.
  bool with_retries = false;

  EngineWorld() {
    carrier.reports_to(&settler, &host);
    old_system.reports_to(&settler);
    calls.set_live_calls(sessions);
    calls.set_waker([this] { dialer.wake(); });
    campaigns.set_live_calls(sessions);
    campaigns.set_waker([this] { runner.wake(); });
    flags.set_gate(dialer);
    old_system.reports(Outcome::completed, seconds{40});
    llm.answers("Your order arrives tomorrow. Anything else?");
  }

  /// Runs `story` beside the dialer and the reconciler, then stops everything in order.
  template <class Story>
  void run(Story story) {
    async::run(context, clock, [&]() -> Awaitable<void> {
      CHECK(co_await stores->agents().put({.id = AgentId{"agent"},
                                           .name = "Agent",
                                           .greeting = "Hello {{name}}.",
                                           .disclosure = "I am an AI assistant.",
                                           .prompt = "Help.",
                                           .created_at = noon,
                                           .updated_at = noon},
                                          "test"));
      CHECK(co_await flags.patch(
          {.outbound_calls_percentage = Percent::from_basis_points(10000).value(), .enable_retry_logic = with_retries},
          std::nullopt, admin, "test", "all on new"));
      async::TaskScope engine(executor);
      engine.spawn(dialer.run());
      engine.spawn(runner.run());
      engine.spawn(reconciler.run());
      co_await story();
      co_await engine.stop();
      co_await carrier.stop();
      co_await old_system.stop();
      co_await phrases.stop();
    });
  }

  Awaitable<CallId> place(std::string phone = "+919876543210") {
    auto accepted = co_await calls.place({.phone = std::move(phone), .agent = AgentId{"agent"}});
    REQUIRE_MESSAGE(accepted, (accepted ? "" : accepted.error().message));
    co_return accepted->call.id;
  }
  Awaitable<CallDetail> get(CallId id) {
    auto detail = co_await calls.get(id);
    REQUIRE(detail);
    co_return std::move(*detail);
  }
  /// Until the call is final, at most `limit`.
  Awaitable<CallDetail> final_call(CallId id, Duration limit = hours{5}) {
    const Instant end = clock.now() + limit;
    for (;;) {
      CallDetail detail = co_await get(id);
      if (detail.call.status == CallStatus::final_ || clock.now() >= end) co_return detail;
      co_await clock.sleep_for(milliseconds{500});
    }
  }
};

}  // namespace callramp::engine
