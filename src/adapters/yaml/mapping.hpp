// One mapping of a YAML text, read key by key: every complaint is kept with its line, every key remembers where it
// stands, and what nobody asked for is refused.
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace callramp::yaml {

/// What is wrong with a text so far, and where its keys stand. Reading goes on after a complaint, so that a person
/// sees all of them at once.
struct Findings {
  std::vector<Error> complaints;
  std::map<std::string, int, std::less<>> lines;  ///< by key path

  void add(const YAML::Node& at, const std::string& path, const std::string& what);
};

/// How a complaint quotes a value.
std::string shown(const YAML::Node& node);

class Mapping {
 public:
  /// `path`: of its keys in complaints, empty for the whole text. `findings` outlives it.
  Mapping(YAML::Node node, std::string path, Findings& findings);

  std::string path(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }
  /// The value, unless the key is missing or empty.
  std::optional<YAML::Node> get(const std::string& key);
  std::optional<std::string> text(const std::string& key);
  /// As `text`; its absence is a complaint.
  std::string required(const std::string& key);
  std::optional<double> number(const std::string& key, double low, double high);
  std::optional<int> whole(const std::string& key, int low, int high);
  std::optional<bool> yes_or_no(const std::string& key);
  /// A list of texts, or one text alone.
  std::vector<std::string> texts(const std::string& key);
  /// Each text of a list with its node.
  void each_text(const std::string& key, const std::function<void(const YAML::Node&, const std::string&)>& read);
  /// Each mapping of a list.
  void each(const std::string& key, const std::function<void(Mapping&)>& read);
  /// Each key of a mapping whose keys are names that the writer chose.
  void each_entry(const std::string& key,
                  const std::function<void(const std::string& name, const YAML::Node& value)>& read);
  void complain(const std::string& key, const std::string& what);
  /// Call last: complains about every key that was not asked for.
  void refuse_unknown();

  const YAML::Node& node() const noexcept { return node_; }
  Findings& findings() const noexcept { return *findings_; }

 private:
  /// Of a list, at most 1000: a longer one is no plan.
  std::optional<YAML::Node> list(const std::string& key);

  YAML::Node node_;
  std::string path_;
  Findings* findings_;
  std::set<std::string> known_;
};

}  // namespace callramp::yaml
