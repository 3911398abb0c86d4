// Exotel's media messages: accepted audio is whole samples, and what we write is read back as it was.
#include <cstdint>

#include "adapters/common/media_messages.hpp"
#include "base/ensure.hpp"

using namespace callramp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto message = adapters::parse_media_message(text))
    if (const auto* media = std::get_if<adapters::MediaMessage>(&message->body))
      ENSURE(media->bytes.size() % 2 == 0, "audio is whole samples");

  const std::string_view even = text.substr(0, size / 2 * 2);
  const adapters::MediaMessageWriter writer("MZ");
  const auto media = adapters::parse_media_message(writer.media(even));
  ENSURE(media && std::get<adapters::MediaMessage>(media->body).bytes == even, "audio survives the way");
  // JSON is UTF-8: a name that is not is nothing that we would send.
  const auto mark = adapters::parse_media_message(writer.mark(text));
  ENSURE(!mark || std::get<adapters::MarkMessage>(mark->body).name == text, "a mark survives the way");
  return 0;
}
