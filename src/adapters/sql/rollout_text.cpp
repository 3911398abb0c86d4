#include "adapters/sql/rollout_text.hpp"

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <concepts>
#include <utility>

#include "base/ensure.hpp"

namespace callramp::sql {
namespace {

namespace json = boost::json;
using namespace rollout;

template <class Enum>
struct Words;  // `list`: every enumerator with its word
template <class Enum>
using WordList = std::pair<Enum, std::string_view>;

template <>
struct Words<Stage> {
  static constexpr std::array list{
      WordList<Stage>{Stage::planned, "planned"},         WordList<Stage>{Stage::running, "running"},
      WordList<Stage>{Stage::holding, "holding"},         WordList<Stage>{Stage::frozen, "frozen"},
      WordList<Stage>{Stage::rolled_back, "rolled_back"}, WordList<Stage>{Stage::complete, "complete"},
      WordList<Stage>{Stage::watching, "watching"},       WordList<Stage>{Stage::succeeded, "succeeded"}};
};
template <>
struct Words<CommandKind> {
  using C = CommandKind;
  static constexpr std::array list{WordList<C>{C::start, "start"},
                                   WordList<C>{C::advance, "advance"},
                                   WordList<C>{C::hold, "hold"},
                                   WordList<C>{C::extend, "extend"},
                                   WordList<C>{C::resume, "resume"},
                                   WordList<C>{C::rollback, "rollback"},
                                   WordList<C>{C::complete, "complete"},
                                   WordList<C>{C::declare, "declare"},
                                   WordList<C>{C::decommission_old, "decommission-old"}};
};
template <>
struct Words<Verdict> {
  static constexpr std::array list{WordList<Verdict>{Verdict::pass, "pass"},
                                   WordList<Verdict>{Verdict::fail, "fail"},
                                   WordList<Verdict>{Verdict::undecided, "undecided"},
                                   WordList<Verdict>{Verdict::no_data, "no_data"},
                                   WordList<Verdict>{Verdict::not_applicable, "not_applicable"},
                                   WordList<Verdict>{Verdict::waived, "waived"}};
};
template <>
struct Words<Action> {
  static constexpr std::array list{WordList<Action>{Action::hold, "hold"}, WordList<Action>{Action::advance, "advance"},
                                   WordList<Action>{Action::freeze, "freeze"},
                                   WordList<Action>{Action::roll_back, "roll_back"},
                                   WordList<Action>{Action::complete, "complete"}};
};
template <>
struct Words<Kind> {
  using K = rollout::Kind;
  static constexpr std::array list{WordList<K>{K::rate, "rate"},     WordList<K>{K::versus, "versus"},
                                   WordList<K>{K::mean, "mean"},     WordList<K>{K::events, "events"},
                                   WordList<K>{K::budget, "budget"}, WordList<K>{K::latch, "latch"},
                                   WordList<K>{K::gauge, "gauge"},   WordList<K>{K::person, "person"},
                                   WordList<K>{K::clock, "clock"},   WordList<K>{K::proof, "proof"}};
};
template <>
struct Words<Target> {
  static constexpr std::array list{WordList<Target>{Target::previous_phase, "previous_phase"},
                                   WordList<Target>{Target::zero, "zero"}};
};

template <class Enum>
std::string_view word_of(Enum value) noexcept {
  for (const auto& [known, text] : Words<Enum>::list)
    if (known == value) return text;
  ENSURE(false, "an enumerator without a word");
}

/// The shortest text that reads back as the same number; nan and infinity have one too.
std::string number_text(double value) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  ENSURE(error == std::errc{}, "every double fits");
  return {text.data(), end};
}

double read_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw std::invalid_argument("'" + std::string(text.substr(0, 40)) + "' is no number");
  return value;
}

// The members of each value, once for writing and reading: `io(name, member)`.
template <class Io, class T>
void members(Io& io, T& value);

struct Writer {
  json::object& out;
  template <class T>
  void operator()(const char* name, const T& member) {
    out[name] = write(member);
  }

