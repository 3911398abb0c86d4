#include "voice/conversation.hpp"

#include <algorithm>
#include <utility>

#include "base/ensure.hpp"
#include "voice/sentence_splitter.hpp"
#include "voice/text.hpp"

namespace callramp::voice {

namespace {

// Every agent's prompt ends with these: they describe the telephone, not the agent.
constexpr std::string_view telephone_rules =
    "You are speaking on the telephone. Answer in one or two short spoken sentences, without lists, markup or emoji. "
    "Where one of your messages stops in the middle, the callee interrupted you there and heard no more. "
    "Never claim to be human. When the conversation is over, or the callee wants to stop, say goodbye and call the "
    "tool "
    "end_call.";

// More than anybody says in one turn; a speech service that went wrong must not fill the model's context.
constexpr std::size_t longest_turn_bytes = 4000;

// "Hello?" while the greeting plays is no question for the model: at most this many words, and the greeting goes on.
constexpr std::size_t hello_words = 2;

}  // namespace

std::string_view to_string(EndReason reason) noexcept {
  switch (reason) {
    case EndReason::agent_ended: return "agent_ended";
    case EndReason::silence: return "silence";
    case EndReason::max_turns: return "max_turns";
    case EndReason::max_duration: return "max_duration";
    case EndReason::fault: return "fault";
    case EndReason::stopped: return "stopped";
    case EndReason::callee_hung_up: return "callee_hung_up";
  }
  ENSURE(false, "an EndReason outside its enumeration");
}

Conversation::Conversation(AgentScript script, Fields fields, ConversationLimits limits)
    : limits_(limits), script_(std::move(script)) {
  for (std::string* text : {&script_.greeting, &script_.prompt, &script_.disclosure, &script_.silence_prompt,
                            &script_.farewell, &script_.apology, &script_.fault_farewell})
    fill_in(*text, fields);
  facts_.disclosure_heard = words_of(script_.disclosure).empty();
}

void Conversation::fill_in(std::string& pattern, const Fields& fields) {
  FilledText filled = fill(pattern, fields);
  pattern = std::move(filled.text);
  for (std::string& name : filled.missing)
    if (std::ranges::find(missing_, name) == missing_.end()) missing_.push_back(std::move(name));
}

std::string Conversation::greeting() const {
  if (has_disclosure(script_.greeting)) return script_.greeting;
  // After the first sentence: "Hello Asha. I am an AI assistant. Do you have a minute?"
  std::string text;
  bool disclosed = false;
  for (const std::string& sentence : sentences_of(script_.greeting)) {
    append_spaced(text, sentence);
    if (!disclosed) append_spaced(text, script_.disclosure);
    disclosed = true;
  }
  return disclosed ? text : script_.disclosure;
}

Say Conversation::begin(Instant now) {
  answered_at_ = now;
  floor_ = Floor::agent;
  saying_ = Say::Kind::greeting;
  return {.text = greeting(), .kind = Say::Kind::greeting};
}

bool Conversation::may_interrupt() const noexcept {
  // What the callee says can still turn a goodbye of the agent's or a silence into a conversation; a limit it cannot.
  return !closing_ || *closing_ == EndReason::agent_ended || *closing_ == EndReason::silence;
}

void Conversation::callee_started(Instant) {
  if (floor_ != Floor::before && may_interrupt()) floor_ = Floor::callee;
}

Action Conversation::callee_said(std::string_view text, Instant now) {
  text = prefix(trimmed(text), longest_turn_bytes);
  if (floor_ == Floor::before || ended()) return Nothing{};
  if (!is_speakable(text)) return callee_said_nothing(now);
  ++facts_.turns;
  facts_.person_spoke = true;
  remember(Message::Role::user, text);
  if (!may_interrupt()) return Nothing{};
  closing_.reset();
  silence_prompts_ = 0;
  unanswered_ = true;
  if (facts_.turns > limits_.max_turns) return close(EndReason::max_turns, script_.farewell, now);
  if (now >= answered_at_ + limits_.max_duration) return close(EndReason::max_duration, script_.farewell, now);
  floor_ = Floor::agent;
  if (saying_ == Say::Kind::greeting && !unheard_.empty() && words_of(text).size() <= hello_words)
    return say(Say::Kind::resumed, rest_of_speech());
  saying_.reset();
  heard_.clear();
  unheard_.clear();
  return AskModel{};
}

Action Conversation::callee_said_nothing(Instant now) {
  if (floor_ != Floor::callee || ended()) return Nothing{};
  if (!unheard_.empty()) return say(Say::Kind::resumed, rest_of_speech());
  if (closing_) return hang_up(*closing_, now);
  if (unanswered_) {  // the noise has cancelled a reply that was on its way
    floor_ = Floor::agent;
    return AskModel{};
  }
  floor_ = Floor::open;
  quiet_since_ = now;
  return Nothing{};
}

Action Conversation::spoken(std::string_view heard, std::string_view unheard, Instant now) {
  if (floor_ == Floor::before) return Nothing{};
  if (!heard.empty()) {
    remember(Message::Role::assistant, heard);
    facts_.we_were_heard = true;
    const bool reply = !saying_ || saying_ == Say::Kind::greeting;
    if (reply && facts_.person_spoke) {
      facts_.we_answered = true;
      unanswered_ = facts_.turn_left_unanswered = false;
      failures_ = 0;
    }
  }
  append_spaced(heard_, heard);
  append_spaced(unheard_, unheard);
  facts_.disclosure_heard = facts_.disclosure_heard || has_disclosure(heard_);
  if (ended()) return Nothing{};
  if (closing_ && (unheard_.empty() || !may_interrupt())) return hang_up(*closing_, now);
  if (floor_ == Floor::agent) {
    floor_ = Floor::open;
    quiet_since_ = now;
  }
  return Nothing{};
}

Action Conversation::end_call_requested(bool reply_has_text, Instant now) {
  if (floor_ != Floor::agent || ended() || closing_) return Nothing{};
  if (!reply_has_text) return close(EndReason::agent_ended, script_.farewell, now);
  closing_ = EndReason::agent_ended;
  closing_since_ = now;
  return Nothing{};
}

Action Conversation::reply_failed(Instant now) {
  if (floor_ == Floor::before || ended()) return Nothing{};
  if (closing_) return hang_up(*closing_, now);
  ++failures_;
  facts_.turn_left_unanswered = unanswered_;
  if (failures_ >= limits_.max_failures) return close(EndReason::fault, script_.fault_farewell, now);
  floor_ = Floor::agent;
  return say(Say::Kind::apology, script_.apology);
}

Action Conversation::stop(std::string text, Instant now) {
  if (floor_ == Floor::before || ended()) return Nothing{};
  return close(EndReason::stopped, std::move(text), now);
}

void Conversation::callee_hung_up(Instant now) {
  if (!ended()) hang_up(EndReason::callee_hung_up, now);
}

Action Conversation::check(Instant now) {
  const auto due = next_check();
  if (!due || now < *due) return Nothing{};
  const Instant soft_end = answered_at_ + limits_.max_duration;
  if (now >= soft_end + limits_.farewell_grace) return hang_up(closing_.value_or(EndReason::max_duration), now);
  if (closing_) return hang_up(*closing_, now);
  if (now >= soft_end) return close(EndReason::max_duration, script_.farewell, now);
  if (silence_prompts_ >= limits_.max_silence_prompts) return close(EndReason::silence, script_.farewell, now);
  ++silence_prompts_;
  return say(Say::Kind::silence_prompt, script_.silence_prompt);
}

std::optional<Instant> Conversation::next_check() const {
  if (floor_ == Floor::before || ended()) return std::nullopt;
  const Instant soft_end = answered_at_ + limits_.max_duration;
  Instant due = soft_end + limits_.farewell_grace;
  if (closing_) return std::min(due, closing_since_ + limits_.farewell_grace);
  if (floor_ == Floor::open) due = std::min({due, soft_end, quiet_since_ + limits_.silence});
  return due;
}

std::vector<Message> Conversation::messages() const {
  std::string prompt = script_.prompt;
  if (!script_.language.empty())
    append_spaced(prompt, "Speak " + script_.language + " unless the callee speaks another language.");
  append_spaced(prompt, telephone_rules);
  std::vector<Message> messages{{.role = Message::Role::system, .content = std::move(prompt)}};
  messages.insert(messages.end(), history_.begin(), history_.end());
  return messages;
}

std::string Conversation::owed_before_reply() const { return facts_.disclosure_heard ? "" : script_.disclosure; }

ConversationFacts Conversation::facts(Instant now) const {
  ConversationFacts facts = facts_;
  if (floor_ != Floor::before && !ended()) facts.connected = now - answered_at_;
  return facts;
}

Action Conversation::close(EndReason reason, std::string text, Instant now) {
  closing_ = reason;
  closing_since_ = now;
  if (!is_speakable(text)) return hang_up(reason, now);
  return say(Say::Kind::farewell, std::move(text));
}

Action Conversation::say(Say::Kind kind, std::string text) {
  floor_ = Floor::agent;
  if (kind != Say::Kind::resumed) saying_ = kind;
  heard_.clear();
  unheard_.clear();
  if (!facts_.disclosure_heard && !has_disclosure(text)) text = script_.disclosure + " " + text;
  return Say{.text = std::move(text), .kind = kind};
}

HangUp Conversation::hang_up(EndReason reason, Instant now) {
  facts_.end = reason;
  if (floor_ != Floor::before) facts_.connected = now - answered_at_;
  return {.reason = reason};
}

// From the beginning of the sentence that was interrupted: half a sentence out of nowhere is not understood.
std::string Conversation::rest_of_speech() const {
  std::string whole = heard_;
  append_spaced(whole, unheard_);
  std::size_t heard_words = words_of(heard_).size();
  std::string rest;
  for (const std::string& sentence : sentences_of(whole)) {
    const std::size_t words = words_of(sentence).size();
    if (rest.empty() && words <= heard_words)
      heard_words -= words;
    else
      append_spaced(rest, sentence);
  }
  return rest.empty() ? unheard_ : rest;
}

bool Conversation::has_disclosure(std::string_view text) const {
  const auto wanted = words_of(script_.disclosure);
  const auto words = words_of(text);
  return wanted.empty() || !std::ranges::search(words, wanted).empty();
}

void Conversation::remember(Message::Role role, std::string_view text) {
  if (!history_.empty() && history_.back().role == role)
    append_spaced(history_.back().content, text);
  else
    history_.push_back({.role = role, .content = std::string(text)});
}

}  // namespace callramp::voice
