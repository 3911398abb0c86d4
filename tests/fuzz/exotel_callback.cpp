// Exotel's status callbacks and REST answers: what is accepted names a call and has values in their ranges.
#include <cstdint>

#include "adapters/exotel/wire.hpp"
#include "base/ensure.hpp"

using namespace callramp;

namespace {

void check(const CarrierCall& call) {
  ENSURE(!call.provider_call_id.empty(), "a call has an id");
  ENSURE(!call.duration || (*call.duration >= seconds{0} && *call.duration <= hours{7 * 24}),
         "a call lasts between nothing and a week");
  ENSURE(!call.to || call.to->e164().size() <= 16, "a number is E.164");
  ENSURE(!call.attempt || !call.attempt->empty(), "an attempt that is named has a name");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const exotel::ExotelConfig config;
  for (const char* type : {"application/json", "application/x-www-form-urlencoded",
                           "multipart/form-data; boundary=----callramp-sandbox-boundary"})
    if (const auto call = exotel::parse_status_callback(type, text, config)) check(*call);
  if (const auto call = exotel::parse_call_answer(text, config)) check(*call);
  if (const auto page = exotel::parse_calls_page(text, config))
    for (const CarrierCall& call : page->calls) check(call);
  const Error refusal = exotel::parse_refusal(400, {}, text, true, config);
  ENSURE(refusal.message.size() < 500, "a refusal's words are short");
  ENSURE(refusal.code == ErrorCode::invalid_request || refusal.code == ErrorCode::invalid_phone_number,
         "a 400 certainly dialled nobody");
  return 0;
}
