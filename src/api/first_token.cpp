#include "api/first_token.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "api/secrets.hpp"

namespace callramp::api {
namespace {

std::unexpected<Error> file_error(const std::string& file, const char* what) {
  return fail(ErrorCode::unavailable, "cannot " + std::string(what) + " " + file + ": " + std::strerror(errno) +
                                          "; check CALLRAMP_DATA_DIR, its rights and the disk");
}

/// Closes what it holds.
struct Descriptor {
  int number = -1;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

// Written beside and renamed, so that a reader never sees half a token, nor a crash leaves one.
Status write_private(const std::string& folder, const std::string& name, const std::string& text) {
  const std::string file = folder + "/" + name;
  const std::string draft = file + ".new";
  if (::unlink(draft.c_str()) != 0 && errno != ENOENT) return file_error(draft, "remove the old");
  {
    Descriptor descriptor{::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (descriptor.number < 0) return file_error(draft, "create");
    if (::write(descriptor.number, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      return file_error(draft, "write");
    if (::fsync(descriptor.number) != 0) return file_error(draft, "store");
  }
  if (::rename(draft.c_str(), file.c_str()) != 0) return file_error(file, "put in place");
  Descriptor directory{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.number < 0 || ::fsync(directory.number) != 0) return file_error(folder, "store");
  return {};
}

}  // namespace

Awaitable<Result<bool>> ensure_admin_token(TokenStore& tokens, std::string data_dir, Random& random,
                                           async::Clock& clock) {
  CO_TRY(known, co_await tokens.list());
  if (std::ranges::any_of(known, [](const Token& token) { return token.role == Role::admin && !token.revoked_at; }))
    co_return false;
  const std::string secret = make_secret(random);
  CO_TRY_VOID(write_private(data_dir, "admin-token", secret + "\n"));
  const auto live = [&](const std::string& name) {
    return std::ranges::any_of(known, [&](const Token& token) { return token.name == name && !token.revoked_at; });
  };
  // A live token of a lesser role may have the name.
  std::string name = "admin";
  for (int i = 2; live(name); ++i) name = "admin-" + std::to_string(i);
  const Instant now = clock.now();
  CO_TRY_VOID(co_await tokens.add({.id = make_id<TokenId>(now, random),
                                   .name = name,
                                   .role = Role::admin,
                                   .hash = hash_secret(secret),
                                   .created_at = now},
                                  "system"));
  co_return true;
}

}  // namespace callramp::api