  static json::value write(const std::string& text) { return json::string(text); }
  static json::value write(std::integral auto number) { return number; }
  static json::value write(bool flag) { return flag; }
  static json::value write(double number) { return json::string(number_text(number)); }
  static json::value write(Instant at) { return to_micros(at); }
  static json::value write(Duration span) { return std::int64_t{span.count()}; }
  static json::value write(Percent percent) { return percent.basis_points(); }
  template <class Enum>
    requires std::is_enum_v<Enum>
  static json::value write(Enum value) {
    return json::string(word_of(value));
  }
  template <class T>
  static json::value write(const std::optional<T>& value) {
    return value ? write(*value) : json::value(nullptr);
  }
  template <class T>
  static json::value write(const std::vector<T>& values) {
    json::array array;
    for (const T& value : values) array.push_back(write(value));
    return array;
  }
  template <class T>
  static json::value write(const std::map<std::string, T, std::less<>>& values) {
    json::object object;
    for (const auto& [name, value] : values) object[name] = write(value);
    return object;
  }
  static json::value write(const Condition& condition) { return json::array{condition.text, condition.line}; }
  /// A day of readings, a minute apart: "microseconds:value …", the instants as differences.
  static json::value write(const std::vector<LevelReading>& readings) {
    std::string text;
    Instant before{};
    for (const LevelReading& reading : readings) {
      text += std::to_string((reading.at - before).count()) + ":" + number_text(reading.value) + " ";
      before = reading.at;
    }
    return json::string(text);
  }
  template <class T>
    requires std::is_class_v<T>
  static json::value write(const T& value) {
    json::object object;
    Writer writer{object};
    members(writer, value);
    return object;
  }
};

struct Reader {
  const json::object& in;
  template <class T>
  void operator()(const char* name, T& member) {
    if (const json::value* value = in.if_contains(name)) read(*value, member);
  }

