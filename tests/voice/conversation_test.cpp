#include "voice/conversation.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

using namespace callramp;
using namespace callramp::voice;

namespace {

constexpr Instant start = from_micros(9'000'000'000);

const AgentScript script{.greeting = "Hello {{name}}. Do you have a minute?",
                         .prompt = "You call {{name}} from {{company}}.",
                         .language = "en-IN",
                         .disclosure = "I am an AI assistant.",
                         .silence_prompt = "Are you there, {{name}}?",
                         .farewell = "Goodbye.",
                         .apology = "Please say that again.",
                         .fault_farewell = "We will call back."};
const Fields fields{{"name", "Asha"}, {"company", "Acme"}};
const std::string whole_greeting = "Hello Asha. I am an AI assistant. Do you have a minute?";

std::string words(const Action& action) {
  if (std::holds_alternative<AskModel>(action)) return "ask";
  if (const auto* say = std::get_if<Say>(&action)) {
    const char* kinds[] = {"greeting", "silence_prompt", "farewell", "apology", "resumed"};
    return std::string(kinds[static_cast<int>(say->kind)]) + ": " + say->text;
  }
  if (const auto* hang_up = std::get_if<HangUp>(&action)) return "hang up: " + std::string(to_string(hang_up->reason));
  return "nothing";
}

// A conversation whose greeting has been heard, at start + 3 s.
Conversation greeted(ConversationLimits limits = {}) {
  Conversation talk(script, fields, limits);
  talk.begin(start);
  CHECK(words(talk.spoken(whole_greeting, "", start + seconds{3})) == "nothing");
  return talk;
}

// One turn of each side, one second long each.
void exchange(Conversation& talk, Instant& now, std::string question, std::string answer) {
  talk.callee_started(now);
  now += seconds{1};
  REQUIRE(words(talk.callee_said(question, now)) == "ask");
  now += seconds{1};
  REQUIRE(words(talk.spoken(answer, "", now)) == "nothing");
}

}  // namespace

TEST_CASE("the greeting carries the disclosure once and in the right place") {
  struct Row {
    std::string greeting, disclosure, text;
  };
  const std::vector<Row> table{{script.greeting, script.disclosure, whole_greeting},
                               {"Hello {{name}}!", "I am an AI assistant.", "Hello Asha! I am an AI assistant."},
                               {"Hi, I am an AI assistant. Is this {{name}}?", "I am an AI assistant.",
                                "Hi, I am an AI assistant. Is this Asha?"},
                               {"Hello {{name}}.", "", "Hello Asha."},
                               {"", "I am an AI assistant.", "I am an AI assistant."},
                               {"नमस्ते {{name}}। क्या आप बात कर सकते हैं?", "मैं एक एआई सहायक हूँ।",
                                "नमस्ते Asha। मैं एक एआई सहायक हूँ। क्या आप बात कर सकते हैं?"}};
  for (const Row& row : table) {
    CAPTURE(row.greeting);
    Conversation talk({.greeting = row.greeting, .disclosure = row.disclosure}, fields);
    CHECK(talk.greeting() == row.text);
    const Say greeting = talk.begin(start);
    CHECK(greeting.text == row.text);
    CHECK(greeting.kind == Say::Kind::greeting);
    talk.spoken(row.text, "", start + seconds{2});
    CHECK(talk.facts(start).disclosure_heard);
    CHECK(talk.owed_before_reply().empty());
  }
}

TEST_CASE("fields that a contact lacks are named") {
  Conversation talk({.greeting = "Hello {{name}}, about {{order}}.", .prompt = "{{order}} {{shop}}"}, fields);
  CHECK(talk.missing_fields() == std::vector<std::string>{"order", "shop"});
  CHECK(talk.greeting() == "Hello Asha, about. I am an AI assistant.");
}

TEST_CASE("the model is told the dialogue as it was heard") {
  Conversation talk = greeted();
  Instant now = start + seconds{4};
  exchange(talk, now, "Who is this?", "I call from Acme.");
  talk.callee_started(now);
  REQUIRE(words(talk.callee_said("What does it cost?", now)) == "ask");
  // Interrupted: only the first words have been played.
  talk.callee_started(now + seconds{2});
  CHECK(words(talk.spoken("It costs", "five hundred rupees a month.", now + seconds{2})) == "nothing");
  CHECK(words(talk.callee_said("Too much!", now + seconds{3})) == "ask");
  // Interrupted before a word was played.
  talk.callee_started(now + seconds{4});
  CHECK(words(talk.spoken("", "We have a discount.", now + seconds{4})) == "nothing");
  CHECK(words(talk.callee_said("No thanks.", now + seconds{5})) == "ask");

  const auto messages = talk.messages();
  REQUIRE_FALSE(messages.empty());
  CHECK(messages[0].role == Message::Role::system);
  CHECK(messages[0].content.starts_with("You call Asha from Acme. Speak en-IN"));
  CHECK(messages[0].content.find(end_call_tool) != std::string::npos);
  using Role = Message::Role;
  const std::vector<Message> expected{{Role::assistant, whole_greeting},      {Role::user, "Who is this?"},
                                      {Role::assistant, "I call from Acme."}, {Role::user, "What does it cost?"},
                                      {Role::assistant, "It costs"},          {Role::user, "Too much! No thanks."}};
  CHECK((std::vector(messages.begin() + 1, messages.end()) == expected));
}

TEST_CASE("an unheard disclosure is owed until it has been heard") {
  Conversation talk(script, fields);
  talk.begin(start);
  talk.callee_started(start + seconds{1});
  talk.spoken("Hello Asha. I am", "an AI assistant. Do you have a minute?", start + seconds{1});
  CHECK(words(talk.callee_said("Who are you and what do you want?", start + seconds{2})) == "ask");
  CHECK_FALSE(talk.facts(start).disclosure_heard);
  CHECK(talk.owed_before_reply() == "I am an AI assistant.");
  CHECK(words(talk.reply_failed(start + seconds{5})) == "apology: I am an AI assistant. Please say that again.");
  talk.spoken("I am an AI assistant. Please", "say that again.", start + seconds{7});
  CHECK(talk.facts(start).disclosure_heard);
  CHECK(talk.owed_before_reply().empty());
}

TEST_CASE("a hello into the greeting lets the greeting go on from its sentence") {
  Conversation talk(script, fields);
  talk.begin(start);
  talk.callee_started(start + seconds{1});
  talk.spoken("Hello Asha. I am", "an AI assistant. Do you have a minute?", start + seconds{1});
  CHECK(words(talk.callee_said("Hello?", start + seconds{2})) ==
        "resumed: I am an AI assistant. Do you have a minute?");
  CHECK_FALSE(talk.facts(start).we_answered);
  talk.spoken("I am an AI assistant. Do you have a minute?", "", start + seconds{5});
  const auto facts = talk.facts(start + seconds{5});
  CHECK(facts.we_answered);
  CHECK(facts.disclosure_heard);
  CHECK_FALSE(facts.turn_left_unanswered);
}

TEST_CASE("noise that interrupted lets the agent go on, and noise alone does nothing") {
  Conversation talk = greeted();
  talk.callee_started(start + seconds{4});
  CHECK(words(talk.callee_said_nothing(start + seconds{6})) == "nothing");

  talk.callee_started(start + seconds{7});
  CHECK(words(talk.callee_said("Tell me.", start + seconds{8})) == "ask");
  talk.callee_started(start + seconds{10});
  talk.spoken("We have a new plan. It costs five", "hundred rupees. Interested?", start + seconds{10});
  CHECK(words(talk.callee_said_nothing(start + seconds{12})) == "resumed: It costs five hundred rupees. Interested?");
  talk.spoken("It costs five hundred rupees. Interested?", "", start + seconds{15});
  CHECK(talk.messages().back().content ==
        "We have a new plan. It costs five It costs five hundred rupees. Interested?");

  // Noise before the first word of a reply: the reply was cancelled and is asked for again.
  talk.callee_started(start + seconds{16});
  CHECK(words(talk.callee_said("Maybe.", start + seconds{17})) == "ask");
  talk.callee_started(start + seconds{18});
  CHECK(words(talk.callee_said_nothing(start + seconds{20})) == "ask");
  CHECK(talk.facts(start).turns == 2);
}

TEST_CASE("silence is asked about, then ends the call politely") {
  Conversation talk = greeted({.silence = seconds{8}, .max_silence_prompts = 2});
  CHECK(talk.next_check() == start + seconds{11});
  CHECK(words(talk.check(start + seconds{10})) == "nothing");
  CHECK(words(talk.check(start + seconds{11})) == "silence_prompt: Are you there, Asha?");
  CHECK(words(talk.check(start + seconds{12})) == "nothing");
  talk.spoken("Are you there, Asha?", "", start + seconds{13});
  CHECK(words(talk.check(start + seconds{21})) == "silence_prompt: Are you there, Asha?");
  talk.spoken("Are you there, Asha?", "", start + seconds{23});
  CHECK(words(talk.check(start + seconds{31})) == "farewell: Goodbye.");

  SUBCASE("to the end") {
    CHECK(words(talk.spoken("Goodbye.", "", start + seconds{32})) == "hang up: silence");
    CHECK(talk.ended());
    CHECK_FALSE(talk.next_check());
    CHECK(words(talk.check(start + hours{1})) == "nothing");
    const auto facts = talk.facts(start + hours{1});
    CHECK(facts.end == EndReason::silence);
    CHECK(facts.connected == seconds{32});
    CHECK_FALSE(facts.person_spoke);
    CHECK_FALSE(facts.we_answered);
    CHECK(facts.we_were_heard);
  }
  SUBCASE("unless the callee comes back during the goodbye") {
    CHECK(talk.may_interrupt());
    talk.callee_started(start + seconds{31});
    CHECK(words(talk.spoken("", "Goodbye.", start + seconds{31})) == "nothing");
    CHECK(words(talk.callee_said("Wait, I am here.", start + seconds{32})) == "ask");
    talk.spoken("Good.", "", start + seconds{34});
    CHECK(talk.next_check() == start + seconds{42});
    CHECK(words(talk.check(start + seconds{42})) == "silence_prompt: Are you there, Asha?");
  }
  SUBCASE("even if the goodbye is never played") {
    CHECK(talk.next_check() == start + seconds{51});
    CHECK(words(talk.check(start + seconds{51})) == "hang up: silence");
  }
}

TEST_CASE("the model's end_call hangs up after its last words, or after the farewell if it has none") {
  for (bool reply_has_text : {true, false}) {
    Conversation talk = greeted();
    Instant now = start + seconds{4};
    talk.callee_started(now);
    REQUIRE(words(talk.callee_said("No, thank you.", now)) == "ask");
    const std::string next = words(talk.end_call_requested(reply_has_text, now));
    CHECK(next == (reply_has_text ? "nothing" : "farewell: Goodbye."));
    CHECK(words(talk.end_call_requested(reply_has_text, now)) == "nothing");
    CHECK(words(talk.spoken("Bye then.", "", now + seconds{2})) == "hang up: agent_ended");
    CHECK(words(talk.spoken("Bye then.", "", now + seconds{2})) == "nothing");
  }
}

TEST_CASE("a callee who has another question keeps the agent on the line") {
  Conversation talk = greeted();
  Instant now = start + seconds{4};
  talk.callee_started(now);
  REQUIRE(words(talk.callee_said("No.", now)) == "ask");
  talk.end_call_requested(true, now);
  talk.callee_started(now + seconds{1});
  CHECK(words(talk.spoken("Thank you", "and goodbye.", now + seconds{1})) == "nothing");
  SUBCASE("words") { CHECK(words(talk.callee_said("One more thing.", now + seconds{2})) == "ask"); }
  SUBCASE("noise") {
    CHECK(words(talk.callee_said_nothing(now + seconds{3})) == "resumed: Thank you and goodbye.");
    CHECK(words(talk.spoken("Thank you and goodbye.", "", now + seconds{5})) == "hang up: agent_ended");
  }
}

TEST_CASE("limits on turns and time end with a farewell that cannot be interrupted") {
  SUBCASE("turns") {
    Conversation talk = greeted({.max_turns = 2});
    Instant now = start + seconds{4};
    exchange(talk, now, "One?", "One.");
    exchange(talk, now, "Two?", "Two.");
    talk.callee_started(now);
    CHECK(words(talk.callee_said("Three?", now)) == "farewell: Goodbye.");
    CHECK_FALSE(talk.may_interrupt());
    talk.callee_started(now);
    CHECK(words(talk.callee_said("Four?", now)) == "nothing");
    CHECK(words(talk.spoken("Goodbye.", "", now + seconds{1})) == "hang up: max_turns");
    CHECK(talk.facts(now).turns == 4);
  }
  SUBCASE("time, while the line is quiet") {
    Conversation talk = greeted({.silence = minutes{5}, .max_duration = seconds{60}});
    CHECK(talk.next_check() == start + seconds{60});
    CHECK(words(talk.check(start + seconds{60})) == "farewell: Goodbye.");
    CHECK(words(talk.spoken("Good", "bye.", start + seconds{61})) == "hang up: max_duration");
  }
  SUBCASE("time, while the callee speaks") {
    Conversation talk = greeted({.max_duration = seconds{60}});
    talk.callee_started(start + seconds{55});
    CHECK(words(talk.check(start + seconds{60})) == "nothing");
    CHECK(words(talk.callee_said("And then she said.", start + seconds{62})) == "farewell: Goodbye.");
  }
  SUBCASE("time, whoever speaks and whatever hangs") {
    Conversation talk = greeted({.max_duration = seconds{60}, .farewell_grace = seconds{20}});
    talk.callee_started(start + seconds{55});
    CHECK(talk.next_check() == start + seconds{80});
    CHECK(words(talk.check(start + seconds{80})) == "hang up: max_duration");
  }
}

TEST_CASE("failed replies get an apology, then a goodbye, and count only if no answer followed") {
  Conversation talk = greeted({.max_failures = 2});
  Instant now = start + seconds{4};
  talk.callee_started(now);
  REQUIRE(words(talk.callee_said("What is it?", now)) == "ask");
  CHECK(words(talk.reply_failed(now)) == "apology: Please say that again.");
  CHECK(words(talk.spoken("Please say that again.", "", now)) == "nothing");
  CHECK(talk.facts(now).turn_left_unanswered);
  CHECK_FALSE(talk.facts(now).we_answered);
  talk.callee_started(now);
  REQUIRE(words(talk.callee_said("What is it about?", now)) == "ask");
  SUBCASE("the next one works") {
    CHECK(words(talk.spoken("About your order.", "", now)) == "nothing");
    CHECK(talk.facts(now).we_answered);
    CHECK_FALSE(talk.facts(now).turn_left_unanswered);
    // And the count starts again.
    talk.callee_started(now);
    REQUIRE(words(talk.callee_said("Which?", now)) == "ask");
    CHECK(words(talk.reply_failed(now)) == "apology: Please say that again.");
  }
  SUBCASE("the next one fails too") {
    CHECK(words(talk.reply_failed(now)) == "farewell: We will call back.");
    CHECK(words(talk.spoken("We will call back.", "", now)) == "hang up: fault");
    CHECK(talk.facts(now).turn_left_unanswered);
    CHECK(talk.facts(now).end == EndReason::fault);
  }
  SUBCASE("even the goodbye cannot be spoken") {
    CHECK(words(talk.reply_failed(now)) == "farewell: We will call back.");
    CHECK(words(talk.reply_failed(now)) == "hang up: fault");
  }
}

TEST_CASE("a stop of the operator's says its one apology and hangs up") {
  Conversation talk = greeted();
  CHECK(words(talk.stop("Sorry, we must end here.", start + seconds{5})) == "farewell: Sorry, we must end here.");
  CHECK_FALSE(talk.may_interrupt());
  CHECK(words(talk.spoken("Sorry, we must end here.", "", start + seconds{7})) == "hang up: stopped");
  Conversation silent = greeted();
  CHECK(words(silent.stop("", start + seconds{5})) == "hang up: stopped");
}

TEST_CASE("facts of a call that the callee ends") {
  Conversation before(script, fields);
  CHECK(before.facts(start).connected == Duration{0});
  CHECK_FALSE(before.next_check());
  before.callee_hung_up(start);
  CHECK(before.facts(start + seconds{9}).connected == Duration{0});

  Conversation talk = greeted();
  Instant now = start + seconds{4};
  exchange(talk, now, "Hello there!", "Good morning.");
  CHECK(talk.facts(now).connected == seconds{6});
  talk.callee_hung_up(now);
  const auto facts = talk.facts(now + hours{1});
  CHECK(facts.connected == seconds{6});
  CHECK(facts.person_spoke);
  CHECK(facts.we_answered);
  CHECK(facts.turns == 1);
  CHECK(facts.end == EndReason::callee_hung_up);
  CHECK(words(talk.callee_said("Late words.", now)) == "nothing");
  CHECK(words(talk.reply_failed(now)) == "nothing");
  CHECK(words(talk.stop("x", now)) == "nothing");
}

TEST_CASE("events before the beginning are ignored and nonsense from the service is no turn") {
  Conversation early(script, fields);
  early.callee_started(start);
  CHECK(words(early.callee_said("Hi", start)) == "nothing");
  CHECK(words(early.spoken("x", "", start)) == "nothing");
  CHECK(words(early.check(start)) == "nothing");

  Conversation talk = greeted();
  talk.callee_started(start + seconds{4});
  CHECK(words(talk.callee_said(" ... ", start + seconds{5})) == "nothing");
  CHECK(talk.facts(start).turns == 0);
  CHECK(talk.next_check() == start + seconds{13});
  CHECK(words(talk.callee_said(std::string(100'000, 'x'), start + seconds{6})) == "ask");
  CHECK(talk.messages().back().content.size() == 4000);
}
