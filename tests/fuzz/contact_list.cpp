// Contact lists: the same records come out wherever the bytes are cut and from wherever reading is taken up again,
// every row is a contact or a reason, and what is stored of either is clean text.
#include <cstdint>

#include "base/ensure.hpp"
#include "core/import/contact_rows.hpp"
#include "core/import/field_text.hpp"
#include "core/import/text_decoder.hpp"

using namespace callramp;

namespace {

constexpr import::CsvLimits limits{.record_bytes = 512, .fields = 20};

struct Seen {
  std::string text;
  std::int64_t line = 0;
  import::CsvPosition after;
  bool operator==(const Seen&) const = default;
};

std::string joined(const import::CsvRecord& record) {
  std::string text = record.problem;
  for (const std::string_view field : record.fields) text.append("\x1f").append(field);
  return text;
}

std::vector<Seen> read(std::string_view text, std::size_t step, char separator, import::CsvPosition from) {
  import::CsvReader reader(separator, from, limits);
  import::CsvRecord record;
  std::vector<Seen> seen;
  std::size_t at = 0;
  for (;;) {
    const auto got = reader.next(record);
    if (got == import::CsvReader::Got::end) return seen;
    if (got == import::CsvReader::Got::record) {
      ENSURE(reader.position().offset > record.at.offset, "reading goes on");
      seen.push_back({joined(record), record.at.line, reader.position()});
    } else if (at == text.size()) {
      reader.finish();
    } else {
      reader.feed(text.substr(at, step));
      at = std::min(text.size(), at + step);
    }
  }
}

std::string decoded(std::string_view bytes, std::size_t step) {
  import::TextDecoder decoder;
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += step) decoder.decode(bytes.substr(at, step), text);
  decoder.finish(text);
  return text;
}

void check_rows(const std::string& text) {
  const auto header = import::read_header(text, true);
  if (!header) {
    ENSURE(import::is_clean_text(header.error().message), "an error is text");
    return;
  }
  const import::ContactRows rows(
      header->columns, {.number = [](std::string_view) -> Result<import::Number> {
                          return import::Number{.phone = *PhoneNumber::parse("+919876543210"), .zones = "Asia/Kolkata"};
                        },
                        .knows_zone = [](std::string_view zone) { return zone.size() % 2 == 0; },
                        .knows_agent = [](const AgentId& agent) { return agent.str().size() % 2 == 0; }});
  import::CsvReader reader(header->separator, header->rows);
  reader.feed(std::string_view(text).substr(header->rows.offset));
  reader.finish();
  import::CsvRecord record;
  while (reader.next(record) == import::CsvReader::Got::record) {
    if (import::ContactRows::is_empty(record)) continue;
    const auto row = rows.read(record);
    if (const auto* rejection = std::get_if<import::Rejection>(&row)) {
      ENSURE(!rejection->reason.empty(), "a refusal has a reason");
      for (const auto& part : {rejection->field, rejection->value, rejection->reason})
        ENSURE(import::is_clean_text(part), "what is stored of a refusal is text");
      ENSURE(rejection->value.size() <= 210, "what is stored of a refusal is short");
    } else {
      const auto& contact = std::get<Contact>(row);
      for (const auto& part :
           {contact.name, contact.user.str(), contact.timezone, contact.metadata_json, contact.consent})
        ENSURE(import::is_clean_text(part), "what is stored of a contact is text");
      ENSURE(contact.metadata_json.size() <= import::max_metadata_bytes + 1, "metadata has a limit");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t step = size == 0 ? 1 : 1 + data[size - 1] % 97;
  const std::string text = decoded(bytes, size + 1);
  ENSURE(decoded(bytes, step) == text, "a cut changes no text");
  const char separator = import::detect_separator(text);
  const auto whole = read(text, size * 3 + 1, separator, {});
  ENSURE(read(text, step, separator, {}) == whole, "a cut changes no record");
  if (!whole.empty()) {
    const std::size_t middle = step % whole.size();
    const import::CsvPosition from = whole[middle].after;
    const auto rest = read(std::string_view(text).substr(from.offset), step, separator, from);
    ENSURE(std::vector<Seen>(whole.begin() + static_cast<std::ptrdiff_t>(middle) + 1, whole.end()) == rest,
           "reading is taken up where it stopped");
  }
  check_rows(text);
  return 0;
}
