#include "adapters/sql/admin_stores.hpp"

namespace callramp::sql {
namespace {

std::string read_value(Row& row) { return row.text(); }

}  // namespace

Awaitable<Result<std::optional<std::string>>> SqlSettingStore::get(std::string name) {
  using Value = std::optional<std::string>;
  return executor_.read<Value>([name = std::move(name)](Db& db) -> Result<Value> {
    return db.one("select value from settings where name = :name", "t", {name}, read_value);
  });
}

Awaitable<Status> SqlSettingStore::put(std::string name, std::string value) {
  return executor_.write<void>([name = std::move(name), value = std::move(value)](Db& db) -> Status {
    db.run(
        "insert into settings (name, value) values (:name, :value) on conflict (name) do update set value = "
        "excluded.value",
        {name, value});
    return {};
  });
}

}  // namespace callramp::sql
