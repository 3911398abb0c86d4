// How a command shows the API's JSON to a person: chosen columns of a list, or everything about one thing.
#pragma once

#include <boost/json.hpp>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "app/command.hpp"

namespace callramp::app {

namespace json = boost::json;
struct ApiAnswer;

struct Column {
  std::string title;
  std::string path;  ///< "status", "cost/amount"
};

/// The member at `path` as a table shows it: text without quotes, numbers and booleans as JSON writes them, "-" for
/// null and for what is not there.
std::string shown(const json::value& object, std::string_view path);
/// The elements of the array at `path`; none if there is no array.
const json::array& list_at(const json::value& object, std::string_view path);

/// One line per row, or `if_empty`.
void print_rows(std::ostream& out, const json::array& rows, const std::vector<Column>& columns,
                std::string_view if_empty);
/// All of it: single values as "key  value", lists of objects as tables under their key, objects indented.
void print_record(std::ostream& out, const json::value& value);

/// The body as it came for --json, else what `for_people` prints.
Ran print_answer(const Arguments& arguments, Terminal& terminal, const ApiAnswer& answer,
                 const std::function<void(std::ostream&)>& for_people);

}  // namespace callramp::app
