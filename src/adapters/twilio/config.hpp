// What TwilioTelephony must be told, and every number that Twilio's documents state.
#pragma once

#include <string>

#include "base/time.hpp"

namespace callramp::twilio {

struct TwilioConfig {
  std::string base_url = "https://api.twilio.com";  ///< origin without a path
  std::string account_sid;                          ///< AC…
  std::string auth_token;                           ///< also signs what Twilio sends us
  std::string caller_id;                            ///< a number of the account, E.164
  std::string public_url;                           ///< where Twilio reaches us: https://calls.example.com

  seconds max_time_limit{14400};   ///< TimeLimit: four hours
  seconds max_ring{600};           ///< Timeout
  int page_size = 100;             ///< 50 by default, 1000 at most
  int max_pages = 20;              ///< find() gives up beyond: better no answer than half of one
  seconds default_retry_after{1};  ///< after a 429 without Retry-After: one call a second is the usual limit
  seconds max_retry_after{60};
  std::size_t max_answer_bytes = 1024 * 1024;
  std::size_t max_callback_bytes = 64 * 1024;
  std::size_t max_media_bytes = 100'000;       ///< of one media message: 12 s of µ-law
  std::size_t max_unsent_bytes = 1024 * 1024;  ///< a peer that has not read this much is dead
  int max_bad_messages = 50;                   ///< in a row; then the stream ends
};

}  // namespace callramp::twilio
