#include "adapters/spool/spool_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace callramp::spool {
namespace {

constexpr std::size_t read_bytes = 256 * 1024;
// Until then no ratio is judged: a small file of blanks packs very well.
constexpr std::int64_t free_bytes = 16 * 1024 * 1024;

std::unexpected<Error> disk_error(const std::string& what, const std::string& path) {
  return fail(ErrorCode::unavailable, "cannot " + what + " '" + path + "': " + std::strerror(errno) +
                                          "; see that the data folder has room and belongs to callramp");
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const noexcept { return number_; }

 private:
  int number_;
};

class FileWriter final : public SpoolWriter {
 public:
  FileWriter(Descriptor file, std::string folder, std::string path)
      : file_(std::move(file)), folder_(std::move(folder)), path_(std::move(path)) {}
  ~FileWriter() override {
    if (!kept_) ::unlink(path_.c_str());
  }

  Status write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.number(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return disk_error("write", path_);
      bytes.remove_prefix(static_cast<std::size_t>(written));
      bytes_ += written;
    }
    return {};
  }

  Status keep() override {
    if (::fsync(file_.number()) != 0) return disk_error("store", path_);
    // The file's name is the folder's.
    const Descriptor folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.number() < 0 || ::fsync(folder.number()) != 0) return disk_error("store", folder_);
    kept_ = true;
    return {};
  }

  std::int64_t bytes() const noexcept override { return bytes_; }

 private:
  Descriptor file_;
  std::string folder_;
  std::string path_;
  std::int64_t bytes_ = 0;
  bool kept_ = false;
};

class FileReader final : public SpoolReader {
 public:
  FileReader(Descriptor file, std::string path, std::int64_t most_inflation)
      : file_(std::move(file)), path_(std::move(path)), most_inflation_(most_inflation) {}
  ~FileReader() override {
    if (packed_) ::inflateEnd(&stream_);
  }

  Result<std::string> read() override {
    if (!begun_) TRY_VOID(begin());
    if (packed_) return inflate_some();
    std::string bytes = std::move(raw_);
    raw_.clear();
    if (bytes.empty()) TRY_VOID(read_raw(bytes));
    return bytes;
  }

  std::int64_t bytes_read() const noexcept override { return bytes_read_; }

 private:
  Status begin() {
    begun_ = true;
    TRY_VOID(read_raw(raw_));
    packed_ = raw_.starts_with("\x1F\x8B");  // RFC 1952 §2.3.1
    // 16: with gzip's own head and checksum.
    if (packed_ && ::inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK)
      return fail(ErrorCode::unavailable, "no memory to unpack '" + path_ + "'");
    return {};
  }

  Status read_raw(std::string& bytes) {
    bytes.resize(read_bytes);
    for (;;) {
      const ssize_t got = ::read(file_.number(), bytes.data(), bytes.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return disk_error("read", path_);
      bytes.resize(static_cast<std::size_t>(got));
      bytes_read_ += got;
      return {};
    }
  }

  Result<std::string> inflate_some() {
    std::string out(read_bytes, '\0');
    for (;;) {
      if (raw_.empty()) {
        TRY_VOID(read_raw(raw_));
        if (raw_.empty()) {
          if (member_open_) return damaged("it is cut off");
          return std::string();
        }
      }
      stream_.next_in = reinterpret_cast<Bytef*>(raw_.data());
      stream_.avail_in = static_cast<uInt>(raw_.size());
      stream_.next_out = reinterpret_cast<Bytef*>(out.data());
      stream_.avail_out = static_cast<uInt>(out.size());
      member_open_ = true;
      const int result = ::inflate(&stream_, Z_NO_FLUSH);
      raw_.erase(0, raw_.size() - stream_.avail_in);
      if (result == Z_STREAM_END) {
        // Another member may follow (RFC 1952 §2.2); zeros at the end are padding.
        member_open_ = false;
        if (::inflateReset(&stream_) != Z_OK) return damaged("it cannot be unpacked");
        if (raw_.find_first_not_of('\0') == std::string::npos) raw_.clear();
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        return damaged(stream_.msg != nullptr ? stream_.msg : "it cannot be unpacked");
      }
      const std::size_t made = out.size() - stream_.avail_out;
      unpacked_ += static_cast<std::int64_t>(made);
      if (unpacked_ > free_bytes && unpacked_ / most_inflation_ > bytes_read_)
        return fail(ErrorCode::invalid_request, "the file unpacks to more than " + std::to_string(most_inflation_) +
                                                    " times its size, which no list does; import it unpacked");
      if (made == 0) continue;
      out.resize(made);
      return out;
    }
  }

  static std::unexpected<Error> damaged(const std::string& how) {
    return fail(ErrorCode::invalid_request, "the gzip file is damaged: " + how + "; pack it again");
  }

  Descriptor file_;
  std::string path_;
  std::int64_t most_inflation_;
  std::int64_t bytes_read_ = 0;
  std::int64_t unpacked_ = 0;
  bool begun_ = false;
  bool packed_ = false;
  bool member_open_ = false;
  std::string raw_;  // read and not yet given on
  z_stream stream_{};
};

}  // namespace

Result<std::unique_ptr<SpoolWriter>> SpoolFolder::create(const std::string& name) {
  std::error_code error;
  std::filesystem::create_directories(options_.folder, error);
  ::chmod(options_.folder.c_str(), S_IRWXU);
  std::string path = options_.folder + "/" + name;
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (file.number() < 0) return disk_error("create", path);
  return std::make_unique<FileWriter>(std::move(file), options_.folder, std::move(path));
}

Result<std::unique_ptr<SpoolReader>> SpoolFolder::open(const std::string& name) {
  std::string path = options_.folder + "/" + name;
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) return disk_error("read", path);
  return std::make_unique<FileReader>(std::move(file), std::move(path), options_.most_inflation);
}

void SpoolFolder::remove(const std::string& name) { ::unlink((options_.folder + "/" + name).c_str()); }

void SpoolFolder::keep_only(const std::vector<std::string>& wanted) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(options_.folder, error)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file(error) && std::ranges::find(wanted, name) == wanted.end()) remove(name);
  }
}

}  // namespace callramp::spool
