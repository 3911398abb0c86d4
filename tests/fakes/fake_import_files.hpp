// FakeImportFiles: uploads kept in memory.
#pragma once

#include <algorithm>
#include <map>
#include <utility>

#include "ports/import_files.hpp"

namespace callramp::fakes {

class FakeImportFiles final : public ImportFiles {
 public:
  /// The disk has room for these many bytes more.
  void has_room(std::int64_t bytes) { room_ = bytes; }
  /// Reads come in pieces of this many bytes.
  void reads_by(std::size_t bytes) { piece_ = bytes; }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, text] : files_) names.push_back(name);
    return names;
  }

  Result<std::unique_ptr<SpoolWriter>> create(const std::string& name) override {
    files_[name];
    return std::make_unique<Writer>(*this, name);
  }
  Result<std::unique_ptr<SpoolReader>> open(const std::string& name) override {
    const auto found = files_.find(name);
    if (found == files_.end()) return fail(ErrorCode::unavailable, "there is no file '" + name + "'");
    return std::make_unique<Reader>(found->second, piece_);
  }
  void remove(const std::string& name) override { files_.erase(name); }
  void keep_only(const std::vector<std::string>& wanted) override {
    std::erase_if(files_, [&](const auto& file) { return std::ranges::find(wanted, file.first) == wanted.end(); });
  }

 private:
  struct Writer final : SpoolWriter {
    Writer(FakeImportFiles& all, std::string file) : files(all), name(std::move(file)) {}
    ~Writer() override {
      if (!kept) files.remove(name);
    }
    Status write(std::string_view bytes) override {
      if (files.room_ < static_cast<std::int64_t>(bytes.size()))
        return fail(ErrorCode::unavailable, "the disk is full");
      files.room_ -= static_cast<std::int64_t>(bytes.size());
      files.files_[name] += bytes;
      return {};
    }
    Status keep() override {
      kept = true;
      return {};
    }
    std::int64_t bytes() const noexcept override { return static_cast<std::int64_t>(files.files_.at(name).size()); }
    FakeImportFiles& files;
    std::string name;
    bool kept = false;
  };
  struct Reader final : SpoolReader {
    Reader(std::string all, std::size_t step) : text(std::move(all)), piece(step) {}
    Result<std::string> read() override {
      std::string bytes = text.substr(at, piece);
      at += bytes.size();
      return bytes;
    }
    std::int64_t bytes_read() const noexcept override { return static_cast<std::int64_t>(at); }
    std::string text;
    std::size_t piece;
    std::size_t at = 0;
  };

  std::map<std::string, std::string> files_;
  std::int64_t room_ = std::int64_t{1} << 40;
  std::size_t piece_ = 100;
};

}  // namespace callramp::fakes
