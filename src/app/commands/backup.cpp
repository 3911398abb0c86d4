// `callramp backup` and `restore`: on the machine that holds the data, not through the API.
#include <fmt/format.h>

#include <ostream>

#include "app/backup.hpp"
#include "app/commands/groups.hpp"

namespace callramp::app {
namespace {

Ran backup(const Arguments& arguments, Terminal& terminal) {
  const std::string file = arguments.required("FILE");
  TRY(config, load_config(arguments.text("--config").value_or("")));
  TRY(made, make_backup(config, file));
  terminal.out << fmt::format("{}: {:.1f} MB as of {}\nSHA-256 {} is in {}.sha256\n", file,
                              static_cast<double>(made.bytes) / 1e6, to_iso(made.at), made.sha256, file);
  return {};
}

Ran restore(const Arguments& arguments, Terminal& terminal) {
  const std::string file = arguments.required("FILE");
  TRY(config, load_config(arguments.text("--config").value_or("")));
  TRY(restored, restore_backup(config, file, arguments.has("--force")));
  terminal.out << fmt::format("The data of {} is in place.\n", to_iso(restored.copied_at));
  if (!restored.previous.empty())
    terminal.out << fmt::format("What was there before is {}; remove it when you are sure.\n", restored.previous);
  if (restored.tombstones > 0)
    terminal.out << fmt::format("Wishes not to be called and erasures since then, applied again: {}.\n",
                                restored.tombstones);
  terminal.out << "Outbound calls are off: calls that waited then may have been made since. Start the server, look at\n"
                  "what is due, then `callramp flags enable`.\n";
  return {};
}

}  // namespace

void add_backup_commands(Command root) {
  root.add("backup", "Copy the database into one file, beside a running server")
      .argument("FILE", "The file to make; its checksum is put beside it")
      .option("--config", "FILE", "The server's file of settings; the environment counts, too")
      .example("callramp backup /backup/callramp-$(date +%F).db")
      .runs(backup);
  root.add("restore", "Put a backup in the place of the database; the server must be stopped")
      .argument("FILE", "A file that `callramp backup` made, with its .sha256 beside it")
      .flag("--force", "Move a database that is there aside")
      .option("--config", "FILE", "The server's file of settings; the environment counts, too")
      .example("callramp restore /backup/callramp-2026-11-24.db --force")
      .runs(restore);
}

}  // namespace callramp::app
