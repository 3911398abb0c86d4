// Conversation: the dialogue's state. What the agent must say, what the model is asked with, when it is enough, and the
// facts from which the call's outcome is decided.
//
// The history holds only what was *heard*: a reply that was interrupted stands there up to the last word that played,
// or the model would build on sentences that nobody got. Every end but a fault is a polite one. A state machine: the
// engine tells it what happened and carries out the Action that comes back; next_check() says when to ask without an
// event.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "voice/template_text.hpp"

namespace callramp::voice {

/// The tool by which the language model ends a call.
inline constexpr std::string_view end_call_tool = "end_call";

/// What an agent says by itself. All texts may hold {{fields}}.
struct AgentScript {
  std::string greeting = "Hello {{name}}.";
  std::string prompt;
  /// BCP 47, e.g. "hi-IN"; told to the model. Empty: the model follows the callee.
  std::string language;
  /// Spoken within the greeting, and again if the callee interrupted before it was heard. Empty: none is demanded.
  std::string disclosure = "I am an AI assistant.";
  std::string silence_prompt = "Are you still there?";
  std::string farewell = "Thank you for your time. Goodbye.";
  /// For a failure of ours or of a provider, and once more as the last words.
  std::string apology = "Sorry, I did not get that. Could you say it again?";
  std::string fault_farewell = "I am sorry, we have a technical problem. We will call you back. Goodbye.";
};

struct ConversationLimits {
  int max_turns = 40;
  /// Silence of both sides before the silence prompt, and before the farewell after the last one.
  Duration silence = seconds{8};
  int max_silence_prompts = 2;
  /// From the answer. The farewell starts at the next pause after this; `farewell_grace` later the call ends anyway.
  Duration max_duration = minutes{10};
  Duration farewell_grace = seconds{20};
  /// Replies that may fail one after the other before the call ends with fault_farewell.
  int max_failures = 2;
};

struct Message {
  enum class Role { system, user, assistant };
  Role role = Role::user;
  std::string content;
  bool operator==(const Message&) const = default;
};

enum class EndReason { agent_ended, silence, max_turns, max_duration, fault, stopped, callee_hung_up };
std::string_view to_string(EndReason reason) noexcept;

// What is to be done.
struct Nothing {};
/// Ask the language model with messages() and play its answer.
struct AskModel {};
/// Play this text.
struct Say {
  enum class Kind { greeting, silence_prompt, farewell, apology, resumed };
  std::string text;
  Kind kind = Kind::farewell;
};
struct HangUp {
  EndReason reason = EndReason::agent_ended;
};
using Action = std::variant<Nothing, AskModel, Say, HangUp>;

/// What a call's outcome is decided from (the decision is core's).
struct ConversationFacts {
  bool person_spoke = false;          ///< a turn with words
  bool we_answered = false;           ///< a reply, or the rest of the greeting, was heard after such a turn
  bool we_were_heard = false;         ///< a word of ours reached the callee
  bool disclosure_heard = false;      ///< true also where none is demanded
  bool turn_left_unanswered = false;  ///< replies failed, and no later one was heard
  int turns = 0;
  Duration connected{0};
  std::optional<EndReason> end;
};

class Conversation {
 public:
  Conversation(AgentScript script, Fields fields, ConversationLimits limits = {});

  /// The call was answered: what to say at once. Also tells the fields that the script wanted and the contact lacks.
  Say begin(Instant now);
  const std::vector<std::string>& missing_fields() const noexcept { return missing_; }
  /// The greeting as begin() will say it: it can be rendered before the call.
  std::string greeting() const;

  // What happened.
  /// The callee has the floor: what we were saying must be cleared, a reply on its way cancelled, and what was heard of
  /// it reported by spoken(). Only while may_interrupt().
  void callee_started(Instant now);
  Action callee_said(std::string_view text, Instant now);
  /// A turn of noise. If it interrupted us, the rest of what we were saying follows.
  Action callee_said_nothing(Instant now);
  /// Playback has ended an utterance, by itself or by a clear: whole words heard, and the rest.
  Action spoken(std::string_view heard, std::string_view unheard, Instant now);
  /// The model has called its end_call tool. `reply_has_text`: it also says something, which is played first.
  Action end_call_requested(bool reply_has_text, Instant now);
  /// No useful reply by the deadline, or text-to-speech failed for all of it.
  Action reply_failed(Instant now);
  /// The operator has stopped calls in progress: `text` is the one apology.
  Action stop(std::string text, Instant now);
  void callee_hung_up(Instant now);
  Action check(Instant now);
  /// When check() will find something if nothing else happens; nothing before the beginning and after the end.
  std::optional<Instant> next_check() const;

  /// For the model: the system prompt, then the dialogue as heard. Two user messages never stand next to each other.
  std::vector<Message> messages() const;
  /// Text that must come before the next reply: the disclosure, as long as it has not been heard. Else empty.
  std::string owed_before_reply() const;
  ConversationFacts facts(Instant now) const;
  /// False during last words that nothing can change any more: the callee may talk, we finish and hang up.
  bool may_interrupt() const noexcept;
  bool ended() const noexcept { return facts_.end.has_value(); }

 private:
  // Whose move it is; `open` is both and neither: the silence that is timed.
  enum class Floor { before, agent, callee, open };

  Action close(EndReason reason, std::string text, Instant now);
  Action say(Say::Kind kind, std::string text);
  HangUp hang_up(EndReason reason, Instant now);
  std::string rest_of_speech() const;
  bool has_disclosure(std::string_view text) const;
  void remember(Message::Role role, std::string_view text);
  void fill_in(std::string& pattern, const Fields& fields);

  ConversationLimits limits_;
  AgentScript script_;
  std::vector<std::string> missing_;
  std::vector<Message> history_;
  Floor floor_ = Floor::before;
  Instant answered_at_{};
  Instant quiet_since_{};
  Instant closing_since_{};
  // What we said last, split where it was interrupted. No kind: the model's reply.
  std::optional<Say::Kind> saying_;
  std::string heard_;
  std::string unheard_;
  bool unanswered_ = false;  // the callee's last words still wait for a reply
  int silence_prompts_ = 0;
  int failures_ = 0;  // one after the other
  std::optional<EndReason> closing_;
  ConversationFacts facts_;
};

}  // namespace callramp::voice
