// NoRollouts: stands in until a rollout controller is wired: there is no rollout, and nothing can be asked of one.
#pragma once

#include "engine/rollout_service.hpp"

namespace callramp::app {

class NoRollouts final : public engine::RolloutService {
 public:
  template <class T>
  using Answer = Awaitable<Result<T>>;
  using Text = std::string;

  Answer<std::vector<engine::RolloutView>> list() override { co_return std::vector<engine::RolloutView>{}; }
  Answer<engine::RolloutView> view(Text) override { co_return none(); }
  Answer<engine::PlanReply> upload(engine::PlanUpload, Actor) override { co_return none(); }
  Answer<PlanText> plan(Text, std::optional<Text>) override { co_return none(); }
  Answer<rollout::Decision> command(Text, rollout::Command, Actor) override { co_return none(); }
  Answer<engine::Receipt> drill(Text, Text, Actor) override { co_return none(); }
  Answer<rollout::Waiver> waive(Text, Text, Text, Instant, Actor) override { co_return none(); }
  Answer<rollout::Signature> approve(engine::SignOff, Text, std::int64_t) override { co_return none(); }
  Answer<engine::ChecklistItemView> check(engine::SignOff, Text, Text, bool) override { co_return none(); }
  Answer<rollout::Signature> confirm(engine::SignOff, Text) override { co_return none(); }
  Answer<rollout::Incident> close_incident_item(engine::SignOff, Text) override { co_return none(); }
  Answer<engine::DecisionPage> decisions(Text, std::optional<std::int64_t>, int) override { co_return none(); }
  Answer<rollout::Decision> decision(Text, std::int64_t) override { co_return none(); }
  Answer<engine::Explanation> explain(Text, std::int64_t) override { co_return none(); }
  Answer<bool> add_evidence(ItemReport) override { co_return none(); }
  Answer<ItemRecord> change_evidence(Text, Text, ItemChange) override { co_return none(); }
  Answer<std::vector<ItemRecord>> evidence(ItemFilter) override { co_return none(); }

 private:
  static std::unexpected<Error> none() { return fail(ErrorCode::unavailable, "this server has no rollout controller"); }
};

}  // namespace callramp::app
