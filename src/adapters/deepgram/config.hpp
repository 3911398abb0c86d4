// What the Deepgram adapters must be told, and Deepgram's limits.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace callramp::deepgram {

struct DeepgramConfig {
  std::string base_url =
      "https://api.in.deepgram.com";  ///< origin without a path; the Indian host is the nearest to Indian lines
  std::string api_key;
  /// More query parameters of /v1/listen, such as {"keyterm", "callramp"}.
  std::vector<std::pair<std::string, std::string>> listen_extra;
  bool smart_format = true;
  Duration keep_alive = seconds{4};      ///< the server gives up after 10 s without audio or text; 3 to 5 s are advised
  Duration finish_timeout = seconds{5};  ///< how long what is in the pipe may take to come after finish()
  int max_bad_messages = 20;             ///< in a row; then the stream ends
  std::size_t max_text_bytes = 2000;     ///< of one speak request
  std::size_t max_error_bytes = 16 * 1024;
};

}  // namespace callramp::deepgram
