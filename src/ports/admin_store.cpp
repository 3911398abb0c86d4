#include "ports/admin_store.hpp"

#include "base/ensure.hpp"

namespace callramp {

std::string_view to_string(Role role) noexcept {
  switch (role) {
    case Role::viewer: return "viewer";
    case Role::operator_: return "operator";
    case Role::approver: return "approver";
    case Role::admin: return "admin";
  }
  ENSURE(false, "a Role outside its enumeration");
}

Result<Role> parse_role(std::string_view text) {
  for (const Role role : {Role::viewer, Role::operator_, Role::approver, Role::admin})
    if (to_string(role) == text) return role;
  return fail(ErrorCode::invalid_request,
              "role '" + std::string(text.substr(0, 40)) + "' is not one of viewer operator approver admin", "role");
}

}  // namespace callramp
