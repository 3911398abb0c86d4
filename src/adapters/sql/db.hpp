// Db: one connection, seen by the stores. Statements are prepared once and bound to slots that stay, so a hot one costs
// a look-up and its values; SOCI itself is known to db.cpp and dialect.cpp only.
//
// Parameters are named (:phone) and bound in order of appearance, each name once in a statement: that is what both
// databases' drivers agree on. Everything here throws DbFailure, which the executor turns into an Error.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/phone.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace soci {
class session;
}

namespace callramp::sql {

class DbFailure : public std::runtime_error {
 public:
  explicit DbFailure(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}
  const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

enum class Kind : char { text = 't', number = 'n', real = 'r' };

/// One value that goes in or comes out.
struct Cell {
  Kind kind = Kind::text;
  bool null = false;
  std::string text = {};
  long long number = 0;
  double real = 0;
};

/// Anything that the tables hold, on its way in. An empty optional is null. A NUL in a text, which not every database
/// can hold, is stored as U+FFFD: a provider's nonsense must not cost the rest of a transcript.
class Param {
 public:
  Param(std::string_view text) : cell_{.kind = Kind::text, .text = without_nul(text)} {}
  Param(const std::string& text) : Param(std::string_view(text)) {}
  Param(const char* text) : Param(std::string_view(text)) {}
  template <class Tag>
  Param(const Id<Tag>& id) : Param(std::string_view(id.str())) {}
  Param(const PhoneNumber& phone) : Param(std::string_view(phone.e164())) {}
  Param(std::int64_t number) : cell_{.kind = Kind::number, .number = number} {}
  Param(int number) : Param(std::int64_t{number}) {}
  Param(bool flag) : Param(std::int64_t{flag}) {}
  Param(double real) : cell_{.kind = Kind::real, .real = real} {}
  Param(Instant at) : Param(to_micros(at)) {}
  Param(seconds span) : Param(std::int64_t{span.count()}) {}
  Param(milliseconds span) : Param(std::int64_t{span.count()}) {}
  template <class T>
  Param(const std::optional<T>& value) : Param(value ? Param(*value) : Param(T{})) {
    cell_.null = !value;
  }
  const Cell& cell() const noexcept { return cell_; }

 private:
  static std::string without_nul(std::string_view text);
  Cell cell_;
};

/// A row of a result. Each call reads the next column; a null where the schema allows none is a DbFailure.
class Row {
 public:
  explicit Row(std::span<const Cell> cells) : cells_(cells) {}
  std::string text() { return take().text; }
  std::int64_t number() { return take().number; }
  int integer() { return static_cast<int>(take().number); }
  double real() { return take().real; }
  bool flag() { return take().number != 0; }
  Instant instant() { return from_micros(take().number); }
  template <class AnyId>
  AnyId id() {
    return AnyId{take().text};
  }
  PhoneNumber phone();
  /// The word of an enumeration, read by its own parser.
  template <class Enum>
  Enum word(Result<Enum> (*parse)(std::string_view)) {
    auto value = parse(take().text);
    if (!value)
      throw DbFailure(
          {ErrorCode::internal, "the database holds a value that no table allows: " + value.error().message});
    return *value;
  }
  /// Nothing for a null, else what `read` makes of the column: row.maybe(&Row::instant).
  template <class T>
  std::optional<T> maybe(T (Row::*read)()) {
    if (skip_null()) return std::nullopt;
    return (this->*read)();
  }
  template <class Enum>
  std::optional<Enum> maybe_word(Result<Enum> (*parse)(std::string_view)) {
    if (skip_null()) return std::nullopt;
    return word(parse);
  }
  /// True if the next column is null, which is passed over then.
  bool skip_null();

 private:
  const Cell& take();
  std::span<const Cell> cells_;
  std::size_t next_ = 0;
};

class Db {
 public:
  explicit Db(std::unique_ptr<soci::session> session);
  ~Db();
  Db(const Db&) = delete;
  Db& operator=(const Db&) = delete;

  /// Rows that it changed.
  std::int64_t run(std::string_view sql, std::span<const Param> params = {});
  std::int64_t run(std::string_view sql, std::initializer_list<Param> params) {
    return run(sql, std::span(params.begin(), params.size()));
  }
  /// Calls `each` for every row. `kinds` has one letter per column: t text, n number, r real. `each` must not run the
  /// same statement again.
  void select(std::string_view sql, std::string_view kinds, std::span<const Param> params,
              const std::function<void(Row&)>& each);
  void select(std::string_view sql, std::string_view kinds, std::initializer_list<Param> params,
              const std::function<void(Row&)>& each) {
    select(sql, kinds, std::span(params.begin(), params.size()), each);
  }
  /// The first column of the only row; nothing if there is no row or it is null.
  std::optional<std::int64_t> number(std::string_view sql, std::initializer_list<Param> params = {});
  bool exists(std::string_view sql, std::initializer_list<Param> params) { return number(sql, params).has_value(); }
  /// What `read` makes of each row.
  template <class T>
  std::vector<T> all(std::string_view sql, std::string_view kinds, std::span<const Param> params, T (*read)(Row&)) {
    std::vector<T> rows;
    select(sql, kinds, params, [&](Row& row) { rows.push_back(read(row)); });
    return rows;
  }
  template <class T>
  std::vector<T> all(std::string_view sql, std::string_view kinds, std::initializer_list<Param> params,
                     T (*read)(Row&)) {
    return all(sql, kinds, std::span(params.begin(), params.size()), read);
  }
  /// The last of the rows, of which there should be one at most.
  template <class T>
  std::optional<T> one(std::string_view sql, std::string_view kinds, std::initializer_list<Param> params,
                       T (*read)(Row&)) {
    std::optional<T> found;
    select(sql, kinds, params, [&](Row& row) { found = read(row); });
    return found;
  }

 private:
  struct Prepared;
  struct Cache;
  template <class Use>
  void use(std::string_view sql, std::string_view kinds, std::span<const Param> params, const Use& use);

  std::unique_ptr<soci::session> session_;
  std::unique_ptr<Cache> cache_;  // after the session: statements go before their connection
};

}  // namespace callramp::sql
