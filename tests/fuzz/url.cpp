// URLs, queries and percent escapes: whatever is accepted means the same when it is written out and read again.
#include <cstdint>

#include "base/ensure.hpp"
#include "net/http.hpp"

using namespace callramp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  if (const auto url = net::parse_url(text)) {
    const auto again = net::parse_url(url->origin() + url->target);
    ENSURE(again.has_value(), "an accepted URL is accepted again");
    ENSURE(again->origin() == url->origin() && again->target == url->target, "a URL keeps its meaning");
    ENSURE(url->target.find_first_of(" \r\n") == std::string::npos, "a target cannot split a request line");
  }
  ENSURE(net::percent_decode(net::percent_encode(text)) == std::string(text), "what is encoded decodes to itself");
  if (const auto decoded = net::percent_decode(text))
    ENSURE(net::percent_decode(net::percent_encode(*decoded)) == *decoded, "a decoded text survives the way back");
  if (const auto pairs = net::parse_query(text)) {
    std::string written;
    for (const auto& [name, value] : *pairs)
      written += "&" + net::percent_encode(name) + "=" + net::percent_encode(value);
    ENSURE(net::parse_query(written) == *pairs, "a query keeps its pairs");
  }
  return 0;
}
