#include "app/json_print.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "app/client.hpp"
#include "app/table.hpp"

namespace callramp::app {
namespace {

// Null counts as nothing.
const json::value* find(const json::value& object, std::string_view path) {
  boost::system::error_code none;
  const json::value* found = object.find_pointer("/" + std::string(path), none);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::string scalar(const json::value& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_double()) return fmt::format("{:.10g}", value.get_double());  // JSON's own 1.25E1 is for programs
  return json::serialize(value);
}

bool is_single(const json::value& value) { return !value.is_object() && !value.is_array(); }

bool is_list_of_objects(const json::value& value) {
  return value.is_array() && !value.get_array().empty() && value.get_array()[0].is_object();
}

void print_indented(std::ostream& out, const json::value& value, const std::string& indent);

// A table of the single values of its objects; what they hold beside, below the row that it belongs to.
void print_objects(std::ostream& out, const json::array& rows, const std::string& indent) {
  const bool deep = std::ranges::any_of(rows, [](const json::value& row) {
    return row.is_object() &&
           std::ranges::any_of(row.get_object(), [](const auto& member) { return !is_single(member.value()); });
  });
  if (deep) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      out << indent << "- " << i + 1 << '\n';
      print_indented(out, rows[i], indent + "  ");
    }
    return;
  }
  std::vector<std::string> titles;
  for (const auto& member : rows[0].get_object()) titles.emplace_back(member.key());
  Table table(titles);
  for (const json::value& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& title : titles) cells.push_back(shown(row, title));
    table.add(std::move(cells));
  }
  table.print(out, indent);
}

void print_indented(std::ostream& out, const json::value& value, const std::string& indent) {
  if (!value.is_object()) {
    out << indent << printable(scalar(value)) << '\n';
    return;
  }
  std::size_t widest = 0;
  for (const auto& member : value.get_object())
    if (is_single(member.value())) widest = std::max(widest, std::size_t{member.key().size()});
  for (const auto& member : value.get_object()) {
    const std::string key(member.key());
    const json::value& inner = member.value();
    if (is_single(inner)) {
      out << indent << key << std::string(widest - key.size() + 2, ' ') << printable(scalar(inner)) << '\n';
    } else if (is_list_of_objects(inner)) {
      out << indent << key << ":\n";
      print_objects(out, inner.get_array(), indent + "  ");
    } else if (inner.is_array()) {
      out << indent << key << ": " << printable(json::serialize(inner)) << '\n';
    } else {
      out << indent << key << ":\n";
      print_indented(out, inner, indent + "  ");
    }
  }
}

}  // namespace

std::string shown(const json::value& object, std::string_view path) {
  const json::value* found = find(object, path);
  return found == nullptr ? "-" : scalar(*found);
}

const json::array& list_at(const json::value& object, std::string_view path) {
  static const json::array none;
  const json::value* found = find(object, path);
  return found != nullptr && found->is_array() ? found->get_array() : none;
}

void print_rows(std::ostream& out, const json::array& rows, const std::vector<Column>& columns,
                std::string_view if_empty) {
  if (rows.empty()) {
    out << if_empty << '\n';
    return;
  }
  std::vector<std::string> titles;
  for (const Column& column : columns) titles.push_back(column.title);
  Table table(std::move(titles));
  for (const json::value& row : rows) {
    std::vector<std::string> cells;
    for (const Column& column : columns) cells.push_back(shown(row, column.path));
    table.add(std::move(cells));
  }
  table.print(out);
}

void print_record(std::ostream& out, const json::value& value) { print_indented(out, value, ""); }

Ran print_answer(const Arguments& arguments, Terminal& terminal, const ApiAnswer& answer,
                 const std::function<void(std::ostream&)>& for_people) {
  if (!arguments.has("--json")) {
    for_people(terminal.out);
  } else if (!answer.text.empty()) {
    terminal.out << answer.text << '\n';
  }
  return {};
}

}  // namespace callramp::app
