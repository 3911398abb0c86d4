#include "api/page.hpp"

#include "embedded/page_css.hpp"
#include "embedded/page_html.hpp"
#include "embedded/page_js.hpp"
#include "embedded/page_rollout_js.hpp"

namespace callramp::api {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace

Dashboard dashboard(const std::string& nonce, bool open) {
  Dashboard page{
      .html = std::string(embedded::page_html),
      .content_security_policy = "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce +
                                 "'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"};
  replace_all(page.html, "{{style}}", embedded::page_css);
  replace_all(page.html, "{{script}}", std::string(embedded::page_js) + std::string(embedded::page_rollout_js));
  replace_all(page.html, "{{nonce}}", nonce);
  replace_all(page.html, "{{open}}", open ? "true" : "false");
  return page;
}

}  // namespace callramp::api
