// What ExotelTelephony must be told, and every number that Exotel's documents state or contradict each other on.
#pragma once

#include <string>

#include "base/money.hpp"
#include "base/time.hpp"

namespace callramp::exotel {

struct ExotelConfig {
  std::string base_url = "https://api.in.exotel.com";  ///< origin without a path; Mumbai, for Indian accounts
  std::string api_key;
  std::string api_token;
  std::string account_sid;
  std::string caller_id;       ///< the ExoPhone, as Exotel writes it: 080XXXXXXXX
  std::string public_url;      ///< where Exotel reaches us: https://calls.example.com
  std::string webhook_secret;  ///< in the callback's path: Exotel signs nothing

  std::string country_code = "91";   ///< of numbers that come back in national form (0…)
  int national_digits = 10;          ///< of a number without trunk 0 and country code
  minutes utc_offset{330};           ///< of timestamps, which carry no zone: India's, by inference
  Currency currency = {};            ///< of Price; the account's
  seconds max_time_limit{14400};     ///< TimeLimit, documented
  std::size_t max_stream_url = 599;  ///< "under 600 characters"
  std::size_t max_custom_field = 128;
  int page_size = 100;             ///< 50 by default, 100 at most
  int max_pages = 20;              ///< find() gives up beyond: better no answer than half of one
  seconds default_retry_after{5};  ///< after a 429 without Retry-After; the documents suggest 1, 2, 4, 8, 16 s
  seconds max_retry_after{60};     ///< longer demands are cut: the limit is per minute
  std::size_t max_answer_bytes = 1024 * 1024;
  std::size_t max_callback_bytes = 64 * 1024;

  std::size_t media_multiple_bytes = 320;      ///< 20 ms at 8 kHz; Exotel wants multiples
  std::size_t max_media_bytes = 100'000;       ///< of one media message, documented
  std::size_t max_unsent_bytes = 1024 * 1024;  ///< a peer that has not read this much is dead: 30 s of audio
  int max_bad_messages = 50;  ///< in a row; then the stream ends, because nobody sane is at the other end
};

}  // namespace callramp::exotel
