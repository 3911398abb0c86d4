// A rollback's receipt: kept with its decision as a line of text, told to people as a sentence.
#pragma once

#include <string>
#include <string_view>

#include "engine/rollout_service.hpp"
#include "ports/phone_directory.hpp"

namespace callramp::engine {

/// "10 % on 1/1 nodes since 02:14:07, last new dial 02:14:06, 7 calls still talking, latest end 02:44:00".
std::string receipt_sentence(const Receipt& receipt, const rollout::Plan& plan, const PhoneDirectory& phones);

/// The line that the store keeps, and back. The sentence is part of it: what was told stays what was told.
std::string to_text(const Receipt& receipt);
Result<Receipt> parse_receipt(std::string_view text);

}  // namespace callramp::engine
