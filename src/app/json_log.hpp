// JsonLog: one JSON line an event, written by spdlog.
#pragma once

#include <memory>
#include <string>

#include "base/log.hpp"

namespace spdlog {
class logger;
}

namespace callramp::app {

class JsonLog final : public Log {
 public:
  /// To standard error; `level` is debug, info, warn or error.
  explicit JsonLog(const std::string& level);
  /// To a file, for a terminal view that owns the screen.
  JsonLog(const std::string& level, const std::string& file);
  ~JsonLog() override;
  void write(LogLevel level, std::string_view event, std::span<const LogField> fields) noexcept override;

 private:
  std::unique_ptr<spdlog::logger> logger_;
};

}  // namespace callramp::app
