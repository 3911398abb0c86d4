#include <boost/json.hpp>

#include "adapters/sql/admin_stores.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {
namespace {

Token read_token(Row& row) {
  return Token{.id = row.id<TokenId>(),
               .name = row.text(),
               .role = row.word(parse_role),
               .hash = row.text(),
               .created_at = row.instant(),
               .revoked_at = row.maybe(&Row::instant)};
}

constexpr std::string_view token_columns = "id, name, role, hash, created_at, revoked_at";
constexpr std::string_view token_kinds = "ttttnn";

}  // namespace

Awaitable<Status> SqlTokenStore::add(Token token, std::string actor) {
  return executor_.write<void>([token = std::move(token), actor = std::move(actor)](Db& db) -> Status {
    if (db.exists("select 1 from tokens where name = :name and revoked_at is null", {token.name}))
      return fail(ErrorCode::conflict,
                  "a live token has the name '" + token.name + "'; choose another, or revoke that one first", "name");
    db.run(
        "insert into tokens (id, name, role, hash, created_at, revoked_at) values (:id, :name, :role, :hash, :created, "
        ":revoked)",
        {token.id, token.name, to_string(token.role), token.hash, token.created_at, token.revoked_at});
    append_audit(db, {.at = token.created_at,
                      .actor = actor,
                      .action = "token.create",
                      .subject = token.name,
                      .details_json = boost::json::serialize(
                          boost::json::object{{"id", token.id.str()}, {"role", to_string(token.role)}})});
    return {};
  });
}

Awaitable<Result<std::vector<Token>>> SqlTokenStore::list() {
  return executor_.read<std::vector<Token>>([](Db& db) -> Result<std::vector<Token>> {
    static const std::string sql = select(token_columns, "tokens", "order by created_at, id");
    return db.all(sql, token_kinds, {}, read_token);
  });
}

Awaitable<Status> SqlTokenStore::revoke(TokenId id, std::string actor, Instant now) {
  return executor_.write<void>([=](Db& db) -> Status {
    static const std::string sql = select(token_columns, "tokens", "where id = :id");
    const auto token = db.one(sql, token_kinds, {id}, read_token);
    if (!token || token->revoked_at)
      return fail(ErrorCode::not_found,
                  "no live token has the id '" + id.str() + "'; `callramp token list` shows them");
    const bool another =
        token->role != Role::admin ||
        db.exists("select 1 from tokens where role = 'admin' and revoked_at is null and id <> :id limit 1", {id});
    if (!another)
      return fail(ErrorCode::conflict, "'" + token->name +
                                           "' is the last live admin token, and nobody could make another; " +
                                           "create one first, then revoke this");
    db.run("update tokens set revoked_at = :now where id = :id", {now, id});
    append_audit(db, {.at = now, .actor = actor, .action = "token.revoke", .subject = token->name});
    return {};
  });
}

}  // namespace callramp::sql
