#include "adapters/yaml/mapping.hpp"

#include <cmath>

namespace callramp::yaml {
namespace {

constexpr std::size_t longest_list = 1000;
constexpr std::size_t longest_text = 4000;  // bytes: a paragraph

std::string plain(double number) { return YAML::Dump(YAML::Node(number)); }

}  // namespace

void Findings::add(const YAML::Node& at, const std::string& path, const std::string& what) {
  const int line = at.Mark().line + 1;  // 0: of an empty text
  complaints.push_back(
      {ErrorCode::invalid_request,
       (line > 0 ? "line " + std::to_string(line) + ": " : "") + (path.empty() ? "the text: " : path + ": ") + what,
       path});
}

std::string shown(const YAML::Node& node) {
  if (node.IsScalar()) return "'" + node.Scalar().substr(0, 80) + "'";
  if (node.IsSequence()) return "a list";
  if (node.IsMap()) return "a mapping";
  return "nothing";
}

Mapping::Mapping(YAML::Node node, std::string path, Findings& findings)
    : node_(std::move(node)), path_(std::move(path)), findings_(&findings) {
  if (!node_.IsMap()) {
    findings.add(node_, path_, shown(node_) + " is not a mapping of keys to values");
    return;
  }
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    if (!entry.first.IsScalar()) {
      findings.add(entry.first, path_, shown(entry.first) + " is no key; write a name");
      continue;
    }
    const std::string& key = entry.first.Scalar();
    if (!seen.insert(key).second) findings.add(entry.first, this->path(key), "stands twice; keep one");
    findings.lines.try_emplace(this->path(key), entry.first.Mark().line + 1);
  }
}

std::optional<YAML::Node> Mapping::get(const std::string& key) {
  known_.insert(key);
  if (!node_.IsMap()) return std::nullopt;
  const YAML::Node value = static_cast<const YAML::Node&>(node_)[key];
  if (!value.IsDefined() || value.IsNull()) return std::nullopt;
  return value;
}

std::optional<std::string> Mapping::text(const std::string& key) {
  const auto value = get(key);
  if (!value) return std::nullopt;
  if (!value->IsScalar()) {
    findings_->add(*value, path(key), shown(*value) + " is not a text");
    return std::nullopt;
  }
  if (value->Scalar().size() > longest_text) {
    findings_->add(*value, path(key), "is longer than 4000 bytes");
    return std::nullopt;
  }
  return value->Scalar();
}

std::string Mapping::required(const std::string& key) {
  const auto value = text(key);
  if (!get(key)) findings_->add(node_, path(key), "is missing");
  return value.value_or("");
}

std::optional<double> Mapping::number(const std::string& key, double low, double high) {
  const auto value = get(key);
  if (!value) return std::nullopt;
  double number = 0;
  if (!value->IsScalar() || !YAML::convert<double>::decode(*value, number) || !std::isfinite(number)) {
    findings_->add(*value, path(key), shown(*value) + " is not a number");
    return std::nullopt;
  }
  if (number < low || number > high) {
    findings_->add(*value, path(key), shown(*value) + " is not between " + plain(low) + " and " + plain(high));
    return std::nullopt;
  }
  return number;
}

std::optional<int> Mapping::whole(const std::string& key, int low, int high) {
  const auto value = number(key, low, high);
  if (value && *value != std::floor(*value)) {
    complain(key, plain(*value) + " is not a whole number");
    return std::nullopt;
  }
  return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

std::optional<bool> Mapping::yes_or_no(const std::string& key) {
  const auto value = get(key);
  if (!value) return std::nullopt;
  bool answer = false;
  if (!value->IsScalar() || !YAML::convert<bool>::decode(*value, answer)) {
    findings_->add(*value, path(key), shown(*value) + " is neither true nor false");
    return std::nullopt;
  }
  return answer;
}

std::optional<YAML::Node> Mapping::list(const std::string& key) {
  const auto value = get(key);
  if (!value) return std::nullopt;
  if (!value->IsSequence()) {
    findings_->add(*value, path(key), shown(*value) + " is not a list");
    return std::nullopt;
  }
  if (value->size() > longest_list) {
    findings_->add(*value, path(key), "has " + std::to_string(value->size()) + " entries; at most 1000 are read");
    return std::nullopt;
  }
  return value;
}

void Mapping::each_text(const std::string& key,
                        const std::function<void(const YAML::Node&, const std::string&)>& read) {
  const auto value = list(key);
  if (!value) return;
  for (const YAML::Node& item : *value) {
    if (item.IsScalar() && !item.Scalar().empty() && item.Scalar().size() <= longest_text)
      read(item, item.Scalar());
    else
      findings_->add(item, path(key), shown(item) + " is not a text of 1 to 4000 bytes");
  }
}

std::vector<std::string> Mapping::texts(const std::string& key) {
  std::vector<std::string> all;
  const auto value = get(key);
  if (value && value->IsScalar()) {
    if (auto one = text(key)) all.push_back(*std::move(one));
    return all;
  }
  each_text(key, [&](const YAML::Node&, const std::string& item) { all.push_back(item); });
  return all;
}

void Mapping::each(const std::string& key, const std::function<void(Mapping&)>& read) {
  const auto value = list(key);
  if (!value) return;
  std::size_t index = 0;
  for (const YAML::Node& item : *value) {
    // A name is the better address: "phases.week-2.percentage".
    std::string name = std::to_string(index++);
    if (item.IsMap()) {
      const YAML::Node named = item["name"];
      if (named.IsDefined() && named.IsScalar() && !named.Scalar().empty()) name = named.Scalar().substr(0, 80);
    }
    Mapping one(item, path(key) + "." + name, *findings_);
    read(one);
    one.refuse_unknown();
  }
}

void Mapping::each_entry(const std::string& key,
                         const std::function<void(const std::string&, const YAML::Node&)>& read) {
  const auto value = get(key);
  if (!value) return;
  const Mapping entries(*value, path(key), *findings_);
  if (!value->IsMap()) return;
  if (value->size() > longest_list) return complain(key, "has more than 1000 entries");
  for (const auto& entry : *value)
    if (entry.first.IsScalar()) read(entry.first.Scalar(), entry.second);
}

void Mapping::complain(const std::string& key, const std::string& what) {
  const auto value = get(key);
  findings_->add(value ? *value : node_, path(key), what);
}

void Mapping::refuse_unknown() {
  if (!node_.IsMap()) return;
  for (const auto& entry : node_) {
    if (!entry.first.IsScalar() || known_.contains(entry.first.Scalar())) continue;
    std::string choices;
    for (const std::string& name : known_) choices += (choices.empty() ? "" : ", ") + name;
    findings_->add(entry.first, path(entry.first.Scalar()), "there is no such key; known are " + choices);
  }
}

}  // namespace callramp::yaml
