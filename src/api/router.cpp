#include "api/router.hpp"

#include <algorithm>

#include "base/ensure.hpp"

namespace callramp::api {
namespace {

// Reads are tens of microseconds, a flag change waits for dials on their way: 1 s at most.
const std::vector<double> answer_bounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                        0.025,  0.05,    0.1,    0.2,   0.5,    1,     2.5};

/// Calls `take(segment)` for "/a/b" with "a" and "b"; false as soon as it says so. "/" has no segments.
template <class Take>
bool each_segment(std::string_view path, Take take) {
  if (!path.starts_with('/')) return false;
  if (path == "/") return true;
  for (;;) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    if (!take(path.substr(0, end))) return false;
    if (end == path.size()) return true;
    path.remove_prefix(end);
  }
}

bool is_name(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

}  // namespace

struct Router::Node {
  struct Leaf {
    std::vector<std::string> names;  // of the pattern, in order
    const Route* route;
  };
  std::vector<std::pair<std::string, std::unique_ptr<Node>>> literals;
  std::unique_ptr<Node> any;
  std::vector<Leaf> leaves;  // by method

  Node* literal(std::string_view segment) const {
    for (const auto& [text, node] : literals)
      if (text == segment) return node.get();
    return nullptr;
  }
};

const std::string& Exchange::param(std::string_view name) const {
  for (const auto& [key, value] : params)
    if (key == name) return value;
  ENSURE(false, "a handler asks for a name that its pattern does not have");
}

Router::Router(Metrics& metrics) : metrics_(metrics), root_(std::make_unique<Node>()) {}
Router::~Router() = default;

void Router::add(Route route) {
  Node* node = root_.get();
  std::vector<std::string> names;
  const bool sound = each_segment(route.pattern, [&](std::string_view segment) {
    if (is_name(segment)) {
      names.emplace_back(segment.substr(1, segment.size() - 2));
      if (!node->any) node->any = std::make_unique<Node>();
      node = node->any.get();
    } else {
      Node* next = node->literal(segment);
      if (next == nullptr)
        next = node->literals.emplace_back(std::string(segment), std::make_unique<Node>()).second.get();
      node = next;
    }
    return true;
  });
  ENSURE(sound, "a pattern begins with '/'");
  for (const Node::Leaf& leaf : node->leaves)
    ENSURE(leaf.route->method != route.method, "two handlers for one method and path");
  const std::string label = route.method + " " + route.pattern;
  route.succeeded = &metrics_.counter("callramp_http_requests_total", "Requests by route and class of status.",
                                      {{"route", label}, {"status", "2xx"}});
  route.seconds =
      &metrics_.histogram("callramp_http_request_seconds", "From the head of a request to its answer, by route.",
                          answer_bounds, {{"route", label}});
  routes_.push_back(std::make_unique<Route>(std::move(route)));
  node->leaves.push_back({.names = std::move(names), .route = routes_.back().get()});
}

void Router::mount(std::string method, std::string pattern, MountedHandler handler) {
  add({.method = std::move(method),
       .pattern = std::move(pattern),
       .role = std::nullopt,
       .mounted = true,
       .handler = [handler = std::move(handler)](Exchange& exchange) -> Awaitable<Result<net::Response>> {
         co_return co_await handler(exchange);
       }});
}

Router::Found Router::find(std::string_view method, std::string_view path) const {
  const Node* node = root_.get();
  std::vector<std::string> values;
  Found found;
  const bool known = each_segment(path, [&](std::string_view segment) {
    if (const Node* literal = node->literal(segment)) {
      node = literal;
      return true;
    }
    if (!node->any || segment.empty()) return false;
    node = node->any.get();
    if (segment.find('%') == std::string_view::npos) {
      values.emplace_back(segment);
      return true;
    }
    auto decoded = net::percent_decode(segment);
    if (!decoded) return false;
    values.push_back(*std::move(decoded));
    return true;
  });
  if (!known) return found;
  if (method == "HEAD") method = "GET";
  for (const Node::Leaf& leaf : node->leaves) {
    if (leaf.route->method != method) continue;
    found.route = leaf.route;
    for (std::size_t i = 0; i < values.size(); ++i) found.params.emplace_back(leaf.names[i], std::move(values[i]));
    return found;
  }
  for (const Node::Leaf& leaf : node->leaves) found.allowed.push_back(leaf.route->method);
  return found;
}

}  // namespace callramp::api
