#include "app/command.hpp"

#include <CLI/CLI.hpp>
#include <map>
#include <ostream>

#include "base/ensure.hpp"

namespace callramp::app {

struct Command::Shared {
  std::map<const CLI::App*, Handler> handlers;
  std::map<const CLI::App*, std::string> examples;
};

namespace {

const CLI::Option& find_option(const CLI::App& app, const std::string& name) {
  const CLI::Option* option = app.get_option_no_throw(name);
  ENSURE(option != nullptr, "a command asks for an argument that it did not declare");
  return *option;
}

// The command that was typed: the last of the chain.
const CLI::App& innermost(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : innermost(*chosen.back());
}

std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : full_name(*app.get_parent()) + " " + app.get_name();
}

}  // namespace

bool Arguments::has(const std::string& name) const { return find_option(app_, name).count() > 0; }

std::optional<std::string> Arguments::text(const std::string& name) const {
  const auto& results = find_option(app_, name).results();
  if (results.empty()) return std::nullopt;
  return results.back();
}

std::vector<std::string> Arguments::all(const std::string& name) const { return find_option(app_, name).results(); }

Command Command::add(const std::string& name, const std::string& description) {
  app_->require_subcommand(1);
  return {*app_->add_subcommand(name, description), shared_};
}

Command& Command::example(const std::string& line) {
  std::string& footer = shared_->examples[app_];
  footer += (footer.empty() ? "Examples:\n  " : "\n  ") + line;
  app_->footer(footer);
  return *this;
}

Command& Command::argument(const std::string& name, const std::string& help, bool required) {
  app_->add_option(name, help)->required(required)->type_name("");
  return *this;
}

Command& Command::arguments(const std::string& name, const std::string& help, bool required) {
  app_->add_option(name, help)
      ->required(required)
      ->expected(1, CLI::detail::expected_max_vector_size)
      ->allow_extra_args()
      ->type_name("");
  return *this;
}

Command& Command::pages() { return option("--page", "N", "From 1").option("--limit", "N", "Rows of a page, 1 to 100"); }

Command& Command::option(const std::string& name, const std::string& value, const std::string& help, bool required) {
  app_->add_option(name, help)
      ->required(required)
      ->type_name(value)
      ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  return *this;
}

Command& Command::flag(const std::string& name, const std::string& help) {
  app_->add_flag(name, help);
  return *this;
}

Command& Command::json() { return flag("--json", "Print the API's answer as it is, for programs"); }

Command& Command::runs(Handler handler) {
  app_->require_subcommand(0);  // `pin USER old` beside `pin list`
  shared_->handlers[app_] = std::move(handler);
  return *this;
}

CommandLine::CommandLine()
    : app_(std::make_unique<CLI::App>("Outbound calls by an AI agent, moved over from an old dialer step by step",
                                      "callramp")),
      shared_(std::make_shared<Command::Shared>()) {
  app_->set_help_flag("-h,--help", "Print this help");
  app_->get_formatter()->column_width(34);
  app_->get_formatter()->label("REQUIRED", "(required)");
}

CommandLine::~CommandLine() = default;

Command CommandLine::root() { return {*app_, shared_}; }

int CommandLine::run(std::vector<std::string> arguments, Terminal& terminal) {
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app_->parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    terminal.out << app_->help();  // of the command that was typed: CLI11 goes down to it
    return 0;
  } catch (const CLI::RuntimeError& ended) {
    return ended.get_exit_code();  // how a group that speaks CLI11 itself ends with a code
  } catch (const CLI::ParseError& error) {
    const CLI::App& typed_command = innermost(*app_);
    const std::string name = full_name(typed_command);
    // Of "flags gett" CLI11 says only that a subcommand is required.
    const auto unknown = typed_command.remaining();
    const std::string what = unknown.empty() ? error.what() : "'" + unknown.front() + "' was not expected here";
    terminal.err << name << ": " << what << ". See `" << name << " --help`.\n";
    return 2;
  }
  const CLI::App& chosen = innermost(*app_);
  const auto handler = shared_->handlers.find(&chosen);
  if (handler == shared_->handlers.end()) return 0;  // a group that speaks CLI11 itself has done it in its callback
  const Ran ran = handler->second(Arguments(chosen), terminal);
  terminal.out.flush();
  if (ran) return 0;
  if (!ran.error().message.empty()) terminal.err << "callramp: " << ran.error().message << "\n";
  return ran.error().exit_code;
}

}  // namespace callramp::app
