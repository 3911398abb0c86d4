#include "core/import/csv_reader.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace callramp::import {
namespace {

constexpr bool is_line_end(char c) { return c == '\n' || c == '\r'; }
constexpr bool is_separator(char c) { return c == ',' || c == ';' || c == '\t'; }

}  // namespace

CsvReader::CsvReader(char separator, CsvPosition at, CsvLimits limits)
    : separator_(separator), limits_(limits), offset_(at.offset), line_(at.line) {
  ENSURE(is_separator(separator), "a CSV is separated by a comma, a semicolon or a tab");
}

void CsvReader::feed(std::string_view text) {
  text_.erase(0, at_);
  offset_ += at_;
  at_ = 0;
  text_ += text;
}

CsvReader::Got CsvReader::next(CsvRecord& record) {
  for (;;) {
    if (!problem_.empty()) {
      if (!skip_line()) return Got::need_more;
      record.at = problem_at_;
      record.fields.clear();
      record.problem = std::move(problem_);
      problem_.clear();
      return Got::record;
    }
    if (at_ == text_.size()) return finished_ ? Got::end : Got::need_more;
    switch (scan()) {
      case Scan::need_more: return Got::need_more;
      case Scan::problem: break;
      case Scan::record:
        if (!blank()) return give(record);
        at_ = record_end_;
        line_ = next_line_;
        break;
    }
  }
}

// Finds the record's fields and end without changing anything: it is scanned again when its end is not there yet.
CsvReader::Scan CsvReader::scan() {
  fields_.clear();
  std::size_t at = at_;
  std::int64_t line = line_;
  for (;;) {
    const std::size_t begin = at;
    if (at < text_.size() && text_[at] == '"') {
      if (const Scan scanned = scan_quoted(at, line); scanned != Scan::record) return scanned;
    } else {
      while (at < text_.size() && text_[at] != separator_ && !is_line_end(text_[at])) {
        if (text_[at] == '"')
          return wrong("a quote in the middle of a field; put the field in quotes and double the quote");
        ++at;
      }
      fields_.push_back({.begin = begin, .end = at, .doubled = false});
    }
    if (at - at_ > limits_.record_bytes)
      return wrong("a row of more than " + std::to_string(limits_.record_bytes / 1024) + " KiB");
    if (at == text_.size()) {
      if (!finished_) return Scan::need_more;
      record_end_ = at;
      next_line_ = line;
      return Scan::record;
    }
    if (text_[at] != separator_) break;
    ++at;
    if (fields_.size() >= limits_.fields)
      return wrong("more than " + std::to_string(limits_.fields) + " fields in one row");
  }
  if (text_[at] == '\r') {
    if (at + 1 == text_.size() && !finished_) return Scan::need_more;  // perhaps the first half of a CRLF
    if (at + 1 < text_.size() && text_[at + 1] == '\n') ++at;
  }
  record_end_ = at + 1;
  next_line_ = line + 1;
  return Scan::record;
}

CsvReader::Scan CsvReader::scan_quoted(std::size_t& at, std::int64_t& line) {
  const std::size_t begin = ++at;
  bool doubled = false;
  for (;; ++at) {
    if (at - at_ > limits_.record_bytes)
      return wrong("a quote that is not closed within " + std::to_string(limits_.record_bytes / 1024) + " KiB");
    if (at == text_.size()) return finished_ ? wrong("a quote that is never closed") : Scan::need_more;
    const char c = text_[at];
    // A CR counts unless its LF will.
    if (c == '\n' || (c == '\r' && at + 1 < text_.size() && text_[at + 1] != '\n')) ++line;
    if (c != '"') continue;
    if (at + 1 == text_.size() && !finished_) return Scan::need_more;
    if (at + 1 < text_.size() && text_[at + 1] == '"') {
      doubled = true;
      ++at;
      continue;
    }
    break;
  }
  fields_.push_back({.begin = begin, .end = at, .doubled = doubled});
  ++at;
  if (at < text_.size() && text_[at] != separator_ && !is_line_end(text_[at]))
    return wrong("text after a closing quote; double a quote that is part of the field");
  return Scan::record;
}

CsvReader::Scan CsvReader::wrong(std::string problem) {
  problem_ = std::move(problem);
  problem_at_ = position();
  return Scan::problem;
}

// Passes over the rest of the physical line; false if its end is not there yet.
bool CsvReader::skip_line() {
  while (at_ < text_.size() && !is_line_end(text_[at_])) ++at_;
  if (at_ == text_.size()) return finished_;
  if (text_[at_] == '\r') {
    if (at_ + 1 == text_.size() && !finished_) return false;
    if (at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
  }
  ++at_;
  ++line_;
  return true;
}

bool CsvReader::blank() const {
  if (fields_.size() != 1) return false;
  const auto begin = text_.begin() + static_cast<std::ptrdiff_t>(fields_[0].begin);
  const auto end = text_.begin() + static_cast<std::ptrdiff_t>(fields_[0].end);
  return std::all_of(begin, end, [](char c) { return c == ' ' || c == '\t'; });
}

CsvReader::Got CsvReader::give(CsvRecord& record) {
  record.at = position();
  record.problem.clear();
  record.fields.clear();
  for (Field& field : fields_) {
    if (field.doubled) {
      // In its own place: the record is complete and is not scanned again.
      std::size_t to = field.begin;
      for (std::size_t from = field.begin; from < field.end; ++from) {
        text_[to++] = text_[from];
        if (text_[from] == '"') ++from;
      }
      field.end = to;
    }
    record.fields.push_back(std::string_view(text_).substr(field.begin, field.end - field.begin));
  }
  at_ = record_end_;
  line_ = next_line_;
  return Got::record;
}

char detect_separator(std::string_view text) noexcept {
  std::size_t commas = 0;
  std::size_t semicolons = 0;
  std::size_t tabs = 0;
  bool quoted = false;
  bool blank = true;
  for (const char c : text) {
    if (is_line_end(c) && !quoted) {
      if (!blank) break;
      continue;
    }
    blank = false;
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    commas += c == ',';
    semicolons += c == ';';
    tabs += c == '\t';
  }
  if (tabs > commas && tabs > semicolons) return '\t';
  return semicolons > commas ? ';' : ',';
}

SeparatorLine separator_line(std::string_view text) noexcept {
  const bool quoted = text.starts_with('"');
  if (!text.substr(quoted).starts_with("sep=")) return {};
  std::size_t at = 4u + quoted;
  if (at >= text.size() || !is_separator(text[at])) return {};
  const char separator = text[at++];
  if (quoted && (at >= text.size() || text[at++] != '"')) return {};
  if (at < text.size() && text[at] == '\r') ++at;
  if (at < text.size() && text[at] == '\n') ++at;
  // The line must end here: a column may be called "sep=,".
  if (at < text.size() && !is_line_end(text[at - 1])) return {};
  return {.separator = separator, .bytes = at};
}

}  // namespace callramp::import
