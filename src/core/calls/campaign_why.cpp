#include "core/calls/campaign_why.hpp"

#include <algorithm>

namespace callramp {
namespace {

class Reasons {
 public:
  void add(std::string reason, std::int64_t count, std::optional<Instant> until = std::nullopt) {
    const auto same = std::ranges::find(list_, reason, &WhyReason::reason);
    if (same == list_.end()) {
      list_.push_back({.reason = std::move(reason), .count = count, .until = until});
      return;
    }
    same->count += count;
    if (until && (!same->until || *until < *same->until)) same->until = until;
  }
  std::vector<WhyReason> sorted() && {
    // What holds the campaign as a whole (0) comes first, then the largest.
    std::ranges::sort(list_, [](const WhyReason& a, const WhyReason& b) {
      if ((a.count == 0) != (b.count == 0)) return a.count == 0;
      return a.count != b.count ? a.count > b.count : a.reason < b.reason;
    });
    return std::move(list_);
  }

 private:
  std::vector<WhyReason> list_;
};

std::string joined(const std::vector<WhyReason>& reasons) {
  std::string text;
  for (const WhyReason& reason : reasons) {
    text += (text.empty() ? "" : ", ") + reason.reason;
    if (reason.count > 0) text += " (" + std::to_string(reason.count) + ")";
  }
  return text;
}

std::string calls_text(int calls) { return std::to_string(calls) + (calls == 1 ? " call" : " calls"); }

}  // namespace

Why why(const WhyFacts& facts) {
  std::int64_t open = 0;    // contacts whose window is open
  std::int64_t closed = 0;  // and whose window is not
  Reasons reasons;
  const auto hold = campaign_hold(facts.campaign, facts.load, facts.now);
  const bool runs = !hold || hold->by != HeldBy::status;
  for (const auto& [group, verdict] : facts.groups) (verdict.open ? open : closed) += group.contacts;

  if (hold) reasons.add(hold->reason, hold->by == HeldBy::status ? 0 : open, hold->until);
  if (facts.campaign.status == CampaignStatus::completed) reasons.add("campaign is completed", 0);
  if (runs) {
    if (facts.no_carrier) reasons.add(*facts.no_carrier, open);
    if (!hold && facts.program_limit > 0 && facts.program_calling >= facts.program_limit)
      reasons.add("all " + std::to_string(facts.program_limit) + " lines are in use", open);
    for (const auto& [group, verdict] : facts.groups)
      if (!verdict.open)
        reasons.add(verdict.reason, group.contacts, std::chrono::floor<minutes>(facts.now) + verdict.wait);
    for (const WaitingReason& waiting : facts.calls)
      if (!waiting.reason.empty()) reasons.add(waiting.reason, waiting.calls, waiting.until);
  }
  if (facts.removed > 0) reasons.add("do-not-call or taken out", facts.removed);

  Why result{.reasons = std::move(reasons).sorted()};
  const bool something_to_do = open > 0 || facts.load.undialed > 0;
  const bool held = hold && hold->by != HeldBy::concurrency;
  result.dialing = runs && facts.campaign.status == CampaignStatus::active &&
                   (facts.load.calling > 0 || (something_to_do && !held && !facts.no_carrier));
  if (result.dialing) {
    result.sentence = "dialing: " + calls_text(facts.load.calling) + " under way, " +
                      std::to_string(open + closed + facts.load.undialed) + " to come";
    if (!result.reasons.empty()) result.sentence += "; " + joined(result.reasons);
  } else {
    const bool nobody = open + closed == 0 && facts.calls.empty() && facts.load.undialed == 0;
    if (runs && nobody && facts.campaign.status == CampaignStatus::active)
      result.sentence = "not dialing: nobody is left to call; import contacts" +
                        (result.reasons.empty() ? "" : ", " + joined(result.reasons));
    else
      result.sentence = "not dialing: " + joined(result.reasons);
  }
  return result;
}

}  // namespace callramp