  static std::string_view text_of(const json::value& value) { return value.as_string(); }
  static void read(const json::value& value, std::string& text) { text = text_of(value); }
  template <std::integral Number>
  static void read(const json::value& value, Number& number) {
    number = value.to_number<Number>();
  }
  static void read(const json::value& value, bool& flag) { flag = value.as_bool(); }
  static void read(const json::value& value, double& number) { number = read_number(text_of(value)); }
  static void read(const json::value& value, Instant& at) { at = from_micros(value.to_number<std::int64_t>()); }
  static void read(const json::value& value, Duration& span) { span = Duration{value.to_number<std::int64_t>()}; }
  static void read(const json::value& value, Percent& percent) {
    const auto known = Percent::from_basis_points(value.to_number<long>());
    if (!known) throw std::invalid_argument(known.error().message);
    percent = *known;
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  static void read(const json::value& value, Enum& known) {
    for (const auto& [enumerator, text] : Words<Enum>::list)
      if (text == text_of(value)) {
        known = enumerator;
        return;
      }
    throw std::invalid_argument("'" + std::string(text_of(value)) + "' is not a word of its enumeration");
  }
  template <class T>
  static void read(const json::value& value, std::optional<T>& known) {
    known.reset();
    if (!value.is_null()) read(value, known.emplace());
  }
  template <class T>
  static void read(const json::value& value, std::vector<T>& values) {
    values.clear();
    for (const json::value& one : value.as_array()) read(one, values.emplace_back());
  }
  template <class T>
  static void read(const json::value& value, std::map<std::string, T, std::less<>>& values) {
    values.clear();
    for (const auto& entry : value.as_object()) read(entry.value(), values[std::string(entry.key())]);
  }
  static void read(const json::value& value, Condition& condition) {
    const json::array& parts = value.as_array();
    const std::string text(text_of(parts.at(0)));
    if (auto parsed = parse_condition(text)) condition = *std::move(parsed);
    // The text is its identity and stays as it was: of one that another grammar spelt, and of a built-in one.
    condition.text = text;
    condition.line = parts.at(1).to_number<int>();
  }
  static void read(const json::value& value, std::vector<LevelReading>& readings) {
    readings.clear();
    std::string_view text = text_of(value);
    Instant before{};
    while (!text.empty()) {
      const auto colon = text.find(':');
      const auto end = text.find(' ');
      if (colon == std::string_view::npos || end == std::string_view::npos || colon > end)
        throw std::invalid_argument("readings that are none");
      std::int64_t micros = 0;
      if (std::from_chars(text.data(), text.data() + colon, micros).ec != std::errc{})
        throw std::invalid_argument("a reading without its time");
      before += Duration{micros};
      readings.push_back({.at = before, .value = read_number(text.substr(colon + 1, end - colon - 1))});
      text.remove_prefix(end + 1);
    }
  }
  template <class T>
    requires std::is_class_v<T>
  static void read(const json::value& value, T& known) {
    Reader reader{value.as_object()};
    members(reader, known);
  }
};

template <class T, class Known>
concept Is = std::same_as<std::remove_const_t<T>, Known>;

#define CALLRAMP_MEMBER(name) io(#name, value.name)

template <class Io, class T>
void state_members(Io& io, T& value) {
  if constexpr (Is<T, Latch>) {
    CALLRAMP_MEMBER(condition), CALLRAMP_MEMBER(phase), CALLRAMP_MEMBER(failed), CALLRAMP_MEMBER(at);
  } else if constexpr (Is<T, IncidentItem>) {
    CALLRAMP_MEMBER(name), CALLRAMP_MEMBER(by), CALLRAMP_MEMBER(note), CALLRAMP_MEMBER(at);
  } else if constexpr (Is<T, Incident>) {
    CALLRAMP_MEMBER(id), CALLRAMP_MEMBER(opened_at), CALLRAMP_MEMBER(decision), CALLRAMP_MEMBER(items);
  } else if constexpr (Is<T, PhaseRecord>) {
    CALLRAMP_MEMBER(run), CALLRAMP_MEMBER(phase), CALLRAMP_MEMBER(started_at), CALLRAMP_MEMBER(ended_at);
    CALLRAMP_MEMBER(passed), CALLRAMP_MEMBER(despite_evidence);
  } else {
    static_assert(Is<T, RolloutState>);
    CALLRAMP_MEMBER(stage), CALLRAMP_MEMBER(before_hold), CALLRAMP_MEMBER(stage_reason), CALLRAMP_MEMBER(stage_since);
    CALLRAMP_MEMBER(run), CALLRAMP_MEMBER(phase), CALLRAMP_MEMBER(percentage), CALLRAMP_MEMBER(manual_flags);
    CALLRAMP_MEMBER(run_started_at), CALLRAMP_MEMBER(phase_started_at), CALLRAMP_MEMBER(earliest_advance);
    CALLRAMP_MEMBER(watch_until), CALLRAMP_MEMBER(stable_since), CALLRAMP_MEMBER(stable_reset);
    CALLRAMP_MEMBER(unstable), CALLRAMP_MEMBER(stable_calls), CALLRAMP_MEMBER(stable_day);
    CALLRAMP_MEMBER(last_rollback_at), CALLRAMP_MEMBER(latches), CALLRAMP_MEMBER(fired), CALLRAMP_MEMBER(lifted);
    CALLRAMP_MEMBER(history), CALLRAMP_MEMBER(incident), CALLRAMP_MEMBER(old_decommissioned);
    CALLRAMP_MEMBER(binary), CALLRAMP_MEMBER(configuration), CALLRAMP_MEMBER(plan_hash);
  }
}

template <class Io, class T>
void decision_members(Io& io, T& value) {
  if constexpr (Is<T, Forecast>) {
    CALLRAMP_MEMBER(q10), CALLRAMP_MEMBER(q50), CALLRAMP_MEMBER(q90), CALLRAMP_MEMBER(p_never);
    CALLRAMP_MEMBER(horizon), CALLRAMP_MEMBER(needs), CALLRAMP_MEMBER(fewest);
  } else if constexpr (Is<T, Judgement>) {
    CALLRAMP_MEMBER(condition), CALLRAMP_MEMBER(kind), CALLRAMP_MEMBER(is_trigger), CALLRAMP_MEMBER(target);
    CALLRAMP_MEMBER(verdict), CALLRAMP_MEMBER(reason), CALLRAMP_MEMBER(good), CALLRAMP_MEMBER(bad);
    CALLRAMP_MEMBER(estimate), CALLRAMP_MEMBER(lo), CALLRAMP_MEMBER(hi), CALLRAMP_MEMBER(line_pass);
    CALLRAMP_MEMBER(line_fail), CALLRAMP_MEMBER(log_e_pass), CALLRAMP_MEMBER(log_e_fail), CALLRAMP_MEMBER(need_pass);
    CALLRAMP_MEMBER(need_fail), CALLRAMP_MEMBER(design_effect), CALLRAMP_MEMBER(forecast), CALLRAMP_MEMBER(used);
    CALLRAMP_MEMBER(allowed), CALLRAMP_MEMBER(since), CALLRAMP_MEMBER(until), CALLRAMP_MEMBER(freezes);
    CALLRAMP_MEMBER(fires), CALLRAMP_MEMBER(built_in);
  } else {
    static_assert(Is<T, Decision>);
    CALLRAMP_MEMBER(id), CALLRAMP_MEMBER(at), CALLRAMP_MEMBER(rollout), CALLRAMP_MEMBER(run), CALLRAMP_MEMBER(phase);
    CALLRAMP_MEMBER(action), CALLRAMP_MEMBER(rule), CALLRAMP_MEMBER(sentence), CALLRAMP_MEMBER(would_change_it);
    CALLRAMP_MEMBER(who_may_override), CALLRAMP_MEMBER(recommended_only), CALLRAMP_MEMBER(actor);
    CALLRAMP_MEMBER(person_reason), CALLRAMP_MEMBER(before), CALLRAMP_MEMBER(after), CALLRAMP_MEMBER(from);
    CALLRAMP_MEMBER(to), CALLRAMP_MEMBER(criteria), CALLRAMP_MEMBER(triggers), CALLRAMP_MEMBER(rollback_log_e);
    CALLRAMP_MEMBER(rollback_need), CALLRAMP_MEMBER(plan_hash), CALLRAMP_MEMBER(flag_version);
  }
}

template <class Io, class T>
void sums_members(Io& io, T& value) {
  if constexpr (Is<T, Tally>) {
    CALLRAMP_MEMBER(total), CALLRAMP_MEMBER(completed), CALLRAMP_MEMBER(voicemail_left), CALLRAMP_MEMBER(failed);
    CALLRAMP_MEMBER(connected), CALLRAMP_MEMBER(unknown), CALLRAMP_MEMBER(retried);
    CALLRAMP_MEMBER(retried_successful);
  } else if constexpr (Is<T, ClusterSums>) {
    CALLRAMP_MEMBER(clusters), CALLRAMP_MEMBER(n), CALLRAMP_MEMBER(s), CALLRAMP_MEMBER(nn), CALLRAMP_MEMBER(sn);
    CALLRAMP_MEMBER(ss);
  } else if constexpr (Is<T, PhaseFold>) {
    CALLRAMP_MEMBER(calls), CALLRAMP_MEMBER(calls_old), CALLRAMP_MEMBER(first), CALLRAMP_MEMBER(first_old);
    CALLRAMP_MEMBER(hours), CALLRAMP_MEMBER(last_closed);
  } else if constexpr (Is<T, VersusSums>) {
    CALLRAMP_MEMBER(subject), CALLRAMP_MEMBER(log_e), CALLRAMP_MEMBER(good_new), CALLRAMP_MEMBER(bad_new);
    CALLRAMP_MEMBER(good_old), CALLRAMP_MEMBER(bad_old);
  } else {
    static_assert(Is<T, RunSums>);
    CALLRAMP_MEMBER(phases), CALLRAMP_MEMBER(versus), CALLRAMP_MEMBER(drift);
  }
}

template <class Io, class T>
void facts_members(Io& io, T& value) {
  if constexpr (Is<T, Exceedances>) {
    CALLRAMP_MEMBER(total), CALLRAMP_MEMBER(over);
  } else if constexpr (Is<T, rollout::Uptime>) {
    CALLRAMP_MEMBER(minutes), CALLRAMP_MEMBER(down), CALLRAMP_MEMBER(unknown), CALLRAMP_MEMBER(planned);
    CALLRAMP_MEMBER(last_day_minutes), CALLRAMP_MEMBER(last_day_down);
  } else if constexpr (Is<T, EvidenceItem>) {
    CALLRAMP_MEMBER(kind), CALLRAMP_MEMBER(external_id), CALLRAMP_MEMBER(severity), CALLRAMP_MEMBER(status);
    CALLRAMP_MEMBER(value), CALLRAMP_MEMBER(critical), CALLRAMP_MEMBER(call_id), CALLRAMP_MEMBER(at);
    CALLRAMP_MEMBER(phase), CALLRAMP_MEMBER(system);
  } else if constexpr (Is<T, PhaseMean>) {
    CALLRAMP_MEMBER(phase), CALLRAMP_MEMBER(mean);
  } else if constexpr (Is<T, Gauge>) {
    CALLRAMP_MEMBER(readings), CALLRAMP_MEMBER(phases), CALLRAMP_MEMBER(exists), CALLRAMP_MEMBER(missing);
  } else if constexpr (Is<T, Labels>) {
    CALLRAMP_MEMBER(machines), CALLRAMP_MEMBER(machines_right), CALLRAMP_MEMBER(people), CALLRAMP_MEMBER(people_right);
  } else if constexpr (Is<T, Signature>) {
    CALLRAMP_MEMBER(subject), CALLRAMP_MEMBER(by), CALLRAMP_MEMBER(note), CALLRAMP_MEMBER(link), CALLRAMP_MEMBER(at);
    CALLRAMP_MEMBER(decision), CALLRAMP_MEMBER(standing);
  } else if constexpr (Is<T, Proof>) {
    CALLRAMP_MEMBER(name), CALLRAMP_MEMBER(at), CALLRAMP_MEMBER(concurrent), CALLRAMP_MEMBER(hours);
    CALLRAMP_MEMBER(version), CALLRAMP_MEMBER(passed);
  } else if constexpr (Is<T, DailyCost>) {
    CALLRAMP_MEMBER(day), CALLRAMP_MEMBER(calls), CALLRAMP_MEMBER(micros);
  } else if constexpr (Is<T, Waiver>) {
    CALLRAMP_MEMBER(condition), CALLRAMP_MEMBER(by), CALLRAMP_MEMBER(reason), CALLRAMP_MEMBER(until);
  } else if constexpr (Is<T, AaResult>) {
    CALLRAMP_MEMBER(run), CALLRAMP_MEMBER(alarm), CALLRAMP_MEMBER(users), CALLRAMP_MEMBER(calls);
    CALLRAMP_MEMBER(design_effect), CALLRAMP_MEMBER(log_e);
  } else {
    static_assert(Is<T, Facts>);
    CALLRAMP_MEMBER(heartbeat), CALLRAMP_MEMBER(uptime), CALLRAMP_MEMBER(times), CALLRAMP_MEMBER(items);
    CALLRAMP_MEMBER(labels), CALLRAMP_MEMBER(gauges), CALLRAMP_MEMBER(costs), CALLRAMP_MEMBER(today);
    CALLRAMP_MEMBER(quiet), CALLRAMP_MEMBER(users), CALLRAMP_MEMBER(open_calls), CALLRAMP_MEMBER(pending_calls);
    CALLRAMP_MEMBER(signatures), CALLRAMP_MEMBER(waivers), CALLRAMP_MEMBER(proofs), CALLRAMP_MEMBER(aa);
    CALLRAMP_MEMBER(percentage), CALLRAMP_MEMBER(calls_enabled), CALLRAMP_MEMBER(flag_version);
    CALLRAMP_MEMBER(flags_set_by), CALLRAMP_MEMBER(has_old_system), CALLRAMP_MEMBER(binary);
    CALLRAMP_MEMBER(configuration), CALLRAMP_MEMBER(users_on_new), CALLRAMP_MEMBER(users_routable);
  }
}

template <class T, class... Known>
concept OneOf = (Is<T, Known> || ...);

template <class Io, class T>
void members(Io& io, T& value) {
  if constexpr (OneOf<T, Latch, IncidentItem, Incident, PhaseRecord, RolloutState>) {
    state_members(io, value);
  } else if constexpr (OneOf<T, Forecast, Judgement, Decision>) {
    decision_members(io, value);
  } else if constexpr (OneOf<T, Tally, ClusterSums, PhaseFold, VersusSums, RunSums>) {
    sums_members(io, value);
  } else if constexpr (OneOf<T, DecisionInputs>) {
    CALLRAMP_MEMBER(sums), CALLRAMP_MEMBER(facts), CALLRAMP_MEMBER(order);
  } else if constexpr (OneOf<T, Command>) {
    CALLRAMP_MEMBER(kind), CALLRAMP_MEMBER(actor), CALLRAMP_MEMBER(reason), CALLRAMP_MEMBER(by);
    CALLRAMP_MEMBER(target), CALLRAMP_MEMBER(despite_evidence);
  } else {
    facts_members(io, value);
  }
}

#undef CALLRAMP_MEMBER

template <class T>
Result<T> from_text(std::string_view text) {
  try {
    T value;
    Reader::read(json::parse(text), value);
    return value;
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, std::string("the database holds a rollout that cannot be read: ") + error.what());
  }
}

}  // namespace

std::string to_text(const RolloutState& state) { return json::serialize(Writer::write(state)); }
std::string to_text(const Decision& decision) { return json::serialize(Writer::write(decision)); }
std::string to_text(const DecisionInputs& inputs) { return json::serialize(Writer::write(inputs)); }
Result<RolloutState> read_state(std::string_view text) { return from_text<RolloutState>(text); }
Result<Decision> read_decision(std::string_view text) { return from_text<Decision>(text); }
Result<DecisionInputs> read_inputs(std::string_view text) { return from_text<DecisionInputs>(text); }
std::string_view word(Action action) noexcept { return word_of(action); }

}  // namespace callramp::sql
