// Agents (who speaks) and tokens (who may): the two lists that administrators keep.
#include <algorithm>

#include "api/answers.hpp"
#include "api/fields.hpp"
#include "api/routes.hpp"
#include "api/secrets.hpp"
#include "wire/agent_json.hpp"

namespace callramp::api {
namespace {

constexpr std::size_t max_name_bytes = 100;
constexpr std::size_t max_spoken_bytes = 2000;    // one utterance of two minutes
constexpr std::size_t max_prompt_bytes = 32'000;  // 8000 tokens, at four characters each

bool is_plain_word(std::string_view text, std::size_t max_bytes) {
  return !text.empty() && text.size() <= max_bytes && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.' || c == '@';
  });
}

Result<Agent> read_agent(const json::object& body, Instant now) {
  Fields in(body);
  Agent agent{.name = in.text("name", max_name_bytes),
              .greeting = in.text("greeting", max_spoken_bytes),
              .disclosure = in.text("disclosure", max_spoken_bytes),
              .prompt = in.text("prompt", max_prompt_bytes),
              .created_at = now,
              .updated_at = now};
  const auto replace = [&](std::string& value, std::string_view name, std::size_t max_bytes) {
    if (in.has(name))
      value = in.text(name, max_bytes);
    else
      in.maybe_text(name, max_bytes);
  };
  replace(agent.goodbye, "goodbye", max_spoken_bytes);
  replace(agent.apology, "apology", max_spoken_bytes);
  replace(agent.language, "language", max_name_bytes);
  replace(agent.voice, "voice", max_name_bytes);
  replace(agent.model, "model", max_name_bytes);
  replace(agent.stt_model, "sttModel", max_name_bytes);
  // Carriers end a call after an hour; a conversation needs time for one exchange at least.
  agent.max_duration = seconds{in.maybe_integer("maxDurationSeconds", 15, 3600).value_or(agent.max_duration.count())};
  agent.max_turns = static_cast<int>(in.maybe_integer("maxTurns", 1, 200).value_or(agent.max_turns));
  TRY_VOID(in.finish());
  return agent;
}

Awaitable<Result<net::Response>> list_agents(const Deps& deps, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  CO_TRY_VOID(Fields(query).finish());
  CO_TRY(agents, co_await deps.agents.list());
  json::array rows;
  for (const Agent& agent : agents) rows.push_back(wire::to_json(agent));
  co_return json_response(200, json::object{{"agents", std::move(rows)}});
}

Awaitable<Result<net::Response>> create_agent(const Deps& deps, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  const Instant now = deps.clock.now();
  CO_TRY(agent, read_agent(body, now));
  agent.id = make_id<AgentId>(now, deps.random);
  CO_TRY_VOID(co_await deps.agents.put(agent, exchange.actor.name));
  co_return json_response(201, wire::to_json(agent));
}

Awaitable<Result<net::Response>> get_agent(const Deps& deps, Exchange& exchange) {
  CO_TRY(agent, co_await deps.agents.get(AgentId{exchange.param("id")}));
  co_return json_response(200, wire::to_json(agent));
}

// Creates as well, so that an agent can have a name of its owner's choosing and be set up twice without harm.
Awaitable<Result<net::Response>> put_agent(const Deps& deps, Exchange& exchange) {
  const std::string id = exchange.param("id");
  if (!is_plain_word(id, 64))
    co_return fail(ErrorCode::invalid_request,
                   "an agent's id is 1 to 64 letters, digits, '-', '_', '.' or '@'; choose another", "id");
  CO_TRY(body, co_await read_object(exchange));
  CO_TRY(agent, read_agent(body, deps.clock.now()));
  agent.id = AgentId{id};
  const auto known = co_await deps.agents.get(agent.id);
  if (known)
    agent.created_at = known->created_at;
  else if (known.error().code != ErrorCode::agent_not_found)
    co_return std::unexpected(known.error());
  CO_TRY_VOID(co_await deps.agents.put(agent, exchange.actor.name));
  co_return json_response(known ? 200 : 201, wire::to_json(agent));
}

