// The world's text form: reading it with every complaint placed (key, value, line), and writing it as JSON.
#include <boost/json.hpp>
#include <regex>
#include <set>

#include "base/money.hpp"
#include "sandbox/world_reader.hpp"

namespace callramp::sandbox {

namespace {

namespace json = boost::json;

constexpr int kLastAnswer = static_cast<int>(Answers::screening);
constexpr int kLastFault = static_cast<int>(FaultKind::no_media);
Line parse_line(const std::string& text) {
  if (text == "hangup") return {Line::Kind::hang_up, ""};
  if (text.starts_with("file:")) return {Line::Kind::file, text.substr(5)};
  if (text.starts_with("dtmf:")) return {Line::Kind::keys, text.substr(5)};
  return {Line::Kind::speech, text};
}

std::string line_text(const Line& line) {
  switch (line.kind) {
    case Line::Kind::speech: return line.text;
    case Line::Kind::file: return "file:" + line.text;
    case Line::Kind::keys: return "dtmf:" + line.text;
    case Line::Kind::hang_up: return "hangup";
  }
  return line.text;
}

Callee read_callee(const YAML::Node& node, const std::string& path, Complaints& complaints) {
  Callee callee;
  Section section(node, path, complaints);
  section.text("match", callee.match);
  section.number("share", callee.share, 0, 1);
  section.word("answers", callee.answers, kLastAnswer);
  section.span("ring_s", seconds{1}, callee.ring);
  section.span("waits_s", seconds{1}, callee.waits);
  callee.hangs_up_after = section.span("hangs_up_after_s", seconds{1});
  section.duration("turn_gap_s", seconds{1}, callee.turn_gap);
  section.number("interrupts", callee.interrupts, 0, 1);
  section.text("voice", callee.voice);
  const auto says = section.get("says");
  if (says && says->IsScalar()) {
    callee.says.push_back(parse_line(says->Scalar()));
  } else if (says) {
    section.each("says", [&](const YAML::Node& line, const std::string& at) {
      if (line.IsScalar())
        callee.says.push_back(parse_line(line.Scalar()));
      else
        complaints.add(line, at, shown(line) + " is not a text");
    });
  }
  section.refuse_unknown();
  return callee;
}

const std::set<std::string> kDoors = {
    "exotel",         "exotel.rest",    "exotel.media", "exotel.callback", "deepgram", "deepgram.listen",
    "deepgram.speak", "openai",         "openai.chat",  "openai.speech",   "old",      "old.rest",
    "old.callback",   "slack",          "pagerduty",    "webhook",         "twilio",   "twilio.rest",
    "twilio.media",   "twilio.callback"};

Fault read_fault(const YAML::Node& node, const std::string& path, Complaints& complaints) {
  Fault fault;
  Section section(node, path, complaints);
  section.text("provider", fault.provider);
  if (!kDoors.contains(fault.provider)) {
    std::string choices;
    for (const std::string& door : kDoors) choices += (choices.empty() ? "" : ", ") + door;
    complaints.add(section.get("provider").value_or(node), section.key_path("provider"),
                   "'" + fault.provider + "' is not one of " + choices);
  }
  if (!section.get("kind")) complaints.add(node, section.key_path("kind"), "is missing");
  section.word("kind", fault.kind, kLastFault);
  section.number("share", fault.share, 0, 1);
  section.duration("ms", milliseconds{1}, fault.delay);
  section.refuse_unknown();
  return fault;
}

/// A YAML value as JSON text; scalars become what YAML's core rules make of them.
json::value as_json(const YAML::Node& node) {
  if (node.IsMap()) {
    json::object object;
    for (const auto& entry : node) object[entry.first.Scalar()] = as_json(entry.second);
    return object;
  }
  if (node.IsSequence()) {
    json::array array;
    for (const auto& entry : node) array.push_back(as_json(entry));
    return array;
  }
  if (!node.IsScalar()) return nullptr;
  if (node.Tag() == "!") return json::value(node.Scalar());  // quoted in the text
  boost::system::error_code error;
  json::value value = json::parse(node.Scalar(), error);
  if (error || value.is_object() || value.is_array()) return json::value(node.Scalar());
  return value;
}

Reply read_reply(const YAML::Node& node, const std::string& path, Complaints& complaints) {
  Reply reply;
  Section section(node, path, complaints);
  if (const auto when = section.get("when")) {
    int turn = 0;
    if (when->IsScalar() && when->Tag() != "!" && YAML::convert<int>::decode(*when, turn)) {
      reply.turn = turn;
      if (turn < 1) complaints.add(*when, section.key_path("when"), "turns are counted from 1");
    } else {
      section.text("when", reply.when);
      try {
        const std::regex check(reply.when, std::regex::ECMAScript | std::regex::icase);
      } catch (const std::regex_error&) {
        complaints.add(*when, section.key_path("when"), shown(*when) + " is not a regular expression");
      }
    }
  }
  section.text("say", reply.say);
  if (const auto tool = section.get("tool"); tool && tool->IsMap()) {
    Section call(*tool, section.key_path("tool"), complaints);
    call.text("name", reply.tool);
    if (const auto arguments = call.get("arguments")) reply.arguments = json::serialize(as_json(*arguments));
    call.refuse_unknown();
  } else {
    section.text("tool", reply.tool);
  }
  if (reply.say.empty() && reply.tool.empty()) complaints.add(node, path, "has neither 'say' nor 'tool'");
  section.refuse_unknown();
  return reply;
}

void read_exotel(const YAML::Node& root, ExotelHabits& habits, Complaints& complaints) {
  Section section(root["exotel"], "exotel", complaints);
  section.text("api_key", habits.api_key);
  section.text("api_token", habits.api_token);
  section.flag("numbers_as_strings", habits.numbers_as_strings);
  section.flag("camel_case", habits.camel_case);
  section.flag("marks_after_clear", habits.marks_after_clear);
  section.flag("lower_case_body", habits.lower_case_body);
  section.flag("streams_as_json", habits.streams_as_json);
  section.text("status", habits.status);
  section.text("encoding", habits.encoding);
  section.text("bit_rate", habits.bit_rate);
  section.duration("price_after_s", seconds{1}, habits.price_after);
  section.text("price_per_pulse", habits.price_per_pulse);
  if (!parse_micros(habits.price_per_pulse))
    complaints.add(*section.get("price_per_pulse"), "exotel.price_per_pulse",
                   "'" + habits.price_per_pulse + "' is not an amount");
  section.duration("chunk_ms", milliseconds{1}, habits.chunk);
  if (habits.chunk < milliseconds{20} || habits.chunk > seconds{1} ||
      habits.chunk % milliseconds{20} != Duration::zero())
    complaints.add(*section.get("chunk_ms"), "exotel.chunk_ms", "must be a multiple of 20 from 20 to 1000");
  section.refuse_unknown();
}

void read_twilio(const YAML::Node& root, TwilioHabits& habits, Complaints& complaints) {
  Section section(root["twilio"], "twilio", complaints);
  section.text("auth_token", habits.auth_token);
  section.duration("price_after_s", seconds{1}, habits.price_after);
  section.text("price_per_minute", habits.price_per_minute);
  if (!parse_micros(habits.price_per_minute))
    complaints.add(*section.get("price_per_minute"), "twilio.price_per_minute",
                   "'" + habits.price_per_minute + "' is not an amount");
  section.refuse_unknown();
}

void read_limits(const YAML::Node& root, World& world, Complaints& complaints) {
  Section limits(root["limits"], "limits", complaints);
  limits.whole("exotel_per_minute", world.exotel.requests_per_minute, 0, 1'000'000);
  limits.whole("exotel_concurrent", world.exotel.max_concurrent, 0, 1'000'000);
  limits.whole("twilio_per_second", world.twilio.dials_per_second, 0, 1'000'000);
  limits.whole("twilio_concurrent", world.twilio.max_concurrent, 0, 1'000'000);
  limits.refuse_unknown();
}

World read_world(const YAML::Node& root, Complaints& complaints) {
  World world;
  Section section(root, "", complaints);
  if (!root.IsMap()) return world;
  if (const auto seed = section.get("seed"); seed && !YAML::convert<std::uint64_t>::decode(*seed, world.seed))
    complaints.add(*seed, "seed", shown(*seed) + " is not a whole number from 0 to 2^64-1");
  section.each("callees", [&](const YAML::Node& node, const std::string& path) {
    world.callees.push_back(read_callee(node, path, complaints));
  });
  section.each("faults", [&](const YAML::Node& node, const std::string& path) {
    world.faults.push_back(read_fault(node, path, complaints));
  });
  section.text("wav_folder", world.wav_folder);
  section.text("old_token", world.old_token);
  if (section.get("delays")) {
    Section delays(root["delays"], "delays", complaints);
    delays.span("stt_final_ms", milliseconds{1}, world.delays.stt_final);
    delays.span("llm_first_token_ms", milliseconds{1}, world.delays.llm_first_token);
    delays.span("llm_token_ms", milliseconds{1}, world.delays.llm_token);
    delays.span("tts_first_byte_ms", milliseconds{1}, world.delays.tts_first_byte);
    delays.refuse_unknown();
  }
  section.each("llm", [&](const YAML::Node& node, const std::string& path) {
    world.replies.push_back(read_reply(node, path, complaints));
  });
  section.get("exotel");
  section.get("twilio");
  section.get("limits");
  read_exotel(root, world.exotel, complaints);
  read_twilio(root, world.twilio, complaints);
  read_limits(root, world, complaints);
  section.refuse_unknown();
  return world;
}

json::value span_json(const Span& span, Duration unit) {
  const auto number = [&](Duration part) -> json::value {
    return static_cast<double>(part.count()) / static_cast<double>(unit.count());
  };
  if (span.low == span.high) return number(span.low);
  return json::array{number(span.low), number(span.high)};
}

json::object callee_json(const Callee& callee) {
  json::object object{{"match", callee.match},
                      {"share", callee.share},
                      {"answers", to_string(callee.answers)},
                      {"ring_s", span_json(callee.ring, seconds{1})},
                      {"waits_s", span_json(callee.waits, seconds{1})},
                      {"turn_gap_s", span_json({callee.turn_gap, callee.turn_gap}, seconds{1})},
                      {"interrupts", callee.interrupts},
                      {"voice", callee.voice}};
  json::array says;
  for (const Line& line : callee.says) says.push_back(json::value(line_text(line)));
  object["says"] = std::move(says);
  if (callee.hangs_up_after) object["hangs_up_after_s"] = span_json(*callee.hangs_up_after, seconds{1});
  return object;
}

json::object reply_json(const Reply& reply) {
  json::object object{{"say", reply.say}};
  if (reply.turn)
    object["when"] = *reply.turn;
  else if (!reply.when.empty())
    object["when"] = reply.when;
  if (!reply.tool.empty()) object["tool"] = {{"name", reply.tool}, {"arguments", json::parse(reply.arguments)}};
  return object;
}

}  // namespace

Result<World> parse_world(std::string_view yaml_or_json) {
  YAML::Node root;
  try {
    root = YAML::Load(std::string(yaml_or_json));
  } catch (const YAML::Exception& error) {
    return fail(ErrorCode::invalid_request, "world, line " + std::to_string(error.mark.line + 1) + ": " + error.msg);
  }
  Complaints complaints;
  World world = root.IsNull() ? World{} : read_world(root, complaints);
  if (complaints.first()) return fail(ErrorCode::invalid_request, *complaints.first());
  return world;
}

std::string to_json(const World& world) {
  json::object object{{"seed", world.seed}};
  json::array callees;
  for (const Callee& callee : world.callees) callees.push_back(callee_json(callee));
  object["callees"] = std::move(callees);
  json::array faults;
  for (const Fault& fault : world.faults)
    faults.push_back({{"provider", fault.provider},
                      {"kind", to_string(fault.kind)},
                      {"share", fault.share},
                      {"ms", span_json({fault.delay, fault.delay}, milliseconds{1})}});
  object["faults"] = std::move(faults);
  json::array replies;
  for (const Reply& reply : world.replies) replies.push_back(reply_json(reply));
  object["llm"] = std::move(replies);
  object["wav_folder"] = world.wav_folder;
  object["old_token"] = world.old_token;
  const Delays& delays = world.delays;
  object["delays"] = {{"stt_final_ms", span_json(delays.stt_final, milliseconds{1})},
                      {"llm_first_token_ms", span_json(delays.llm_first_token, milliseconds{1})},
                      {"llm_token_ms", span_json(delays.llm_token, milliseconds{1})},
                      {"tts_first_byte_ms", span_json(delays.tts_first_byte, milliseconds{1})}};
  const ExotelHabits& exotel = world.exotel;
  object["exotel"] = {{"api_key", exotel.api_key},
                      {"api_token", exotel.api_token},
                      {"numbers_as_strings", exotel.numbers_as_strings},
                      {"camel_case", exotel.camel_case},
                      {"marks_after_clear", exotel.marks_after_clear},
                      {"lower_case_body", exotel.lower_case_body},
                      {"streams_as_json", exotel.streams_as_json},
                      {"status", exotel.status},
                      {"encoding", exotel.encoding},
                      {"bit_rate", exotel.bit_rate},
                      {"price_after_s", span_json({exotel.price_after, exotel.price_after}, seconds{1})},
                      {"price_per_pulse", exotel.price_per_pulse},
                      {"chunk_ms", span_json({exotel.chunk, exotel.chunk}, milliseconds{1})}};
  const TwilioHabits& twilio = world.twilio;
  object["twilio"] = {{"auth_token", twilio.auth_token},
                      {"price_after_s", span_json({twilio.price_after, twilio.price_after}, seconds{1})},
                      {"price_per_minute", twilio.price_per_minute}};
  object["limits"] = {{"exotel_per_minute", exotel.requests_per_minute},
                      {"exotel_concurrent", exotel.max_concurrent},
                      {"twilio_per_second", twilio.dials_per_second},
                      {"twilio_concurrent", twilio.max_concurrent}};
  return json::serialize(object);
}

}  // namespace callramp::sandbox
