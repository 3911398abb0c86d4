// The one plain page at "/": flags, success by system, and calls as they happen, from the same API as everybody.
#pragma once

#include <string>

namespace callramp::api {

struct Dashboard {
  std::string html;
  std::string content_security_policy;  ///< allows this page's own style and script and nothing from elsewhere
};

/// `nonce`: fresh random hex for every answer. `open`: the page may read without a token.
Dashboard dashboard(const std::string& nonce, bool open);

}  // namespace callramp::api
