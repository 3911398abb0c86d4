#include "app/json_log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/json.hpp>

#include "base/time.hpp"
#include "net/json_text.hpp"

namespace callramp::app {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warn: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warn: return "warn";
    case LogLevel::error: return "error";
  }
  return "error";
}

std::unique_ptr<spdlog::logger> make_logger(const std::string& level, spdlog::sink_ptr sink) {
  auto logger = std::make_unique<spdlog::logger>("callramp", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::warn);
  return logger;
}

}  // namespace

JsonLog::JsonLog(const std::string& level)
    : logger_(make_logger(level, std::make_shared<spdlog::sinks::stderr_sink_mt>())) {}

JsonLog::JsonLog(const std::string& level, const std::string& file)
    : logger_(make_logger(level, std::make_shared<spdlog::sinks::basic_file_sink_mt>(file))) {}

JsonLog::~JsonLog() = default;

void JsonLog::write(LogLevel level, std::string_view event, std::span<const LogField> fields) noexcept {
  if (!logger_->should_log(level_of(level))) return;
  try {
    boost::json::object line;
    line["ts"] = to_iso(std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()));
    line["level"] = name_of(level);
    line["event"] = event;
    for (const LogField& field : fields) std::visit([&](const auto& value) { line[field.name] = value; }, field.value);
    logger_->log(level_of(level), "{}", net::to_text(line));
  } catch (const std::exception&) {
    // A log line that cannot be made or written must not take a call down with it; spdlog counts sink errors itself.
  }
}

}  // namespace callramp::app
