#include "core/import/stretch.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>

#include "base/ensure.hpp"

namespace callramp::import {
namespace {

std::uint64_t digits_of(const PhoneNumber& phone) {
  const std::string_view text = std::string_view(phone.e164()).substr(1);
  std::uint64_t digits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), digits);
  ENSURE(error == std::errc{} && end == text.data() + text.size(), "a phone number is a plus and at most 15 digits");
  return digits;
}

PhoneNumber number_of(std::uint64_t digits) {
  auto phone = PhoneNumber::parse("+" + std::to_string(digits));
  ENSURE(phone.has_value(), "a number that was one stays one");
  return *std::move(phone);
}

}  // namespace

void Stretch::add(const Contact& contact) {
  Packed packed{.digits = digits_of(contact.phone),
                .line = contact.line,
                .text = static_cast<std::uint32_t>(text_.size()),
                .bytes = {}};
  const auto keep = [&](Part part, std::string_view value) {
    ENSURE(value.size() <= std::numeric_limits<std::uint16_t>::max(), "a contact's texts have limits below 64 KiB");
    packed.bytes[part] = static_cast<std::uint16_t>(value.size());
    text_ += value;
  };
  // In the order of the parts. Who has no user id is known by the number.
  keep(user, contact.user.str() == contact.phone.e164() ? std::string_view() : contact.user.str());
  keep(name, contact.name);
  keep(agent, contact.agent ? std::string_view(contact.agent->str()) : std::string_view());
  keep(timezone, contact.timezone);
  keep(zones, contact.zones);
  keep(metadata, contact.metadata_json);
  keep(consent, contact.consent);
  packed_.push_back(packed);
}

void Stretch::refuse(Refusal refusal) {
  refused_bytes_ += refusal.why.field.size() + refusal.why.value.size() + refusal.why.reason.size() + sizeof(Refusal);
  refusals_.push_back(std::move(refusal));
}

void Stretch::arrange(const StretchLimits& limits) {
  by_number_ = packed_.size() > limits.in_file_order;
  if (!by_number_) return;
  std::ranges::sort(packed_, [](const Packed& a, const Packed& b) {
    return std::pair(a.digits, a.line) < std::pair(b.digits, b.line);
  });
}

Contact Stretch::contact(std::size_t i) const {
  const Packed& packed = packed_[i];
  std::string_view rest = std::string_view(text_).substr(packed.text);
  const auto take = [&](Part part) {
    const std::string_view value = rest.substr(0, packed.bytes[part]);
    rest.remove_prefix(value.size());
    return std::string(value);
  };
  Contact contact{.line = packed.line, .phone = number_of(packed.digits), .user = UserId{take(user)}};
  if (contact.user.empty()) contact.user = UserId{contact.phone.e164()};
  contact.name = take(name);
  if (std::string id = take(agent); !id.empty()) contact.agent = AgentId{std::move(id)};
  contact.timezone = take(timezone);
  contact.zones = take(zones);
  contact.metadata_json = take(metadata);
  contact.consent = take(consent);
  return contact;
}

std::size_t Stretch::stored(const Checkpoint& checkpoint) const {
  if (checkpoint.last_phone.empty()) return 0;
  const auto phone = PhoneNumber::parse(checkpoint.last_phone);
  ENSURE(phone.has_value(), "a checkpoint's number is one");
  const std::pair reached(digits_of(*phone), checkpoint.last_line);
  const auto first_left = std::ranges::find_if(packed_, [&](const Packed& packed) {
    return by_number_ ? std::pair(packed.digits, packed.line) > reached : packed.line > reached.second;
  });
  return static_cast<std::size_t>(first_left - packed_.begin());
}

StretchReader::StretchReader(ReadMore more, RowRules rules, StretchLimits limits)
    : more_(std::move(more)), rules_(std::move(rules)), limits_(limits) {}

// False at the end of the file.
Result<bool> StretchReader::decode_more() {
  if (at_end_) return false;
  TRY(bytes, more_());
  if (bytes.empty()) {
    at_end_ = true;
    decoder_.finish(text_);
  } else {
    decoder_.decode(bytes, text_);
  }
  return true;
}

Status StretchReader::start(CsvPosition from) {
  while (text_.size() < header_bytes) {
    TRY(more, decode_more());
    if (!more) break;
  }
  TRY(header, read_header(text_, at_end_));
  if (from.offset == 0) from = header.rows;
  std::uint64_t skipped = 0;
  while (skipped < from.offset) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(text_.size(), from.offset - skipped));
    text_.erase(0, part);
    skipped += part;
    if (skipped == from.offset) break;
    TRY(more, decode_more());
    if (!more) return fail(ErrorCode::internal, "the file is shorter than what was read of it before");
  }
  rows_ = std::make_unique<ContactRows>(std::move(header.columns), rules_);
  reader_ = std::make_unique<CsvReader>(header.separator, from);
  return {};
}

Status StretchReader::fill(CsvReader& reader) {
  while (text_.empty()) {
    TRY(more, decode_more());
    if (!more) {
      reader.finish();
      return {};
    }
  }
  reader.feed(text_);
  text_.clear();
  return {};
}

Result<Stretch> StretchReader::next() {
  ENSURE(reader_ != nullptr, "a file is started before it is read");
  Stretch stretch;
  stretch.begin = reader_->position();
  CsvRecord record;
  while (stretch.rows() < limits_.rows && stretch.text_bytes() < limits_.text_bytes) {
    const auto got = reader_->next(record);
    if (got == CsvReader::Got::end) {
      stretch.last = true;
      break;
    }
    if (got == CsvReader::Got::need_more) {
      TRY_VOID(fill(*reader_));
      continue;
    }
    if (ContactRows::is_empty(record)) continue;
    auto row = rows_->read(record);
    if (const auto* contact = std::get_if<Contact>(&row))
      stretch.add(*contact);
    else
      stretch.refuse({.line = record.at.line, .why = std::get<Rejection>(std::move(row))});
  }
  stretch.end = reader_->position();
  stretch.arrange(limits_);
  return stretch;
}

std::vector<std::int64_t> NumberSet::add(const Stretch& stretch) {
  std::vector<std::pair<std::uint64_t, std::int64_t>> here;
  here.reserve(stretch.contacts());
  for (std::size_t i = 0; i < stretch.contacts(); ++i) {
    const Contact contact = stretch.contact(i);
    here.emplace_back(digits_of(contact.phone), contact.line);
  }
  auto sorted = here;
  std::ranges::sort(sorted);
  const auto repeated = std::ranges::unique(sorted, {}, &std::pair<std::uint64_t, std::int64_t>::first);
  sorted.erase(repeated.begin(), repeated.end());
  std::vector<std::pair<std::uint64_t, std::int64_t>> all;
  all.reserve(numbers_.size() + sorted.size());
  std::ranges::merge(numbers_, sorted, std::back_inserter(all));
  numbers_ = std::move(all);
  // Of equal numbers the lower line comes first, and is the one that stays.
  const auto known = std::ranges::unique(numbers_, {}, &std::pair<std::uint64_t, std::int64_t>::first);
  numbers_.erase(known.begin(), known.end());
  std::vector<std::int64_t> first_lines;
  first_lines.reserve(here.size());
  for (const auto& [digits, line] : here)
    first_lines.push_back(
        std::ranges::lower_bound(numbers_, digits, {}, &std::pair<std::uint64_t, std::int64_t>::first)->second);
  return first_lines;
}

}  // namespace callramp::import
