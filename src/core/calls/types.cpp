#include "core/calls/types.hpp"

#include <array>
#include <utility>

#include "base/ensure.hpp"

namespace callramp {
namespace {

// One table per enumeration serves both directions, so that what we write we also read.
template <class Enum, std::size_t N>
struct Names {
  std::array<std::pair<Enum, std::string_view>, N> rows;
  const char* noun;

  std::string_view write(Enum value) const noexcept {
    for (const auto& [key, text] : rows)
      if (key == value) return text;
    ENSURE(false, "a value outside its enumeration");
  }
  Result<Enum> read(std::string_view text) const {
    for (const auto& [key, name] : rows)
      if (name == text) return key;
    std::string message = std::string(noun) + " '" + std::string(text.substr(0, 40)) + "' is not one of";
    for (const auto& row : rows) message += " " + std::string(row.second);
    return fail(ErrorCode::invalid_request, std::move(message));
  }
};

constexpr Names<System, 2> systems{{{{System::new_system, "new-system"}, {System::old_system, "old-system"}}},
                                   "system"};
constexpr Names<Outcome, 13> outcomes{{{{Outcome::completed, "completed"},
                                        {Outcome::voicemail_left, "voicemail_left"},
                                        {Outcome::voicemail, "voicemail"},
                                        {Outcome::no_answer, "no_answer"},
                                        {Outcome::busy, "busy"},
                                        {Outcome::rejected, "rejected"},
                                        {Outcome::invalid_number, "invalid_number"},
                                        {Outcome::unreachable, "unreachable"},
                                        {Outcome::early_hangup, "early_hangup"},
                                        {Outcome::failed, "failed"},
                                        {Outcome::cancelled, "cancelled"},
                                        {Outcome::expired, "expired"},
                                        {Outcome::unknown, "unknown"}}},
                                      "outcome"};
constexpr Names<Fault, 6> faults{{{{Fault::ours, "ours"},
                                   {Fault::telephony, "telephony"},
                                   {Fault::stt, "stt"},
                                   {Fault::llm, "llm"},
                                   {Fault::tts, "tts"},
                                   {Fault::old_system, "old"}}},
                                 "fault"};
constexpr Names<CallStatus, 7> statuses{{{{CallStatus::scheduled, "scheduled"},
                                          {CallStatus::queued, "queued"},
                                          {CallStatus::dialing, "dialing"},
                                          {CallStatus::ringing, "ringing"},
                                          {CallStatus::in_progress, "in_progress"},
                                          {CallStatus::final_, "final"},
                                          {CallStatus::handed_back, "handed_back"}}},
                                        "status"};
constexpr Names<Priority, 3> priorities{
    {{{Priority::low, "low"}, {Priority::medium, "medium"}, {Priority::high, "high"}}}, "priority"};
constexpr Names<CallKind, 3> kinds{{{{CallKind::transactional, "transactional"},
                                     {CallKind::promotional, "promotional"},
                                     {CallKind::service, "service"}}},
                                   "kind"};

}  // namespace

std::string_view to_string(System system) noexcept { return systems.write(system); }
std::string_view metric_label(System system) noexcept { return system == System::new_system ? "new" : "old"; }
std::string_view to_string(Outcome outcome) noexcept { return outcomes.write(outcome); }
std::string_view to_string(Fault fault) noexcept { return faults.write(fault); }
std::string_view to_string(CallStatus status) noexcept { return statuses.write(status); }
std::string_view to_string(Priority priority) noexcept { return priorities.write(priority); }
std::string_view to_string(CallKind kind) noexcept { return kinds.write(kind); }
Result<System> parse_system(std::string_view text) { return systems.read(text); }
Result<Outcome> parse_outcome(std::string_view text) { return outcomes.read(text); }
Result<Fault> parse_fault(std::string_view text) { return faults.read(text); }
Result<CallStatus> parse_call_status(std::string_view text) { return statuses.read(text); }
Result<Priority> parse_priority(std::string_view text) { return priorities.read(text); }
Result<CallKind> parse_call_kind(std::string_view text) { return kinds.read(text); }

bool is_success(Outcome outcome) noexcept {
  return outcome == Outcome::completed || outcome == Outcome::voicemail_left;
}
bool is_counted(Outcome outcome) noexcept { return outcome != Outcome::cancelled; }

}  // namespace callramp
