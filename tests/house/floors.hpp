// The rules of the floors, as a function from source files to sentences that name what is broken.
//
// An arrow that nobody meant to draw is how a decision ends up needing a socket. The rules read what is written
// (#include lines, names), so that they hold before anything compiles.
#pragma once

#include <string>
#include <vector>

namespace callramp::house {

struct SourceFile {
  std::string path;  ///< from the root of the repository: "src/core/flags/bucket.cpp"
  std::string text;
};

/// One sentence per broken rule, in the order of the files; empty when all is well.
std::vector<std::string> broken_rules(const std::vector<SourceFile>& files);

/// Every source file (C++, JavaScript, TypeScript, Svelte) below `folder` of the repository at `root`, sorted by path.
std::vector<SourceFile> read_sources(const std::string& root, const std::string& folder);

}  // namespace callramp::house
