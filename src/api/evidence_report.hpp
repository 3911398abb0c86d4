// What a report of evidence must carry, by its kind: the same for a person's report and a machine's alert.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "core/rollout/evidence.hpp"

namespace callramp::api {

/// "bug", "complaint", "security", "satisfaction", "ticket" or "label".
Result<std::string> parse_evidence_kind(std::string_view text);
/// "open", "confirmed", "rejected" or "resolved".
Result<std::string> parse_evidence_status(std::string_view text);
/// Whether severity, value and call fit the kind. `has_value`: the report named one. The error names the field.
Status check_report(const rollout::EvidenceItem& item, bool has_value, Instant now);

}  // namespace callramp::api
