// The nouns of calling: call, attempt, outcome, agent. Values only; who stores and who acts is elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/money.hpp"
#include "base/phone.hpp"
#include "base/time.hpp"
#include "core/calls/calling_window.hpp"

namespace callramp {

/// Who dials: callramp's own engine, or the legacy dialer behind its adapter.
enum class System { new_system, old_system };

/// How a call (or an attempt) ended, exactly one. `unknown` is for attempts only: the provider cannot say; an unknown
/// last attempt makes its call `failed`.
enum class Outcome {
  completed,       ///< a person answered, at least min_talk connected, said something that we answered, no fault
  voicemail_left,  ///< a machine answered and got our message
  voicemail,       ///< a machine answered, no message left
  no_answer,
  busy,
  rejected,        ///< only where the carrier says so
  invalid_number,  ///< only where the carrier says so
  unreachable,     ///< operator announcement, or the carrier's "failed" without an error or media of ours
  early_hangup,    ///< a person, less than what `completed` asks
  failed,          ///< with a Fault
  cancelled,       ///< by an operator before it was answered
  expired,         ///< its window or its retries ran out
  unknown,
};

/// Whose fault a `failed` is.
enum class Fault { ours, telephony, stt, llm, tts, old_system };

enum class CallStatus {
  scheduled,  ///< due later
  queued,     ///< due now, waits for the dialer
  dialing,    ///< intent stored; the provider may or may not have it
  ringing,
  in_progress,  ///< answered
  final_,       ///< has its outcome
  handed_back,  ///< routed to old without an adapter: the caller dials, and reports by POST /outcomes
};

enum class Priority { low, medium, high };

/// Decides the calling window's default and the caller id series.
enum class CallKind { transactional, promotional, service };

std::string_view to_string(System system) noexcept;      ///< "new-system", "old-system"
std::string_view metric_label(System system) noexcept;   ///< "new", "old"
std::string_view to_string(Outcome outcome) noexcept;    ///< "completed", …
std::string_view to_string(Fault fault) noexcept;        ///< "ours", …, "old"
std::string_view to_string(CallStatus status) noexcept;  ///< "final" for final_
std::string_view to_string(Priority priority) noexcept;
std::string_view to_string(CallKind kind) noexcept;
Result<System> parse_system(std::string_view text);
Result<Outcome> parse_outcome(std::string_view text);
Result<Fault> parse_fault(std::string_view text);
Result<CallStatus> parse_call_status(std::string_view text);
Result<Priority> parse_priority(std::string_view text);
Result<CallKind> parse_call_kind(std::string_view text);

/// completed or voicemail_left.
bool is_success(Outcome outcome) noexcept;
/// False for cancelled, which counts in no rate and not in calls_total.
bool is_counted(Outcome outcome) noexcept;

/// The AI persona that speaks.
struct Agent {
  AgentId id;
  std::string name;
  std::string greeting;    ///< first sentence; {{name}}-style fields come from the contact's metadata
  std::string disclosure;  ///< says that an AI speaks; heard before the greeting; must not be empty
  std::string prompt;      ///< the language model's system message
  std::string goodbye = "Thank you for your time. Goodbye.";
  std::string apology = "Sorry, we have a technical problem and will call you again. Goodbye.";
  std::string language = "en-IN";  ///< BCP 47
  std::string voice = "aura-2-thalia-en";
  std::string model = "gpt-4.1-mini";
  std::string stt_model = "nova-3";
  seconds max_duration{600};
  int max_turns = 40;
  Instant created_at{};
  Instant updated_at{};
};

struct Call {
  CallId id;
  PhoneNumber phone;
  UserId user;  ///< routing key: the request's userId, else the E.164 number
  AgentId agent;
  std::string metadata_json = "{}";  ///< an object, at most 10 KiB
  Priority priority = Priority::medium;
  CallKind kind = CallKind::transactional;
  std::string timezone;  ///< IANA name of the contact, empty if not known
  CallStatus status = CallStatus::queued;
  System accepted_system = System::old_system;  ///< the routing at acceptance, as the 202 said
  std::optional<System> system;                 ///< decided when the first attempt was claimed
  std::optional<Outcome> outcome;
  std::optional<Fault> fault;
  std::string reason;  ///< one sentence: why it ended so, or why it waits
  bool test = false;   ///< outside every rate
  bool cancel_requested = false;
  int attempts = 0;
  int retries = 0;  ///< automatic ones that were dialed
  std::optional<BatchId> batch;
  std::optional<CampaignId> campaign;
  std::optional<std::int64_t> contact;  ///< the campaign's contact that it was made of
  Instant created_at{};
  Instant due_at{};
  Instant updated_at{};
  std::optional<Instant> retry_at;          ///< exactly while it waits for another dial: not before then
  std::optional<Instant> first_attempt_at;  ///< of the first dial that was really made
  std::optional<Instant> final_at;
  std::optional<CallId> retry_of;      ///< a person asked for it because this one had come to nothing
  std::optional<ScheduleId> schedule;  ///< that made it
  std::optional<CallingWindow> hours;  ///< its own business hours, inside the window of its kind
  std::string hours_zone;              ///< IANA zone of `hours`
};

/// One dial of a call.
struct Attempt {
  AttemptId id;
  CallId call;
  int number = 1;  ///< 1, 2, …
  System system = System::new_system;
  std::string provider;          ///< the carrier's name as its adapter gives it, or "old"
  std::string provider_call_id;  ///< empty until the provider answered our request
  PhoneNumber phone;
  std::string caller_id;
  CallStatus status = CallStatus::dialing;  ///< dialing, ringing, in_progress, final_
  std::optional<Outcome> outcome;
  std::optional<Fault> fault;
  std::string reason;
  std::string stream_token;  ///< 32 hex digits; opens the media WebSocket of this attempt once
  NodeId node;               ///< holds the lease
  Instant lease_until{};
  Instant started_at{};              ///< when the intent was stored
  std::optional<Instant> placed_at;  ///< when the provider accepted
  std::optional<Instant> answered_at;
  std::optional<Instant> media_started_at;
  std::optional<Instant> ended_at;
  std::optional<seconds> carrier_duration;
  std::optional<Money> carrier_price;
  std::string permission_json = "{}";  ///< what allowed this dial: kind, window, zone, do-not-call version, caller id
  bool manual_retry = false;           ///< a person asked for this dial
};

enum class Speaker { agent, callee };

/// One utterance as it was heard: of the agent only what was played.
struct TranscriptLine {
  Speaker speaker = Speaker::callee;
  std::string text;
  milliseconds from{};  ///< since the stream's start
  milliseconds to{};
  bool interrupted = false;  ///< the rest was cut by the callee
};

/// Where the time of one reply went. Unset: the stage did not happen.
struct TurnTiming {
  int turn = 0;                                ///< 1, 2, …; the greeting is 0
  std::optional<milliseconds> endpointing;     ///< end of the callee's speech → the STT's final
  std::optional<milliseconds> first_token;     ///< final → the model's first token
  std::optional<milliseconds> first_sentence;  ///< final → the first speakable sentence
  std::optional<milliseconds> first_audio;     ///< final → the first byte of speech from the TTS
  std::optional<milliseconds> first_played;    ///< final → the first audio handed to the line
};

/// What an attempt used; prices are applied by the price book.
struct Usage {
  Duration stt_audio{};
  std::string stt_model;
  std::string llm_model;
  std::int64_t llm_input_tokens = 0;
  std::int64_t llm_cached_tokens = 0;
  std::int64_t llm_output_tokens = 0;
  bool llm_estimated = false;  ///< a cancelled stream sends no usage: counted at four characters a token
  std::string tts_voice;
  std::int64_t tts_characters = 0;
  Duration talk{};  ///< connected time, as we measured it
};

struct CostLine {
  std::string provider;  ///< as the adapter that caused the cost names itself
  std::string item;      ///< "outbound minute pulse", "nova-3 streaming", …
  double quantity = 0;
  std::string unit;
  Money cost;
  bool estimated = true;  ///< replaced when the carrier's price comes
};

}  // namespace callramp
