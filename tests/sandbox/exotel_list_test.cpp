#include "sandbox/exotel_list.hpp"

#include <doctest/doctest.h>

#include "golden.hpp"

using namespace callramp;
using namespace callramp::sandbox;
using namespace callramp::sandbox::exotel;

namespace {

const Instant begin = *parse_iso("2026-03-03T05:18:33Z");

CallRecord call(const std::string& sid, const std::string& from, int minute) {
  CallRecord record;
  record.sid = sid;
  record.account = "acct1";
  record.request.from = from;
  record.request.caller_id = "08040264890";
  record.status = "in-progress";
  record.created = begin + minutes{minute};
  record.price_per_pulse = "0.500";
  return record;
}

const std::string path = "/v1/Accounts/acct1/Calls.json";

boost::json::value page_of(const std::vector<CallRecord>& records, const net::FormFields& fields) {
  std::vector<const CallRecord*> pointers;
  for (const CallRecord& record : records) pointers.push_back(&record);
  const auto page = list_calls(pointers, fields, path, begin + hours{1});
  if (const auto* error = std::get_if<RestError>(&page)) return boost::json::value(error->message);
  return boost::json::parse(std::get<std::string>(page));
}

std::string sids(const boost::json::value& page) {
  std::string list;
  for (const auto& one : page.at("Calls").as_array()) list += std::string(one.at("Sid").as_string());
  return list;
}

}  // namespace

TEST_CASE("a page of calls is the golden one") {
  CallRecord busy = call("0a97dcbaaeed7678c4062a4a3ed2f8ab1", "+919876530240", 0);
  busy.status = "busy";
  busy.leg = LegStatus::busy;
  busy.ended = busy.created + seconds{6};
  busy.priced = *busy.ended;
  CallRecord done = call("c5797dcbaaeed7678c4062a4a3ed2f8a", "+919876530240", 0);
  done.status = "completed";
  done.leg = LegStatus::completed;
  done.answered = done.created + seconds{6};
  done.ended = done.created + seconds{27};
  done.priced = *done.ended;
  const net::FormFields fields = {{"From", "09876530240"}};
  CHECK(page_of({busy, done}, fields) == callramp::test::golden_json("exotel/calls_page.json"));
  CHECK(page_of({}, fields) == callramp::test::golden_json("exotel/calls_page_empty.json"));
}

TEST_CASE("calls are found by number and time and status") {
  std::vector<CallRecord> records = {call("a", "+919876530240", 0), call("b", "+919876530241", 1),
                                     call("c", "+919876530240", 2), call("d", "+919876530242", 3)};
  records[2].status = "completed";
  struct Row {
    net::FormFields fields;
    const char* sids;
  };
  const Row rows[] = {
      {{}, "dcba"},
      {{{"SortBy", "DateCreated:asc"}}, "abcd"},
      {{{"From", "+919876530240"}}, "ca"},
      {{{"From", "+919876530240,09876530241"}}, "cba"},
      {{{"To", "+919876530240"}}, ""},
      {{{"PhoneNumber", "08040264890"}}, "dcba"},
      {{{"PhoneNumber", "08040264891"}}, ""},
      {{{"Sid", "b,d"}}, "db"},
      {{{"Status", "completed"}}, "c"},
      {{{"DateCreated", "gte:2026-03-03 10:49:33;lte:2026-03-03 10:50:33"}}, "cb"},
      {{{"DateCreated", "gte:2026-03-03 10:50:34"}}, "d"},
  };
  for (const Row& row : rows) CHECK(sids(page_of(records, row.fields)) == row.sids);
}

TEST_CASE("pages are linked and walking the links finds every call once") {
  std::vector<CallRecord> records;
  for (int i = 0; i < 7; ++i) records.push_back(call(std::string(1, static_cast<char>('a' + i)), "+919876530240", i));
  net::FormFields fields = {{"PageSize", "3"}, {"SortBy", "DateCreated:asc"}};
  auto page = page_of(records, fields);
  CHECK(sids(page) == "abc");
  CHECK(page.at("Metadata").at("Total") == 7);
  CHECK(page.at("Metadata").at("PrevPageUri").is_null());
  CHECK(page.at("Metadata").at("NextPageUri").as_string() == path + "?SortBy=DateCreated%3Aasc&PageSize=3&After=c");
  fields.emplace_back("After", "c");
  page = page_of(records, fields);
  CHECK(sids(page) == "def");
  CHECK(page.at("Metadata").at("PrevPageUri").as_string() == path + "?SortBy=DateCreated%3Aasc&PageSize=3&Before=d");
  fields.back().second = "f";
  page = page_of(records, fields);
  CHECK(sids(page) == "g");
  CHECK(page.at("Metadata").at("NextPageUri").is_null());
  fields.back() = {"Before", "d"};
  CHECK(sids(page_of(records, fields)) == "abc");
}

TEST_CASE("a query that the carrier would refuse is refused") {
  struct Row {
    net::FormFields fields;
    const char* message;
  };
  const Row rows[] = {
      {{{"PageSize", "0"}}, "PageSize must be a whole number from 1 to 100"},
      {{{"PageSize", "101"}}, "PageSize must be a whole number from 1 to 100"},
      {{{"From", "1,2"}}, "From has a number that cannot be read"},
      {{{"From", "+911111111,+911111112,+911111113,+911111114,+911111115,+911111116"}}, "From takes at most 5 numbers"},
      {{{"DateCreated", "2026-03-03"}}, "DateCreated must be gte:YYYY-MM-DD HH:MM:SS;lte:YYYY-MM-DD HH:MM:SS"},
      {{{"SortBy", "Price:asc"}}, "SortBy must be DateCreated:asc or :desc"},
      {{{"Price", "gte:1"}}, "Price is not a filter of this stand-in"},
  };
  for (const Row& row : rows) CHECK(page_of({}, row.fields) == boost::json::value(row.message));
}
