// Contract: holds every answer that a test gets against the OpenAPI document, so that the document is true.
//
// The subset of JSON Schema that the document uses; a keyword that is not known here fails the test, so nothing in the
// document goes unchecked in silence.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <string>

#include "embedded/openapi_json.hpp"

namespace callramp::api {

namespace json = boost::json;

class Contract {
 public:
  Contract() : document_(json::parse(embedded::openapi_json).as_object()) {}

  const json::object& paths() const { return document_.at("paths").as_object(); }
  const json::object& operation(const std::string& method, const std::string& pattern) const {
    std::string lower = method == "HEAD" ? "get" : method;
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    return paths().at(pattern).at(lower).as_object();
  }
  const json::object& schema(std::string_view name) const {
    return document_.at("components").at("schemas").at(name).as_object();
  }

  /// What is wrong, or nothing.
  std::string mismatch(const json::value& value, const json::object& schema, const std::string& at = "body") const {
    if (const auto* reference = schema.if_contains("$ref")) {
      const std::string_view text(reference->as_string());
      return mismatch(value, this->schema(text.substr(text.rfind('/') + 1)), at);
    }
    if (const auto* any = schema.if_contains("anyOf")) {
      std::string all;
      for (const json::value& one : any->as_array()) {
        const std::string why = mismatch(value, one.as_object(), at);
        if (why.empty()) return {};
        all += why + "; ";
      }
      return all;
    }
    for (const auto& [key, rule] : schema) {
      const std::string why = breaks(value, std::string(key), rule, schema, at);
      if (!why.empty()) return why;
    }
    return {};
  }

 private:
  static bool is(const json::value& value, std::string_view type) {
    if (type == "null") return value.is_null();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "integer") return value.is_int64() || value.is_uint64();
    if (type == "number") return value.is_number();
    if (type == "array") return value.is_array();
    return type == "object" && value.is_object();
  }

  std::string breaks(const json::value& value, const std::string& key, const json::value& rule,
                     const json::object& schema, const std::string& at) const {
    static const std::set<std::string> tells_nothing{"description"};
    const auto wrong = [&] {
      return at + " is " + json::serialize(value) + ", against " + key + " " + json::serialize(rule);
    };
    if (tells_nothing.contains(key)) return {};
    if (key == "type") {
      if (rule.is_string()) return is(value, rule.as_string()) ? "" : wrong();
      return std::ranges::any_of(rule.as_array(), [&](const json::value& type) { return is(value, type.as_string()); })
                 ? ""
                 : wrong();
    }
    if (key == "enum") return std::ranges::find(rule.as_array(), value) != rule.as_array().end() ? "" : wrong();
    if (key == "format") {
      if (rule != "date-time" || !value.is_string()) return rule == "date-time" ? "" : wrong();
      return parse_iso(std::string_view(value.as_string())) ? "" : wrong();
    }
    if (key == "maxLength")
      return !value.is_string() || value.as_string().size() <= rule.to_number<std::size_t>() ? "" : wrong();
    if (key == "minimum")
      return !value.is_number() || value.to_number<double>() >= rule.to_number<double>() ? "" : wrong();
    if (key == "maximum")
      return !value.is_number() || value.to_number<double>() <= rule.to_number<double>() ? "" : wrong();
    if (key == "required") {
      for (const json::value& name : rule.as_array())
        if (value.is_object() && !value.as_object().contains(name.as_string()))
          return at + " lacks " + std::string(name.as_string());
      return {};
    }
    if (key == "items") {
      if (!value.is_array()) return {};
      for (std::size_t i = 0; i < value.as_array().size(); ++i)
        if (auto why = mismatch(value.at(i), rule.as_object(), at + "[" + std::to_string(i) + "]"); !why.empty())
          return why;
      return {};
    }
    if (key == "properties") {
      if (!value.is_object()) return {};
      for (const auto& [name, inner] : rule.as_object())
        if (const auto* field = value.as_object().if_contains(name))
          if (auto why = mismatch(*field, inner.as_object(), at + "." + std::string(name)); !why.empty()) return why;
      return {};
    }
    if (key == "additionalProperties") {
      if (!value.is_object()) return {};
      const auto* declared = schema.if_contains("properties");
      for (const auto& [name, field] : value.as_object()) {
        if (declared != nullptr && declared->as_object().contains(name)) continue;
        if (rule == false) return at + " has " + std::string(name) + ", which is not declared";
        if (auto why = mismatch(field, rule.as_object(), at + "." + std::string(name)); !why.empty()) return why;
      }
      return {};
    }
    return "the document uses '" + key + "', which this validator does not know";
  }

  json::object document_;
};

}  // namespace callramp::api
