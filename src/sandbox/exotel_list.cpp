#include "sandbox/exotel_list.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "net/http.hpp"

namespace callramp::sandbox::exotel {

namespace json = boost::json;

namespace {

// Documented (reference A.3).
constexpr std::size_t kSidsMost = 100;
constexpr std::size_t kNumbersMost = 5;
constexpr std::size_t kPageDefault = 50;
constexpr std::size_t kPageMost = 100;

RestError bad(std::string message) { return {400, std::move(message), "BAD_PARAMETER"}; }

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.emplace_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

struct Filter {
  std::vector<std::string> sids;
  std::vector<std::string> from;
  std::vector<std::string> caller;
  bool nothing = false;  // To: the direct bot mode has none, so nothing fits
  std::string status;
  std::optional<Instant> created_from;
  std::optional<Instant> created_to;
  std::size_t page = kPageDefault;
  bool ascending = false;
  std::string after;
  std::string before;

  bool fits(const CallRecord& record) const {
    const auto in = [](const std::vector<std::string>& list, const std::string& value) {
      return list.empty() || std::ranges::find(list, value) != list.end();
    };
    if (nothing || !in(sids, record.sid) || !in(from, record.request.from)) return false;
    if (!in(caller, international(record.request.caller_id).value_or(""))) return false;
    if (!status.empty() && record.status != status) return false;
    // The carrier keeps whole seconds.
    const Instant created = std::chrono::floor<seconds>(record.created);
    return (!created_from || created >= *created_from) && (!created_to || created <= *created_to);
  }
};

std::optional<RestError> read_numbers(const std::string& key, const std::string& value,
                                      std::vector<std::string>& into) {
  for (const std::string& number : split(value, ',')) {
    const auto known = international(number);
    if (!known) return bad(key + " has a number that cannot be read");
    into.push_back(*known);
  }
  if (into.size() > kNumbersMost) return bad(key + " takes at most 5 numbers");
  return std::nullopt;
}

std::optional<RestError> read_created(const std::string& value, Filter& filter) {
  for (const std::string& part : split(value, ';')) {
    const auto at = part.size() > 4 ? from_india_time(std::string_view(part).substr(4)) : std::nullopt;
    if (at && part.starts_with("gte:"))
      filter.created_from = at;
    else if (at && part.starts_with("lte:"))
      filter.created_to = at;
    else
      return bad("DateCreated must be gte:YYYY-MM-DD HH:MM:SS;lte:YYYY-MM-DD HH:MM:SS");
  }
  return std::nullopt;
}

std::optional<RestError> read_field(const std::string& key, const std::string& value, Filter& filter) {
  if (key == "Sid") {
    filter.sids = split(value, ',');
    if (filter.sids.size() > kSidsMost) return bad("Sid takes at most 100 ids");
  } else if (key == "From") {
    return read_numbers(key, value, filter.from);
  } else if (key == "PhoneNumber") {
    return read_numbers(key, value, filter.caller);
  } else if (key == "To") {
    filter.nothing = true;
  } else if (key == "Status") {
    filter.status = value;
  } else if (key == "DateCreated") {
    return read_created(value, filter);
  } else if (key == "PageSize") {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), filter.page);
    if (error != std::errc{} || end != value.data() + value.size() || filter.page < 1 || filter.page > kPageMost)
      return bad("PageSize must be a whole number from 1 to 100");
  } else if (key == "SortBy") {
    if (value != "DateCreated:asc" && value != "DateCreated:desc")
      return bad("SortBy must be DateCreated:asc or :desc");
    filter.ascending = value == "DateCreated:asc";
  } else if (key == "After") {
    filter.after = value;
  } else if (key == "Before") {
    filter.before = value;
  } else if (key != "details") {
    return bad(key + " is not a filter of this stand-in");
  }
  return std::nullopt;
}

/// The request's own query without cursors, and one cursor.
std::string page_uri(std::string_view path, const net::FormFields& fields, std::size_t page,
                     const std::string& cursor) {
  std::string uri(path);
  char separator = '?';
  const auto add = [&](const std::string& key, const std::string& value) {
    uri += separator + key + "=" + net::percent_encode(value);
    separator = '&';
  };
  for (const auto& [key, value] : fields)
    if (key != "After" && key != "Before" && key != "PageSize") add(key, value);
  add("PageSize", std::to_string(page));
  return cursor.empty() ? uri : uri + "&" + cursor;
}

}  // namespace

std::variant<std::string, RestError> list_calls(const std::vector<const CallRecord*>& records,
                                                const net::FormFields& fields, std::string_view path, Instant now) {
  Filter filter;
  for (const auto& [key, value] : fields)
    if (auto error = read_field(key, value, filter)) return *error;

  std::vector<const CallRecord*> found;
  for (const CallRecord* record : records)
    if (filter.fits(*record)) found.push_back(record);
  if (!filter.ascending) std::ranges::reverse(found);

  std::size_t begin = 0;
  const auto place = [&](const std::string& sid) {
    const auto at = std::ranges::find(found, sid, [](const CallRecord* record) { return record->sid; });
    return static_cast<std::size_t>(at - found.begin());
  };
  if (!filter.after.empty()) begin = std::min(place(filter.after) + 1, found.size());
  if (!filter.before.empty()) {
    const std::size_t end = place(filter.before);
    begin = end == found.size() || end < filter.page ? 0 : end - filter.page;
  }
  const std::size_t end = std::min(begin + filter.page, found.size());

  json::array calls;
  for (std::size_t i = begin; i < end; ++i) calls.push_back(call_object(*found[i], now, false));
  const auto link = [&](bool exists, const std::string& cursor) -> json::value {
    if (!exists) return nullptr;
    return json::value(page_uri(path, fields, filter.page, cursor));
  };
  json::object metadata{{"Total", found.size()}, {"PageSize", filter.page}, {"FirstPageUri", link(true, "")}};
  metadata["PrevPageUri"] =
      link(begin > 0 && begin < found.size(), begin > 0 && begin < found.size() ? "Before=" + found[begin]->sid : "");
  metadata["NextPageUri"] =
      link(end < found.size(), end > 0 && end < found.size() ? "After=" + found[end - 1]->sid : "");
  return json::serialize(json::object{{"Metadata", std::move(metadata)}, {"Calls", std::move(calls)}});
}

}  // namespace callramp::sandbox::exotel
