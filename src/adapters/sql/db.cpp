#include "adapters/sql/db.hpp"

#include <soci/soci.h>

#include <unordered_map>

#include "adapters/sql/dialect.hpp"
#include "base/ensure.hpp"

namespace callramp::sql {

std::string Param::without_nul(std::string_view text) {
  std::string clean(text);
  for (auto nul = clean.find('\0'); nul != std::string::npos; nul = clean.find('\0', nul))
    clean.replace(nul, 1, "\xef\xbf\xbd");
  return clean;
}

const Cell& Row::take() {
  ENSURE(next_ < cells_.size(), "a row was read past its last column");
  const Cell& cell = cells_[next_++];
  if (cell.null) throw DbFailure({ErrorCode::internal, "the database holds a null where a value must be"});
  return cell;
}

bool Row::skip_null() {
  ENSURE(next_ < cells_.size(), "a row was read past its last column");
  if (!cells_[next_].null) return false;
  ++next_;
  return true;
}

PhoneNumber Row::phone() {
  auto number = PhoneNumber::parse(take().text);
  if (!number) throw DbFailure({ErrorCode::internal, "the database holds a phone number that is none"});
  return *number;
}

// A statement with its slots. SOCI binds to addresses, so the slots are made once and never move.
struct Db::Prepared {
  Prepared(soci::session& session, std::string_view sql, std::string_view kinds, std::span<const Param> params)
      : statement(session), in(params.size()), in_null(params.size()), out(kinds.size()), out_null(kinds.size()) {
    statement.alloc();
    for (std::size_t i = 0; i < in.size(); ++i) {
      in[i].kind = params[i].cell().kind;
      switch (in[i].kind) {
        case Kind::text: statement.exchange(soci::use(in[i].text, in_null[i])); break;
        case Kind::number: statement.exchange(soci::use(in[i].number, in_null[i])); break;
        case Kind::real: statement.exchange(soci::use(in[i].real, in_null[i])); break;
      }
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i].kind = static_cast<Kind>(kinds[i]);
      switch (out[i].kind) {
        case Kind::text: statement.exchange(soci::into(out[i].text, out_null[i])); break;
        case Kind::number: statement.exchange(soci::into(out[i].number, out_null[i])); break;
        case Kind::real: statement.exchange(soci::into(out[i].real, out_null[i])); break;
      }
    }
    statement.prepare(std::string(sql));
    statement.define_and_bind();
  }

  void fill(std::span<const Param> params) {
    ENSURE(params.size() == in.size(), "a statement has as many parameters as when it was prepared");
    for (std::size_t i = 0; i < in.size(); ++i) {
      const Cell& from = params[i].cell();
      ENSURE(from.kind == in[i].kind, "a parameter keeps its kind");
      in_null[i] = from.null ? soci::i_null : soci::i_ok;
      in[i].text = from.text;
      in[i].number = from.number;
      in[i].real = from.real;
    }
  }

  std::span<const Cell> row() {
    for (std::size_t i = 0; i < out.size(); ++i) out[i].null = out_null[i] == soci::i_null;
    return out;
  }

  soci::statement statement;
  std::vector<Cell> in;
  std::vector<soci::indicator> in_null;
  std::vector<Cell> out;
  std::vector<soci::indicator> out_null;
  bool running = false;
};

struct Db::Cache {
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view sql) const noexcept { return std::hash<std::string_view>{}(sql); }
  };
  // The stores' own statements are about a hundred; only the combinations of list filters could grow without bound.
  static constexpr std::size_t limit = 512;
  std::unordered_map<std::string, std::unique_ptr<Prepared>, Hash, std::equal_to<>> statements;
};

Db::Db(std::unique_ptr<soci::session> session) : session_(std::move(session)), cache_(std::make_unique<Cache>()) {}
Db::~Db() = default;

template <class Use>
void Db::use(std::string_view sql, std::string_view kinds, std::span<const Param> params, const Use& use) {
  auto& statements = cache_->statements;
  // A statement that failed, or was left half read, goes: finalizing it is the surest reset. It is looked up again
  // because the statements that ran meanwhile may have moved the table.
  const auto forget = [&] {
    if (const auto failed = statements.find(sql); failed != statements.end()) statements.erase(failed);
  };
  try {
    auto found = statements.find(sql);
    if (found == statements.end()) {
      if (statements.size() >= Cache::limit)
        std::erase_if(statements, [](const auto& entry) { return !entry.second->running; });
      found = statements.emplace(std::string(sql), std::make_unique<Prepared>(*session_, sql, kinds, params)).first;
    }
    Prepared& prepared = *found->second;
    ENSURE(!prepared.running, "a statement is not run again while its rows are read");
    prepared.running = true;
    prepared.fill(params);
    use(prepared);
    prepared.running = false;
  } catch (const soci::soci_error& error) {
    forget();
    throw DbFailure(explain(error));
  } catch (...) {
    forget();
    throw;
  }
}

std::int64_t Db::run(std::string_view sql, std::span<const Param> params) {
  std::int64_t changed = 0;
  use(sql, {}, params, [&](Prepared& prepared) {
    prepared.statement.execute(true);
    changed = prepared.statement.get_affected_rows();
  });
  return changed;
}

void Db::select(std::string_view sql, std::string_view kinds, std::span<const Param> params,
                const std::function<void(Row&)>& each) {
  use(sql, kinds, params, [&](Prepared& prepared) {
    // Read to the end, always: a select that is left open would hold its snapshot.
    for (bool got = prepared.statement.execute(true); got; got = prepared.statement.fetch()) {
      Row row(prepared.row());
      each(row);
    }
  });
}

std::optional<std::int64_t> Db::number(std::string_view sql, std::initializer_list<Param> params) {
  std::optional<std::int64_t> value;
  select(sql, "n", params, [&](Row& row) { value = row.maybe(&Row::number); });
  return value;
}

}  // namespace callramp::sql
