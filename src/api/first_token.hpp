// The first admin token: without one nobody could make another.
#pragma once

#include <string>

#include "async/clock.hpp"
#include "base/random.hpp"
#include "ports/admin_store.hpp"

namespace callramp::api {

/// If there is no live admin token, makes one and writes its secret to `data_dir`/admin-token, readable by its owner
/// alone; the file is on the disk before the token is in the store. True if it made one. A file that is already there
/// (of an earlier database, say) is replaced.
Awaitable<Result<bool>> ensure_admin_token(TokenStore& tokens, std::string data_dir, Random& random,
                                           async::Clock& clock);

}  // namespace callramp::api
