// Reading one mapping of a world's text: typed values by key, every complaint placed, unknown keys refused.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cmath>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "sandbox/world.hpp"

namespace callramp::sandbox {

/// An hour: longer than any call; a larger value is a slip of units.
inline constexpr double kLongestSeconds = 3600;

/// The value, as a complaint quotes it.
inline std::string shown(const YAML::Node& node) {
  if (node.IsScalar()) return "'" + node.Scalar() + "'";
  if (node.IsSequence()) return "a list";
  if (node.IsMap()) return "a mapping";
  return "nothing";
}

/// Keeps the first complaint; readers go on with defaults after one, so that no read needs a check of its
/// own.
class Complaints {
 public:
  void add(const YAML::Node& at, const std::string& key, const std::string& what) {
    if (first_) return;
    first_ = "world, line " + std::to_string(at.Mark().line + 1) + ": " + (key.empty() ? "" : key + ": ") + what;
  }
  const std::optional<std::string>& first() const { return first_; }

 private:
  std::optional<std::string> first_;
};

/// One mapping of the text: typed reads by key, and a complaint for every key that nobody read.
class Section {
 public:
  Section(YAML::Node node, std::string path, Complaints& complaints)
      : node_(std::move(node)), path_(std::move(path)), complaints_(&complaints) {
    if (present() && !node_.IsMap()) complaints.add(node_, path_, shown(node_) + " is not a mapping of keys");
  }

  std::string key_path(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

  std::optional<YAML::Node> get(const std::string& key) {
    known_.insert(key);
    if (!present() || !node_.IsMap()) return std::nullopt;
    const YAML::Node value = static_cast<const YAML::Node&>(node_)[key];
    if (!value.IsDefined() || value.IsNull()) return std::nullopt;
    return value;
  }

  void text(const std::string& key, std::string& into) {
    if (const auto value = get(key)) {
      if (value->IsScalar())
        into = value->Scalar();
      else
        complaints_->add(*value, key_path(key), shown(*value) + " is not a text");
    }
  }

  void flag(const std::string& key, bool& into) {
    if (const auto value = get(key)) {
      if (!value->IsScalar() || !YAML::convert<bool>::decode(*value, into))
        complaints_->add(*value, key_path(key), shown(*value) + " is neither true nor false");
    }
  }

  void number(const std::string& key, double& into, double low, double high) {
    if (const auto value = get(key)) into = read_number(*value, key_path(key), low, high).value_or(into);
  }

  void whole(const std::string& key, int& into, int low, int high) {
    double value = into;
    number(key, value, low, high);
    if (value != std::floor(value)) {
      complaints_->add(*get(key), key_path(key), shown(*get(key)) + " is not a whole number");
      return;
    }
    into = static_cast<int>(value);
  }

  /// A number, or [low, high]; in units of `unit`.
  std::optional<Span> span(const std::string& key, Duration unit) {
    const auto value = get(key);
    if (!value) return std::nullopt;
    const double limit = kLongestSeconds * 1e6 / static_cast<double>(unit.count());
    const auto in_unit = [&](double number) {
      return Duration{static_cast<std::int64_t>(std::llround(number * static_cast<double>(unit.count())))};
    };
    if (!value->IsSequence()) {
      const auto one = read_number(*value, key_path(key), 0, limit);
      if (!one) return std::nullopt;
      return Span{in_unit(*one), in_unit(*one)};
    }
    if (value->size() != 2) {
      complaints_->add(*value, key_path(key), "a list of " + std::to_string(value->size()) + " is not [low, high]");
      return std::nullopt;
    }
    const auto low = read_number((*value)[0], key_path(key), 0, limit);
    const auto high = read_number((*value)[1], key_path(key), 0, limit);
    if (!low || !high) return std::nullopt;
    if (*low > *high) {
      complaints_->add(*value, key_path(key), "its low end is above its high end");
      return std::nullopt;
    }
    return Span{in_unit(*low), in_unit(*high)};
  }
  void span(const std::string& key, Duration unit, Span& into) {
    if (const auto value = span(key, unit)) into = *value;
  }
  void duration(const std::string& key, Duration unit, Duration& into) {
    if (const auto value = span(key, unit)) {
      if (value->low == value->high)
        into = value->low;
      else
        complaints_->add(*get(key), key_path(key), "a list is not one number");
    }
  }

  template <class Enum>
  void word(const std::string& key, Enum& into, int last) {
    const auto value = get(key);
    if (!value) return;
    std::string choices;
    for (int i = 0; i <= last; ++i) {
      const std::string_view name = to_string(static_cast<Enum>(i));
      if (value->IsScalar() && value->Scalar() == name) {
        into = static_cast<Enum>(i);
        return;
      }
      choices += (i == 0 ? "" : ", ") + std::string(name);
    }
    complaints_->add(*value, key_path(key), shown(*value) + " is not one of " + choices);
  }

  void each(const std::string& key, const std::function<void(const YAML::Node&, const std::string& path)>& read) {
    const auto value = get(key);
    if (!value) return;
    if (!value->IsSequence()) {
      complaints_->add(*value, key_path(key), shown(*value) + " is not a list");
      return;
    }
    for (std::size_t i = 0; i < value->size(); ++i) read((*value)[i], key_path(key) + "[" + std::to_string(i) + "]");
  }

  /// Call last: complains about the first key that was not asked for.
  void refuse_unknown() {
    if (!present() || !node_.IsMap()) return;
    for (const auto& entry : node_) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "?";
      if (known_.contains(key)) continue;
      std::string choices;
      for (const std::string& name : known_) choices += (choices.empty() ? "" : ", ") + name;
      complaints_->add(entry.first, key_path(key), "there is no such key; known are " + choices);
    }
  }

 private:
  bool present() const { return node_.IsDefined() && !node_.IsNull(); }

  std::optional<double> read_number(const YAML::Node& value, const std::string& path, double low, double high) {
    double number = 0;
    if (!value.IsScalar() || !YAML::convert<double>::decode(value, number) || !std::isfinite(number)) {
      complaints_->add(value, path, shown(value) + " is not a number");
      return std::nullopt;
    }
    if (number < low || number > high) {
      const auto plain = [](double bound) { return YAML::Dump(YAML::Node(bound)); };
      complaints_->add(value, path, value.Scalar() + " is not between " + plain(low) + " and " + plain(high));
      return std::nullopt;
    }
    return number;
  }

  YAML::Node node_;
  std::string path_;
  Complaints* complaints_;
  std::set<std::string> known_;
};

}  // namespace callramp::sandbox
