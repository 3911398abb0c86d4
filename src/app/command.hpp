// Command: one command of the binary with its arguments, help and handler. The only file that knows CLI11 is
// command.cpp (the header costs 6 s a file), so a command group costs no more to compile than what it does.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/terminal.hpp"
#include "base/result.hpp"

namespace CLI {
class App;
}

namespace callramp::app {

/// Why a command did not do what was asked, and the exit code that says so: 1 refused or failed, 2 bad usage.
struct CommandError {
  int exit_code = 1;
  std::string message;  ///< one sentence that names the next step; empty: everything has been said already

  CommandError(int exit_code, std::string message) : exit_code(exit_code), message(std::move(message)) {}
  CommandError(Error error) : message(std::move(error).message) {}  // so that TRY works on any Result
};

template <class T>
using Done = std::expected<T, CommandError>;
using Ran = Done<void>;

inline std::unexpected<CommandError> refused(std::string message) {
  return std::unexpected(CommandError(1, std::move(message)));
}
inline std::unexpected<CommandError> bad_usage(std::string message) {
  return std::unexpected(CommandError(2, std::move(message)));
}
/// A value that the user typed: what is wrong with it is bad usage.
template <class T>
Done<T> typed(Result<T> value) {
  if (!value) return bad_usage(std::move(value).error().message);
  return *std::move(value);
}

/// What was typed behind one command.
class Arguments {
 public:
  explicit Arguments(const CLI::App& app) : app_(app) {}
  bool has(const std::string& name) const;
  /// The last value of an option or argument, if it was given.
  std::optional<std::string> text(const std::string& name) const;
  /// Of a required one.
  std::string required(const std::string& name) const { return text(name).value_or(""); }
  std::vector<std::string> all(const std::string& name) const;

 private:
  const CLI::App& app_;
};

using Handler = std::function<Ran(const Arguments&, Terminal&)>;

/// A handle: copies mean the same command.
class Command {
 public:
  /// Adds a command below this one. A command that has others below it asks for one of them.
  Command add(const std::string& name, const std::string& description);
  /// A line of the help's examples, as it would be typed.
  Command& example(const std::string& line);
  /// "USER": one value by its place.
  Command& argument(const std::string& name, const std::string& help, bool required = true);
  /// "KEY=VALUE": one or more values by their place.
  Command& arguments(const std::string& name, const std::string& help, bool required = true);
  /// "--reason": an option with a value, shown as `value` in the help.
  Command& option(const std::string& name, const std::string& value, const std::string& help, bool required = false);
  Command& pages();  ///< --page and --limit
  /// "--json": a switch.
  Command& flag(const std::string& name, const std::string& help);
  /// Adds --json with the help that every command shares.
  Command& json();
  Command& runs(Handler handler);
  /// For a group that speaks CLI11 itself.
  CLI::App& app() const { return *app_; }

 private:
  friend class CommandLine;
  struct Shared;
  Command(CLI::App& app, std::shared_ptr<Shared> shared) : app_(&app), shared_(std::move(shared)) {}

  CLI::App* app_;
  std::shared_ptr<Shared> shared_;  // shared: handlers and examples of the whole tree, held by every handle to it
};

/// The tree of commands and one run of it.
class CommandLine {
 public:
  CommandLine();
  ~CommandLine();
  Command root();
  /// `arguments` without the program's name. Prints help, errors and results; returns the exit code.
  int run(std::vector<std::string> arguments, Terminal& terminal);

 private:
  std::unique_ptr<CLI::App> app_;
  std::shared_ptr<Command::Shared> shared_;
};

}  // namespace callramp::app
