// What the OpenAI adapters must be told, and OpenAI's limits.
#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"

namespace callramp::openai {

struct OpenAiConfig {
  std::string base_url = "https://api.openai.com/v1";  ///< includes /v1, as the official clients want it
  std::string api_key;
  std::string organization;  ///< optional
  std::string project;       ///< optional
  /// Models that refuse `temperature`: those that reason.
  std::vector<std::string> reasoning_models = {"gpt-5", "o1", "o3", "o4"};
  std::size_t max_reply_bytes = 64 * 1024;  ///< of text and tool arguments together; a call needs a few hundred
  std::size_t max_event_bytes = 256 * 1024;
  int max_tool_calls = 16;
  std::size_t max_error_bytes = 16 * 1024;

  std::string speech_model = "gpt-4o-mini-tts";
  std::vector<std::string> voices = {"alloy", "ash",  "ballad", "cedar", "coral",   "echo", "fable",
                                     "marin", "nova", "onyx",   "sage",  "shimmer", "verse"};
  std::string default_voice = "coral";  ///< for an agent whose voice is another vendor's
  std::size_t max_text_characters = 4096;
  int speech_rate_hz = 24'000;  ///< of response_format pcm
};

}  // namespace callramp::openai