Awaitable<Result<net::Response>> remove_agent(const Deps& deps, Exchange& exchange) {
  CO_TRY_VOID(co_await deps.agents.remove(AgentId{exchange.param("id")}, exchange.actor.name, deps.clock.now()));
  co_return no_content();
}

// Who did what is written by name: nobody may take the program's own.
bool is_reserved(std::string_view name) {
  return name == "system" || name == "environment" || name == "rollout" || name == "undo" || name == "page";
}

Awaitable<Result<net::Response>> create_token(const Deps& deps, TokenGuard& guard, Exchange& exchange) {
  CO_TRY(body, co_await read_object(exchange));
  Fields in(body);
  Token token{.name = in.text("name", 64), .role = in.required("role", parse_role)};
  if (!is_plain_word(token.name, 64) || is_reserved(token.name))
    in.refuse(
        "name",
        {.code = ErrorCode::invalid_request,
         .message = "a token's name is letters, digits, '-', '_', '.' or '@', and not a name of the program's own"});
  CO_TRY_VOID(in.finish());
  const std::string secret = make_secret(deps.random);
  token.created_at = deps.clock.now();
  token.id = make_id<TokenId>(token.created_at, deps.random);
  token.hash = hash_secret(secret);
  CO_TRY_VOID(co_await deps.tokens.add(token, exchange.actor.name));
  guard.learn(token);
  co_return json_response(
      201,
      json::object{{"id", token.id.str()}, {"name", token.name}, {"role", to_string(token.role)}, {"token", secret}});
}

Awaitable<Result<net::Response>> list_tokens(const Deps& deps, TokenGuard&, Exchange& exchange) {
  CO_TRY(query, read_query(exchange.request));
  CO_TRY_VOID(Fields(query).finish());
  CO_TRY(tokens, co_await deps.tokens.list());
  json::array rows;
  for (const Token& token : tokens)
    rows.push_back(json::object{{"id", token.id.str()},
                                {"name", token.name},
                                {"role", to_string(token.role)},
                                {"createdAt", to_iso(token.created_at)},
                                {"revokedAt", iso_or_null(token.revoked_at)}});
  co_return json_response(200, json::object{{"tokens", std::move(rows)}});
}

Awaitable<Result<net::Response>> revoke_token(const Deps& deps, TokenGuard& guard, Exchange& exchange) {
  const TokenId id{exchange.param("id")};
  CO_TRY_VOID(co_await deps.tokens.revoke(id, exchange.actor.name, deps.clock.now()));
  guard.forget(id);
  co_return no_content();
}

}  // namespace

void add_agent_routes(Router& router, const Deps& deps) {
  const auto with = bound_to(deps);
  router.add({"GET", "/api/v1/agents", Role::viewer, false, with(list_agents)});
  router.add({"POST", "/api/v1/agents", Role::operator_, false, with(create_agent)});
  router.add({"GET", "/api/v1/agents/{id}", Role::viewer, false, with(get_agent)});
  router.add({"PUT", "/api/v1/agents/{id}", Role::operator_, false, with(put_agent)});
  router.add({"DELETE", "/api/v1/agents/{id}", Role::operator_, false, with(remove_agent)});
}

void add_token_routes(Router& router, const Deps& deps, TokenGuard& guard) {
  const auto with = [&](auto handler) {
    return [&deps, &guard, handler](Exchange& exchange) { return handler(deps, guard, exchange); };
  };
  router.add({"GET", "/api/v1/tokens", Role::admin, false, with(list_tokens)});
  router.add({"POST", "/api/v1/tokens", Role::admin, false, with(create_token)});
  router.add({"DELETE", "/api/v1/tokens/{id}", Role::admin, false, with(revoke_token)});
}

}  // namespace callramp::api
