#include "adapters/sql/admin_stores.hpp"
#include "adapters/sql/rows.hpp"

namespace callramp::sql {

Awaitable<Status> SqlAgentStore::put(Agent agent, std::string actor) {
  return executor_.write<void>([agent = std::move(agent), actor = std::move(actor)](Db& db) -> Status {
    db.run(
        "insert into agents (id, name, greeting, disclosure, prompt, goodbye, apology, language, voice, model, "
        "stt_model, "
        "max_duration_s, max_turns, created_at, updated_at) values (:id, :name, :greeting, :disclosure, :prompt, "
        ":goodbye, "
        ":apology, :language, :voice, :model, :stt, :duration, :turns, :created, :updated) on conflict (id) do update "
        "set "
        "name = excluded.name, greeting = excluded.greeting, disclosure = excluded.disclosure, prompt = "
        "excluded.prompt, "
        "goodbye = excluded.goodbye, apology = excluded.apology, language = excluded.language, voice = excluded.voice, "
        "model = excluded.model, stt_model = excluded.stt_model, max_duration_s = excluded.max_duration_s, max_turns = "
        "excluded.max_turns, updated_at = excluded.updated_at",
        {agent.id, agent.name, agent.greeting, agent.disclosure, agent.prompt, agent.goodbye, agent.apology,
         agent.language, agent.voice, agent.model, agent.stt_model, agent.max_duration, agent.max_turns,
         agent.created_at, agent.updated_at});
    append_audit(db, {.at = agent.updated_at, .actor = actor, .action = "agent.put", .subject = agent.id.str()});
    return {};
  });
}

Awaitable<Result<Agent>> SqlAgentStore::get(AgentId id) {
  return executor_.read<Agent>([id = std::move(id)](Db& db) -> Result<Agent> {
    auto agent = find_agent(db, id);
    if (!agent) return fail(ErrorCode::agent_not_found, "there is no agent '" + id.str() + "'", "agentId");
    return *std::move(agent);
  });
}

Awaitable<Result<std::vector<Agent>>> SqlAgentStore::list() {
  return executor_.read<std::vector<Agent>>([](Db& db) -> Result<std::vector<Agent>> {
    static const std::string sql = select(agent_columns, "agents", "order by created_at, id");
    return db.all(sql, agent_kinds, {}, read_agent);
  });
}

Awaitable<Status> SqlAgentStore::remove(AgentId id, std::string actor, Instant now) {
  return executor_.write<void>([=](Db& db) -> Status {
    if (db.exists(
            "select 1 from calls where agent_id = :id and status in ('scheduled', 'queued', 'dialing', 'ringing', "
            "'in_progress') limit 1",
            {id}))
      return fail(ErrorCode::conflict,
                  "agent '" + id.str() + "' has calls that are not over; cancel them, or wait until they are");
    if (db.exists("select 1 from campaigns where agent_id = :id and status not in ('completed', 'cancelled') limit 1",
                  {id}) ||
        db.exists("select 1 from contacts join campaigns on campaigns.id = campaign_id where contacts.agent_id = :id "
                  "and state = 0 and status not in ('completed', 'cancelled') limit 1",
                  {id}))
      return fail(ErrorCode::conflict, "agent '" + id.str() +
                                           "' speaks for a campaign that is not over; give the campaign another agent, "
                                           "or cancel it");
    if (db.run("delete from agents where id = :id", {id}) == 0)
      return fail(ErrorCode::agent_not_found, "there is no agent '" + id.str() + "'", "agentId");
    append_audit(db, {.at = now, .actor = actor, .action = "agent.remove", .subject = id.str()});
    return {};
  });
}

}  // namespace callramp::sql
