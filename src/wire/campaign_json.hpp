// A campaign's settings as JSON: what the store keeps, what the API reads and answers.
#pragma once

#include <boost/json.hpp>

#include "core/calls/campaign.hpp"
#include "core/calls/campaign_why.hpp"

namespace callramp::wire {

/// The names of a campaign's members that are settings.
inline constexpr std::array<std::string_view, 6> setting_names{
    "window", "holidays", "retryPolicy", "maxAttemptsPerDay", "voicemail", "oldScript"};

boost::json::object to_json(const CampaignSettings& settings);
/// Those of `object`'s members that are settings, over `before`; null for the window takes it back. The error names the
/// member, its value and what is expected.
Result<CampaignSettings> read_settings(const boost::json::object& object, CampaignSettings before);

boost::json::object to_json(const RetryPolicy& policy);
boost::json::object to_json(const CampaignProgress& progress, Instant now);
boost::json::object to_json(const Why& why);
/// Without progress.
boost::json::object to_json(const Campaign& campaign);

}  // namespace callramp::wire
