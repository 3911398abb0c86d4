// Router: which handler answers a method and a path, with whose rights. One table: what is not in it does not exist.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.hpp"
#include "ports/admin_store.hpp"
#include "ports/metrics.hpp"

namespace callramp::api {

/// A token that was in force when it was asked about.
struct KnownToken {
  TokenId id;
  std::string hash;  ///< SHA-256 of its secret, hex
  Actor actor;
};

/// One request on its way through a handler; lives as long as the handler runs.
struct Exchange {
  net::Request& request;
  Actor actor;                              ///< whoever's token it was; of an open route a viewer without a name
  std::string request_id;                   ///< the client's X-Request-Id, or ours
  std::shared_ptr<const KnownToken> token;  ///< that it came with; null without one
  std::vector<std::pair<std::string_view, std::string>> params;  ///< of the pattern, decoded

  /// The segment that stands for {name}; it must be in the pattern.
  const std::string& param(std::string_view name) const;
};

/// What goes wrong is written as the error body with the code's status.
using RouteHandler = std::function<Awaitable<Result<net::Response>>(Exchange&)>;
using MountedHandler = std::function<Awaitable<net::Response>(Exchange&)>;

struct Route {
  std::string method;
  std::string pattern;       ///< "/api/v1/calls/{id}"
  std::optional<Role> role;  ///< the least that may; nothing: open to everybody
  bool mounted = false;      ///< an adapter's: no part of the documented API
  RouteHandler handler;
  Counter* succeeded = nullptr;  ///< set by the Router
  Histogram* seconds = nullptr;  ///< set by the Router
};

class Router {
 public:
  explicit Router(Metrics& metrics);
  ~Router();
  /// Patterns are literal segments and {names}; literals win over names. Twice the same is a broken invariant.
  void add(Route route);
  /// An adapter's webhook or socket: open, because it checks a secret of its own.
  void mount(std::string method, std::string pattern, MountedHandler handler);

  struct Found {
    const Route* route = nullptr;      ///< nothing under this path, or not by this method
    std::vector<std::string> allowed;  ///< the methods that the path has, if it has any
    std::vector<std::pair<std::string_view, std::string>> params;
  };
  /// HEAD finds GET. A segment that is no valid percent-encoding matches nothing.
  Found find(std::string_view method, std::string_view path) const;
  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
  struct Node;

  Metrics& metrics_;
  std::vector<std::unique_ptr<Route>> routes_;  // owned one by one: handles to them stay good
  std::unique_ptr<Node> root_;
};

}  // namespace callramp::api
