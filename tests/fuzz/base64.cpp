// Base 64: every byte string survives, and what decodes has one meaning.
#include "base/base64.hpp"

#include <cstdint>

#include "base/ensure.hpp"

using namespace callramp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ENSURE(base64_decode(base64_encode(text)) == std::string(text), "what is encoded decodes to itself");
  if (const auto decoded = base64_decode(text)) {
    ENSURE(decoded->size() <= size / 4 * 3 + 2, "nothing is invented");
    ENSURE(base64_decode(base64_encode(*decoded)) == *decoded, "a decoded text survives the way back");
  }
  return 0;
}
