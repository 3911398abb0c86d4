// Log: where events with fields go, as an interface so that no floor but app knows the logging library.
//
// A line is an event ("dial_refused") with fields; a PhoneNumber given as a field is masked to its last four digits by
// its type, so a full number cannot reach a log by accident.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/ids.hpp"
#include "base/phone.hpp"

namespace callramp {

enum class LogLevel { debug, info, warn, error };

struct LogField {
  std::string_view name;
  std::variant<std::string, std::int64_t, double, bool> value;

  LogField(std::string_view name, std::string_view text) : name(name), value(std::string(text)) {}
  LogField(std::string_view name, const char* text) : name(name), value(std::string(text)) {}
  LogField(std::string_view name, const std::string& text) : name(name), value(text) {}
  LogField(std::string_view name, const PhoneNumber& number) : name(name), value(number.masked()) {}
  template <class Tag>
  LogField(std::string_view name, const Id<Tag>& id) : name(name), value(id.str()) {}
  LogField(std::string_view name, bool flag) : name(name), value(flag) {}
  template <class Number>
    requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>)
  LogField(std::string_view name, Number number) : name(name) {
    if constexpr (std::is_floating_point_v<Number>)
      value = static_cast<double>(number);
    else
      value = static_cast<std::int64_t>(number);
  }
};

/// Thread-safe. Never throws and never blocks on a slow reader for longer than one write.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view event, std::span<const LogField> fields) noexcept = 0;

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) noexcept {
    write(LogLevel::debug, event, {fields.begin(), fields.size()});
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) noexcept {
    write(LogLevel::info, event, {fields.begin(), fields.size()});
  }
  void warn(std::string_view event, std::initializer_list<LogField> fields = {}) noexcept {
    write(LogLevel::warn, event, {fields.begin(), fields.size()});
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) noexcept {
    write(LogLevel::error, event, {fields.begin(), fields.size()});
  }
};

/// Drops everything; for tests and tools that have nothing to tell.
class NullLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::span<const LogField>) noexcept override {}
};

}  // namespace callramp
