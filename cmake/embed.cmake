# callramp_embed(FILE SYMBOL): makes FILE's text available as `callramp::embedded::SYMBOL` (a std::string_view) in
# "embedded/SYMBOL.hpp", so that the binary is one file. Rebuilt when FILE changes.
function(callramp_embed file symbol)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${file})
  file(READ ${CMAKE_SOURCE_DIR}/${file} text)
  set(header ${CMAKE_BINARY_DIR}/generated/embedded/${symbol}.hpp)
  file(CONFIGURE OUTPUT ${header} @ONLY CONTENT "// Made from ${file}; edit that.
#pragma once
#pragma clang diagnostic ignored \"-Woverlength-strings\"
#include <string_view>
namespace callramp::embedded {
inline constexpr std::string_view ${symbol} = R\"embedded~(${text})embedded~\";
}
")
endfunction()
