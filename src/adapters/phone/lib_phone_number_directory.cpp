#include "adapters/phone/lib_phone_number_directory.hpp"

#include <date/tz.h>
#include <phonenumbers/phonenumberutil.h>

#include <algorithm>
#include <fstream>
#include <list>
#include <sstream>

namespace callramp::phone {
namespace {

using i18n::phonenumbers::PhoneNumberUtil;
using Parsed = i18n::phonenumbers::PhoneNumber;

std::string_view why(PhoneNumberUtil::ErrorType error) {
  switch (error) {
    case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR: return "its country code is unknown";
    case PhoneNumberUtil::NOT_A_NUMBER: return "it is no number";
    case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
    case PhoneNumberUtil::TOO_SHORT_NSN: return "it is too short";
    case PhoneNumberUtil::TOO_LONG_NSN: return "it is too long";
    case PhoneNumberUtil::NO_PARSING_ERROR: break;
  }
  return "it cannot be read";
}

std::string_view why_impossible(PhoneNumberUtil::ValidationResult result) {
  switch (result) {
    case PhoneNumberUtil::TOO_SHORT: return "it is too short";
    case PhoneNumberUtil::TOO_LONG: return "it is too long";
    case PhoneNumberUtil::INVALID_COUNTRY_CODE: return "its country code is unknown";
    case PhoneNumberUtil::IS_POSSIBLE_LOCAL_ONLY: return "its area code is missing";
    case PhoneNumberUtil::INVALID_LENGTH: return "numbers of its region have another length";
    case PhoneNumberUtil::IS_POSSIBLE: break;
  }
  return "no number of its region looks so";
}

// date::locate_zone throws for unknown names.
Result<const date::time_zone*> find_zone(std::string_view zone) {
  try {
    return date::locate_zone(std::string(zone));
  } catch (const std::exception&) {
    return fail(
        ErrorCode::invalid_request,
        "time zone '" + std::string(zone.substr(0, 60)) + "' is unknown; write an IANA name such as Asia/Kolkata",
        "timezone");
  }
}

}  // namespace

Result<std::unique_ptr<LibPhoneNumberDirectory>> LibPhoneNumberDirectory::create(
    const std::filesystem::path& zone_table) {
  std::ifstream file(zone_table);
  Zones zones;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    // "IN,LK <tab> +2232+08822 <tab> Asia/Kolkata": regions, coordinates, zone, comments.
    std::istringstream columns(line);
    std::string regions;
    std::string coordinates;
    std::string zone;
    std::getline(columns, regions, '\t');
    std::getline(columns, coordinates, '\t');
    std::getline(columns, zone, '\t');
    std::istringstream list(regions);
    for (std::string region; std::getline(list, region, ',');)
      if (!zone.empty()) zones[region].push_back(zone);
  }
  for (auto& [region, of_region] : zones) {
    std::ranges::sort(of_region);
    of_region.erase(std::ranges::unique(of_region).begin(), of_region.end());
  }
  if (zones.empty())
    return fail(ErrorCode::internal, "no time zones in " + zone_table.string() + "; install the package tzdata");
  return std::unique_ptr<LibPhoneNumberDirectory>(new LibPhoneNumberDirectory(std::move(zones)));
}

Result<PhoneNumber> LibPhoneNumberDirectory::normalise(std::string_view text, std::string_view region) const {
  if (const auto plain = plans_.find(text, region)) return PhoneNumber::parse(plain->e164);
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  const auto refuse = [&](std::string_view reason) {
    return fail(ErrorCode::invalid_phone_number,
                "phone number '" + masked_input(text) + "': " + std::string(reason) + "; write it as +919876543210",
                "phoneNumber");
  };
  if (text.size() > 64) return refuse("it is too long");
  Parsed number;
  const auto parsed = util.Parse(std::string(text), std::string(region), &number);
  if (parsed != PhoneNumberUtil::NO_PARSING_ERROR) return refuse(why(parsed));
  const auto possible = util.IsPossibleNumberWithReason(number);
  if (possible != PhoneNumberUtil::IS_POSSIBLE) return refuse(why_impossible(possible));
  if (!util.IsValidNumber(number)) return refuse("no number of its region looks so");
  if (number.has_extension()) return refuse("extensions cannot be dialled");
  std::string e164;
  util.Format(number, PhoneNumberUtil::E164, &e164);
  return PhoneNumber::parse(e164);
}

std::vector<std::string> LibPhoneNumberDirectory::zones(const PhoneNumber& phone) const {
  if (const auto plain = plans_.find(phone.e164(), ""))
    if (const auto zones = zones_by_region_.find(plain->region); zones != zones_by_region_.end()) return zones->second;
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  Parsed number;
  std::vector<std::string> found;
  if (util.Parse(phone.e164(), "ZZ", &number) == PhoneNumberUtil::NO_PARSING_ERROR) {
    // A code may have several regions (+1: US, Canada, …): the number's own if its digits tell, else all of them.
    std::list<std::string> regions;
    std::string region;
    util.GetRegionCodeForNumber(number, &region);
    if (zones_by_region_.contains(region))
      regions.push_back(region);
    else
      util.GetRegionCodesForCountryCallingCode(number.country_code(), &regions);
    for (const std::string& each : regions)
      if (const auto zones = zones_by_region_.find(each); zones != zones_by_region_.end())
        found.insert(found.end(), zones->second.begin(), zones->second.end());
  }
  // The earliest and the latest inhabited zone: allowed in both is allowed anywhere between.
  if (found.empty()) found = {"Pacific/Pago_Pago", "Pacific/Kiritimati"};
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  return found;
}

Result<LocalClock> LibPhoneNumberDirectory::local_clock(std::string_view zone, Instant at) const {
  TRY(found, find_zone(zone));
  const auto local = found->to_local(at);
  const auto day = std::chrono::floor<date::days>(local);
  return LocalClock{.zone = std::string(zone),
                    .time_of_day = std::chrono::floor<minutes>(local - day),
                    .weekday = static_cast<int>(date::weekday(day).c_encoding()),
                    .date = std::chrono::sys_days{std::chrono::days{day.time_since_epoch().count()}}};
}

Result<Instant> LibPhoneNumberDirectory::instant_of(std::string_view zone, std::chrono::local_seconds wall) const {
  TRY(found, find_zone(zone));
  const date::local_info info = found->get_info(date::local_seconds{wall.time_since_epoch()});
  if (info.result == date::local_info::nonexistent) return Instant{info.first.end};
  return Instant{wall.time_since_epoch() - info.first.offset};
}

Result<std::chrono::local_seconds> LibPhoneNumberDirectory::wall_of(std::string_view zone, Instant at) const {
  TRY(found, find_zone(zone));
  return std::chrono::local_seconds{std::chrono::floor<seconds>(found->to_local(at)).time_since_epoch()};
}

}  // namespace callramp::phone
